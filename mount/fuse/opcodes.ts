/**
 * One row per opcode: the whole of what the driver knows of it.
 *
 * A row without a handler answers `errno`. ENOSYS tells the kernel that the driver has no such operation:
 * for most opcodes it then does without for the rest of the mount and never asks again.
 */
import { ERRNO } from './errno.ts';
import type { Exchange } from './exchange.ts';
import { access, getattr, setattr, statfs, statx } from './handlers-attributes.ts';
import { batchForget, destroy, forget, ignore, init, interrupt } from './handlers-control.ts';
import { opendir, readdir, readdirplus, releasedir } from './handlers-directories.ts';
import { link, lookup, mkdir, mknod, readlink, rename, rename2, rmdir, symlink, unlink } from './handlers-entries.ts';
import { create, flush, fsync, open, read, release, syncfs, tmpfile, write } from './handlers-files.ts';
import { ioctl } from './handlers-ioctl.ts';
import { getlk, setlk, setlkw } from './handlers-locks.ts';
import { copyFileRange, copyFileRange64, fallocate, lseek } from './handlers-ranges.ts';
import { getxattr, listxattr, removexattr, setxattr } from './handlers-xattrs.ts';
import {
  ACCESS_IN,
  ATTR_ANSWER_BYTES,
  BATCH_FORGET_IN,
  COPY_FILE_RANGE_IN,
  COPY_FILE_RANGE_OUT,
  CREATE_IN,
  ENTRY_BYTES,
  FALLOCATE_IN,
  FLUSH_IN,
  FORGET_IN,
  FSYNC_IN,
  GETATTR_IN,
  GETXATTR_IN,
  INIT_IN_BYTES_MIN,
  INIT_OUT_BYTES,
  INTERRUPT_IN,
  IOCTL_IN,
  LINK_IN,
  LK_IN,
  LK_OUT,
  LSEEK_IN,
  LSEEK_OUT,
  MKDIR_IN,
  MKNOD_IN,
  OPEN_IN,
  OPEN_OUT,
  OUT,
  READ_IN,
  RELEASE_IN,
  RENAME_IN,
  RENAME2_IN,
  SETATTR_IN,
  SETXATTR_IN_BYTES_SHORT,
  STATFS_OUT,
  STATX_ANSWER_BYTES,
  STATX_IN,
  SYNCFS_IN,
  WRITE_IN,
  WRITE_OUT,
} from './layouts.ts';
import { OP, type OpName } from './protocol.ts';

export type Handler = (x: Exchange) => number;

export interface Opcode {
  readonly name: OpName;
  readonly code: number;
  /** Minor version of the protocol that brought it; 0 for those that were always there. */
  readonly since: number;
  /** Bytes that must follow the request's header. */
  readonly bodyBytesMin: number;
  /** Bytes that follow the header of a successful reply: exactly so many, 'data' for any number, 'none' when there is no reply. */
  readonly reply: number | 'data' | 'none';
  readonly handler: Handler | undefined;
  /** The answer when there is no handler. */
  readonly errno: number;
  /** Changes the tree: refused with EROFS on a read-only mount. */
  readonly changes: boolean;
  /** The reply acknowledges a change and waits for durability where the policy says so. OPEN decides by its flags. */
  readonly held: boolean;
}

interface RowOptions {
  since?: number;
  changes?: true;
  held?: true;
}

/** An opcode that is served. */
function serve(name: OpName, body: number, reply: Opcode['reply'], handler: Handler, options: RowOptions = {}): Opcode {
  const changes = options.changes ?? false;
  const held = changes || (options.held ?? false);
  return {
    name,
    code: OP[name],
    since: options.since ?? 0,
    bodyBytesMin: body,
    reply,
    handler,
    errno: 0,
    changes,
    held,
  };
}

/** An opcode that is answered with an error whatever it brings. */
function refuse(name: OpName, since: number, errno: number = ERRNO.ENOSYS): Opcode {
  const row = { bodyBytesMin: 0, reply: 0, handler: undefined, changes: false, held: false };
  return { name, code: OP[name], since, errno, ...row };
}

const NAME = 2; // One character and its NUL.
const CHANGES = { changes: true } as const;
const HELD = { held: true } as const;

export const OPCODES: readonly Opcode[] = [
  serve('LOOKUP', NAME, ENTRY_BYTES, lookup),
  serve('FORGET', FORGET_IN.bytes, 'none', forget),
  serve('GETATTR', GETATTR_IN.bytes, ATTR_ANSWER_BYTES, getattr),
  serve('SETATTR', SETATTR_IN.bytes, ATTR_ANSWER_BYTES, setattr, CHANGES),
  serve('READLINK', 0, 'data', readlink),
  serve('SYMLINK', NAME + NAME, ENTRY_BYTES, symlink, CHANGES),
  serve('MKNOD', MKNOD_IN.bytes + NAME, ENTRY_BYTES, mknod, CHANGES),
  serve('MKDIR', MKDIR_IN.bytes + NAME, ENTRY_BYTES, mkdir, CHANGES),
  serve('UNLINK', NAME, 0, unlink, CHANGES),
  serve('RMDIR', NAME, 0, rmdir, CHANGES),
  serve('RENAME', RENAME_IN.bytes + NAME + NAME, 0, rename, CHANGES),
  serve('LINK', LINK_IN.bytes + NAME, ENTRY_BYTES, link, CHANGES),
  // Answers ENOSYS itself where files need no opening: see the handler. So does FLUSH.
  serve('OPEN', OPEN_IN.bytes, OPEN_OUT.bytes, open),
  serve('READ', READ_IN.bytes, 'data', read),
  serve('WRITE', WRITE_IN.bytes, WRITE_OUT.bytes, write, CHANGES),
  serve('STATFS', 0, STATFS_OUT.bytes, statfs),
  serve('RELEASE', RELEASE_IN.bytes, 0, release),
  serve('FSYNC', FSYNC_IN.bytes, 0, fsync),
  serve('SETXATTR', SETXATTR_IN_BYTES_SHORT + NAME, 0, setxattr, CHANGES),
  serve('GETXATTR', GETXATTR_IN.bytes + NAME, 'data', getxattr),
  serve('LISTXATTR', GETXATTR_IN.bytes, 'data', listxattr),
  serve('REMOVEXATTR', NAME, 0, removexattr, CHANGES),
  serve('FLUSH', FLUSH_IN.bytes, 0, flush, HELD),
  serve('INIT', INIT_IN_BYTES_MIN, INIT_OUT_BYTES, init),
  // Answers ENOSYS itself, so that the kernel lists and caches directories without opening them: see the handler.
  serve('OPENDIR', OPEN_IN.bytes, OPEN_OUT.bytes, opendir),
  serve('READDIR', READ_IN.bytes, 'data', readdir),
  serve('RELEASEDIR', RELEASE_IN.bytes, 0, releasedir),
  serve('FSYNCDIR', FSYNC_IN.bytes, 0, fsync),
  serve('GETLK', LK_IN.bytes, LK_OUT.bytes, getlk, { since: 7 }),
  serve('SETLK', LK_IN.bytes, 0, setlk, { since: 7 }),
  serve('SETLKW', LK_IN.bytes, 0, setlkw, { since: 7 }),
  // Asked by access(2) and chdir(2) of a mount without default_permissions; with it the kernel answers itself.
  serve('ACCESS', ACCESS_IN.bytes, 0, access),
  serve('CREATE', CREATE_IN.bytes + NAME, ENTRY_BYTES + OPEN_OUT.bytes, create, CHANGES),
  serve('INTERRUPT', INTERRUPT_IN.bytes, 'none', interrupt),
  refuse('BMAP', 7),
  serve('DESTROY', 0, 0, destroy),
  serve('IOCTL', IOCTL_IN.bytes, 'data', ioctl, { since: 11 }),
  // The kernel then reports files as always ready.
  refuse('POLL', 11),
  serve('NOTIFY_REPLY', 0, 'none', ignore, { since: 15 }),
  serve('BATCH_FORGET', BATCH_FORGET_IN.bytes, 'none', batchForget, { since: 16 }),
  serve('FALLOCATE', FALLOCATE_IN.bytes, 0, fallocate, { since: 19, changes: true }),
  serve('READDIRPLUS', READ_IN.bytes, 'data', readdirplus, { since: 21 }),
  serve('RENAME2', RENAME2_IN.bytes + NAME + NAME, 0, rename2, { since: 23, changes: true }),
  serve('LSEEK', LSEEK_IN.bytes, LSEEK_OUT.bytes, lseek, { since: 24 }),
  serve('COPY_FILE_RANGE', COPY_FILE_RANGE_IN.bytes, WRITE_OUT.bytes, copyFileRange, { since: 28, changes: true }),
  refuse('SETUPMAPPING', 31),
  refuse('REMOVEMAPPING', 31),
  // Kernels send it to virtiofs and block devices only, so that sync(2) and syncfs(2) do not reach us.
  serve('SYNCFS', SYNCFS_IN.bytes, 0, syncfs, { since: 34 }),
  serve('TMPFILE', CREATE_IN.bytes + NAME, ENTRY_BYTES + OPEN_OUT.bytes, tmpfile, { since: 37, changes: true }),
  serve('STATX', STATX_IN.bytes, STATX_ANSWER_BYTES, statx, { since: 39 }),
  serve('COPY_FILE_RANGE_64', COPY_FILE_RANGE_IN.bytes, COPY_FILE_RANGE_OUT.bytes, copyFileRange64, {
    since: 45,
    changes: true,
  }),
];

/** Rows by opcode; undefined where none was ever assigned. */
export const OPCODE_BY_CODE: readonly (Opcode | undefined)[] = index();

/** Throws unless each opcode of the protocol has one row, whose sizes make sense. */
function index(): (Opcode | undefined)[] {
  const rows: (Opcode | undefined)[] = new Array(Math.max(...Object.values(OP)) + 1).fill(undefined);
  for (const row of OPCODES) {
    if (rows[row.code] !== undefined) throw new Error(`opcode table: ${row.name} has two rows`);
    if (row.handler === undefined && row.errno === 0) throw new Error(`opcode table: ${row.name} has no answer`);
    if (typeof row.reply === 'number' && row.reply % 8 !== 0) throw new Error(`opcode table: reply of ${row.name}`);
    rows[row.code] = row;
  }
  for (const [name, code] of Object.entries(OP)) {
    if (rows[code] === undefined) throw new Error(`opcode table: ${name} (${code}) has no row`);
  }
  return rows;
}

/** Bytes that any successful fixed-size reply needs at most, header included. */
export const FIXED_REPLY_BYTES_MAX =
  OUT + Math.max(...OPCODES.map(({ reply }) => (typeof reply === 'number' ? reply : 0)));
