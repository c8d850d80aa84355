/**
 * Lines and the nodes that they continue: by equal content wherever they moved to, by a unique `id`, `name` or `key`,
 * and then by place. What was deleted and comes back as it was continues nothing else.
 */
import type { Value } from '../src/uarr/value.ts';
import { alignItems, labelOf } from './diff-values.ts';

/** For each item of `next` its item of `base`, or -1. `isRevived`: whether a deleted one had this value. */
export function pairAll(
  base: readonly Value[],
  next: readonly Value[],
  isRevived: (value: Value) => boolean = () => false,
): Int32Array {
  const exact = new Map<string, number[]>();
  const pairs = new Int32Array(next.length).fill(-1);
  for (const [i, value] of base.entries()) {
    const label = labelOf(value);
    const list = exact.get(label);
    if (list === undefined) exact.set(label, [i]);
    else list.push(i);
  }
  const taken = new Set<number>();
  for (const [j, value] of next.entries()) {
    const i = exact.get(labelOf(value))?.shift();
    if (i === undefined) continue;
    pairs[j] = i;
    taken.add(i);
  }
  const left = base.map((_, i) => i).filter((i) => !taken.has(i));
  const fresh = next.map((_, j) => j).filter((j) => (pairs[j] as number) < 0 && !isRevived(next[j]));
  pairByKey(base, next, left, fresh, pairs);
  const rest = left.filter((i) => !pairs.includes(i));
  const open = fresh.filter((j) => (pairs[j] as number) < 0);
  const aligned = alignItems(
    rest.map((i) => base[i]),
    open.map((j) => next[j]),
  );
  for (const [at, j] of open.entries()) {
    const i = rest[aligned[at] as number];
    if (i !== undefined) pairs[j] = i;
  }
  return pairs;
}

/** What a value is known by: its `id`, `name` or `key`. */
export function naturalKey(value: Value): string | undefined {
  if (!(value instanceof Map)) return undefined;
  for (const name of ['id', 'name', 'key']) {
    const key = value.get(name);
    if (typeof key === 'string' || typeof key === 'bigint') return `${name} ${typeof key} ${key}`;
  }
  return undefined;
}

function pairByKey(
  base: readonly Value[],
  next: readonly Value[],
  left: readonly number[],
  fresh: readonly number[],
  pairs: Int32Array,
): void {
  const keys = new Map<string, number | null>();
  for (const i of left) {
    const key = naturalKey(base[i]);
    if (key !== undefined) keys.set(key, keys.has(key) ? null : i);
  }
  for (const j of fresh) {
    const key = naturalKey(next[j]);
    const i = key === undefined ? undefined : keys.get(key);
    if (i === undefined || i === null) continue;
    pairs[j] = i;
    keys.delete(key as string);
  }
}
