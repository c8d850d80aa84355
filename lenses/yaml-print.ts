/**
 * YAML texts of values: block style, two spaces a level, items indented under their key.
 */
import { isVector, type Value, type ValueMap } from '../src/uarr/value.ts';
import { literalLines, printInline, printString, type QuoteStyle } from './yaml-scalars.ts';

/** Longest key that may stand before its colon on one line, in UTF-16 units (the specification says 1,024). */
const IMPLICIT_KEY_UNITS_MAX = 1000;

export interface YamlLayout {
  /** Spaces that one level is indented by. */
  readonly indent: number;
  /** Whether items stand under the column of their key instead of right of it. */
  readonly flatItems: boolean;
}
export const DEFAULT_LAYOUT: YamlLayout = { indent: 2, flatItems: false };

function itemsOf(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value;
  return isVector(value) ? Array.from(value as Iterable<number | bigint>) : undefined;
}

/** Whether a value stands on lines of its own below its key. */
function isBlock(value: Value): boolean {
  if (value instanceof Map) return value.size > 0;
  const items = itemsOf(value);
  return items !== undefined && items.length > 0;
}

/** The lines of a value that starts at the left margin. */
export function blockLines(value: Value, layout = DEFAULT_LAYOUT, style: QuoteStyle = 'plain'): string[] {
  if (value instanceof Map && value.size > 0) {
    return Array.from(value, ([key, item]) => entryLines(key, item, layout)).flat();
  }
  const items = itemsOf(value);
  if (items !== undefined && items.length > 0) return items.flatMap((item) => itemLines(item, layout));
  const literal = typeof value === 'string' && style === 'plain' ? literalLines(value) : undefined;
  if (literal === undefined) return [printFlow(value, style, false)];
  const [header, ...lines] = literal;
  return [header, ...indentLines(lines, layout.indent)];
}

/** The lines of a map's member. */
export function entryLines(key: string, value: Value, layout = DEFAULT_LAYOUT): string[] {
  const name = printString(key);
  if (name.length > IMPLICIT_KEY_UNITS_MAX) {
    return [`? ${name}`, ...prefixLines(':', blockLines(value, layout), 2)];
  }
  const lines = blockLines(value, layout);
  if (!isBlock(value)) return prefixLines(`${name}:`, lines, 0);
  const flat = layout.flatItems && itemsOf(value) !== undefined;
  return [`${name}:`, ...indentLines(lines, flat ? 0 : layout.indent)];
}

/** The lines of an array's item. */
export function itemLines(value: Value, layout = DEFAULT_LAYOUT): string[] {
  const lines = blockLines(value, layout);
  return prefixLines('-', lines, isBlock(value) ? 2 : 0);
}

/** The first line after a mark, the others indented. */
function prefixLines(mark: string, [first, ...rest]: readonly string[], indent: number): string[] {
  return [`${mark} ${first ?? ''}`, ...indentLines(rest, indent)];
}

export function indentLines(lines: readonly string[], indent: number): string[] {
  const spaces = ' '.repeat(indent);
  return lines.map((line) => (line === '' ? '' : spaces + line));
}

/** A value on one line, as it stands in brackets or, with `inFlow` false, in a block. */
export function printFlow(value: Value, style: QuoteStyle = 'plain', inFlow = true): string {
  if (value instanceof Map) return printFlowMap(value);
  const items = itemsOf(value);
  if (items !== undefined) return `[${items.map((item) => printFlow(item)).join(', ')}]`;
  return printInline(value, style, inFlow);
}

function printFlowMap(map: ValueMap): string {
  if (map.size === 0) return '{}';
  return `{${Array.from(map, ([key, item]) => printFlowEntry(key, item)).join(', ')}}`;
}

export function printFlowEntry(key: string, value: Value): string {
  const name = printString(key, 'plain', true);
  return `${name.length > IMPLICIT_KEY_UNITS_MAX ? '? ' : ''}${name}: ${printFlow(value)}`;
}

/** The canonical text of a document. */
export function printYaml(value: Value): string {
  return `${blockLines(value).join('\n')}\n`;
}
