/**
 * Operations on ranges of a file's bytes that need not bring bytes: allocating, finding holes, copying.
 *
 * A range is copied by reference: the target refers to the same bytes of the log from then on, as with reflinks.
 * Documents take no part: the kernel then reads and writes them.
 * Allocated room counts as taken, but a log that is appended to cannot set it aside: what is promised is that there
 * was enough of it.
 */
import { FxError } from '../src/errors.ts';
import type { Ino } from '../src/ids.ts';
import { COPY_BYTES_MAX, FILE_BYTES_MAX, TRANSFER_BYTES_MAX } from '../src/limits.ts';
import type { ByteRange, Changes } from '../src/store/api.ts';
import { KIND, type Node } from '../src/store/node.ts';
import type { Allocation, Caller, FilePosition, Totals } from './operations.ts';
import { lostByWriting } from './vfs-access.ts';
import type { Events } from './vfs-events.ts';
import { type Files, notAFile } from './vfs-files.ts';
import type { Tree } from './vfs-tree.ts';

/** What COLLAPSE_RANGE and INSERT_RANGE must be multiples of: the st_blksize that files show. */
const BLOCK_BYTES = 4096;

export class Ranges {
  readonly #tree: Tree;
  readonly #events: Events;
  readonly #files: Files;
  readonly #totals: () => Totals;

  constructor(tree: Tree, events: Events, files: Files, totals: () => Totals) {
    this.#tree = tree;
    this.#events = events;
    this.#files = files;
    this.#totals = totals;
  }

  allocate({ ino, offset }: FilePosition, bytes: number, how: Allocation, keepSize: boolean, caller: Caller): void {
    const node = this.#changeable(ino);
    if (!(offset >= 0 && bytes > 0)) throw new FxError('INVALID', 'a range has at least one byte');
    if (offset > FILE_BYTES_MAX - bytes) throw new FxError('TOO_BIG');
    const size = this.#size(node);
    const range = { offset, bytes };
    switch (how) {
      case 'allocate':
      case 'zero': {
        // Room that the file has is not all in the range; asking for too much by that much is let pass.
        if (bytes - node.storedBytes > this.#totals().freeBytes) throw new FxError('NO_SPACE');
        const changes: Changes = how === 'zero' ? { hole: range, reserve: range } : { reserve: range };
        if (!keepSize && offset + bytes > size) changes.size = offset + bytes;
        return this.#change(node, changes, caller);
      }
      case 'punch':
        return this.#change(node, { hole: range }, caller);
      case 'collapse':
        return this.#change(node, collapsed(node, range, size), caller);
      case 'insert':
        return this.#change(node, inserted(node, range, size), caller);
    }
  }

  seek({ ino, offset }: FilePosition, what: 'data' | 'hole'): number | undefined {
    const tree = this.#tree;
    const node = tree.node(ino);
    if (node.kind !== KIND.file && !tree.isValueFile(ino)) throw notAFile(node);
    if (node.value === null) {
      if (node.kind !== KIND.file) throw new FxError('STALE');
      return tree.store.seek(node, offset, what);
    }
    const size = this.#size(node);
    if (offset >= size) return undefined;
    return what === 'data' ? offset : size;
  }

  copy(from: FilePosition, to: FilePosition, bytesMax: number, caller: Caller): number {
    const tree = this.#tree;
    const source = tree.node(from.ino);
    if (source.kind !== KIND.file && !tree.isValueFile(from.ino)) throw notAFile(source);
    if (source.kind !== KIND.file && source.value === null) throw new FxError('STALE');
    const target = this.#changeable(to.ino);
    const bytes = Math.min(bytesMax, this.#size(source) - from.offset, COPY_BYTES_MAX);
    if (bytes <= 0) return 0;
    if (to.offset > FILE_BYTES_MAX - bytes) throw new FxError('TOO_BIG');
    if (from.ino === to.ino && Math.abs(from.offset - to.offset) < bytes) {
      throw new FxError('INVALID', 'a range cannot be copied onto a part of itself');
    }
    if (source.value === null) {
      const share = { from: source, fromOffset: from.offset, offset: to.offset, bytes };
      this.#change(target, { share }, caller);
    } else {
      // A copy: the rendered bytes may change hands in memory while the target is written.
      const text = tree.documents.rendered.bytes(source).slice(from.offset, from.offset + bytes);
      this.#change(target, {}, caller, () => this.#write(target, to.offset, text));
    }
    return bytes;
  }

  /** The file of that number, to change its content. */
  #changeable(ino: Ino): Node {
    if (this.#tree.isValueFile(ino)) throw new FxError('ACCESS_DENIED', 'the file .value is read-only');
    const node = this.#tree.mutable(ino);
    if (node.kind !== KIND.file) throw notAFile(node);
    return node;
  }

  /** Bytes of a blob, or of a rendered value. */
  #size(node: Node): number {
    if (node.value === null) return node.size;
    const { documents } = this.#tree;
    return node.kind === KIND.file ? documents.size(node) : documents.rendered.size(node);
  }

  /** Makes the changes and what goes with any change of content, in one frame. */
  #change(node: Node, changes: Changes, caller: Caller, write?: () => void): void {
    const { store } = this.#tree;
    const lost = lostByWriting(node, caller.uid !== 0);
    const all = lost === undefined ? changes : { ...changes, ...lost };
    this.#events.quiet(() => {
      if (node.value === null && write === undefined) return store.patch(node, all);
      store.transaction(() => {
        if (node.value !== null) this.#files.refuseDamaged(node, FILE_BYTES_MAX);
        store.patch(node, all);
        write?.();
      });
    });
    if (lost?.mode !== undefined) this.#events.lost(node);
  }

  #write(node: Node, offset: number, text: Uint8Array): void {
    for (let at = 0; at < text.length; at += TRANSFER_BYTES_MAX) {
      const part = Math.min(TRANSFER_BYTES_MAX, text.length - at);
      this.#tree.store.write(node, offset + at, text, at, part);
    }
  }
}

/** What removes the range: the rest moves down. */
function collapsed(node: Node, { offset, bytes }: ByteRange, size: number): Changes {
  checkBlocks(offset, bytes);
  const rest = size - offset - bytes;
  if (rest <= 0) throw new FxError('INVALID', 'a range is collapsed before the end of the file only');
  return { share: { from: node, fromOffset: offset + bytes, offset, bytes: rest }, size: size - bytes };
}

/** What puts a hole before the byte at `offset`: the rest moves up. */
function inserted(node: Node, { offset, bytes }: ByteRange, size: number): Changes {
  checkBlocks(offset, bytes);
  const rest = size - offset;
  if (rest <= 0) throw new FxError('INVALID', 'a range is inserted before the end of the file only');
  if (size > FILE_BYTES_MAX - bytes) throw new FxError('TOO_BIG');
  return { share: { from: node, fromOffset: offset, offset: offset + bytes, bytes: rest }, hole: { offset, bytes } };
}

function checkBlocks(offset: number, bytes: number): void {
  if (offset % BLOCK_BYTES !== 0 || bytes % BLOCK_BYTES !== 0) {
    throw new FxError('INVALID', `a range is collapsed or inserted at multiples of ${BLOCK_BYTES} bytes`);
  }
}
