/**
 * TOML texts as trees of values with places. `toml-eslint-parser` finds places; values are made here from the
 * lexemes, so that integers and times are exact.
 */
import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';
import { VALUE_DEPTH_MAX } from '../src/limits.ts';
import { I64_MAX, I64_MIN, type Value, type ValueMap } from '../src/uarr/value.ts';
import { type Problem, ProblemError } from './diagnostics.ts';
import type { Parsed, SyntaxMember, SyntaxNode } from './document.ts';
import { parseTimestamp } from './scalars.ts';

/** Where a table's own pairs stand: from its header (the start of the text for the root) to its last pair. */
export interface Section {
  readonly start: number;
  readonly end: number;
  readonly hasHeader: boolean;
}

/**
 * `value`: something behind an equals sign. `list`: an array or inline table there, with places of its members.
 * `table`: a map whose pairs stand on lines of their own. `tables`: an array of tables.
 */
export type TomlKind = 'value' | 'list' | 'table' | 'tables';

export interface TomlNode extends SyntaxNode {
  readonly kind: TomlKind;
  start: number;
  end: number;
  readonly members?: TomlMember[];
  /** Keys from the root, without indices. */
  readonly path: readonly string[];
  /** Of a table: its section; undefined when only keys with dots or tables below it make it. */
  section?: Section | undefined;
  /** Of a table made by keys with dots: those keys, as they stand in their section. */
  readonly dotted?: readonly string[] | undefined;
  readonly style?: string | undefined;
}

export interface TomlMember extends SyntaxMember {
  start: number;
  end: number;
  readonly node: TomlNode;
  /** Of a list: index of the comma after it, -1 without. */
  readonly comma: number;
}

/** The tree of a text. Codes: `syntax`, `depth`, `number-range`. */
export function parseToml(text: string): Parsed<TomlNode> {
  checkBrackets(text);
  let body: AST.TOMLTopLevelTable['body'];
  try {
    ({ body } = parseTOML(text).body[0]);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const index = error.message.includes('Unexpected invalid') ? Math.max(0, error.index - 1) : error.index;
    const duplicate = error.message.startsWith('Defining a key multiple times');
    const message = duplicate
      ? 'the key is there already'
      : error.message.replace(/^\w/, (letter) => letter.toLowerCase());
    throw new ProblemError(index, duplicate ? 'duplicate-key' : 'syntax', message);
  }
  return new Builder(text).build(body);
}

/** Refuses deep nesting before the recursive parser meets it. */
function checkBrackets(text: string): void {
  let depth = 0;
  const tokens =
    /"""(?:\\[\s\S]|(?!""")[^\\])*(?:"""|$)|'''(?:(?!''')[\s\S])*(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?|#.*|[[\]{}]/g;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > VALUE_DEPTH_MAX) throw new ProblemError(index, 'depth', `nested deeper than ${VALUE_DEPTH_MAX} levels`);
  }
}

function keyNames(key: AST.TOMLKey): string[] {
  return key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value));
}

function newTable(path: readonly string[], start: number, dotted?: readonly string[]): TomlNode {
  return { kind: 'table', start, end: start, value: new Map(), members: [], path, dotted };
}

class Builder {
  readonly #text: string;
  readonly #problems: Problem[] = [];
  readonly #root = newTable([], 0);

  constructor(text: string) {
    this.#text = text;
  }

  build(body: AST.TOMLTopLevelTable['body']): Parsed<TomlNode> {
    let end = 0;
    for (const item of body) {
      if (item.type === 'TOMLTable') this.#table(item);
      else {
        this.#pair(this.#root, item, []);
        end = item.range[1];
      }
    }
    this.#root.section = { start: 0, end, hasHeader: false };
    this.#root.end = this.#text.length;
    return { root: this.#root, problems: this.#problems };
  }

  #table(item: AST.TOMLTable): void {
    const names = keyNames(item.key);
    let table = this.#root;
    for (const [i, name] of names.slice(0, -1).entries())
      table = this.#below(table, name, item.key.keys[i]?.range[0] ?? 0);
    const last = names.at(-1) as string;
    const [start, end] = item.range;
    const at = item.key.keys.at(-1)?.range as [number, number];
    if (item.kind === 'standard') table = this.#below(table, last, at[0]);
    else {
      const known = memberOf(table, last);
      const list: TomlNode = known?.node ?? {
        kind: 'tables',
        start,
        end,
        value: [],
        members: [],
        path: [...table.path, last],
      };
      if (known === undefined) this.#add(table, last, list, at[0], at[1], at[1]);
      table = newTable(list.path, start);
      const step = (list.value as Value[]).push(table.value) - 1;
      list.members?.push({ step, start, end, keyEnd: start, node: table, comma: -1 });
      list.end = end;
    }
    table.section = { start, end, hasHeader: true };
    table.start = start;
    table.end = end;
    for (const pair of item.body) this.#pair(table, pair, []);
  }

  /** The table under a key, made when it is not there; of an array of tables the last. */
  #below(table: TomlNode, name: string, at: number, dotted?: readonly string[]): TomlNode {
    const known = memberOf(table, name)?.node;
    if (known !== undefined) return known.kind === 'tables' ? (known.members?.at(-1)?.node as TomlNode) : known;
    if (table.path.length >= VALUE_DEPTH_MAX)
      throw new ProblemError(at, 'depth', `nested deeper than ${VALUE_DEPTH_MAX} levels`);
    const made = newTable([...table.path, name], at, dotted);
    this.#add(table, name, made, at, at, at);
    return made;
  }

  #add(table: TomlNode, step: string, node: TomlNode, start: number, keyEnd: number, end: number): void {
    (table.value as ValueMap).set(step, node.value);
    table.members?.push({ step, start, end, keyEnd, node, comma: -1 });
  }

  #pair(into: TomlNode, pair: AST.TOMLKeyValue, dots: readonly string[]): void {
    const names = keyNames(pair.key);
    let table = into;
    let dotted = dots;
    for (const [i, name] of names.slice(0, -1).entries()) {
      dotted = [...dotted, name];
      table = this.#below(table, name, pair.key.keys[i]?.range[0] ?? 0, dotted);
    }
    const [start, end] = pair.range;
    table.end = Math.max(table.end, end);
    const node = this.#content(pair.value, [...table.path, names.at(-1) as string], table.path.length + 1);
    this.#add(table, names.at(-1) as string, node, start, pair.key.range[1], end);
  }

  #content(content: AST.TOMLContentNode, path: readonly string[], depth: number): TomlNode {
    const [start, end] = content.range;
    if (depth > VALUE_DEPTH_MAX) throw new ProblemError(start, 'depth', `nested deeper than ${VALUE_DEPTH_MAX} levels`);
    if (content.type === 'TOMLValue') {
      const style = content.kind === 'string' ? `${content.style}${content.multiline ? ' lines' : ''}` : content.kind;
      return { kind: 'value', start, end, value: this.#scalar(content), path, style };
    }
    if (content.type === 'TOMLInlineTable') return this.#inlineTable(content, path, depth);
    const members = content.elements.map((element, step): TomlMember => {
      const node = this.#content(element, path, depth + 1);
      return {
        step,
        start: node.start,
        end: node.end,
        keyEnd: node.start,
        node,
        comma: commaAfter(this.#text, node.end),
      };
    });
    return { kind: 'list', start, end, value: members.map(({ node }) => node.value), members, path };
  }

  #inlineTable(content: AST.TOMLInlineTable, path: readonly string[], depth: number): TomlNode {
    const [start, end] = content.range;
    const scratch = newTable(path, start);
    for (const pair of content.body) this.#pair(scratch, pair, []);
    if (depth + 1 > VALUE_DEPTH_MAX)
      throw new ProblemError(start, 'depth', `nested deeper than ${VALUE_DEPTH_MAX} levels`);
    // Keys with dots have no place of their own for each map: such a table is changed as a whole.
    if (content.body.some(({ key }) => key.keys.length > 1))
      return { kind: 'value', start, end, value: scratch.value, path };
    const members = scratch.members?.map((member) => ({ ...member, comma: commaAfter(this.#text, member.end) })) ?? [];
    return { kind: 'list', start, end, value: scratch.value, members, path };
  }

  #scalar(content: AST.TOMLValue): Value {
    const [start, end] = content.range;
    switch (content.kind) {
      case 'integer': {
        const { bigint } = content;
        if (bigint >= I64_MIN && bigint <= I64_MAX) return bigint;
        this.#problems.push({
          index: start,
          code: 'number-range',
          message: 'the integer does not fit 64 bits: write it in quotes to keep it as text',
        });
        return 0n;
      }
      case 'float': {
        const lexeme = this.#text.slice(start, end);
        if (Number.isFinite(content.value) || /(?:inf|nan)$/.test(lexeme)) return content.value;
        this.#problems.push({
          index: start,
          code: 'number-range',
          message: 'the number does not fit a 64-bit float: write it in quotes to keep it as text',
        });
        return 0;
      }
      case 'offset-date-time': {
        const parsed = parseTimestamp(content.datetime);
        return parsed.ok ? parsed.value : content.datetime;
      }
      case 'local-date-time':
      case 'local-date':
      case 'local-time':
        return content.datetime;
      default:
        return content.value;
    }
  }
}

function memberOf(table: TomlNode, step: string): TomlMember | undefined {
  return (table.value as ValueMap).has(step) ? table.members?.find((member) => member.step === step) : undefined;
}

/** Index of the comma after `from`, past white space and comments; -1 when something else is there. */
function commaAfter(text: string, from: number): number {
  const match = /(?:\s|#.*)*,/y;
  match.lastIndex = from;
  return match.test(text) ? match.lastIndex - 1 : -1;
}
