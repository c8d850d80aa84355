/**
 * Changes of YAML texts in place: only the lines of what differs change; comments, quotes, anchors and the layout
 * of the rest stay.
 */
import type { Value } from '../src/uarr/value.ts';
import { type CommaListStyle, changeCommaList } from './comma-list.ts';
import type { FieldEdit } from './edits.ts';
import { lineEnd, lineStart, nextLine, type Replacement, replaceAll } from './replacements.ts';
import { type ContainerChange, type Inserted, printers, sortEdits } from './splice-lists.ts';
import type { YamlMember, YamlNode } from './yaml-parse.ts';
import {
  blockLines,
  entryLines,
  indentLines,
  itemLines,
  printFlow,
  printFlowEntry,
  type YamlLayout,
} from './yaml-print.ts';
import type { QuoteStyle } from './yaml-scalars.ts';

const FLOW_STYLE = { padding: '', indentUnit: '  ', breakEmpty: false, restOfLine: /^[ \t]*(?:#.*)?$/ };

/** The text with the edits made, or undefined where it cannot. */
export function spliceYaml(
  text: string,
  tree: YamlNode,
  edits: readonly FieldEdit[],
  newline: string,
): string | undefined {
  const change = sortEdits(tree, edits);
  if (change === undefined) return undefined;
  const splicer = new Splicer(text, newline, layoutOf(text, tree));
  if (change.root !== undefined) splicer.replaceRoot(tree, change.root.value);
  for (const { member, value } of change.replaced) splicer.replace(member as YamlMember, value);
  for (const container of change.containers.values()) splicer.changeContainer(container);
  return splicer.finish();
}

/** How the text itself is laid out, by its first nested map and first list below a key. */
function layoutOf(text: string, tree: YamlNode): YamlLayout {
  let indent: number | undefined;
  let flatItems: boolean | undefined;
  const pending: [YamlNode, number][] = [[tree, 0]];
  for (
    let next = pending.pop();
    next !== undefined && (indent === undefined || flatItems === undefined);
    next = pending.pop()
  ) {
    const [node] = next;
    for (const { node: child, start, step } of (node.members ?? []).slice(0, 50)) {
      if (child.kind !== 'block' || child.members === undefined) continue;
      const deeper = columnOf(text, child.members[0]?.start ?? child.start) - columnOf(text, start);
      if (typeof step === 'string') {
        if (Array.isArray(child.value)) flatItems ??= deeper === 0;
        if (deeper > 0) indent ??= deeper;
      }
      pending.push([child, 0]);
    }
  }
  return { indent: indent ?? 2, flatItems: flatItems ?? false };
}

function columnOf(text: string, index: number): number {
  return index - lineStart(text, index);
}

class Splicer {
  readonly #text: string;
  readonly #newline: string;
  readonly #layout: YamlLayout;
  readonly #replacements: Replacement[] = [];
  #failed = false;

  constructor(text: string, newline: string, layout: YamlLayout) {
    this.#text = text;
    this.#newline = newline;
    this.#layout = layout;
  }

  finish(): string | undefined {
    return this.#failed ? undefined : replaceAll(this.#text, this.#replacements);
  }

  #put(start: number, end: number, text: string): void {
    this.#replacements.push({ start, end, text });
  }

  #join(lines: readonly string[], column: number): string {
    const [first = '', ...rest] = lines;
    return [first, ...indentLines(rest, column)].join(this.#newline);
  }

  /** End of a node without the newline that a block scalar ends with. */
  #contentEnd(node: { readonly start: number; readonly end: number }): number {
    let { end } = node;
    while (end > node.start && /[\r\n]/.test(this.#text[end - 1] as string)) end--;
    return end;
  }

  replaceRoot(tree: YamlNode, value: Value): void {
    const text = this.#text;
    const lines = blockLines(value, this.#layout);
    const start = tree.tagStart ?? tree.start;
    if (tree.start === tree.end) {
      const before = text.slice(0, start);
      const lead = before === '' || before.endsWith('\n') ? '' : this.#newline;
      this.#put(start, start, lead + this.#join(lines, 0) + this.#newline);
      return;
    }
    const shared = text.slice(lineStart(text, start), start).trim() !== '';
    const ownLines = lines.length > 1 || tree.kind === 'block';
    const end = this.#contentEnd(tree);
    this.#put(start, end, (shared && ownLines ? this.#newline : '') + this.#join(lines, 0));
  }

  replace(member: YamlMember, value: Value): void {
    const { node, inFlow } = member;
    if (inFlow) return this.#replaceInFlow(member, value);
    const style = styleOf(node, value);
    const lines = blockLines(value, this.#layout, style);
    const nested = isNested(value);
    if (node.kind === 'block') this.#replaceBlock(member, lines, nested);
    else if (isBlockScalar(node)) this.#replaceBlockScalar(member, lines, nested);
    else this.#replaceInline(member, lines, nested);
  }

  #replaceInFlow({ node, valueFrom, end, step }: YamlMember, value: Value): void {
    const printed = printFlow(value, styleOf(node, value));
    if (node.start < node.end) this.#put(node.tagStart ?? node.start, node.end, printed);
    else if (valueFrom < 0 && typeof step === 'string') this.#put(end, end, `: ${printed}`);
    else this.#put(node.start, node.start, this.#spaced(node.start, printed));
  }

  /** A text with a space before it, unless one is there. */
  #spaced(at: number, text: string): string {
    return /\s/.test(this.#text[at - 1] ?? ' ') ? text : ` ${text}`;
  }

  /** The column that lines below a member's first stand at. */
  #innerColumn(member: YamlMember): number {
    return columnOf(this.#text, member.start) + (typeof member.step === 'string' ? this.#layout.indent : 2);
  }

  /** Something on one line becomes another thing. */
  #replaceInline(member: YamlMember, lines: readonly string[], nested: boolean): void {
    const { node, valueFrom, end } = member;
    const start = node.tagStart ?? node.start;
    const empty = node.start === node.end;
    if (valueFrom < 0 || member.explicit) {
      this.#failed = true;
      return;
    }
    if (nested && typeof member.step === 'string') {
      if (!empty) this.#put(this.#text.slice(valueFrom, start).trim() === '' ? valueFrom : start, node.end, '');
      const at = lineEnd(this.#text, end);
      const flat = this.#layout.flatItems && lines[0]?.startsWith('-');
      const column = columnOf(this.#text, member.start) + (flat ? 0 : this.#layout.indent);
      this.#put(at, at, this.#newline + ' '.repeat(column) + this.#join(lines, column));
      return;
    }
    const [first = '', ...rest] = lines;
    this.#put(start, node.end, this.#spaced(start, first));
    if (rest.length === 0) return;
    const at = lineEnd(this.#text, end);
    const column = nested ? this.#innerColumn(member) : columnOf(this.#text, member.start);
    this.#put(at, at, this.#newline + indentLines(rest, column).join(this.#newline));
  }

  /** A map or list in block style becomes another thing; a comment behind its last member goes with it. */
  #replaceBlock(member: YamlMember, lines: readonly string[], nested: boolean): void {
    const { node, valueFrom } = member;
    const contentEnd = this.#contentEnd(node);
    const end = node.end > contentEnd ? contentEnd : lineEnd(this.#text, contentEnd);
    if (nested) return this.#put(node.start, end, this.#join(lines, columnOf(this.#text, node.start)));
    const outer = columnOf(this.#text, member.start);
    const printed = this.#join(lines, outer);
    if (lineStart(this.#text, node.start) <= valueFrom) return this.#put(node.start, end, printed);
    if (lines.length > 1) return this.#put(valueFrom, end, ` ${printed}`);
    this.#put(valueFrom, valueFrom, ` ${printed}`);
    this.#put(lineEnd(this.#text, valueFrom), end, '');
  }

  #replaceBlockScalar(member: YamlMember, lines: readonly string[], nested: boolean): void {
    const { node, valueFrom } = member;
    const end = this.#contentEnd(node);
    const outer = columnOf(this.#text, member.start);
    if (!nested) return this.#put(node.tagStart ?? node.start, end, this.#join(lines, outer));
    const column = this.#innerColumn(member);
    const lead = typeof member.step === 'string' ? this.#newline + ' '.repeat(column) : ' ';
    this.#put(valueFrom, end, lead + this.#join(lines, column));
  }

  changeContainer(change: ContainerChange): void {
    const node = change.node as YamlNode;
    const members = node.members ?? [];
    if (node.kind === 'flow') return this.#changeFlow(change, node);
    if (node.kind === 'stream') return this.#changeStream(change, members);
    if (node.kind !== 'block') {
      this.#failed = true;
      return;
    }
    if (change.removed.size === members.length) {
      const value = remade(change, Array.isArray(node.value));
      if (change.member === undefined) this.replaceRoot(node, value);
      else this.replace(change.member as YamlMember, value);
      return;
    }
    this.#removeLines(change.removed, members);
    this.#insertLines(change, members);
  }

  #changeFlow(change: ContainerChange, node: YamlNode): void {
    const list = { open: node.start, close: node.end - 1, members: node.members ?? [] };
    const inserted = printers(change, ({ key, value }) =>
      key === undefined ? printFlow(value) : printFlowEntry(key, value),
    );
    const style: CommaListStyle = { ...FLOW_STYLE, newline: this.#newline };
    this.#replacements.push(...changeCommaList(this.#text, list, { removed: change.removed, inserted }, style));
  }

  /** Start of the line after the last of a member's. */
  #afterLines(member: YamlMember): number {
    return this.#text[member.end - 1] === '\n' ? member.end : nextLine(this.#text, member.end);
  }

  #ownLine({ start }: YamlMember): boolean {
    return this.#text.slice(lineStart(this.#text, start), start).trim() === '';
  }

  #removeLines(removed: ReadonlySet<number>, members: readonly YamlMember[]): void {
    const first = members[0] as YamlMember;
    let head = 0;
    if (!this.#ownLine(first)) {
      // The first member shares its line with a dash, which the next one that stays moves up to.
      while (removed.has(head)) head++;
      if (head > 0) this.#put(first.start, (members[head] as YamlMember).start, '');
    }
    for (const i of removed) {
      if (i < head) continue;
      const member = members[i] as YamlMember;
      const end = this.#afterLines(member);
      const start = lineStart(this.#text, member.start);
      const last = end === this.#text.length && !this.#text.endsWith('\n') && start > 0;
      this.#put(last ? lineEnd(this.#text, start - 1) : start, end, '');
    }
  }

  #insertLines({ removed, inserted }: ContainerChange, members: readonly YamlMember[]): void {
    const kept = members.map((_, i) => i).filter((i) => !removed.has(i));
    for (const [at, fresh] of [...inserted].sort((a, b) => a[0] - b[0])) {
      const column = columnOf(this.#text, (members[0] as YamlMember).start);
      const lines = fresh.flatMap((member) => this.#linesOf(member));
      const previous = kept.findLast((i) => i < at);
      const printed = this.#join(lines, column);
      const margin = ' '.repeat(column);
      if (previous === undefined) {
        const { start } = members[kept[0] as number] as YamlMember;
        this.#put(start, start, printed + this.#newline + margin);
        continue;
      }
      const place = this.#afterLines(members[previous] as YamlMember);
      const open = place === this.#text.length && !this.#text.endsWith('\n');
      this.#put(place, place, open ? this.#newline + margin + printed : margin + printed + this.#newline);
    }
  }

  #linesOf({ key, value }: Inserted): string[] {
    return key === undefined ? itemLines(value, this.#layout) : entryLines(key, value, this.#layout);
  }

  /** Documents of a stream come and go with the line --- before them. */
  #changeStream({ removed, inserted }: ContainerChange, members: readonly YamlMember[]): void {
    const text = this.#text;
    for (const i of removed) {
      const { start } = members[i] as YamlMember;
      const next = members[i + 1];
      this.#put(start, next === undefined ? text.length : next.start, '');
    }
    for (const [at, fresh] of inserted) {
      const place = members[at]?.start ?? text.length;
      const lead = place > 0 && text[place - 1] !== '\n' ? this.#newline : '';
      const printed = fresh.map(
        ({ value }) => `---${this.#newline}${this.#join(blockLines(value, this.#layout), 0)}${this.#newline}`,
      );
      const first = members[at];
      const unmarked = first !== undefined && !text.startsWith('---', first.start);
      this.#put(place, place, lead + printed.join('') + (unmarked ? `---${this.#newline}` : ''));
    }
  }
}

function isNested(value: Value): boolean {
  return (value instanceof Map && value.size > 0) || (Array.isArray(value) && value.length > 0);
}

function isBlockScalar({ style }: YamlNode): boolean {
  return style === 'BLOCK_LITERAL' || style === 'BLOCK_FOLDED';
}

function styleOf({ style }: YamlNode, value: Value): QuoteStyle {
  if (typeof value !== 'string') return 'plain';
  if (style === 'QUOTE_SINGLE') return 'single';
  return style === 'QUOTE_DOUBLE' ? 'double' : 'plain';
}

/** The value of a container whose members all go. */
function remade({ inserted }: ContainerChange, isArray: boolean): Value {
  const fresh = [...inserted].sort((a, b) => a[0] - b[0]).flatMap(([, members]) => members);
  if (isArray) return fresh.map(({ value }) => value);
  return new Map(fresh.map(({ key, value }) => [key as string, value] as const));
}
