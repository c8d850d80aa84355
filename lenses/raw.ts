/**
 * The raw lens: any typed value as bytes that a person can read.
 *
 * | value                                   | bytes                                                    |
 * |-----------------------------------------|----------------------------------------------------------|
 * | string                                  | its text in UTF-8, exactly: nothing is added             |
 * | bytes                                   | as they are                                              |
 * | null, undefined, bool, any number       | one line: `null`, `true`, `42`, `1.0`, `NaN`, then LF    |
 * | timestamp, uuid                         | one line: ISO 8601 in UTC with nanoseconds; hex groups   |
 * | node reference                          | one line: `n:` and the id                                |
 * | array, map, vector                      | JSON text (see `toJsonText`), then LF                    |
 *
 * What is put back is read as the node's type: into bytes, any bytes; into a string, any UTF-8; the rest as the
 * text and json lenses do. New nodes are bytes. Caveat: a lone surrogate of a string shows as U+FFFD.
 */
import { equal, NodeRef, Timestamp, toJsonText, Uuid, type Value } from '../src/uarr/value.ts';
import { decodeText } from './decode.ts';
import { currentText } from './document.ts';
import type { Handle } from './edits.ts';
import { json } from './json.ts';
import { type Lens, type PutResult, refused } from './lens.ts';
import { leaf, type SourceNode } from './source.ts';
import { isScalar, text } from './text.ts';

/** The canonical bytes of a value. They may be a view of it. */
export function rawBytes(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return Buffer.from(typeof value === 'string' ? value : `${line(value)}\n`, 'utf8');
}

function line(value: Value): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof NodeRef) return `n:${value.id}`;
  if (value instanceof Timestamp || value instanceof Uuid) return value.toString();
  return toJsonText(value);
}

export const raw: Lens = {
  name: 'raw',
  version: 1,
  extensions: ['.bin'],
  mediaType: 'application/octet-stream',
  scope: 'value',
  equivalences: [],

  refuses: () => undefined,

  size({ value }) {
    if (value instanceof Uint8Array) return value.length;
    return typeof value === 'string' ? Buffer.byteLength(value) : undefined;
  },

  get(source, complement) {
    const current = currentText(source, complement);
    if (current !== undefined) return current;
    if (complement !== undefined && !isExact(source.value)) return lensOf(source.value).get(source, complement);
    return rawBytes(source.value);
  },

  range({ value }, offset, length) {
    return rawBytes(value).subarray(offset, offset + length);
  },

  validate: () => [],

  put(bytes, base) {
    if (!isExact(base.value)) return lensOf(base.value).put(bytes, base);
    if (base.value instanceof Uint8Array) {
      return Buffer.compare(bytes, base.value) === 0 ? setValue(base) : setValue(base, new Uint8Array(bytes));
    }
    const decoded = decodeText(bytes, Number.MAX_SAFE_INTEGER);
    if ('severity' in decoded) return refused(decoded);
    const value = decoded.bom ? `\ufeff${decoded.text}` : decoded.text;
    return equal(value, base.value) ? setValue(base) : setValue(base, value);
  },

  create: (bytes) => ({ ok: true, source: leaf('', new Uint8Array(bytes)), warnings: [] }),
};

function isExact(value: Value): boolean {
  return typeof value === 'string' || value instanceof Uint8Array;
}

function lensOf(value: Value): Lens {
  return isScalar(value) ? text : json;
}

function setValue(base: SourceNode, ...values: Value[]): PutResult {
  const node = base.id as Handle;
  return {
    ok: true,
    warnings: [],
    edits: values.map((value) => ({ op: 'set', node, part: 'value', path: [], value })),
  };
}
