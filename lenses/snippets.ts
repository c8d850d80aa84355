/**
 * Snippets: nodes gathered in one source file, each between marker lines (`snippet-markers.ts`), sorted by `order`
 * and joined by a blank line. FXD's files of this form are read, and written the same way.
 *
 * | node                                         | in the file                                             |
 * |----------------------------------------------|---------------------------------------------------------|
 * | its value, a text                            | the lines between the markers                           |
 * | `id` of its metadata (without one, its key)  | `id`: what identifies it                                |
 * | `lang`, `file`, `order`, `version` of those  | attributes; one that is left out changes nothing        |
 *
 * A marker's checksum tells what its text was made from. Text that still has it was not touched in the file: the node
 * stays as it is now. If neither the text nor the node has it, both changed: a conflict, of that snippet alone.
 *
 * Caveats: the order in the file does not count, `order` does. A text with a marker line in it cannot be shown. White
 * space in an id shows as `_`; the node's id stays. Lines outside of markers are refused, as nothing would keep them.
 */
import { FxError } from '../src/errors.ts';
import { checkName, nameFromText } from '../src/names.ts';
import type { Value, ValueMap } from '../src/uarr/value.ts';
import { type Decoded, decodeText, encodeText } from './decode.ts';
import { type Problem, ProblemError } from './diagnostics.ts';
import { currentText } from './document.ts';
import type { Edit, Handle } from './edits.ts';
import { guardDeletions } from './guard.ts';
import {
  type Complement,
  type Equivalence,
  type Lens,
  type PutOptions,
  type PutResult,
  type Refused,
  refused,
} from './lens.ts';
import {
  type Block,
  checksumOf,
  fitsMarker,
  hasMarker,
  parseBlocks,
  printChecksum,
  printMarker,
  statedChecksum,
} from './snippet-markers.ts';
import { branch, leaf, type SourceNode } from './source.ts';

/** Attributes beside the id that are metadata of the node. */
const ATTRIBUTES = ['lang', 'file', 'order', 'version'] as const;

function attributeOf({ meta }: SourceNode, name: string): string | undefined {
  const value = meta?.get(name);
  return value === undefined || value === null || value === '' ? undefined : String(value);
}

/** The id of a snippet as it is; in a marker it is escaped. */
export function snippetId(node: SourceNode): string {
  return attributeOf(node, 'id') ?? node.key;
}

/** How the id reads in a marker: white space is not told apart from `_`. */
function shownId(node: SourceNode): string {
  return snippetId(node).replace(/\s/g, '_');
}

function orderOf({ meta }: SourceNode): number {
  const order = Number(meta?.get('order') ?? 0);
  return Number.isNaN(order) ? 0 : order;
}

function sorted({ children }: SourceNode): SourceNode[] {
  return [...(children ?? [])].sort((a, b) => orderOf(a) - orderOf(b));
}

function textOf({ value }: SourceNode): string {
  return typeof value === 'string' ? value : '';
}

function beginMarker(node: SourceNode): string {
  const attributes: [string, string][] = [['id', snippetId(node)]];
  for (const name of ['lang', 'file'] as const) {
    const value = attributeOf(node, name);
    if (value !== undefined) attributes.push([name, value]);
  }
  attributes.push(['checksum', printChecksum(textOf(node))]);
  for (const name of ['order', 'version'] as const) {
    const value = attributeOf(node, name);
    if (value !== undefined) attributes.push([name, value]);
  }
  return printMarker('BEGIN', attributeOf(node, 'lang') ?? '', attributes);
}

function endMarker(node: SourceNode): string {
  return printMarker('END', attributeOf(node, 'lang') ?? '', [['id', snippetId(node)]]);
}

function printBlock(node: SourceNode, newline: string): string {
  const text = newline === '\n' ? textOf(node) : textOf(node).replaceAll('\n', newline);
  return `${beginMarker(node)}${newline}${text}${newline}${endMarker(node)}${newline}`;
}

function refuses(source: SourceNode): string | undefined {
  if (source.children === null) return 'it gathers no nodes: bind it to a directory or a composition';
  const ids = new Set<string>();
  for (const node of source.children) {
    const id = shownId(node);
    if (id === '') return `the snippet "${node.key}" has no id`;
    if (ids.has(id)) return `two snippets have the id "${id}"`;
    ids.add(id);
    if (node.value !== undefined && typeof node.value !== 'string') return `the node "${id}" is no text`;
    if (hasMarker(textOf(node))) return `the text of "${id}" has a marker line in it`;
    if (![snippetId(node), textOf(node)].every(isWellFormed))
      return `"${id}" has a lone surrogate, which no UTF-8 text can hold`;
    const bad = ['id', ...ATTRIBUTES].find(
      (name) => !fitsMarker(name === 'id' ? snippetId(node) : (attributeOf(node, name) ?? '')),
    );
    if (bad !== undefined) return `the ${bad} of "${id}" would end the comment of its marker`;
  }
  return undefined;
}

function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

interface Opened {
  readonly ok: true;
  readonly decoded: Decoded;
  readonly blocks: readonly Block[];
}

function open(bytes: Uint8Array): Opened | Refused {
  const decoded = decodeText(bytes);
  if ('severity' in decoded) return refused(decoded);
  try {
    const { blocks, problems } = parseBlocks(decoded.text);
    if (problems.length > 0) return refused(...problems.map((problem) => decoded.positions.diagnostic(problem)));
    return { ok: true, decoded, blocks };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return refused(decoded.positions.diagnostic(error.problem));
  }
}

const sameText = (a: string, b: string): boolean =>
  a === b || a.replaceAll('\r\n', '\n') === b.replaceAll('\r\n', '\n');

/** Attributes of a block that say something else than the node. */
function changedAttributes({ attributes }: Block, node: SourceNode): [string, string][] {
  return ATTRIBUTES.flatMap((name): [string, string][] => {
    const said = attributes.get(name);
    const known = (attributeOf(node, name) ?? '').replace(/\s/g, '_');
    return said === undefined || said === known ? [] : [[name, said]];
  });
}

/** The kept text with the blocks that differ written anew; those of nodes that are gone, gone; new ones after the one before. */
function splice({ decoded, blocks }: Opened, source: SourceNode): Uint8Array {
  const { text } = decoded;
  const newline = blocks.some(({ crlf }) => crlf) ? '\r\n' : '\n';
  const nodes = sorted(source);
  const byId = new Map(nodes.map((node) => [shownId(node), node]));
  const known = new Set(blocks.map(({ id }) => id));
  const fresh = new Map<string | undefined, SourceNode[]>();
  let previous: string | undefined;
  for (const node of nodes) {
    if (known.has(shownId(node))) previous = shownId(node);
    else fresh.set(previous, [...(fresh.get(previous) ?? []), node]);
  }
  const parts: string[] = [text.slice(0, blocks[0]?.start ?? text.length)];
  for (const node of fresh.get(undefined) ?? [])
    parts.push(printBlock(node, newline), blocks.length > 0 ? newline : '');
  for (const [i, block] of blocks.entries()) {
    const node = byId.get(block.id);
    const gapEnd = blocks[i + 1]?.start ?? text.length;
    if (node !== undefined) {
      parts.push(spliceBlock(text, block, node, newline));
      for (const added of fresh.get(block.id) ?? [])
        parts.push(lastEnds(parts) ? '' : newline, newline, printBlock(added, newline));
    }
    if (node !== undefined || i === blocks.length - 1) parts.push(text.slice(block.end, gapEnd));
  }
  return encodeText(parts.join(''), decoded.bom);
}

function lastEnds(parts: readonly string[]): boolean {
  return parts.findLast((part) => part !== '')?.endsWith('\n') ?? true;
}

function spliceBlock(text: string, block: Block, node: SourceNode, newline: string): string {
  const same = sameText(block.body, textOf(node));
  if (same && changedAttributes(block, node).length === 0) return text.slice(block.start, block.end);
  const end = block.crlf ? '\r\n' : '\n';
  const printed = block.crlf ? textOf(node).replaceAll('\n', '\r\n') : textOf(node);
  const body = same ? text.slice(block.bodyStart, block.endStart) : printed + (block.crlf ? end : newline);
  return `${renewedMarker(block, node)}${end}${body}${text.slice(block.endStart, block.end)}`;
}

/** The marker with the attributes that it had, as the node has them now. */
function renewedMarker({ attributes }: Block, node: SourceNode): string {
  const renewed: [string, string][] = [];
  for (const [name, said] of attributes) {
    if (name === 'id') renewed.push([name, snippetId(node)]);
    else if (name === 'checksum') renewed.push([name, printChecksum(textOf(node))]);
    else if (!(ATTRIBUTES as readonly string[]).includes(name)) renewed.push([name, said]);
    else {
      const value = attributeOf(node, name);
      if (value !== undefined) renewed.push([name, value]);
    }
  }
  return printMarker('BEGIN', attributeOf(node, 'lang') ?? '', renewed);
}

/** Checksums that the markers had in the file as it was served; without it, those of the nodes. */
function servedChecksums(complement: Complement | undefined): ReadonlyMap<string, number | undefined> | undefined {
  const opened = complement && open(complement.text);
  return opened?.ok ? new Map(opened.blocks.map(({ id, attributes }) => [id, statedChecksum(attributes)])) : undefined;
}

function put(bytes: Uint8Array, base: SourceNode, options: PutOptions): PutResult {
  const opened = open(bytes);
  if (!opened.ok) return opened;
  const { decoded, blocks } = opened;
  const served = servedChecksums(options.complement);
  const nodes = new Map((base.children ?? []).map((node) => [shownId(node), node]));
  const kept = new Set(blocks.map(({ id }) => id));
  const edits: Edit[] = [];
  const problems: Problem[] = [];
  for (const [id, node] of nodes) if (!kept.has(id)) edits.push({ op: 'delete', node: node.id as Handle });
  let created = 0;
  for (const block of blocks) {
    const node = nodes.get(block.id);
    if (node === undefined) {
      const old = options.tombstones?.findLast((stone) => shownId(stone.node) === block.id)?.node;
      const made = old === undefined ? newNode(block) : { ...old, value: block.body };
      problems.push(...checkKey(made.key, block.start));
      edits.push({
        op: old ? 'revive' : 'create',
        node: old?.id ?? `+${++created}`,
        parent: base.id as Handle,
        key: made.key,
        value: made.value,
        meta: made.meta,
        directory: made.children !== null,
        before: null,
      });
      continue;
    }
    for (const [name, said] of changedAttributes(block, node)) {
      edits.push({ op: 'set', node: node.id as Handle, part: 'meta', path: [name], value: metaValue(name, said) });
    }
    const verdict = judge(block, node, served);
    if (verdict === 'set')
      edits.push({ op: 'set', node: node.id as Handle, part: 'value', path: [], value: block.body });
    if (verdict === 'conflict') {
      problems.push({
        index: block.start,
        code: 'conflict',
        message: `the snippet "${block.id}" changed in the file and in the store, from one it was made from: take the store's text, or set the checksum to ${printChecksum(textOf(node))} to overwrite it`,
      });
    }
  }
  if (problems.length > 0) return refused(...problems.map((problem) => decoded.positions.diagnostic(problem)));
  const guard = guardDeletions(base, edits, options, decoded.positions);
  return guard === undefined ? { ok: true, edits, warnings: [] } : refused(guard);
}

function judge(
  block: Block,
  node: SourceNode,
  served: ReadonlyMap<string, number | undefined> | undefined,
): 'keep' | 'set' | 'conflict' {
  const text = textOf(node);
  if (sameText(block.body, text) && (node.value !== undefined || block.body === '')) return 'keep';
  const stated = statedChecksum(block.attributes);
  const now = checksumOf(text);
  const base = served?.has(block.id) ? served.get(block.id) : now;
  if (stated === undefined || stated === base || stated === now) return 'set';
  return checksumOf(block.body) === stated ? 'keep' : 'conflict';
}

function metaValue(name: string, said: string): Value {
  return (name === 'order' || name === 'version') && /^-?\d{1,18}$/.test(said) ? BigInt(said) : said;
}

function newNode({ id, attributes, body }: Block): SourceNode {
  const meta: ValueMap = new Map([['id', id]]);
  for (const name of ATTRIBUTES) {
    const said = attributes.get(name);
    if (said !== undefined) meta.set(name, metaValue(name, said));
  }
  return leaf(id, body, null, meta);
}

function checkKey(key: string, index: number): Problem[] {
  try {
    checkName(nameFromText(key));
    return [];
  } catch (error) {
    return [
      { index, code: 'key', message: error instanceof FxError ? error.message : 'the id can be no name of a node' },
    ];
  }
}

function canonize(text: string, withAttributes: boolean): string {
  const opened = open(Buffer.from(text, 'utf8'));
  if (!opened.ok) return text;
  const rows = opened.blocks.map(({ id, body, attributes }) => {
    const others = withAttributes ? ATTRIBUTES.map((name) => attributes.get(name) ?? null) : [];
    return [id, body.replaceAll('\r\n', '\n'), ...others];
  });
  return JSON.stringify(rows.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)));
}

const EQUIVALENCES: readonly Equivalence[] = [
  { name: 'bom', meaning: 'a byte order mark', canonize: (text) => text.replace(/^\ufeff/, '') },
  { name: 'blank-lines', meaning: 'blank lines between snippets', canonize: (text) => canonize(text, true) },
  {
    name: 'sequence',
    meaning: 'the order in the file: the attribute order counts',
    canonize: (text) => canonize(text, true),
  },
  { name: 'line-ends', meaning: 'LF or CR LF, in the whole file', canonize: (text) => canonize(text, true) },
  { name: 'attributes', meaning: 'attributes that are left out', canonize: (text) => canonize(text, false) },
];

export const snippets: Lens = {
  name: 'snippets',
  version: 1,
  extensions: [],
  mediaType: 'text/plain',
  scope: 'composition',
  equivalences: EQUIVALENCES,
  refuses,

  size(source) {
    let bytes = 0;
    for (const node of source.children ?? []) {
      bytes +=
        Buffer.byteLength(beginMarker({ ...node, value: '' })) +
        Buffer.byteLength(textOf(node)) +
        Buffer.byteLength(endMarker(node)) +
        4;
    }
    return Math.max(0, bytes - 1);
  },

  get(source, complement) {
    const current = currentText(source, complement);
    if (current !== undefined) return current;
    const kept = complement && open(complement.text);
    if (kept?.ok) return splice(kept, source);
    return encodeText(
      sorted(source)
        .map((node) => printBlock(node, '\n'))
        .join('\n'),
      false,
    );
  },

  validate(bytes) {
    const opened = open(bytes);
    return opened.ok ? [] : opened.diagnostics;
  },

  put: (bytes, base, options = {}) => put(bytes, base, options),

  create(bytes) {
    const opened = open(bytes);
    if (!opened.ok) return opened;
    const nodes = opened.blocks.map(newNode);
    const problems = opened.blocks.flatMap((block) => checkKey(block.id, block.start));
    if (problems.length > 0) return refused(...problems.map((problem) => opened.decoded.positions.diagnostic(problem)));
    return { ok: true, source: branch('', nodes), warnings: [] };
  },
};
