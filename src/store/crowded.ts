/**
 * Joins what small writes have left of a file in many small pieces.
 *
 * Each write is a frame, so that its bytes lie apart from those of the write before: 100,000 appends of ten bytes
 * would be 100,000 extents to keep, to look through and to read one by one. Where the pieces before the end of a write
 * are many and small, their bytes are written once more, as one, in a frame that changes nothing else. How
 * often a byte may be written so: `ExtentMap.crowdedBefore`.
 */
import { FxError } from '../errors.ts';
import type { Log } from '../wal/log.ts';
import type { ByteRange } from './api.ts';
import { CROWD_BYTES, RESERVED_SEGMENT } from './extents.ts';
import type { Frames } from './frames.ts';
import type { Node } from './node.ts';

const buffer = Buffer.alloc(CROWD_BYTES);

/** To be called after a write that ended at `end`, outside of a transaction. */
export function joinCrowded(file: Node, end: number, frames: Frames, log: Log): void {
  const range = file.extents?.crowdedBefore(end) ?? null;
  if (range === null || !readRange(file, range, log)) return;
  frames.begin();
  frames.rewrite(file, { ...range, place: 0 });
  try {
    frames.commit(buffer, 0, range.bytes);
  } catch (error) {
    // The write itself was done. A full disk keeps the pieces as they are; a broken log refuses what comes next.
    if (!(error instanceof FxError)) throw error;
  }
}

/** Fills `buffer` with what the file has; false when the log is shorter than it should be. */
function readRange(file: Node, range: ByteRange, log: Log): boolean {
  buffer.fill(0, 0, range.bytes);
  for (const { offset, bytes, segment, position } of file.extents?.slice(range.offset, range.bytes) ?? []) {
    if (segment === RESERVED_SEGMENT) continue;
    if (log.read(segment, position, buffer, offset - range.offset, bytes) < bytes) return false;
  }
  return true;
}
