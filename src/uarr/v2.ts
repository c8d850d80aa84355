/**
 * UArr version 2: the encoding of typed values in the store.
 *
 * Self-describing, immutable, canonical (equal values have equal bytes and the reverse), aligned (each
 * 8-byte number and each vector lies at a multiple of 8 from the start, so typed arrays can view it in
 * place), and addressable (one field or element is found without decoding the others).
 * All integers are little-endian. All offsets are in bytes.
 *
 * ## Document
 *
 * | offset | size | field                                                          |
 * |--------|------|----------------------------------------------------------------|
 * | 0      | 4    | magic, bytes 52 52 41 55 (`RRAU`) as in version 1              |
 * | 4      | 2    | version u16 = 2 (version 1 has 1 here)                         |
 * | 6      | 1    | tag of the root value                                          |
 * | 7      | 1    | zero                                                           |
 * | 8      | 8    | slot of the root value                                         |
 * | 16     |      | heap: payload of the root value, if it has one                 |
 *
 * ## Slot, 8 bytes
 *
 * Of an inline type: the value itself, widened to 64 bits.
 * Of a heap type: u32 offset of the payload, counted from the start of the body that the slot is in (the
 * document, or the payload of the map or array); u32 bytes of the payload.
 *
 * | tag        | type                | in the slot or payload                                         |
 * |------------|---------------------|----------------------------------------------------------------|
 * | 00-03      | i8 i16 i32 i64      | slot: sign-extended to 64 bits                                 |
 * | 04-07      | u8 u16 u32 u64      | slot: zero-extended to 64 bits                                 |
 * | 08         | f32                 | slot: IEEE bits in the low half, high half zero                |
 * | 09         | f64                 | slot: IEEE bits                                                |
 * | 0a         | bool                | slot: 0 or 1                                                   |
 * | 0b, 0c     | null, undefined     | slot: 0                                                        |
 * | 10         | string              | payload: WTF-8 (UTF-8, and lone surrogates as in `text.ts`)    |
 * | 11         | bytes               | payload: the bytes                                             |
 * | 20, 21     | array, map          | payload: see below                                             |
 * | 30         | node reference      | payload: the id as a string                                    |
 * | 31         | timestamp           | slot: u64, ns since 1970                                       |
 * | 32         | uuid                | payload: 16 bytes                                              |
 * | 40-43      | vector of i8 .. i64 | payload: the elements                                          |
 * | 45-49      | vector of u16 .. f64| payload: the elements (44 is not used: a u8 vector is `bytes`) |
 *
 * ## Heap
 *
 * Payloads lie in the order of their slots, each directly after the one before, each filled up with
 * zero bytes to a multiple of 8. An empty payload takes no room; its offset is where the next begins.
 * A body ends with the padding of its last payload.
 *
 * ## Array
 *
 *     u32 count | u32 zero | count tags of one byte, filled up to 8 | count slots | heap
 *
 * ## Map
 *
 *     u32 count | u32 zero | count entries | keys | heap
 *
 * An entry has 16 bytes: u32 end of its key, counted from the start of the keys (it begins where the key
 * before it ends); u8 tag; u24 index; slot. Entries are in the map's own order: order is data, and two maps
 * that differ in it are different values. `index` is the search table: that of entry i names the entry whose
 * key is the i-th by byte order. Keys are WTF-8, all different, put together and filled up to 8.
 *
 * ## Numbers
 *
 * NaN has one form each: f64 7ff8000000000000, f32 7fc00000. -0.0 is kept and differs from 0.0. 1 as i64
 * and 1.0 as f64 are different values. Vectors are memory: they are equal when type and bytes are,
 * whatever NaNs they hold.
 *
 * ## Validity and damage
 *
 * At most VALUE_BYTES_MAX bytes and VALUE_DEPTH_MAX nested containers. `decode` accepts exactly what
 * `encode` can make: an unknown tag, an offset other than the one due, a length that reaches too far, a
 * wrong search table, a repeated key, malformed text, a wide form of a narrow number, another NaN, padding
 * that is not zero, or bytes after the end throw DAMAGED with the position; a version over 2 throws
 * NEWER_FORMAT. `view` checks only what it walks through: it never reads outside the value it was
 * given, but a damaged document can look like another one. What it decodes is checked in full.
 *
 * ## Example: { "id": i64 7, "name": "Ada" }, 72 bytes
 *
 *     00  52 52 41 55  02 00  21  00   magic, version 2, the root is a map, zero
 *     08  10 00 00 00  38 00 00 00     root slot: payload at 16, 56 bytes
 *     10  02 00 00 00  00 00 00 00     map: 2 entries
 *     18  02 00 00 00  03  00 00 00    key ends at 2, i64, first key by order: entry 0
 *     20  07 00 00 00  00 00 00 00     7
 *     28  06 00 00 00  10  01 00 00    key ends at 6, string, second key by order: entry 1
 *     30  30 00 00 00  03 00 00 00     payload at 16 + 48, 3 bytes
 *     38  69 64 6e 61 6d 65  00 00     "id" "name", padding
 *     40  41 64 61  00 00 00 00 00     "Ada", padding
 */
import { align8 } from '../bytes.ts';
import { FxError } from '../errors.ts';
import { VALUE_BYTES_MAX, VALUE_DEPTH_MAX } from '../limits.ts';
import { NodeRef, Sized, Timestamp, Uuid, type Value, type ValueMap, vectorTypeOf } from './model.ts';
import { textBytesMax, writeText } from './text.ts';
import {
  ENTRY_BYTES,
  F32_NAN,
  F64_NAN_HIGH,
  HEAD_BYTES,
  MAGIC,
  ROOT_HEAP,
  ROOT_SLOT,
  TAG,
  VERSION,
} from './v2-layout.ts';

export { decode } from './v2-decode.ts';
export { element, field, View, view } from './v2-view.ts';

const CAPACITY_START = 64 << 10;
/** A larger buffer is given back after use. */
const CAPACITY_KEPT = 1 << 20;

// The one buffer that values are built in, seen as different elements, and where the next byte goes.
let buffer: Buffer;
let u32: Uint32Array;
let f64: Float64Array;
let i64: BigInt64Array;
let position = 0;

function allocate(capacity: number): void {
  buffer = Buffer.from(new ArrayBuffer(capacity));
  u32 = new Uint32Array(buffer.buffer);
  f64 = new Float64Array(buffer.buffer);
  i64 = new BigInt64Array(buffer.buffer);
}
allocate(CAPACITY_START);

/**
 * The canonical bytes of `value`; the caller owns them. TOO_BIG over VALUE_BYTES_MAX. INVALID: nested deeper
 * than VALUE_DEPTH_MAX, an integer outside i64, or something that is no `Value`.
 */
export function encode(value: Value): Uint8Array {
  position = ROOT_HEAP;
  try {
    const tag = putSlot(value, ROOT_SLOT, 0, 0);
    if (position > VALUE_BYTES_MAX) tooBig();
    u32[0] = MAGIC;
    u32[1] = VERSION | (tag << 16);
    return copyOut();
  } finally {
    if (buffer.length > CAPACITY_KEPT) allocate(CAPACITY_START);
  }
}

/** Copies of small values share slabs of this size, as Node's own small buffers do: a buffer each costs more than the value. */
const SLAB_BYTES = 16 << 10;
const SLAB_SHARE_MAX = SLAB_BYTES / 8;
let slab = new Uint32Array(SLAB_BYTES / 4);
let slabUsed = 0;

/** What was built, in memory of its own at a multiple of 8. */
function copyOut(): Uint8Array {
  if (position > SLAB_SHARE_MAX) return new Uint8Array(buffer.subarray(0, position));
  const count = position >>> 2;
  if (slabUsed + count > slab.length) {
    slab = new Uint32Array(SLAB_BYTES / 4);
    slabUsed = 0;
  }
  const start = slabUsed;
  for (let i = 0; i < count; i++) slab[start + i] = u32[i] as number;
  slabUsed += count;
  return new Uint8Array(slab.buffer, start * 4, position);
}

function tooBig(): never {
  throw new FxError('TOO_BIG', `the value takes more than ${VALUE_BYTES_MAX} bytes: split it over several nodes`);
}

function reserve(count: number): void {
  const needed = position + count;
  if (needed <= buffer.length) return;
  // A string may ask for three times what it takes; what was taken is checked at the end.
  if (needed > VALUE_BYTES_MAX * 4) tooBig();
  let capacity = buffer.length * 2;
  while (capacity < needed) capacity *= 2;
  const old = buffer;
  allocate(capacity);
  buffer.set(old.subarray(0, position));
}

/** Zero bytes up to a multiple of 8. */
function pad(): void {
  const end = align8(position);
  if (end === position) return;
  reserve(8);
  while (position < end) buffer[position++] = 0;
}

/** Fills the slot at `slot` in the body that starts at `base`, writes the payload if any; returns the tag. */
function putSlot(value: Value, slot: number, base: number, depth: number): number {
  switch (typeof value) {
    case 'string': {
      const start = position;
      putText(value);
      return endPayload(slot, base, start, TAG.string);
    }
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw new FxError('INVALID', `the integer ${value} does not fit i64`);
      i64[slot >>> 3] = value;
      return TAG.i64;
    case 'number':
      if (Number.isNaN(value)) putWords(slot, 0, F64_NAN_HIGH);
      else f64[slot >>> 3] = value;
      return TAG.f64;
    case 'boolean':
      putWords(slot, value ? 1 : 0, 0);
      return TAG.bool;
    case 'undefined':
      putWords(slot, 0, 0);
      return TAG.undefined;
    case 'object':
      if (value !== null) return putObject(value, slot, base, depth);
      putWords(slot, 0, 0);
      return TAG.null;
    default:
      throw new FxError('INVALID', `a ${typeof value} is no value`);
  }
}

function putWords(slot: number, low: number, high: number): void {
  const word = slot >>> 2;
  u32[word] = low;
  u32[word + 1] = high;
}

/** Closes the payload that began at `start`. */
function endPayload(slot: number, base: number, start: number, tag: number): number {
  const word = slot >>> 2;
  u32[word] = start - base;
  u32[word + 1] = position - start;
  pad();
  return tag;
}

function putText(text: string): void {
  if (text.length > VALUE_BYTES_MAX) tooBig();
  reserve(textBytesMax(text.length));
  position = writeText(buffer, position, text);
}

function putObject(value: object, slot: number, base: number, depth: number): number {
  const start = position;
  if (value instanceof Map) {
    putMap(value as ValueMap, depth + 1);
    return endPayload(slot, base, start, TAG.map);
  }
  if (Array.isArray(value)) {
    putArray(value as Value[], depth + 1);
    return endPayload(slot, base, start, TAG.array);
  }
  if (value instanceof Sized) return putSized(value, slot);
  if (value instanceof Timestamp) {
    i64[slot >>> 3] = value.ns;
    return TAG.timestamp;
  }
  if (value instanceof Uint8Array) {
    putRaw(value);
    return endPayload(slot, base, start, TAG.bytes);
  }
  if (value instanceof NodeRef) {
    putText(value.id);
    return endPayload(slot, base, start, TAG.nodeRef);
  }
  if (value instanceof Uuid) {
    putRaw(value.bytes);
    return endPayload(slot, base, start, TAG.uuid);
  }
  const element = ArrayBuffer.isView(value) ? vectorTypeOf(value) : undefined;
  if (element === undefined) throw new FxError('INVALID', `a ${value.constructor?.name ?? 'object'} is no value`);
  const vector = value as ArrayBufferView;
  putRaw(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
  return endPayload(slot, base, start, TAG.vector + TAG[element]);
}

function putRaw(bytes: Uint8Array): void {
  reserve(bytes.length);
  buffer.set(bytes, position);
  position += bytes.length;
}

function putSized(sized: Sized, slot: number): number {
  const { type, value } = sized;
  if (type === 'u64') {
    i64[slot >>> 3] = value as bigint;
  } else if (type === 'f32') {
    f32Scratch[0] = value as number;
    putWords(slot, Number.isNaN(value) ? F32_NAN : (f32Bits[0] as number), 0);
  } else {
    putWords(slot, value as number, (value as number) < 0 ? 0xffff_ffff : 0);
  }
  return TAG[type];
}

const f32Scratch = new Float32Array(1);
const f32Bits = new Uint32Array(f32Scratch.buffer);

function checkDepth(depth: number): void {
  if (depth > VALUE_DEPTH_MAX) {
    throw new FxError('INVALID', `the value is nested deeper than ${VALUE_DEPTH_MAX} levels, or contains itself`);
  }
}

function putArray(items: Value[], depth: number): void {
  checkDepth(depth);
  const base = position;
  const count = items.length;
  const tags = base + HEAD_BYTES;
  const slots = tags + align8(count);
  reserve(slots - base + count * 8);
  putWords(base, count, 0);
  position = tags + count;
  pad();
  position = slots + count * 8;
  for (let i = 0; i < count; i++) {
    const tag = putSlot(items[i], slots + i * 8, base, depth);
    buffer[tags + i] = tag;
  }
}

function putMap(map: ValueMap, depth: number): void {
  checkDepth(depth);
  const base = position;
  const table = base + HEAD_BYTES;
  const keys = table + map.size * ENTRY_BYTES;
  reserve(keys - base);
  putWords(base, map.size, 0);
  position = keys;
  let entry = table;
  for (const key of map.keys()) {
    putText(key);
    u32[entry >>> 2] = position - keys;
    entry += ENTRY_BYTES;
  }
  putIndex(table, keys, map.size);
  pad();
  entry = table;
  for (const value of map.values()) {
    const tag = putSlot(value, entry + 8, base, depth);
    const word = (entry >>> 2) + 1;
    u32[word] = (u32[word] as number) | tag;
    entry += ENTRY_BYTES;
  }
}

/** Up to this many keys are sorted by insertion. */
const INSERTION_MAX = 24;

/** Writes the search table into the entries' second words, above the byte where the tag will go. */
function putIndex(table: number, keys: number, count: number): void {
  const first = (table >>> 2) + 1;
  if (count > INSERTION_MAX) {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    order.sort((a, b) => compareKeys(table, keys, a, b));
    for (let i = 0; i < count; i++) u32[first + i * 4] = (order[i] as number) << 8;
    return;
  }
  for (let i = 0; i < count; i++) {
    let at = first + i * 4;
    for (; at > first; at -= 4) {
      const before = u32[at - 4] as number;
      if (compareKeys(table, keys, before >>> 8, i) < 0) break;
      u32[at] = before;
    }
    u32[at] = i << 8;
  }
}

/** Compares the keys of two entries by their bytes. */
function compareKeys(table: number, keys: number, a: number, b: number): number {
  const wordA = (table + a * ENTRY_BYTES) >>> 2;
  const wordB = (table + b * ENTRY_BYTES) >>> 2;
  let atA = a === 0 ? keys : keys + (u32[wordA - 4] as number);
  let atB = b === 0 ? keys : keys + (u32[wordB - 4] as number);
  const endA = keys + (u32[wordA] as number);
  const endB = keys + (u32[wordB] as number);
  for (; atA < endA && atB < endB; atA++, atB++) {
    const difference = (buffer[atA] as number) - (buffer[atB] as number);
    if (difference !== 0) return difference;
  }
  return endA - atA - (endB - atB);
}
