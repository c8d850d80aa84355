/**
 * Fields of the nodes in a picture: finding, ordering and summing them up.
 */
import type { SourceNode } from '../../lenses/source.ts';
import { Sized, Timestamp, type Value } from '../uarr/value.ts';
import type { SortField, Summary } from './definition.ts';

/** What a row's own name is called, where it has no field of that name. */
export const KEY_FIELD = 'key';
/** What the value of a row is called that is no map. */
export const VALUE_FIELD = 'value';

/** The field of a row: "a/b" steps into maps and directories. Undefined when there is none. */
export function fieldOf(row: SourceNode, field: string): Value {
  let at: SourceNode | undefined = row;
  const steps = field.split('/');
  for (const [i, step] of steps.entries()) {
    const value: Value = at.value;
    if (value instanceof Map && value.has(step)) return within(value, steps.slice(i));
    at = at.children?.find(({ key }) => key === step);
    if (at === undefined) break;
  }
  if (at !== undefined) return at.value;
  if (field === KEY_FIELD) return row.key;
  return field === VALUE_FIELD && !(row.value instanceof Map) ? row.value : undefined;
}

function within(value: Value, steps: readonly string[]): Value {
  let at = value;
  for (const step of steps) at = at instanceof Map ? at.get(step) : undefined;
  return at;
}

/** The number that a value is; undefined for all others. */
function numberOf(value: Value): number | bigint | undefined {
  if (value instanceof Sized) return value.value;
  return typeof value === 'number' || typeof value === 'bigint' ? value : undefined;
}

/** Text of a scalar; empty for structures. */
export function textOf(value: Value): string {
  if (value instanceof Sized) return String(value.value);
  if (typeof value === 'object' && value !== null && !(value instanceof Timestamp)) return '';
  return value === undefined ? '' : String(value);
}

/** Numbers by size, then all others by text; what is not there comes last. */
export function compareValues(a: Value, b: Value): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : 0;
  if (x !== undefined || y !== undefined) return x !== undefined ? -1 : 1;
  const [s, t] = [textOf(a), textOf(b)];
  return s < t ? -1 : s > t ? 1 : 0;
}

/** A new order of the rows; equal ones stay as they are. */
export function sorted(rows: readonly SourceNode[], sort: readonly SortField[]): readonly SourceNode[] {
  if (sort.length === 0) return rows;
  const keyed = rows.map((row) => ({ row, keys: sort.map(({ field }) => fieldOf(row, field)) }));
  keyed.sort((a, b) => {
    for (const [i, { isDescending }] of sort.entries()) {
      const [x, y] = [a.keys[i], b.keys[i]];
      const order = compareValues(x, y);
      const isTurned = isDescending && x !== undefined && y !== undefined;
      if (order !== 0) return isTurned ? -order : order;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
}

/** Sums are exact while all numbers are integers. Without any value: 0 for sums, undefined for min and max. */
export function summarize({ of, field }: Summary, rows: readonly SourceNode[]): Value {
  if (of === 'count') return BigInt(rows.length);
  const values = rows.map((row) => fieldOf(row, field)).filter((value) => value !== undefined);
  if (of !== 'sum') {
    const turn = of === 'min' ? 1 : -1;
    return values.reduce<Value>((best, value) => {
      return best === undefined || turn * compareValues(value, best) < 0 ? value : best;
    }, undefined);
  }
  const numbers = values.map(numberOf).filter((value) => value !== undefined);
  const isExact = numbers.every((each) => typeof each === 'bigint' || Number.isSafeInteger(each));
  if (isExact && values.every((value) => typeof value !== 'number')) {
    return numbers.reduce<bigint>((sum, each) => sum + BigInt(each), 0n);
  }
  return numbers.reduce<number>((sum, each) => sum + Number(each), 0);
}
