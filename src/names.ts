/**
 * Names of slots.
 *
 * A name is a *byte string*: a JavaScript string in which each character stands for one byte (codes 0
 * to 255, "latin1"). So any bytes that a filesystem allows are kept exactly, comparison is byte order,
 * and the strings stay one byte per character in memory. Text meets names only at the edges (API, CLI,
 * lenses), where bytes that are not UTF-8 appear as lone surrogates U+DC80..U+DCFF (PEP 383).
 */
import { FxError } from './errors.ts';
import { NAME_BYTES_MAX } from './limits.ts';

/** A byte string. */
export type Name = string;

const ASCII_ONLY = /^[\0-\x7f]*$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The byte string of `text` in UTF-8; lone surrogates U+DC80..U+DCFF become the byte they stand for. */
export function nameFromText(text: string): Name {
  if (ASCII_ONLY.test(text)) return text;
  const parts: Buffer[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length) {
      const next = text.charCodeAt(i + 1);
      if (next >= 0xdc00 && next < 0xe000) {
        i++;
        continue;
      }
    }
    if (unit >= 0xdc80 && unit <= 0xdcff) {
      parts.push(Buffer.from(text.slice(start, i), 'utf8'), Buffer.from([unit - 0xdc00]));
      start = i + 1;
    }
  }
  parts.push(Buffer.from(text.slice(start), 'utf8'));
  return Buffer.concat(parts).latin1Slice();
}

/** The text of a byte string; inverse of `nameFromText` for every byte string. */
export function nameToText(name: Name): string {
  if (ASCII_ONLY.test(name)) return name;
  const bytes = Buffer.from(name, 'latin1');
  try {
    return utf8.decode(bytes);
  } catch {
    return escapeInvalid(bytes);
  }
}

function escapeInvalid(bytes: Buffer): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i] as number;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let char: string | undefined;
    if (i + length <= bytes.length) {
      try {
        char = utf8.decode(bytes.subarray(i, i + length));
      } catch {
        char = undefined;
      }
    }
    if (char === undefined) {
      text += String.fromCharCode(0xdc00 + first);
      i++;
    } else {
      text += char;
      i += length;
    }
  }
  return text;
}

/** Throws BAD_NAME or NAME_TOO_LONG unless `name` may stand in a slot. */
export function checkName(name: Name): void {
  if (name.length > NAME_BYTES_MAX) throw new FxError('NAME_TOO_LONG');
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw new FxError('BAD_NAME', `"${nameToText(name)}" is not a valid name`);
  }
}
