/**
 * Texts of pairs on lines, with or without sections: what env, ini and properties files have in common.
 *
 * All values are texts; a field keeps the type it has where its text says a value of that type. Pairs come and go
 * as lines; comments and layout stay.
 */
import { Sized, type Value, type ValueMap } from '../src/uarr/value.ts';
import type { Problem } from './diagnostics.ts';
import type { Typing } from './diff-values.ts';
import { type DocumentFormat, documentLens, type Parsed, type SyntaxMember, type SyntaxNode } from './document.ts';
import type { FieldEdit } from './edits.ts';
import { canonicalJson } from './json.ts';
import type { Equivalence, Lens } from './lens.ts';
import { lineStart, nextLine, type Replacement, replaceAll } from './replacements.ts';
import { parseScalar, printScalar } from './scalars.ts';
import { sortEdits } from './splice-lists.ts';
import { isScalar } from './text.ts';

export interface PairNode extends SyntaxNode {
  readonly members?: PairMember[];
  /** Of a section: start of its header. */
  readonly header?: number;
}
export interface PairMember extends SyntaxMember {
  readonly node: PairNode;
}

export interface PairSyntax {
  readonly name: string;
  readonly extensions: readonly string[];
  readonly mediaType: string;
  readonly sections: boolean;
  /** Why a key cannot be written; undefined when it can. */
  refusesKey(key: string): string | undefined;
  refusesText(text: string): string | undefined;
  parse(text: string): Parsed<PairNode>;
  printPair(key: string, text: string): string;
  /** A value in the manner of the one there. */
  printValue(text: string, there: string): string;
  readonly equivalences: readonly Equivalence[];
}

/** Scalars as texts. A null is the empty text. */
const TYPING: Typing = {
  show: showText,
  restore(next, base) {
    if (typeof next !== 'string' || typeof base === 'string' || base === undefined || !isScalar(base)) return next;
    if (base === null) return next === '' ? null : next;
    const parsed = parseScalar(next, base);
    return parsed.ok && !(base instanceof Sized && parsed.value === undefined) ? parsed.value : next;
  },
};

function showText(value: Value): Value {
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [key, showText(item)] as const));
  return value === null || value === undefined ? '' : isScalar(value) ? printScalar(value) : value;
}

export function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

/** Starts the map of a text or section. */
export function newPairs(
  start: number,
  header?: number,
): PairNode & { readonly value: ValueMap; readonly members: PairMember[] } {
  return { start, end: start, value: new Map(), members: [], ...(header === undefined ? {} : { header }) };
}

/** Adds a pair, or reports that its key is there already. */
export function addPair(
  pairs: PairNode,
  key: string,
  place: { readonly start: number; readonly keyEnd: number; readonly valueStart: number; readonly end: number },
  value: string,
  problems: Problem[],
): void {
  const map = pairs.value as ValueMap;
  if (map.has(key)) {
    problems.push({
      index: place.start,
      code: 'duplicate-key',
      message: `the key ${JSON.stringify(key)} is there already`,
    });
    return;
  }
  map.set(key, value);
  const { start, keyEnd, valueStart, end } = place;
  pairs.members?.push({ step: key, start, end, keyEnd, node: { start: valueStart, end, value } });
}

function refuses(syntax: PairSyntax, value: Value): string | undefined {
  if (!(value instanceof Map)) return 'it is no map of texts, numbers and other scalars';
  for (const [key, item] of value) {
    if (syntax.sections && item instanceof Map) {
      const reason = refusesSection(key) ?? refuses({ ...syntax, sections: false }, item);
      if (reason !== undefined) return reason;
      continue;
    }
    if (!isScalar(item)) return `the field ${JSON.stringify(key)} holds a structure`;
    const reason = syntax.refusesKey(key) ?? syntax.refusesText(showText(item) as string);
    if (reason !== undefined) return `the field ${JSON.stringify(key)}: ${reason}`;
  }
  return undefined;
}

function refusesSection(name: string): string | undefined {
  const fits = name !== '' && name.trim() === name && !/[\]\r\n]/.test(name) && isWellFormed(name);
  return fits ? undefined : `${JSON.stringify(name)} can be no name of a section`;
}

function print(syntax: PairSyntax, value: Value): string {
  const map = value as ValueMap;
  const lines: string[] = [];
  for (const [key, item] of map)
    if (!(item instanceof Map)) lines.push(syntax.printPair(key, showText(item) as string));
  for (const [key, item] of map)
    if (item instanceof Map) lines.push(...(lines.length > 0 ? [''] : []), ...sectionLines(syntax, key, item));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function sectionLines(syntax: PairSyntax, name: string, map: ValueMap): string[] {
  return [`[${name}]`, ...Array.from(map, ([key, item]) => syntax.printPair(key, showText(item) as string))];
}

function splice(
  syntax: PairSyntax,
  text: string,
  tree: PairNode,
  edits: readonly FieldEdit[],
  newline: string,
): string | undefined {
  const change = sortEdits(tree, edits);
  if (change === undefined || change.root !== undefined) return undefined;
  const replacements: Replacement[] = [];
  for (const { member, value } of change.replaced) {
    if (typeof value !== 'string' || (member as PairMember).node.members !== undefined) return undefined;
    const { start, end } = member.node;
    replacements.push({ start, end, text: syntax.printValue(value, text.slice(start, end)) });
  }
  for (const { node, removed, inserted } of change.containers.values()) {
    const pairs = node as PairNode;
    const members = pairs.members ?? [];
    for (const i of removed) replacements.push(...removal(text, members[i] as PairMember));
    const fresh = [...inserted].sort((a, b) => a[0] - b[0]).flatMap(([, items]) => items);
    const lines = fresh
      .filter(({ value }) => typeof value === 'string')
      .map(({ key, value }) => syntax.printPair(key as string, value as string));
    const sections = fresh.filter(({ value }) => value instanceof Map);
    if (lines.length > 0) replacements.push(addition(text, pairs, lines, newline));
    for (const { key, value } of sections) {
      const lead =
        text === '' && lines.length === 0 ? '' : text.endsWith('\n') || text === '' ? newline : newline + newline;
      const printed = sectionLines(syntax, key as string, value as ValueMap).join(newline);
      replacements.push({ start: text.length, end: text.length, text: lead + printed + newline });
    }
  }
  return replaceAll(text, replacements);
}

/** Where a pair's line goes: after the last pair of its section, its header, or at the start of the text. */
function addition(text: string, pairs: PairNode, lines: readonly string[], newline: string): Replacement {
  const last = pairs.members?.filter(({ node }) => node.members === undefined).at(-1)?.end ?? pairs.header;
  const at = last === undefined ? 0 : nextLine(text, last);
  const open = at > 0 && at === text.length && !text.endsWith('\n');
  return { start: at, end: at, text: open ? newline + lines.join(newline) : lines.join(newline) + newline };
}

function removal(text: string, { start, end, node }: PairMember): Replacement[] {
  if (node.members === undefined) return [{ start: lineStart(text, start), end: nextLine(text, end), text: '' }];
  const header = node.header as number;
  const own = [{ start: lineStart(text, header), end: nextLine(text, header), text: '' }];
  return [...own, ...node.members.flatMap((member) => removal(text, member))];
}

/** The lens of a syntax. */
export function pairLens(syntax: PairSyntax): Lens {
  const canonize = (text: string): string => {
    try {
      const { root, problems } = syntax.parse(text.replace(/^\ufeff/, ''));
      return problems.length > 0 ? text : canonicalJson(root.value);
    } catch {
      return text;
    }
  };
  const format: DocumentFormat<PairNode> = {
    name: syntax.name,
    version: 1,
    extensions: syntax.extensions,
    mediaType: syntax.mediaType,
    equivalences: [
      { name: 'bom', meaning: 'a byte order mark', canonize: (text) => text.replace(/^\ufeff/, '') },
      { name: 'layout', meaning: 'comments, blank lines, order of keys, spaces around the separator', canonize },
      ...syntax.equivalences.map((equivalence) => ({ ...equivalence, canonize })),
    ],
    ...TYPING,
    refuses: (value) => refuses(syntax, value),
    parse: (text) => syntax.parse(text),
    print: (value) => print(syntax, value),
    splice: (text, tree, edits, newline) => splice(syntax, text, tree, edits, newline),
  };
  return documentLens(format);
}
