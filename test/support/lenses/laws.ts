/**
 * The laws of lenses (see `lenses/lens.ts`), each as a property over a subject.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { applyEdits } from '../../../lenses/apply.ts';
import type { Diagnostic } from '../../../lenses/diagnostics.ts';
import { type Edit, isFieldEdit } from '../../../lenses/edits.ts';
import type { Complement, PutOptions, Tombstone } from '../../../lenses/lens.ts';
import { equalSources, hashSource, nodesOf, type SourceNode } from '../../../lenses/source.ts';
import { Random } from './random.ts';
import type { Subject } from './subject.ts';

type Property = fc.IProperty<unknown>;
type Law = (subject: Subject) => Property;

interface Case {
  readonly source: SourceNode;
  readonly seed: number;
}

function cases({ sources, lens }: Subject): fc.Arbitrary<Case> {
  const source = sources.filter((candidate) => lens.refuses(candidate) === undefined);
  return fc.record({ source, seed: fc.integer() });
}

function law(check: (subject: Subject, source: SourceNode, random: Random) => void): Law {
  return (subject) =>
    fc.property(cases(subject), ({ source, seed }) => check(subject, source, new Random(seed))) as Property;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

function editsOf(subject: Subject, bytes: Uint8Array, base: SourceNode, options: PutOptions = {}): readonly Edit[] {
  const result = subject.lens.put(bytes, base, { force: true, ...options });
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.diagnostics)} in ${JSON.stringify(textOf(bytes))}`);
  return result.edits;
}

/** A text with noise of some declared equivalences, and its complement. */
function noisy(subject: Subject, source: SourceNode, random: Random): Complement {
  const bytes = subject.lens.get(source);
  if (Object.keys(subject.noise).length === 0) return { text: bytes, hash: hashSource(source) };
  let text = textOf(bytes);
  for (const make of Object.values(subject.noise)) if (random.chance(2)) text = make(text, random);
  return { text: Buffer.from(text, 'utf8'), hash: hashSource(source) };
}

/** What an editor saves to make the text that was served show `target`. */
function saved(subject: Subject, target: SourceNode, served: Complement): Uint8Array {
  const bytes = subject.lens.get(target, served);
  if (subject.asSaved === undefined) return bytes;
  return Buffer.from(subject.asSaved(textOf(bytes), textOf(served.text)), 'utf8');
}

/** The source after some changes by a program; those that the lens then refuses are not made. */
function changed(subject: Subject, source: SourceNode, random: Random): SourceNode {
  let result = source;
  for (let left = 1 + random.below(3); left > 0; left--) {
    const next = applyEdits(result, subject.change(result, random));
    if (subject.lens.refuses(next) === undefined) result = next;
  }
  return result;
}

function tombstonesOf(before: SourceNode, after: SourceNode): Tombstone[] {
  const present = new Set(Array.from(nodesOf(after), ({ id }) => id));
  const tombstones: Tombstone[] = [];
  for (const parent of nodesOf(before)) {
    for (const child of parent.children ?? []) {
      if (!present.has(child.id)) tombstones.push({ node: child as Tombstone['node'], parent: parent.id as string });
    }
  }
  return tombstones;
}

/** Gives created nodes ids, as a store does. */
export function settle(source: SourceNode, prefix: string): SourceNode {
  const id = source.id?.startsWith('+') ? prefix + source.id.slice(1) : source.id;
  return {
    ...source,
    id,
    children: source.children === null ? null : source.children.map((child) => settle(child, prefix)),
  };
}

const getPut = law((subject, source, random) => {
  expect(editsOf(subject, subject.lens.get(source), source)).toEqual([]);
  const complement = noisy(subject, source, random);
  expect(editsOf(subject, subject.lens.get(source, complement), source)).toEqual([]);
});

const putGet = law((subject, source, random) => {
  const { lens } = subject;
  const target = changed(subject, source, random);
  const bytes = saved(subject, target, noisy(subject, source, random));
  const result = applyEdits(source, editsOf(subject, bytes, source));
  expect(lens.refuses(result)).toBeUndefined();
  expect(textOf(lens.get(result, { text: bytes, hash: hashSource(result) }))).toBe(textOf(bytes));
  expect(textOf(lens.get(result, { text: bytes, hash: 'another' }))).toBe(textOf(bytes));
  expect(editsOf(subject, lens.get(result), result)).toEqual([]);
});

const putTwice = law((subject, source, random) => {
  const target = changed(subject, source, random);
  const bytes = saved(subject, target, noisy(subject, source, random));
  const result = settle(applyEdits(source, editsOf(subject, bytes, source)), 'new');
  expect(editsOf(subject, bytes, result, { complement: { text: bytes, hash: hashSource(result) } })).toEqual([]);
});

/** Saves what shows the target, and then the old text again; checks that the old content is back. */
function saveAndUndo(subject: Subject, source: SourceNode, target: SourceNode, old: Complement): SourceNode {
  const bytes = saved(subject, target, old);
  const after = settle(applyEdits(source, editsOf(subject, bytes, source)), 'new');
  const complement = { text: bytes, hash: hashSource(after) };
  const options = { tombstones: tombstonesOf(source, after), complement };
  const back = applyEdits(after, editsOf(subject, old.text, after, options));
  expect(editsOf(subject, old.text, back)).toEqual([]);
  expect(editsOf(subject, subject.lens.get(source), back)).toEqual([]);
  return back;
}

const undo = law((subject, source, random) => {
  const old = noisy(subject, source, random);
  const once = applyEdits(source, subject.change(source, random));
  if (subject.lens.refuses(once) === undefined) {
    const back = saveAndUndo(subject, source, once, old);
    const ids = (of: SourceNode) => Array.from(nodesOf(of), ({ id }) => id).sort();
    expect(ids(back)).toEqual(ids(source));
  }
  // Of several changes at once (another key, place and content of one node) only the content is sure to come back.
  saveAndUndo(subject, source, changed(subject, source, random), old);
});

/** How many units differ between two texts after their common start and before their common end. */
export function differingUnits(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return a.length - head - tail;
}

const retention = law((subject, source, random) => {
  const change = subject.change(source, random);
  const target = applyEdits(source, change);
  if (subject.lens.refuses(target) !== undefined) return;
  const old = noisy(subject, source, random);
  const bytes = saved(subject, target, old);
  const edits = editsOf(subject, bytes, source);
  const touched = new Set(change.map(({ node }) => node));
  for (const edit of edits) {
    if (!isFieldEdit(edit)) continue;
    expect(touched).toContain(edit.node);
    const made = change.filter(isFieldEdit).filter(({ node }) => node === edit.node);
    if (made.length === 0) continue;
    // A field edit stays in the container that was changed.
    const within = made.some(({ path }) =>
      path.slice(0, -1).every((step, i) => i >= edit.path.length || edit.path[i] === step),
    );
    expect(within, `${JSON.stringify(edit.path)} for ${JSON.stringify(made.map(({ path }) => path))}`).toBe(true);
  }
  if (edits.length === 0) expect(textOf(bytes)).toBe(textOf(old.text));
});

const quotient = law((subject, source, random) => {
  const canonical = textOf(subject.lens.get(source));
  for (const { name, canonize } of subject.lens.equivalences) {
    const make = subject.noise[name];
    if (make === undefined) throw new Error(`no noise for the equivalence "${name}" of ${subject.lens.name}`);
    const text = make(canonical, random);
    expect(editsOf(subject, Buffer.from(text), source), JSON.stringify(text)).toEqual([]);
    expect(canonize(text)).toBe(canonize(canonical));
  }
});

function checkDiagnostics(bytes: Uint8Array, diagnostics: readonly Diagnostic[]): void {
  for (const { offset, line, column, message, code } of diagnostics) {
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(offset).toBeLessThanOrEqual(bytes.length);
    expect(line).toBeGreaterThanOrEqual(1);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(message).not.toBe('');
    expect(message).not.toMatch(/\n/);
    expect(code).toMatch(/^[a-z][a-z-]*$/);
  }
}

/** Bytes near those that the lens gives, or any. */
function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const result = Buffer.from(bytes);
  const at = random.below(result.length + 1);
  const end = Math.min(result.length, at + random.below(8));
  switch (random.below(6)) {
    case 0:
      return result.subarray(0, at);
    case 1:
      return result.subarray(at);
    case 2:
      return Buffer.concat([result.subarray(0, at), Buffer.from([random.below(256)]), result.subarray(at)]);
    case 3:
      return Buffer.concat([result.subarray(0, at), result.subarray(end)]);
    case 4:
      return Buffer.concat([result.subarray(0, end), result.subarray(at)]);
    default:
      return Buffer.from(Array.from({ length: random.below(40) }, () => random.below(random.chance(2) ? 256 : 128)));
  }
}

const totality = law((subject, source, random) => {
  const { lens } = subject;
  const bytes = damage(noisy(subject, source, random).text, random);
  const diagnostics = lens.validate(bytes);
  checkDiagnostics(bytes, diagnostics);
  const put = lens.put(bytes, source);
  checkDiagnostics(bytes, put.ok ? put.warnings : put.diagnostics);
  const created = lens.create(bytes);
  checkDiagnostics(bytes, created.ok ? created.warnings : created.diagnostics);
  const read = lens.read?.(bytes);
  if (read !== undefined) checkDiagnostics(bytes, read.ok ? read.warnings : read.diagnostics);
  if (diagnostics.some(({ severity }) => severity === 'error')) expect(put.ok || created.ok).toBe(false);
});

const atomicity = law((subject, source, random) => {
  const before = hashSource(source);
  const bytes = damage(noisy(subject, source, random).text, random);
  const result = subject.lens.put(bytes, source, { force: true });
  expect(hashSource(source)).toBe(before);
  if (result.ok) expect(() => applyEdits(source, result.edits)).not.toThrow();
  else {
    expect(result).not.toHaveProperty('edits');
    expect(result.diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
  }
});

const determinism = law((subject, source, random) => {
  const { lens } = subject;
  const old = noisy(subject, source, random);
  const target = changed(subject, source, random);
  const bytes = saved(subject, target, old);
  expect(textOf(saved(subject, target, old))).toBe(textOf(bytes));
  expect(lens.put(bytes, source)).toEqual(lens.put(bytes, source));
  const again = applyEdits(source, editsOf(subject, bytes, source));
  expect(equalSources(again, applyEdits(source, editsOf(subject, bytes, source)))).toBe(true);
  const size = lens.size?.(target);
  if (size !== undefined) expect(size).toBe(lens.get(target).length);
  if (lens.range !== undefined) {
    const offset = random.below(20);
    const all = Buffer.from(lens.get(target));
    expect(textOf(lens.range(target, offset, 7))).toBe(textOf(all.subarray(offset, offset + 7)));
  }
});

export const LAWS: Readonly<Record<string, Law>> = {
  GetPut: getPut,
  PutGet: putGet,
  PutTwice: putTwice,
  Undo: undo,
  Retention: retention,
  Quotient: quotient,
  Totality: totality,
  Atomicity: atomicity,
  Determinism: determinism,
};
