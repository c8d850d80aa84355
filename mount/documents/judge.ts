/**
 * What a saved text does to its node: a new value, or the reasons why not. Pure, so that it can run anywhere.
 */
import { applyEdits } from '../../lenses/apply.ts';
import type { Diagnostic } from '../../lenses/diagnostics.ts';
import { describeEdit, type Edit, isFieldEdit } from '../../lenses/edits.ts';
import type { Lens } from '../../lenses/lens.ts';
import { type Conflict, merge } from '../../lenses/merge.ts';
import { schemaProblems } from '../../lenses/schema.ts';
import { hashSource, leaf, type SourceNode } from '../../lenses/source.ts';
import { FxError } from '../../src/errors.ts';
import { VALUE_BYTES_MAX } from '../../src/limits.ts';
import { decode, encode } from '../../src/uarr/v2.ts';
import type { Value } from '../../src/uarr/value.ts';
import type { Problem } from './state.ts';

export interface Case {
  readonly lens: Lens;
  /** The saved bytes. */
  readonly text: Uint8Array;
  /** The node's value now, and the one that the text was made from; encoded. Null when it has none yet. */
  readonly current: Uint8Array | null;
  readonly base: Uint8Array | null;
  /** JSON Schema that the value must hold to, as text. */
  readonly schema: string | null;
  /** Overwrites a concurrent change, and passes guards. */
  readonly force?: boolean;
}

export type Verdict =
  | {
      readonly ok: true;
      /** Encoded. */
      readonly value: Uint8Array;
      /** The value that the saved bytes alone stand for; encoded. */
      readonly own: Uint8Array;
      /** The saved bytes, or those with a concurrent change merged in. */
      readonly text: Uint8Array;
      readonly hash: string;
      readonly edits: number;
    }
  | { readonly ok: false; readonly problem: Problem };

/** Id of the one node that there is; ids of nodes play no part in scope `value`. */
const NODE = 'node';

/** The picture of a value that lenses of scope `value` take. */
export function sourceOf(value: Value): SourceNode {
  return leaf('', value, NODE);
}

/** Never throws: a lens that does is told of like any other problem. */
export function judge(asked: Case): Verdict {
  try {
    return asked.current === null ? judgeFirst(asked) : judgeNext(asked, asked.current);
  } catch (error) {
    return refusal('invalid', lensFault(asked.lens, error));
  }
}

/** What is wrong with a text by itself: errors, else warnings. */
export function checkText(lens: Lens, text: Uint8Array, schema: string | null): readonly Diagnostic[] {
  const verdict = judge({ lens, text, current: null, base: null, schema });
  return verdict.ok ? lens.validate(text) : verdict.problem.diagnostics;
}

/** What is told of a lens that threw. */
function lensFault(lens: Lens, error: unknown): Diagnostic {
  const message = error instanceof FxError ? error.message : `the lens "${lens.name}" failed: ${String(error)}`;
  return { severity: 'error', code: 'lens-fault', message, offset: 0, line: 1, column: 1 };
}

function refusal(kind: Problem['kind'], ...diagnostics: Diagnostic[]): Verdict {
  return { ok: false, problem: { kind, diagnostics } };
}

function judgeFirst(asked: Case): Verdict {
  const created = asked.lens.create(asked.text);
  if (!created.ok) return refusal('invalid', ...created.diagnostics);
  return accept(asked, created.source.value, asked.text, 1);
}

function judgeNext(asked: Case, currentBytes: Uint8Array): Verdict {
  const { lens, text, force = false } = asked;
  const current = sourceOf(decode(currentBytes));
  const isMoved = !force && asked.base !== null && Buffer.compare(asked.base, currentBytes) !== 0;
  const base = isMoved ? sourceOf(decode(asked.base as Uint8Array)) : current;
  const put = lens.put(text, base, { force });
  if (!put.ok) return refusal('invalid', ...put.diagnostics);
  const mine = applyEdits(base, put.edits);
  if (!isMoved) return accept(asked, mine.value, text, put.edits.length);
  const merged = merge(base, put.edits, current);
  if (!merged.ok)
    return refusal('conflict', ...merged.conflicts.map((conflict) => conflictDiagnostic(asked, conflict)));
  const source = sourceOf(merged.source.value);
  const shown = lens.get(source, { text, hash: hashSource(mine) });
  const verdict = accept(asked, source.value, shown, merged.edits.length);
  return verdict.ok ? { ...verdict, own: encode(mine.value) } : verdict;
}

function accept({ lens, schema }: Case, value: Value, text: Uint8Array, edits: number): Verdict {
  const problems = schema === null ? [] : schemaProblems(schema, lens, text, value);
  if (problems.length > 0) return refusal('invalid', ...problems);
  const encoded = encode(value);
  if (encoded.length > VALUE_BYTES_MAX) {
    const message = `its value takes ${encoded.length} bytes, ${VALUE_BYTES_MAX} at most: split the file`;
    return refusal('invalid', { severity: 'error', code: 'too-big', message, offset: 0, line: 1, column: 1 });
  }
  return { ok: true, value: encoded, own: encoded, text, hash: hashSource(sourceOf(value)), edits };
}

function conflictDiagnostic({ lens, text }: Case, { ours, theirs }: Conflict): Diagnostic {
  const place = { offset: 0, line: 1, column: 1 };
  const path = isFieldEdit(ours) ? ours.path : [];
  const read = lens.read?.(text);
  const at = read?.ok === true ? read.locate(path) : place;
  const what = path.length === 0 ? 'the value' : `"${path.join('.')}"`;
  const message = `${what} was changed elsewhere since this file was opened (${editText(theirs)}): take that in and save again, or force`;
  return { severity: 'error', code: 'conflict', message, ...at };
}

const VALUE_CHARACTERS_MAX = 80;

function editText(edit: Edit): string {
  if (edit.op !== 'set') return describeEdit(edit);
  const { value } = edit;
  const text = typeof value === 'object' && value !== null ? 'set anew' : `now ${String(value)}`;
  return text.length > VALUE_CHARACTERS_MAX ? `${text.slice(0, VALUE_CHARACTERS_MAX)}…` : text;
}
