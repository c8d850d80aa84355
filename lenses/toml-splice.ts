/**
 * Changes of TOML texts in place: pairs come and go as lines, tables as sections; the rest stays.
 */
import type { Value } from '../src/uarr/value.ts';
import { type CommaListStyle, changeCommaList } from './comma-list.ts';
import type { FieldEdit } from './edits.ts';
import { lineEnd, lineStart, nextLine, type Replacement, replaceAll } from './replacements.ts';
import { type ContainerChange, printers, sortEdits } from './splice-lists.ts';
import type { TomlMember, TomlNode } from './toml-parse.ts';
import {
  isSection,
  printInlineToml,
  printKey,
  printPath,
  printTomlValue,
  sectionLines,
  tableLines,
} from './toml-print.ts';

/** The text with the edits made, or undefined where it cannot. */
export function spliceToml(
  text: string,
  tree: TomlNode,
  edits: readonly FieldEdit[],
  newline: string,
): string | undefined {
  const change = sortEdits(tree, edits);
  if (change === undefined || change.root !== undefined) return undefined;
  const splicer = new Splicer(text, newline, tree);
  for (const { member, value } of change.replaced) splicer.replace(member as TomlMember, value);
  for (const container of change.containers.values()) splicer.changeContainer(container);
  return splicer.finish();
}

const LOCAL_TIME = /^(?:\d{4}-\d\d-\d\d)?(?:[Tt ]?\d\d:\d\d:\d\d(?:\.\d+)?)?$/;

class Splicer {
  readonly #text: string;
  readonly #newline: string;
  readonly #root: TomlNode;
  readonly #replacements: Replacement[] = [];

  constructor(text: string, newline: string, root: TomlNode) {
    this.#text = text;
    this.#newline = newline;
    this.#root = root;
  }

  finish(): string | undefined {
    return replaceAll(this.#text, this.#replacements);
  }

  #put(start: number, end: number, text: string): void {
    this.#replacements.push({ start, end, text });
  }

  replace(member: TomlMember, value: Value): void {
    const { node } = member;
    if (node.kind === 'value' || node.kind === 'list') {
      this.#put(node.start, node.end, printLike(node, value, this.#newline));
      return;
    }
    // A table becomes something else: its lines go, and the new thing comes under the same key.
    const parent = this.#parentOf(this.#root, member);
    this.#remove(member);
    if (parent !== undefined) this.#insertKey(parent, String(member.step), value, new Set([member]));
  }

  #parentOf(node: TomlNode, member: TomlMember): TomlNode | undefined {
    if (node.members?.includes(member)) return node;
    for (const { node: child } of node.members ?? []) {
      const found = this.#parentOf(child, member);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  changeContainer(change: ContainerChange): void {
    const node = change.node as TomlNode;
    const members = node.members ?? [];
    if (node.kind === 'list') return this.#changeList(change, node);
    if (node.kind === 'tables') return this.#changeTables(change, node);
    const gone = new Set<TomlMember>();
    for (const i of change.removed) {
      gone.add(members[i] as TomlMember);
      this.#remove(members[i] as TomlMember);
    }
    const remains = members.length > gone.size || change.inserted.size > 0;
    const implicit = node.section === undefined;
    if (!remains && implicit && change.member !== undefined) {
      const parent = this.#parentOf(this.#root, change.member as TomlMember);
      if (parent !== undefined)
        this.#insertKey(parent, String(change.member.step), new Map(), new Set([change.member as TomlMember]));
      return;
    }
    for (const fresh of change.inserted.values()) {
      for (const { key, value } of fresh) this.#insertKey(node, key as string, value, gone);
    }
  }

  #changeList(change: ContainerChange, node: TomlNode): void {
    const list = { open: node.start, close: node.end - 1, members: node.members ?? [] };
    const isTable = node.value instanceof Map;
    const inserted = printers(
      change,
      ({ key, value }) => (key === undefined ? '' : `${printKey(key)} = `) + printInlineToml(value),
    );
    const style: CommaListStyle = {
      newline: this.#newline,
      indentUnit: '  ',
      padding: isTable ? ' ' : '',
      breakEmpty: false,
      restOfLine: /^[ \t]*(?:#.*)?$/,
    };
    this.#replacements.push(...changeCommaList(this.#text, list, { removed: change.removed, inserted }, style));
  }

  #changeTables(change: ContainerChange, node: TomlNode): void {
    const members = node.members ?? [];
    if (change.removed.size === members.length) {
      const fresh = [...change.inserted.values()].flat().map(({ value }) => value);
      if (change.member !== undefined) this.replace(change.member as TomlMember, fresh);
      return;
    }
    for (const i of change.removed) this.#remove(members[i] as TomlMember);
    for (const [at, fresh] of change.inserted) {
      const lines = fresh.flatMap(({ value }) =>
        value instanceof Map ? ['', `[[${printPath(node.path)}]]`, ...tableLines(node.path, value)] : ['?'],
      );
      const previous = members[at - 1];
      if (previous !== undefined) this.#addSection(extentOf(previous.node), lines);
      else {
        const start = lineStart(this.#text, (members[0] as TomlMember).start);
        this.#put(start, start, [...lines.slice(1), '', ''].join(this.#newline));
      }
    }
  }

  /** Puts the lines of a section after the line that `end` is on. */
  #addSection(end: number, lines: readonly string[]): void {
    const at = this.#text.trim() === '' ? this.#text.length : lineEnd(this.#text, end);
    const shown = at === 0 || this.#text.slice(0, at).trim() === '' ? lines.slice(1) : lines;
    const lead = at === 0 || this.#text[at - 1] === '\n' ? '' : this.#newline;
    const ended = at < this.#text.length || lead !== '' ? '' : this.#newline;
    this.#put(at, at, lead + shown.join(this.#newline) + ended);
  }

  #remove(member: TomlMember): void {
    const { node } = member;
    if (node.kind === 'value' || node.kind === 'list') {
      this.#put(lineStart(this.#text, member.start), nextLine(this.#text, member.end), '');
      return;
    }
    if (node.section?.hasHeader) {
      let start = lineStart(this.#text, node.section.start);
      while (start > 0 && this.#text.slice(lineStart(this.#text, start - 1), start).trim() === '') {
        start = lineStart(this.#text, start - 1);
      }
      this.#put(start, nextLine(this.#text, node.section.end), '');
    }
    for (const child of node.members ?? []) this.#remove(child);
  }

  #insertKey(table: TomlNode, key: string, value: Value, gone: ReadonlySet<TomlMember>): void {
    if (isSection(value) && table.dotted === undefined) {
      this.#addSection(extentOf(table), sectionLines([...table.path, key], value));
      return;
    }
    const names = [...(table.dotted ?? []), key];
    const line = `${printPath(names)} = ${isSection(value) ? printInlineToml(value) : printTomlValue(value, this.#newline)}`;
    if (table.section === undefined && table.dotted === undefined) return this.#addHeader(table, line);
    const pairs = (table.members ?? []).filter((member) => !gone.has(member) && isPair(member));
    const last = pairs.at(-1)?.end ?? (table.dotted === undefined ? headEnd(this.#text, table) : extentOf(table));
    if (last !== undefined) {
      const at = nextLine(this.#text, last);
      const open = at === this.#text.length && !this.#text.endsWith('\n');
      this.#put(at, at, open ? this.#newline + line : line + this.#newline);
      return;
    }
    const first = firstSection(table);
    const at = first === undefined ? this.#text.length : lineStart(this.#text, first);
    const lead = at > 0 && this.#text[at - 1] !== '\n' ? this.#newline : '';
    this.#put(at, at, lead + line + this.#newline + (first === undefined ? '' : this.#newline));
  }

  /** A table that only tables below it make gets a header for its first pair. */
  #addHeader(table: TomlNode, line: string): void {
    const first = firstSection(table);
    const at = first === undefined ? this.#text.length : lineStart(this.#text, first);
    this.#put(at, at, [`[${printPath(table.path)}]`, line, '', ''].join(this.#newline));
  }
}

function isPair({ node }: TomlMember): boolean {
  return node.kind === 'value' || node.kind === 'list';
}

/** Index on the line of a table's header; undefined for the root, which has none. */
function headEnd(_text: string, { section }: TomlNode): number | undefined {
  return section?.hasHeader ? section.start : undefined;
}

/** End of the last pair or header of a table and of all below it. */
function extentOf(node: TomlNode): number {
  let end = Math.max(node.section?.end ?? 0, node.kind === 'tables' ? node.end : 0);
  for (const member of node.members ?? []) end = Math.max(end, isPair(member) ? member.end : extentOf(member.node));
  return end;
}

/** Start of the first header below a table. */
function firstSection(node: TomlNode): number | undefined {
  let first: number | undefined;
  for (const { node: child } of node.members ?? []) {
    const start = child.section?.hasHeader ? child.section.start : firstSection(child);
    if (start !== undefined && (first === undefined || start < first)) first = start;
  }
  return first;
}

/** A value in the manner of the one that it replaces. */
function printLike({ style }: TomlNode, value: Value, newline: string): string {
  if (typeof value !== 'string') return printInlineToml(value);
  if (style?.startsWith('local-') && LOCAL_TIME.test(value)) return value;
  if (style === 'literal' && !/['\x00-\x08\x0a-\x1f\x7f]/.test(value)) return `'${value}'`;
  return printTomlValue(value, newline);
}
