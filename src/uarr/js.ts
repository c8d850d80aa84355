/**
 * Conveniences between plain JavaScript data and values, for programs that do not care for exact types.
 *
 * `fromJs(toJs(v))` keeps every integer, text, byte and time; it does not keep the width of a sized
 * number, and a whole f64 such as 1.0 comes back as an integer. A plain object does not keep
 * the place of keys that look like array indices. Who needs exactness works on `Value` itself.
 */
import { FxError } from '../errors.ts';
import { VALUE_DEPTH_MAX } from '../limits.ts';
import {
  I64_MAX,
  I64_MIN,
  isVector,
  NodeRef,
  Sized,
  Timestamp,
  U64_MAX,
  Uuid,
  type Value,
  type ValueMap,
} from './model.ts';

/**
 * The value of plain data. A whole number within 2^53 becomes i64, any other number f64; a bigint i64,
 * or u64 when it is over i64; a Date a timestamp; ArrayBuffer and Uint8Array bytes; a Map or plain object a map;
 * values and other typed arrays stay. INVALID for anything else, or over the depth limit (cycles).
 */
export function fromJs(js: unknown): Value {
  return convert(js, 0);
}

function convert(js: unknown, depth: number): Value {
  switch (typeof js) {
    case 'undefined':
    case 'boolean':
    case 'string':
      return js;
    case 'number':
      return Number.isSafeInteger(js) && !Object.is(js, -0) ? BigInt(js) : js;
    case 'bigint':
      if (js >= I64_MIN && js <= I64_MAX) return js;
      if (js > 0n && js <= U64_MAX) return new Sized('u64', js);
      throw new FxError('INVALID', `the integer ${js} does not fit 64 bits`);
    case 'object':
      return js === null ? null : convertObject(js, depth);
    default:
      throw new FxError('INVALID', `a ${typeof js} is no value`);
  }
}

function convertObject(js: object, depth: number): Value {
  if (js instanceof Uint8Array || isVector(js)) return js;
  if (js instanceof Sized || js instanceof NodeRef || js instanceof Timestamp || js instanceof Uuid) return js;
  if (js instanceof Date) return dateToTimestamp(js);
  if (js instanceof ArrayBuffer) return new Uint8Array(js);
  if (depth >= VALUE_DEPTH_MAX) {
    throw new FxError('INVALID', `the value is nested deeper than ${VALUE_DEPTH_MAX} levels, or contains itself`);
  }
  if (Array.isArray(js)) return Array.from(js, (item) => convert(item, depth + 1));
  const map: ValueMap = new Map();
  if (js instanceof Map) {
    for (const [key, item] of js) {
      if (typeof key !== 'string') throw new FxError('INVALID', 'a key of a map is not a string');
      map.set(key, convert(item, depth + 1));
    }
    return map;
  }
  const prototype = Object.getPrototypeOf(js) as unknown;
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new FxError('INVALID', `a ${js.constructor.name} is no value: convert it to plain data first`);
  }
  for (const key of Object.keys(js)) map.set(key, convert((js as Record<string, unknown>)[key], depth + 1));
  return map;
}

function dateToTimestamp(date: Date): Timestamp {
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new FxError('INVALID', 'an invalid Date is no value');
  return new Timestamp(BigInt(ms) * 1_000_000n);
}

/**
 * Plain data of a value: integers become numbers within 2^53 and bigints beyond, maps plain objects
 * (`__proto__` is an own key like any other), timestamps of whole milliseconds Dates. Node references,
 * UUIDs, finer timestamps, bytes and vectors stay what they are.
 */
export function toJs(value: Value): unknown {
  if (typeof value === 'bigint') return integer(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toJs);
  if (value instanceof Map) return toObject(value);
  if (value instanceof Sized) return typeof value.value === 'bigint' ? integer(value.value) : value.value;
  if (value instanceof Timestamp && value.ns % 1_000_000n === 0n) return new Date(Number(value.ns / 1_000_000n));
  return value;
}

function integer(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function toObject(map: ValueMap): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, item] of map) {
    const js = toJs(item);
    if (key === '__proto__') {
      Object.defineProperty(object, key, { value: js, writable: true, enumerable: true, configurable: true });
    } else {
      object[key] = js;
    }
  }
  return object;
}
