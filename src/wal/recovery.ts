/**
 * What to do about a log that is not whole: cut an unsynced tail, or refuse to write.
 *
 * The verdict follows from what was acknowledged as durable. Let `s` be the seq expected where the first
 * gap is. If a valid frame or segment header after the gap says that `s` was synced, the disk has lost
 * what it promised to keep: *damage*; nothing is changed and the log is read-only up to the gap. If not,
 * nothing from the gap on was ever promised (a process died in mid-write, or the power failed and pages
 * reached the disk in any order): an *unsynced tail*; it is saved aside and cut, so that the log is a
 * whole prefix again. A start that is not where the checkpoint says is damage too, because checkpoints
 * cover only durable frames and the header of the first segment is synced before anything uses it.
 *
 * Damage to the last frames that were synced, with nothing later that says so, looks like an unsynced
 * tail and is treated as one: no log can tell the two apart. The bytes are kept in the file beside.
 *
 * Saved tails are called `torn-SEGMENT-POSITION`, raw bytes without header; a tail of zeros is not kept.
 *
 * Cutting is safe against a crash in its midst: whole segments after the gap go first, the last one
 * first, each made durable before the next; then the tail of the segment with the gap is copied, synced,
 * and cut. Whatever part of this happened, the next recovery finds the same first gap or none.
 */
import { FxError } from '../errors.ts';
import type { Disk, DiskFile } from './disk.ts';
import { SEGMENT_HEADER_BYTES, segmentName } from './segment.ts';
import type { Gap, Position, Walk } from './walk.ts';

const COPY_BYTES = 1 << 20;
const TORN_PREFIX = 'torn-';

/** An unsynced tail. */
export interface Tail {
  segment: number;
  position: number;
  /** Bytes from there to the log's end, in all segments. */
  bytes: number;
  /** Whole frames among them, beside what is torn. */
  frames: number;
  /** The seq that was expected there, and will be used again. */
  firstSeq: number;
  reason: string;
  /** Whether it was cut; not when the log was opened to read only. */
  isCut: boolean;
  /** Files that hold what was cut. */
  savedAs: string[];
}

export interface Recovery {
  /** Frames read, after the checkpoint. */
  frames: number;
  bytes: number;
  tail: Tail | null;
  /** Durable data that is lost; not empty means that the log is read-only. */
  damage: Gap[];
}

/** Whether the walk met damage of durable data, as against an unsynced tail. */
export function isDamage(walk: Walk): boolean {
  const first = walk.gaps[0];
  return first !== undefined && (walk.startIsLost || walk.searchEnded || walk.durableSeq >= first.firstSeq);
}

/** Why a log opened so, and found so, must not be written to; null when it may. */
export function refusalOf(readOnly: boolean, recovery: Recovery): FxError | null {
  const gap = recovery.damage[0];
  if (gap !== undefined) {
    const where = `${segmentName(gap.segment)}:${gap.position}`;
    return new FxError(
      'READ_ONLY',
      `the log is read-only because it is damaged at ${where} (seq ${gap.firstSeq}): run fxmount verify`,
    );
  }
  return readOnly ? new FxError('READ_ONLY', 'the log was opened to read only') : null;
}

/** Judges `walk` and, unless `readOnly`, cuts an unsynced tail off the log. Throws NO_SPACE, IO. */
export async function recover(disk: Disk, walk: Walk, readOnly: boolean): Promise<Recovery> {
  const recovery: Recovery = { frames: walk.frames, bytes: walk.bytes, tail: null, damage: [] };
  const first = walk.gaps[0];
  if (first === undefined) return recovery;
  if (isDamage(walk)) {
    recovery.damage = walk.gaps;
    return recovery;
  }
  const { segment, position } = walk.end;
  const tail: Tail = {
    segment,
    position,
    bytes: tailBytes(disk, walk.segments, walk.end),
    frames: walk.framesBeyond,
    firstSeq: first.firstSeq,
    reason: first.reason,
    isCut: !readOnly,
    savedAs: [],
  };
  recovery.tail = tail;
  if (!readOnly) await cut(disk, walk.segments, tail);
  return recovery;
}

async function cut(disk: Disk, segments: number[], tail: Tail): Promise<void> {
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i] as number;
    if (segment > tail.segment) await dropSegment(disk, segment, tail);
  }
  const file = disk.open(segmentName(tail.segment), 'write');
  try {
    const size = file.size();
    if (size <= tail.position) return;
    if (!isZero(file, tail.position, size)) await saveTail(disk, file, size, tail);
    file.truncate(tail.position);
    await file.sync();
  } finally {
    file.close();
  }
}

async function dropSegment(disk: Disk, segment: number, tail: Tail): Promise<void> {
  const name = segmentName(segment);
  const file = disk.open(name, 'read');
  let isEmpty: boolean;
  try {
    isEmpty = isZero(file, 0, file.size()) || (file.size() === SEGMENT_HEADER_BYTES && tail.frames === 0);
  } finally {
    file.close();
  }
  if (isEmpty) {
    disk.remove(name);
  } else {
    const aside = tornName(disk, segment, 0);
    disk.rename(name, aside);
    tail.savedAs.push(aside);
  }
  await disk.syncDirectory();
}

async function saveTail(disk: Disk, file: DiskFile, size: number, tail: Tail): Promise<void> {
  const name = tornName(disk, tail.segment, tail.position);
  const copy = disk.create(name);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, size - tail.position));
    for (let done = 0; tail.position + done < size; ) {
      const got = file.read(tail.position + done, buffer, 0, buffer.length);
      if (got === 0) break;
      copy.append(done, buffer, 0, got, null, 0, 0);
      done += got;
    }
    await copy.sync();
  } catch (error) {
    disk.remove(name);
    throw error;
  } finally {
    copy.close();
  }
  await disk.syncDirectory();
  tail.savedAs.push(name);
}

/** A name for a tail that is not taken yet. */
function tornName(disk: Disk, segment: number, position: number): string {
  const name = `${TORN_PREFIX}${String(segment).padStart(8, '0')}-${position}`;
  const taken = new Set(disk.list());
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${name}.${i}`;
  return free;
}

function tailBytes(disk: Disk, segments: number[], end: Position): number {
  let bytes = 0;
  for (const segment of segments) {
    if (segment < end.segment) continue;
    const file = disk.open(segmentName(segment), 'read');
    bytes += file.size() - (segment === end.segment ? end.position : 0);
    file.close();
  }
  return bytes;
}

function isZero(file: DiskFile, start: number, end: number): boolean {
  const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, end - start));
  for (let position = start; position < end; ) {
    const got = file.read(position, buffer, 0, Math.min(buffer.length, end - position));
    if (got === 0) return true;
    for (let i = 0; i < got; i++) if (buffer[i] !== 0) return false;
    position += got;
  }
  return true;
}
