/**
 * The typed value model: each value that a node can hold, as one JavaScript representation each.
 *
 * | FXD type                       | in memory                                            |
 * |--------------------------------|------------------------------------------------------|
 * | null, undefined, bool, string  | null, undefined, boolean, string                     |
 * | i64                            | bigint in -2^63 .. 2^63-1                            |
 * | f64                            | number                                               |
 * | i8 i16 i32 u8 u16 u32 u64 f32  | `Sized`                                              |
 * | bytes                          | Uint8Array (a Buffer is one)                         |
 * | array                          | Value[]                                              |
 * | map                            | Map<string, Value>, in the document's key order      |
 * | node reference, timestamp, uuid| `NodeRef`, `Timestamp`, `Uuid`                       |
 * | vectors of fixed width         | Int8Array .. BigInt64Array, Float32Array, ...        |
 *
 * So `1n` is the integer 1 and `1` is the float 1.0: the JavaScript type alone tells them apart, and
 * no integer is ever rounded. Strings are any sequence of UTF-16 units, lone surrogates included.
 * Values are immutable by convention: who holds one never changes it.
 */
import { FxError } from '../errors.ts';

/** Types of `Sized`: numbers that are neither i64 nor f64. */
export type SizedType = 'i8' | 'i16' | 'i32' | 'u8' | 'u16' | 'u32' | 'u64' | 'f32';

/** A vector of fixed-width numbers. Uint8Array is `bytes`, not a vector. */
export type Vector =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

export type ValueMap = Map<string, Value>;

export type Value =
  | null
  | undefined
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Value[]
  | ValueMap
  | Sized
  | NodeRef
  | Timestamp
  | Uuid
  | Vector;

const SIZED_RANGE: Record<Exclude<SizedType, 'f32' | 'u64'>, readonly [number, number]> = {
  i8: [-0x80, 0x7f],
  i16: [-0x8000, 0x7fff],
  i32: [-0x8000_0000, 0x7fff_ffff],
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
};

export const I64_MIN = -(2n ** 63n);
export const I64_MAX = 2n ** 63n - 1n;
export const U64_MAX = 2n ** 64n - 1n;

/** A number of a stated width. `value` is a bigint for u64 and a number for all others. INVALID when it does not fit. */
export class Sized {
  readonly type: SizedType;
  readonly value: number | bigint;

  constructor(type: SizedType, value: number | bigint) {
    this.type = type;
    this.value = value;
    if (!sizedFits(type, value)) throw new FxError('INVALID', `${String(value)} does not fit the type ${type}`);
  }
}

function sizedFits(type: SizedType, value: number | bigint): boolean {
  if (type === 'u64') return typeof value === 'bigint' && value >= 0n && value <= U64_MAX;
  if (typeof value !== 'number') return false;
  if (type === 'f32') return Object.is(Math.fround(value), value);
  const [low, high] = SIZED_RANGE[type];
  return Number.isInteger(value) && !Object.is(value, -0) && value >= low && value <= high;
}

/** A reference to a node by identity: a NodeID's text, or the id of an FXD node. */
export class NodeRef {
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }
}

/** A time in nanoseconds since 1970, 0 .. 2^64-1. INVALID outside. */
export class Timestamp {
  readonly ns: bigint;

  constructor(ns: bigint) {
    if (ns < 0n || ns > U64_MAX) throw new FxError('INVALID', `${ns} ns is outside a timestamp's range, 0 to 2^64-1`);
    this.ns = ns;
  }

  /** ISO 8601 in UTC with nine decimals: `2025-11-19T11:17:54.166000000Z`. */
  toString(): string {
    const iso = new Date(Number(this.ns / 1_000_000_000n) * 1000).toISOString();
    return `${iso.slice(0, -4)}${String(this.ns % 1_000_000_000n).padStart(9, '0')}Z`;
  }
}

/** A UUID of 16 bytes. INVALID for another length. */
export class Uuid {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    if (bytes.length !== 16) throw new FxError('INVALID', `a UUID has 16 bytes, not ${bytes.length}`);
    this.bytes = bytes;
  }

  /** `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` in lower case. */
  toString(): string {
    const hex = Buffer.from(this.bytes).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** The UUID of a text in the form that `toString` gives. INVALID for any other. */
  static parse(text: string): Uuid {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
      throw new FxError('INVALID', `"${text}" is no UUID`);
    return new Uuid(Uint8Array.from(Buffer.from(text.replaceAll('-', ''), 'hex')));
  }
}

export function isVector(value: unknown): value is Vector {
  return ArrayBuffer.isView(value) && !(value instanceof Uint8Array) && vectorTypeOf(value) !== undefined;
}

/** Element type of a vector, by its class. */
export function vectorTypeOf(value: ArrayBufferView): SizedType | 'i64' | 'f64' | undefined {
  if (value instanceof Float64Array) return 'f64';
  if (value instanceof Float32Array) return 'f32';
  if (value instanceof Int32Array) return 'i32';
  if (value instanceof BigInt64Array) return 'i64';
  if (value instanceof Int16Array) return 'i16';
  if (value instanceof Int8Array) return 'i8';
  if (value instanceof Uint32Array) return 'u32';
  if (value instanceof BigUint64Array) return 'u64';
  if (value instanceof Uint16Array) return 'u16';
  return undefined;
}

/**
 * Whether two values are the same: same type, same content, map keys in the same order. NaN equals
 * NaN, -0.0 differs from 0.0; vectors compare by type and bytes. With `ignoreMapOrder` the order of
 * map keys does not count, at any depth.
 */
export function equal(a: Value, b: Value, ignoreMapOrder = false): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b);
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i], ignoreMapOrder));
  }
  if (a instanceof Map) return b instanceof Map && equalMaps(a, b, ignoreMapOrder);
  if (a instanceof Sized) return b instanceof Sized && a.type === b.type && Object.is(a.value, b.value);
  if (a instanceof NodeRef) return b instanceof NodeRef && a.id === b.id;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.ns === b.ns;
  if (a instanceof Uuid) return b instanceof Uuid && equalBytes(a.bytes, b.bytes);
  if (!ArrayBuffer.isView(b) || vectorTypeOf(a) !== vectorTypeOf(b)) return false;
  return equalBytes(a, b);
}

function equalMaps(a: ValueMap, b: ValueMap, ignoreOrder: boolean): boolean {
  if (a.size !== b.size) return false;
  if (ignoreOrder) {
    for (const [key, value] of a) if (!b.has(key) || !equal(value, b.get(key), true)) return false;
    return true;
  }
  const others = b.entries();
  for (const [key, value] of a) {
    const [otherKey, other] = others.next().value as [string, Value];
    if (key !== otherKey || !equal(value, other)) return false;
  }
  return true;
}

function equalBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
}
