/**
 * Exit codes of the command line: a closed table by error code, complete by the compiler.
 *
 * Several error codes share an exit code when a script would do the same about them. Codes never change
 * meaning. A process ended by SIGINT or SIGTERM exits with 128 + the signal's number, as shells do.
 */
import type { ErrorCode } from '../errors.ts';

export const EXIT_OK = 0;
/** `fxmount doctor` found that fxmount cannot mount here. */
export const EXIT_LACKING = 13;
/** A fault of fxmount itself: anything thrown that is not an FxError or a system error. */
export const EXIT_FAULT = 70;

/** One line of meaning for each exit code, shown by `fxmount --help`. */
export const EXIT_MEANINGS = {
  0: 'done',
  1: 'the disk or the system failed, or the operation was interrupted',
  2: 'wrong usage: an unknown option, or an invalid argument, name or value',
  3: 'not found: no such node, file or attribute',
  4: 'the target is there already, is of another kind, is not empty, or would contain itself',
  5: 'not permitted, or read-only',
  6: 'in use: a busy mountpoint, or a store locked by another process',
  7: 'not a store, or a store of a newer fxmount',
  8: 'the store is damaged',
  9: 'a file to import is corrupt, cut short, or of an unknown format',
  10: 'mounting or unmounting failed',
  11: 'no daemon answers, or it does not speak this protocol',
  12: 'no space left, or over a limit',
  13: 'this machine lacks what fxmount needs (fxmount doctor)',
  14: 'a file does not parse, or breaks its schema',
  70: 'a fault of fxmount: please report it (FXMOUNT_DEBUG=1 shows where)',
} as const;

export type ExitCode = keyof typeof EXIT_MEANINGS;

const EXIT_CODES: Record<ErrorCode, ExitCode> = {
  IO: 1,
  INTERRUPTED: 1,
  STALE: 1,
  INVALID: 2,
  BAD_NAME: 2,
  NAME_TOO_LONG: 2,
  NOT_SUPPORTED: 2,
  RANGE: 2,
  NOT_FOUND: 3,
  NO_ATTRIBUTE: 3,
  EXISTS: 4,
  NOT_DIRECTORY: 4,
  IS_DIRECTORY: 4,
  NOT_EMPTY: 4,
  LOOP: 4,
  CROSS_STORE: 4,
  NOT_PERMITTED: 5,
  ACCESS_DENIED: 5,
  READ_ONLY: 5,
  BUSY: 6,
  LOCKED: 6,
  WOULD_BLOCK: 6,
  DEADLOCK: 6,
  NOT_A_STORE: 7,
  NEWER_FORMAT: 7,
  DAMAGED: 8,
  BAD_SOURCE: 9,
  BAD_CONTENT: 14,
  MOUNT_FAILED: 10,
  NO_DAEMON: 11,
  PROTOCOL: 11,
  NO_SPACE: 12,
  ARGUMENT_TOO_BIG: 12,
  TOO_BIG: 12,
  NO_LOCKS: 12,
  TOO_MANY_LINKS: 12,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return EXIT_CODES[code];
}

/** The table as `--help` shows it. */
export function exitCodeHelp(): string {
  const lines = Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`);
  return `Exit codes:\n${lines.join('\n')}`;
}
