/**
 * File operations on the host in two forms with one interface: at once, or on Node's thread pool.
 *
 * The threaded form never has more than `THREADS_MAX` operations under way. The pool has four
 * threads by default, and a daemon must keep some for its own disk: an import from its own mount would otherwise
 * wait for itself.
 */
import * as fs from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { type ErrorCode, FxError } from '../errors.ts';
import { type Name, nameFromText, nameToText } from '../names.ts';
import { type NativeDone, type NativeXattrs, native } from '../native.ts';
import { type HostXattrs, sortXattrs } from './host-xattrs.ts';

export type Awaitable<T> = T | Promise<T>;

export interface HostIo {
  /** Operations worth having under way at a time. */
  readonly parallel: number;
  /** The path without symlinks, as a byte string. */
  realpath(path: Buffer): Awaitable<string>;
  lstat(path: Buffer): Awaitable<fs.BigIntStats>;
  /** Names as byte strings in byte order, with their types. */
  readdir(path: Buffer): Awaitable<fs.Dirent[]>;
  /** Names as byte strings, in no order: less work than `readdir`. */
  names(path: Buffer): Awaitable<Name[]>;
  readlink(path: Buffer): Awaitable<string>;
  open(path: Buffer, flags: number, mode: number): Awaitable<number>;
  fstat(fd: number): Awaitable<fs.BigIntStats>;
  read(fd: number, buffer: Buffer, start: number, bytes: number, position: number): Awaitable<number>;
  write(fd: number, buffer: Buffer, start: number, bytes: number, position: number): Awaitable<number>;
  close(fd: number): Awaitable<void>;
  ftruncate(fd: number, bytes: number): Awaitable<void>;
  fchmod(fd: number, mode: number): Awaitable<void>;
  fchown(fd: number, uid: number, gid: number): Awaitable<void>;
  mkdir(path: Buffer, mode: number): Awaitable<void>;
  symlink(target: Buffer, path: Buffer): Awaitable<void>;
  link(existing: Buffer, path: Buffer): Awaitable<void>;
  unlink(path: Buffer): Awaitable<void>;
  lchown(path: Buffer, uid: number, gid: number): Awaitable<void>;
  /** chmod(2), never through a symlink. */
  setMode(path: Buffer, mode: number): Awaitable<void>;
  /** utimensat(2), of a symlink itself. */
  setTimes(path: Buffer, times: HostTimes): Awaitable<void>;
  /** mknod(2); `mode` with the file type. */
  makeNode(path: Buffer, mode: number, rdev: number): Awaitable<void>;
  /** Extended attributes, of a symlink itself. Undefined when there are none, or the filesystem knows none. */
  xattrs(path: Buffer): Awaitable<HostXattrs | undefined>;
  setXattr(path: Buffer, name: Name, value: Uint8Array): Awaitable<void>;
  /** Where data begins at or after `position`, or where it ends; negated errno when there is none, or it cannot be told. */
  seekData(fd: number, position: number): Awaitable<number>;
  seekHole(fd: number, position: number): Awaitable<number>;
}

export interface HostTimes {
  readonly atimeSec: number;
  readonly atimeNsec: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
}

/** The error that Node's own functions throw for `result`, a negated errno. */
function callError(result: number, call: string, path: Uint8Array): NodeJS.ErrnoException {
  const [code, meaning] = getSystemErrorMap().get(result) ?? ['UNKNOWN', `error ${-result}`];
  const name = nameToText(Buffer.from(path).latin1Slice());
  return Object.assign(new Error(`${code}: ${meaning}, ${call} '${name}'`), { code, errno: result, syscall: call });
}

function check(result: number, call: string, path: Uint8Array): void {
  if (result < 0) throw callError(result, call, path);
}

function foundXattrs(found: NativeXattrs, path: Uint8Array): HostXattrs | undefined {
  if (typeof found === 'number' && found < 0 && found !== -constants.errno.EOPNOTSUPP) {
    throw callError(found, 'llistxattr', path);
  }
  return sortXattrs(found);
}

const BIGINT = { bigint: true } as const;
// Node takes the encoding latin1 for names and gives one character for each byte; its types list only text encodings.
const NAMES = { encoding: 'latin1', withFileTypes: true } as const;

function inByteOrder(entries: fs.Dirent[]): fs.Dirent[] {
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export const blockingIo: HostIo = {
  parallel: 1,
  realpath: (path) => fs.realpathSync.native(path, 'latin1'),
  lstat: (path) => fs.lstatSync(path, BIGINT),
  readdir: (path) => inByteOrder(fs.readdirSync(path, NAMES)),
  names: (path) => fs.readdirSync(path, 'latin1'),
  readlink: (path) => fs.readlinkSync(path, 'latin1'),
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  fstat: (fd) => fs.fstatSync(fd, BIGINT),
  read: (fd, buffer, start, bytes, position) => fs.readSync(fd, buffer, start, bytes, position),
  write: (fd, buffer, start, bytes, position) => fs.writeSync(fd, buffer, start, bytes, position),
  close: (fd) => fs.closeSync(fd),
  ftruncate: (fd, bytes) => fs.ftruncateSync(fd, bytes),
  fchmod: (fd, mode) => fs.fchmodSync(fd, mode),
  fchown: (fd, uid, gid) => fs.fchownSync(fd, uid, gid),
  mkdir: (path, mode) => void fs.mkdirSync(path, mode),
  symlink: (target, path) => fs.symlinkSync(target, path),
  link: (existing, path) => fs.linkSync(existing, path),
  unlink: (path) => fs.unlinkSync(path),
  lchown: (path, uid, gid) => fs.lchownSync(path, uid, gid),
  setMode: (path, mode) => check(native.setMode(path, mode), 'chmod', path),
  setTimes: (path, t) =>
    check(native.setTimes(path, t.atimeSec, t.atimeNsec, t.mtimeSec, t.mtimeNsec), 'utimensat', path),
  makeNode: (path, mode, rdev) => check(native.makeNode(path, mode, rdev), 'mknod', path),
  xattrs: (path) => foundXattrs(native.getXattrs(path), path),
  setXattr: (path, name, value) => check(native.setXattr(path, hostPath(name), value), 'lsetxattr', path),
  seekData: (fd, position) => native.seekData(fd, position, 0),
  seekHole: (fd, position) => native.seekData(fd, position, 1),
};

const THREADS_MAX = 2;
type Done<T> = (error: NodeJS.ErrnoException | null, result?: T) => void;

let running = 0;
const waiting: (() => void)[] = [];

/** Starts an operation when a thread is free for it. */
function threaded<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const run = () => {
      running++;
      start((error, result) => {
        running--;
        waiting.shift()?.();
        if (error) reject(error);
        else resolve(result as T);
      });
    };
    if (running < THREADS_MAX) run();
    else waiting.push(run);
  });
}

/** As `threaded`, for a call of the addon. */
async function threadedCall(call: string, path: Buffer, start: (done: NativeDone) => void): Promise<void> {
  check(await threaded<number>((done) => start((result) => done(null, result))), call, path);
}

function threadedSeek(fd: number, position: number, hole: 0 | 1): Promise<number> {
  return threaded((done) => native.seekData(fd, position, hole, (result) => done(null, result)));
}

export const threadedIo: HostIo = {
  parallel: 8,
  realpath: (path) => threaded((done) => fs.realpath.native(path, 'latin1', done)),
  lstat: (path) => threaded((done) => fs.lstat(path, BIGINT, done)),
  readdir: async (path) => inByteOrder(await threaded<fs.Dirent[]>((done) => fs.readdir(path, NAMES, done))),
  names: (path) => threaded((done) => fs.readdir(path, 'latin1', done)),
  readlink: (path) => threaded((done) => fs.readlink(path, 'latin1', done)),
  open: (path, flags, mode) => threaded((done) => fs.open(path, flags, mode, done)),
  fstat: (fd) => threaded((done) => fs.fstat(fd, BIGINT, done)),
  read: (fd, buffer, start, bytes, at) => threaded((done) => fs.read(fd, buffer, start, bytes, at, done)),
  write: (fd, buffer, start, bytes, at) => threaded((done) => fs.write(fd, buffer, start, bytes, at, done)),
  close: (fd) => threaded((done) => fs.close(fd, done)),
  ftruncate: (fd, bytes) => threaded((done) => fs.ftruncate(fd, bytes, done)),
  fchmod: (fd, mode) => threaded((done) => fs.fchmod(fd, mode, done)),
  fchown: (fd, uid, gid) => threaded((done) => fs.fchown(fd, uid, gid, done)),
  mkdir: (path, mode) => threaded((done) => fs.mkdir(path, mode, done)),
  symlink: (target, path) => threaded((done) => fs.symlink(target, path, done)),
  link: (existing, path) => threaded((done) => fs.link(existing, path, done)),
  unlink: (path) => threaded((done) => fs.unlink(path, done)),
  lchown: (path, uid, gid) => threaded((done) => fs.lchown(path, uid, gid, done)),
  setMode: (path, mode) => threadedCall('chmod', path, (done) => native.setMode(path, mode, done)),
  setTimes: (path, t) =>
    threadedCall('utimensat', path, (done) =>
      native.setTimes(path, t.atimeSec, t.atimeNsec, t.mtimeSec, t.mtimeNsec, done),
    ),
  makeNode: (path, mode, rdev) => threadedCall('mknod', path, (done) => native.makeNode(path, mode, rdev, done)),
  xattrs: async (path) =>
    foundXattrs(await threaded((done) => native.getXattrs(path, (found) => done(null, found))), path),
  setXattr: (path, name, value) =>
    threadedCall('lsetxattr', path, (done) => native.setXattr(path, hostPath(name), value, done)),
  seekData: (fd, position) => threadedSeek(fd, position, 0),
  seekHole: (fd, position) => threadedSeek(fd, position, 1),
};

/** The bytes of a path held as a byte string. */
export function hostPath(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

/** The host path `text` without symlinks, as a byte string. NOT_FOUND, ACCESS_DENIED. */
export async function realPath(io: HostIo, text: string): Promise<string> {
  try {
    return await io.realpath(hostPath(nameFromText(text)));
  } catch (error) {
    throw hostError(text, error);
  }
}

const HOST_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  ENOTDIR: 'NOT_FOUND',
  EEXIST: 'EXISTS',
  EACCES: 'ACCESS_DENIED',
  EPERM: 'ACCESS_DENIED',
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
  EROFS: 'READ_ONLY',
};

/** The operating error for what the host refused at `path`; IO for what has no code of its own. */
export function hostError(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof FxError || code === undefined) return error;
  const why = code === 'ENOENT' ? `${path} does not exist on the host` : message;
  return new FxError(HOST_CODES[code] ?? 'IO', why, { cause: error });
}

/**
 * Lets the event loop run when more than `sliceMs` have passed since it last could. Of several that wait, one
 * goes on at a time: the slices of one turn do not add up.
 */
export class Breather {
  readonly #sliceMs: number;
  readonly #waiting: (() => void)[] = [];
  #since = performance.now();

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
  }

  breathe(): Promise<void> | undefined {
    if (performance.now() - this.#since < this.#sliceMs) return undefined;
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) setImmediate(() => this.#wake());
    });
  }

  #wake(): void {
    this.#since = performance.now();
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#wake());
  }
}
