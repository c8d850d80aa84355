/**
 * Edit scripts: what a save changes, as edits of nodes and of fields inside their values.
 *
 * All ids, paths and indices name things as they are in the *base*, before any edit of the script: no edit
 * shifts another, the order of a script does not matter (but for several inserts at one place, which keep
 * theirs), and two scripts over one base can be compared. `applyEdits` gives the result.
 */
import type { Value, ValueMap } from '../src/uarr/value.ts';

/** Steps from a node's value to a field inside it: keys of maps, indices of arrays. Empty: the whole value. */
export type FieldPath = readonly (string | number)[];

/** Which of a node's two values an edit is about. */
export type Part = 'value' | 'meta';

/** A node of the base by its id, or one that the script creates by a handle: `+1`, `+2` and so on. */
export type Handle = string;

/** Sets a field. A new key of a map goes before the key `before`, or last. A missing map on the way is made. */
export interface SetEdit {
  readonly op: 'set';
  readonly node: Handle;
  readonly part: Part;
  readonly path: FieldPath;
  readonly value: Value;
  readonly before?: string | null;
}

/** Inserts items into an array, before the item that the path's last step names (its length: at the end). */
export interface InsertEdit {
  readonly op: 'insert';
  readonly node: Handle;
  readonly part: Part;
  readonly path: FieldPath;
  readonly values: readonly Value[];
}

/** Removes a field: a key of a map, an item of an array, or the whole value. */
export interface UnsetEdit {
  readonly op: 'unset';
  readonly node: Handle;
  readonly part: Part;
  readonly path: FieldPath;
}

export type FieldEdit = SetEdit | InsertEdit | UnsetEdit;

/** Makes a node under `parent`, before its child `before`, or last. `directory`: it may have children. */
export interface CreateEdit {
  readonly op: 'create';
  readonly node: Handle;
  readonly parent: Handle;
  readonly key: string;
  readonly value: Value;
  readonly meta: ValueMap | null;
  readonly directory: boolean;
  readonly before: Handle | null;
}

/** Brings a deleted node back with its old id; the rest as in a CreateEdit. */
export interface ReviveEdit extends Omit<CreateEdit, 'op'> {
  readonly op: 'revive';
}

/** Gives a node another key, or another parent (it then comes last there). */
export interface RenameEdit {
  readonly op: 'rename';
  readonly node: Handle;
  readonly parent: Handle;
  readonly key: string;
}

/** Orders the children of a node: all that it has after the script. */
export interface OrderEdit {
  readonly op: 'order';
  readonly node: Handle;
  readonly children: readonly Handle[];
}

/** Deletes a node with all below it. */
export interface DeleteEdit {
  readonly op: 'delete';
  readonly node: Handle;
}

export type NodeEdit = CreateEdit | ReviveEdit | RenameEdit | OrderEdit | DeleteEdit;
export type Edit = FieldEdit | NodeEdit;

export function isFieldEdit(edit: Edit): edit is FieldEdit {
  return edit.op === 'set' || edit.op === 'insert' || edit.op === 'unset';
}

/** One line for people: `set n:ID value.server.port`. */
export function describeEdit(edit: Edit): string {
  const fields = isFieldEdit(edit) ? ` ${[edit.part, ...edit.path].join('.')}` : '';
  return `${edit.op} ${edit.node}${fields}`;
}
