/**
 * JSON Lines (https://jsonlines.org): the children of a directory, each as one JSON value on its line.
 *
 * | node                     | its line                                                    |
 * |--------------------------|-------------------------------------------------------------|
 * | node with a value        | the value, as in the json lens                              |
 * | directory                | a map of its entries, as in the tree lens                   |
 *
 * Keys of nodes do not show. Lines are aligned with nodes: by a unique `id`, `name` or `key`, by equal content, then by
 * place; a line that moved is the same node in another place. A new node's key is its `id`, if that can be a name, or
 * the next number. Blank lines do not count.
 *
 * Caveats: equal lines are told apart by their place alone. A changed line over a directory is refused where the directory would become something else.
 */
import { FxError } from '../src/errors.ts';
import { checkName, nameFromText } from '../src/names.ts';
import { equal, toJsonText, type Value } from '../src/uarr/value.ts';
import { type Decoded, decodeText, encodeText, newlineOf } from './decode.ts';
import { type Diagnostic, type Problem, ProblemError } from './diagnostics.ts';
import { diffValues, labelOf } from './diff-values.ts';
import { currentText, memberAt } from './document.ts';
import type { Edit, Handle } from './edits.ts';
import { guardDeletions } from './guard.ts';
import { canonicalJson, spliceJson } from './json.ts';
import { type JsonNode, parseJson } from './json-parse.ts';
import { JSON_TYPING } from './json-typing.ts';
import { naturalKey, pairAll } from './jsonl-align.ts';
import { type Equivalence, type Lens, type PutOptions, type PutResult, type Refused, refused } from './lens.ts';
import { branch, leaf, type SourceNode } from './source.ts';

interface Line {
  readonly start: number;
  readonly text: string;
  readonly tree: JsonNode;
  /** The newline behind it, and blank lines after that. */
  readonly ending: string;
}

interface Opened {
  readonly ok: true;
  readonly decoded: Decoded;
  readonly lead: string;
  readonly lines: readonly Line[];
}

const LEAD = /(?:[ \t]*\r?\n)*/y;
const BLANK = /(?:[ \t]*\r?\n)*(?:[ \t]+$)?/y;
const PROBLEMS_MAX = 20;

function open(bytes: Uint8Array): Opened | Refused {
  const decoded = decodeText(bytes);
  if ('severity' in decoded) return refused(decoded);
  const { text, positions } = decoded;
  LEAD.lastIndex = 0;
  const lead = /^\s*$/.test(text) ? text : (LEAD.exec(text)?.[0] ?? '');
  const lines: Line[] = [];
  const problems: Problem[] = [];
  for (let at = lead.length; at < text.length && problems.length < PROBLEMS_MAX; ) {
    const newline = text.indexOf('\n', at);
    const whole = newline < 0 ? text.length : newline + 1;
    const content = text.slice(at, whole).trimEnd();
    BLANK.lastIndex = whole;
    const next = whole + (BLANK.exec(text)?.[0].length ?? 0);
    const found = parseLine(content, at);
    problems.push(...found.problems);
    lines.push({ start: at, text: content, tree: found.root, ending: text.slice(at + content.length, next) });
    at = next;
  }
  return problems.length > 0
    ? refused(...problems.map((problem) => positions.diagnostic(problem)))
    : { ok: true, decoded, lead, lines };
}

function parseLine(content: string, start: number): { root: JsonNode; problems: Problem[] } {
  try {
    const { root, problems } = parseJson(content, false);
    return { root, problems: problems.map((problem) => ({ ...problem, index: problem.index + start })) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return {
      root: { start: 0, end: 0, value: null },
      problems: [{ ...error.problem, index: error.problem.index + start }],
    };
  }
}

/** A value on one line. */
function printLine(value: Value): string {
  return toJsonText(value).replace(/,\n */g, ', ').replace(/\n */g, '');
}

function valueOfNode(node: SourceNode): Value {
  return node.children === null
    ? node.value
    : new Map(node.children.map((child) => [child.key, valueOfNode(child)] as const));
}

function refusesNode(node: SourceNode): string | undefined {
  if (node.children === null) return undefined;
  if (node.value !== undefined) return `the directory "${node.key}" has a value of its own, which no line can show`;
  return node.children.map(refusesNode).find((reason) => reason !== undefined);
}

function printAll(source: SourceNode): string {
  return (source.children ?? []).map((node) => `${printLine(valueOfNode(node))}\n`).join('');
}

/** The kept text with lines moved, changed in place, added and removed as the source has them. */
function splice({ decoded, lead, lines }: Opened, source: SourceNode): Uint8Array {
  const values = (source.children ?? []).map((node) => JSON_TYPING.show(valueOfNode(node)));
  const pairs = pairAll(
    lines.map(({ tree }) => tree.value),
    values,
  );
  const newline = newlineOf(decoded.text);
  const shown = values.map((value, i) => {
    const line = lines[pairs[i] as number];
    if (line === undefined) return { text: printLine(value), ending: newline };
    return { text: changedLine(line, value), ending: line.ending };
  });
  const ended = /\n/.test(lines.at(-1)?.ending ?? '\n');
  const parts = shown.map(({ text, ending }, i) => {
    const last = i === shown.length - 1;
    if (last && !ended) return text;
    return text + (ending.includes('\n') ? ending : newline);
  });
  return encodeText(lead + parts.join(''), decoded.bom);
}

function changedLine({ tree, text }: Line, value: Value): string {
  const edits = diffValues(tree.value, value, 'text');
  if (edits.length === 0) return text;
  const spliced = spliceJson(text, tree, edits, '\n');
  if (spliced === undefined || spliced.includes('\n')) return printLine(value);
  const { root, problems } = parseLine(spliced, 0);
  return problems.length === 0 && equal(root.value, value, true) ? spliced : printLine(value);
}

class Putter {
  readonly edits: Edit[] = [];
  readonly problems: Problem[] = [];
  readonly #base: SourceNode;
  readonly #options: PutOptions;
  readonly #names: Set<string>;
  /** Labels of what was deleted here. */
  readonly #deleted: ReadonlySet<string>;
  #created = 0;
  #number: number;

  constructor(base: SourceNode, options: PutOptions) {
    this.#base = base;
    this.#options = options;
    const keys = (base.children ?? []).map(({ key }) => key);
    this.#names = new Set(keys);
    const stones = (options.tombstones ?? []).filter(
      ({ parent, node }) => parent === base.id && node.children === null,
    );
    this.#deleted = new Set(stones.map(({ node }) => labelOf(JSON_TYPING.show(node.value))));
    this.#number = Math.max(0, ...keys.map((key) => (/^\d{1,15}$/.test(key) ? Number(key) : 0)));
  }

  run(lines: readonly Line[]): void {
    const rows = this.#base.children ?? [];
    const values = rows.map((row) => JSON_TYPING.show(valueOfNode(row)));
    const next = lines.map(({ tree }) => tree.value);
    const pairs = pairAll(values, next, (value) => this.#deleted.has(labelOf(value)));
    const kept = new Set(pairs);
    for (const [i, row] of rows.entries()) if (!kept.has(i)) this.edits.push({ op: 'delete', node: row.id as Handle });
    const handles: Handle[] = [];
    const befores = this.#befores(pairs, rows);
    for (const [j, line] of lines.entries()) {
      const row = rows[pairs[j] as number];
      if (row === undefined) handles.push(this.#create(line.tree.value, befores[j] as Handle | null));
      else {
        handles.push(row.id as Handle);
        this.#change(row, line.tree.value, line);
      }
    }
    const order = [...pairs].filter((i) => i >= 0);
    if (order.some((i, at) => at > 0 && i < (order[at - 1] as number))) {
      this.edits.push({ op: 'order', node: this.#base.id as Handle, children: handles });
    }
  }

  #befores(pairs: Int32Array, rows: readonly SourceNode[]): (Handle | null)[] {
    const befores: (Handle | null)[] = [];
    let next: Handle | null = null;
    for (let j = pairs.length - 1; j >= 0; j--) {
      befores[j] = next;
      next = rows[pairs[j] as number]?.id ?? next;
    }
    return befores;
  }

  #change(row: SourceNode, next: Value, line: Line): void {
    if (row.children === null) {
      this.edits.push(...diffValues(row.value, next, row.id as Handle, JSON_TYPING));
      return;
    }
    if (!(next instanceof Map)) {
      this.problems.push({
        index: line.start,
        code: 'kind',
        message: `the node "${row.key}" is a directory: a map of its entries is expected`,
      });
      return;
    }
    const children = new Map(row.children.map((child) => [child.key, child]));
    for (const child of row.children)
      if (!next.has(child.key)) this.edits.push({ op: 'delete', node: child.id as Handle });
    for (const [key, value] of next) {
      const child = children.get(key);
      if (child !== undefined) this.#change(child, value, line);
      else {
        this.#checkKey(key, line);
        this.edits.push({
          op: 'create',
          node: `+${++this.#created}`,
          parent: row.id as Handle,
          key,
          value,
          meta: null,
          directory: false,
          before: null,
        });
      }
    }
  }

  #checkKey(key: string, { start, tree }: Line): void {
    const { member } = memberAt(tree, [key]);
    try {
      checkName(nameFromText(key));
    } catch (error) {
      const message = error instanceof FxError ? error.message : 'the key is no valid name';
      this.problems.push({ index: start + (member?.start ?? 0), code: 'key', message });
    }
  }

  #create(value: Value, before: Handle | null): Handle {
    const parent = this.#base.id as Handle;
    const key = naturalKey(value);
    const label = labelOf(value);
    const old = this.#options.tombstones?.findLast(({ node, parent: at }) => {
      if (at !== parent || node.children !== null || this.edits.some((edit) => edit.node === node.id)) return false;
      const shown = JSON_TYPING.show(node.value);
      return labelOf(shown) === label || (key !== undefined && naturalKey(shown) === key);
    })?.node;
    const node = old?.id ?? `+${++this.#created}`;
    const typed = old === undefined || labelOf(JSON_TYPING.show(old.value)) !== label ? value : old.value;
    const name = old !== undefined && !this.#names.has(old.key) ? old.key : this.#newName(value);
    this.#names.add(name);
    const op = old === undefined ? 'create' : 'revive';
    this.edits.push({ op, node, parent, key: name, value: typed, meta: old?.meta ?? null, directory: false, before });
    return node;
  }

  #newName(value: Value): string {
    const id = value instanceof Map ? value.get('id') : undefined;
    if ((typeof id === 'string' || typeof id === 'bigint') && !this.#names.has(String(id))) {
      try {
        checkName(nameFromText(String(id)));
        return String(id);
      } catch {
        // An id that is no name: the node gets a number.
      }
    }
    do this.#number++;
    while (this.#names.has(String(this.#number)));
    return String(this.#number);
  }
}

function put(bytes: Uint8Array, base: SourceNode, options: PutOptions): PutResult {
  const opened = open(bytes);
  if (!opened.ok) return opened;
  const putter = new Putter(base, options);
  putter.run(opened.lines);
  const { positions } = opened.decoded;
  if (putter.problems.length > 0) return refused(...putter.problems.map((problem) => positions.diagnostic(problem)));
  const guard = guardDeletions(base, putter.edits, options, positions);
  return guard === undefined ? { ok: true, edits: putter.edits, warnings: [] } : refused(guard);
}

function canonize(text: string): string {
  const opened = open(Buffer.from(text, 'utf8'));
  return opened.ok ? opened.lines.map(({ tree }) => canonicalJson(tree.value)).join('\n---\n') : text;
}

const EQUIVALENCES: readonly Equivalence[] = [
  { name: 'bom', meaning: 'a byte order mark', canonize: (text) => text.replace(/^\ufeff/, '') },
  { name: 'json-text', meaning: 'white space, escapes, spelling of floats, order of keys in a line', canonize },
  { name: 'line-ends', meaning: 'LF or CR LF, blank lines, the last newline', canonize },
];

export const jsonl: Lens = {
  name: 'jsonl',
  version: 1,
  extensions: ['.jsonl', '.ndjson'],
  mediaType: 'application/jsonl',
  scope: 'collection',
  equivalences: EQUIVALENCES,
  refuses(source) {
    if (source.children === null) return 'it is no directory: lines show the children of one';
    return source.children.map(refusesNode).find((reason) => reason !== undefined);
  },
  get(source, complement) {
    const current = currentText(source, complement);
    if (current !== undefined) return current;
    const kept = complement && open(complement.text);
    return kept?.ok ? splice(kept, source) : encodeText(printAll(source), false);
  },
  validate(bytes): readonly Diagnostic[] {
    const opened = open(bytes);
    return opened.ok ? [] : opened.diagnostics;
  },
  put: (bytes, base, options = {}) => put(bytes, base, options),
  create(bytes) {
    const opened = open(bytes);
    if (!opened.ok) return opened;
    return {
      ok: true,
      source: branch(
        '',
        opened.lines.map(({ tree }, i) => leaf(String(i + 1), tree.value)),
      ),
      warnings: [],
    };
  },
  read(bytes) {
    const opened = open(bytes);
    if (!opened.ok) return opened;
    const { lines, decoded } = opened;
    return {
      ok: true,
      warnings: [],
      value: lines.map(({ tree }) => tree.value),
      locate([row, ...path], part = 'value') {
        const line = typeof row === 'number' ? lines[row] : undefined;
        if (line === undefined) return decoded.positions.at(0);
        const { node, member, found } = memberAt(line.tree, path);
        return decoded.positions.at(line.start + (part === 'key' && found && member ? member.start : node.start));
      },
    };
  },
};
