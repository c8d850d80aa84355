import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FxError } from '../../src/errors.ts';
import {
  FXWAL_TYPE,
  type FxwalItem,
  FxwalParser,
  type FxwalRecord,
  FxwalWriter,
  readFxwal,
} from '../../src/fxd/fxwal.ts';
import { graphToFxwal } from '../../src/fxd/fxwal-graph.ts';
import { sampleGraph } from '../../src/fxd/sample.ts';
import { decodeV1, encodeV1 } from '../../src/uarr/v1.ts';
import { hex } from '../uarr/values.ts';
import { realFile } from './support.ts';

const SAMPLE = graphToFxwal(sampleGraph());

function recordsOf(items: Iterable<FxwalItem>): FxwalRecord[] {
  return Array.from(items, (item) => (item.kind === 'record' ? item.record : undefined)).filter(
    (record) => record !== undefined,
  );
}

function kindsOf(bytes: Uint8Array): string[] {
  return Array.from(readFxwal(bytes), ({ kind }) => kind).filter((kind) => kind !== 'record');
}

const EXAMPLE = hex(`
  46 58 57 41 4c  01 00  00                     # magic, version, flags
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  01 00 00 00 00 00 00 00                       # seq 1
  02 00 00 00 00 00 00 00                       # time 2 ns
  05  02 00  03 00 00 00  00 00 00 00           # SIGNAL, id of 2 bytes, payload of 3, zero
  61 62  01 02 03                               # "ab", payload
  3b a4 7e c1                                   # CRC-32
`);

test('a record has its bytes, both ways', () => {
  const record = { seq: 1n, timeNs: 2n, type: FXWAL_TYPE.signal, nodeId: 'ab', payload: Uint8Array.of(1, 2, 3) };
  const writer = new FxwalWriter();
  writer.append(record);
  expect(writer.finish().toString('hex')).toBe(EXAMPLE.toString('hex'));
  expect([...readFxwal(EXAMPLE)]).toEqual([{ kind: 'record', offset: 32, record }]);
});

test('what was read gives the same file when it is written', () => {
  const writer = new FxwalWriter();
  for (const record of recordsOf(readFxwal(SAMPLE))) writer.append(record);
  expect(writer.finish().equals(SAMPLE)).toBe(true);
});

const real = realFile('comprehensive-demo.fxwal');

test.skipIf(real === undefined)('a real log is written again byte for byte, its payloads too', () => {
  const bytes = real as Buffer;
  const items = [...readFxwal(bytes)];
  expect(items.map(({ kind }) => kind)).toEqual(Array(208).fill('record'));
  const writer = new FxwalWriter();
  for (const record of recordsOf(items)) {
    const again = encodeV1(decodeV1(record.payload));
    expect(again.equals(record.payload)).toBe(true);
    writer.append({ ...record, payload: again });
  }
  expect(writer.finish().equals(bytes)).toBe(true);
});

test('pieces of any size give what the whole gives', () => {
  const damaged = Buffer.from(SAMPLE);
  damaged[500] = (damaged[500] as number) ^ 1;
  fc.assert(
    fc.property(fc.constantFrom(SAMPLE, damaged), fc.integer({ min: 1, max: 700 }), (bytes, step) => {
      const parser = new FxwalParser();
      const items: FxwalItem[] = [];
      for (let at = 0; at < bytes.length; at += step) items.push(...parser.push(bytes.subarray(at, at + step)));
      items.push(...parser.end());
      expect(items).toEqual([...readFxwal(bytes)]);
    }),
    { numRuns: 20 },
  );
});

test('a log cut at any byte gives a prefix of its records, and says what was cut', () => {
  const starts = Array.from(readFxwal(SAMPLE), ({ offset }) => offset);
  for (let end = 32; end < SAMPLE.length; end += 5) {
    const items = [...readFxwal(SAMPLE.subarray(0, end))];
    const whole = [...starts, SAMPLE.length].filter((offset) => offset <= end);
    const last = whole.at(-1) as number;
    expect(recordsOf(items).map(({ seq }) => seq)).toEqual(whole.slice(1).map((_, i) => BigInt(i + 1)));
    expect(items.at(-1)?.kind).toBe(end === last ? (end === 32 ? undefined : 'record') : 'cut');
    expect(items.at(-1)?.offset).toBe(end === last ? starts[whole.length - 2] : last);
  }
});

test('a flipped byte anywhere is reported, and costs one record', () => {
  const all = recordsOf(readFxwal(SAMPLE));
  for (let at = 32; at < SAMPLE.length; at += 11) {
    const bytes = Buffer.from(SAMPLE);
    bytes[at] = (bytes[at] as number) ^ 0x40;
    const items = [...readFxwal(bytes)];
    const found = recordsOf(items);
    expect(found.length).toBe(all.length - 1);
    expect(found.every((record) => all.some(({ seq }) => seq === record.seq))).toBe(true);
    expect(items.length).toBe(all.length);
  }
});

test('damage between good records is damage, at the end of the file it is a cut', () => {
  const bytes = Buffer.from(SAMPLE);
  bytes.writeUInt32LE(0xffff_fff0, 32 + 19);
  expect(kindsOf(bytes)).toEqual(['damaged']);
  expect(kindsOf(Buffer.concat([SAMPLE, Buffer.alloc(11)]))).toEqual(['cut']);
});

test('noise never hangs the reader', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4000 }), (noise) => {
      const items = [...readFxwal(Buffer.concat([SAMPLE.subarray(0, 32), noise]))];
      expect(recordsOf(items)).toEqual([]);
    }),
    { numRuns: 60 },
  );
  expect(kindsOf(Buffer.concat([SAMPLE.subarray(0, 32), Buffer.alloc(300_000)])).length).toBe(1);
});

test('a file that is no log is refused with its name', () => {
  for (const bytes of [
    Buffer.alloc(0),
    SAMPLE.subarray(0, 31),
    Buffer.alloc(100),
    Buffer.from('FXWAL\x02\0').toString('latin1'),
  ]) {
    const source = typeof bytes === 'string' ? Buffer.concat([Buffer.from(bytes, 'latin1'), Buffer.alloc(40)]) : bytes;
    try {
      [...readFxwal(source, 'demo.fxwal')];
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(FxError);
      expect((error as FxError).code).toBe('BAD_SOURCE');
      expect((error as FxError).message).toMatch(/^demo\.fxwal [^\n]+$/);
    }
  }
});
