/**
 * Names of kinds and of value types, as the API and the command line show them.
 */
import { FxError } from '../errors.ts';
import { KIND, type Kind, type Node } from '../store/node.ts';
import { NodeRef, Sized, Timestamp, Uuid, type Value, vectorTypeOf } from '../uarr/value.ts';

export type KindName = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'character device' | 'block device';

const KIND_NAMES: { readonly [K in Kind]: KindName } = {
  [KIND.file]: 'file',
  [KIND.directory]: 'directory',
  [KIND.symlink]: 'symlink',
  [KIND.fifo]: 'fifo',
  [KIND.socket]: 'socket',
  [KIND.charDevice]: 'character device',
  [KIND.blockDevice]: 'block device',
};

/** What an import or export counts a node of each kind as. */
export const COUNT_OF_KIND: { readonly [K in Kind]: 'files' | 'directories' | 'symlinks' | 'specials' } = {
  [KIND.file]: 'files',
  [KIND.directory]: 'directories',
  [KIND.symlink]: 'symlinks',
  [KIND.fifo]: 'specials',
  [KIND.socket]: 'specials',
  [KIND.charDevice]: 'specials',
  [KIND.blockDevice]: 'specials',
};

export function kindName(kind: Kind): KindName {
  return KIND_NAMES[kind];
}

/**
 * Type of a value: null, undefined, bool, string, i64, f64, i8 … u64, f32, bytes, array, map, node,
 * timestamp, uuid; a vector's is its element type with "[]", such as `f32[]`.
 */
export function valueTypeName(value: Value): string {
  switch (typeof value) {
    case 'undefined':
      return 'undefined';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'bigint':
      return 'i64';
    case 'number':
      return 'f64';
    default:
      return objectTypeName(value);
  }
}

function objectTypeName(value: Exclude<Value, undefined | boolean | string | bigint | number>): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Map) return 'map';
  if (value instanceof Sized) return value.type;
  if (value instanceof NodeRef) return 'node';
  if (value instanceof Timestamp) return 'timestamp';
  if (value instanceof Uuid) return 'uuid';
  if (value instanceof Uint8Array) return 'bytes';
  return `${vectorTypeOf(value)}[]`;
}

/** Whether the node is a file whose content is bytes, not a typed value. */
export function isBlob(node: Node): boolean {
  return node.kind === KIND.file && node.value === null;
}

/** IS_DIRECTORY or INVALID unless the node is a blob; says what it is. */
export function requireBlob(node: Node): void {
  if (isBlob(node)) return;
  if (node.kind === KIND.directory) throw new FxError('IS_DIRECTORY', 'it is a directory and has no bytes');
  throw new FxError(
    'INVALID',
    node.kind === KIND.file ? 'it is a typed value, not bytes' : `it is a ${kindName(node.kind)} and has no bytes`,
  );
}
