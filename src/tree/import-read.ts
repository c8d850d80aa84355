/**
 * Reads one host entry: its metadata, and the content of a small file.
 */
import { constants, type BigIntStats, type Dirent } from 'node:fs';
import type { Name } from '../names.ts';
import type { NewNode, Time } from '../store/api.ts';
import { KIND, MODE_MASK, type Kind } from '../store/node.ts';
import type { HostCalls } from './host-calls.ts';
import { hostPath, type HostIo } from './host-io.ts';
import { timeOfNs } from './stat.ts';

/** Files up to this are read as a whole; longer ones are streamed. */
export const WHOLE_BYTES_MAX = 256 << 10;

/** Never follows a symlink, never waits for the other end of a fifo. */
export const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface HostEntry {
  /** Host path as a byte string. */
  path: string;
  name: Name;
  kind: Kind;
  stats: BigIntStats;
  /** Target of a symlink. */
  target?: Name;
  /** Content of a file up to WHOLE_BYTES_MAX; absent for others and when `wanted` said no. */
  content?: Buffer;
  xattrs?: Map<Name, Uint8Array>;
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

/**
 * The entry at `path`. `wanted` is asked whether a file's content is needed. Throws what the host says
 * when the entry is gone, unreadable, or changes its type meanwhile.
 */
export async function readEntry(
  io: HostIo, calls: HostCalls, path: string, hint: Dirent, wanted: (stats: BigIntStats) => boolean,
): Promise<HostEntry> {
  const bytes = hostPath(path);
  const entry = hint.isFile() ? await readFileEntry(io, path, hint.name, wanted) : await readOther(io, path, hint, wanted);
  const xattrs = await calls.getXattrs?.(bytes);
  if (xattrs instanceof Map && xattrs.size > 0) entry.xattrs = xattrs;
  return entry;
}

async function readOther(io: HostIo, path: string, hint: Dirent, wanted: (stats: BigIntStats) => boolean): Promise<HostEntry> {
  const bytes = hostPath(path);
  const stats = await io.lstat(bytes);
  const kind = kindOf(stats);
  // The directory did not tell the type, as some filesystems do not.
  if (kind === KIND.file) return readFileEntry(io, path, hint.name, wanted);
  const entry: HostEntry = { path, name: hint.name, kind, stats };
  if (kind === KIND.symlink) entry.target = await io.readlink(bytes);
  return entry;
}

async function readFileEntry(io: HostIo, path: string, name: Name, wanted: (stats: BigIntStats) => boolean): Promise<HostEntry> {
  const fd = await io.open(hostPath(path), READ_FLAGS, 0);
  try {
    const stats = await io.fstat(fd);
    if (kindOf(stats) !== KIND.file) throw new Error('it is no regular file any more');
    const entry: HostEntry = { path, name, kind: KIND.file, stats };
    const size = Number(stats.size);
    if (size > 0 && size <= WHOLE_BYTES_MAX && wanted(stats)) {
      const buffer = Buffer.allocUnsafe(size);
      entry.content = buffer.subarray(0, await readFully(io, fd, buffer, 0));
    }
    return entry;
  } finally {
    await io.close(fd);
  }
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
  const { stats } = entry;
  const fresh: NewNode = {
    kind: entry.kind,
    mode: Number(stats.mode) & MODE_MASK,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
  };
  if (entry.kind === KIND.charDevice || entry.kind === KIND.blockDevice) fresh.rdev = Number(stats.rdev);
  if (entry.target !== undefined) fresh.target = entry.target;
  if (entry.xattrs !== undefined) fresh.xattrs = entry.xattrs;
  return fresh;
}

/** Access and modification time, for `patch`. */
export function timesOf(stats: BigIntStats): { atime: Time; mtime: Time } {
  return { atime: timeOfNs(stats.atimeNs), mtime: timeOfNs(stats.mtimeNs) };
}
