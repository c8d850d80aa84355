/**
 * The text lens: one scalar as a text file. What people do in a shell works: `echo 9090 > port`.
 *
 * The file is the scalar's line (see `scalars.ts`) and a newline. A string may have newlines of its own; its
 * last one is doubled, so to say. The type is the node's: a text that does not say that type is an error.
 *
 * Equal: a byte order mark; the last newline, missing or as CR LF; white space around what is no string.
 * Caveat: a null takes any text and becomes a string. Strings with lone surrogates have no UTF-8 form.
 */
import { textToBytes } from '../src/uarr/text.ts';
import { equal, NodeRef, Sized, Timestamp, Uuid, type Value } from '../src/uarr/value.ts';
import { decodeText, encodeText } from './decode.ts';
import { currentText } from './document.ts';
import type { Handle } from './edits.ts';
import { type Equivalence, type Lens, refused } from './lens.ts';
import { parseScalar, printScalar } from './scalars.ts';
import { leaf } from './source.ts';

const BOM = '\ufeff';

const EQUIVALENCES: readonly Equivalence[] = [
  { name: 'bom', meaning: 'a byte order mark', canonize: (text) => text.replace(/^\ufeff/, '') },
  { name: 'last-newline', meaning: 'the newline at the end', canonize: (text) => text.replace(/\r?\n$/, '') },
];

export function isScalar(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return value instanceof Sized || value instanceof NodeRef || value instanceof Timestamp || value instanceof Uuid;
}

/** Text of a scalar's file. What a string has at its ends and a reader takes off is doubled. */
function fileText(value: Value): string {
  const line = printScalar(value);
  return `${line.startsWith(BOM) ? BOM : ''}${line}${line.endsWith('\r') ? '\r\n' : '\n'}`;
}

export const text: Lens = {
  name: 'text',
  version: 1,
  extensions: ['.txt'],
  mediaType: 'text/plain',
  scope: 'value',
  equivalences: EQUIVALENCES,

  refuses({ value }) {
    if (!isScalar(value)) return 'it is no scalar: bind it through json, yaml or another lens for structures';
    if (typeof value === 'string' && !Buffer.from(textToBytes(value)).equals(Buffer.from(value, 'utf8'))) {
      return 'the string has a lone surrogate, which no UTF-8 text can hold';
    }
    return undefined;
  },

  size: ({ value }) => Buffer.byteLength(fileText(value)),

  get(source, complement) {
    const current = currentText(source, complement);
    if (current !== undefined) return current;
    const kept = complement && decodeText(complement.text);
    if (complement === undefined || kept === undefined || 'severity' in kept) {
      return Buffer.from(fileText(source.value), 'utf8');
    }
    const parsed = parseScalar(kept.text.replace(/\r?\n$/, ''), source.value);
    if (parsed.ok && equal(parsed.value, source.value)) return complement.text;
    const end = /\r?\n$/.exec(kept.text)?.[0] ?? '';
    const line = printScalar(source.value);
    const unclear = (end === '' && line.endsWith('\n')) || (end === '\n' && line.endsWith('\r'));
    return encodeText(line + (unclear ? '\r\n' : end), kept.bom || line.startsWith(BOM));
  },

  validate(bytes) {
    const decoded = decodeText(bytes);
    return 'severity' in decoded ? [decoded] : [];
  },

  put(bytes, base) {
    const decoded = decodeText(bytes);
    if ('severity' in decoded) return refused(decoded);
    const parsed = parseScalar(decoded.text.replace(/\r?\n$/, ''), base.value);
    if (!parsed.ok) return refused(decoded.positions.diagnostic({ index: 0, code: 'type', message: parsed.message }));
    if (equal(parsed.value, base.value)) return { ok: true, edits: [], warnings: [] };
    const node = base.id as Handle;
    return { ok: true, edits: [{ op: 'set', node, part: 'value', path: [], value: parsed.value }], warnings: [] };
  },

  create(bytes) {
    const decoded = decodeText(bytes);
    if ('severity' in decoded) return refused(decoded);
    return { ok: true, source: leaf('', decoded.text.replace(/\r?\n$/, '')), warnings: [] };
  },
};
