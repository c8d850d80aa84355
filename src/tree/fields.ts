/**
 * Changing fields inside a typed value: makes the new value, sharing what did not change.
 */
import { FxError } from '../errors.ts';
import { fromJs, Sized, type Value, type ValueMap } from '../uarr/value.ts';
import { valueTypeName } from './kinds.ts';

/** Steps from a value to a field inside it: keys of maps, indices of arrays. */
export type FieldPath = readonly (string | number)[];

/** Fields by name, or pairs of a path (a name stands for a path of one step) and the new content. */
export type Fields = Readonly<Record<string, unknown>> | Iterable<readonly [string | FieldPath, unknown]>;

export function fieldList(fields: Fields): [FieldPath, unknown][] {
  const pairs =
    Symbol.iterator in fields
      ? [...(fields as Iterable<readonly [string | FieldPath, unknown]>)]
      : Object.entries(fields);
  return pairs.map(([path, content]) => [typeof path === 'string' ? [path] : path, content]);
}

/**
 * `value` with the field at `path` set to `content`, or without it when `content` is undefined.
 *
 * Maps on the way are made when missing. In arrays a step is an index up to the length (which appends).
 * A number keeps the field's type where it fits: 2 in an f64 field stays f64, in a u16 field u16.
 * A new key comes last; a set one keeps its place. INVALID when a step leads into no map or array.
 */
export function withField(value: Value, path: FieldPath, content: unknown): Value {
  return step(value, path, 0, content);
}

function step(value: Value, path: FieldPath, depth: number, content: unknown): Value {
  if (depth === path.length) return likeBefore(value, content);
  const key = path[depth] as string | number;
  const last = depth + 1 === path.length;
  if (Array.isArray(value)) {
    const index = arrayIndex(value, key, path);
    if (content === undefined && index === value.length) return value;
    if (content === undefined && last) return value.toSpliced(index, 1);
    const items = value.slice();
    items[index] = step(value[index], path, depth + 1, content);
    return items;
  }
  if (value !== undefined && !(value instanceof Map)) {
    throw new FxError(
      'INVALID',
      `field ${pathText(path, depth)} is a ${valueTypeName(value)}; only a map or an array has fields`,
    );
  }
  return stepInMap(value ?? new Map(), String(key), path, depth, content);
}

function stepInMap(map: ValueMap, key: string, path: FieldPath, depth: number, content: unknown): Value {
  if (content === undefined && !map.has(key)) return map;
  const changed = new Map(map);
  if (content === undefined && depth + 1 === path.length) changed.delete(key);
  else changed.set(key, step(map.get(key), path, depth + 1, content));
  return changed;
}

function arrayIndex(array: readonly Value[], key: string | number, path: FieldPath): number {
  const index = typeof key === 'number' ? key : Number(key);
  if (Number.isInteger(index) && index >= 0 && index <= array.length) return index;
  throw new FxError(
    'INVALID',
    `${JSON.stringify(key)} in field ${pathText(path, path.length)} is no index of an array of ${array.length}`,
  );
}

/** `content` as a value, in the number type of `before` if it fits that. */
function likeBefore(before: Value, content: unknown): Value {
  if (typeof content !== 'number') return fromJs(content);
  if (typeof before === 'number') return content;
  if (!(before instanceof Sized)) return fromJs(content);
  try {
    return new Sized(before.type, before.type === 'u64' ? BigInt(content) : content);
  } catch {
    return fromJs(content);
  }
}

function pathText(path: FieldPath, depth: number): string {
  return depth === 0 ? 'the value' : `"${path.slice(0, depth).join('.')}"`;
}
