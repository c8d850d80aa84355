/**
 * Error codes as Linux error numbers (asm-generic/errno-base.h, errno.h): the one table.
 */
import { type ErrorCode, FxError } from '../../src/errors.ts';

export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOTTY: 25,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EMLINK: 31,
  ERANGE: 34,
  EDEADLK: 35,
  ENAMETOOLONG: 36,
  ENOLCK: 37,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENODATA: 61,
  EPROTO: 71,
  EBADMSG: 74,
  EOPNOTSUPP: 95,
  ESTALE: 116,
} as const;

/** The compiler refuses this table when a code is missing. Codes that no file operation gives are EIO. */
export const ERRNO_OF_CODE = {
  NOT_FOUND: ERRNO.ENOENT,
  EXISTS: ERRNO.EEXIST,
  NOT_DIRECTORY: ERRNO.ENOTDIR,
  IS_DIRECTORY: ERRNO.EISDIR,
  NOT_EMPTY: ERRNO.ENOTEMPTY,
  NOT_PERMITTED: ERRNO.EPERM,
  ACCESS_DENIED: ERRNO.EACCES,
  READ_ONLY: ERRNO.EROFS,
  NAME_TOO_LONG: ERRNO.ENAMETOOLONG,
  BAD_NAME: ERRNO.EINVAL,
  NO_SPACE: ERRNO.ENOSPC,
  TOO_BIG: ERRNO.EFBIG,
  ARGUMENT_TOO_BIG: ERRNO.E2BIG,
  TOO_MANY_LINKS: ERRNO.EMLINK,
  INVALID: ERRNO.EINVAL,
  NOT_SUPPORTED: ERRNO.EOPNOTSUPP,
  NO_ATTRIBUTE: ERRNO.ENODATA,
  RANGE: ERRNO.ERANGE,
  LOOP: ERRNO.ELOOP,
  CROSS_STORE: ERRNO.EXDEV,
  STALE: ERRNO.ESTALE,
  BUSY: ERRNO.EBUSY,
  WOULD_BLOCK: ERRNO.EAGAIN,
  DEADLOCK: ERRNO.EDEADLK,
  NO_LOCKS: ERRNO.ENOLCK,
  INTERRUPTED: ERRNO.EINTR,
  IO: ERRNO.EIO,
  NOT_A_STORE: ERRNO.EIO,
  NEWER_FORMAT: ERRNO.EIO,
  DAMAGED: ERRNO.EIO,
  LOCKED: ERRNO.EIO,
  // What no other refused write gives, so that a tool's message tells of it: "Bad message".
  BAD_CONTENT: ERRNO.EBADMSG,
  BAD_SOURCE: ERRNO.EIO,
  MOUNT_FAILED: ERRNO.EIO,
  NO_DAEMON: ERRNO.EIO,
  PROTOCOL: ERRNO.EIO,
} satisfies Record<ErrorCode, number>;

const names = new Map<number, string>(Object.entries(ERRNO).map(([name, number]) => [number, name]));

/** "ENOENT" for 2; the number for one that this driver never sends. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`;
}

/** The error number for something thrown; 0 when it is no FxError, that is, a fault of fxmount. */
export function errnoOf(error: unknown): number {
  return error instanceof FxError ? (ERRNO_OF_CODE[error.code] ?? ERRNO.EIO) : 0;
}
