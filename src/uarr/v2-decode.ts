/**
 * Decoder of UArr version 2 (the format is described in `v2.ts`): strict, it accepts canonical bytes only.
 * What it returns shares no memory with what it read.
 */
import { align8 } from '../bytes.ts';
import { FxError } from '../errors.ts';
import { VALUE_BYTES_MAX, VALUE_DEPTH_MAX } from '../limits.ts';
import { NodeRef, Sized, type SizedType, Timestamp, Uuid, type Value, type ValueMap } from './model.ts';
import { readText } from './text.ts';
import {
  damaged,
  ENTRY_BYTES,
  F32_NAN,
  F64_NAN_HIGH,
  HEAD_BYTES,
  isInline,
  MAGIC,
  ROOT_HEAP,
  ROOT_SLOT,
  readU32,
  TAG,
  TYPE_NAME,
  VECTOR_CLASS,
  VERSION,
} from './v2-layout.ts';

const words = new Uint32Array(2);
const asF64 = new Float64Array(words.buffer);
const asF32 = new Float32Array(words.buffer);
const asI64 = new BigInt64Array(words.buffer);
const asU64 = new BigUint64Array(words.buffer);

/** The value of a whole document. DAMAGED unless `bytes` are exactly what `encode` makes; NEWER_FORMAT. */
export function decode(bytes: Uint8Array): Value {
  const tag = checkHeader(bytes);
  if (bytes.length > VALUE_BYTES_MAX) damaged(0, `the value has ${bytes.length} bytes, over ${VALUE_BYTES_MAX}`);
  if (isInline(tag)) {
    if (bytes.length > ROOT_HEAP) damaged(ROOT_HEAP, 'bytes left over');
    return readInline(bytes, tag, ROOT_SLOT);
  }
  const end = payloadEnd(bytes, ROOT_SLOT, 0, ROOT_HEAP, bytes.length);
  const next = checkPadding(bytes, end, bytes.length);
  if (next !== bytes.length) damaged(next, 'bytes left over');
  return readPayload(bytes, tag, ROOT_HEAP, end, 0);
}

/** Checks magic, version and length; returns the root's tag. */
export function checkHeader(bytes: Uint8Array): number {
  if (bytes.length < ROOT_HEAP) damaged(0, `the value has ${bytes.length} bytes, less than a header`);
  if (readU32(bytes, 0) !== MAGIC) damaged(0, 'it does not begin with the magic of UArr');
  const version = (bytes[4] as number) | ((bytes[5] as number) << 8);
  if (version > VERSION) {
    throw new FxError(
      'NEWER_FORMAT',
      `the value has UArr version ${version}, this fxmount reads ${VERSION}: update it`,
    );
  }
  if (version !== VERSION) damaged(4, `UArr version ${version} where ${VERSION} is due`);
  if (bytes[7] !== 0) damaged(7, 'a reserved byte is not zero');
  return bytes[6] as number;
}

/** End of the payload that the slot names; its start must be `due`, its end within `limit`. */
function payloadEnd(bytes: Uint8Array, slot: number, base: number, due: number, limit: number): number {
  if (base + readU32(bytes, slot) !== due) damaged(slot, 'a payload does not begin where it is due');
  const length = readU32(bytes, slot + 4);
  if (length > limit - due) damaged(slot + 4, `a payload of ${length} bytes where ${limit - due} are left`);
  return due + length;
}

/** Checks the zero bytes from `end` to a multiple of 8, which it returns. */
function checkPadding(bytes: Uint8Array, end: number, limit: number): number {
  const next = align8(end);
  if (next > limit) damaged(end, 'the padding is cut short');
  for (let i = end; i < next; i++) if (bytes[i] !== 0) damaged(i, 'padding is not zero');
  return next;
}

/** The value that lies in the slot itself. */
export function readInline(bytes: Uint8Array, tag: number, slot: number): Value {
  const low = readU32(bytes, slot);
  const high = readU32(bytes, slot + 4);
  words[0] = low;
  words[1] = high;
  switch (tag) {
    case TAG.i64:
      return asI64[0] as bigint;
    case TAG.f64:
      return readF64(slot, low, high);
    case TAG.bool:
      if (low > 1 || high !== 0) damaged(slot, 'a bool is neither 0 nor 1');
      return low === 1;
    case TAG.null:
    case TAG.undefined:
      if (low !== 0 || high !== 0) damaged(slot, 'the slot of null or undefined is not zero');
      return tag === TAG.null ? null : undefined;
    case TAG.timestamp:
      return new Timestamp(asU64[0] as bigint);
    case TAG.u64:
      return new Sized('u64', asU64[0] as bigint);
    case TAG.f32:
      if (high !== 0 || (Number.isNaN(asF32[0]) && low !== F32_NAN)) damaged(slot, 'an f32 is not in canonical form');
      return new Sized('f32', asF32[0] as number);
    default:
      return readNarrow(tag, slot, low, high);
  }
}

function readF64(slot: number, low: number, high: number): number {
  const value = asF64[0] as number;
  if (Number.isNaN(value) && (low !== 0 || high !== F64_NAN_HIGH))
    damaged(slot, 'an f64 is another NaN than the one allowed');
  return value;
}

/** Integers of up to 32 bits, by tag: type, lowest and highest value. */
const NARROW: readonly (readonly [SizedType, number, number] | undefined)[] = [
  ['i8', -0x80, 0x7f],
  ['i16', -0x8000, 0x7fff],
  ['i32', -0x8000_0000, 0x7fff_ffff],
  undefined,
  ['u8', 0, 0xff],
  ['u16', 0, 0xffff],
  ['u32', 0, 0xffff_ffff],
];

function readNarrow(tag: number, slot: number, low: number, high: number): Sized {
  const row = NARROW[tag];
  if (row === undefined) damaged(slot, `unknown tag ${tag}`);
  const [type, min, max] = row;
  const value = min < 0 ? low | 0 : low;
  if (value < min || value > max || high !== (value < 0 ? 0xffff_ffff : 0))
    damaged(slot, `an integer does not fit ${type}`);
  return new Sized(type, value);
}

/** The value whose payload is exactly [start, end); start is a multiple of 8. `depth` counts the containers around it. */
export function readPayload(bytes: Uint8Array, tag: number, start: number, end: number, depth: number): Value {
  switch (tag) {
    case TAG.string:
      return text(bytes, start, end);
    case TAG.map:
      return readMap(bytes, start, end, depth + 1);
    case TAG.array:
      return readArray(bytes, start, end, depth + 1);
    case TAG.bytes:
      return copyOf(bytes, start, end);
    case TAG.nodeRef:
      return new NodeRef(text(bytes, start, end));
    case TAG.uuid:
      if (end - start !== 16) damaged(start, `a uuid of ${end - start} bytes`);
      return new Uuid(copyOf(bytes, start, end));
  }
  const vectorClass = VECTOR_CLASS.get(tag);
  if (vectorClass === undefined) damaged(start, `unknown tag ${tag}`);
  if ((end - start) % vectorClass.BYTES_PER_ELEMENT !== 0) {
    damaged(start, `a vector ${TYPE_NAME.get(tag)} of ${end - start} bytes`);
  }
  return new vectorClass(copyOf(bytes, start, end).buffer as ArrayBuffer);
}

/** A copy in memory of its own. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return readText(bytes, start, end) ?? damaged(start, 'text is not WTF-8');
}

/** Checks the head of a container of `unit` or more bytes per member; returns the count. */
export function readCount(bytes: Uint8Array, start: number, end: number, unit: number): number {
  if (end - start < HEAD_BYTES) damaged(start, 'a container is shorter than its head');
  const count = readU32(bytes, start);
  if (readU32(bytes, start + 4) !== 0) damaged(start + 4, 'a reserved field is not zero');
  if (count > (end - start - HEAD_BYTES) / unit) damaged(start, `${count} members do not fit the container`);
  return count;
}

function checkDepth(start: number, depth: number): void {
  if (depth > VALUE_DEPTH_MAX) damaged(start, `nested deeper than ${VALUE_DEPTH_MAX} levels`);
}

function readArray(bytes: Uint8Array, start: number, end: number, depth: number): Value[] {
  checkDepth(start, depth);
  const count = readCount(bytes, start, end, 9);
  const tags = start + HEAD_BYTES;
  const slots = checkPadding(bytes, tags + count, end);
  let due = slots + count * 8;
  if (due > end) damaged(start, `${count} elements do not fit the array`);
  const items: Value[] = [];
  for (let i = 0; i < count; i++) {
    const tag = bytes[tags + i] as number;
    const slot = slots + i * 8;
    if (isInline(tag)) {
      items.push(readInline(bytes, tag, slot));
    } else {
      const stop = payloadEnd(bytes, slot, start, due, end);
      items.push(readPayload(bytes, tag, due, stop, depth));
      due = checkPadding(bytes, stop, end);
    }
  }
  if (due !== end) damaged(due, 'bytes left over in an array');
  return items;
}

function readMap(bytes: Uint8Array, start: number, end: number, depth: number): ValueMap {
  checkDepth(start, depth);
  const count = readCount(bytes, start, end, ENTRY_BYTES);
  const table = start + HEAD_BYTES;
  const keys = table + count * ENTRY_BYTES;
  let due = checkPadding(bytes, checkKeys(bytes, table, keys, count, end), end);
  const map: ValueMap = new Map();
  let keyStart = keys;
  for (let entry = table; entry < keys; entry += ENTRY_BYTES) {
    const keyEnd = keys + readU32(bytes, entry);
    const key = text(bytes, keyStart, keyEnd);
    keyStart = keyEnd;
    const tag = bytes[entry + 4] as number;
    if (isInline(tag)) {
      map.set(key, readInline(bytes, tag, entry + 8));
    } else {
      const stop = payloadEnd(bytes, entry + 8, start, due, end);
      map.set(key, readPayload(bytes, tag, due, stop, depth));
      due = checkPadding(bytes, stop, end);
    }
  }
  if (due !== end) damaged(due, 'bytes left over in a map');
  return map;
}

/** Checks that keys follow each other within `limit` and that the search table sorts them strictly; returns where they end. */
function checkKeys(bytes: Uint8Array, table: number, keys: number, count: number, limit: number): number {
  let last = 0;
  for (let entry = table; entry < keys; entry += ENTRY_BYTES) {
    const end = readU32(bytes, entry);
    if (end < last || end > limit - keys) damaged(entry, 'a key ends outside the keys');
    last = end;
  }
  let before = -1;
  for (let i = 0; i < count; i++) {
    const index = indexAt(bytes, table, i);
    if (index >= count) damaged(table + i * ENTRY_BYTES + 5, 'the search table names no entry');
    if (before >= 0 && compareKeys(bytes, table, keys, before, index) >= 0) {
      damaged(table + i * ENTRY_BYTES + 5, 'the search table is out of order, or a key is repeated');
    }
    before = index;
  }
  return keys + last;
}

/** The search table's i-th number. */
export function indexAt(bytes: Uint8Array, table: number, i: number): number {
  return readU32(bytes, table + i * ENTRY_BYTES + 4) >>> 8;
}

function compareKeys(bytes: Uint8Array, table: number, keys: number, a: number, b: number): number {
  let atA = a === 0 ? keys : keys + readU32(bytes, table + (a - 1) * ENTRY_BYTES);
  let atB = b === 0 ? keys : keys + readU32(bytes, table + (b - 1) * ENTRY_BYTES);
  const endA = keys + readU32(bytes, table + a * ENTRY_BYTES);
  const endB = keys + readU32(bytes, table + b * ENTRY_BYTES);
  for (; atA < endA && atB < endB; atA++, atB++) {
    const difference = (bytes[atA] as number) - (bytes[atB] as number);
    if (difference !== 0) return difference;
  }
  return endA - atA - (endB - atB);
}
