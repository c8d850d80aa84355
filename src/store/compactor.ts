/**
 * Gives back the space of content that no file refers to any more: copies what is still live in mostly dead
 * segments to the end of the log, and removes segments in which nothing is live.
 *
 * Why it is safe, whatever happens in between:
 *
 * - C1 A move is a frame like any other: it holds the bytes, and replay does what the live move did. It changes
 *   where bytes lie, nothing else: no version, no time, no event.
 * - C2 A move applies to what is still at the old place. What was written, cut or removed since is left as it is.
 * - C3 A segment is removed only when a durable checkpoint counts no live byte in it and ends in a later
 *   segment. No replay reads it then, and nothing can come to refer to it again.
 * - C4 Descriptors of a removed segment stay valid while a reader holds them (`SegmentFiles.hold`).
 * - C5 Bytes are moved only out of segments whose frames all have the right checksum: damage stays where it
 *   can be found.
 * - C6 The loop is held for one small batch at a time; reading and searching happen on other threads.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { FRAME_RECORDS_MAX } from '../wal/frame.ts';
import type { Log } from '../wal/log.ts';
import type { Covered } from './checkpointer.ts';
import type { Frames } from './frames.ts';
import { type Node, ROOT_INO } from './node.ts';
import { findOwners, OWNER_FIELDS, PART_BYTES } from './owners.ts';
import { historyStart, RETENTION, type RetentionPolicy, type SegmentUse } from './retention.ts';
import { segmentIsWhole } from './segment-check.ts';
import type { State } from './state.ts';

/** Most moves in one frame, unless more files share the bytes: a frame's worth holds the loop for about 2 ms. */
const MOVES_EACH = 128;
/** Live bytes moved for one search through the index. */
const MOVED_BYTES_EACH = 256 << 20;
/** In the background this share of the time is spent working. */
const BACKGROUND_SHARE = 0.25;
/** Compaction starts by itself when so much can be had, and more than half of the log is dead. */
const START_BYTES = 64 << 20;
/** Where the store's size is limited, this part of the limit is the most for a segment, for history, and for a step. */
const LIMIT_PARTS = 16;

export interface CompactOptions {
  /** What to keep as history; RETENTION when absent. */
  policy?: RetentionPolicy;
  /** Least share of dead bytes that makes a segment worth compacting. */
  deadShareMin?: number;
  /** Leaves most of the time to others. */
  inBackground?: boolean;
  signal?: AbortSignal;
  /** Told how many of the live bytes to be moved are done. */
  onProgress?: (doneBytes: number, totalBytes: number) => void;
}

export interface Compacted {
  movedBytes: number;
  /** Bytes of the segments removed. */
  removedBytes: number;
}

export interface LogUsage {
  /** Bytes of content that files refer to. */
  liveBytes: number;
  /** The rest of the log. */
  deadBytes: number;
  /** What compaction would give back now. */
  reclaimableBytes: number;
  /** The first frame of the history that is there without gap. */
  historySeq: number;
}

export interface CompactorParts {
  state: State;
  log: Log;
  frames: Frames;
  /** Directory of the index. */
  index: string;
  checkpoint: () => Promise<void>;
  /** What the last durable checkpoint covers. */
  covered: () => Covered;
}

export class Compactor {
  readonly #parts: CompactorParts;
  readonly #damaged = new Set<number>();
  #running: Promise<Compacted> | null = null;
  #stop = new AbortController();
  #buffer = Buffer.alloc(0);
  /** Bytes of all segments removed since the store was opened. */
  removedBytes = 0;
  policy = RETENTION;
  #startBytes = START_BYTES;
  #movedBytesEach = MOVED_BYTES_EACH;
  readonly #segmentBytesMax: number;

  constructor(parts: CompactorParts) {
    this.#parts = parts;
    this.#segmentBytesMax = parts.log.segmentBytesMax;
  }

  /** Segments of the log, rising. */
  segments(): SegmentUse[] {
    const { log, state } = this.#parts;
    return log.segments().map((info) => {
      const live = state.liveBytes.get(info.segment) ?? 0;
      return { ...info, liveBytes: Math.min(live, info.bytes) };
    });
  }

  usage(): LogUsage {
    const segments = this.segments();
    const liveBytes = segments.reduce((sum, use) => sum + use.liveBytes, 0);
    const deadBytes = segments.reduce((sum, use) => sum + use.bytes, 0) - liveBytes;
    let first = segments.length - 1;
    while (first > 0 && segments[first - 1]?.segment === (segments[first] as SegmentUse).segment - 1) first--;
    const worthwhile = this.#worthwhile(segments, {});
    const reclaimableBytes = worthwhile.reduce((sum, use) => sum + deadIn(use), 0);
    return { liveBytes, deadBytes, reclaimableBytes, historySeq: segments[first]?.firstSeq ?? 1 };
  }

  /** Segments to compact, those with the least to move first; the one appended to among them when it would be too. */
  #worthwhile(segments: SegmentUse[], { policy = this.policy, deadShareMin = 0.2 }: CompactOptions): SegmentUse[] {
    const last = segments.at(-1) as SegmentUse;
    const isRolled = deadIn(last) > policy.historyBytesMax && deadIn(last) >= last.bytes * deadShareMin;
    const start = isRolled ? segments.length : historyStart(segments, policy, Date.now() / 1000);
    return segments
      .slice(0, start)
      .filter((use) => deadIn(use) >= use.bytes * deadShareMin && !this.#damaged.has(use.segment))
      .sort((a, b) => a.liveBytes - b.liveBytes);
  }

  /** Fits segments, history and steps to the most the store may take, in bytes. */
  limit(maxBytes: number | null): void {
    const share = maxBytes === null ? Number.POSITIVE_INFINITY : Math.floor(maxBytes / LIMIT_PARTS);
    this.#parts.log.segmentBytesMax = Math.min(this.#segmentBytesMax, Math.max(share, 1 << 20));
    this.policy = { ...RETENTION, historyBytesMax: Math.min(RETENTION.historyBytesMax, share) };
    this.#startBytes = Math.min(START_BYTES, share);
    this.#movedBytesEach = Math.min(MOVED_BYTES_EACH, share);
  }

  /** Segments that hold live content or are still to be replayed, and are not on the disk. */
  missingSegments(): number[] {
    const { log, covered } = this.#parts;
    const { segment: first, liveBytes } = covered();
    const there = new Set(log.files.onDisk());
    const last = Math.max(...there, first);
    const missing = [...liveBytes.keys()].filter((segment) => !there.has(segment));
    for (let segment = Math.max(1, first); segment <= last; segment++) {
      if (!there.has(segment) && !liveBytes.has(segment)) missing.push(segment);
    }
    return missing.sort((a, b) => a - b);
  }

  /**
   * Starts compaction in the background when it is worth it; to be called now and then. `isShort`: something was
   * refused for want of space, so that whatever can be had is worth it, at the cost of history.
   */
  consider(isShort = false): void {
    const { log } = this.#parts;
    if (this.#running !== null || log.readOnly) return;
    const policy = isShort ? { ...this.policy, historyBytesMax: 0 } : this.policy;
    const options = { inBackground: !isShort, deadShareMin: isShort ? 0.1 : 0.5, policy };
    this.#trim(policy);
    const { liveBytes, deadBytes } = this.usage();
    const reclaimableBytes = this.#worthwhile(this.segments(), options).reduce((sum, use) => sum + deadIn(use), 0);
    if (isShort ? reclaimableBytes === 0 : reclaimableBytes < this.#startBytes || deadBytes < liveBytes) return;
    this.run(options).catch((error: unknown) => {
      // The log is as whole as before; what was not moved is tried again later.
      if (!this.#stop.signal.aborted)
        process.emitWarning(`compaction stopped: ${(error as Error).message}`, 'FxmountCompaction');
    });
  }

  /** Compacts until nothing is left that is worth it. After another run, if there is one. Rejects IO, NO_SPACE, INTERRUPTED. */
  async run(options: CompactOptions = {}): Promise<Compacted> {
    while (this.#running !== null) {
      if (options.inBackground !== true) this.#stop.abort();
      await this.#running.catch(() => undefined);
    }
    this.#stop = new AbortController();
    const signals = [this.#stop.signal, ...(options.signal ? [options.signal] : [])];
    this.#running = this.#run({ ...options, signal: AbortSignal.any(signals) }).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Ends a run that is under way and waits for it. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => undefined);
  }

  async #run(options: CompactOptions): Promise<Compacted> {
    const { state, log, frames, checkpoint } = this.#parts;
    const { policy = this.policy } = options;
    const removedBefore = this.removedBytes;
    let movedBytes = 0;
    const last = this.segments().at(-1) as SegmentUse;
    if (this.#worthwhile(this.segments(), options).some((use) => use.segment === last.segment)) {
      log.roll(Math.floor(Date.now() / 1000));
      // A segment is named by the first frame in it: one that moves nothing.
      frames.begin();
      frames.move(state.node(ROOT_INO) as Node, { offset: 0, bytes: 0, place: 0 }, { segment: 0, position: 0 });
      frames.commit();
    }
    const end = log.position.segment;
    await checkpoint();
    this.#trim(policy);
    for (;;) {
      const victims = this.#worthwhile(this.segments(), options).filter((use) => use.segment < end);
      const totalBytes = movedBytes + victims.reduce((sum, use) => sum + use.liveBytes, 0);
      options.onProgress?.(movedBytes, totalBytes);
      const batch = await this.#whole(firstOf(victims, this.#movedBytesEach), options);
      if (victims.length === 0) break;
      if (batch.length === 0) continue;
      const before = { movedBytes, removedBytes: this.removedBytes };
      for await (const owners of findOwners(this.#parts.index, batch)) {
        movedBytes += await this.#moveAll(owners, options, (done) =>
          options.onProgress?.(movedBytes + done, totalBytes),
        );
      }
      await checkpoint();
      this.#trim(policy, batch);
      if (movedBytes === before.movedBytes && this.removedBytes === before.removedBytes) break;
    }
    return { movedBytes, removedBytes: this.removedBytes - removedBefore };
  }

  /** Those of `segments` that have no damage. */
  async #whole(segments: number[], options: CompactOptions): Promise<number[]> {
    const whole: number[] = [];
    for (const segment of segments) {
      const reason = await segmentIsWhole(this.#parts.log, segment, () => this.#pause(options));
      if (reason === null) whole.push(segment);
      else {
        this.#damaged.add(segment);
        process.emitWarning(
          `segment ${segment} is not compacted: ${reason}; run "fxmount verify"`,
          'FxmountCompaction',
        );
      }
    }
    return whole;
  }

  /** Lets others have their turn; in the background, for a multiple of the time since the last call ended. */
  #turnStart = 0;
  async #pause({ inBackground, signal }: CompactOptions): Promise<void> {
    const workedMs = performance.now() - this.#turnStart;
    await (inBackground === true
      ? delay(Math.max(1, Math.min(50, (workedMs * (1 - BACKGROUND_SHARE)) / BACKGROUND_SHARE)))
      : new Promise((resolve) => setImmediate(resolve)));
    signal?.throwIfAborted();
    this.#turnStart = performance.now();
  }

  async #moveAll(owners: Float64Array, options: CompactOptions, onMoved: (bytes: number) => void): Promise<number> {
    const rows = Array.from({ length: owners.length / OWNER_FIELDS }, (_value, index) => ownerAt(owners, index));
    let moved = 0;
    for (let start = 0; start < rows.length; ) {
      const end = batchEnd(rows, start);
      await this.#pause(options);
      moved += await this.#move(rows.slice(start, end));
      onMoved(moved);
      start = end;
    }
    return moved;
  }

  /** Moves owners that lie close together in one segment, in one frame. Returns the bytes copied. */
  async #move(rows: Owner[]): Promise<number> {
    const { state, log, frames } = this.#parts;
    const current = rows.filter((row) => this.#isCurrent(row));
    const first = current[0];
    if (first === undefined) return 0;
    const spanBytes = current.reduce((end, row) => Math.max(end, row.position + row.bytes), 0) - first.position;
    if (this.#buffer.length < spanBytes) this.#buffer = Buffer.allocUnsafeSlow(spanBytes);
    const buffer = this.#buffer;
    const got = await log.files.open(first.segment, 'read').file.readAsync(first.position, buffer, 0, spanBytes);
    if (got < spanBytes) throw new Error(`segment ${first.segment} ends before ${first.position + spanBytes}`);
    // What changed while the disk was read is left out.
    const moves = current.filter((row) => this.#isCurrent(row));
    if (moves.length === 0) return 0;
    frames.begin();
    let bytes = 0;
    let range = { start: first.position, end: first.position, place: 0 };
    for (const { ino, offset, bytes: length, segment, position } of moves) {
      if (position > range.end) range = { start: position, end: position, place: bytes };
      const end = Math.max(range.end, position + length);
      buffer.copyWithin(bytes, range.end - first.position, end - first.position);
      bytes += end - range.end;
      range.end = end;
      const place = range.place + (position - range.start);
      frames.move(state.node(ino) as Node, { offset, bytes: length, place }, { segment, position });
    }
    frames.commit(buffer, 0, bytes);
    return bytes;
  }

  #isCurrent({ ino, offset, bytes, segment, position }: Owner): boolean {
    return this.#parts.state.node(ino)?.extents?.refersTo(offset, bytes, segment, position) === true;
  }

  /** Removes segments in which nothing is live (C3) and that history does not keep; `segments`: whatever it says of those. */
  #trim(policy: RetentionPolicy, segments: readonly number[] = []): void {
    const { log, state, covered } = this.#parts;
    const checkpoint = covered();
    const uses = this.segments();
    const start = historyStart(uses, policy, Date.now() / 1000);
    uses.forEach(({ segment, bytes }, index) => {
      if (index >= start && !segments.includes(segment)) return;
      if (segment >= checkpoint.segment || checkpoint.liveBytes.has(segment) || log.files.isUnsynced(segment)) return;
      log.remove(segment);
      state.liveBytes.delete(segment);
      this.removedBytes += bytes;
    });
  }
}

interface Owner {
  ino: number;
  offset: number;
  bytes: number;
  segment: number;
  position: number;
}

function ownerAt(owners: Float64Array, index: number): Owner {
  const [ino, offset, bytes, segment, position] = owners.subarray(index * OWNER_FIELDS, (index + 1) * OWNER_FIELDS);
  return { ino, offset, bytes, segment, position } as Owner;
}

/** Where a batch ends: with its part of a segment, or when it is large enough and the next shares no bytes with it. */
function batchEnd(rows: readonly Owner[], start: number): number {
  const first = rows[start] as Owner;
  let bytesEnd = 0;
  for (let i = start; i < rows.length; i++) {
    const { segment, position, bytes } = rows[i] as Owner;
    const isElsewhere =
      segment !== first.segment || Math.floor(position / PART_BYTES) !== Math.floor(first.position / PART_BYTES);
    const isFull = (i - start >= MOVES_EACH && position >= bytesEnd) || i - start === FRAME_RECORDS_MAX;
    if (isElsewhere || isFull) return i;
    bytesEnd = Math.max(bytesEnd, position + bytes);
  }
  return rows.length;
}

function deadIn({ bytes, liveBytes }: SegmentUse): number {
  return bytes - liveBytes;
}

/** As many of the segments as one search is for. */
function firstOf(victims: readonly SegmentUse[], movedBytesMax: number): number[] {
  const segments: number[] = [];
  let bytes = 0;
  for (const { segment, liveBytes } of victims) {
    if (segments.length > 0 && bytes + liveBytes > movedBytesMax) break;
    segments.push(segment);
    bytes += liveBytes;
  }
  return segments;
}
