/**
 * Three-way merge: what a save changes, over what changed since the file was opened.
 *
 * Edits that touch different fields or nodes all hold. Edits that overlap (the same field, a field and one
 * inside it, a deleted node and anything in it, one key given twice, inserts at one place of an array) are a
 * conflict, unless both are the same edit.
 */
import { equal, type Value } from '../src/uarr/value.ts';
import { applyEdits } from './apply.ts';
import { diffSources } from './diff-sources.ts';
import { type Edit, type FieldEdit, type Handle, isFieldEdit, type OrderEdit } from './edits.ts';
import { nodesOf, type SourceNode } from './source.ts';

export interface Conflict {
  readonly ours: Edit;
  readonly theirs: Edit;
}

export type MergeResult =
  | { readonly ok: true /** Over `current`. */; readonly edits: readonly Edit[]; readonly source: SourceNode }
  | { readonly ok: false; readonly conflicts: readonly Conflict[] };

/** Merges `ours`, a script over `base`, with what made `base` into `current`. All nodes of both have ids. */
export function merge(base: SourceNode, ours: readonly Edit[], current: SourceNode): MergeResult {
  const theirs = diffSources(base, current);
  if (theirs.length === 0) return { ok: true, edits: ours, source: applyEdits(base, ours) };
  const { conflicts, agreed } = compare(base, ours, theirs);
  if (conflicts.length > 0) return { ok: false, conflicts };
  const union = [...theirs, ...ours.filter((edit) => !agreed.has(edit))];
  const orders = union.filter((edit) => edit.op === 'order');
  const unordered = applyEdits(
    base,
    union.filter((edit) => edit.op !== 'order'),
  );
  const source = applyEdits(unordered, ordersOver(unordered, orders));
  return { ok: true, edits: diffSources(current, source), source };
}

/** Orders that name what is there now: known children as in the order, others after the one they follow now. */
function ordersOver(source: SourceNode, orders: readonly OrderEdit[]): OrderEdit[] {
  const wanted = new Map(orders.map((edit) => [edit.node, edit.children]));
  const adjusted: OrderEdit[] = [];
  for (const node of nodesOf(source)) {
    const order = node.id === null ? undefined : wanted.get(node.id);
    if (order === undefined || node.children === null) continue;
    const now = node.children.map(({ id }) => id as Handle);
    const present = new Set(now);
    const children = order.filter((id) => present.has(id));
    const placed = new Set(children);
    for (const [i, id] of now.entries()) {
      if (placed.has(id)) continue;
      children.splice(i === 0 ? 0 : children.indexOf(now[i - 1] as Handle) + 1, 0, id);
      placed.add(id);
    }
    adjusted.push({ op: 'order', node: node.id as Handle, children });
  }
  return adjusted;
}

interface Comparison {
  readonly conflicts: Conflict[];
  /** Edits of ours that theirs made too. */
  readonly agreed: Set<Edit>;
}

function compare(base: SourceNode, ours: readonly Edit[], theirs: readonly Edit[]): Comparison {
  const comparison: Comparison = { conflicts: [], agreed: new Set() };
  const places = new Places(ours);
  for (const edit of theirs) {
    for (const mine of places.overlapping(edit)) {
      if (sameEdit(mine, edit)) comparison.agreed.add(mine);
      else comparison.conflicts.push({ ours: mine, theirs: edit });
    }
  }
  const parents = parentsOf(base);
  comparison.conflicts.push(...inDeleted(parents, ours, theirs).map(([mine, edit]) => ({ ours: mine, theirs: edit })));
  comparison.conflicts.push(
    ...inDeleted(parents, theirs, ours).map(([their, edit]) => ({ ours: edit, theirs: their })),
  );
  return comparison;
}

/** Places that edits claim, as keys; two edits overlap when they claim one place, or one inside the other's. */
class Places {
  readonly #at = new Map<string, Edit[]>();
  readonly #inside = new Map<string, Edit[]>();

  constructor(edits: readonly Edit[]) {
    for (const edit of edits) {
      for (const claim of claimsOf(edit)) {
        push(this.#at, claim.join('\0'), edit);
        for (let end = 1; end < claim.length; end++) push(this.#inside, claim.slice(0, end).join('\0'), edit);
      }
    }
  }

  overlapping(edit: Edit): Set<Edit> {
    const found = new Set<Edit>();
    for (const claim of claimsOf(edit)) {
      for (let end = 1; end <= claim.length; end++) {
        for (const other of this.#at.get(claim.slice(0, end).join('\0')) ?? []) found.add(other);
      }
      for (const other of this.#inside.get(claim.join('\0')) ?? []) found.add(other);
    }
    return found;
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function claimsOf(edit: Edit): string[][] {
  if (isFieldEdit(edit)) return [fieldClaim(edit)];
  switch (edit.op) {
    case 'create':
      return [[`key ${edit.parent} ${edit.key}`]];
    case 'revive':
      return [[`key ${edit.parent} ${edit.key}`], [`place ${edit.node}`]];
    case 'rename':
      return [[`key ${edit.parent} ${edit.key}`], [`place ${edit.node}`]];
    case 'order':
      return [[`order ${edit.node}`]];
    case 'delete':
      return [];
  }
}

function fieldClaim({ op, node, part, path }: FieldEdit): string[] {
  const steps = path.map((step) => `${typeof step} ${step}`);
  if (op === 'insert') steps.push(`before ${steps.pop()}`);
  return [`${part} ${node}`, ...steps];
}

function sameEdit(a: Edit, b: Edit): boolean {
  if (a.op !== b.op || a.node !== b.node) return false;
  if (a.op === 'set' && b.op === 'set') return a.path.length === b.path.length && equal(a.value, b.value, true);
  if (a.op === 'unset' && b.op === 'unset') return a.path.length === b.path.length;
  if (a.op === 'insert' && b.op === 'insert') return equal(a.values as Value[], b.values as Value[], true);
  if (a.op === 'order' && b.op === 'order') return a.children.join('\0') === b.children.join('\0');
  if (a.op === 'rename' && b.op === 'rename') return a.parent === b.parent && a.key === b.key;
  return false;
}

function parentsOf(base: SourceNode): Map<Handle, Handle> {
  const parents = new Map<Handle, Handle>();
  for (const node of nodesOf(base)) {
    for (const child of node.children ?? []) parents.set(child.id as Handle, node.id as Handle);
  }
  return parents;
}

/** Deletions of one side, each with an edit of the other in what it deletes. */
function inDeleted(
  parents: ReadonlyMap<Handle, Handle>,
  deleting: readonly Edit[],
  editing: readonly Edit[],
): [deletion: Edit, edit: Edit][] {
  const deleted = new Map<Handle, Edit>();
  for (const edit of deleting) if (edit.op === 'delete') deleted.set(edit.node, edit);
  if (deleted.size === 0) return [];
  const found: [Edit, Edit][] = [];
  for (const edit of editing) {
    if (edit.op === 'delete' || edit.op === 'order') continue;
    for (const touched of 'parent' in edit ? [edit.node, edit.parent] : [edit.node]) {
      for (let node: Handle | undefined = touched; node !== undefined; node = parents.get(node)) {
        const deletion = deleted.get(node);
        if (deletion !== undefined) found.push([deletion, edit]);
      }
    }
  }
  return found;
}
