/**
 * The daemon is killed with SIGKILL while two processes work on the mount. After a remount the tree must be
 * what the operations that had returned make of it: each of the two operations that were under way may
 * have happened, whole, or not.
 *
 * FXMOUNT_KILL_SEEDS: how many seeds to run (8 unless set); FXMOUNT_KILL_FIRST: the first seed, which
 * repeats a failure.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KillModel, random } from '../support/kill-model.ts';
import { canMount, type MountedStore, onHost, root, shell, testEnvironment, withMount } from '../support/mount.ts';

const SEEDS = Number(process.env.FXMOUNT_KILL_SEEDS ?? 8);
const FIRST_SEED = Number(process.env.FXMOUNT_KILL_FIRST ?? 1);
const ROUNDS = 3;
const WORKERS = 2;
const OPERATIONS_MAX = 20_000;
const OPERATIONS_PER_ROUND_MIN = 20;
const OPERATIONS_PER_ROUND_SPREAD = 1500;
const WORKER = join(root, 'dist/test/support/kill-worker.js');

interface Worker {
  readonly seed: number;
  readonly name: string;
  readonly counter: string;
  /** Operations known to be in the tree: returned ones, and one more if it was found to have happened. */
  done: number;
}

function readCounter(path: string): number {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  return bytes.length < 8 ? 0 : bytes.readUInt32LE(0);
}

/** Starts a worker. `reached` resolves at operation `signalAt`, `ended` when the process is gone. */
function start(mount: MountedStore, worker: Worker, signalAt: number, limit: number) {
  const numbers = [worker.seed, worker.done, worker.counter, limit, signalAt].map(String);
  const child = spawn(process.execPath, [WORKER, 'run', join(mount.path, worker.name), ...numbers], {
    env: testEnvironment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
  const ended = new Promise<void>((resolve, reject) => {
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`worker ${worker.name}: ${errors}`))));
  });
  const reached = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return { ended, reached: Promise.race([reached, ended]) };
}

/** The entries that must be there after `count` operations. */
function expected(seed: number, count: number): string[] {
  const model = new KillModel(seed);
  for (let i = 0; i < count; i++) model.apply(model.next());
  return model.lines();
}

/** Where the model knows no time, any time is right. */
function alike(wanted: readonly string[], found: readonly string[]): boolean {
  return (
    wanted.length === found.length &&
    wanted.every((line, i) => {
      const other = found[i] ?? '';
      return line === other || (line.endsWith(' -') && line.slice(0, -1) === other.replace(/-?\d+$/, ''));
    })
  );
}

async function check(mount: MountedStore, worker: Worker, context: string): Promise<void> {
  const directory = join(mount.path, worker.name);
  const found = JSON.parse(await shell(`'${process.execPath}' '${WORKER}' snapshot '${directory}'`)) as string[];
  const returned = Math.max(worker.done, readCounter(worker.counter));
  for (const count of [returned, returned + 1]) {
    if (!alike(expected(worker.seed, count), found)) continue;
    worker.done = count;
    return;
  }
  const strip = (lines: string[]) => lines.map((line) => line.replace(/ (file .*) \S+$/, ' $1'));
  expect(strip(found), `${context}, ${worker.name}, ${returned} operations returned`).toEqual(
    strip(expected(worker.seed, returned)),
  );
  throw new Error(`${context}: times differ after ${returned} operations`);
}

async function killRounds(mount: MountedStore, seed: number): Promise<void> {
  const dice = random(seed ^ 0x5eed);
  const workers: Worker[] = Array.from({ length: WORKERS }, (_, i) => ({
    seed: seed * 1000 + i,
    name: `w${i}`,
    counter: join(mount.scratch, `count${i}`),
    done: 0,
  }));
  await mount.sh(workers.map(({ name }) => `mkdir ${name}`).join('; '));
  for (let round = 1; round <= ROUNDS; round++) {
    const started = workers.map((worker) => {
      const count = OPERATIONS_PER_ROUND_MIN + Math.floor(dice() * OPERATIONS_PER_ROUND_SPREAD);
      return start(mount, worker, worker.done + count, onHost ? worker.done + count : OPERATIONS_MAX);
    });
    await Promise.race(started.map(({ reached }) => reached));
    await mount.kill9();
    await Promise.all(started.map(({ ended }) => ended));
    await mount.mount();
    for (const worker of workers) await check(mount, worker, `seed ${seed}, round ${round}`);
  }
  await mount.remount();
  for (const worker of workers) {
    worker.done = Math.max(worker.done, readCounter(worker.counter));
    await check(mount, worker, `seed ${seed}, after a clean remount`);
  }
}

describe.skipIf(!canMount)('kill -9 of the daemon', () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    test(`keeps every operation that had returned, and no half of one (seed ${seed})`, () =>
      withMount(`kill-${seed}`, async (mount) => {
        mkdirSync(mount.scratch, { recursive: true });
        await killRounds(mount, seed);
      }));
  }

  test('the model and its worker agree with the host filesystem', async () => {
    const seed = 424242;
    await withMount('kill-model', async (mount) => {
      const worker: Worker = { seed, name: 'scratch', counter: join(mount.directory, 'count'), done: 0 };
      const args = [seed, 0, worker.counter, 3000, 0].map((value) => `'${value}'`).join(' ');
      await shell(`'${process.execPath}' '${WORKER}' run '${mount.scratch}' ${args}`);
      const found = await shell(`'${process.execPath}' '${WORKER}' snapshot '${mount.scratch}'`);
      expect(readCounter(worker.counter)).toBe(3000);
      expect(alike(expected(seed, 3000), JSON.parse(found) as string[])).toBe(true);
    });
  });
});
