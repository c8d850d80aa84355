import { expect, test } from 'vitest';
import { Log } from '../../src/wal/log.ts';
import { decodeSegmentHeader, segmentFromName, segmentName } from '../../src/wal/segment.ts';
import { plainCrc32c, STORE_ID, TIME_SEC } from '../support/log-model.ts';
import { SimDisk } from '../support/sim-disk.ts';

/** The bytes of annotated hex: one field a line, a comment after `#`. */
function hex(text: string): Buffer {
  return Buffer.from(text.replace(/#.*$/gm, '').replace(/\s+/g, ''), 'hex');
}

const SEGMENT_HEADER = `
  46584d4c4f470d0a                 # magic "FXMLOG\\r\\n"
  0100                             # format version 1
  0000                             # flags
  4000                             # header bytes 64
  0000                             # zero
  000102030405060708090a0b0c0d0e0f # store id
  0100000000000000                 # first seq 1
  0000000000000000                 # durable seq 0
  00f1536500000000                 # 1,700,000,000 s
  01000000                         # segment 1`;

const FRAME_AFTER_CRC = `
  48000000                         # total bytes 72
  03000000                         # payload bytes 3
  04000000                         # data bytes 4
  0100                             # records 1
  0000                             # flags
  0100000000000000                 # seq 1
  00f1536500000000                 # 1,700,000,000 s
  05000000                         # 5 ns
  00000000                         # link: none
  0000000000000000                 # durable seq 0
  0000000000000000                 # request
  706179                           # payload "pay"
  00                               # padding
  64617461                         # data "data"`;

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** The seed of `frame.ts`, computed another way. */
function seedOf(segment: number, position: number): number {
  const salt = plainCrc32c(Buffer.concat([STORE_ID, u32(segment)]));
  return Number(BigInt(salt) ^ ((BigInt(position / 8) * 0x9e3779b1n) & 0xffff_ffffn));
}

/** A segment header with the bytes `start` on replaced and its checksum made right. */
function headerWith(start: number, replacement: string): Buffer {
  const bytes = Buffer.concat([hex(SEGMENT_HEADER), u32(0)]);
  hex(replacement).copy(bytes, start);
  bytes.writeUInt32LE(plainCrc32c(bytes.subarray(0, 60)), 60);
  return bytes;
}

async function oneFrame(): Promise<Buffer> {
  const disk = new SimDisk();
  const log = await Log.create(disk, STORE_ID, { timeSec: TIME_SEC });
  log.frame.latin1('pay');
  log.append(1, TIME_SEC, 5, Buffer.from('(data)'), 1, 4);
  expect(log).toMatchObject({ seq: 1, lastSegment: 1, lastFramePosition: 64, lastDataPosition: 64 + 68 });
  return disk.content('00000001.fxlog');
}

test('a segment header is written byte for byte as documented', async () => {
  const bytes = hex(SEGMENT_HEADER);
  expect((await oneFrame()).subarray(0, 64)).toEqual(Buffer.concat([bytes, u32(plainCrc32c(bytes))]));
});

test('a frame is written byte for byte as documented', async () => {
  const covered = hex(FRAME_AFTER_CRC);
  const crc = plainCrc32c(covered, seedOf(1, 64));
  expect((await oneFrame()).subarray(64)).toEqual(Buffer.concat([hex('f546589e'), u32(crc), covered]));
});

test('the examples at the heads of segment.ts and frame.ts are what is written', async () => {
  const { readFileSync } = await import('node:fs');
  const bytes = await oneFrame();
  for (const [file, part] of [
    ['segment', bytes.subarray(0, 64)],
    ['frame', bytes.subarray(64)],
  ] as const) {
    const source = readFileSync(new URL(`../../src/wal/${file}.ts`, import.meta.url), 'utf8');
    const lines = [...source.matchAll(/^ \* {5}00[0-9]0 {2}([0-9A-F ]+)$/gm)].map((match) => match[1]);
    expect(hex(lines.join(' '))).toEqual(part);
  }
});

test('a segment name has eight digits or as many as the number needs', () => {
  expect(segmentName(1)).toBe('00000001.fxlog');
  expect(segmentFromName('00000001.fxlog')).toBe(1);
  expect(segmentFromName('123456789.fxlog')).toBe(123_456_789);
  for (const name of [
    '00000000.fxlog',
    '1.fxlog',
    '000000001.fxlog',
    '00000001.fxlog~',
    '9999999999.fxlog',
    'torn-1-2',
  ]) {
    expect(segmentFromName(name)).toBe(null);
  }
});

test('a whole segment header decodes', () => {
  const header = decodeSegmentHeader(headerWith(0, ''), 1, STORE_ID);
  expect(header).toMatchObject({ segment: 1, firstSeq: 1, durableSeq: 0, timeSec: TIME_SEC });
});

test('a header of a later format or with unknown flags is NEWER_FORMAT', () => {
  expect(() => decodeSegmentHeader(headerWith(8, '0200'), 1, STORE_ID)).toThrow(/has format 2/);
  expect(() => decodeSegmentHeader(headerWith(10, '0100'), 1, STORE_ID)).toThrow(/flags 1/);
});

test('a header of another store, or of another number, is DAMAGED', () => {
  expect(() => decodeSegmentHeader(headerWith(16, 'ff'), 1, STORE_ID)).toThrow(/another store/);
  expect(() => decodeSegmentHeader(headerWith(56, '02'), 1, STORE_ID)).toThrow(/says it is number 2/);
});

test('a header with wrong fixed fields or impossible seqs is refused', () => {
  expect(() => decodeSegmentHeader(headerWith(12, '48'), 1, STORE_ID)).toThrow(/fixed field/);
  expect(() => decodeSegmentHeader(headerWith(14, '01'), 1, STORE_ID)).toThrow(/fixed field/);
  expect(() => decodeSegmentHeader(headerWith(38, 'ffff'), 1, STORE_ID)).toThrow(/over 2\^53/);
  expect(decodeSegmentHeader(headerWith(32, '00'), 1, STORE_ID)).toMatch(/impossible/);
  expect(decodeSegmentHeader(headerWith(40, '01'), 1, STORE_ID)).toMatch(/impossible/);
});

test('a header that is cut short, without magic or with a wrong checksum says so', () => {
  const bytes = headerWith(0, '');
  expect(decodeSegmentHeader(bytes.subarray(0, 63), 1, STORE_ID)).toMatch(/63 of 64 bytes/);
  expect(decodeSegmentHeader(headerWith(0, '47'), 1, STORE_ID)).toMatch(/magic/);
  bytes[63] = (bytes[63] as number) ^ 1;
  expect(decodeSegmentHeader(bytes, 1, STORE_ID)).toMatch(/checksum/);
});

/** Replaces bytes of the one frame, makes its checksum right, and tells how the log opens. */
async function openForged(start: number, replacement: string): Promise<string> {
  const bytes = await oneFrame();
  hex(replacement).copy(bytes, 64 + start);
  bytes.writeUInt32LE(plainCrc32c(bytes.subarray(72), seedOf(1, 64)), 68);
  const disk = new SimDisk();
  disk.put('00000001.fxlog', bytes);
  try {
    const log = await Log.open(disk, { from: null });
    return log.recovery.tail?.reason ?? `seq ${log.seq}`;
  } catch (error) {
    return (error as Error).message;
  }
}

test('a frame with a right checksum but lying fields is not taken', async () => {
  expect(await openForged(0, '')).toBe('seq 1');
  expect(await openForged(8, '49')).toMatch(/lengths/);
  expect(await openForged(8, '40')).toMatch(/lengths/);
  expect(await openForged(8, '50')).toMatch(/lengths/);
  expect(await openForged(8, 'f8ffffff f0ffffff')).toMatch(/lengths/);
  expect(await openForged(8, 'f8ffffff b4ffffff')).toMatch(/longer/);
  expect(await openForged(8, '48000001 03000001')).toMatch(/cut short/);
  expect(await openForged(12, 'ffffffff')).toMatch(/lengths/);
  expect(await openForged(16, 'ffffffff')).toMatch(/lengths/);
  expect(await openForged(24, '0000000000000000')).toMatch(/seq/);
  expect(await openForged(24, '0100000000002000')).toMatch(/seq/);
  expect(await openForged(24, '0200000000000000')).toMatch(/missing/);
  expect(await openForged(38, 'ff7f')).toMatch(/time/);
  expect(await openForged(40, '00ca9a3b')).toMatch(/time/);
  expect(await openForged(44, '01')).toMatch(/another history/);
  expect(await openForged(48, '01')).toMatch(/seq/);
  expect(await openForged(67, '01')).toMatch(/padding/);
});

test('a frame with flags or a request, and a right checksum, is of a newer format and never cut', async () => {
  expect(await openForged(22, '01')).toMatch(/does not know: use a newer fxmount/);
  expect(await openForged(56, '01')).toMatch(/does not know: use a newer fxmount/);
});
