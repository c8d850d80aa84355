/**
 * What lenses read: a small pure picture of nodes, without store or mount.
 *
 * A lens of scope `value` reads the value of one node. The others read a tree: the node and what is below
 * it. Whoever makes a picture of stored nodes fills in their ids; what a lens makes from text alone has none.
 */
import { createHash } from 'node:crypto';
import { encode } from '../src/uarr/v2.ts';
import { equal, type Value, type ValueMap } from '../src/uarr/value.ts';

export interface SourceNode {
  /** NodeID text, or the handle of a node that an edit script creates; null for what has no identity yet. */
  readonly id: string | null;
  /** Name of its slot, as text. */
  readonly key: string;
  /** Its typed value; undefined when it has none. */
  readonly value: Value;
  /** Free metadata; null when there is none. */
  readonly meta: ValueMap | null;
  /** What is below it, in slot order; null when it is no directory. */
  readonly children: readonly SourceNode[] | null;
}

/** A node that has a value and nothing below it. */
export function leaf(key: string, value: Value, id: string | null = null, meta: ValueMap | null = null): SourceNode {
  return { id, key, value, meta, children: null };
}

/** A directory. */
export function branch(key: string, children: readonly SourceNode[], id: string | null = null): SourceNode {
  return { id, key, value: undefined, meta: null, children };
}

/** The nodes of a source, each before what is below it. */
export function* nodesOf(source: SourceNode): Generator<SourceNode> {
  yield source;
  for (const child of source.children ?? []) yield* nodesOf(child);
}

/** Whether two sources show the same: ids, keys, values, metadata and order of children. Order of map keys does not count. */
export function equalSources(a: SourceNode, b: SourceNode): boolean {
  if (a === b) return true;
  if (a.id !== b.id || a.key !== b.key || !equal(a.value, b.value, true) || !equal(a.meta, b.meta, true)) return false;
  if (a.children === null || b.children === null) return a.children === b.children;
  const others = b.children;
  return (
    a.children.length === others.length && a.children.every((child, i) => equalSources(child, others[i] as SourceNode))
  );
}

/** Hash of everything in a source; two sources with one hash show the same bytes. 32 hex digits. */
export function hashSource(source: SourceNode): string {
  return createHash('sha256')
    .update(encode(plain(source)))
    .digest('hex')
    .slice(0, 32);
}

function plain(node: SourceNode): Value {
  return [node.id ?? null, node.key, node.value, node.meta, node.children === null ? null : node.children.map(plain)];
}
