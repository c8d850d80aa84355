/**
 * Merging signals that tell of the same thing, for subscribers who want to know where matters stand rather
 * than each step.
 *
 * Signals of one node and kind become one: VALUE joins the ranges, META joins the names, CHILDREN is told
 * once for each name, as it was last. CUSTOM signals stay as they are. The merged signal goes from the first
 * one's `base` to the last one's version, and stands at the last one's place.
 */
import type { Delta, Signal } from './signal.ts';

/** What a signal may be merged by; undefined for one that stands alone. */
function keyOf({ ino, delta }: Signal): string | undefined {
  switch (delta.kind) {
    case 'CUSTOM':
      return undefined;
    case 'CHILDREN':
      return `${ino} ${delta.kind} ${delta.name}`;
    default:
      return `${ino} ${delta.kind}`;
  }
}

/** The signals with those of one key merged, in the order of their last ones. */
export function coalesce(signals: readonly Signal[]): Signal[] {
  const merged = new Map<string | Signal, Signal>();
  for (const signal of signals) {
    const key = keyOf(signal) ?? signal;
    const before = merged.get(key);
    merged.delete(key);
    merged.set(
      key,
      before === undefined ? signal : { ...signal, base: before.base, delta: join(before.delta, signal.delta) },
    );
  }
  return [...merged.values()];
}

function join(first: Delta, second: Delta): Delta {
  if (first.kind === 'VALUE' && second.kind === 'VALUE') {
    const created = first.created || second.created;
    if (first.bytes === null || second.bytes === null) return { kind: 'VALUE', offset: 0, bytes: null, created };
    const offset = Math.min(first.offset, second.offset);
    const end = Math.max(first.offset + first.bytes, second.offset + second.bytes);
    return { kind: 'VALUE', offset, bytes: end - offset, created };
  }
  if (first.kind === 'META' && second.kind === 'META') {
    return {
      kind: 'META',
      fields: [...new Set([...first.fields, ...second.fields])],
      xattrs: [...new Set([...first.xattrs, ...second.xattrs])],
      deleted: second.deleted,
    };
  }
  return second;
}
