/**
 * Reads the log beside its writer: whole frames in order, with pauses for whoever shares the thread.
 *
 * The segments are read as files, so this needs no part of the open log, and works on a store that is
 * read-only because of damage: what is no whole frame is given as a gap, and reading goes on after it.
 */

import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Reader } from '../bytes.ts';
import { FxError } from '../errors.ts';
import { decodeRecord, type LogRecord } from '../store/records.ts';
import { FRAME_HEADER_BYTES } from '../wal/frame.ts';
import { FrameScanner, ScanBuffers } from '../wal/frame-scanner.ts';
import { HostDisk } from '../wal/host-disk.ts';
import { SEGMENT_HEADER_BYTES, segmentName, segmentsAmong } from '../wal/segment.ts';
import { readSegmentHeader } from '../wal/walk.ts';

/** Longest time without a pause. */
const SLICE_MS = 4;

export interface LogFrame {
  readonly seq: number;
  readonly timeSec: number;
  readonly timeNsec: number;
  readonly records: readonly LogRecord[];
}

/** Bytes of a segment that hold no whole frame, or a frame that does not follow the one before. */
export interface LogGap {
  readonly segment: string;
  readonly position: number;
  readonly reason: string;
}

export interface LogRange {
  readonly storeId: Uint8Array;
  /** Segments whose frames all lie before this are skipped. */
  readonly fromSeq: number;
  /** The last frame to give: what follows may be half-written. */
  readonly toSeq: number;
  readonly signal: AbortSignal;
}

/** Frames and gaps of the store's log, in order. Throws NEWER_FORMAT, IO, INTERRUPTED. */
export async function* readLog(directory: string, range: LogRange): AsyncGenerator<LogFrame | LogGap, void, void> {
  const disk = new HostDisk(join(directory, 'log'));
  const buffers = new ScanBuffers();
  const expected = { seq: 0, link: 0 };
  let before = 0;
  for (const segment of segmentsFrom(disk, range)) {
    const file = unlessRemoved(() => disk.open(segmentName(segment), 'read'));
    if (file === null) continue;
    // Segments between two that are there were removed by compaction; that none is lost, others check.
    if (segment !== before + 1) expected.seq = 0;
    before = segment;
    try {
      yield* readSegment(new FrameScanner(file, range.storeId, segment, buffers), segment, expected, range);
    } finally {
      file.close();
    }
    if (expected.seq >= range.toSeq) return;
  }
}

/** Null for a segment that compaction has removed meanwhile. */
function unlessRemoved<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof FxError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

/** Segments of the range, rising. */
function segmentsFrom(disk: HostDisk, range: LogRange): number[] {
  const segments = segmentsAmong(disk.list());
  let first = 0;
  segments.forEach((segment, index) => {
    const header = unlessRemoved(() => readSegmentHeader(disk, segment, range.storeId));
    if (header !== null && typeof header !== 'string' && header.firstSeq <= range.fromSeq) first = index;
  });
  return segments.slice(first);
}

async function* readSegment(
  scanner: FrameScanner,
  segment: number,
  expected: { seq: number; link: number },
  range: LogRange,
): AsyncGenerator<LogFrame | LogGap, void, void> {
  const gap = (position: number, reason: string): LogGap => ({ segment: segmentName(segment), position, reason });
  let sliceEnd = performance.now() + SLICE_MS;
  for (let position = SEGMENT_HEADER_BYTES; position < scanner.size && expected.seq < range.toSeq; ) {
    if (performance.now() > sliceEnd) {
      await turn();
      range.signal.throwIfAborted();
      sliceEnd = performance.now() + SLICE_MS;
    }
    const state = scanner.check(position);
    if (state === 'newer')
      throw new FxError(
        'NEWER_FORMAT',
        `${segmentName(segment)}:${position} is of a newer format; use a newer fxmount`,
      );
    if (state === 'bad') {
      yield gap(position, scanner.reason);
      const next = scanner.find(position + 8, expected.seq + 1);
      if (next < 0) return;
      position = next;
      expected.seq = 0;
      continue;
    }
    const { header } = scanner;
    if (expected.seq > 0 && (header.seq !== expected.seq + 1 || header.link !== expected.link)) {
      yield gap(position, `frame ${header.seq} does not follow frame ${expected.seq}`);
    }
    expected.seq = header.seq;
    expected.link = header.crc;
    const payloadStart = scanner.start + FRAME_HEADER_BYTES;
    position += header.totalBytes;
    if (header.seq < range.fromSeq) continue;
    yield {
      seq: header.seq,
      timeSec: header.timeSec,
      timeNsec: header.timeNsec,
      records: decodeRecords(new Reader(scanner.bytes, payloadStart, payloadStart + header.payloadBytes, 'log frame')),
    };
  }
}

function decodeRecords(reader: Reader): LogRecord[] {
  const records: LogRecord[] = [];
  while (reader.remaining > 0) records.push(decodeRecord(reader));
  return records;
}
