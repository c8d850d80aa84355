/**
 * What a checkpoint covers: the value of the index's key "checkpoint". Little-endian.
 *
 *     version u32 = 2 · seq u64 · segment u32 · position u64 (where the next frame starts) · link u32 ·
 *     next inode u64 · next cookie u64 · nodes u64 · content bytes u64 ·
 *     orphans u32, each: inode u64 · segments u32, each: number u32, live bytes u64 ·
 *     flags u32: 1 some file has, or had, a typed value · 2 no node has, or had, an access list
 *
 * Version 1 has no flags: the store may have typed files and access lists.
 */
import { Reader, Writer } from '../bytes.ts';
import { FxError } from '../errors.ts';
import type { Ino } from '../ids.ts';
import type { Position } from '../wal/walk.ts';

export interface CheckpointRecord {
  /** The last frame that the index contains. */
  log: Position;
  nextIno: Ino;
  nextCookie: number;
  nodeCount: number;
  contentBytes: number;
  orphans: Ino[];
  liveBytes: [segment: number, bytes: number][];
  hasTypedFiles: boolean;
  hasAccessLists: boolean;
}

const VERSION = 2;
const VERSION_WITHOUT_FLAGS = 1;
const FLAG_TYPED_FILES = 1;
/** Set where there is none, as records from before it do not have it. */
const FLAG_NO_ACCESS_LISTS = 2;

export function encodeCheckpoint(record: CheckpointRecord): Uint8Array {
  const out = new Writer(128);
  out.u32(VERSION);
  out.u64(record.log.seq);
  out.u32(record.log.segment);
  out.u64(record.log.position);
  out.u32(record.log.link);
  out.u64(record.nextIno);
  out.u64(record.nextCookie);
  out.u64(record.nodeCount);
  out.u64(record.contentBytes);
  out.u32(record.orphans.length);
  for (const ino of record.orphans) out.u64(ino);
  out.u32(record.liveBytes.length);
  for (const [segment, bytes] of record.liveBytes) {
    out.u32(segment);
    out.u64(bytes);
  }
  out.u32((record.hasTypedFiles ? FLAG_TYPED_FILES : 0) | (record.hasAccessLists ? 0 : FLAG_NO_ACCESS_LISTS));
  return out.copy();
}

/** Throws DAMAGED, or NEWER_FORMAT. */
export function decodeCheckpoint(bytes: Uint8Array): CheckpointRecord {
  const reader = new Reader(bytes, 0, bytes.length, 'checkpoint record');
  const version = reader.u32();
  if (version !== VERSION && version !== VERSION_WITHOUT_FLAGS)
    throw new FxError(
      'NEWER_FORMAT',
      `the index has format ${version}, this fxmount reads ${VERSION}; use a newer fxmount`,
    );
  const record: CheckpointRecord = {
    log: { seq: reader.u64(), segment: reader.u32(), position: reader.u64(), link: reader.u32() },
    nextIno: reader.u64(),
    nextCookie: reader.u64(),
    nodeCount: reader.u64(),
    contentBytes: reader.u64(),
    orphans: [],
    liveBytes: [],
    hasTypedFiles: true,
    hasAccessLists: true,
  };
  for (let i = reader.u32(); i > 0; i--) record.orphans.push(reader.u64());
  for (let i = reader.u32(); i > 0; i--) record.liveBytes.push([reader.u32(), reader.u64()]);
  if (version !== VERSION_WITHOUT_FLAGS) {
    const flags = reader.u32();
    if (flags & ~(FLAG_TYPED_FILES | FLAG_NO_ACCESS_LISTS)) reader.fail(`it has unknown flags ${flags}`);
    record.hasTypedFiles = (flags & FLAG_TYPED_FILES) !== 0;
    record.hasAccessLists = (flags & FLAG_NO_ACCESS_LISTS) === 0;
  }
  reader.finish();
  return record;
}
