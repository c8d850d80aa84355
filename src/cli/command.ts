/**
 * What every command does around its verb: where the store is, running, printing.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import type { Plain, PlainMap } from '../daemon/plain.ts';
import { type Invocation, invoke } from '../daemon/reach.ts';
import type { Row } from '../daemon/verb.ts';
import type { VerbName } from '../daemon/verbs.ts';
import { FxError } from '../errors.ts';
import { nameFromText, nameToText } from '../names.ts';
import { mountedStore } from './mounted.ts';
import { note, print, printLine } from './output.ts';
import { Progress } from './progress.ts';

/** Help for `--json` of a command that prints rows. */
export const JSON_ROWS = 'print one JSON object a line';

/** `path` absolute and without symbolic links, also when its last part is not there yet. */
export function hostPath(path: string): string {
  const absolute = resolve(path);
  try {
    const bytes = Buffer.from(nameFromText(absolute), 'latin1');
    return nameToText(realpathSync.native(bytes, 'latin1'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || absolute === '/') return absolute;
    return join(hostPath(dirname(absolute)), basename(absolute));
  }
}

/** The store that an argument names: its directory, or a mountpoint of it. INVALID when its path is not UTF-8. */
export function storePath(argument: string): string {
  const path = mountedStore(argument) ?? hostPath(argument);
  if (Buffer.from(path).toString() !== path)
    throw new FxError('INVALID', `${path}: the path of a store must be UTF-8 text; rename it`);
  return path;
}

/** Runs a verb on the store that `store` names, with a progress bar. */
export async function run(
  store: string,
  verb: VerbName,
  args: PlainMap,
  options: Omit<Invocation, 'directory' | 'verb' | 'args' | 'progress' | 'report'> = {},
): Promise<Plain> {
  const progress = new Progress();
  const directory = storePath(store);
  try {
    return await invoke({
      ...options,
      directory,
      verb,
      args,
      progress: (what, done, total) => progress.update(what, done, total),
      report: (lines) => note(directory, lines),
    });
  } finally {
    progress.end();
  }
}

/** As `run`, for verbs whose output is rows: each is printed by `format`, or as one line of JSON. */
export async function runRows(
  store: string,
  verb: VerbName,
  args: PlainMap,
  json: boolean,
  format: (row: Row) => string,
): Promise<void> {
  await run(store, verb, args, { row: (row) => printLine(json ? JSON.stringify(row) : format(row)) });
}

/** As `run`, for verbs whose output is bytes: they go to stdout. */
export async function runBytes(store: string, verb: VerbName, args: PlainMap): Promise<void> {
  await run(store, verb, args, { write: print });
}

/** A non-negative integer option, for commander. */
export function count(text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('Give an integer from 0');
  return value;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** An option in bytes, with K, M, G or T for powers of 1024, for commander. */
export function bytes(text: string): number {
  const match = /^([0-9]+)([KMGT]?)$/i.exec(text);
  const value = Number(match?.[1]) * (UNITS[match?.[2]?.toUpperCase() ?? ''] ?? 1);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('Give bytes, such as 1000000, 500M or 10G');
  return value;
}

/** The option `--max-size`. */
export function maxSizeOption(): Option {
  return new Option('--max-size <bytes>', 'most that the store may take on its disk, such as 10G').argParser(bytes);
}

/** Examples for a command's help. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
}
