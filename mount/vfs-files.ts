/**
 * Operations on files: attributes, opening, reading, writing, truncating.
 *
 * Blobs have no state per open file: a handle is always 0, and a read answers with pieces of the store's
 * segments. Typed files are documents, written in `documents/open-documents.ts`; here they are read where no
 * handle says which version. One whose value cannot be decoded is none, and can be emptied.
 */
import { FxError } from '../src/errors.ts';
import type { Ino } from '../src/ids.ts';
import { FILE_BYTES_MAX } from '../src/limits.ts';
import { ACCESS_ACL } from '../src/store/access-lists.ts';
import type { Changes, Piece } from '../src/store/api.ts';
import { type Attributes, KIND, MODE_MASK, type Node } from '../src/store/node.ts';
import type { AttributeChanges, Opened, OpenFlags, ReadResult } from './operations.ts';
import { aclWithMode } from './posix-acl.ts';
import { hasCapability, lostByWriting, NO_CAPABILITY, withoutSetId } from './vfs-access.ts';
import type { Events } from './vfs-events.ts';
import type { Tree } from './vfs-tree.ts';

/** The answer to every open. */
export const OPENED: Opened = Object.freeze({ handle: 0, cacheable: true, flushless: true });

/** `(uid_t) -1`: leave as it is. */
const NO_ID = 0xffff_ffff;

export class Files {
  readonly #tree: Tree;
  readonly #events: Events;
  /** The last read's answer, reused by the next. */
  readonly #pieces: Piece[] = [];

  constructor(tree: Tree, events: Events) {
    this.#tree = tree;
    this.#events = events;
  }

  attributes(ino: Ino): Attributes {
    const node = this.#tree.node(ino);
    return this.#tree.isValueFile(ino) ? this.#tree.describeValue(node) : this.#tree.describe(node, true);
  }

  /** NOT_PERMITTED for `.value`; IS_DIRECTORY, INVALID, TOO_BIG for sizes. Without any change nothing happens. */
  setAttributes(ino: Ino, asked: AttributeChanges): Attributes {
    const node = this.#tree.mutable(ino);
    const changes = this.#changesOf(node, asked);
    const asksNothing = asked.clearSetId !== true && Object.keys(changes).length === 0;
    if (!asksNothing) this.#patch(node, changes);
    return this.#tree.describe(node);
  }

  #changesOf(node: Node, asked: AttributeChanges): Changes {
    const changes: Changes = {};
    const { size } = asked;
    const chowned = isId(asked.uid) || isId(asked.gid);
    if (size !== undefined) {
      checkSize(node, size);
      changes.size = size;
    }
    if (isId(asked.uid)) changes.uid = asked.uid;
    if (isId(asked.gid)) changes.gid = asked.gid;
    if (asked.atime !== undefined) changes.atime = asked.atime;
    if (asked.mtime !== undefined) changes.mtime = asked.mtime;
    if (asked.ctime !== undefined) changes.ctime = asked.ctime;
    if (asked.mode !== undefined) {
      changes.mode = asked.mode & MODE_MASK;
      const list = node.xattrs?.get(ACCESS_ACL);
      if (list !== undefined) changes.xattrs = new Map([[ACCESS_ACL, aclWithMode(list, changes.mode)]]);
    } else if (node.kind !== KIND.directory && (chowned || asked.clearSetId)) {
      const mode = withoutSetId(node.mode);
      if (mode !== node.mode) changes.mode = mode;
    }
    if ((chowned || size !== undefined) && hasCapability(node))
      changes.xattrs = new Map([...(changes.xattrs ?? []), ...NO_CAPABILITY]);
    return changes;
  }

  #patch(node: Node, changes: Changes): void {
    const { store } = this.#tree;
    this.#events.quiet(() => {
      if (changes.size === undefined || node.value === null) return store.patch(node, changes);
      this.refuseDamaged(node, changes.size);
      store.patch(node, { ...changes, value: null });
    });
  }

  /** DAMAGED for a typed file that is no document, unless nothing of it is to be kept. */
  refuseDamaged(node: Node, bytesKept: number): void {
    if (bytesKept > 0) this.#tree.documents.rendered.bytes(node);
  }

  /** IS_DIRECTORY to write one, ACCESS_DENIED to write `.value`, LOOP for symlinks, NOT_SUPPORTED for devices and the like, READ_ONLY. */
  open(ino: Ino, flags: OpenFlags): Opened {
    const node = this.#tree.node(ino);
    const changes = flags.write || flags.truncate;
    if (this.#tree.isValueFile(ino)) {
      if (changes) throw new FxError('ACCESS_DENIED', 'the file .value is read-only');
      this.#tree.describeValue(node);
      return OPENED;
    }
    if (node.kind !== KIND.file) checkOpenable(node, changes);
    if (changes) this.#tree.checkWritable();
    if (flags.truncate) {
      const truncation = this.#changesOf(node, { size: 0, clearSetId: flags.clearSetId });
      this.#patch(node, truncation);
      if (truncation.mode !== undefined) this.#events.lost(node);
    }
    return OPENED;
  }

  read(ino: Ino, offset: number, bytes: number): ReadResult {
    const tree = this.#tree;
    const node = tree.node(ino);
    if (node.kind !== KIND.file && !tree.isValueFile(ino)) throw notAFile(node);
    if (tree.documents.views.has(node)) return tree.documents.views.text(node).subarray(offset, offset + bytes);
    if (node.value !== null) {
      const { documents } = tree;
      const text = node.kind === KIND.file ? documents.shown(node) : documents.rendered.bytes(node);
      return text.subarray(offset, offset + bytes);
    }
    if (tree.isValueFile(ino)) throw new FxError('STALE');
    const pieces = this.#pieces;
    pieces.length = 0;
    tree.store.pieces(node, offset, bytes, pieces);
    return pieces;
  }

  /** The end of a blob; `offset` for what is none. */
  appendOffset(ino: Ino, offset: number): number {
    const node = this.#tree.node(ino);
    if (node.kind !== KIND.file || node.value !== null || node.size === offset) return offset;
    this.#events.misplaced(node, Math.min(offset, node.size));
    return node.size;
  }

  /** TOO_BIG past 2^53 - 1. A write of no bytes changes nothing. */
  write(ino: Ino, offset: number, data: Uint8Array, start: number, bytes: number, clearSetId: boolean): void {
    const tree = this.#tree;
    if (tree.isValueFile(ino)) throw new FxError('ACCESS_DENIED', 'the file .value is read-only');
    const node = tree.mutable(ino);
    if (node.kind !== KIND.file) throw notAFile(node);
    if (bytes === 0) return;
    if (offset > FILE_BYTES_MAX - bytes) throw new FxError('TOO_BIG');
    const { store } = tree;
    const lost = lostByWriting(node, clearSetId);
    this.#events.quiet(() => {
      if (node.value !== null) this.refuseDamaged(node, node.size + 1);
      store.write(node, offset, data, start, bytes, lost);
    });
    if (lost?.mode !== undefined) this.#events.lost(node);
  }
}

function isId(id: number | undefined): id is number {
  return id !== undefined && id !== NO_ID && id !== -1;
}

function checkSize(node: Node, size: number): void {
  if (node.kind !== KIND.file) throw notAFile(node);
  if (size > FILE_BYTES_MAX) throw new FxError('TOO_BIG');
  if (!Number.isInteger(size) || size < 0) throw new FxError('INVALID', `${size} is no file size`);
}

function checkOpenable(node: Node, changes: boolean): void {
  if (node.kind === KIND.directory && !changes) return;
  if (node.kind === KIND.directory) throw new FxError('IS_DIRECTORY');
  if (node.kind === KIND.symlink) throw new FxError('LOOP');
  throw new FxError('NOT_SUPPORTED', 'fifos, sockets and devices are opened by the kernel');
}

export function notAFile(node: Node): FxError {
  return new FxError(node.kind === KIND.directory ? 'IS_DIRECTORY' : 'INVALID');
}
