/**
 * UArr: a value in the store's own binary encoding (`src/uarr/v2.ts`), all types exact. For programs.
 *
 * Nothing is equal but equal bytes: the encoding is canonical. Bytes that decode but are not what the encoder would
 * write are refused, as are those of version 1 (import them). Texts of errors point at the start of the file.
 */
import { FxError } from '../src/errors.ts';
import { VALUE_BYTES_MAX } from '../src/limits.ts';
import { decode, encode } from '../src/uarr/v2.ts';
import type { Value } from '../src/uarr/value.ts';
import type { Diagnostic } from './diagnostics.ts';
import { diffValues } from './diff-values.ts';
import type { Handle } from './edits.ts';
import { type Lens, type Refused, refused } from './lens.ts';
import { leaf } from './source.ts';

function open(bytes: Uint8Array): { readonly ok: true; readonly value: Value } | Refused {
  if (bytes.length > VALUE_BYTES_MAX)
    return refused(problem('too-big', `a value has at most ${VALUE_BYTES_MAX} bytes`));
  try {
    const value = decode(bytes);
    if (Buffer.compare(encode(value), bytes) === 0) return { ok: true, value };
    return refused(problem('damaged', 'the bytes are not in the canonical form'));
  } catch (error) {
    if (!(error instanceof FxError)) throw error;
    return refused(problem('damaged', `this is no UArr value: ${error.message.replace(/\s+/g, ' ')}`));
  }
}

function problem(code: string, message: string): Diagnostic {
  return { severity: 'error', code, message, offset: 0, line: 1, column: 1 };
}

export const uarr: Lens = {
  name: 'uarr',
  version: 1,
  extensions: ['.uarr'],
  mediaType: 'application/vnd.fxmount.uarr',
  scope: 'value',
  equivalences: [],
  refuses: () => undefined,
  get: ({ value }) => encode(value),
  validate(bytes) {
    const opened = open(bytes);
    return opened.ok ? [] : opened.diagnostics;
  },
  put(bytes, base) {
    const opened = open(bytes);
    if (!opened.ok) return opened;
    const node = base.id as Handle;
    if (Buffer.compare(encode(base.value), bytes) === 0) return { ok: true, edits: [], warnings: [] };
    const edits = diffValues(base.value, opened.value, node);
    // Another order of keys is another encoding: the value as a whole is set.
    if (edits.length === 0) edits.push({ op: 'set', node, part: 'value', path: [], value: opened.value });
    return { ok: true, edits, warnings: [] };
  },
  create(bytes) {
    const opened = open(bytes);
    return opened.ok ? { ok: true, source: leaf('', opened.value), warnings: [] } : opened;
  },
};
