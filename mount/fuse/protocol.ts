/**
 * Numbers of the FUSE kernel protocol, version 7, as in Linux `include/uapi/linux/fuse.h`.
 *
 * Only names and numbers; struct layouts are in `layouts.ts`, one row per opcode in `opcodes.ts`. Numbers
 * of flags are bit masks. Flags of INIT from bit 32 on travel in the field `flags2`, shifted down.
 */

/** The protocol's major version. Another major is another protocol. */
export const FUSE_MAJOR = 7;
/** The minor version this driver was written against: the first with RESEND. */
export const FUSE_MINOR = 40;
/**
 * The oldest minor accepted (Linux 5.4). 7.29 brings directories without OPENDIR, 7.30 EXPLICIT_INVAL_DATA,
 * on which infinite caching rests; 7.31 is the oldest that long-term kernels still ship. It also fixes all
 * struct sizes: no layout of `layouts.ts` has a shorter form from here on.
 */
export const FUSE_MINOR_MIN = 31;

/** The nodeid of the mount's root. */
export const ROOT_NODEID = 1;

/** Flags of INIT, bits 0 to 31. */
export const INIT = {
  ASYNC_READ: 2 ** 0,
  POSIX_LOCKS: 2 ** 1,
  FILE_OPS: 2 ** 2,
  ATOMIC_O_TRUNC: 2 ** 3,
  EXPORT_SUPPORT: 2 ** 4,
  BIG_WRITES: 2 ** 5,
  DONT_MASK: 2 ** 6,
  SPLICE_WRITE: 2 ** 7,
  SPLICE_MOVE: 2 ** 8,
  SPLICE_READ: 2 ** 9,
  FLOCK_LOCKS: 2 ** 10,
  HAS_IOCTL_DIR: 2 ** 11,
  AUTO_INVAL_DATA: 2 ** 12,
  DO_READDIRPLUS: 2 ** 13,
  READDIRPLUS_AUTO: 2 ** 14,
  ASYNC_DIO: 2 ** 15,
  WRITEBACK_CACHE: 2 ** 16,
  NO_OPEN_SUPPORT: 2 ** 17,
  PARALLEL_DIROPS: 2 ** 18,
  HANDLE_KILLPRIV: 2 ** 19,
  POSIX_ACL: 2 ** 20,
  ABORT_ERROR: 2 ** 21,
  MAX_PAGES: 2 ** 22,
  CACHE_SYMLINKS: 2 ** 23,
  NO_OPENDIR_SUPPORT: 2 ** 24,
  EXPLICIT_INVAL_DATA: 2 ** 25,
  MAP_ALIGNMENT: 2 ** 26,
  SUBMOUNTS: 2 ** 27,
  HANDLE_KILLPRIV_V2: 2 ** 28,
  SETXATTR_EXT: 2 ** 29,
  INIT_EXT: 2 ** 30,
} as const;

/** Flags of INIT, bits 32 to 63, as they stand in `flags2`. */
export const INIT2 = {
  SECURITY_CTX: 2 ** 0,
  HAS_INODE_DAX: 2 ** 1,
  CREATE_SUPP_GROUP: 2 ** 2,
  HAS_EXPIRE_ONLY: 2 ** 3,
  DIRECT_IO_ALLOW_MMAP: 2 ** 4,
  PASSTHROUGH: 2 ** 5,
  NO_EXPORT_SUPPORT: 2 ** 6,
  HAS_RESEND: 2 ** 7,
  ALLOW_IDMAP: 2 ** 8,
  OVER_IO_URING: 2 ** 9,
  REQUEST_TIMEOUT: 2 ** 10,
} as const;

/** Flags of an answer to OPEN, OPENDIR and CREATE. */
export const FOPEN = {
  DIRECT_IO: 1 << 0,
  KEEP_CACHE: 1 << 1,
  NONSEEKABLE: 1 << 2,
  CACHE_DIR: 1 << 3,
  STREAM: 1 << 4,
  NOFLUSH: 1 << 5,
  PARALLEL_DIRECT_WRITES: 1 << 6,
  PASSTHROUGH: 1 << 7,
} as const;

/** Which fields of SETATTR are meant. */
export const FATTR = {
  MODE: 1 << 0,
  UID: 1 << 1,
  GID: 1 << 2,
  SIZE: 1 << 3,
  ATIME: 1 << 4,
  MTIME: 1 << 5,
  FH: 1 << 6,
  ATIME_NOW: 1 << 7,
  MTIME_NOW: 1 << 8,
  LOCKOWNER: 1 << 9,
  CTIME: 1 << 10,
  KILL_SUIDGID: 1 << 11,
} as const;

/** `write_flags` of WRITE: these are pages of a map, written back. */
export const WRITE_CACHE = 1 << 0;
/** `write_flags` of WRITE, `open_flags` of OPEN and CREATE: the caller may not keep set-id bits. */
export const WRITE_KILL_SUIDGID = 1 << 2;
export const OPEN_KILL_SUIDGID = 1 << 0;

/** Flags of NOTIFY_INVAL_ENTRY: the entry is looked up again instead of being dropped (HAS_EXPIRE_ONLY). */
export const EXPIRE_ONLY = 1 << 0;

/** Kinds of notification: the `error` field of a message whose `unique` is 0. */
export const NOTIFY = {
  POLL: 1,
  INVAL_INODE: 2,
  INVAL_ENTRY: 3,
  STORE: 4,
  RETRIEVE: 5,
  DELETE: 6,
  RESEND: 7,
  INC_EPOCH: 8,
  PRUNE: 9,
} as const;

/** Flags of open(2) that reach the driver (asm-generic/fcntl.h). */
export const OPEN = {
  ACCESS_MODE: 0o3,
  READ_ONLY: 0o0,
  WRITE_ONLY: 0o1,
  EXCLUSIVE: 0o200,
  TRUNCATE: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
} as const;

/** Flags of fallocate(2) (linux/falloc.h). */
export const FALLOCATE = {
  KEEP_SIZE: 1 << 0,
  PUNCH_HOLE: 1 << 1,
  COLLAPSE_RANGE: 1 << 3,
  ZERO_RANGE: 1 << 4,
  INSERT_RANGE: 1 << 5,
} as const;

/** `whence` of lseek(2), as far as it reaches the driver. */
export const SEEK = { DATA: 3, HOLE: 4 } as const;

/** Flags of renameat2(2). */
export const RENAME = { NOREPLACE: 1, EXCHANGE: 2, WHITEOUT: 4 } as const;

/** Flags of setxattr(2). */
export const XATTR = { CREATE: 1, REPLACE: 2 } as const;

/** Extensions at a request's end (7.38): one header and its content after the other. */
export const EXTENSION = { GROUPS: 32 } as const;

/** Commands of ioctl(2) that concern files of any kind of filesystem (linux/fs.h), for 64-bit and 32-bit callers. */
export const IOCTL = {
  FS_IOC_GETFLAGS: 0x8008_6601,
  FS_IOC_SETFLAGS: 0x4008_6602,
  FS_IOC_GETVERSION: 0x8008_7601,
  FS_IOC32_GETFLAGS: 0x8004_6601,
  FS_IOC32_SETFLAGS: 0x4004_6602,
  FS_IOC32_GETVERSION: 0x8004_7601,
  FS_IOC_FSGETXATTR: 0x801c_581f,
  FS_IOC_FSSETXATTR: 0x401c_5820,
} as const;

/** Types of lock, `lk_flags` of a lock of a whole file (flock), and `release_flags` of an open file that had one. */
export const LOCK = { READ: 0, WRITE: 1, UNLOCK: 2 } as const;
export const LOCK_IS_FLOCK = 1 << 0;
export const RELEASE_FLOCK_UNLOCK = 1 << 1;

/** Which fields of STATX are there (linux/stat.h). */
export const STATX_MASK = { BASIC_STATS: 0x7ff, BTIME: 0x800 } as const;

/** `setxattr_flags` of SETXATTR: an access list is set by someone who may not keep the set-group-ID bit. */
export const SETXATTR_ACL_KILL_SGID = 1 << 0;

/** The file type bits of a mode. */
export const S_IFMT = 0o170000;

/** Opcodes. Gaps (7, 19) were never assigned. */
export const OP = {
  LOOKUP: 1,
  FORGET: 2,
  GETATTR: 3,
  SETATTR: 4,
  READLINK: 5,
  SYMLINK: 6,
  MKNOD: 8,
  MKDIR: 9,
  UNLINK: 10,
  RMDIR: 11,
  RENAME: 12,
  LINK: 13,
  OPEN: 14,
  READ: 15,
  WRITE: 16,
  STATFS: 17,
  RELEASE: 18,
  FSYNC: 20,
  SETXATTR: 21,
  GETXATTR: 22,
  LISTXATTR: 23,
  REMOVEXATTR: 24,
  FLUSH: 25,
  INIT: 26,
  OPENDIR: 27,
  READDIR: 28,
  RELEASEDIR: 29,
  FSYNCDIR: 30,
  GETLK: 31,
  SETLK: 32,
  SETLKW: 33,
  ACCESS: 34,
  CREATE: 35,
  INTERRUPT: 36,
  BMAP: 37,
  DESTROY: 38,
  IOCTL: 39,
  POLL: 40,
  NOTIFY_REPLY: 41,
  BATCH_FORGET: 42,
  FALLOCATE: 43,
  READDIRPLUS: 44,
  RENAME2: 45,
  LSEEK: 46,
  COPY_FILE_RANGE: 47,
  SETUPMAPPING: 48,
  REMOVEMAPPING: 49,
  SYNCFS: 50,
  TMPFILE: 51,
  STATX: 52,
  COPY_FILE_RANGE_64: 53,
} as const;
export type OpName = keyof typeof OP;
