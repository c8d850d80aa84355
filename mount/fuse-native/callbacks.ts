/**
 * fuse-native's callbacks, which name files by path, as operations on inodes: each walks its path.
 */
import { read } from 'node:fs';
import { FxError } from '../../src/errors.ts';
import type { Ino } from '../../src/ids.ts';
import { type Name, nameFromText, nameToText } from '../../src/names.ts';
import type { Piece, Time } from '../../src/store/api.ts';
import { type Attributes, KIND, type Kind } from '../../src/store/node.ts';
import { ERRNO, errnoOf } from '../fuse/errno.ts';
import { type Caller, NotReady, type OpenFlags, type Operations } from '../operations.ts';
import type { Callbacks, Done } from './library.ts';
import type { OpenFiles } from './open-files.ts';

const S_IFMT = 0o170000;
const TYPE_BITS: { readonly [K in Kind]: number } = {
  [KIND.file]: 0o100000,
  [KIND.directory]: 0o040000,
  [KIND.symlink]: 0o120000,
  [KIND.fifo]: 0o010000,
  [KIND.socket]: 0o140000,
  [KIND.charDevice]: 0o020000,
  [KIND.blockDevice]: 0o060000,
};
const BLOCK_BYTES = 4096;
const STAT_BLOCK_BYTES = 512;
const [O_ACCMODE, O_WRONLY, O_RDWR, O_TRUNC, O_APPEND] = [0o3, 0o1, 0o2, 0o1000, 0o2000];
/** An owner that chown(2) leaves as it is. */
const UNCHANGED = 0xffff_ffff;
/** libfuse 2 knows no flags of renameat2(2). */
const PLAIN_RENAME = { noReplace: false, exchange: false, whiteout: false };
const [XATTR_CREATE, XATTR_REPLACE] = [1, 2];

function statOf(a: Attributes): Record<string, number> {
  const ms = (seconds: number, nanoseconds: number): number =>
    Math.max(0, seconds * 1000 + Math.floor(nanoseconds / 1e6));
  return {
    mode: TYPE_BITS[a.kind] | a.mode,
    uid: a.uid,
    gid: a.gid,
    size: a.size,
    nlink: a.nlink,
    ino: a.ino,
    rdev: a.rdev,
    blksize: BLOCK_BYTES,
    blocks: Math.ceil(a.storedBytes / STAT_BLOCK_BYTES),
    atime: ms(a.atimeSec, a.atimeNsec),
    mtime: ms(a.mtimeSec, a.mtimeNsec),
    ctime: ms(a.ctimeSec, a.ctimeNsec),
  };
}

function timeOf(ms: number): Time {
  return [Math.floor(ms / 1000), Math.floor((ms % 1000) * 1e6)];
}

function kindOf(mode: number): Kind {
  const found = Object.entries(TYPE_BITS).find(([, bits]) => bits === (mode & S_IFMT));
  if (found === undefined) throw new FxError('INVALID');
  return Number(found[0]) as Kind;
}

function flagsOf(flags: number): OpenFlags {
  const access = flags & O_ACCMODE;
  return {
    read: access !== O_WRONLY,
    write: access === O_WRONLY || access === O_RDWR,
    truncate: (flags & O_TRUNC) !== 0,
    append: (flags & O_APPEND) !== 0,
    clearSetId: false,
  };
}

/** Copies what pieces hold to `target`; resolves with the number of bytes. */
async function gather(pieces: readonly Piece[], target: Buffer): Promise<number> {
  let at = 0;
  for (const piece of pieces) {
    if (piece.fd < 0) target.fill(0, at, at + piece.bytes);
    for (let done = 0; piece.fd >= 0 && done < piece.bytes; ) {
      const got = await new Promise<number>((resolve, reject) => {
        const position = piece.position + done;
        read(piece.fd, target, at + done, piece.bytes - done, position, (error, bytes) =>
          error ? reject(error) : resolve(bytes),
        );
      });
      if (got === 0) throw new FxError('DAMAGED');
      done += got;
    }
    at += piece.bytes;
  }
  return at;
}

/**
 * The callbacks for `operations`; `onFault` is told what is no operating error. Everything is done as `caller`. Each
 * answer waits for what `durable` gives.
 */
export function callbacksOf(
  operations: Operations,
  files: OpenFiles,
  caller: Caller,
  onFault: (error: unknown) => void,
  durable: () => Promise<void> | undefined,
): Callbacks {
  const fail = (done: Done, error: unknown): void => {
    const errno = errnoOf(error);
    if (errno === 0) onFault(error);
    done(-(errno || ERRNO.EIO));
  };
  /** Runs `body` and answers with what it returns; again when what it needs is ready. */
  const answer = (done: Done, body: () => readonly unknown[] | Promise<readonly unknown[]>): void => {
    const run = async (): Promise<void> => {
      try {
        const [result = 0, ...more] = await body();
        await durable();
        done(result as number, ...more);
      } catch (error) {
        if (!(error instanceof NotReady)) return fail(done, error);
        await error.ready;
        await run();
      }
    };
    void run();
  };
  const child = (parent: Ino, name: Name): Attributes => {
    const found = operations.lookup(parent, name);
    if (found === undefined) throw new FxError('NOT_FOUND');
    return found;
  };
  const walk = (path: string): Ino =>
    path.split('/').reduce((ino, name) => (name === '' ? ino : child(ino, nameFromText(name)).ino), operations.root);
  const place = (path: string): [Ino, Name] => {
    const slash = path.lastIndexOf('/');
    return [walk(path.slice(0, slash)), nameFromText(path.slice(slash + 1))];
  };
  const nothing: readonly unknown[] = [];
  const quietly = (done: Done, body: () => unknown): void =>
    answer(done, async () => {
      await body();
      return nothing;
    });
  return {
    ...entryCallbacks(operations, files, caller, { answer, quietly, walk, place }),
    ...fileCallbacks(operations, files, caller, { answer, quietly, walk, place }),
  };
}

interface Tools {
  answer(done: Done, body: () => readonly unknown[] | Promise<readonly unknown[]>): void;
  quietly(done: Done, body: () => unknown): void;
  walk(path: string): Ino;
  place(path: string): [Ino, Name];
}

type FileCallbacks = Pick<
  Callbacks,
  'open' | 'create' | 'read' | 'write' | 'ftruncate' | 'flush' | 'fsync' | 'release' | 'fgetattr'
>;

function fileCallbacks(operations: Operations, files: OpenFiles, caller: Caller, tools: Tools): FileCallbacks {
  const { answer, quietly, walk, place } = tools;
  return {
    open: (path, flags, done) =>
      answer(done, () => {
        const ino = walk(path);
        const wanted = flagsOf(flags);
        const { handle } = operations.open(ino, wanted);
        if (wanted.truncate) operations.setAttributes(ino, { size: 0, handle }, caller);
        return [0, files.add(ino, handle)];
      }),
    create: (path, mode, done) =>
      answer(done, () => {
        const flags = { read: true, write: true, truncate: false, append: false, clearSetId: false };
        const { attributes, opened } = operations.create(...place(path), mode & 0o7777, flags, caller);
        return [0, files.add(attributes.ino, opened.handle)];
      }),
    read: (_path, fd, buffer, bytes, position, done) =>
      answer(done, async () => {
        const { ino, handle } = files.at(fd);
        const found = operations.read(ino, handle, position, bytes);
        // The pieces are valid until the next call, which may come while the disk is waited for.
        if (!(found instanceof Uint8Array)) return [await gather(structuredClone(found), buffer)];
        buffer.set(found);
        return [found.length];
      }),
    write: (_path, fd, buffer, bytes, position, done) =>
      answer(done, () => {
        const { ino, handle } = files.at(fd);
        operations.write(ino, handle, position, buffer, 0, bytes, false);
        return [bytes];
      }),
    fgetattr: (path, fd, done) =>
      answer(done, () => [0, statOf(operations.attributes(fd === 0 ? walk(path) : files.at(fd).ino))]),
    ftruncate: (_path, fd, size, done) =>
      quietly(done, () => operations.setAttributes(files.at(fd).ino, { size, handle: files.at(fd).handle }, caller)),
    flush: (_path, fd, done) => quietly(done, () => operations.flush(files.at(fd).ino, files.at(fd).handle)),
    fsync: (_path, _dataOnly, fd, done) => quietly(done, () => operations.fsync(files.at(fd).ino, files.at(fd).handle)),
    release: (_path, fd, done) => quietly(done, () => files.release(fd)),
  };
}

function entryCallbacks(
  operations: Operations,
  _files: OpenFiles,
  caller: Caller,
  tools: Tools,
): Omit<Callbacks, keyof FileCallbacks> {
  const { answer, quietly, walk, place } = tools;
  return {
    getattr: (path, done) => answer(done, () => [0, statOf(operations.attributes(walk(path)))]),
    readdir: (path, done) => answer(done, () => [0, namesOf(operations, walk(path))]),
    readlink: (path, done) => answer(done, () => [0, nameToText(operations.readlink(walk(path)))]),
    statfs: (_path, done) => answer(done, () => [0, totalsOf(operations)]),
    truncate: (path, size, done) => quietly(done, () => operations.setAttributes(walk(path), { size }, caller)),
    fsyncdir: (path, _dataOnly, _fd, done) => quietly(done, () => operations.fsync(walk(path), 0)),
    mknod: (path, mode, device, done) =>
      quietly(done, () => operations.mknod(...place(path), kindOf(mode), mode & 0o7777, device, caller)),
    mkdir: (path, mode, done) => quietly(done, () => operations.mkdir(...place(path), mode & 0o7777, caller)),
    symlink: (target, path, done) =>
      quietly(done, () => operations.symlink(...place(path), nameFromText(target), caller)),
    link: (from, path, done) => quietly(done, () => operations.link(walk(from), ...place(path))),
    unlink: (path, done) => quietly(done, () => operations.unlink(...place(path))),
    rmdir: (path, done) => quietly(done, () => operations.rmdir(...place(path))),
    rename: (from, to, done) =>
      quietly(done, () => operations.rename(...place(from), ...place(to), PLAIN_RENAME, caller)),
    chmod: (path, mode, done) =>
      quietly(done, () => operations.setAttributes(walk(path), { mode: mode & 0o7777 }, caller)),
    chown: (path, uid, gid, done) =>
      quietly(done, () => {
        const changes = { ...(uid === UNCHANGED ? {} : { uid }), ...(gid === UNCHANGED ? {} : { gid }) };
        return operations.setAttributes(walk(path), changes, caller);
      }),
    utimens: (path, atime, mtime, done) =>
      quietly(done, () => operations.setAttributes(walk(path), { atime: timeOf(atime), mtime: timeOf(mtime) }, caller)),
    setxattr: (path, name, value, _position, flags, done) =>
      quietly(done, () => {
        const how = { create: (flags & XATTR_CREATE) !== 0, replace: (flags & XATTR_REPLACE) !== 0 };
        return operations.setXattr(walk(path), nameFromText(name), Buffer.from(value), how, caller);
      }),
    getxattr: (path, name, _position, done) =>
      answer(done, () => {
        const value = operations.getXattr(walk(path), nameFromText(name));
        return value === undefined ? [0] : [0, Buffer.from(value)];
      }),
    listxattr: (path, done) => answer(done, () => [0, operations.listXattrs(walk(path)).map(nameToText)]),
    removexattr: (path, name, done) =>
      quietly(done, () => operations.removeXattr(walk(path), nameFromText(name), caller)),
  };
}

function namesOf(operations: Operations, ino: Ino): string[] {
  const names: string[] = [];
  operations.readdir(ino, 0, (name) => {
    if (name !== '.' && name !== '..') names.push(nameToText(name));
    return true;
  });
  return names;
}

function totalsOf(operations: Operations): Record<string, number> {
  const { totalBytes, freeBytes, inodes, freeInodes } = operations.statfs();
  // fuse-native takes 32 bits: larger blocks where there are more.
  const unit = Math.max(BLOCK_BYTES, 2 ** Math.ceil(Math.log2(Math.max(1, totalBytes) / 2 ** 31)));
  const blocks = (bytes: number): number => Math.floor(bytes / unit);
  const count = (nodes: number): number => Math.min(nodes, 2 ** 32 - 1);
  const [free, files] = [blocks(freeBytes), count(inodes)];
  return {
    bsize: unit,
    frsize: unit,
    blocks: blocks(totalBytes),
    bfree: free,
    bavail: free,
    files,
    ffree: count(freeInodes),
    favail: count(freeInodes),
    namemax: 255,
  };
}
