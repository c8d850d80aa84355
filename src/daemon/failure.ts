/**
 * Any thrown thing as an operating error: what crosses the socket and what the command line prints.
 */
import { ERROR_MEANINGS, type ErrorCode, FxError } from '../errors.ts';

/** Errors of Node and the system, by their `code`. What is not listed is IO. */
const SYSTEM_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  EEXIST: 'EXISTS',
  ENOTDIR: 'NOT_DIRECTORY',
  EISDIR: 'IS_DIRECTORY',
  ENOTEMPTY: 'NOT_EMPTY',
  EPERM: 'NOT_PERMITTED',
  EACCES: 'ACCESS_DENIED',
  EROFS: 'READ_ONLY',
  ENAMETOOLONG: 'NAME_TOO_LONG',
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
  EFBIG: 'TOO_BIG',
  ELOOP: 'LOOP',
  EXDEV: 'CROSS_STORE',
  EBUSY: 'BUSY',
  EINTR: 'INTERRUPTED',
  ABORT_ERR: 'INTERRUPTED',
};

export interface Failure {
  /** FAULT: not an operating error but a fault of fxmount. */
  code: ErrorCode | 'FAULT';
  /** One line. */
  message: string;
  stack: string;
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_MEANINGS, code);
}

/** `error` as a failure of one line. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'FAULT', message: oneLine(String(error)), stack: '' };
  const stack = error.stack ?? '';
  if (error instanceof FxError) return { code: error.code, message: oneLine(error.message), stack };
  const system = error as NodeJS.ErrnoException;
  if (typeof system.code === 'string' && (system.syscall !== undefined || Object.hasOwn(SYSTEM_CODES, system.code))) {
    return { code: SYSTEM_CODES[system.code] ?? 'IO', message: systemMessage(system), stack };
  }
  return { code: 'FAULT', message: `internal fault: ${oneLine(error.message)}`, stack };
}

/** The failure as an error that can be thrown again. A fault becomes a plain Error. */
export function errorOf(code: string, message: string): Error {
  if (isErrorCode(code)) return new FxError(code, message);
  return new Error(message.replace(/^internal fault: /, ''));
}

/** `ENOENT: no such file or directory, open '/x'` reads better as `/x: no such file or directory (open, ENOENT)`. */
function systemMessage(error: NodeJS.ErrnoException): string {
  const said = /^[A-Z0-9_]+: (.*?)(, .*)?$/s.exec(error.message)?.[1] ?? error.message;
  const how = error.syscall === undefined ? error.code : `${error.syscall}, ${error.code}`;
  return oneLine(`${error.path === undefined ? '' : `${error.path}: `}${said} (${how})`);
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, '; ').trim();
}
