/**
 * The tree as a filesystem: the operations that drivers offer to a kernel, on a store.
 *
 * One Vfs serves one mount of the whole store or of a subtree; several may share a store. Semantics are
 * those of POSIX.1-2017 and, where it leaves a choice, of Linux's native filesystems. The parts: `vfs-tree` says which inode is which node, `vfs-entries`,
 * `vfs-files`, `vfs-ranges` and `vfs-xattrs` do the operations, `vfs-events` tells the driver what changed elsewhere.
 */

import { FxError } from '../src/errors.ts';
import type { Ino } from '../src/ids.ts';
import type { Name } from '../src/names.ts';
import type { StoreApi } from '../src/store/api.ts';
import { type Attributes, KIND, type Kind, ROOT_INO } from '../src/store/node.ts';
import { Commands } from './commands.ts';
import { Control } from './control.ts';
import { DocumentFiles } from './documents/document-files.ts';
import type {
  Allocation,
  AttributeChanges,
  Caller,
  Created,
  FilePosition,
  InvalidationSink,
  Opened,
  OpenFlags,
  Operations,
  ReadResult,
  RenameFlags,
  Totals,
  XattrFlags,
} from './operations.ts';
import { checkAccess } from './vfs-access.ts';
import { Accesses, ATIME_DEFAULT } from './vfs-atime.ts';
import { Entries } from './vfs-entries.ts';
import { Events } from './vfs-events.ts';
import { Files, OPENED } from './vfs-files.ts';
import { MountLocks } from './vfs-locks.ts';
import { Ranges } from './vfs-ranges.ts';
import { Tree, VALUE_INO_OFFSET, type VfsOptions } from './vfs-tree.ts';
import { Xattrs } from './vfs-xattrs.ts';

export type { VfsOptions } from './vfs-tree.ts';

const W_OK = 2;
/** A new directory gets its set-group-ID bit from its parent only. */
const MKDIR_MODE_MASK = 0o1777;

export class Vfs implements Operations {
  readonly root: Ino = ROOT_INO;
  readonly #tree: Tree;
  readonly #events: Events;
  readonly #entries: Entries;
  readonly #files: Files;
  readonly #ranges: Ranges;
  readonly #xattrs: Xattrs;
  readonly #documents: DocumentFiles;
  readonly #control: Control;
  readonly #accesses: Accesses;
  readonly #totals: () => Totals;
  readonly locks: MountLocks | undefined;
  /** What `close` takes back from the store. */
  readonly #registered = new Set<() => void>();

  /** NOT_FOUND or NOT_DIRECTORY when `options.root` is no directory of the store. */
  constructor(store: StoreApi, options: VfsOptions) {
    this.#tree = new Tree(store, options);
    this.#events = new Events(this.#tree);
    this.#entries = new Entries(this.#tree, this.#events);
    this.#accesses = new Accesses(this.#tree, this.#events, options.atime ?? ATIME_DEFAULT);
    this.#files = new Files(this.#tree, this.#events);
    this.#documents = new DocumentFiles(this.#tree, this.#events);
    this.#control = new Control(
      this.#tree,
      options.signals,
      options.commands &&
        new Commands(options.commands, (ino, action) => this.#documents.act(this.#tree.outer(ino), action)),
    );
    this.#ranges = new Ranges(this.#tree, this.#events, this.#files, options.totals);
    this.#xattrs = new Xattrs(this.#tree, this.#events, this.#documents);
    if (options.documents === undefined) this.#registered.add(() => this.#tree.documents.close());
    this.#totals = options.totals;
    this.locks = options.locks && new MountLocks(options.locks, (ino) => this.#tree.inner(ino));
    this.#registered.add(store.listen(this.#events));
    this.#registered.add(this.#tree.documents.views.listen((view) => this.#events.viewChanged(view)));
  }

  /** Lets go of the store: no more invalidations, no more holders. Operations must not follow. */
  close(): void {
    this.#documents.close();
    this.#control.close();
    for (const takeBack of this.#registered) takeBack();
    this.#registered.clear();
    this.locks?.close();
    try {
      // The directory of a subtree may have been removed while this mount held it.
      this.reclaim(ROOT_INO);
    } catch {
      // A store that takes no changes now frees it when it is opened again.
    }
  }

  /** Blobs are read and written by inode alone; documents have a version for each open file, streams a place. */
  get hasHandles(): boolean {
    return this.#documents.isUsed || this.#control.hasHandles;
  }

  get hasAccessLists(): boolean {
    return this.#tree.store.hasAccessLists;
  }

  get readOnly(): boolean {
    return this.#tree.readOnly;
  }

  lookup(parent: Ino, name: Name): Attributes | undefined {
    if (this.#control.has(parent, name)) return this.#control.lookup(parent, name);
    return this.#entries.lookup(parent, name);
  }

  attributes(ino: Ino): Attributes {
    if (this.#control.owns(ino)) return this.#control.attributes(ino);
    return this.#files.attributes(ino);
  }

  setAttributes(ino: Ino, changes: AttributeChanges): Attributes {
    // The shell cuts a file before it writes to it.
    if (changes.size === 0 && this.#control.takesCommands(ino)) return this.#control.cut(ino);
    const rest = changes.size === undefined ? undefined : this.#documents.resize(ino, changes);
    return this.#files.setAttributes(ino, rest ?? changes);
  }

  readlink(ino: Ino): Name {
    if (this.#control.owns(ino)) return this.#control.readlink(ino);
    const node = this.#tree.node(ino);
    if (node.kind !== KIND.symlink) throw new FxError('INVALID', 'not a symlink');
    this.#accesses.note(ino);
    return node.target;
  }

  create(parent: Ino, name: Name, mode: number, flags: OpenFlags, caller: Caller): Created {
    return this.#documents.create(parent, name, mode, flags, caller, () => {
      return { attributes: this.#entries.create(parent, name, { kind: KIND.file, mode }, caller), opened: OPENED };
    });
  }

  tmpfile(parent: Ino, mode: number, linkable: boolean, caller: Caller): Created {
    return { attributes: this.#entries.tmpfile(parent, mode, linkable, caller), opened: OPENED };
  }

  mknod(parent: Ino, name: Name, kind: Kind, mode: number, rdev: number, caller: Caller): Attributes {
    return this.#entries.mknod(parent, name, kind, mode, rdev, caller);
  }

  mkdir(parent: Ino, name: Name, mode: number, caller: Caller): Attributes {
    return this.#entries.create(parent, name, { kind: KIND.directory, mode: mode & MKDIR_MODE_MASK }, caller);
  }

  symlink(parent: Ino, name: Name, target: Name, caller: Caller): Attributes {
    return this.#entries.symlink(parent, name, target, caller);
  }

  link(ino: Ino, parent: Ino, name: Name): Attributes {
    return this.#entries.link(ino, parent, name);
  }

  unlink(parent: Ino, name: Name): void {
    this.#documents.unlinking(parent, name);
    this.#entries.unlink(parent, name);
  }

  rmdir(parent: Ino, name: Name): void {
    this.#entries.rmdir(parent, name);
  }

  rename(fromParent: Ino, fromName: Name, toParent: Ino, toName: Name, flags: RenameFlags, caller: Caller): void {
    const isPlain = !flags.noReplace && !flags.exchange && !flags.whiteout;
    if (isPlain && this.#documents.rename(fromParent, fromName, toParent, toName, caller.pid)) return;
    this.#entries.rename(fromParent, fromName, toParent, toName, flags, caller);
  }

  open(ino: Ino, flags: OpenFlags, caller?: Caller): Opened {
    if (this.#control.owns(ino) && !flags.write && !flags.truncate) return this.#control.open(ino);
    if (this.#control.takesCommands(ino)) return this.#control.openToWrite(ino, flags.truncate, caller);
    return this.#documents.open(ino, flags, caller?.pid) ?? this.#files.open(ino, flags);
  }

  read(ino: Ino, handle: number, offset: number, bytes: number): ReadResult {
    if (this.#control.owns(ino)) return this.#control.read(ino, handle, offset, bytes);
    const read = handle === 0 ? undefined : this.#documents.read(handle, offset, bytes);
    const result = read ?? this.#files.read(ino, offset, bytes);
    this.#accesses.note(ino);
    return result;
  }

  appendOffset(ino: Ino, _handle: number, offset: number): number {
    if (this.#control.owns(ino)) return offset;
    return this.#files.appendOffset(ino, offset);
  }

  write(
    ino: Ino,
    handle: number,
    offset: number,
    data: Uint8Array,
    start: number,
    bytes: number,
    clearSetId: boolean,
  ): void {
    if (this.#control.takesCommands(ino)) return this.#control.write(ino, data.subarray(start, start + bytes));
    if ((handle !== 0 || this.hasHandles) && this.#documents.write(ino, handle, offset, data, start, bytes, clearSetId))
      return;
    this.#files.write(ino, offset, data, start, bytes, clearSetId);
  }

  allocate(at: FilePosition, bytes: number, how: Allocation, keepSize: boolean, caller: Caller): void {
    this.#documents.refuseRange(at);
    this.#ranges.allocate(at, bytes, how, keepSize, caller);
  }

  seek(at: FilePosition, what: 'data' | 'hole'): number | undefined {
    return this.#ranges.seek(at, what);
  }

  copyRange(from: FilePosition, to: FilePosition, bytes: number, caller: Caller): number {
    this.#documents.refuseRange(from);
    this.#documents.refuseRange(to);
    return this.#ranges.copy(from, to, bytes, caller);
  }

  /** Of a blob there is nothing to do: what was written is in the log. */
  flush(_ino: Ino, handle: number): void {
    this.#documents.flush(handle);
  }

  release(ino: Ino, handle: number): void {
    if (this.#control.owns(ino)) return this.#control.release(handle);
    this.#documents.release(handle);
  }

  fsync(_ino: Ino, handle: number): Promise<void> {
    this.#documents.sync(handle);
    return this.#tree.store.durable();
  }

  readdir(ino: Ino, cookie: number, visit: Parameters<Operations['readdir']>[2]): void {
    if (this.#control.owns(ino)) return this.#control.readdir(ino, cookie, visit);
    this.#entries.readdir(ino, cookie, visit);
    if (cookie === 0) this.#accesses.note(ino);
  }

  getXattr(ino: Ino, name: Name): Uint8Array | undefined {
    if (this.#control.owns(ino)) return undefined;
    return this.#xattrs.get(ino, name);
  }

  listXattrs(ino: Ino): Name[] {
    if (this.#control.owns(ino)) return [];
    return this.#xattrs.list(ino);
  }

  setXattr(ino: Ino, name: Name, value: Uint8Array, flags: XattrFlags, caller: Caller): void {
    this.#xattrs.set(ino, name, value, flags, caller);
  }

  removeXattr(ino: Ino, name: Name, caller: Caller): void {
    this.#xattrs.remove(ino, name, caller);
  }

  access(ino: Ino, mask: number, caller: Caller): void {
    const file = this.attributes(ino);
    if (mask & W_OK) {
      const isPlain = file.kind === KIND.file || file.kind === KIND.directory || file.kind === KIND.symlink;
      if (this.readOnly && isPlain) throw new FxError('READ_ONLY');
      if (this.#tree.isValueFile(ino)) throw new FxError('ACCESS_DENIED', 'the file .value is read-only');
    }
    checkAccess(file, mask, caller);
  }

  statfs(): Totals {
    return this.#totals();
  }

  /** The root of the mount is always held; a directory is held while its `.value` is. */
  addHolder(holder: (ino: Ino) => boolean): () => void {
    return this.#register(
      this.#tree.store.addHolder((inner) => {
        const ino = this.#tree.outer(inner);
        return ino === ROOT_INO || (ino !== 0 && (holder(ino) || holder(ino + VALUE_INO_OFFSET)));
      }),
    );
  }

  reclaim(ino: Ino): void {
    if (this.#control.owns(ino)) return this.#control.forget(ino);
    const inner = this.#tree.inner(this.#tree.isValueFile(ino) ? ino - VALUE_INO_OFFSET : ino);
    this.#tree.forgetAlias(inner);
    if (inner === 0) return;
    this.#entries.forget(inner);
    this.#tree.store.reclaim(inner);
  }

  /** Where an inode is in this mount; undefined when it has no name in it. */
  place(ino: Ino): { path: Name; parent: Ino } | undefined {
    return this.#tree.place(ino);
  }

  subscribe(sink: InvalidationSink): () => void {
    return this.#register(this.#events.subscribe(sink));
  }

  #register(takeBack: () => void): () => void {
    this.#registered.add(takeBack);
    return () => {
      this.#registered.delete(takeBack);
      takeBack();
    };
  }
}
