/**
 * Short forms for golden tests of lenses: texts in, texts out.
 */
import { expect } from 'vitest';
import { applyEdits } from '../../../lenses/apply.ts';
import { formatDiagnostic } from '../../../lenses/diagnostics.ts';
import { type Edit, type FieldPath, isFieldEdit } from '../../../lenses/edits.ts';
import type { Lens, PutOptions } from '../../../lenses/lens.ts';
import { hashSource, leaf, type SourceNode } from '../../../lenses/source.ts';
import { toJsonText, type Value } from '../../../src/uarr/value.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** The canonical text of a value. */
export function show(lens: Lens, value: Value): string {
  return textOf(lens.get(leaf('golden', value, 'root')));
}

/** The value that a text alone says. */
export function parse(lens: Lens, text: string): Value {
  const created = lens.create(bytesOf(text));
  if (!created.ok) throw new Error(created.diagnostics.map((found) => formatDiagnostic('text', found)).join('\n'));
  return created.source.value;
}

/** What is wrong with a text: `line:column: severity: message [code]` each. */
export function problems(lens: Lens, text: string | Uint8Array): string[] {
  const bytes = typeof text === 'string' ? bytesOf(text) : text;
  return lens.validate(bytes).map((found) => formatDiagnostic('', found).slice(1));
}

/** Marks a field to be removed, or items to be inserted. */
export const REMOVE = Symbol('remove');
export class Insert {
  readonly values: Value[];
  constructor(...values: Value[]) {
    this.values = values;
  }
}

/** The text after a program changed fields of the value that it shows. */
export function change(
  lens: Lens,
  text: string,
  fields: readonly (readonly [FieldPath, Value | typeof REMOVE | Insert])[],
): string {
  const source = leaf('golden', parse(lens, text), 'root');
  const edits = fields.map(([path, value]): Edit => {
    const where = { node: 'root', part: 'value' as const, path };
    if (value === REMOVE) return { op: 'unset', ...where };
    if (value instanceof Insert) return { op: 'insert', ...where, values: value.values };
    return { op: 'set', ...where, value };
  });
  const changed = applyEdits(source, edits);
  const bytes = lens.get(changed, { text: bytesOf(text), hash: hashSource(source) });
  const again = lens.put(bytes, changed);
  expect(again, 'the changed text shows the changed value').toMatchObject({ ok: true, edits: [] });
  return textOf(bytes);
}

/** The edits that saving `next` over a node that shows `text` makes, one line each. */
export function edits(lens: Lens, text: string | SourceNode, next: string, options?: PutOptions): string[] {
  const base = typeof text === 'string' ? leaf('golden', parse(lens, text), 'root') : text;
  const result = lens.put(bytesOf(next), base, options);
  if (!result.ok) return result.diagnostics.map((found) => formatDiagnostic('', found).slice(1));
  return result.edits.map(editLine);
}

const inline = (value: Value): string => toJsonText(value).replace(/\n */g, ' ');

/** `set server.port 9090`, `unset a`, `create +1 in root as "x"`. The root's own id and "value" are left out. */
export function editLine(edit: Edit): string {
  if (isFieldEdit(edit)) {
    const node = edit.node === 'root' ? [] : [edit.node];
    const part = edit.part === 'meta' ? ['meta'] : [];
    const where = [...node, [...part, ...edit.path].join('.') || '.'].join(' ');
    if (edit.op === 'set') return `set ${where} ${inline(edit.value)}`;
    return edit.op === 'unset' ? `unset ${where}` : `insert ${where} ${edit.values.map(inline).join(' ')}`;
  }
  switch (edit.op) {
    case 'create':
    case 'revive': {
      const parts = [edit.op, edit.node, `in ${edit.parent} as "${edit.key}"`];
      if (edit.value !== undefined) parts.push(inline(edit.value));
      if (edit.meta !== null) parts.push(`meta ${inline(edit.meta)}`);
      if (edit.directory) parts.push('directory');
      if (edit.before !== null) parts.push(`before ${edit.before}`);
      return parts.join(' ');
    }
    case 'rename':
      return `rename ${edit.node} to "${edit.key}" in ${edit.parent}`;
    case 'order':
      return `order ${edit.node}: ${edit.children.join(' ')}`;
    case 'delete':
      return `delete ${edit.node}`;
  }
}
