/**
 * Starting a daemon in the background, and how it tells that it is ready.
 *
 * The daemon is this program again (`fxmount daemon ...`), detached, with its output in STORE/daemon.log.
 * Descriptor 3 is a pipe on which it writes one line of JSON, and closes it: a `Readiness`. A pipe that
 * ends without a line means that the daemon died.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { FxError } from '../errors.ts';
import { errorOf } from './failure.ts';

export const LOG_FILE = 'daemon.log';
/** A longer log is put aside as daemon.log.old when a daemon starts. */
const LOG_BYTES_MAX = 1 << 20;
const READY_FD = 3;
const READY_BYTES_MAX = 64 << 10;

export type Readiness = { ready: true; report: string[] } | { ready: false; code: string; message: string };

/** Starts `script` with `args` as a daemon of the store. Resolves when it is ready, with what recovery found; rejects with its error. */
export async function launch(directory: string, script: string, args: readonly string[]): Promise<string[]> {
  const log = openLog(directory);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...process.execArgv, script, ...args], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
    });
  } finally {
    closeSync(log);
  }
  const failed = once(child, 'error').then(([error]) => {
    throw error;
  });
  const readiness = await Promise.race([readReadiness(child.stdio[READY_FD] as Readable, directory), failed]);
  failed.catch(() => {});
  child.unref();
  if (readiness.ready) return readiness.report;
  throw errorOf(readiness.code, readiness.message);
}

async function readReadiness(pipe: Readable, directory: string): Promise<Readiness> {
  let text = '';
  for await (const chunk of pipe.setEncoding('utf8')) {
    text += chunk;
    if (text.includes('\n') || text.length > READY_BYTES_MAX) break;
  }
  try {
    return JSON.parse(text) as Readiness;
  } catch {
    throw new FxError(
      'MOUNT_FAILED',
      `the daemon of ${directory} died while it started; see ${join(directory, LOG_FILE)}`,
    );
  }
}

function openLog(directory: string): number {
  const path = join(directory, LOG_FILE);
  try {
    if (statSync(path).size > LOG_BYTES_MAX) renameSync(path, `${path}.old`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return openSync(path, 'a', 0o600);
}

/** The daemon's side: says once how starting went. */
export function tellReadiness(readiness: Readiness): void {
  try {
    writeSync(READY_FD, `${JSON.stringify(readiness)}\n`);
    closeSync(READY_FD);
  } catch {
    // Whoever started the daemon is gone.
  }
}
