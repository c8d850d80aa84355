/**
 * Operations on entries of directories: look up, list, create, link, remove, rename.
 *
 * New nodes belong to the caller. In a directory with the set-group-ID bit they get its group, and new
 * directories the bit as well; a file keeps that bit only if its maker is of the group. A directory's default
 * access list decides on the permissions of what is made in it; without one the caller's umask does.
 */
import { FxError } from '../src/errors.ts';
import type { Ino } from '../src/ids.ts';
import { SYMLINK_BYTES_MAX } from '../src/limits.ts';
import type { Name } from '../src/names.ts';
import { DEFAULT_ACL } from '../src/store/access-lists.ts';
import type { NewNode } from '../src/store/api.ts';
import { type Attributes, FIRST_COOKIE, KIND, type Kind, MODE_MASK, type Node } from '../src/store/node.ts';
import type { Caller, Operations, RenameFlags } from './operations.ts';
import { type Inherited, inheritAcl } from './posix-acl.ts';
import { S_ISGID, S_IXGRP } from './vfs-access.ts';
import type { Events } from './vfs-events.ts';
import { type Tree, VALUE_NAME } from './vfs-tree.ts';

const SYMLINK_MODE = 0o777;
const COOKIE = { self: 1, parent: 2, value: 3 } as const;

/** Kinds that `mknod` makes. */
const MKNOD_KINDS: ReadonlySet<Kind> = new Set([KIND.file, KIND.fifo, KIND.socket, KIND.charDevice, KIND.blockDevice]);

export class Entries {
  readonly #tree: Tree;
  readonly #events: Events;
  /** Files without a name that may get one, by their number in the store. */
  readonly #linkable = new Set<Ino>();

  constructor(tree: Tree, events: Events) {
    this.#tree = tree;
    this.#events = events;
  }

  /** NAME_TOO_LONG, STALE, NOT_DIRECTORY. "." works on any node, as file handles are opened by it. */
  lookup(parent: Ino, name: Name): Attributes | undefined {
    const tree = this.#tree;
    tree.checkLength(name);
    if (name === '.') return this.#self(parent);
    const directory = tree.directory(parent);
    const slot = tree.store.slot(directory, name);
    if (slot !== undefined) return tree.describe(tree.child(slot), true);
    if (name === '..') {
      const above = tree.parent(directory);
      return above && tree.describe(above);
    }
    return tree.showsValue(directory, name) ? tree.describeValue(directory) : undefined;
  }

  #self(ino: Ino): Attributes | undefined {
    const tree = this.#tree;
    const node = tree.node(ino);
    if (node.nlink === 0 || !tree.reaches(node)) return undefined;
    return tree.isValueFile(ino) ? tree.describeValue(node) : tree.describe(node);
  }

  /** See `Operations.readdir`. `load` describes the entry being visited, and only while it is. */
  readdir(ino: Ino, cookie: number, visit: Parameters<Operations['readdir']>[2]): void {
    const tree = this.#tree;
    const directory = tree.directory(ino);
    if (cookie < COOKIE.self) {
      if (!visit('.', COOKIE.self, ino, KIND.directory, () => tree.describe(directory))) return;
    }
    if (cookie < COOKIE.parent) {
      const above = tree.parent(directory) ?? directory;
      const aboveIno = tree.outer(above.ino);
      if (!visit('..', COOKIE.parent, aboveIno, KIND.directory, () => tree.describe(above))) return;
    }
    if (cookie < COOKIE.value && tree.showsValue(directory, VALUE_NAME)) {
      const valueIno = tree.valueIno(directory);
      if (!visit(VALUE_NAME, COOKIE.value, valueIno, KIND.file, () => tree.describeValue(directory))) return;
    }
    let current: Ino = 0;
    const load = () => {
      const node = tree.store.node(current);
      return node && tree.describeQuickly(node);
    };
    tree.store.slots(directory, Math.max(cookie, FIRST_COOKIE - 1), (slot) => {
      current = slot.ino;
      return visit(slot.name, slot.cookie, slot.ino, slot.kind, load);
    });
  }

  /** EXISTS, and the errors of `StoreApi.create`. */
  create(parent: Ino, name: Name, fresh: Omit<NewNode, 'uid' | 'gid'>, caller: Caller): Attributes {
    const tree = this.#tree;
    const directory = this.#directoryFor(parent, name);
    const node = newNode(directory, fresh, caller);
    return tree.describe(this.#events.quiet(() => tree.store.create(directory, name, node)));
  }

  /** NOT_FOUND in a directory that was removed. */
  tmpfile(parent: Ino, mode: number, linkable: boolean, caller: Caller): Attributes {
    const tree = this.#tree;
    const directory = tree.mutableDirectory(parent);
    if (directory.nlink === 0) throw new FxError('NOT_FOUND', 'the directory was removed');
    const node = tree.store.createUnlinked(newNode(directory, { kind: KIND.file, mode }, caller));
    if (linkable) this.#linkable.add(node.ino);
    return tree.describe(node);
  }

  /** The node has no user any more. */
  forget(ino: Ino): void {
    this.#linkable.delete(ino);
  }

  mknod(parent: Ino, name: Name, kind: Kind, mode: number, rdev: number, caller: Caller): Attributes {
    if (!MKNOD_KINDS.has(kind)) throw new FxError('INVALID', 'mknod makes files, fifos, sockets and devices only');
    const isDevice = kind === KIND.charDevice || kind === KIND.blockDevice;
    return this.create(parent, name, isDevice ? { kind, mode, rdev } : { kind, mode }, caller);
  }

  symlink(parent: Ino, name: Name, target: Name, caller: Caller): Attributes {
    if (target === '') throw new FxError('NOT_FOUND', 'a symlink needs a target');
    if (target.length > SYMLINK_BYTES_MAX)
      throw new FxError('NAME_TOO_LONG', 'a symlink target has at most 4095 bytes');
    return this.create(parent, name, { kind: KIND.symlink, mode: SYMLINK_MODE, target }, caller);
  }

  /** NOT_PERMITTED for directories and `.value`; NOT_FOUND for a file whose last name is gone. */
  link(ino: Ino, parent: Ino, name: Name): Attributes {
    const tree = this.#tree;
    const node = tree.mutable(ino);
    const directory = this.#directoryFor(parent, name);
    if (node.kind === KIND.directory) {
      if (tree.store.slot(directory, name)) throw new FxError('EXISTS');
      throw new FxError('NOT_PERMITTED', 'a directory has one name only');
    }
    if (node.nlink === 0 && !this.#linkable.has(node.ino)) throw new FxError('NOT_FOUND');
    this.#events.quiet(() => tree.store.link(node, directory, name));
    return tree.describe(node);
  }

  /** IS_DIRECTORY, NOT_FOUND. Removing `.value` takes the directory's value away, so that `rm -rf` works. */
  unlink(parent: Ino, name: Name): void {
    const tree = this.#tree;
    const directory = tree.mutableDirectory(parent);
    tree.checkName(parent, name);
    if (tree.showsValue(directory, name)) {
      this.#events.quiet(() => tree.store.patch(directory, { value: null }));
      return;
    }
    if (this.#kindOf(directory, name) === KIND.directory) throw new FxError('IS_DIRECTORY');
    this.#events.quiet(() => tree.store.unlink(directory, name));
  }

  /** NOT_DIRECTORY, NOT_EMPTY, NOT_FOUND. A directory's value goes with it and does not keep it. */
  rmdir(parent: Ino, name: Name): void {
    if (name === '.') throw new FxError('INVALID');
    if (name === '..') throw new FxError('NOT_EMPTY');
    const directory = this.#directoryOf(parent, name);
    if (this.#kindOf(directory, name) !== KIND.directory) throw new FxError('NOT_DIRECTORY');
    this.#events.quiet(() => this.#tree.store.unlink(directory, name));
  }

  rename(fromParent: Ino, fromName: Name, toParent: Ino, toName: Name, flags: RenameFlags, caller: Caller): void {
    if (flags.exchange && (flags.noReplace || flags.whiteout))
      throw new FxError('INVALID', 'exchange excludes noReplace and whiteout');
    const tree = this.#tree;
    const from = this.#directoryOf(fromParent, fromName);
    const to = tree.mutableDirectory(toParent);
    tree.checkName(toParent, toName);
    if (tree.showsValue(to, toName)) {
      if (flags.noReplace) throw new FxError('EXISTS');
      throw new FxError('NOT_PERMITTED', 'the file .value cannot be replaced');
    }
    this.#events.quiet(() => {
      if (!flags.whiteout) return tree.store.rename(from, fromName, to, toName, flags);
      tree.store.transaction(() => {
        tree.store.rename(from, fromName, to, toName, flags);
        // Names of one node: nothing was renamed.
        if (tree.store.slot(from, fromName) !== undefined) return;
        const { uid, gid } = caller;
        tree.store.create(from, fromName, { kind: KIND.charDevice, mode: 0, uid, gid, rdev: 0 });
      });
    });
  }

  /** The directory in which `name` is to be made. */
  #directoryFor(parent: Ino, name: Name): Node {
    const directory = this.#tree.mutableDirectory(parent);
    this.#tree.checkName(parent, name);
    if (name === '.' || name === '..') throw new FxError('EXISTS');
    if (this.#tree.showsValue(directory, name)) throw new FxError('EXISTS', '.value shows the value of the directory');
    return directory;
  }

  /** The directory from which `name` is to be taken. */
  #directoryOf(parent: Ino, name: Name): Node {
    const directory = this.#tree.mutableDirectory(parent);
    this.#tree.checkName(parent, name);
    if (this.#tree.showsValue(directory, name)) throw new FxError('NOT_PERMITTED', 'the file .value cannot be removed');
    return directory;
  }

  #kindOf(directory: Node, name: Name): Kind {
    const slot = this.#tree.store.slot(directory, name);
    if (slot === undefined) throw new FxError('NOT_FOUND');
    return slot.kind;
  }
}

/** What is made in `directory`. Always of one shape: this is the busiest allocation of an unpacking tar or a git checkout. */
function newNode(directory: Node, fresh: Omit<NewNode, 'uid' | 'gid'>, caller: Caller): NewNode {
  const { kind, rdev, target } = fresh;
  const inherits = (directory.mode & S_ISGID) !== 0;
  const gid = inherits ? directory.gid : caller.gid;
  const { mode, xattrs } = permissionsOf(directory, fresh.mode & MODE_MASK, kind, caller);
  const kept = inherits ? setGidOf(mode, kind, gid, caller) : mode;
  return { kind, mode: kept, uid: caller.uid, gid, rdev, target, xattrs };
}

function permissionsOf(directory: Node, mode: number, kind: Kind, caller: Caller): Inherited {
  if (kind === KIND.symlink) return { mode, xattrs: undefined };
  const list = directory.xattrs === null ? undefined : directory.xattrs.get(DEFAULT_ACL);
  if (list !== undefined) return inheritAcl(list, mode, kind === KIND.directory);
  return { mode: mode & ~(caller.umask ?? 0), xattrs: undefined };
}

/** In a directory that hands down its group (mode_strip_sgid of Linux's fs/inode.c). */
function setGidOf(mode: number, kind: Kind, gid: number, { uid, gid: own, groups }: Caller): number {
  if (kind === KIND.directory) return mode | S_ISGID;
  if ((mode & (S_ISGID | S_IXGRP)) !== (S_ISGID | S_IXGRP)) return mode;
  const isMember = uid === 0 || own === gid || groups === undefined || groups.includes(gid);
  return isMember ? mode : mode & ~S_ISGID;
}
