import fc from 'fast-check';
import { expect, test } from 'vitest';
import { native } from '../../src/native.ts';

const crc = (bytes: Uint8Array, seed = 0) => native.crc32c(seed, bytes, 0, bytes.length);

test('the examples of RFC 3720, appendix B.4', () => {
  const iscsiRead = new Uint8Array(48);
  iscsiRead.set([0x01, 0xc0], 0);
  iscsiRead.set([0x14], 16);
  iscsiRead.set([0x04], 22);
  iscsiRead.set([0x14], 27);
  iscsiRead.set([0x18], 31);
  iscsiRead.set([0x28], 32);
  iscsiRead.set([0x02], 40);
  expect(crc(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
  expect(crc(iscsiRead)).toBe(0xd9963a56);
  expect(crc(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc(new Uint8Array(0))).toBe(0);
});

test('the instruction and the tables agree on every length and alignment', () => {
  const bytes = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 2654435761) >>> 13);
  const ranges = fc.record({ start: fc.nat(9_000), length: fc.nat(30_000), seed: fc.nat(0xffffffff) });
  fc.assert(
    fc.property(ranges, ({ start, length, seed }) => {
      expect(native.crc32c(seed, bytes, start, length)).toBe(native.crc32cTable(seed, bytes, start, length));
    }),
    { numRuns: 500 },
  );
});

test('the CRC of a whole follows from its parts', () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 40503) >>> 7);
  for (const cut of [0, 1, 7, 767, 768, 6143, 6144, 6145, 19_999, 20_000]) {
    expect(crc(bytes.subarray(cut), crc(bytes.subarray(0, cut)))).toBe(crc(bytes));
  }
});

test('misuse throws', () => {
  expect(() => native.crc32c(0, new Uint8Array(4), 1, 4)).toThrow(RangeError);
  expect(() => native.crc32c(0, new Uint8Array(4), -1, 2)).toThrow(RangeError);
  expect(() => native.crc32c(0, new Uint8Array(4), 0, 0.5)).toThrow(RangeError);
  expect(() => native.crc32c(0, new Float64Array(4) as unknown as Uint8Array, 0, 4)).toThrow(TypeError);
});
