/**
 * Reads a host directory: metadata of its entries, and the content of small files.
 */
import { type BigIntStats, constants, type Dirent } from 'node:fs';
import { FxError } from '../errors.ts';
import type { Name } from '../names.ts';
import type { NewNode, Time } from '../store/api.ts';
import { KIND, type Kind, MODE_MASK } from '../store/node.ts';
import type { Excluded } from './excluded.ts';
import { type HostIo, hostPath } from './host-io.ts';
import { type Skipped, skippedAt } from './skipped.ts';
import { timeOfNs } from './stat.ts';

/** Files up to this are read as a whole; longer ones are streamed. */
export const WHOLE_BYTES_MAX = 256 << 10;

/** Never follows a symlink, never waits for the other end of a fifo. */
export const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A chunk ends with the entry that reaches one of these. */
const CHUNK_ENTRIES_MAX = 128;
const CHUNK_BYTES_MAX = 256 << 10;

/** What an import takes from a stat; plain data, so that it can pass between threads. */
export interface HostStats {
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  size: number;
  rdev: number;
  atime: Time;
  mtime: Time;
  /** Device and inode of a file that has several names, else ''. */
  linkKey: string;
}

export interface HostEntry {
  name: Name;
  kind: Kind;
  stats: HostStats;
  /** Target of a symlink. */
  target?: Name;
  /** Content of a file of 1 to WHOLE_BYTES_MAX bytes. */
  content?: Uint8Array;
  xattrs?: Map<Name, Uint8Array>;
  /** Names of extended attributes that do not come along. */
  xattrsLeftOut?: Name[];
}

/** Some entries of a directory. */
export interface Chunk {
  entries: HostEntry[];
  /** The contents of the entries, in a buffer of their own. */
  data: Uint8Array;
  /** What could not be read. */
  skipped: Skipped[];
  last: boolean;
}

const KINDS: ReadonlyMap<number, Kind> = new Map([
  [constants.S_IFREG, KIND.file],
  [constants.S_IFDIR, KIND.directory],
  [constants.S_IFLNK, KIND.symlink],
  [constants.S_IFIFO, KIND.fifo],
  [constants.S_IFSOCK, KIND.socket],
  [constants.S_IFCHR, KIND.charDevice],
  [constants.S_IFBLK, KIND.blockDevice],
]);

function kindOf(stats: BigIntStats): Kind {
  const kind = KINDS.get(Number(stats.mode) & constants.S_IFMT);
  if (kind === undefined) throw new Error('a file of unknown type');
  return kind;
}

function plainStats(stats: BigIntStats, kind: Kind): HostStats {
  return {
    mode: Number(stats.mode) & MODE_MASK,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    nlink: Number(stats.nlink),
    size: Number(stats.size),
    rdev: kind === KIND.charDevice || kind === KIND.blockDevice ? Number(stats.rdev) : 0,
    atime: timeOfNs(stats.atimeNs),
    mtime: timeOfNs(stats.mtimeNs),
    linkKey: kind !== KIND.directory && stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : '',
  };
}

export class DirectoryReader {
  readonly #io: HostIo;
  readonly #excluded: Excluded;
  /** Contents of the chunk under way; room for a whole file beyond the limit. */
  readonly #arena = Buffer.allocUnsafeSlow(CHUNK_BYTES_MAX + WHOLE_BYTES_MAX);
  #used = 0;

  constructor(io: HostIo, excluded: Excluded) {
    this.#io = io;
    this.#excluded = excluded;
  }

  /** The directory's entries in byte order. One directory's chunk is complete before another's is begun. */
  async *chunks(path: string): AsyncGenerator<Chunk, void, void> {
    let hints: Dirent[] = [];
    let skipped: Skipped[] = [];
    let entries: HostEntry[] = [];
    try {
      hints = await this.#io.readdir(hostPath(path));
    } catch (error) {
      skipped.push(skippedAt(path, error));
    }
    this.#used = 0;
    for (const [i, hint] of hints.entries()) {
      const full = `${path === '/' ? '' : path}/${hint.name}`;
      try {
        entries.push(await this.#read(full, hint.name, hint.isFile()));
      } catch (error) {
        skipped.push(skippedAt(full, error));
      }
      if ((entries.length < CHUNK_ENTRIES_MAX && this.#used < CHUNK_BYTES_MAX) || i + 1 === hints.length) continue;
      yield this.#chunk(entries, skipped, false);
      entries = [];
      skipped = [];
      this.#used = 0;
    }
    yield this.#chunk(entries, skipped, true);
  }

  #chunk(entries: HostEntry[], skipped: Skipped[], last: boolean): Chunk {
    const data = Buffer.allocUnsafeSlow(this.#used);
    this.#arena.copy(data, 0, 0, this.#used);
    let at = 0;
    for (const entry of entries) {
      if (entry.content === undefined) continue;
      entry.content = data.subarray(at, at + entry.content.length);
      at += entry.content.length;
    }
    return { entries, data, skipped, last };
  }

  /** The source of an import itself: a chunk with one entry of the name ''. Throws what the host says. */
  async source(path: string): Promise<Chunk> {
    this.#used = 0;
    return this.#chunk([await this.#read(path, '', false)], [], true);
  }

  /** One entry; its content lasts until the next is read. Throws what the host says. */
  async entry(path: string, name: Name): Promise<HostEntry> {
    this.#used = 0;
    return this.#read(path, name, false);
  }

  /** The entry at `path`; its content lies in the arena. Throws what the host says when it is gone or unreadable. */
  async #read(path: string, name: Name, isFile: boolean): Promise<HostEntry> {
    if (this.#excluded.paths.has(path)) throw excludedError();
    const entry = isFile ? await this.#readFile(path, name) : await this.#readAny(path, name);
    const xattrs = await this.#io.xattrs(hostPath(path));
    if (xattrs === undefined) return entry;
    if (xattrs.kept.size > 0) entry.xattrs = xattrs.kept;
    if (xattrs.leftOut.length > 0) entry.xattrsLeftOut = xattrs.leftOut;
    return entry;
  }

  async #readAny(path: string, name: Name): Promise<HostEntry> {
    const bytes = hostPath(path);
    const stats = await this.#io.lstat(bytes);
    const kind = kindOf(stats);
    // The directory did not tell the type, as on some filesystems.
    if (kind === KIND.file) return this.#readFile(path, name);
    this.#checkDevice(stats);
    const entry: HostEntry = { name, kind, stats: plainStats(stats, kind) };
    if (kind === KIND.symlink) entry.target = await this.#io.readlink(bytes);
    return entry;
  }

  async #readFile(path: string, name: Name): Promise<HostEntry> {
    const fd = await this.#io.open(hostPath(path), READ_FLAGS, 0);
    try {
      const stats = await this.#io.fstat(fd);
      if (kindOf(stats) !== KIND.file) throw new Error('it is no regular file any more');
      this.#checkDevice(stats);
      const entry: HostEntry = { name, kind: KIND.file, stats: plainStats(stats, KIND.file) };
      const { size } = entry.stats;
      if (size > 0 && size <= WHOLE_BYTES_MAX) {
        const room = this.#arena.subarray(this.#used, this.#used + size);
        entry.content = room.subarray(0, await readFully(this.#io, fd, room, 0));
        this.#used += entry.content.length;
      }
      return entry;
    } finally {
      await this.#io.close(fd);
    }
  }

  #checkDevice({ dev }: BigIntStats): void {
    if (this.#excluded.devices.has(dev)) throw excludedError();
  }
}

function excludedError(): FxError {
  return new FxError('INVALID', 'this is the store itself or its mount');
}

/** Fills `buffer` from `position`; returns the bytes read, fewer only at the end of the file. */
export async function readFully(io: HostIo, fd: number, buffer: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const got = await io.read(fd, buffer, done, buffer.length - done, position + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}

export function newNodeOf(entry: HostEntry): NewNode {
  const { mode, uid, gid, rdev } = entry.stats;
  const fresh: NewNode = { kind: entry.kind, mode, uid, gid, rdev };
  if (entry.target !== undefined) fresh.target = entry.target;
  if (entry.xattrs !== undefined) fresh.xattrs = entry.xattrs;
  return fresh;
}

/** Access and modification time, for `patch`. */
export function timesOf({ atime, mtime }: HostStats): { atime: Time; mtime: Time } {
  return { atime, mtime };
}
