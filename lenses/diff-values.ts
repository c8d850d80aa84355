/**
 * The edits between two values: the smallest fields that differ, each by its path in the first.
 *
 * Maps are compared by key; their order does not count. Arrays are aligned: items that are maps with a
 * unique `id`, `name` or `key` by that, others by equal content, then by position.
 */
import { encode } from '../src/uarr/v2.ts';
import { equal, type Value, type ValueMap } from '../src/uarr/value.ts';
import { alignLabels, pairByPosition } from './align.ts';
import type { FieldEdit, FieldPath, Handle, Part } from './edits.ts';

/**
 * How the values of a node look in a text that has fewer types: `show` gives what the text can say, `restore`
 * gives a text's value the type of the field it goes into, where it fits.
 */
export interface Typing {
  show(value: Value): Value;
  restore(next: Value, base: Value): Value;
}

/** A text with all types. */
export const EXACT: Typing = { show: (value) => value, restore: (next) => next };

/** Fields by which items of an array are known, in order of preference. */
const NATURAL_KEYS = ['id', 'name', 'key'] as const;

interface Differ {
  readonly node: Handle;
  readonly part: Part;
  readonly typing: Typing;
  readonly edits: FieldEdit[];
}

/** The edits that make `base` into `next`, which is as a text says it; none when `base` looks so already. */
export function diffValues(
  base: Value,
  next: Value,
  node: Handle,
  typing: Typing = EXACT,
  part: Part = 'value',
): FieldEdit[] {
  const differ: Differ = { node, part, typing, edits: [] };
  diff(differ, base, next, []);
  return differ.edits;
}

function diff(differ: Differ, base: Value, next: Value, path: FieldPath): void {
  if (base instanceof Map && next instanceof Map) diffMaps(differ, base, next, path);
  else if (Array.isArray(base) && Array.isArray(next)) diffArrays(differ, base, next, path);
  else {
    const { node, part, typing, edits } = differ;
    if (equal(typing.show(base), next, true)) return;
    const value = typing.restore(next, base);
    if (!equal(value, base, true)) edits.push({ op: 'set', node, part, path, value });
  }
}

function diffMaps(differ: Differ, base: ValueMap, next: ValueMap, path: FieldPath): void {
  const { node, part, edits } = differ;
  for (const key of base.keys()) if (!next.has(key)) edits.push({ op: 'unset', node, part, path: [...path, key] });
  const fresh: [string, Value][] = [];
  for (const [key, item] of next) {
    if (base.has(key)) {
      for (const [name, value] of fresh.splice(0)) edits.push(setNew(differ, path, name, value, key));
      diff(differ, base.get(key), item, [...path, key]);
    } else fresh.push([key, item]);
  }
  for (const [name, value] of fresh) edits.push(setNew(differ, path, name, value, null));
}

function setNew({ node, part }: Differ, path: FieldPath, key: string, value: Value, before: string | null): FieldEdit {
  return { op: 'set', node, part, path: [...path, key], value, before };
}

function diffArrays(differ: Differ, base: readonly Value[], next: readonly Value[], path: FieldPath): void {
  const { node, part, edits, typing } = differ;
  const shown = base.map((item) => typing.show(item));
  const pairs = alignItems(shown, next);
  const kept = new Set(pairs);
  for (let i = 0; i < base.length; i++) if (!kept.has(i)) edits.push({ op: 'unset', node, part, path: [...path, i] });
  let at = 0;
  let values: Value[] = [];
  const insert = (): void => {
    if (values.length > 0) edits.push({ op: 'insert', node, part, path: [...path, at], values });
    values = [];
  };
  for (let j = 0; j < next.length; j++) {
    const i = pairs[j] as number;
    if (i < 0) values.push(next[j]);
    else {
      insert();
      diff(differ, base[i], next[j], [...path, i]);
      at = i + 1;
    }
  }
  insert();
}

/** For each item of `next` the index of its item of `base`, rising, or -1. */
export function alignItems(base: readonly Value[], next: readonly Value[]): Int32Array {
  for (const name of NATURAL_KEYS) {
    const baseKeys = keysOf(base, name);
    const nextKeys = baseKeys && keysOf(next, name);
    if (baseKeys === undefined || nextKeys === undefined) continue;
    const pairs = alignLabels(baseKeys, nextKeys);
    const baseSet = new Set(baseKeys);
    const nextSet = new Set(nextKeys);
    pairByPosition(
      pairs,
      base.length,
      (i, j) => !nextSet.has(baseKeys[i] as string) && !baseSet.has(nextKeys[j] as string),
    );
    return pairs;
  }
  const pairs = alignLabels(base.map(labelOf), next.map(labelOf));
  pairByPosition(pairs, base.length, () => true);
  return pairs;
}

/** The items' keys under `name`, if all have one and no two the same. */
function keysOf(items: readonly Value[], name: string): string[] | undefined {
  if (items.length === 0) return undefined;
  const keys = new Set<string>();
  for (const item of items) {
    if (!(item instanceof Map)) return undefined;
    const key = item.get(name);
    if (typeof key !== 'string' && typeof key !== 'bigint') return undefined;
    keys.add(`${typeof key} ${key}`);
  }
  return keys.size === items.length ? [...keys] : undefined;
}

/** A text that two values share exactly when they are equal, whatever the order of their keys. */
export function labelOf(value: Value): string {
  if (typeof value === 'string') return `"${value}`;
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Object.is(value, -0) ? 'f-0' : `f${value}`;
  return Buffer.from(encode(withSortedKeys(value))).latin1Slice();
}

function withSortedKeys(value: Value): Value {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (!(value instanceof Map)) return value;
  const entries = [...value].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(entries.map(([key, item]) => [key, withSortedKeys(item)] as const));
}
