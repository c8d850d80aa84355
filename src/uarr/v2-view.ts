/**
 * Lazy reading of UArr version 2 (the format is described in `v2.ts`): finds one field or element
 * without decoding the others. It checks the bounds of all it touches, and in full what it decodes.
 */
import { align8 } from '../bytes.ts';
import type { Value, Vector } from './model.ts';
import { readText, textToBytes } from './text.ts';
import { checkHeader, indexAt, readCount, readInline, readPayload } from './v2-decode.ts';
import {
  damaged,
  ENTRY_BYTES,
  HEAD_BYTES,
  isInline,
  ROOT_HEAP,
  ROOT_SLOT,
  readU32,
  SLOT_BYTES,
  TAG,
  TYPE_NAME,
  VECTOR_CLASS,
} from './v2-layout.ts';

/** The value at a place of an encoded document. It refers to the document's memory, which must not change. */
export class View {
  private readonly bytes: Uint8Array;
  private readonly tag: number;
  private readonly slot: number;
  /** Payload of a heap type; 0 and 0 for an inline one. */
  private readonly start: number;
  private readonly end: number;

  /** Use `view`. The slot at `slot` lies in the body [base, limit), whose payloads begin at `heap` or later. */
  constructor(bytes: Uint8Array, tag: number, slot: number, base: number, heap: number, limit: number) {
    this.bytes = bytes;
    this.tag = tag;
    this.slot = slot;
    if (isInline(tag)) {
      this.start = 0;
      this.end = 0;
      return;
    }
    this.start = base + readU32(bytes, slot);
    this.end = this.start + readU32(bytes, slot + 4);
    if (this.start < heap || this.start % 8 !== 0 || this.end > limit) damaged(slot, 'a payload lies outside its body');
  }

  /** Name of the type: `map`, `array`, `string`, `i64`, `f64[]` and so on. DAMAGED for an unknown tag. */
  get type(): string {
    return TYPE_NAME.get(this.tag) ?? damaged(this.slot, `unknown tag ${this.tag}`);
  }

  /** Entries of a map, elements of an array or vector, bytes of bytes; 0 for all other types. */
  get count(): number {
    if (this.tag === TAG.map) return readCount(this.bytes, this.start, this.end, ENTRY_BYTES);
    if (this.tag === TAG.array) return readCount(this.bytes, this.start, this.end, 9);
    if (this.tag === TAG.bytes) return this.end - this.start;
    const vectorClass = VECTOR_CLASS.get(this.tag);
    return vectorClass === undefined ? 0 : Math.floor((this.end - this.start) / vectorClass.BYTES_PER_ELEMENT);
  }

  /** Decodes this value, with all it contains. */
  value(): Value {
    if (isInline(this.tag)) return readInline(this.bytes, this.tag, this.slot);
    return readPayload(this.bytes, this.tag, this.start, this.end, 0);
  }

  /** The map's value under `key`; undefined when there is none, or this is no map. */
  field(key: string): View | undefined {
    if (this.tag !== TAG.map) return undefined;
    const bytes = this.bytes;
    const count = readCount(bytes, this.start, this.end, ENTRY_BYTES);
    const table = this.start + HEAD_BYTES;
    const keys = table + count * ENTRY_BYTES;
    const index = findKey(bytes, table, keys, this.end, count, key);
    return index < 0 ? undefined : this.entry(table + index * ENTRY_BYTES, keys);
  }

  /** The array's element, or the map's entry by its place; undefined outside, or for other types. */
  element(index: number): View | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.count) return undefined;
    if (this.tag === TAG.map) {
      const table = this.start + HEAD_BYTES;
      return this.entry(table + index * ENTRY_BYTES, table + this.count * ENTRY_BYTES);
    }
    if (this.tag !== TAG.array) return undefined;
    const tags = this.start + HEAD_BYTES;
    const slots = tags + align8(this.count);
    const heap = slots + this.count * SLOT_BYTES;
    if (heap > this.end) damaged(this.start, `${this.count} elements do not fit the array`);
    const tag = this.bytes[tags + index] as number;
    return new View(this.bytes, tag, slots + index * SLOT_BYTES, this.start, heap, this.end);
  }

  private entry(entry: number, keys: number): View {
    return new View(this.bytes, this.bytes[entry + 4] as number, entry + 8, this.start, keys, this.end);
  }

  /** Walks map keys and array indices; undefined as soon as one is not there. */
  get(path: readonly (string | number)[]): View | undefined {
    let at: View | undefined = this;
    for (const step of path) {
      at = typeof step === 'string' ? at.field(step) : at.element(step);
      if (at === undefined) return undefined;
    }
    return at;
  }

  /** Keys of a map, in its order; none for other types. */
  *keys(): Generator<string> {
    if (this.tag !== TAG.map) return;
    const table = this.start + HEAD_BYTES;
    const keys = table + this.count * ENTRY_BYTES;
    let start = keys;
    for (let entry = table; entry < keys; entry += ENTRY_BYTES) {
      const end = keys + readU32(this.bytes, entry);
      if (end < start || end > this.end) damaged(entry, 'a key ends outside the keys');
      yield readText(this.bytes, start, end) ?? damaged(start, 'text is not WTF-8');
      start = end;
    }
  }

  /** Bytes or a vector as a view of the document's own memory, for reading only (a copy where memory is not aligned). */
  inPlace(): Uint8Array | Vector | undefined {
    const at = this.bytes.byteOffset + this.start;
    if (this.tag === TAG.bytes) return new Uint8Array(this.bytes.buffer, at, this.end - this.start);
    const vectorClass = VECTOR_CLASS.get(this.tag);
    if (vectorClass === undefined) return undefined;
    const unit = vectorClass.BYTES_PER_ELEMENT;
    if (at % unit !== 0 || (this.end - this.start) % unit !== 0) return this.value() as Vector;
    return new vectorClass(this.bytes.buffer as ArrayBuffer, at, (this.end - this.start) / unit);
  }
}

/** A lazy view of a document's root. DAMAGED, NEWER_FORMAT as `decode`, for what it reads. */
export function view(bytes: Uint8Array): View {
  return new View(bytes, checkHeader(bytes), ROOT_SLOT, 0, ROOT_HEAP, bytes.length);
}

/** The root map's value under `key`, decoded; undefined when it is not there. */
export function field(bytes: Uint8Array, key: string): Value {
  return view(bytes).field(key)?.value();
}

/** The root array's element, decoded; undefined when it is not there. */
export function element(bytes: Uint8Array, index: number): Value {
  return view(bytes).element(index)?.value();
}

/** The place of the entry with `key`, or -1. Binary search over the search table. */
function findKey(bytes: Uint8Array, table: number, keys: number, limit: number, count: number, key: string): number {
  let encoded: Uint8Array | undefined;
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const index = indexAt(bytes, table, middle);
    if (index >= count) damaged(table + middle * ENTRY_BYTES + 5, 'the search table names no entry');
    const start = index === 0 ? keys : keys + readU32(bytes, table + (index - 1) * ENTRY_BYTES);
    const end = keys + readU32(bytes, table + index * ENTRY_BYTES);
    if (end < start || end > limit) damaged(table + index * ENTRY_BYTES, 'a key ends outside the keys');
    let order = encoded === undefined ? compareAscii(bytes, start, end, key) : compareBytes(bytes, start, end, encoded);
    if (order === NOT_ASCII) {
      encoded = textToBytes(key);
      order = compareBytes(bytes, start, end, encoded);
    }
    if (order === 0) return index;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** What `compareAscii` returns when it met a unit of the key that is not ASCII. */
const NOT_ASCII = 0x1000;

/** Order of the key at [start, end) against `key`: negative, 0 or positive. */
function compareAscii(bytes: Uint8Array, start: number, end: number, key: string): number {
  const units = key.length;
  for (let i = 0; i < units; i++) {
    const unit = key.charCodeAt(i);
    if (unit > 0x7f) return NOT_ASCII;
    if (start + i >= end) return -1;
    const difference = (bytes[start + i] as number) - unit;
    if (difference !== 0) return difference;
  }
  return end - start > units ? 1 : 0;
}

function compareBytes(bytes: Uint8Array, start: number, end: number, other: Uint8Array): number {
  const count = Math.min(end - start, other.length);
  for (let i = 0; i < count; i++) {
    const difference = (bytes[start + i] as number) - (other[i] as number);
    if (difference !== 0) return difference;
  }
  return end - start - other.length;
}
