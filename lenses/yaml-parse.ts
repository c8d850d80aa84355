/**
 * YAML texts as trees of values with places. The `yaml` package finds tokens and places; values are made here, so
 * that integers are exact, duplicate keys are found, and aliases cannot blow a small text up.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { YAML_ALIAS_NODES_MAX, YAML_DEPTH_MAX } from '../src/limits.ts';
import type { Value, ValueMap } from '../src/uarr/value.ts';
import { type Problem, ProblemError } from './diagnostics.ts';
import type { Parsed, SyntaxMember, SyntaxNode } from './document.ts';
import { checkYamlDepth } from './yaml-depth.ts';
import { floatOf, integerOf, resolvePlain } from './yaml-scalars.ts';

export type YamlKind = 'scalar' | 'alias' | 'block' | 'flow' | 'pair' | 'stream';

export interface YamlNode extends SyntaxNode {
  readonly kind: YamlKind;
  /** Of a scalar: PLAIN, QUOTE_SINGLE and so on, as the package names them. */
  readonly style?: string | undefined;
  /** Start of a tag of YAML's own before it, which would turn another value into its type. */
  readonly tagStart?: number | undefined;
  readonly members?: readonly YamlMember[];
  /** Nodes in it, itself and what aliases bring in included; and its depth. */
  readonly count: number;
  readonly depth: number;
}

export interface YamlMember extends SyntaxMember {
  readonly node: YamlNode;
  /** Index after the colon or dash before its value; -1 when there is none. */
  readonly valueFrom: number;
  /** Of a list in brackets: index of the comma after it, -1 without. */
  readonly comma: number;
  /** Written with `?`. */
  readonly explicit: boolean;
  readonly inFlow: boolean;
}

interface Token {
  readonly type: string;
  readonly offset: number;
  readonly source: string;
}
interface ItemToken {
  readonly start: readonly Token[];
  readonly sep?: readonly Token[];
}

/** Step of a merge key, which is no field: no key of a map is a number. */
const MERGE_STEP = -1;
const PROBLEMS_MAX = 20;
const OPTIONS = {
  schema: 'failsafe',
  version: '1.2',
  keepSourceTokens: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** The tree of a text. Codes: `syntax`, `depth`, `duplicate-key`, `number-range`, `alias`, `key`, `tag`, `merge`. */
export function parseYaml(text: string): Parsed<YamlNode> {
  const control = text.search(/[\x00-\x08\x0b\x0c\x0e-\x1f]/);
  if (control >= 0) throw new ProblemError(control, 'syntax', 'a control character must be escaped, in double quotes');
  checkYamlDepth(text, YAML_DEPTH_MAX);
  const documents = readDocuments(text);
  const problems: Problem[] = [];
  for (const { errors } of documents) {
    for (const { pos, message } of errors) problems.push({ index: pos[0], code: 'syntax', message: oneLine(message) });
  }
  if (problems.length > 0) return { root: emptyNode(0), problems: problems.slice(0, PROBLEMS_MAX) };
  const roots = documents.map((document) => new Converter(text, problems).document(document));
  if (roots.length <= 1) return { root: roots[0] ?? emptyNode(text.length), problems };
  const members = roots.map((node, step): YamlMember => {
    const [start, end] = (documents[step] as Document.Parsed).range;
    return { step, start, end, keyEnd: start, node, valueFrom: start, comma: -1, explicit: false, inFlow: false };
  });
  return {
    root: collection(
      'stream',
      0,
      text.length,
      roots.map(({ value }) => value),
      members,
    ),
    problems,
  };
}

/** A text can have an error at each character: none of them needs a stack. */
function readDocuments(text: string): Document.Parsed[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return parseAllDocuments(text, OPTIONS) as Document.Parsed[];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, ' ').slice(0, 300);
}

function emptyNode(at: number): YamlNode {
  return { kind: 'scalar', start: at, end: at, value: null, count: 1, depth: 0 };
}

function collection(
  kind: YamlKind,
  start: number,
  end: number,
  value: Value,
  members: readonly YamlMember[],
  inherited: readonly YamlMember[] = [],
): YamlNode {
  let count = 1;
  let depth = 0;
  for (const { node } of [...members, ...inherited]) {
    count += node.count;
    depth = Math.max(depth, node.depth);
  }
  return { kind, start, end, value, members, inherited, count, depth: depth + 1 };
}

/** Makes the tree of one document. */
class Converter {
  readonly #text: string;
  readonly #problems: Problem[];
  readonly #anchors = new Map<string, YamlNode | null>();
  #aliasNodes = 0;

  constructor(text: string, problems: Problem[]) {
    this.#text = text;
    this.#problems = problems;
  }

  document(document: Document.Parsed): YamlNode {
    const { contents, range } = document;
    if (contents === null) return emptyNode(range[1]);
    const start = (contents as Node).range?.[0] ?? range[1];
    const comment = document.warnings[0];
    if (comment !== undefined) this.#warn(start, oneLine(comment.message));
    return this.#node(contents, []);
  }

  #warn(index: number, message: string): void {
    this.#problems.push({
      index,
      code: 'tag',
      severity: 'warning',
      message: `${message}: it is kept in the text only`,
    });
  }

  #node(node: Node | null, properties: readonly Token[]): YamlNode {
    if (node === null) throw new ProblemError(0, 'syntax', 'a node is missing');
    if (isAlias(node)) return this.#alias(node);
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) this.#anchors.set(anchor, null);
    const made = isScalar(node) ? this.#scalar(node, properties) : this.#collection(node as YAMLMap | YAMLSeq);
    if (anchor !== undefined) this.#anchors.set(anchor, made);
    return made;
  }

  #alias(node: Alias): YamlNode {
    const [start, end] = node.range as [number, number, number];
    const target = this.#anchors.get(node.source);
    if (target === undefined)
      throw new ProblemError(start, 'alias', `no anchor &${node.source} stands before this alias`);
    if (target === null) throw new ProblemError(start, 'alias', `the alias *${node.source} is inside what it names`);
    this.#aliasNodes += target.count;
    if (this.#aliasNodes > YAML_ALIAS_NODES_MAX) {
      throw new ProblemError(start, 'alias', `aliases stand for more than ${YAML_ALIAS_NODES_MAX} nodes`);
    }
    return { kind: 'alias', start, end, value: target.value, count: target.count, depth: target.depth };
  }

  #scalar(node: Scalar, properties: readonly Token[]): YamlNode {
    const [start, end] = node.range as [number, number, number];
    const tag = node.tag;
    const core = tag?.startsWith('tag:yaml.org,2002:') ? tag.slice(18) : undefined;
    const style = node.type as string | undefined;
    const tagStart = core === undefined ? undefined : properties.find(({ type }) => type === 'tag')?.offset;
    const source = node.source ?? String(node.value);
    const value = core === undefined ? this.#untagged(style, source, tag, start) : tagged(core, source, start);
    return { kind: 'scalar', start, end, value, style, tagStart, count: 1, depth: 0 };
  }

  #untagged(style: string | undefined, source: string, tag: string | undefined, start: number): Value {
    return style === 'PLAIN' && tag !== '!' ? resolvePlain(source, start) : source;
  }

  #collection(node: YAMLMap | YAMLSeq): YamlNode {
    const made = isSeq(node) ? this.#sequence(node) : this.#map(node);
    if (made.depth > YAML_DEPTH_MAX)
      throw new ProblemError(made.start, 'depth', `nested deeper than ${YAML_DEPTH_MAX} levels`);
    return made;
  }

  #sequence(node: YAMLSeq): YamlNode {
    const [start, flowEnd] = node.range as [number, number, number];
    const inFlow = node.flow === true;
    const tokens = (node.srcToken as { items?: readonly ItemToken[] } | undefined)?.items ?? [];
    const members = (node.items as (Node | Pair)[]).map((item, step): YamlMember => {
      const before = tokens[step]?.start ?? [];
      const child = isPair(item) ? this.#pairs([item], inFlow) : this.#node(item, before);
      const dash = before.find(({ type }) => type === 'seq-item-ind')?.offset;
      const from = dash ?? propertiesStart(before, child.start);
      const valueFrom = dash === undefined ? -1 : dash + 1;
      const end = Math.max(child.end, valueFrom);
      const comma = inFlow ? commaAfter(this.#text, end) : -1;
      return { step, start: from, end, keyEnd: from, node: child, valueFrom, comma, explicit: false, inFlow };
    });
    const end = inFlow ? flowEnd : (members.at(-1)?.end ?? flowEnd);
    return collection(
      inFlow ? 'flow' : 'block',
      start,
      end,
      members.map((member) => member.node.value),
      members,
    );
  }

  #map(node: YAMLMap): YamlNode {
    const [start, flowEnd] = node.range as [number, number, number];
    const inFlow = node.flow === true;
    const made = this.#pairs(node.items as Pair[], inFlow);
    if (!inFlow) return { ...made, start };
    // A map without braces, [key: value], has no place for another member.
    const kind = this.#text[start] === '{' ? 'flow' : 'pair';
    return { ...made, kind, start, end: flowEnd };
  }

  #pairs(items: readonly Pair[], inFlow: boolean): YamlNode {
    const members: YamlMember[] = [];
    const merges: [YamlMember, number][] = [];
    const own = new Set<string>();
    for (const pair of items) {
      const member = this.#member(pair, inFlow);
      if (member.step === MERGE_STEP) merges.push([member, members.length]);
      else if (own.has(member.step as string)) {
        this.#problems.push({
          index: member.start,
          code: 'duplicate-key',
          message: `the key ${JSON.stringify(member.step)} is there already`,
        });
        continue;
      }
      if (member.step !== MERGE_STEP) own.add(member.step as string);
      members.push(member);
    }
    const inherited: YamlMember[] = [];
    const value: ValueMap = new Map();
    for (const member of members) {
      if (member.step !== MERGE_STEP) value.set(member.step as string, member.node.value);
      else
        for (const [key, item] of this.#merged(member)) {
          if (own.has(key) || value.has(key)) continue;
          value.set(key, item);
          inherited.push({
            ...member,
            step: key,
            node: { ...member.node, kind: 'alias', value: item, count: 0, depth: 0 },
          });
        }
    }
    const start = members[0]?.start ?? 0;
    const end = members.at(-1)?.end ?? start;
    return collection(inFlow ? 'pair' : 'block', start, end, value, members, inherited);
  }

  *#merged({ node }: YamlMember): Generator<[string, Value]> {
    for (const source of Array.isArray(node.value) ? node.value : [node.value]) {
      if (!(source instanceof Map))
        throw new ProblemError(node.start, 'merge', 'a merge key << needs a map, or a list of maps');
      yield* source;
    }
  }

  #member(pair: Pair, inFlow: boolean): YamlMember {
    const token = (pair as { srcToken?: ItemToken }).srcToken;
    const before = token?.start ?? [];
    const separator = token?.sep ?? [];
    const question = before.find(({ type }) => type === 'explicit-key-ind')?.offset;
    const colon = separator.find(({ type }) => type === 'map-value-ind')?.offset;
    const key = pair.key as Node | null;
    const keyRange = (key as Node | null)?.range as [number, number, number] | undefined;
    const at = question ?? keyRange?.[0] ?? colon ?? 0;
    if (key === null || !isScalar(key))
      throw new ProblemError(at, 'key', 'a key must be a text, a number or another scalar');
    const keyText = key.source ?? String(key.value);
    if (key.type === 'PLAIN' && keyText === '') throw new ProblemError(at, 'key', 'a key is missing before the colon');
    const merge = key.type === 'PLAIN' && keyText === '<<' && key.tag === undefined;
    if (key.anchor !== undefined) this.#anchors.set(key.anchor, { ...emptyNode(at), value: keyText });
    const keyEnd = (keyRange as [number, number, number])[1];
    const valueFrom = colon === undefined ? -1 : colon + 1;
    const child =
      pair.value === null ? emptyNode(valueFrom < 0 ? keyEnd : valueFrom) : this.#node(pair.value as Node, separator);
    const start = question ?? propertiesStart(before, (keyRange as [number, number, number])[0]);
    const end = Math.max(child.end, keyEnd, valueFrom);
    const comma = inFlow ? commaAfter(this.#text, end) : -1;
    return {
      step: merge ? MERGE_STEP : keyText,
      start,
      end,
      keyEnd,
      node: child,
      valueFrom,
      comma,
      explicit: question !== undefined,
      inFlow,
    };
  }
}

/** Start of anchors and tags before something, when there are some. */
function propertiesStart(tokens: readonly Token[], start: number): number {
  return tokens.find(({ type }) => type === 'anchor' || type === 'tag')?.offset ?? start;
}

function tagged(core: string, source: string, index: number): Value {
  switch (core) {
    case 'str':
      return source;
    case 'null':
      return null;
    case 'int':
      if (/^(?:[-+]?\d+|0o[0-7]+|0x[0-9a-fA-F]+)$/.test(source)) return integerOf(source, index);
      break;
    case 'float': {
      const value = resolvePlain(source, index);
      if (typeof value === 'number' || typeof value === 'bigint')
        return typeof value === 'bigint' ? floatOf(source, index) : value;
      break;
    }
    case 'bool': {
      const value = resolvePlain(source, index);
      if (typeof value === 'boolean') return value;
      break;
    }
    case 'binary':
      return binary(source, index);
    default:
      return source;
  }
  throw new ProblemError(index, 'tag', `${JSON.stringify(source.slice(0, 40))} is no !!${core}`);
}

function binary(source: string, index: number): Value {
  const text = source.replace(/\s+/g, '');
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') === text) return new Uint8Array(bytes);
  throw new ProblemError(index, 'tag', 'this is no base64 text, which !!binary needs');
}

/** Index of the comma after `from`, past white space and comments; -1 when something else is there. */
function commaAfter(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const char = text[i] as string;
    if (char === ',') return i;
    if (char === '#' && /\s/.test(text[i - 1] ?? '')) i = (text.indexOf('\n', i) + text.length) % text.length;
    else if (!/\s/.test(char)) return -1;
  }
  return -1;
}
