import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FxError } from '../../src/errors.ts';
import { decodeV1, encodeV1 } from '../../src/uarr/v1.ts';
import { packIntegers, widenIntegers } from '../../src/uarr/v1-integers.ts';
import { equal, fromJs, type Value } from '../../src/uarr/value.ts';
import { commonValues, hex } from './values.ts';

const EXAMPLE = hex(`
  52 52 41 55  01 00  00 00  02 00 00 00        # magic, version, flags, 2 fields
  24 00 00 00  62 00 00 00                      # descriptors at 36, data at 98
  69 00 00 00 00 00 00 00                       # 105 bytes
  54 00 00 00 00 00 00 00                       # names at 84 = 36 + 2 * 24
  e0 6a 38 37 00 00 00 00  00 00 00 00  00 00 00 00  01 00 00 00   # "id": i8
  e6 bd 39 8d 00 00 00 00  10 00 00 00  01 00 00 00  06 00 00 00   # "name": string
  00 00 00 00 00 00 00 00                       # the room that 20-byte descriptors leave
  02 00 00 00 69 64  04 00 00 00 6e 61 6d 65    # names
  07                                            # 7
  02 00 00 00 c3 a9                             # "é"
`);

test('a document has its bytes, both ways', () => {
  const value = packIntegers(fromJs({ id: 7, name: 'é' }));
  expect(encodeV1(value).toString('hex')).toBe(EXAMPLE.toString('hex'));
  expect(equal(decodeV1(EXAMPLE), value)).toBe(true);
});

test('the hashes of names are those of real files', () => {
  const bytes = encodeV1(fromJs({ id: null, parent_id: null, order: null }));
  const hashes = [0, 1, 2].map((i) => bytes.readBigUInt64LE(36 + 20 * i).toString(16));
  expect(hashes).toEqual(['37386ae0', 'ba8eaa9b', '732c1097']);
});

test('a value that is no map is wrapped, a map that looks like a wrapper is kept', () => {
  expect(decodeV1(encodeV1('x'))).toBe('x');
  const lookalike = fromJs({ __value: { a: true } });
  expect(equal(decodeV1(encodeV1(lookalike)), lookalike)).toBe(true);
});

/** Wrapping cannot be told from a map that looks like it. */
function isLookalike(value: Value): boolean {
  return value instanceof Map && value.size === 1 && value.has('__value');
}

/** A lone surrogate was replaced. */
function hasReplacement(bytes: Buffer): boolean {
  return bytes.includes('\ufffd');
}

test('every value that version 1 can hold comes back, and gives the same bytes again', () => {
  fc.assert(
    fc.property(commonValues, (value) => {
      fc.pre(!isLookalike(value));
      const bytes = encodeV1(value);
      fc.pre(!hasReplacement(bytes));
      expect(equal(decodeV1(bytes), value)).toBe(true);
      expect(encodeV1(decodeV1(bytes)).equals(bytes)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('damaged bytes give a value or DAMAGED', () => {
  fc.assert(
    fc.property(
      commonValues,
      fc.nat(),
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.nat(),
      (value, at, noise, cut) => {
        const bytes = encodeV1(value);
        bytes.set(noise, at % Math.max(1, bytes.length - noise.length));
        for (const piece of [bytes, bytes.subarray(0, cut % bytes.length)]) {
          try {
            decodeV1(piece);
          } catch (error) {
            if (!(error instanceof FxError)) throw error;
            expect(error.code).toBe('DAMAGED');
            expect(error.message).toMatch(/at byte \d+/);
          }
        }
      },
    ),
    { numRuns: 600 },
  );
});

test('fields that share their data are refused, so that a small file stays small', () => {
  const bytes = encodeV1(fromJs({ a: 'long text', b: 'long text' }));
  bytes.copy(bytes, 36 + 20 + 12, 36 + 12, 36 + 20);
  expect(() => decodeV1(bytes)).toThrow(expect.objectContaining({ code: 'DAMAGED' }));
});

test('counts that lie are refused without memory for them', () => {
  const bytes = encodeV1(fromJs({ a: [] }));
  bytes.writeUInt32LE(0xffff_ffff, bytes.length - 4);
  expect(() => decodeV1(bytes)).toThrow(expect.objectContaining({ code: 'DAMAGED' }));
  bytes.writeUInt32LE(0xffff_ffff, 8);
  expect(() => decodeV1(bytes)).toThrow(expect.objectContaining({ code: 'DAMAGED' }));
});

test('widths are packed as FXD does and widened again', () => {
  const value = fromJs({ a: [0, -128, 128, -32768, 32768, 2 ** 31, 1.5], b: { c: 2 ** 40 } });
  expect(equal(widenIntegers(packIntegers(value)), value)).toBe(true);
  const tags = (packIntegers([127n, 128n, 32768n, 2n ** 31n, 3]) as Value[]).map((item) =>
    typeof item === 'bigint' ? 'i64' : (item as { type: string }).type,
  );
  expect(tags).toEqual(['i8', 'i16', 'i32', 'i64', 'i8']);
});
