/**
 * The closed set of operating errors.
 *
 * A code names what went wrong, independent of any operating system. Drivers map codes to their own
 * numbers (`mount/fuse/errno.ts`), the command line maps them to exit codes. An error that is not an
 * `FxError` is a fault of fxmount itself.
 */

/** One line of meaning for each code, shown by `--help` and in the documentation. */
export const ERROR_MEANINGS = {
  NOT_FOUND: 'no such node or name',
  EXISTS: 'the name is taken',
  NOT_DIRECTORY: 'a directory was expected',
  IS_DIRECTORY: 'the node is a directory',
  NOT_EMPTY: 'the directory still has entries',
  NOT_PERMITTED: 'the operation is not permitted',
  ACCESS_DENIED: 'permission denied',
  READ_ONLY: 'the store or mount is read-only',
  NAME_TOO_LONG: 'a name is longer than 255 bytes',
  BAD_NAME: 'a name is empty, is "." or "..", or contains "/" or NUL',
  NO_SPACE: 'no space left',
  TOO_BIG: 'a size is over its limit',
  ARGUMENT_TOO_BIG: 'an argument, such as the value of an extended attribute, is over its limit',
  TOO_MANY_LINKS: 'the node has too many links',
  INVALID: 'an argument is invalid',
  NOT_SUPPORTED: 'the operation is not supported',
  NO_ATTRIBUTE: 'no such extended attribute',
  RANGE: 'the result does not fit the caller’s buffer',
  LOOP: 'too many symbolic links, or a directory moved into itself',
  CROSS_STORE: 'source and target are on different stores',
  STALE: 'the handle or inode is no longer valid',
  BUSY: 'the node or mountpoint is in use',
  WOULD_BLOCK: 'another holds a lock that is in the way',
  DEADLOCK: 'waiting for a lock would never end',
  NO_LOCKS: 'too many locks are held',
  INTERRUPTED: 'the operation was interrupted',
  IO: 'the disk failed',
  NOT_A_STORE: 'the directory is not an fxmount store',
  NEWER_FORMAT: 'the store was written by a newer fxmount',
  DAMAGED: 'stored data is damaged',
  LOCKED: 'another process has the store open',
  BAD_CONTENT: 'the content of a file does not parse, or breaks its schema',
  BAD_SOURCE: 'a file to import is corrupt, cut short, or of an unknown format',
  MOUNT_FAILED: 'mounting or unmounting failed',
  NO_DAEMON: 'no daemon serves this store or mountpoint',
  PROTOCOL: 'a message breaks the protocol',
} as const;

export type ErrorCode = keyof typeof ERROR_MEANINGS;

/** An operating error: what happened, where, and what to do next, in one line of `message`. */
export class FxError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message?: string, options?: ErrorOptions) {
    // An operating error is an answer, not a fault, and some are given thousands of times a second (a
    // missing xattr): the stack, which costs several times the rest, is left out.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message ?? ERROR_MEANINGS[code], options);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'FxError';
    this.code = code;
  }
}

/** Throws when `condition` does not hold: a fault of fxmount, not of its user. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`fxmount invariant broken: ${message}`);
}
