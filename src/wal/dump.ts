/**
 * Prints a segment as offset, hex and meaning, for people and for golden tests.
 *
 * One line per field of the headers; payload and data as rows of 16 bytes with their text, cut after
 * `bytesMax`. Bytes that are no frame are printed as such up to the next frame.
 */
import type { Disk } from './disk.ts';
import { FRAME_HEADER_BYTES, type FrameHeader } from './frame.ts';
import { FrameScanner, ScanBuffers } from './frame-scanner.ts';
import { SEGMENT_HEADER_BYTES, segmentName } from './segment.ts';
import { readSegmentHeader } from './walk.ts';

const ROW_BYTES = 16;

export interface DumpOptions {
  /** Needed only where the segment's own header is damaged. */
  storeId?: Uint8Array;
  /** Most bytes printed of each payload and each data; 64 by default. */
  bytesMax?: number;
}

/** The lines of the dump of one segment. Throws as `verifyLog` does. */
export function* dumpSegment(disk: Disk, segment: number, options: DumpOptions = {}): Generator<string> {
  const bytesMax = options.bytesMax ?? 64;
  const file = disk.open(segmentName(segment), 'read');
  const read = (position: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, file.read(position, buffer, 0, bytes));
  };
  try {
    const header = readSegmentHeader(disk, segment, options.storeId ?? null);
    const storeId = typeof header === 'string' ? options.storeId : header.storeId;
    const size = file.size();
    if (typeof header === 'string') yield `-- ${header}`;
    yield* segmentHeaderLines(read(0, SEGMENT_HEADER_BYTES));
    if (storeId === undefined) return;
    const scanner = new FrameScanner(file, storeId, segment, new ScanBuffers());
    for (let position = SEGMENT_HEADER_BYTES; position < size; ) {
      const state = scanner.check(position);
      if (state === 'bad') {
        const { reason } = scanner;
        const next = scanner.find(position + 8, 1);
        const end = next < 0 ? size : next;
        yield `-- ${position}: no frame: ${reason}; ${end - position} bytes`;
        yield* rows(position, read(position, Math.min(bytesMax, end - position)), 'bytes', end - position);
        position = end;
        continue;
      }
      const { header: fields } = scanner;
      yield `-- ${position}: frame of seq ${fields.seq}${state === 'newer' ? ', of a newer format' : ''}`;
      yield* frameLines(position, fields, read, bytesMax);
      position += fields.totalBytes;
    }
  } finally {
    file.close();
  }
}

type Read = (position: number, bytes: number) => Buffer;

function* segmentHeaderLines(bytes: Buffer): Generator<string> {
  if (bytes.length < SEGMENT_HEADER_BYTES) {
    yield* rows(0, bytes, 'header, cut short', bytes.length);
    return;
  }
  yield field(0, bytes.subarray(0, 8), 'magic');
  yield field(8, bytes.subarray(8, 10), `format version ${bytes.readUInt16LE(8)}`);
  yield field(10, bytes.subarray(10, 12), `flags ${bytes.readUInt16LE(10)}`);
  yield field(12, bytes.subarray(12, 14), `header bytes ${bytes.readUInt16LE(12)}`);
  yield field(14, bytes.subarray(14, 16), 'zero');
  yield field(16, bytes.subarray(16, 32), 'store id');
  yield field(32, bytes.subarray(32, 40), `first seq ${bytes.readBigUInt64LE(32)}`);
  yield field(40, bytes.subarray(40, 48), `durable seq ${bytes.readBigUInt64LE(40)}`);
  yield field(48, bytes.subarray(48, 56), `made at ${time(Number(bytes.readBigInt64LE(48)))}`);
  yield field(56, bytes.subarray(56, 60), `segment ${bytes.readUInt32LE(56)}`);
  yield field(60, bytes.subarray(60, 64), 'crc-32c');
}

function* frameLines(position: number, header: FrameHeader, read: Read, bytesMax: number): Generator<string> {
  const bytes = read(position, FRAME_HEADER_BYTES);
  const { totalBytes, payloadBytes, dataBytes } = header;
  const line = (start: number, end: number, meaning: string) =>
    field(position + start, bytes.subarray(start, end), meaning);
  yield line(0, 4, 'magic');
  yield line(4, 8, 'crc-32c');
  yield line(8, 12, `total bytes ${totalBytes}`);
  yield line(12, 16, `payload bytes ${payloadBytes}`);
  yield line(16, 20, `data bytes ${dataBytes}`);
  yield line(20, 22, `records ${header.records}`);
  yield line(22, 24, `flags ${header.flags}`);
  yield line(24, 32, `seq ${header.seq}`);
  yield line(32, 40, `time ${time(header.timeSec)}`);
  yield line(40, 44, `nanoseconds ${header.timeNsec}`);
  yield line(44, 48, 'link to the frame before');
  yield line(48, 56, `durable seq ${header.durableSeq}`);
  yield line(56, 64, 'request');
  const payloadAt = position + FRAME_HEADER_BYTES;
  const dataAt = position + totalBytes - dataBytes;
  yield* rows(payloadAt, read(payloadAt, Math.min(bytesMax, payloadBytes)), 'payload', payloadBytes);
  const paddingAt = payloadAt + payloadBytes;
  if (paddingAt < dataAt) yield field(paddingAt, read(paddingAt, dataAt - paddingAt), 'padding');
  yield* rows(dataAt, read(dataAt, Math.min(bytesMax, dataBytes)), 'data', dataBytes);
}

function* rows(position: number, bytes: Buffer, what: string, total: number): Generator<string> {
  for (let i = 0; i < bytes.length; i += ROW_BYTES) {
    const row = bytes.subarray(i, i + ROW_BYTES);
    yield field(position + i, row, `${what} "${row.latin1Slice().replace(/[^\x20-\x7e]/g, '.')}"`);
  }
  if (bytes.length < total) yield `-- ${position + bytes.length}: ${total - bytes.length} bytes more`;
}

function field(position: number, bytes: Uint8Array, meaning: string): string {
  const hex = Buffer.from(bytes).toString('hex').replace(/../g, '$& ');
  return `${position.toString(16).padStart(8, '0')}  ${hex.padEnd(ROW_BYTES * 3)} ${meaning}`;
}

function time(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s` : date.toISOString().replace('.000Z', 'Z');
}
