/**
 * Options of a table, checked.
 */
import { FxError } from '../src/errors.ts';
import { Sized, type SizedType, Timestamp, Uuid, type Value } from '../src/uarr/value.ts';
import { type CsvOptions, cellOf, cellText } from './csv-table.ts';
import type { LensOptions } from './lens.ts';
import type { SourceNode } from './source.ts';

const SIZED: readonly SizedType[] = ['i8', 'i16', 'i32', 'u8', 'u16', 'u32', 'u64', 'f32'];

/** A value of each type that a column can be said to have. */
const TYPES: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['string', ''],
  ['i64', 0n],
  ['f64', 0],
  ['bool', false],
  ['timestamp', new Timestamp(0n)],
  ['uuid', new Uuid(new Uint8Array(16))],
  ...SIZED.map((type) => [type, new Sized(type, type === 'u64' ? 0n : 0)] as const),
]);

function invalid(message: string): never {
  throw new FxError('INVALID', `the lens "csv": ${message}`);
}

function text(options: LensOptions, name: string): string | undefined {
  const value = options[name];
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  return invalid(`the option "${name}" is a text`);
}

/** The options of a binding. INVALID for one that is unknown or of the wrong form. */
export function csvOptions(options: LensOptions): CsvOptions {
  for (const name of Object.keys(options)) {
    if (!['key', 'id', 'columns', 'delimiter', 'types'].includes(name)) invalid(`there is no option "${name}"`);
  }
  const id = text(options, 'id');
  const key = text(options, 'key') ?? (id === undefined ? 'key' : undefined);
  if (key !== undefined && key === id) invalid('the options "key" and "id" name one column');
  const delimiter = text(options, 'delimiter') ?? ',';
  if (delimiter.length !== 1 || /["\r\n ]/.test(delimiter))
    invalid('the delimiter is one character, no quote, space or newline');
  const { columns } = options;
  if (
    columns !== undefined &&
    !(Array.isArray(columns) && columns.every((name) => typeof name === 'string' && name !== ''))
  ) {
    invalid('the option "columns" is a list of names');
  }
  return { delimiter, key, id, columns: columns as readonly string[] | undefined, types: typesOf(options.types) };
}

function typesOf(types: unknown): ReadonlyMap<string, Value> {
  const result = new Map<string, Value>();
  if (types === undefined) return result;
  if (typeof types !== 'object' || types === null) invalid('the option "types" gives a type for each name of a column');
  for (const [name, type] of types instanceof Map ? types : Object.entries(types as object)) {
    const like = TYPES.get(String(type));
    if (like === undefined) invalid(`"${type}" is no type of a column; there are ${[...TYPES.keys()].join(', ')}`);
    result.set(String(name), like);
  }
  return result;
}

/** The text of a row's cell. */
export function csvTypesOf(row: SourceNode, column: string): string | undefined {
  return cellText(cellOf(row, column).value);
}
