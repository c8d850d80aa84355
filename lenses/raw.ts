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
 * Caveats: a lone surrogate of a string becomes U+FFFD, as UTF-8 has no form for it. The lens only reads:
 * a string and a number may give the same bytes, so bytes alone do not tell which value to put back.
 */
import { NodeRef, Timestamp, toJsonText, Uuid, type Value } from '../src/uarr/value.ts';
import type { Lens } from './lens.ts';

export const raw: Lens = {
  name: 'raw',
  get(value) {
    if (value instanceof Uint8Array) return value;
    return Buffer.from(typeof value === 'string' ? value : `${line(value)}\n`, 'utf8');
  },
};

function line(value: Value): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof NodeRef) return `n:${value.id}`;
  if (value instanceof Timestamp || value instanceof Uuid) return value.toString();
  return toJsonText(value);
}
