/**
 * Filesystem operations by path, so that random sequences can be run on a Vfs and on anything else that
 * is a filesystem, and the results compared. Symlinks are never followed.
 */

import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { Allocation, AttributeChanges, Caller, Operations } from '../../mount/operations.ts';
import { type ErrorCode, FxError } from '../../src/errors.ts';
import type { Ino } from '../../src/ids.ts';
import { type Attributes, KIND, type Kind } from '../../src/store/node.ts';

export const ROOT_CALLER: Caller = { uid: 0, gid: 0, pid: 1 };
export const NO_TOTALS = () => ({ totalBytes: 0, freeBytes: 0, inodes: 0, freeInodes: 0 });
/** A disk with room for anything. */
export const ROOMY_TOTALS = () => ({ totalBytes: 2 ** 50, freeBytes: 2 ** 50, inodes: 0, freeInodes: 0 });
const OPEN_TRUNCATE = { read: false, write: true, truncate: true, append: false, clearSetId: false };

/** One object of a tree, as it is compared. */
export interface Described {
  kind: Kind;
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  size: number;
  /** Hash of a file's content, or a symlink's target. */
  content: string;
  /** First path, in byte order, of the same inode. */
  sameAs: string;
  xattrs: Record<string, string>;
}

/** Every method throws FxError when the filesystem refuses. Paths are relative to the root; '' is the root. */
export interface PathOperations {
  create(path: string, mode: number): void;
  mkdir(path: string, mode: number): void;
  mkfifo(path: string, mode: number): void;
  symlink(path: string, target: string): void;
  link(path: string, to: string): void;
  write(path: string, offset: number, data: Uint8Array): void;
  truncate(path: string, size: number): void;
  openTruncate(path: string): void;
  chmod(path: string, mode: number): void;
  chown(path: string, uid: number, gid: number): void;
  rename(path: string, to: string): void;
  unlink(path: string): void;
  rmdir(path: string): void;
  tree(): Map<string, Described>;
}

/** The code of the error that `run` throws, or 'OK'. */
export function outcomeOf(run: () => void): ErrorCode | 'OK' {
  try {
    run();
    return 'OK';
  } catch (error) {
    if (error instanceof FxError) return error.code;
    throw error;
  }
}

/** All bytes of a file. */
export function readAll(vfs: Operations, ino: Ino): Buffer {
  return readRange(vfs, ino, 0, vfs.attributes(ino).size);
}

export function readRange(vfs: Operations, ino: Ino, offset: number, bytes: number): Buffer {
  const result = vfs.read(ino, 0, offset, bytes);
  if (result instanceof Uint8Array) return Buffer.from(result);
  const parts = result.map((piece) => {
    const part = Buffer.alloc(piece.bytes);
    if (piece.fd >= 0 && readSync(piece.fd, part, 0, piece.bytes, piece.position) !== piece.bytes) {
      throw new Error('a piece ends after its file');
    }
    return part;
  });
  return Buffer.concat(parts);
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

export class VfsPaths implements PathOperations {
  vfs: Operations;

  constructor(vfs: Operations) {
    this.vfs = vfs;
  }

  /** What the path names. */
  find(path: string): Attributes {
    if (path === '') return this.vfs.attributes(this.vfs.root);
    const [parent, name] = this.#split(path);
    const found = this.vfs.lookup(parent, name);
    if (found === undefined) throw new FxError('NOT_FOUND');
    return found;
  }

  #split(path: string): [Ino, string] {
    const at = path.lastIndexOf('/');
    const parent = at < 0 ? this.vfs.attributes(this.vfs.root) : this.find(path.slice(0, at));
    // A kernel follows the link; those of the tests lead nowhere.
    if (parent.kind === KIND.symlink) throw new FxError('NOT_FOUND');
    if (parent.kind !== KIND.directory) throw new FxError('NOT_DIRECTORY');
    return [parent.ino, path.slice(at + 1)];
  }

  create(path: string, mode: number): void {
    this.vfs.create(...this.#split(path), mode, OPEN_TRUNCATE, ROOT_CALLER);
  }

  mkdir(path: string, mode: number): void {
    this.vfs.mkdir(...this.#split(path), mode, ROOT_CALLER);
  }

  mkfifo(path: string, mode: number): void {
    this.vfs.mknod(...this.#split(path), KIND.fifo, mode, 0, ROOT_CALLER);
  }

  symlink(path: string, target: string): void {
    this.vfs.symlink(...this.#split(path), target, ROOT_CALLER);
  }

  link(path: string, to: string): void {
    const { ino } = this.find(path);
    this.vfs.link(ino, ...this.#split(to));
  }

  write(path: string, offset: number, data: Uint8Array): void {
    const { ino } = this.find(path);
    this.vfs.open(ino, { ...OPEN_TRUNCATE, truncate: false });
    this.vfs.write(ino, 0, offset, data, 0, data.length, false);
  }

  truncate(path: string, size: number): void {
    const { ino } = this.find(path);
    this.vfs.open(ino, { ...OPEN_TRUNCATE, truncate: false });
    this.#set(ino, { size });
  }

  allocate(path: string, offset: number, bytes: number, how: Allocation, keepSize: boolean): void {
    this.vfs.allocate({ ino: this.find(path).ino, handle: 0, offset }, bytes, how, keepSize, ROOT_CALLER);
  }

  copyRange(path: string, offset: number, to: string, toOffset: number, bytes: number): number {
    const from = { ino: this.find(path).ino, handle: 0, offset };
    return this.vfs.copyRange(from, { ino: this.find(to).ino, handle: 0, offset: toOffset }, bytes, ROOT_CALLER);
  }

  openTruncate(path: string): void {
    this.vfs.open(this.find(path).ino, OPEN_TRUNCATE);
  }

  chmod(path: string, mode: number): void {
    const { ino, kind } = this.find(path);
    // A kernel follows the link here too.
    if (kind === KIND.symlink) throw new FxError('NOT_FOUND');
    this.#set(ino, { mode });
  }

  chown(path: string, uid: number, gid: number): void {
    this.#set(this.find(path).ino, { uid, gid });
  }

  #set(ino: Ino, changes: AttributeChanges): void {
    this.vfs.setAttributes(ino, changes, ROOT_CALLER);
  }

  rename(path: string, to: string): void {
    this.renameWith(path, to, false, false);
  }

  renameWith(path: string, to: string, noReplace: boolean, exchange: boolean): void {
    this.vfs.rename(...this.#split(path), ...this.#split(to), { noReplace, exchange, whiteout: false }, ROOT_CALLER);
  }

  unlink(path: string): void {
    this.vfs.unlink(...this.#split(path));
  }

  rmdir(path: string): void {
    this.vfs.rmdir(...this.#split(path));
  }

  setXattr(path: string, name: string, value: Uint8Array, options: { create: boolean; replace: boolean }): void {
    this.vfs.setXattr(this.find(path).ino, name, value, options, ROOT_CALLER);
  }

  removeXattr(path: string, name: string): void {
    this.vfs.removeXattr(this.find(path).ino, name, ROOT_CALLER);
  }

  names(ino: Ino): string[] {
    const names: string[] = [];
    this.vfs.readdir(ino, 0, (name) => names.push(name) > 0);
    return names;
  }

  /** All paths, '' first. */
  paths(): string[] {
    const paths = [''];
    const visit = (path: string, ino: Ino) => {
      this.vfs.readdir(ino, 2, (name, _cookie, child, kind) => {
        const at = path === '' ? name : `${path}/${name}`;
        paths.push(at);
        if (kind === KIND.directory) visit(at, child);
        return true;
      });
    };
    visit('', this.vfs.root);
    return paths;
  }

  tree(): Map<string, Described> {
    const tree = new Map<string, Described>();
    const firstPaths = new Map<Ino, string>();
    const visit = (path: string, ino: Ino) => {
      const file = this.vfs.attributes(ino);
      if (!firstPaths.has(ino)) firstPaths.set(ino, path);
      tree.set(path, this.#describe(file, firstPaths.get(ino) as string));
      if (file.kind !== KIND.directory) return;
      for (const name of this.names(ino).sort()) {
        if (name === '.' || name === '..') continue;
        const child = this.vfs.lookup(ino, name);
        if (child === undefined) throw new Error(`"${path}/${name}" is listed and not found`);
        visit(path === '' ? name : `${path}/${name}`, child.ino);
      }
    };
    visit('', this.vfs.root);
    return tree;
  }

  #describe(file: Attributes, sameAs: string): Described {
    const { ino, kind, mode, uid, gid, nlink } = file;
    let content = '';
    if (kind === KIND.file) content = digest(readAll(this.vfs, ino));
    if (kind === KIND.symlink) content = this.vfs.readlink(ino);
    const xattrs: Record<string, string> = {};
    for (const name of this.vfs.listXattrs(ino).sort()) {
      xattrs[name] = Buffer.from(this.vfs.getXattr(ino, name) ?? []).toString('hex');
    }
    const size = kind === KIND.directory ? 0 : file.size;
    return { kind, mode, uid, gid, nlink, size, content, sameAs, xattrs };
  }
}
