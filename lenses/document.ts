/**
 * Lenses over one value that a text in some document format shows: JSON, YAML, TOML and the like.
 *
 * A format parses a text to a tree of values with their places, prints a value canonically, and changes a
 * text in place. Everything else is here, once: `put` is the difference of the node's value and the text's;
 * `get` with a complement is the difference of the kept text's value and the node's, spliced into that text,
 * parsed again and compared; when that does not give the value, the canonical text.
 */
import { equal, type Value } from '../src/uarr/value.ts';
import { type Decoded, decodeText, encodeText, newlineOf } from './decode.ts';
import { type Diagnostic, type Problem, ProblemError } from './diagnostics.ts';
import { diffValues, type Typing } from './diff-values.ts';
import type { FieldEdit, FieldPath, Handle } from './edits.ts';
import type { Complement, Equivalence, Lens, ReadResult, Refused } from './lens.ts';
import { refused } from './lens.ts';
import { hashSource, leaf, type SourceNode } from './source.ts';

/** A value in a text and where it stands, in UTF-16 units. */
export interface SyntaxNode {
  readonly start: number;
  readonly end: number;
  readonly value: Value;
  /** Of a map or array: its members in the order of the text. */
  readonly members?: readonly SyntaxMember[];
  /** Members that the value has and this text has elsewhere (YAML's merge keys): to set one, a member is added. */
  readonly inherited?: readonly SyntaxMember[];
}

export interface SyntaxMember {
  /** Key in a map, index in an array. */
  readonly step: string | number;
  /** The whole member: from its key, or its value in an array, to the end of its value. */
  readonly start: number;
  readonly end: number;
  readonly keyEnd: number;
  readonly node: SyntaxNode;
}

export interface Parsed<Tree extends SyntaxNode = SyntaxNode> {
  readonly root: Tree;
  readonly problems: readonly Problem[];
}

export interface DocumentFormat<Tree extends SyntaxNode = SyntaxNode> extends Typing {
  readonly name: string;
  readonly version: number;
  readonly extensions: readonly string[];
  readonly mediaType: string;
  readonly equivalences: readonly Equivalence[];
  readonly bytesMax?: number;
  /** Why it cannot show a value; undefined when it can. */
  refuses(value: Value): string | undefined;
  /** The tree, and problems by their places: with an error among them the tree does not count. May throw ProblemError. */
  parse(text: string): Parsed<Tree>;
  /** The canonical text of a value, with its last newline. */
  print(value: Value): string;
  /**
   * The text with the edits made in place (paths as in the tree), or undefined where it cannot. What it gives
   * is parsed again and compared, so it may be wrong, but not slow.
   */
  splice(text: string, tree: Tree, edits: readonly FieldEdit[], newline: '\n' | '\r\n'): string | undefined;
}

/** Id under which the fields of a text's own value are edited. */
const TEXT: Handle = 'text';

type Opened<Tree extends SyntaxNode> =
  | { ok: true; decoded: Decoded; tree: Tree; warnings: readonly Diagnostic[] }
  | Refused;

/** Problems told of one text: errors before warnings. */
const PROBLEMS_MAX = 20;
const severityOf = ({ severity = 'error' }: Problem): number => (severity === 'error' ? 0 : 1);

export function openDocument<Tree extends SyntaxNode>(format: DocumentFormat<Tree>, bytes: Uint8Array): Opened<Tree> {
  const decoded = decodeText(bytes, format.bytesMax);
  if ('severity' in decoded) return refused(decoded);
  const { text, positions } = decoded;
  let parsed: Parsed<Tree>;
  try {
    parsed = format.parse(text);
  } catch (error) {
    // A parser's own fault, such as a stack that overflows, is a text that it cannot take.
    const why = (error as Error).message.split('\n')[0];
    const problem = { index: 0, code: 'unreadable', message: `the text cannot be read as ${format.name}: ${why}` };
    return refused(positions.diagnostic(error instanceof ProblemError ? error.problem : problem));
  }
  const found = [...parsed.problems].sort((a, b) => severityOf(a) - severityOf(b) || a.index - b.index);
  const told = found.slice(0, PROBLEMS_MAX).sort((a, b) => a.index - b.index);
  const diagnostics = told.map((problem) => positions.diagnostic(problem));
  if (diagnostics.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics };
  return { ok: true, decoded, tree: parsed.root, warnings: diagnostics };
}

/** The bytes that show `value`: the complement's text with what differs spliced in, or the canonical text. */
export function renderDocument<Tree extends SyntaxNode>(
  format: DocumentFormat<Tree>,
  value: Value,
  kept: Uint8Array | undefined,
): Uint8Array {
  const spliced = kept && spliceDocument(format, value, kept);
  return spliced ?? encodeText(format.print(value), false);
}

/** Rounds of splicing: what one text says in two places (YAML's aliases) changes in the second. */
const ROUNDS_MAX = 4;

function spliceDocument<Tree extends SyntaxNode>(
  format: DocumentFormat<Tree>,
  value: Value,
  kept: Uint8Array,
): Uint8Array | undefined {
  const shown = format.show(value);
  let bytes = kept;
  for (let round = 0; round <= ROUNDS_MAX; round++) {
    const opened = openDocument(format, bytes);
    if (!opened.ok) return undefined;
    const { decoded, tree } = opened;
    const edits = diffValues(tree.value, asSaid(shown, value, tree.value, format), TEXT);
    if (edits.length === 0) return bytes;
    const text = format.splice(decoded.text, tree, edits, newlineOf(decoded.text));
    if (text === undefined || text === decoded.text) return undefined;
    bytes = encodeText(text, decoded.bom);
  }
  return undefined;
}

/** What the text is to say: a field that it already says in another spelling stays as the text has it. */
function asSaid(shown: Value, value: Value, said: Value, typing: Typing): Value {
  if (shown instanceof Map && value instanceof Map && said instanceof Map) {
    return new Map(
      Array.from(shown, ([key, item]) => [key, asSaid(item, value.get(key), said.get(key), typing)] as const),
    );
  }
  if (Array.isArray(shown) && Array.isArray(value) && Array.isArray(said) && said.length === shown.length) {
    return shown.map((item, i) => asSaid(item, value[i], said[i], typing));
  }
  return said !== undefined && !equal(shown, said, true) && equal(typing.restore(said, value), value, true)
    ? said
    : shown;
}

/** A place in the tree: the member at the path, or the nearest above it that is there. */
export function memberAt(
  tree: SyntaxNode,
  path: FieldPath,
): { node: SyntaxNode; member?: SyntaxMember; found: boolean } {
  let node = tree;
  let member: SyntaxMember | undefined;
  for (const step of path) {
    const next = [...(node.members ?? []), ...(node.inherited ?? [])].find((candidate) => candidate.step === step);
    if (next === undefined) return { node, ...(member && { member }), found: false };
    member = next;
    node = next.node;
  }
  return { node, ...(member && { member }), found: true };
}

export function readDocument(format: DocumentFormat, bytes: Uint8Array): ReadResult {
  const opened = openDocument(format, bytes);
  if (!opened.ok) return opened;
  const { decoded, tree, warnings } = opened;
  return {
    ok: true,
    warnings,
    value: tree.value,
    locate(path, part = 'value') {
      const { node, member, found } = memberAt(tree, path);
      return decoded.positions.at(part === 'key' && found && member ? member.start : node.start);
    },
  };
}

/** The lens of scope `value` over a format. */
export function documentLens(format: DocumentFormat): Lens {
  const { name, version, extensions, mediaType, equivalences } = format;
  return {
    name,
    version,
    extensions,
    mediaType,
    equivalences,
    scope: 'value',
    refuses: ({ value }) => format.refuses(value),
    get(source, complement) {
      return currentText(source, complement) ?? renderDocument(format, source.value, complement?.text);
    },
    validate(bytes) {
      const opened = openDocument(format, bytes);
      return opened.ok ? opened.warnings : opened.diagnostics;
    },
    put(bytes, base) {
      const opened = openDocument(format, bytes);
      if (!opened.ok) return opened;
      const edits = diffValues(base.value, opened.tree.value, base.id as Handle, format);
      return { ok: true, edits, warnings: opened.warnings };
    },
    create(bytes) {
      const opened = openDocument(format, bytes);
      if (!opened.ok) return opened;
      return { ok: true, source: leaf('', opened.tree.value), warnings: opened.warnings };
    },
    read: (bytes) => readDocument(format, bytes),
  };
}

/** The complement's text, when it shows the source as it is. */
export function currentText(source: SourceNode, complement: Complement | undefined): Uint8Array | undefined {
  return complement !== undefined && complement.hash === hashSource(source) ? complement.text : undefined;
}
