/**
 * File names for FXD keys.
 *
 * A key that is a valid name stays as it is, in UTF-8. One that is not is percent-encoded: `/`, NUL and `%` become
 * `%2F`, `%00`, `%25`; `.` and `..` become `%2E` and `%2E%2E`; the empty key becomes `%`. A valid key that reads like such a
 * name (`%` and two hex digits, `%~`, or `%` alone) is encoded too, so that decoding is exact for each name. A name
 * over 255 bytes is cut and ends in `%~` and 16 hex digits of the SHA-256 of the whole: it cannot be decoded, and the
 * importer keeps the key in the node's metadata, as it does for all changed names.
 */
import { createHash } from 'node:crypto';
import { NAME_BYTES_MAX } from '../limits.ts';
import { type Name, nameFromText, nameToText } from '../names.ts';

const MUST_ENCODE = /[/\0]|%[0-9A-Fa-f]{2}|%~|^%?$|^\.\.?$/;
const HASH_DIGITS = 16;

/** The name for a key. With `reserved`, that name is encoded though it is valid. */
export function nameOfKey(key: string, reserved?: ReadonlySet<string>): Name {
  let text = key;
  if (key === '') text = '%';
  else if (key === '.' || key === '..' || reserved?.has(key)) text = key.replaceAll('%', '%25').replaceAll('.', '%2E');
  else if (MUST_ENCODE.test(key)) text = key.replaceAll('%', '%25').replaceAll('/', '%2F').replaceAll('\0', '%00');
  const name = nameFromText(text);
  return name.length <= NAME_BYTES_MAX ? name : shorten(name);
}

function shorten(name: Name): Name {
  const hash = createHash('sha256').update(name, 'latin1').digest('hex').slice(0, HASH_DIGITS);
  let end = NAME_BYTES_MAX - HASH_DIGITS - 2;
  // Not within a UTF-8 sequence.
  while (end > 0 && (name.charCodeAt(end) & 0xc0) === 0x80) end--;
  return `${name.slice(0, end)}%~${hash}`;
}

/** The key that `nameOfKey` made the name of; undefined for one that was cut. */
export function keyOfName(name: Name): string | undefined {
  if (name === '%') return '';
  if (name.includes('%~')) return undefined;
  return nameToText(
    name.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  );
}
