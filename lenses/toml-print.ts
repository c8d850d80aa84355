/**
 * TOML texts of values: a table for each map, an array of tables for each array of maps.
 */
import { isVector, Sized, Timestamp, toJsonText, type Value, type ValueMap } from '../src/uarr/value.ts';

export function printKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : printBasic(key);
}

export function printPath(path: readonly string[]): string {
  return path.map(printKey).join('.');
}

function printBasic(text: string): string {
  return JSON.stringify(text).replaceAll('\x7f', '\\u007f');
}

/** A string on several lines; undefined for one that is better on one. */
function printMultiline(text: string, newline: string): string | undefined {
  if (!text.includes('\n') || /[\x00-\x08\x0b-\x1f\x7f]/.test(text)) return undefined;
  const body = text.replaceAll('\\', '\\\\').replaceAll('"""', '""\\"').replace(/"$/, '\\"');
  return `"""\n${body}"""`.replaceAll('\n', newline);
}

/** Whether a value gets tables of its own. */
export function isSection(value: Value): boolean {
  if (value instanceof Map) return true;
  return Array.isArray(value) && value.length > 0 && value.every((item) => item instanceof Map);
}

/** A value as it stands behind an equals sign. */
export function printTomlValue(value: Value, newline = '\n'): string {
  return (typeof value === 'string' ? printMultiline(value, newline) : undefined) ?? printInlineToml(value);
}

/** A value on one line. */
export function printInlineToml(value: Value): string {
  if (typeof value === 'string') return printBasic(value);
  if (typeof value === 'number') return printFloat(value);
  if (value instanceof Sized && value.type === 'f32') return printFloat(value.value as number);
  if (value instanceof Timestamp) return value.toString();
  if (value instanceof Map) {
    if (value.size === 0) return '{}';
    return `{ ${Array.from(value, ([key, item]) => `${printKey(key)} = ${printInlineToml(item)}`).join(', ')} }`;
  }
  if (Array.isArray(value)) return `[${value.map(printInlineToml).join(', ')}]`;
  if (isVector(value)) return `[${Array.from(value as Iterable<number | bigint>, printInlineToml).join(', ')}]`;
  return toJsonText(value);
}

function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (Number.isFinite(value)) return toJsonText(value);
  return value > 0 ? 'inf' : '-inf';
}

/** The lines of a table's body: its own pairs, then the tables below it, each after a blank line. */
export function tableLines(path: readonly string[], map: ValueMap): string[] {
  const lines: string[] = [];
  for (const [key, value] of map) if (!isSection(value)) lines.push(`${printKey(key)} = ${printTomlValue(value)}`);
  for (const [key, value] of map) if (isSection(value)) lines.push(...sectionLines([...path, key], value));
  return lines;
}

/** The lines of the tables of a map, or of an array of maps, each after a blank line. */
export function sectionLines(path: readonly string[], value: Value): string[] {
  if (value instanceof Map) return ['', `[${printPath(path)}]`, ...tableLines(path, value)];
  return (value as ValueMap[]).flatMap((item) => ['', `[[${printPath(path)}]]`, ...tableLines(path, item)]);
}

/** The canonical text of a document. */
export function printToml(value: Value): string {
  const lines = tableLines([], value as ValueMap);
  if (lines[0] === '') lines.shift();
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
