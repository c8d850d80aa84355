/**
 * Whether changes of a blob's content make sense.
 */
import { FxError, invariant } from '../errors.ts';
import { FILE_BYTES_MAX, TRANSFER_BYTES_MAX } from '../limits.ts';
import type { ByteRange, Changes } from './api.ts';
import { KIND, type Node } from './node.ts';
import type { State } from './state.ts';

/** IS_DIRECTORY or INVALID for what is no file; TOO_BIG. */
export function checkWrite(node: Node, offset: number, bytes: number): void {
  if (node.kind !== KIND.file) throw new FxError(node.kind === KIND.directory ? 'IS_DIRECTORY' : 'INVALID');
  invariant(node.value === null, 'only blobs are written to');
  if (!(offset >= 0 && offset + bytes <= FILE_BYTES_MAX)) throw new FxError('TOO_BIG');
  invariant(bytes <= TRANSFER_BYTES_MAX * 16, 'a write fits a frame');
}

/** IS_DIRECTORY or INVALID for what is no file; TOO_BIG. */
export function checkContent(state: State, node: Node, changes: Changes): void {
  const { size, share, hole, reserve } = changes;
  const range = share ?? hole ?? reserve;
  if (size === undefined && range === undefined) return;
  if (node.kind !== KIND.file) throw new FxError(node.kind === KIND.directory ? 'IS_DIRECTORY' : 'INVALID');
  if (size !== undefined && !(size >= 0 && size <= FILE_BYTES_MAX)) throw new FxError('TOO_BIG');
  invariant(node.value === null || changes.value === null, 'only blobs have content of their own');
  for (const each of [share, hole, reserve]) if (each !== undefined) checkRange(each);
  if (share === undefined) return;
  const source = state.node(share.from.ino);
  if (source === undefined) throw new FxError('STALE', `inode ${share.from.ino} is gone`);
  invariant(source.kind === KIND.file && source.value === null, 'only bytes of blobs are shared');
  invariant(share.fromOffset >= 0 && share.fromOffset + share.bytes <= source.size, 'shared bytes lie in their file');
}

function checkRange({ offset, bytes }: ByteRange): void {
  invariant(offset >= 0 && bytes > 0, 'a range has bytes');
  if (offset > FILE_BYTES_MAX - bytes) throw new FxError('TOO_BIG');
}
