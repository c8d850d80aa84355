/**
 * Integer widths between FXD and fxmount.
 *
 * FXD's values are JavaScript's; its encoder writes a whole number in the smallest signed width that holds it. So
 * the width says nothing about the value's type, and changes with the number: 100 is i8, 200 is i16. fxmount's
 * integer is i64, also for those; unsigned numbers, which FXD's encoder never picks by itself, keep their width.
 */
import { Sized, type SizedType, type Value } from './model.ts';

/** The value with each i8, i16 and i32 as i64. */
export function widenIntegers(value: Value): Value {
  if (value instanceof Sized) {
    return value.type === 'i8' || value.type === 'i16' || value.type === 'i32' ? BigInt(value.value) : value;
  }
  return mapMembers(value, widenIntegers);
}

/** The value with each i64, and each whole f64 that JavaScript would print without exponent loss, as FXD's encoder picks. */
export function packIntegers(value: Value): Value {
  if (typeof value === 'bigint') return pack(value);
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? pack(BigInt(value)) : value;
  return mapMembers(value, packIntegers);
}

const PACKED: readonly (readonly [SizedType, bigint])[] = [
  ['i8', 7n],
  ['i16', 15n],
  ['i32', 31n],
];

function pack(value: bigint): Value {
  for (const [type, bits] of PACKED) {
    if (value >= -(1n << bits) && value < 1n << bits) return new Sized(type, Number(value));
  }
  return value;
}

function mapMembers(value: Value, change: (member: Value) => Value): Value {
  if (Array.isArray(value)) return value.map(change);
  if (value instanceof Map) return new Map(Array.from(value, ([key, member]) => [key, change(member)]));
  return value;
}
