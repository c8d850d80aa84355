/**
 * Random changes to sources, as programs make them: each follows from a seed.
 */
import fc from 'fast-check';
import type { FieldEdit, FieldPath } from '../../../lenses/edits.ts';
import type { Value } from '../../../src/uarr/value.ts';
import type { Random } from './random.ts';

interface Place {
  readonly path: FieldPath;
  readonly value: Value;
}

export function isContainer(value: Value): boolean {
  return Array.isArray(value) || value instanceof Map;
}

/** All fields of a value, itself first. */
export function placesOf(value: Value, path: FieldPath = []): Place[] {
  const places: Place[] = [{ path, value }];
  if (Array.isArray(value)) value.forEach((item, i) => void places.push(...placesOf(item, [...path, i])));
  if (value instanceof Map) for (const [key, item] of value) places.push(...placesOf(item, [...path, key]));
  return places;
}

/** One change somewhere inside a value; values for it are drawn from `pool`. */
export function fieldChange(
  value: Value,
  node: string,
  random: Random,
  pool: readonly Value[],
  keys: readonly string[],
): FieldEdit {
  const places = placesOf(value);
  const { path, value: there } = random.pick(places);
  const fresh = random.pick(pool);
  if (there instanceof Map && random.chance(2)) {
    const key = random.pick(keys);
    const members = [...there.keys()];
    const before = members.length > 0 && random.chance(2) ? random.pick(members) : null;
    return {
      op: 'set',
      node,
      part: 'value',
      path: [...path, key],
      value: fresh,
      before: there.has(key) ? null : before,
    };
  }
  if (Array.isArray(there) && random.chance(2)) {
    const values = random.chance(3) ? [fresh, random.pick(pool)] : [fresh];
    return { op: 'insert', node, part: 'value', path: [...path, random.below(there.length + 1)], values };
  }
  if (path.length > 0 && random.chance(3)) return { op: 'unset', node, part: 'value', path };
  return { op: 'set', node, part: 'value', path, value: fresh };
}

export const seeds = fc.integer();
