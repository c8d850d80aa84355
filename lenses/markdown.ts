/**
 * Markdown with front matter: a map of `front`, what the YAML between the fences says, and `body`, the rest as it is.
 *
 *     ---
 *     title: x
 *     ---
 *     # x
 *
 * The fences are lines `---` (the second may be `...`); the first is the first line. A text without them has a `body`
 * alone. The body is kept byte for byte; the front is the YAML lens, with its comments and layout.
 *
 * Caveats: a body that begins with a line `---` needs a front, if an empty one. A first line `---` without a second
 * fence is an error, as it may be front matter that was cut off.
 */
import { YAML_BYTES_MAX } from '../src/limits.ts';
import type { Value } from '../src/uarr/value.ts';
import { type Problem, ProblemError } from './diagnostics.ts';
import { type DocumentFormat, documentLens, type Parsed, type SyntaxMember, type SyntaxNode } from './document.ts';
import type { FieldEdit } from './edits.ts';
import { canonicalJson } from './json.ts';
import type { Equivalence, Lens } from './lens.ts';
import { type Replacement, replaceAll } from './replacements.ts';
import { yamlFormat } from './yaml.ts';
import type { YamlNode } from './yaml-parse.ts';

interface MarkdownNode extends SyntaxNode {
  /** The tree of the front, with places in its own text, which starts at `frontStart`. */
  readonly front?: YamlNode;
  readonly frontStart: number;
  readonly frontEnd: number;
  readonly bodyStart: number;
}

const FENCES = /^---[ \t]*\r?\n([\s\S]*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|$(?![\s\S]))/m;
const FIRST = /^---[ \t]*(?:\r?\n|$(?![\s\S]))/;

function parse(text: string): Parsed<MarkdownNode> {
  const match = FIRST.test(text) ? FENCES.exec(text) : null;
  if (match === null) {
    if (FIRST.test(text))
      throw new ProblemError(0, 'front-matter', 'the front matter does not end: a line --- is missing');
    return { root: assemble(text, 0, 0, 0, undefined), problems: [] };
  }
  const frontStart = text.indexOf('\n') + 1;
  const front = match[1] as string;
  try {
    const { root, problems } = yamlFormat.parse(front);
    const moved = problems.map((problem): Problem => ({ ...problem, index: problem.index + frontStart }));
    return { root: assemble(text, frontStart, frontStart + front.length, match[0].length, root), problems: moved };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { index, code, message } = error.problem;
    throw new ProblemError(index + frontStart, code, message);
  }
}

function assemble(
  text: string,
  frontStart: number,
  frontEnd: number,
  bodyStart: number,
  front: YamlNode | undefined,
): MarkdownNode {
  const body = { start: bodyStart, end: text.length, value: text.slice(bodyStart) };
  const members: SyntaxMember[] = [{ step: 'body', start: bodyStart, end: text.length, keyEnd: bodyStart, node: body }];
  const value = new Map<string, Value>([['body', body.value]]);
  if (front !== undefined) {
    const node = moved(front, frontStart);
    members.unshift({ step: 'front', start: frontStart, end: frontEnd, keyEnd: frontStart, node });
    value.set('front', front.value);
  }
  return { start: 0, end: text.length, value, members, frontStart, frontEnd, bodyStart, ...(front && { front }) };
}

/** A tree with its places in the whole text. */
function moved(node: SyntaxNode, by: number): SyntaxNode {
  const members = (list: readonly SyntaxMember[]): SyntaxMember[] =>
    list.map(({ step, start, end, keyEnd, node: child }) => ({
      step,
      start: start + by,
      end: end + by,
      keyEnd: keyEnd + by,
      node: moved(child, by),
    }));
  return {
    start: node.start + by,
    end: node.end + by,
    value: node.value,
    ...(node.members && { members: members(node.members) }),
    ...(node.inherited && { inherited: members(node.inherited) }),
  };
}

function print(value: Value): string {
  const map = value as ReadonlyMap<string, Value>;
  const body = (map.get('body') ?? '') as string;
  return map.has('front') ? `---\n${printFront(map.get('front'))}---\n${body}` : body;
}

function printFront(front: Value): string {
  return front === null || front === undefined ? '' : yamlFormat.print(front);
}

function splice(
  text: string,
  tree: MarkdownNode,
  edits: readonly FieldEdit[],
  newline: '\n' | '\r\n',
): string | undefined {
  const replacements: Replacement[] = [];
  const inFront: FieldEdit[] = [];
  for (const edit of edits) {
    const [field, ...path] = edit.path;
    if (field === 'body' && edit.op === 'set')
      replacements.push({ start: tree.bodyStart, end: text.length, text: edit.value as string });
    else if (field === 'front' && path.length === 0 && edit.op === 'unset')
      replacements.push({ start: 0, end: tree.bodyStart, text: '' });
    else if (field === 'front' && path.length === 0 && edit.op === 'set' && tree.front === undefined) {
      const front = printFront(edit.value).replaceAll('\n', newline);
      replacements.push({ start: 0, end: 0, text: `---${newline}${front}---${newline}` });
    } else if (field === 'front') inFront.push({ ...edit, path });
    else return undefined;
  }
  if (inFront.length > 0) {
    if (tree.front === undefined) return undefined;
    const front = yamlFormat.splice(text.slice(tree.frontStart, tree.frontEnd), tree.front, inFront, newline);
    if (front === undefined) return undefined;
    const ended = front === '' || front.endsWith('\n') ? front : front + newline;
    replacements.push({ start: tree.frontStart, end: tree.frontEnd, text: ended });
  }
  return replaceAll(text, replacements);
}

function refuses(value: Value): string | undefined {
  if (!(value instanceof Map)) return 'it is no map of front and body';
  for (const key of value.keys())
    if (key !== 'front' && key !== 'body') return `the field ${JSON.stringify(key)} is neither front nor body`;
  const body = value.get('body');
  if (typeof body !== 'string') return 'its body is no text';
  if (!(body as unknown as { isWellFormed(): boolean }).isWellFormed())
    return 'its body has a lone surrogate, which no UTF-8 text can hold';
  if (!value.has('front')) {
    if (FIRST.test(body)) return 'its body begins with a line ---, which reads as front matter: set front to null';
    return body.startsWith('\ufeff') ? 'its body begins with a byte order mark' : undefined;
  }
  return yamlFormat.refuses(value.get('front'));
}

function canonize(text: string): string {
  try {
    const { root, problems } = parse(text.replace(/^\ufeff/, ''));
    return problems.some(({ severity }) => severity !== 'warning') ? text : canonicalJson(root.value);
  } catch {
    return text;
  }
}

const EQUIVALENCES: readonly Equivalence[] = [
  { name: 'bom', meaning: 'a byte order mark', canonize: (text) => text.replace(/^\ufeff/, '') },
  { name: 'front', meaning: 'in the front what is equal in YAML, and white space behind the fences', canonize },
];

const { show, restore } = yamlFormat;

export const markdown: Lens = documentLens({
  name: 'markdown',
  version: 1,
  extensions: ['.md', '.markdown'],
  mediaType: 'text/markdown',
  equivalences: EQUIVALENCES,
  bytesMax: YAML_BYTES_MAX,
  show,
  restore,
  refuses,
  parse,
  print,
  splice,
} satisfies DocumentFormat<MarkdownNode>);
