/**
 * The frame: the log's unit of atomicity.
 *
 * A frame starts at a multiple of 8 bytes of its segment and is a multiple of 8 bytes long. All integers
 * are little-endian.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 | magic: bytes `F5 46 58 9E` (0xF5 occurs in no UTF-8 text) |
 * | 4 | 4 | CRC-32C of bytes 8 to the frame's end, seeded (below) |
 * | 8 | 4 | total bytes of the frame, a multiple of 8 |
 * | 12 | 4 | payload bytes |
 * | 16 | 4 | data bytes |
 * | 20 | 2 | record count |
 * | 22 | 2 | flags: 0 |
 * | 24 | 8 | seq u64, from 1 |
 * | 32 | 8 | time, seconds since 1970, i64 |
 * | 40 | 4 | time, nanoseconds, below 1,000,000,000 |
 * | 44 | 4 | link: the CRC field of the frame before, also across segments; 0 for seq 1 |
 * | 48 | 8 | durable seq u64: the highest seq known to be synced when the frame was written, below seq |
 * | 56 | 8 | request: 0, kept for the id of the request that caused the frame |
 * | 64 | payload bytes | payload: the records, opaque here |
 * | | 0 to 7 | zero, so that the frame ends at a multiple of 8 |
 * | total - data bytes | data bytes | data: file bytes that the records refer to by offset from here |
 *
 * The data ends the frame and the padding stands before it, so that a frame is at most two pieces of
 * memory (header with payload and padding; the caller's data) and is written by one call.
 *
 * Seed of the CRC: `salt XOR (position / 8 * 0x9E3779B1 mod 2^32)`, where `salt` is the CRC-32C of the
 * store id and the segment number (u32), and `position` is where the frame starts in its segment. So the
 * bytes of a frame at another position, in another segment or in another store do not pass, and a log
 * stored as file data within a frame is never taken for frames. Within a segment this is certain, not
 * only likely: two seeds that differ give CRCs that differ.
 *
 * The link ties a frame to its predecessor's content. It tells a frame of another history (an old copy
 * of a segment put back; blocks of a file that was cut) from the one that belongs there.
 *
 * A reader takes a frame only if the magic, all lengths, the CRC, seq, link, padding and zero fields are
 * as above. A frame whose CRC is right but whose flags or request field are not zero is of a newer format:
 * NEWER_FORMAT, never cut. Everything else is damage, judged by `recovery.ts`.
 *
 * Example: store id 00 01 .. 0F, segment 1, first frame (position 64): one record, payload `70 61 79`,
 * data `64 61 74 61`, seq 1, time 1,700,000,000.000000005, nothing durable:
 *
 *     0000  F5 46 58 9E 1D C3 B8 4F 48 00 00 00 03 00 00 00
 *     0010  04 00 00 00 01 00 00 00 01 00 00 00 00 00 00 00
 *     0020  00 F1 53 65 00 00 00 00 05 00 00 00 00 00 00 00
 *     0030  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
 *     0040  70 61 79 00 64 61 74 61
 */
import { invariant } from '../errors.ts';
import { FRAME_BYTES_MAX, SEGMENT_BYTES_MAX } from '../limits.ts';
import { native } from '../native.ts';

export const FRAME_HEADER_BYTES = 64;
/** The magic as a little-endian u32. */
export const FRAME_MAGIC = 0x9e58_46f5;
/** Where the range that the CRC covers starts. */
export const FRAME_CRC_START = 8;
/** Most records in one frame. */
export const FRAME_RECORDS_MAX = 0xffff;

const TWO_32 = 0x1_0000_0000;

invariant(FRAME_BYTES_MAX + SEGMENT_BYTES_MAX < TWO_32, 'positions in a segment fit 32 bits');

/** The fields of a frame header; one object is reused from frame to frame. */
export class FrameHeader {
  crc = 0;
  totalBytes = 0;
  payloadBytes = 0;
  dataBytes = 0;
  records = 0;
  flags = 0;
  seq = 0;
  timeSec = 0;
  timeNsec = 0;
  link = 0;
  durableSeq = 0;
  /** Whether the request field is zero, as this version writes it. */
  requestIsZero = true;
}

/** Writes the header, all but its CRC, to the 64 bytes at `at`. Fields must be in range. */
export function encodeFrameHeader(view: DataView, at: number, header: FrameHeader): void {
  view.setUint32(at, FRAME_MAGIC, true);
  view.setUint32(at + 8, header.totalBytes, true);
  view.setUint32(at + 12, header.payloadBytes, true);
  view.setUint32(at + 16, header.dataBytes, true);
  view.setUint32(at + 20, header.records, true);
  putSafeInteger(view, at + 24, header.seq);
  putSafeInteger(view, at + 32, header.timeSec);
  view.setUint32(at + 40, header.timeNsec, true);
  view.setUint32(at + 44, header.link, true);
  putSafeInteger(view, at + 48, header.durableSeq);
  view.setUint32(at + 56, 0, true);
  view.setUint32(at + 60, 0, true);
}

/**
 * Reads the 64 bytes at `at` into `header`. Returns null, or why they cannot be the header of a frame
 * that ends within `room` bytes. Flags and the request field are left to be judged after the CRC.
 */
export function decodeFrameHeader(view: DataView, at: number, room: number, header: FrameHeader): string | null {
  if (view.getUint32(at, true) !== FRAME_MAGIC) return 'no frame starts here';
  header.crc = view.getUint32(at + 4, true);
  header.totalBytes = view.getUint32(at + 8, true);
  header.payloadBytes = view.getUint32(at + 12, true);
  header.dataBytes = view.getUint32(at + 16, true);
  header.records = view.getUint16(at + 20, true);
  header.flags = view.getUint16(at + 22, true);
  header.seq = getSafeInteger(view, at + 24);
  header.timeSec = getSafeInteger(view, at + 32);
  header.timeNsec = view.getUint32(at + 40, true);
  header.link = view.getUint32(at + 44, true);
  header.durableSeq = getSafeInteger(view, at + 48);
  header.requestIsZero = view.getUint32(at + 56, true) === 0 && view.getUint32(at + 60, true) === 0;
  const padding = header.totalBytes - FRAME_HEADER_BYTES - header.payloadBytes - header.dataBytes;
  if (header.totalBytes % 8 !== 0 || padding < 0 || padding > 7) return 'its lengths contradict each other';
  if (header.totalBytes > FRAME_BYTES_MAX) return 'it is longer than a frame may be';
  if (header.totalBytes > room) return 'it is cut short';
  if (!(header.seq > 0) || !(header.durableSeq >= 0) || header.durableSeq >= header.seq) return 'its seq is impossible';
  if (Number.isNaN(header.timeSec) || header.timeNsec > 999_999_999) return 'its time is impossible';
  return null;
}

/** The salt of all frames in one segment of one store. */
export function segmentSalt(storeId: Uint8Array, segment: number): number {
  const bytes = Buffer.alloc(20);
  bytes.set(storeId);
  bytes.writeUInt32LE(segment, 16);
  return native.crc32c(0, bytes, 0, bytes.length);
}

/** The seed of the CRC of a frame at `position`. */
export function frameSeed(salt: number, position: number): number {
  return (salt ^ Math.imul(position >>> 3, 0x9e37_79b1)) >>> 0;
}

function putSafeInteger(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setInt32(at + 4, Math.floor(value / TWO_32), true);
}

/** The i64 at `at`, or NaN when it is no safe integer. */
function getSafeInteger(view: DataView, at: number): number {
  const value = view.getUint32(at, true) + view.getInt32(at + 4, true) * TWO_32;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
