/**
 * Segments: the files of the log.
 *
 * A segment is named `NNNNNNNN.fxlog`, its number in eight or more decimal digits, from 1. It holds a
 * header of 64 bytes and then frames without any bytes between them. Little-endian:
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 8 | magic `FXMLOG\r\n` |
 * | 8 | 2 | format version: 1 |
 * | 10 | 2 | flags: 0 |
 * | 12 | 2 | header bytes: 64 |
 * | 14 | 2 | zero |
 * | 16 | 16 | store id |
 * | 32 | 8 | first seq u64: the seq of the segment's first frame |
 * | 40 | 8 | durable seq u64: the highest seq known to be synced when the segment was made |
 * | 48 | 8 | time of creation, seconds since 1970, i64 |
 * | 56 | 4 | segment number, equal to the one in the name |
 * | 60 | 4 | CRC-32C of bytes 0 to 59 |
 *
 * Every later version keeps the magic, the version and the CRC where they are. A reader answers a right
 * CRC with another version, or with flags it does not know, by NEWER_FORMAT, and a right CRC with another
 * store id or number by DAMAGED; a wrong CRC or magic makes the header damaged, judged by `recovery.ts`.
 *
 * Example: store id 00 01 .. 0F, segment 1, first seq 1, made at 1,700,000,000:
 *
 *     0000  46 58 4D 4C 4F 47 0D 0A 01 00 00 00 40 00 00 00
 *     0010  00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F
 *     0020  01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
 *     0030  00 F1 53 65 00 00 00 00 01 00 00 00 6E 0A F2 E4
 */
import { Reader, Writer } from '../bytes.ts';
import { FxError, invariant } from '../errors.ts';
import { native } from '../native.ts';

export const SEGMENT_HEADER_BYTES = 64;
export const SEGMENT_VERSION = 1;
export const STORE_ID_BYTES = 16;
/** The number of the first segment of a store. */
export const SEGMENT_FIRST = 1;

const MAGIC = 'FXMLOG\r\n';
const CRC_AT = 60;
const NAME = /^([0-9]{8,10})\.fxlog$/;

export interface SegmentHeader {
  storeId: Uint8Array;
  segment: number;
  firstSeq: number;
  durableSeq: number;
  timeSec: number;
}

export function segmentName(segment: number): string {
  return `${String(segment).padStart(8, '0')}.fxlog`;
}

/** The number of the segment called `name`, or null when it is no segment's name. */
export function segmentFromName(name: string): number | null {
  const match = NAME.exec(name);
  if (match === null) return null;
  const segment = Number(match[1]);
  return segment >= SEGMENT_FIRST && segment <= 0xffff_ffff && segmentName(segment) === name ? segment : null;
}

/** The numbers of the segments among `names`, rising. */
export function segmentsAmong(names: string[]): number[] {
  const segments: number[] = [];
  for (const name of names) {
    const segment = segmentFromName(name);
    if (segment !== null) segments.push(segment);
  }
  return segments.sort((a, b) => a - b);
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  invariant(header.storeId.length === STORE_ID_BYTES, 'a store id has 16 bytes');
  const writer = new Writer(SEGMENT_HEADER_BYTES);
  writer.latin1(MAGIC);
  writer.u16(SEGMENT_VERSION);
  writer.u16(0);
  writer.u16(SEGMENT_HEADER_BYTES);
  writer.u16(0);
  writer.raw(header.storeId);
  writer.u64(header.firstSeq);
  writer.u64(header.durableSeq);
  writer.i64(header.timeSec);
  writer.u32(header.segment);
  writer.u32(native.crc32c(0, writer.bytes, 0, CRC_AT));
  return writer.copy();
}

/**
 * Decodes the header of the segment that is called number `segment`. Returns why it is damaged, as text,
 * if it is. Throws NEWER_FORMAT for a format of a later version, and DAMAGED for a whole header that
 * belongs elsewhere: another number, or another store than `storeId` (null: any).
 */
export function decodeSegmentHeader(
  bytes: Uint8Array,
  segment: number,
  storeId: Uint8Array | null,
): SegmentHeader | string {
  if (bytes.length < SEGMENT_HEADER_BYTES) return `its header has ${bytes.length} of ${SEGMENT_HEADER_BYTES} bytes`;
  const reader = new Reader(bytes, 0, SEGMENT_HEADER_BYTES, `header of segment ${segmentName(segment)}`);
  if (reader.latin1(MAGIC.length) !== MAGIC) return 'its header does not start with the magic';
  const crc = new Reader(bytes, CRC_AT, SEGMENT_HEADER_BYTES).u32();
  if (native.crc32c(0, bytes, 0, CRC_AT) !== crc) return 'the checksum of its header is wrong';
  const version = reader.u16();
  const flags = reader.u16();
  if (version !== SEGMENT_VERSION || flags !== 0) {
    throw new FxError(
      'NEWER_FORMAT',
      `segment ${segmentName(segment)} has format ${version}, flags ${flags}; this fxmount reads format ` +
        `${SEGMENT_VERSION}, flags 0: use a newer fxmount`,
    );
  }
  if (reader.u16() !== SEGMENT_HEADER_BYTES || reader.u16() !== 0) reader.fail('a fixed field has another value');
  const header = {
    storeId: Uint8Array.from(reader.raw(STORE_ID_BYTES)),
    firstSeq: reader.u64(),
    durableSeq: reader.u64(),
    timeSec: reader.i64(),
    segment: reader.u32(),
  };
  if (header.segment !== segment) {
    throw new FxError('DAMAGED', `segment ${segmentName(segment)} says it is number ${header.segment}: rename it back`);
  }
  if (storeId !== null && Buffer.compare(header.storeId, storeId) !== 0) {
    throw new FxError('DAMAGED', `segment ${segmentName(segment)} belongs to another store: put the right file back`);
  }
  if (header.firstSeq < 1 || header.durableSeq >= header.firstSeq) return 'the seqs in its header are impossible';
  return header;
}
