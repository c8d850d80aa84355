/**
 * Names of kinds and of value types, as the API and the command line show them.
 */
import { FxError } from '../errors.ts';
import { KIND, type Kind, kindName, type Node } from '../store/node.ts';

export { type KindName, kindName } from '../store/node.ts';
export { valueTypeName } from '../uarr/value.ts';

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
