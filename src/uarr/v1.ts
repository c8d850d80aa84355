/**
 * UArr version 1: the encoding inside FXD's `.fxwal` records. Read to import, written to export and to test.
 *
 * All integers are little-endian. A document is one map:
 *
 * | offset | size | field                                                                 |
 * |--------|------|-----------------------------------------------------------------------|
 * | 0      | 4    | magic, bytes 52 52 41 55 (`RRAU`)                                     |
 * | 4      | 2    | version u16 = 1                                                       |
 * | 6      | 2    | flags, written as 0, not looked at                                    |
 * | 8      | 4    | n, count of fields                                                    |
 * | 12     | 4    | offset of the descriptors = 36                                        |
 * | 16     | 4    | offset of the data region                                             |
 * | 20     | 8    | bytes of the document                                                 |
 * | 28     | 8    | offset of the name table = 36 + 24 n                                  |
 * | 36     | 20 n | descriptors, **packed at 20 bytes**                                   |
 * |        | 4 n  | zero: the room is computed for descriptors of 24 bytes                |
 * |        |      | name table: per field u32 bytes, UTF-8                                |
 * |        |      | data region: the fields' values                                       |
 *
 * Descriptor: name hash u64 (32-bit FNV-1a over UTF-16 units) | tag u8 | flags u8 | reserved u16 | offset in the
 * data region u32 | bytes u32.
 *
 * Values by tag: 00-03 i8 i16 i32 i64; 04-07 u8 u16 u32 u64; 08 f32; 09 f64; 0a bool, one byte; 0b null and 0c
 * undefined, nothing; 10 string and 30 node reference: u32 bytes, UTF-8; 11 bytes: u32 bytes, data; 20 array: u32
 * count, then per element its tag and its value; 21 map: u32 bytes, a nested document; 31 timestamp u64 ns; 32
 * uuid, 16 bytes.
 *
 * A top-level value that is no map is written as the map `{ "__value": value }`.
 *
 * Damage: bounds, lengths and nesting (VALUE_DEPTH_MAX) are checked; names and values must lie one after the other
 * without overlap, so that no small file expands to a large value. DAMAGED carries the position, counted from the
 * start of the outermost document. Name hashes, flags and reserved fields are not checked: other FXD versions may
 * use them.
 */
import { Reader, Writer } from '../bytes.ts';
import { FxError } from '../errors.ts';
import { VALUE_DEPTH_MAX } from '../limits.ts';
import { NodeRef, Sized, Timestamp, Uuid, type Value, type ValueMap } from './model.ts';
import { readText } from './text.ts';
import { MAGIC, TAG } from './v2-layout.ts';

const VERSION = 1;
const HEADER_BYTES = 36;
/** What a descriptor takes, and what FXD reserves for it. */
const DESCRIPTOR_BYTES = 20;
const DESCRIPTOR_ROOM = 24;
const WRAP_KEY = '__value';

/** The value of a version 1 document; a wrapped value is unwrapped. DAMAGED. */
export function decodeV1(bytes: Uint8Array): Value {
  const map = readDocument(new Reader(bytes, 0, bytes.length, 'UArr 1 value'), bytes.length, 1);
  if (map.size !== 1 || !map.has(WRAP_KEY)) return map;
  const wrapped = map.get(WRAP_KEY);
  return wrapped instanceof Map ? map : wrapped;
}

/**
 * The bytes FXD writes for `value`, integer widths as the value has them (see `packIntegers`). INVALID: a vector,
 * or nested deeper than VALUE_DEPTH_MAX. A lone surrogate is written as U+FFFD, as FXD does.
 */
export function encodeV1(value: Value): Buffer {
  return writeDocument(value instanceof Map ? value : new Map([[WRAP_KEY, value]]), 1);
}

interface Descriptor {
  tag: number;
  offset: number;
  bytes: number;
}

/** Reads the document of `size` bytes at the reader's position, and leaves the reader behind it. */
function readDocument(reader: Reader, size: number, depth: number): ValueMap {
  const start = reader.position;
  if (depth > VALUE_DEPTH_MAX) reader.fail(`nested deeper than ${VALUE_DEPTH_MAX} levels`);
  if (size > reader.remaining) reader.fail(`a document of ${size} bytes, ${reader.remaining} left`);
  const end = start + size;
  if (reader.u32() !== MAGIC) reader.fail('it does not begin with the magic of UArr');
  const version = reader.u16();
  if (version !== VERSION) reader.fail(`UArr version ${version} where ${VERSION} is due`);
  reader.u16();
  const count = reader.u32();
  const schema = reader.u32();
  const data = reader.u32();
  if (reader.u64() !== size) reader.fail(`its length field does not say ${size}`);
  const names = reader.u64();
  if (schema < HEADER_BYTES || count > (size - HEADER_BYTES) / DESCRIPTOR_BYTES)
    reader.fail(`${count} fields do not fit`);
  if (schema + count * DESCRIPTOR_BYTES > names || names > data || data > size)
    reader.fail('its parts are out of order');
  reader.position = start + schema;
  const descriptors = readDescriptors(reader, count);
  reader.position = start + names;
  const keys = readNames(reader, count, start + data);
  const map: ValueMap = new Map();
  let next = start + data;
  for (let i = 0; i < count; i++) {
    const { tag, offset, bytes } = descriptors[i] as Descriptor;
    const from = start + data + offset;
    reader.position = Math.min(from, end);
    if (from < next || bytes > end - from) reader.fail(`field ${i} lies outside the data, or over another one`);
    next = from + bytes;
    map.set(keys[i] as string, readValue(reader, tag, next, depth));
    if (reader.position !== next) reader.fail(`field ${i} has ${bytes} bytes, but its value ends here`);
  }
  reader.position = end;
  return map;
}

function readDescriptors(reader: Reader, count: number): Descriptor[] {
  const descriptors: Descriptor[] = [];
  for (let i = 0; i < count; i++) {
    reader.raw(8);
    const tag = reader.u8();
    reader.raw(3);
    descriptors.push({ tag, offset: reader.u32(), bytes: reader.u32() });
  }
  return descriptors;
}

function readNames(reader: Reader, count: number, limit: number): string[] {
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) {
    seen.add(readString(reader, limit));
    if (seen.size === i) reader.fail('a name is repeated');
  }
  return [...seen];
}

/** u32 length and UTF-8, up to `limit`. */
function readString(reader: Reader, limit: number): string {
  const start = takeSized(reader, limit);
  return readText(reader.bytes, start, reader.position) ?? reader.fail('text is not UTF-8');
}

/** Skips u32 length and as many bytes, up to `limit`; returns where these begin. */
function takeSized(reader: Reader, limit: number): number {
  const bytes = reader.u32();
  const start = reader.position;
  if (bytes > limit - start) reader.fail(`${bytes} bytes expected, ${limit - start} left`);
  reader.position = start + bytes;
  return start;
}

function readValue(reader: Reader, tag: number, limit: number, depth: number): Value {
  switch (tag) {
    case TAG.null:
      return null;
    case TAG.undefined:
      return undefined;
    case TAG.string:
      return readString(reader, limit);
    case TAG.nodeRef:
      return new NodeRef(readString(reader, limit));
    case TAG.bytes: {
      const start = takeSized(reader, limit);
      return new Uint8Array(reader.bytes.subarray(start, reader.position));
    }
    case TAG.array:
      return readArray(reader, limit, depth + 1);
    case TAG.map: {
      const start = takeSized(reader, limit);
      const bytes = reader.position - start;
      reader.position = start;
      return readDocument(reader, bytes, depth + 1);
    }
    default:
      return readScalar(reader, tag);
  }
}

function readArray(reader: Reader, limit: number, depth: number): Value[] {
  if (depth > VALUE_DEPTH_MAX) reader.fail(`nested deeper than ${VALUE_DEPTH_MAX} levels`);
  const count = reader.u32();
  if (count > limit - reader.position) reader.fail(`${count} elements do not fit`);
  const items: Value[] = [];
  for (let i = 0; i < count; i++) {
    const tag = reader.u8();
    items.push(readValue(reader, tag, limit, depth));
    if (reader.position > limit) reader.fail('an element reaches out of its array');
  }
  return items;
}

function readScalar(reader: Reader, tag: number): Value {
  switch (tag) {
    case TAG.i8:
      return new Sized('i8', reader.raw(1).readInt8());
    case TAG.i16:
      return new Sized('i16', reader.raw(2).readInt16LE());
    case TAG.i32:
      return new Sized('i32', reader.i32());
    case TAG.i64:
      return reader.raw(8).readBigInt64LE();
    case TAG.u8:
      return new Sized('u8', reader.u8());
    case TAG.u16:
      return new Sized('u16', reader.u16());
    case TAG.u32:
      return new Sized('u32', reader.u32());
    case TAG.u64:
      return new Sized('u64', reader.raw(8).readBigUInt64LE());
    case TAG.f32:
      return new Sized('f32', reader.raw(4).readFloatLE());
    case TAG.f64:
      return reader.f64();
    case TAG.bool:
      return reader.u8() !== 0;
    case TAG.timestamp:
      return new Timestamp(reader.raw(8).readBigUInt64LE());
    case TAG.uuid:
      return new Uuid(new Uint8Array(reader.raw(16)));
    default:
      return reader.fail(`unknown tag ${tag}`);
  }
}

function writeDocument(map: ValueMap, depth: number): Buffer {
  if (depth > VALUE_DEPTH_MAX)
    throw new FxError('INVALID', `the value is nested deeper than ${VALUE_DEPTH_MAX} levels`);
  const names = new Writer(256);
  const data = new Writer(256);
  const descriptors = new Writer(256);
  for (const [key, value] of map) {
    const name = Buffer.from(key, 'utf8');
    names.u32(name.length);
    names.raw(name);
    const start = data.position;
    const tag = writeValue(data, value, depth, false);
    descriptors.u64(nameHash(key));
    descriptors.u8(tag);
    descriptors.u8(0);
    descriptors.u16(0);
    descriptors.u32(start);
    descriptors.u32(data.position - start);
  }
  const namesAt = HEADER_BYTES + map.size * DESCRIPTOR_ROOM;
  const dataAt = namesAt + names.position;
  const out = new Writer(dataAt + data.position);
  out.u32(MAGIC);
  out.u16(VERSION);
  out.u16(0);
  out.u32(map.size);
  out.u32(HEADER_BYTES);
  out.u32(dataAt);
  out.u64(dataAt + data.position);
  out.u64(namesAt);
  out.raw(descriptors.copy());
  out.raw(Buffer.alloc(namesAt - out.position));
  out.raw(names.copy());
  out.raw(data.copy());
  return out.copy();
}

/** 32-bit FNV-1a over UTF-16 units. */
function nameHash(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Writes the value, after its tag if `withTag`; returns the tag. */
function writeValue(out: Writer, value: Value, depth: number, withTag: boolean): number {
  const tag = tagOf(value);
  if (withTag) out.u8(tag);
  if (value === null || value === undefined) return tag;
  if (typeof value === 'boolean') out.u8(value ? 1 : 0);
  else if (typeof value === 'number') out.f64(value);
  else if (typeof value === 'bigint') writeBig(out, value, 'writeBigInt64LE');
  else if (typeof value === 'string') writeSized(out, Buffer.from(value, 'utf8'));
  else if (Array.isArray(value)) writeArray(out, value, depth + 1);
  else if (value instanceof Map) writeSized(out, writeDocument(value, depth + 1));
  else if (value instanceof NodeRef) writeSized(out, Buffer.from(value.id, 'utf8'));
  else if (value instanceof Timestamp) writeBig(out, value.ns, 'writeBigUInt64LE');
  else if (value instanceof Uuid) out.raw(value.bytes);
  else if (value instanceof Sized) writeNumber(out, value);
  else writeSized(out, value as Uint8Array);
  return tag;
}

function tagOf(value: Value): number {
  if (value === null) return TAG.null;
  if (value instanceof Sized) return TAG[value.type];
  if (value instanceof Map) return TAG.map;
  if (Array.isArray(value)) return TAG.array;
  if (value instanceof Uint8Array) return TAG.bytes;
  if (value instanceof NodeRef) return TAG.nodeRef;
  if (value instanceof Timestamp) return TAG.timestamp;
  if (value instanceof Uuid) return TAG.uuid;
  if (typeof value === 'undefined') return TAG.undefined;
  if (typeof value === 'boolean') return TAG.bool;
  if (typeof value === 'bigint') return TAG.i64;
  if (typeof value === 'number') return TAG.f64;
  if (typeof value === 'string') return TAG.string;
  throw new FxError('INVALID', 'UArr version 1 has no vectors');
}

function writeSized(out: Writer, bytes: Uint8Array): void {
  out.u32(bytes.length);
  out.raw(bytes);
}

function writeArray(out: Writer, items: Value[], depth: number): void {
  if (depth > VALUE_DEPTH_MAX)
    throw new FxError('INVALID', `the value is nested deeper than ${VALUE_DEPTH_MAX} levels`);
  out.u32(items.length);
  for (const item of items) writeValue(out, item, depth, true);
}

function writeBig(out: Writer, value: bigint, method: 'writeBigInt64LE' | 'writeBigUInt64LE'): void {
  const bytes = Buffer.alloc(8);
  bytes[method](value);
  out.raw(bytes);
}

function writeNumber(out: Writer, { type, value }: Sized): void {
  if (type === 'u64') return writeBig(out, value as bigint, 'writeBigUInt64LE');
  const number = value as number;
  if (type === 'f32') {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(number);
    out.raw(bytes);
  } else if (type === 'i8' || type === 'u8') out.u8(number & 0xff);
  else if (type === 'i16' || type === 'u16') out.u16(number & 0xffff);
  else out.u32(number >>> 0);
}
