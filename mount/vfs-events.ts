/**
 * From changes of the store to what a driver must drop from its kernel's caches.
 *
 * A change made through this mount is known to its kernel: it asked for it, and drops what depends on it
 * (the parent's attributes and listing, the times and link count of the inode) by itself. While `quiet`
 * runs such a change, only this is told:
 * - `.value`, whose attributes follow its directory's, and which appears when an entry of that name goes;
 * - set-id bits that a write or an open with truncation dropped (`lost`): the kernel executes a file by
 *   the mode that it has cached;
 * - bytes that it appended by a size that another mount had changed (`misplaced`).
 *
 * Of any other change, from the API or another mount, everything is told:
 *
 * | change                      | told                                                                    |
 * |-----------------------------|-------------------------------------------------------------------------|
 * | content of a blob           | its range and attributes                                                |
 * | value of a file             | all of its content, as its size changes too                             |
 * | value of a directory        | `.value`: its entry and content; the directory's listing                |
 * | attributes, xattrs          | the attributes; those of `.value` too                                   |
 * | entry added or removed      | the entry (it may be cached as absent); the directory's attributes and  |
 * |                             | listing; the child's attributes (link count, ctime), and for a          |
 * |                             | directory its listing, as its ".." moved                                |
 *
 * What watchers of files are to be told goes along (`happened`): content, attributes, entries. Renames and
 * exchanges come as entries removed and added. Numbers that the kernel never saw are told like
 * any other; a driver that counts its kernel's references may leave those out.
 */
import type { Name } from '../src/names.ts';
import type { ChangeListener } from '../src/store/api.ts';
import { KIND, type Node, type Slot } from '../src/store/node.ts';
import type { FileEvent, InvalidationSink } from './operations.ts';
import { type Tree, VALUE_NAME } from './vfs-tree.ts';

const TO_THE_END = -1;

export class Events implements ChangeListener {
  readonly #tree: Tree;
  readonly #sinks = new Set<InvalidationSink>();
  #ownChanges = 0;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  subscribe(sink: InvalidationSink): () => void {
    this.#sinks.add(sink);
    return () => void this.#sinks.delete(sink);
  }

  /** Runs a change that the kernel asked for. */
  quiet<T>(change: () => T): T {
    this.#ownChanges++;
    try {
      return change();
    } finally {
      this.#ownChanges--;
    }
  }

  /** The kernel asked for something that also changed the node's attributes in a way it does not foresee. */
  lost(node: Node): void {
    this.#inode(node, 0, 0);
  }

  /** The kernel takes bytes from `offset` on for others than they are. */
  misplaced(node: Node, offset: number): void {
    this.#inode(node, offset, TO_THE_END);
  }

  /** The name stands for another node than the kernel takes from what it asked for. */
  replaced(parent: Node, name: Name): void {
    this.#entry(parent, name);
  }

  /** What a view shows may have changed; the kernel never asked for that, also when it asked for the cause. */
  viewChanged(view: Node): void {
    this.#inode(view, 0, TO_THE_END);
    this.#happened({ what: 'modified', ino: this.#tree.outer(view.ino) });
  }

  content(node: Node, offset: number, bytes: number): void {
    if (node.kind === KIND.directory) {
      this.#inode(node, 0, TO_THE_END);
      this.#entry(node, VALUE_NAME);
      this.#valueFile(node, TO_THE_END);
    } else if (this.#ownChanges === 0) {
      this.#happened({ what: 'modified', ino: this.#tree.outer(node.ino) });
      if (node.value === null) this.#inode(node, offset, bytes);
      else this.#inode(node, 0, TO_THE_END);
    }
  }

  attributes(node: Node): void {
    if (this.#ownChanges === 0) {
      this.#inode(node, 0, 0);
      this.#happened({ what: 'touched', ino: this.#tree.outer(node.ino) });
    }
    if (node.kind === KIND.directory && node.value !== null) this.#valueFile(node, 0);
  }

  linked(parent: Node, slot: Slot): void {
    this.#moved(parent, slot, 'added');
  }

  unlinked(parent: Node, slot: Slot): void {
    this.#moved(parent, slot, 'removed');
  }

  #moved(parent: Node, slot: Slot, what: 'added' | 'removed'): void {
    if (parent.value !== null) {
      this.#valueFile(parent, 0);
      if (slot.name === VALUE_NAME && this.#ownChanges > 0) this.#entry(parent, VALUE_NAME);
    }
    if (this.#ownChanges > 0) return;
    this.#entry(parent, slot.name);
    this.#inode(parent, 0, TO_THE_END);
    const child = this.#tree.outer(slot.ino);
    if (child === 0) return;
    this.#happened({ what, parent: this.#tree.outer(parent.ino), name: slot.name, ino: child, kind: slot.kind });
    const bytes = slot.kind === KIND.directory ? TO_THE_END : 0;
    for (const sink of this.#sinks) sink.inode(child, 0, bytes);
  }

  #inode(node: Node, offset: number, bytes: number): void {
    const ino = this.#tree.outer(node.ino);
    if (ino === 0) return;
    for (const sink of this.#sinks) sink.inode(ino, offset, bytes);
  }

  /** Inode 0: not in this mount. */
  #happened(event: FileEvent): void {
    if (event.ino === 0 || ('parent' in event && event.parent === 0)) return;
    for (const sink of this.#sinks) sink.happened?.(event);
  }

  #valueFile(directory: Node, bytes: number): void {
    if (this.#tree.outer(directory.ino) === 0) return;
    const ino = this.#tree.valueIno(directory);
    for (const sink of this.#sinks) sink.inode(ino, 0, bytes);
  }

  #entry(parent: Node, name: Name): void {
    const ino = this.#tree.outer(parent.ino);
    if (ino === 0) return;
    for (const sink of this.#sinks) sink.entry(ino, name);
  }
}
