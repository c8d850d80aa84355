/**
 * A whole filesystem in memory behind `Operations`: for tests of drivers, and to measure a transport
 * without a store. No permission checks, no durability; handles are 0 but for files opened with `handles`.
 */

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
} from '../../mount/operations.ts';
import { FxError } from '../../src/errors.ts';
import type { Ino } from '../../src/ids.ts';
import { FILE_BYTES_MAX, NAME_BYTES_MAX } from '../../src/limits.ts';
import type { Name } from '../../src/names.ts';
import type { Time } from '../../src/store/api.ts';
import { type Attributes, KIND, type Kind } from '../../src/store/node.ts';
import { type Entry, type MemoryNode, makeNode } from './memory-node.ts';

export interface MemoryOptions {
  readOnly?: boolean;
  /** The clock. Default: the system's. */
  now?: () => Time;
  /** Gives each opened file a handle of its own, and asks for direct I/O and flushes. */
  handles?: boolean;
}

const FIRST_COOKIE = 16;
const SET_ID = 0o6000;

function systemTime(): Time {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
}

export class MemoryOperations implements Operations {
  readonly readOnly: boolean;
  hasHandles = true;
  hasAccessLists = true;
  readonly root: Ino = 1;
  readonly nodes = new Map<Ino, MemoryNode>();
  readonly openHandles = new Map<number, Ino>();
  readonly holders = new Set<(ino: Ino) => boolean>();
  readonly sinks = new Set<InvalidationSink>();
  readonly reclaimed: Ino[] = [];
  readonly #now: () => Time;
  readonly #handles: boolean;
  #nextIno = 1;
  #nextCookie = FIRST_COOKIE;
  #nextHandle = 1;

  constructor(options: MemoryOptions = {}) {
    this.readOnly = options.readOnly ?? false;
    this.#now = options.now ?? systemTime;
    this.#handles = options.handles ?? false;
    const root = this.#make(KIND.directory, 0o755, { uid: 0, gid: 0, pid: 0 });
    root.parent = root.ino;
  }

  #make(kind: Kind, mode: number, caller: Caller): MemoryNode {
    const node = makeNode(this.#nextIno++, kind, mode, caller, this.#now());
    this.nodes.set(node.ino, node);
    return node;
  }

  node(ino: Ino): MemoryNode {
    const node = this.nodes.get(ino);
    if (node === undefined) throw new FxError('STALE');
    return node;
  }

  #entries(ino: Ino): Map<Name, Entry> {
    const { entries } = this.node(ino);
    if (entries === undefined) throw new FxError('NOT_DIRECTORY');
    return entries;
  }

  #child(parent: Ino, name: Name): MemoryNode {
    const entry = this.#entries(parent).get(name);
    if (entry === undefined) throw new FxError('NOT_FOUND');
    return this.node(entry.ino);
  }

  #touch(node: MemoryNode, content: boolean): void {
    const [sec, nsec] = this.#now();
    node.ctimeSec = sec;
    node.ctimeNsec = nsec;
    if (!content) return;
    node.mtimeSec = sec;
    node.mtimeNsec = nsec;
  }

  #checkFree(parent: Ino, name: Name): void {
    if (name.length > NAME_BYTES_MAX) throw new FxError('NAME_TOO_LONG');
    if (name === '' || name === '.' || name === '..' || name.includes('/')) throw new FxError('BAD_NAME');
    if (this.#entries(parent).has(name)) throw new FxError('EXISTS');
  }

  #attach(parent: Ino, name: Name, node: MemoryNode): void {
    const directory = this.node(parent);
    this.#entries(parent).set(name, { ino: node.ino, cookie: this.#nextCookie++ });
    if (node.kind === KIND.directory) {
      node.parent = parent;
      directory.nlink++;
    }
    this.#touch(directory, true);
  }

  #detach(parent: Ino, name: Name, node: MemoryNode): void {
    const directory = this.node(parent);
    this.#entries(parent).delete(name);
    if (node.kind === KIND.directory) directory.nlink--;
    this.#touch(directory, true);
  }

  #drop(node: MemoryNode): void {
    node.nlink = node.kind === KIND.directory ? 0 : node.nlink - 1;
    this.#touch(node, false);
    if (node.nlink === 0 && ![...this.holders].some((holds) => holds(node.ino))) this.nodes.delete(node.ino);
  }

  lookup(parent: Ino, name: Name): Attributes | undefined {
    if (name === '.') return this.node(parent);
    if (name === '..') return this.node(this.node(parent).parent);
    if (name.length > NAME_BYTES_MAX) throw new FxError('NAME_TOO_LONG');
    const entry = this.#entries(parent).get(name);
    return entry && this.nodes.get(entry.ino);
  }

  attributes(ino: Ino): Attributes {
    return this.node(ino);
  }

  setAttributes(ino: Ino, changes: AttributeChanges, _caller: Caller): Attributes {
    const node = this.node(ino);
    if (changes.size !== undefined) this.#resize(node, changes.size);
    if (changes.mode !== undefined) node.mode = changes.mode;
    if (changes.uid !== undefined) node.uid = changes.uid;
    if (changes.gid !== undefined) node.gid = changes.gid;
    if (changes.clearSetId === true && node.kind === KIND.file) node.mode &= ~SET_ID;
    this.#touch(node, changes.size !== undefined);
    const time = (value: Time | 'now') => (value === 'now' ? this.#now() : value);
    if (changes.atime !== undefined) [node.atimeSec, node.atimeNsec] = time(changes.atime);
    if (changes.mtime !== undefined) [node.mtimeSec, node.mtimeNsec] = time(changes.mtime);
    if (changes.ctime !== undefined) [node.ctimeSec, node.ctimeNsec] = changes.ctime;
    return node;
  }

  #resize(node: MemoryNode, size: number): void {
    if (node.kind === KIND.directory) throw new FxError('IS_DIRECTORY');
    if (node.kind !== KIND.file) throw new FxError('INVALID');
    this.#reserve(node, size);
    if (size < node.size) node.data.fill(0, size, node.size);
    node.size = size;
    node.storedBytes = size;
  }

  #reserve(node: MemoryNode, size: number): void {
    if (size > Math.min(FILE_BYTES_MAX, 2 ** 30)) throw new FxError('TOO_BIG');
    if (size <= node.data.length) return;
    const grown = Buffer.alloc(Math.max(size, node.data.length * 2, 4096));
    node.data.copy(grown);
    node.data = grown;
  }

  readlink(ino: Ino): Name {
    const node = this.node(ino);
    if (node.kind !== KIND.symlink) throw new FxError('INVALID');
    return node.target;
  }

  create(parent: Ino, name: Name, mode: number, _flags: OpenFlags, caller: Caller): Created {
    const attributes = this.mknod(parent, name, KIND.file, mode, 0, caller);
    return { attributes, opened: this.#opened(attributes.ino) };
  }

  tmpfile(parent: Ino, mode: number, _linkable: boolean, caller: Caller): Created {
    this.#entries(parent);
    const node = this.#make(KIND.file, mode & ~(caller.umask ?? 0), caller);
    node.nlink = 0;
    return { attributes: node, opened: this.#opened(node.ino) };
  }

  mknod(parent: Ino, name: Name, kind: Kind, mode: number, rdev: number, caller: Caller): Attributes {
    this.#checkFree(parent, name);
    const node = this.#make(kind, mode & ~(caller.umask ?? 0), caller);
    node.rdev = rdev;
    this.#attach(parent, name, node);
    return node;
  }

  mkdir(parent: Ino, name: Name, mode: number, caller: Caller): Attributes {
    this.#checkFree(parent, name);
    const node = this.#make(KIND.directory, mode & ~(caller.umask ?? 0), caller);
    this.#attach(parent, name, node);
    return node;
  }

  symlink(parent: Ino, name: Name, target: Name, caller: Caller): Attributes {
    this.#checkFree(parent, name);
    const node = this.#make(KIND.symlink, 0o777, caller);
    node.target = target;
    node.size = target.length;
    this.#attach(parent, name, node);
    return node;
  }

  link(ino: Ino, parent: Ino, name: Name): Attributes {
    const node = this.node(ino);
    if (node.kind === KIND.directory) throw new FxError('NOT_PERMITTED');
    this.#checkFree(parent, name);
    node.nlink++;
    this.#attach(parent, name, node);
    this.#touch(node, false);
    return node;
  }

  unlink(parent: Ino, name: Name): void {
    const node = this.#child(parent, name);
    if (node.kind === KIND.directory) throw new FxError('IS_DIRECTORY');
    this.#detach(parent, name, node);
    this.#drop(node);
  }

  rmdir(parent: Ino, name: Name): void {
    const node = this.#child(parent, name);
    if (node.entries === undefined) throw new FxError('NOT_DIRECTORY');
    if (node.entries.size > 0) throw new FxError('NOT_EMPTY');
    this.#detach(parent, name, node);
    this.#drop(node);
  }

  rename(from: Ino, fromName: Name, to: Ino, toName: Name, options: RenameFlags, caller: Caller): void {
    const node = this.#child(from, fromName);
    const targetIno = this.#entries(to).get(toName)?.ino;
    const target = targetIno === undefined ? undefined : this.node(targetIno);
    if (options.noReplace && target !== undefined) throw new FxError('EXISTS');
    if (options.exchange && target === undefined) throw new FxError('NOT_FOUND');
    if (target === node) return;
    this.#checkMove(node, to);
    if (target !== undefined && options.exchange) {
      this.#checkMove(target, from);
      this.#detach(from, fromName, node);
      this.#detach(to, toName, target);
      this.#attach(from, fromName, target);
    } else {
      if (target !== undefined) this.#checkReplace(node, target);
      else this.#checkFree(to, toName);
      this.#detach(from, fromName, node);
      if (target !== undefined) {
        this.#detach(to, toName, target);
        this.#drop(target);
      }
    }
    this.#attach(to, toName, node);
    this.#touch(node, false);
    if (options.whiteout) this.mknod(from, fromName, KIND.charDevice, 0, 0, caller);
  }

  #checkMove(node: MemoryNode, to: Ino): void {
    for (let at = to; at !== this.root; at = this.node(at).parent) if (at === node.ino) throw new FxError('LOOP');
    if (node.ino === this.root) throw new FxError('BUSY');
  }

  #checkReplace(node: MemoryNode, target: MemoryNode): void {
    if (target.entries === undefined) {
      if (node.entries !== undefined) throw new FxError('NOT_DIRECTORY');
    } else {
      if (node.entries === undefined) throw new FxError('IS_DIRECTORY');
      if (target.entries.size > 0) throw new FxError('NOT_EMPTY');
    }
  }

  #opened(ino: Ino): Opened {
    if (!this.#handles) return { handle: 0, cacheable: true, flushless: true };
    const handle = this.#nextHandle++;
    this.openHandles.set(handle, ino);
    return { handle, cacheable: false, flushless: false };
  }

  open(ino: Ino, flags: OpenFlags): Opened {
    const node = this.node(ino);
    if (node.kind !== KIND.file) throw new FxError(node.kind === KIND.directory ? 'IS_DIRECTORY' : 'INVALID');
    if (flags.truncate) this.setAttributes(ino, { size: 0, clearSetId: flags.clearSetId }, { uid: 0, gid: 0, pid: 0 });
    return this.#opened(ino);
  }

  read(ino: Ino, _handle: number, offset: number, bytes: number): ReadResult {
    const node = this.node(ino);
    if (node.kind !== KIND.file) throw new FxError('INVALID');
    return node.data.subarray(Math.min(offset, node.size), Math.min(offset + bytes, node.size));
  }

  appendOffset(ino: Ino): number {
    return this.#file(ino).size;
  }

  write(
    ino: Ino,
    _handle: number,
    offset: number,
    data: Uint8Array,
    start: number,
    bytes: number,
    clearSetId: boolean,
  ): void {
    const node = this.node(ino);
    if (node.kind !== KIND.file) throw new FxError('INVALID');
    this.#reserve(node, offset + bytes);
    // Copying through a view of the target costs least for either kind of array.
    node.data.set(data.subarray(start, start + bytes), offset);
    node.size = Math.max(node.size, offset + bytes);
    node.storedBytes = node.size;
    if (clearSetId) node.mode &= ~SET_ID;
    this.#touch(node, true);
  }

  /** Without holes: what takes room is all there is. */
  allocate({ ino, offset }: FilePosition, bytes: number, how: Allocation, keepSize: boolean, caller: Caller): void {
    const node = this.#file(ino);
    const end = offset + bytes;
    const { data, size } = node;
    if (how === 'insert') this.#reserve(node, size + bytes);
    else if (how !== 'collapse' && !keepSize) this.#resize(node, Math.max(size, end));
    if (how === 'punch' || how === 'zero') node.data.fill(0, offset, Math.min(end, node.size));
    if (how === 'collapse') {
      if (end >= size) throw new FxError('INVALID');
      node.data.copyWithin(offset, end, size);
      this.#resize(node, size - bytes);
    }
    if (how === 'insert') {
      if (offset >= size) throw new FxError('INVALID');
      node.data.copyWithin(end, offset, data.length);
      node.data.fill(0, offset, end);
      this.#resize(node, size + bytes);
    }
    if (caller.uid !== 0) node.mode &= ~SET_ID;
    this.#touch(node, true);
  }

  seek({ ino, offset }: FilePosition, what: 'data' | 'hole'): number | undefined {
    const { size } = this.#file(ino);
    if (offset >= size) return undefined;
    return what === 'data' ? offset : size;
  }

  copyRange(from: FilePosition, to: FilePosition, bytesMax: number, caller: Caller): number {
    const { data, size } = this.#file(from.ino);
    const bytes = Math.max(0, Math.min(bytesMax, size - from.offset));
    if (from.ino === to.ino && Math.abs(from.offset - to.offset) < bytes) throw new FxError('INVALID');
    if (bytes > 0) this.write(to.ino, 0, to.offset, data, from.offset, bytes, caller.uid !== 0);
    return bytes;
  }

  #file(ino: Ino): MemoryNode {
    const node = this.node(ino);
    if (node.kind !== KIND.file) throw new FxError(node.kind === KIND.directory ? 'IS_DIRECTORY' : 'INVALID');
    return node;
  }

  flush(ino: Ino, _handle: number): void {
    this.node(ino);
  }

  release(_ino: Ino, handle: number): void {
    this.openHandles.delete(handle);
  }

  async fsync(ino: Ino): Promise<void> {
    this.node(ino);
  }

  readdir(
    ino: Ino,
    cookie: number,
    visit: (name: Name, cookie: number, ino: Ino, kind: Kind, load: () => Attributes | undefined) => boolean,
  ): void {
    const entries = this.#entries(ino);
    const { parent } = this.node(ino);
    if (cookie < 1 && !visit('.', 1, ino, KIND.directory, () => this.nodes.get(ino))) return;
    if (cookie < 2 && !visit('..', 2, parent, KIND.directory, () => this.nodes.get(parent))) return;
    for (const [name, entry] of entries) {
      if (entry.cookie <= cookie) continue;
      const { kind } = this.node(entry.ino);
      if (!visit(name, entry.cookie, entry.ino, kind, () => this.nodes.get(entry.ino))) return;
    }
  }

  getXattr(ino: Ino, name: Name): Uint8Array | undefined {
    return this.node(ino).xattrs.get(name);
  }

  listXattrs(ino: Ino): Name[] {
    return [...this.node(ino).xattrs.keys()];
  }

  setXattr(ino: Ino, name: Name, value: Uint8Array, options: XattrFlags, _caller: Caller): void {
    const node = this.node(ino);
    if (options.create && node.xattrs.has(name)) throw new FxError('EXISTS');
    if (options.replace && !node.xattrs.has(name)) throw new FxError('NO_ATTRIBUTE');
    node.xattrs.set(name, value);
    this.#touch(node, false);
  }

  removeXattr(ino: Ino, name: Name, _caller: Caller): void {
    const node = this.node(ino);
    if (!node.xattrs.delete(name)) throw new FxError('NO_ATTRIBUTE');
    this.#touch(node, false);
  }

  access(ino: Ino, _mask: number, _caller: Caller): void {
    this.node(ino);
  }

  statfs(): Totals {
    return { totalBytes: 2 ** 40, freeBytes: 2 ** 39, inodes: this.nodes.size, freeInodes: 2 ** 32 };
  }

  addHolder(holder: (ino: Ino) => boolean): () => void {
    this.holders.add(holder);
    return () => this.holders.delete(holder);
  }

  reclaim(ino: Ino): void {
    this.reclaimed.push(ino);
    if (this.nodes.get(ino)?.nlink === 0) this.nodes.delete(ino);
  }

  subscribe(sink: InvalidationSink): () => void {
    this.sinks.add(sink);
    return () => this.sinks.delete(sink);
  }
}
