/**
 * Edits of a tree's values sorted by the map or array that they change, for formats that splice texts.
 */
import type { Value } from '../src/uarr/value.ts';
import type { SyntaxMember, SyntaxNode } from './document.ts';
import type { FieldEdit } from './edits.ts';

/** What changes in one map or array of the text. */
export interface ContainerChange {
  readonly node: SyntaxNode;
  /** Its depth: 0 for the root. */
  readonly depth: number;
  readonly removed: Set<number>;
  /** New members by the index of the member before which they stand. */
  readonly inserted: Map<number, { readonly key: string | undefined; readonly value: Value }[]>;
}

export interface TreeChange {
  /** Members whose value becomes another. */
  readonly replaced: { readonly member: SyntaxMember; readonly depth: number; readonly value: Value }[];
  readonly containers: Map<SyntaxNode, ContainerChange>;
  /** The whole value becomes another. */
  root?: { readonly value: Value };
}

/** Sorts the edits; undefined when one leads nowhere in the tree. */
export function sortEdits(tree: SyntaxNode, edits: readonly FieldEdit[]): TreeChange | undefined {
  const change: TreeChange = { replaced: [], containers: new Map() };
  const indices = new Map<SyntaxNode, Map<string | number, number>>();
  for (const edit of edits) if (!sortEdit(tree, edit, change, indices)) return undefined;
  return change;
}

function indexOf(
  node: SyntaxNode,
  step: string | number,
  indices: Map<SyntaxNode, Map<string | number, number>>,
): number {
  let known = indices.get(node);
  if (known === undefined) {
    known = new Map(node.members?.map((member, i) => [member.step, i]));
    indices.set(node, known);
  }
  return known.get(step) ?? -1;
}

function sortEdit(
  tree: SyntaxNode,
  edit: FieldEdit,
  change: TreeChange,
  indices: Map<SyntaxNode, Map<string | number, number>>,
): boolean {
  const { path } = edit;
  const last = path.at(-1);
  if (last === undefined) {
    if (edit.op !== 'set') return false;
    change.root = { value: edit.value };
    return true;
  }
  let node = tree;
  for (const step of path.slice(0, -1)) {
    const member = node.members?.[indexOf(node, step, indices)];
    if (member === undefined) return false;
    node = member.node;
  }
  if (node.members === undefined) return false;
  const at = indexOf(node, last, indices);
  const member = node.members[at];
  if (edit.op === 'set' && member !== undefined) {
    change.replaced.push({ member, depth: path.length, value: edit.value });
    return true;
  }
  let container = change.containers.get(node);
  if (container === undefined) {
    container = { node, depth: path.length - 1, removed: new Set(), inserted: new Map() };
    change.containers.set(node, container);
  }
  if (edit.op === 'unset') return member !== undefined && container.removed.add(at) !== undefined;
  const anchor = edit.op === 'insert' ? Number(last) : anchorOf(node, edit.before ?? null, indices);
  const fresh =
    edit.op === 'insert'
      ? edit.values.map((value) => ({ key: undefined, value }))
      : [{ key: String(last), value: edit.value }];
  container.inserted.set(anchor, [...(container.inserted.get(anchor) ?? []), ...fresh]);
  return true;
}

function anchorOf(
  node: SyntaxNode,
  before: string | null,
  indices: Map<SyntaxNode, Map<string | number, number>>,
): number {
  const at = before === null ? -1 : indexOf(node, before, indices);
  return at < 0 ? (node.members?.length ?? 0) : at;
}
