/**
 * How typed values look in JSON and in formats with its types: what `toJsonText` writes, as a value.
 */
import { isVector, NodeRef, Sized, Timestamp, Uuid, type Value, type Vector } from '../src/uarr/value.ts';
import type { Typing } from './diff-values.ts';
import { parseScalar } from './scalars.ts';

/** The value that the text of `value` reads as. Shares what has no other form. */
export function showAsJson(value: Value): Value {
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
    case 'boolean':
    case 'string':
      return value;
  }
  if (value === null) return null;
  if (Array.isArray(value)) return value.some((item) => showAsJson(item) !== item) ? value.map(showAsJson) : value;
  if (value instanceof Map) {
    for (const item of value.values()) {
      if (showAsJson(item) === item) continue;
      return new Map(Array.from(value, ([key, member]) => [key, showAsJson(member)] as const));
    }
    return value;
  }
  if (value instanceof Sized) return showSized(value);
  if (value instanceof NodeRef) return `n:${value.id}`;
  if (value instanceof Timestamp || value instanceof Uuid) return value.toString();
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  return Array.from(value as Iterable<number | bigint>, (item) => showElement(value, item));
}

function showSized({ type, value }: Sized): Value {
  if (type === 'f32') return showAsJson(value as number);
  return type === 'u64' && (value as bigint) >= 2n ** 63n ? new Sized('u64', value) : BigInt(value);
}

function showElement(vector: Value, item: number | bigint): Value {
  if (vector instanceof Float32Array || vector instanceof Float64Array) return showAsJson(item as number);
  const integer = BigInt(item);
  return integer >= 2n ** 63n ? new Sized('u64', integer) : integer;
}

/**
 * `next`, as a text says it, in the type of `base` when it can be said in that type; else as it is. So a u16
 * stays a u16, and a text in a timestamp's place becomes one if it is one.
 */
export function restoreFromJson(next: Value, base: Value): Value {
  if (typeof base === 'number' && !Number.isFinite(base)) return special(next) ?? next;
  if (base instanceof Sized && (typeof next === 'bigint' || typeof next === 'number' || next instanceof Sized)) {
    return sized(next, base) ?? next;
  }
  if (typeof next === 'string' && (base instanceof Timestamp || base instanceof Uuid || base instanceof NodeRef)) {
    const parsed = parseScalar(next, base);
    return parsed.ok && showAsJson(parsed.value) === next ? parsed.value : next;
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

export const JSON_TYPING: Typing = { show: showAsJson, restore: restoreFromJson };
