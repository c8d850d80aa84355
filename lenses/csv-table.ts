/**
 * A collection of nodes as a table: which columns it has, and what stands in them.
 *
 * A row is a child of the collection. Its cells are the scalar fields of its map, its child nodes where it is a
 * directory, or its own value, in the column `value`, where that is a scalar.
 */
import type { Value } from '../src/uarr/value.ts';
import type { FieldPath, Handle } from './edits.ts';
import { parseScalar, printScalar, type Scalar } from './scalars.ts';
import type { SourceNode } from './source.ts';
import { isScalar } from './text.ts';

export interface CsvOptions {
  readonly delimiter: string;
  /** The column of the nodes' keys; undefined when a field identifies the rows and keys do not show. */
  readonly key: string | undefined;
  /** The field that identifies rows instead of the key. */
  readonly id: string | undefined;
  /** The columns beside the key, where they are fixed. */
  readonly columns: readonly string[] | undefined;
  /** Types of columns that no node tells, as a value of that type. */
  readonly types: ReadonlyMap<string, Value>;
}

/** The column of a row whose value is a scalar. */
export const VALUE_COLUMN = 'value';

/** Where the value of a cell is, and what it is; undefined says nothing. */
export interface CellPlace {
  readonly node: Handle | null;
  readonly path: FieldPath;
  readonly value: Value;
  /** The row is a directory without this child. */
  readonly missingChild: boolean;
}

export function cellOf(row: SourceNode, column: string): CellPlace {
  if (row.children !== null && !(row.value instanceof Map)) {
    const child = row.children.find(({ key }) => key === column);
    return { node: child?.id ?? row.id, path: [], value: child?.value, missingChild: child === undefined };
  }
  if (row.value instanceof Map)
    return { node: row.id, path: [column], value: row.value.get(column), missingChild: false };
  return { node: row.id, path: [], value: column === VALUE_COLUMN ? row.value : undefined, missingChild: false };
}

function* fieldsOf(row: SourceNode): Generator<[string, Value]> {
  if (row.value instanceof Map) yield* row.value;
  else if (row.children !== null) {
    for (const child of row.children) yield [child.key, child.children === null ? child.value : new Map()];
  } else if (row.value !== undefined) yield [VALUE_COLUMN, row.value];
}

/** The columns of a collection: fixed, or all fields that hold nothing but scalars, in the order met. */
export function columnsOf(rows: readonly SourceNode[], { key, id, columns }: CsvOptions): string[] {
  const first = key ?? (id as string);
  if (columns !== undefined) return [first, ...columns.filter((column) => column !== first)];
  const names = new Set<string>([first, ...(id === undefined ? [] : [id])]);
  const hidden = new Set<string>();
  for (const row of rows) {
    for (const [name, value] of fieldsOf(row)) {
      if (name === '' || !isScalar(value)) hidden.add(name);
      else names.add(name);
    }
  }
  return [...names].filter((name) => !hidden.has(name));
}

/** The text of a cell; undefined for a field that is not there. */
export function cellText(value: Value): string | undefined {
  return value === undefined ? undefined : printScalar(value);
}

/** The value of a cell's text, in the type of `like`; nothing is no value. */
export function readCell(text: string | undefined, like: Value, columnType: Value): Scalar {
  if (text === undefined) return { ok: true, value: undefined };
  if (like === null && text === 'null') return { ok: true, value: null };
  const type = like ?? columnType;
  return parseScalar(text, type ?? '');
}

/** A value of the type that all cells of a column have, from the nodes or the options; undefined for none. */
export function columnType(rows: readonly SourceNode[], column: string, { types }: CsvOptions): Value {
  const stated = types.get(column);
  if (stated !== undefined) return stated;
  let found: Value;
  for (const row of rows) {
    const { value } = cellOf(row, column);
    if (value === undefined || value === null) continue;
    if (found === undefined) found = value;
    else if (!sameType(found, value)) return undefined;
  }
  return found;
}

function sameType(a: Value, b: Value): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return typeof a === typeof b;
  return a.constructor === b.constructor && (a as { type?: string }).type === (b as { type?: string }).type;
}
