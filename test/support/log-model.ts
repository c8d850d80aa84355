/**
 * A plain model of a log, to compare real ones with: what was appended, and what a log on a disk holds.
 */
import { FRAME_HEADER_BYTES, type Frame, Log, type OpenOptions } from '../../src/wal/log.ts';
import { segmentName } from '../../src/wal/segment.ts';
import { type Random, SimDisk } from './sim-disk.ts';

export const STORE_ID = Uint8Array.from({ length: 16 }, (_, i) => i);
export const TIME_SEC = 1_700_000_000;

/** The content of one frame. */
export interface ModelFrame {
  seq: number;
  payload: string;
  data: string;
}

/** Content for the frame `seq`, of the given sizes, unlike that of any other. */
export function modelFrame(seq: number, payloadBytes: number, dataBytes: number, random: Random): ModelFrame {
  const bytes = (count: number) => Buffer.from(Array.from({ length: count }, () => random(256))).latin1Slice();
  return { seq, payload: bytes(payloadBytes), data: bytes(dataBytes) };
}

export function appendModel(log: Log, frame: ModelFrame): void {
  log.frame.latin1(frame.payload);
  const data = Buffer.from(`..${frame.data}.`, 'latin1');
  const { timeSec, timeNsec, records } = marksOf(frame.seq);
  if (frame.data === '') log.append(records, timeSec, timeNsec, null, 0, 0);
  else log.append(records, timeSec, timeNsec, data, 2, frame.data.length);
}

function marksOf(seq: number) {
  return { timeSec: TIME_SEC + seq, timeNsec: seq % 1000, records: seq % 7 };
}

/** The content of a visited frame; its data is read from the disk. Throws if time or count are not as appended. */
export function contentOf(disk: SimDisk, frame: Frame): ModelFrame {
  const marks = marksOf(frame.seq);
  if (frame.timeSec !== marks.timeSec || frame.timeNsec !== marks.timeNsec || frame.records !== marks.records) {
    throw new Error(`frame ${frame.seq} has other marks`);
  }
  const file = disk.content(segmentName(frame.segment));
  return {
    seq: frame.seq,
    payload: frame.bytes.latin1Slice(frame.payloadStart, frame.payloadStart + frame.payloadBytes),
    data: file.latin1Slice(frame.dataPosition, frame.dataPosition + frame.dataBytes),
  };
}

/** Opens the log on `disk` and collects what it replays. */
export async function openModel(
  disk: SimDisk,
  options: Partial<OpenOptions> = {},
): Promise<{ log: Log; frames: ModelFrame[] }> {
  const frames: ModelFrame[] = [];
  const log = await Log.open(disk, { storeId: STORE_ID, from: null, ...options }, (frame) => {
    frames.push(contentOf(disk, frame));
  });
  return { log, frames };
}

/** A log of `sizes.length` frames, payload and data bytes each, on a new disk. */
export async function newModel(
  sizes: [payloadBytes: number, dataBytes: number][],
  random: Random,
  segmentBytesMax?: number,
): Promise<{ disk: SimDisk; log: Log; frames: ModelFrame[] }> {
  const disk = new SimDisk();
  const options = segmentBytesMax === undefined ? {} : { segmentBytesMax };
  const log = await Log.create(disk, STORE_ID, { timeSec: TIME_SEC, ...options });
  const frames: ModelFrame[] = [];
  for (const [payloadBytes, dataBytes] of sizes) {
    const frame = modelFrame(frames.length + 1, payloadBytes, dataBytes, random);
    appendModel(log, frame);
    frames.push(frame);
  }
  return { disk, log, frames };
}

/** CRC-32C bit by bit, to check the addon's by. */
export function plainCrc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return ~crc >>> 0;
}

export { FRAME_HEADER_BYTES };
