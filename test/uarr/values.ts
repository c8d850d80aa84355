/**
 * Random values for property tests, and bytes written as annotated hex.
 */
import fc from 'fast-check';
import { NodeRef, Sized, type SizedType, Timestamp, Uuid, type Value } from '../../src/uarr/value.ts';

/** Any string, lone surrogates and characters beyond the BMP included. */
export const texts = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('__proto__', 'constructor', '0', '10', '', 'é'.repeat(60)),
);

const RANGES: readonly (readonly [SizedType, number, number])[] = [
  ['i8', -0x80, 0x7f],
  ['i16', -0x8000, 0x7fff],
  ['i32', -0x8000_0000, 0x7fff_ffff],
  ['u8', 0, 0xff],
  ['u16', 0, 0xffff],
  ['u32', 0, 0xffff_ffff],
];

const u64s = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const sizeds = fc.oneof(
  ...RANGES.map(([type, min, max]) => fc.integer({ min, max }).map((n) => new Sized(type, n))),
  u64s.map((n) => new Sized('u64', n)),
  fc.float().map((n) => new Sized('f32', Math.fround(n))),
);

const vectors = fc.oneof(
  fc.int8Array(),
  fc.int16Array(),
  fc.int32Array(),
  fc.bigInt64Array(),
  fc.uint16Array(),
  fc.uint32Array(),
  fc.bigUint64Array(),
  fc.float32Array(),
  fc.float64Array(),
);

/** Values that version 1 has too. */
const commonLeaves = fc.oneof(
  { arbitrary: texts, weight: 3 },
  fc.constantFrom<Value>(null, undefined, true, false, -0, NaN, 1, 1n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double(),
  sizeds,
  fc.uint8Array({ maxLength: 20 }),
  texts.map((text) => new NodeRef(text)),
  u64s.map((ns) => new Timestamp(ns)),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => new Uuid(bytes)),
);

function nested(leaves: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaves,
      fc.array(tie('value'), { maxLength: 6 }),
      fc.array(fc.tuple(texts, tie('value')), { maxLength: 6 }).map((entries) => new Map(entries)),
    ),
  })).value;
}

export const values: fc.Arbitrary<Value> = nested(fc.oneof({ arbitrary: commonLeaves, weight: 4 }, vectors));
export const commonValues: fc.Arbitrary<Value> = nested(commonLeaves);

/** Bytes of annotated hex: what follows two blanks at the end of a line, or `#`, is for the reader. */
export function hex(text: string): Buffer {
  const digits = text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').replaceAll(' ', ''))
    .join('');
  return Buffer.from(digits, 'hex');
}
