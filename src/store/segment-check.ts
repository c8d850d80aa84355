/**
 * Checks the frames of one segment beside everything else: bytes are fetched on another thread first, so that
 * the scanner finds them in the page cache.
 */
import { FrameScanner, ScanBuffers } from '../wal/frame-scanner.ts';
import type { Log } from '../wal/log.ts';
import { SEGMENT_HEADER_BYTES } from '../wal/segment.ts';

const FETCH_BYTES = 4 << 20;
const SLICE_MS = 2;

/** Null when every frame has the right checksum, else what is wrong where. Awaits `pause` between slices. */
export async function segmentIsWhole(log: Log, segment: number, pause: () => Promise<void>): Promise<string | null> {
  const file = log.files.open(segment, 'read').file;
  const scanner = new FrameScanner(file, log.storeId, segment, new ScanBuffers());
  const scratch = Buffer.allocUnsafeSlow(Math.min(FETCH_BYTES, scanner.size));
  let fetched = 0;
  let sliceEnd = 0;
  for (let position = SEGMENT_HEADER_BYTES; position < scanner.size; position += scanner.header.totalBytes) {
    if (performance.now() > sliceEnd) {
      await pause();
      sliceEnd = performance.now() + SLICE_MS;
    }
    while (fetched < scanner.size && fetched < position + FETCH_BYTES / 2) {
      fetched += await file.readAsync(fetched, scratch, 0, Math.min(scratch.length, scanner.size - fetched));
    }
    if (scanner.check(position) !== 'ok') return `at byte ${position} ${scanner.reason}`;
  }
  return null;
}
