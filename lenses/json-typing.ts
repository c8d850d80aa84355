/**
 * How typed values look in JSON and in formats with its types: what `toJsonText` writes, as a value.
 */
import {
  isVector,
  NodeRef,
  Sized,
  Timestamp,
  Uuid,
  type Value,
  type ValueMap,
  type Vector,
} from '../src/uarr/value.ts';
import type { Typing } from './diff-values.ts';
import { parseScalar } from './scalars.ts';

/** What a text can say beyond JSON. */
export interface NativeTypes {
  /** NaN and the infinities. */
  readonly nonFinite?: boolean;
  readonly bytes?: boolean;
  /** Its own date and time types: shown as they are, and left to the format. */
  readonly times?: boolean;
}

/** The typing of a format with JSON's types and some more. */
export function jsonTyping(native: NativeTypes): Typing {
  return {
    show: (value) => showAs(value, native),
    restore: (next, base) => (native.bytes && base instanceof Uint8Array ? next : restoreFrom(next, base)),
  };
}

/** The value that the text of `value` reads as. Shares what has no other form. */
function showAs(value: Value, native: NativeTypes): Value {
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'number':
      return native.nonFinite || Number.isFinite(value) ? value : String(value);
    case 'bigint':
    case 'boolean':
    case 'string':
      return value;
  }
  if (value === null) return null;
  if (Array.isArray(value)) {
    const items = value.map((item) => showAs(item, native));
    return items.some((item, i) => item !== value[i]) ? items : value;
  }
  if (value instanceof Map) return showMap(value, native);
  if (value instanceof Sized) return showSized(value, native);
  if (value instanceof NodeRef) return `n:${value.id}`;
  if (value instanceof Timestamp) return native.times ? value : value.toString();
  if (value instanceof Uuid) return value.toString();
  if (value instanceof Uint8Array) {
    return native.bytes ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  }
  return Array.from(value as Iterable<number | bigint>, (item) => showElement(value, item, native));
}

function showMap(map: ValueMap, native: NativeTypes): ValueMap {
  let differs = false;
  const shown: ValueMap = new Map();
  for (const [key, item] of map) {
    const member = showAs(item, native);
    differs ||= member !== item;
    shown.set(key, member);
  }
  return differs ? shown : map;
}

function showSized({ type, value }: Sized, native: NativeTypes): Value {
  if (type === 'f32') return showAs(value as number, native);
  return type === 'u64' && (value as bigint) >= 2n ** 63n ? new Sized('u64', value) : BigInt(value);
}

function showElement(vector: Value, item: number | bigint, native: NativeTypes): Value {
  if (vector instanceof Float32Array || vector instanceof Float64Array) return showAs(item as number, native);
  const integer = BigInt(item);
  return integer >= 2n ** 63n ? new Sized('u64', integer) : integer;
}

/**
 * `next`, as a text says it, in the type of `base` when it can be said in that type; else as it is. So a u16
 * stays a u16, and a text in a timestamp's place becomes one if it is one.
 */
function restoreFrom(next: Value, base: Value): Value {
  if (typeof base === 'number' && !Number.isFinite(base)) return special(next) ?? next;
  if (base instanceof Sized && (typeof next === 'bigint' || typeof next === 'number' || next instanceof Sized)) {
    return sized(next, base) ?? next;
  }
  if (typeof next === 'string' && (base instanceof Timestamp || base instanceof Uuid || base instanceof NodeRef)) {
    const parsed = parseScalar(next, base);
    return parsed.ok ? parsed.value : next;
  }
  if (typeof next === 'string' && base instanceof Uint8Array) {
    const bytes = Buffer.from(next, 'base64');
    return bytes.toString('base64') === next ? new Uint8Array(bytes) : next;
  }
  if (Array.isArray(next) && isVector(base)) return vector(next, base) ?? next;
  return next;
}

function special(next: Value): number | undefined {
  if (next === 'NaN') return Number.NaN;
  if (next === 'Infinity') return Number.POSITIVE_INFINITY;
  return next === '-Infinity' ? Number.NEGATIVE_INFINITY : undefined;
}

function sized(next: bigint | number | Sized, { type }: Sized): Sized | undefined {
  const number = next instanceof Sized ? next.value : next;
  const isFloat = typeof number === 'number';
  if (isFloat !== (type === 'f32')) return undefined;
  try {
    return new Sized(type, type === 'u64' || type === 'f32' ? number : Number(number));
  } catch {
    return undefined;
  }
}

function vector(next: readonly Value[], base: Vector): Value | undefined {
  const isFloat = base instanceof Float32Array || base instanceof Float64Array;
  const isBig = base instanceof BigInt64Array || base instanceof BigUint64Array;
  const items: (number | bigint)[] = [];
  for (const item of next) {
    const plain = item instanceof Sized ? item.value : isFloat ? (special(item) ?? item) : item;
    if (typeof plain !== (isFloat ? 'number' : 'bigint')) return undefined;
    items.push(isFloat || isBig ? (plain as number | bigint) : Number(plain));
  }
  const VectorOf = base.constructor as new (items: (number | bigint)[]) => Vector;
  const made = new VectorOf(items);
  const same = Array.from(made as Iterable<number | bigint>).every((item, i) => Object.is(item, items[i]));
  return same ? made : undefined;
}

export const JSON_TYPING: Typing = jsonTyping({});
