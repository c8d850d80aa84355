/**
 * The calls that cases make: arguments and the kind of value that comes back. The caller's C code says what each
 * does; where not said otherwise it is the system call of that name. Arguments of type Flags are names of C
 * constants, with "|" between them.
 */
export type Flags = string | number;
type Path = string;
type Fd = number;

/** What a call's values are made into. */
export type Result = 'nothing' | 'number' | 'text' | 'list' | 'numbers' | 'stat';

export interface Calls {
  mkdir: [path: Path, mode: number];
  rmdir: [path: Path];
  unlink: [path: Path];
  unlinkat: [path: Path, flags: Flags];
  mkfifo: [path: Path, mode: number];
  mknod: [path: Path, mode: Flags, major: number, minor: number];
  symlink: [target: string, path: Path];
  link: [from: Path, to: Path];
  linkat: [from: Path, to: Path, flags: Flags];
  flink: [fd: Fd, to: Path];
  rename: [from: Path, to: Path];
  renameat2: [from: Path, to: Path, flags: Flags];
  readlink: [path: Path, bytes?: number];
  bind: [path: Path];
  exchangeOverSocket: [path: Path];
  chmod: [path: Path, mode: number];
  chown: [path: Path, uid: number, gid: number];
  lchown: [path: Path, uid: number, gid: number];
  truncate: [path: Path, bytes: number | bigint];
  access: [path: Path, mode: Flags];
  faccessat: [path: Path, mode: Flags, flags: Flags];
  utimensat: [path: Path, atimeSec: number, atimeNs: Flags, mtimeSec: number, mtimeNs: Flags, flags: Flags];
  utimesNow: [path: Path];
  futimens: [fd: Fd, atimeSec: number, atimeNs: Flags, mtimeSec: number, mtimeNs: Flags];
  stat: [path: Path];
  lstat: [path: Path];
  fstat: [fd: Fd];
  statx: [path: Path, flags: Flags, mask: Flags];
  statvfs: [path: Path];
  fstatvfs: [fd: Fd];
  pathconf: [path: Path, name: Flags];
  setxattr: [path: Path, name: string, value: string, flags: Flags];
  lsetxattr: [path: Path, name: string, value: string, flags: Flags];
  fsetxattr: [fd: Fd, name: string, value: string, flags: Flags];
  removexattr: [path: Path, name: string];
  lremovexattr: [path: Path, name: string];
  fremovexattr: [fd: Fd, name: string];
  getxattr: [path: Path, name: string];
  lgetxattr: [path: Path, name: string];
  fgetxattr: [fd: Fd, name: string];
  getxattrSize: [path: Path, name: string, bufferBytes: number];
  listxattrSize: [path: Path, bufferBytes: number];
  listxattr: [path: Path];
  llistxattr: [path: Path];
  flistxattr: [fd: Fd];

  open: [path: Path, flags: Flags, mode?: number];
  openat: [fd: Fd, path: Path, flags: Flags, mode?: number];
  close: [fd: Fd];
  dup: [fd: Fd];
  fchmod: [fd: Fd, mode: number];
  fchown: [fd: Fd, uid: number, gid: number];
  ftruncate: [fd: Fd, bytes: number | bigint];
  lseek: [fd: Fd, offset: number | bigint, whence: Flags];
  fsync: [fd: Fd];
  fdatasync: [fd: Fd];
  syncfs: [fd: Fd];
  syncFileRange: [fd: Fd, offset: number, bytes: number];
  fallocate: [fd: Fd, mode: Flags, offset: number | bigint, bytes: number | bigint];
  fadvise: [fd: Fd, offset: number, bytes: number, advice: number];
  read: [fd: Fd, bytes: number];
  pread: [fd: Fd, bytes: number, offset: number | bigint];
  readv: [fd: Fd, first: number, second: number];
  write: [fd: Fd, data: string];
  pwrite: [fd: Fd, data: string, offset: number | bigint];
  writev: [fd: Fd, first: string, second: string];
  pwritev2: [fd: Fd, data: string, offset: number, flags: Flags];
  /** Writes a pattern that is different for each seed. */
  fill: [fd: Fd, offset: number, bytes: number, seed: number];
  /** -1 when the pattern is there, else the first position that differs. */
  verify: [fd: Fd, offset: number, bytes: number, seed: number];
  verifyZeros: [fd: Fd, offset: number, bytes: number];
  copyFileRange: [from: Fd, offset: number, to: Fd, toOffset: number, bytes: number, flags?: number];
  sendfile: [to: Fd, from: Fd, offset: number, bytes: number];
  splice: [from: Fd, to: Fd, bytes: number];
  setfl: [fd: Fd, flags: Flags];
  /** 1 when all of the status flags are set, else 0. */
  hasfl: [fd: Fd, flags: Flags];
  flock: [fd: Fd, operation: Flags];
  lock: [fd: Fd, command: Flags, type: Flags, start: number | bigint, bytes: number | bigint];
  /** Type, start, length and process of a lock in the way. */
  getlk: [fd: Fd, command: Flags, type: Flags, start: number | bigint, bytes: number | bigint];
  poll: [fd: Fd, events: Flags];
  getflags: [fd: Fd];
  setflags: [fd: Fd, flags: Flags];
  getfsxattr: [fd: Fd];
  ioctl: [fd: Fd, request: number];
  fionread: [fd: Fd];
  /** A number for the map. */
  mmap: [fd: Fd, offset: number, bytes: number, protection: Flags, flags: Flags];
  mread: [map: number, offset: number, bytes: number];
  mwrite: [map: number, offset: number, data: string];
  msync: [map: number];
  munmap: [map: number];

  /** Name, type and inode number of each entry. */
  list: [path: Path];
  /** How many entries called f<number> there are, and how many of them came twice. */
  count: [path: Path];
  opendir: [path: Path];
  readdir: [stream: number, count: number];
  telldir: [stream: number];
  seekdir: [stream: number, position: number | bigint];
  rewinddir: [stream: number];
  dirfd: [stream: number];
  closedir: [stream: number];
  getdents: [fd: Fd, bytes: number];
  /** Makes the files f0, f1, ... */
  populate: [path: Path, count: number];

  ids: [];
  umask: [mask: number];
  chdir: [path: Path];
  fchdir: [fd: Fd];
  getcwd: [];
  getpid: [];
  limitFileSize: [bytes: number];
  /** Closes all files, takes limits and umask away. */
  reset: [];
  /** Waits until the clock of filesystems has gone on. */
  tick: [];
  /** Waits until the process waits for a lock. */
  awaitLockWaiter: [pid: number];
  /** Nanoseconds since 1970: of the exact clock, or with 1 of the one that filesystems stamp with. */
  now: [coarse?: number];
  /** The exit status. */
  exec: [path: Path, ...args: string[]];
  /** The pid. */
  spawn: [path: Path, ...args: string[]];
  kill: [pid: number];
  openByHandle: [path: Path, flags: Flags];
}

export type CallName = keyof Calls;

/** A call that is in none of these lists gives nothing. */
const GIVES = {
  stat: ['stat', 'lstat', 'fstat'],
  text: [...['readlink', 'read', 'pread', 'readv', 'getxattr', 'lgetxattr', 'fgetxattr', 'getcwd', 'mread']],
  list: ['listxattr', 'llistxattr', 'flistxattr', 'list', 'readdir'],
  numbers: ['statx', 'statvfs', 'fstatvfs', 'getlk', 'count', 'ids', 'now', 'telldir'],
  number: [
    ...['open', 'openat', 'dup', 'lseek', 'write', 'pwrite', 'writev', 'pwritev2', 'fill', 'verify', 'verifyZeros'],
    ...['copyFileRange', 'sendfile', 'splice', 'hasfl', 'poll', 'getflags', 'getfsxattr', 'fionread', 'mmap'],
    ...['opendir', 'dirfd', 'getdents', 'umask', 'getpid', 'exec', 'spawn', 'openByHandle'],
    ...['pathconf', 'exchangeOverSocket', 'getxattrSize', 'listxattrSize'],
  ],
} as const;

/** A type of file, as in the upper bits of its mode. */
export const KINDS = {
  fifo: 0o010000,
  char: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
} as const;
export type Kind = keyof typeof KINDS;

export interface Stat {
  kind: Kind;
  /** Permissions, set-id bits and the sticky bit. */
  mode: number;
  ino: bigint;
  dev: bigint;
  nlink: number;
  uid: number;
  gid: number;
  major: number;
  minor: number;
  size: number;
  blockBytes: number;
  blocks: number;
  /** Nanoseconds since 1970. */
  atime: bigint;
  mtime: bigint;
  ctime: bigint;
}

type NameIn<R extends keyof typeof GIVES> = (typeof GIVES)[R][number];
export type Value<N extends CallName> =
  N extends NameIn<'stat'>
    ? Stat
    : N extends NameIn<'text'>
      ? string
      : N extends NameIn<'list'>
        ? string[]
        : N extends NameIn<'numbers'>
          ? bigint[]
          : N extends NameIn<'number'>
            ? number
            : undefined;

const results = new Map<string, Result>();
for (const [result, names] of Object.entries(GIVES)) for (const name of names) results.set(name, result as Result);

/** The value that a call's answer stands for. */
export function decodeValue(name: CallName, values: readonly string[]): unknown {
  switch (results.get(name)) {
    case 'number':
      return Number(values[0]);
    case 'text':
      return values[0];
    case 'list':
      return [...values];
    case 'numbers':
      return values.map(BigInt);
    case 'stat':
      return statOf(values.map(BigInt));
    default:
      return undefined;
  }
}

function statOf(values: readonly bigint[]): Stat {
  const [mode = 0, , , nlink = 0, uid = 0, gid = 0, major = 0, minor = 0, size = 0, blockBytes = 0, blocks = 0] =
    values.map(Number);
  const [, ino = 0n, dev = 0n] = values;
  const [atime = 0n, mtime = 0n, ctime = 0n] = values.slice(11);
  const kind = Object.entries(KINDS).find(([, bits]) => bits === (mode & 0o170000))?.[0] as Kind;
  return {
    ...{ kind, mode: mode & 0o7777, ino, dev, nlink, uid, gid, major, minor, size, blockBytes, blocks },
    ...{ atime, mtime, ctime },
  };
}
