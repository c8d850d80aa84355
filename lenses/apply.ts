/**
 * Applies an edit script to a source: the meaning of edits, without a store. A store's transaction gives
 * the same nodes, with NodeIDs in place of the handles of created ones.
 */
import { FxError } from '../src/errors.ts';
import type { Value, ValueMap } from '../src/uarr/value.ts';
import { editValue } from './apply-fields.ts';
import { type CreateEdit, type Edit, type FieldEdit, type Handle, isFieldEdit, type ReviveEdit } from './edits.ts';
import type { SourceNode } from './source.ts';

interface Draft {
  readonly handle: Handle | null;
  key: string;
  value: Value;
  meta: ValueMap | null;
  children: Draft[] | null;
  parent: Draft | null;
}

/** The source after the edits. INVALID when the script was not made for this source. */
export function applyEdits(source: SourceNode, edits: readonly Edit[]): SourceNode {
  if (edits.length === 0) return source;
  const drafts = new Map<Handle, Draft>();
  const root = draftOf(source, null, drafts);
  for (const edit of edits) if (edit.op === 'create' || edit.op === 'revive') create(edit, drafts);
  for (const edit of edits) {
    if (edit.op === 'rename') move(find(drafts, edit.node), find(drafts, edit.parent), edit.key);
    else if (edit.op === 'delete') detach(find(drafts, edit.node));
  }
  for (const edit of edits) if (edit.op === 'order') order(find(drafts, edit.node), edit.children);
  editFields(edits, drafts);
  return finish(root);
}

function draftOf(node: SourceNode, parent: Draft | null, drafts: Map<Handle, Draft>): Draft {
  const { id: handle, key, value, meta } = node;
  const draft: Draft = { handle, key, value, meta, children: null, parent };
  if (node.children !== null) draft.children = node.children.map((child) => draftOf(child, draft, drafts));
  if (handle !== null) drafts.set(handle, draft);
  return draft;
}

function find(drafts: ReadonlyMap<Handle, Draft>, handle: Handle): Draft {
  const draft = drafts.get(handle);
  if (draft === undefined) throw new FxError('INVALID', `an edit is about the node ${handle}, which is not here`);
  return draft;
}

function childrenOf(draft: Draft): Draft[] {
  if (draft.children === null) throw new FxError('INVALID', `"${draft.key}" is no directory and can hold no nodes`);
  return draft.children;
}

function create(edit: CreateEdit | ReviveEdit, drafts: Map<Handle, Draft>): void {
  const parent = find(drafts, edit.parent);
  const { key, value, meta, node: handle } = edit;
  if (drafts.has(handle)) throw new FxError('INVALID', `the node ${handle} is there already`);
  const draft: Draft = { handle, key, value, meta, children: edit.directory ? [] : null, parent };
  drafts.set(handle, draft);
  const siblings = childrenOf(parent);
  const at = edit.before === null ? -1 : siblings.findIndex((sibling) => sibling.handle === edit.before);
  siblings.splice(at < 0 ? siblings.length : at, 0, draft);
}

function detach(draft: Draft): void {
  if (draft.parent === null) throw new FxError('INVALID', 'a source cannot lose its own root');
  const siblings = childrenOf(draft.parent);
  const at = siblings.indexOf(draft);
  if (at >= 0) siblings.splice(at, 1);
}

function move(draft: Draft, parent: Draft, key: string): void {
  draft.key = key;
  if (draft.parent === parent) return;
  detach(draft);
  childrenOf(parent).push(draft);
  draft.parent = parent;
}

function order(draft: Draft, handles: readonly Handle[]): void {
  const byHandle = new Map(childrenOf(draft).map((child) => [child.handle as Handle, child]));
  const ordered = handles.map((handle) => byHandle.get(handle));
  if (ordered.length !== byHandle.size || new Set(ordered).size !== ordered.length || ordered.includes(undefined)) {
    throw new FxError('INVALID', `an order of "${draft.key}" does not name all of its children once`);
  }
  draft.children = ordered as Draft[];
}

function editFields(edits: readonly Edit[], drafts: ReadonlyMap<Handle, Draft>): void {
  const grouped = new Map<Draft, { value: FieldEdit[]; meta: FieldEdit[] }>();
  for (const edit of edits) {
    if (!isFieldEdit(edit)) continue;
    const draft = find(drafts, edit.node);
    const group = grouped.get(draft) ?? { value: [], meta: [] };
    grouped.set(draft, group);
    group[edit.part].push(edit);
  }
  for (const [draft, { value, meta }] of grouped) {
    draft.value = editValue(draft.value, value);
    const changed = meta.length === 0 ? draft.meta : editValue(draft.meta ?? new Map(), meta);
    draft.meta = changed instanceof Map && changed.size > 0 ? changed : null;
  }
}

function finish({ handle, key, value, meta, children }: Draft): SourceNode {
  return { id: handle, key, value, meta, children: children === null ? null : children.map(finish) };
}
