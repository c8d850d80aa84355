/**
 * Output of the command line: data on stdout with back-pressure, errors on stderr in one line.
 *
 * A reader that closes the pipe (`fxmount ls ... | head`) ends the command quietly with exit code 0.
 */
import { once } from 'node:events';
import { failureOf } from '../daemon/failure.ts';
import { EXIT_FAULT, EXIT_OK, exitCodeOf } from './exit-codes.ts';

/** Writes to stdout; resolves when more may be written. */
export async function print(data: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(data)) await once(process.stdout, 'drain');
}

export function printLine(text: string): Promise<void> {
  return print(`${text}\n`);
}

/** Prints plain data as one line of JSON. */
export function printJson(data: unknown): Promise<void> {
  return printLine(JSON.stringify(data, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)));
}

/** Ends the command quietly when nobody reads its output any more. */
export function endOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT_OK);
    fail(error);
    process.exit();
  });
  process.stderr.on('error', () => {});
}

/** Says on stderr what went wrong, in one line, and sets the exit code. With FXMOUNT_DEBUG=1 also where. */
export function fail(error: unknown): void {
  const { code, message, stack } = failureOf(error);
  process.exitCode = code === 'FAULT' ? EXIT_FAULT : exitCodeOf(code);
  process.stderr.write(`fxmount: ${printable(message)}\n`);
  if (process.env.FXMOUNT_DEBUG === '1') process.stderr.write(`${stack}\n`);
}

/** Tells on stderr what recovery found, one line each. */
export function note(store: string, lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`fxmount: ${printable(`${store}: ${line}`)}\n`);
}

/** Text for a terminal or a line-based reader: control characters escaped, bytes that are not UTF-8 as \xNN. */
export function printable(text: string): string {
  return text
    .replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => `\\x${hex(char.charCodeAt(0))}`)
    .replace(/(?<![\ud800-\udbff])[\udc80-\udcff]/g, (char) => `\\x${hex(char.charCodeAt(0) - 0xdc00)}`);
}

function hex(code: number): string {
  return code.toString(16).padStart(2, '0');
}
