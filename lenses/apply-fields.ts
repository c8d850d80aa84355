/**
 * Edits inside a value: all of them at once, each path as in the value before.
 */
import { FxError } from '../src/errors.ts';
import type { Value, ValueMap } from '../src/uarr/value.ts';
import type { FieldEdit, FieldPath } from './edits.ts';

/** The edits below one place of the value. */
interface Place {
  set?: { readonly value: Value; readonly before: string | null };
  unset: boolean;
  /** Items to come before this one. */
  inserts: Value[];
  readonly below: Map<string | number, Place>;
}

function newPlace(): Place {
  return { unset: false, inserts: [], below: new Map() };
}

/**
 * `value` with the edits made; what they do not touch is shared. INVALID when a path leads into what is no
 * map or array, or past an array's end: the script was not made for this value.
 */
export function editValue(value: Value, edits: readonly FieldEdit[]): Value {
  if (edits.length === 0) return value;
  const root = newPlace();
  for (const edit of edits) {
    let place = root;
    for (const step of edit.path) {
      const next = place.below.get(step) ?? newPlace();
      place.below.set(step, next);
      place = next;
    }
    if (edit.op === 'unset') place.unset = true;
    else if (edit.op === 'set') place.set = { value: edit.value, before: edit.before ?? null };
    else place.inserts.push(...edit.values);
  }
  return rebuild(value, root, []);
}

function rebuild(value: Value, place: Place, path: FieldPath): Value {
  if (place.set !== undefined) return place.set.value;
  if (place.unset) return undefined;
  if (place.below.size === 0) return value;
  if (Array.isArray(value)) return rebuildArray(value, place, path);
  if (value === undefined || value instanceof Map) return rebuildMap(value ?? new Map(), place, path);
  throw new FxError('INVALID', `an edit is inside ${pathText(path)}, which is neither a map nor an array`);
}

function rebuildArray(array: readonly Value[], place: Place, path: FieldPath): Value {
  const items: Value[] = [];
  for (const step of place.below.keys()) {
    if (typeof step !== 'number' || !(step >= 0 && step <= array.length)) {
      throw new FxError(
        'INVALID',
        `${JSON.stringify(step)} is no index of ${pathText(path)}, an array of ${array.length}`,
      );
    }
  }
  for (let i = 0; i <= array.length; i++) {
    const below = place.below.get(i);
    if (below !== undefined) items.push(...below.inserts);
    if (below?.unset && below.set === undefined) continue;
    if (i < array.length) items.push(below === undefined ? array[i] : rebuild(array[i], below, [...path, i]));
    else if (below?.set !== undefined) items.push(below.set.value);
  }
  return items;
}

function rebuildMap(map: ReadonlyMap<string, Value>, place: Place, path: FieldPath): ValueMap {
  const result: ValueMap = new Map();
  const fresh = newKeys(map, place);
  const add = (before: string | null): void => {
    for (const [key, below] of fresh.get(before) ?? []) {
      result.set(key, rebuild(undefined, below, [...path, key]));
    }
  };
  for (const [key, item] of map) {
    add(key);
    const below = place.below.get(key);
    if (below === undefined) result.set(key, item);
    else if (!below.unset || below.set !== undefined) result.set(key, rebuild(item, below, [...path, key]));
  }
  add(null);
  return result;
}

/** Keys that the map does not have yet, by the key that they go before (null: last). */
function newKeys(map: ReadonlyMap<string, Value>, place: Place): Map<string | null, [string, Place][]> {
  const fresh = new Map<string | null, [string, Place][]>();
  for (const [step, below] of place.below) {
    const key = String(step);
    if (map.has(key) || below.unset) continue;
    const wanted = below.set?.before ?? null;
    const before = wanted !== null && map.has(wanted) ? wanted : null;
    const group = fresh.get(before);
    if (group === undefined) fresh.set(before, [[key, below]]);
    else group.push([key, below]);
  }
  return fresh;
}

export function pathText(path: FieldPath): string {
  return path.length === 0 ? 'the value' : `"${path.join('.')}"`;
}
