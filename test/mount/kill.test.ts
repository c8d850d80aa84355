/**
 * The daemon is killed with SIGKILL while two processes work on the mount. After a remount the tree must be
 * what the operations that had returned make of it: each of the two operations that were under way may
 * have happened or not, and whole (a write, which the kernel may split into requests: some of them).
 * With even seeds the daemon compacts the store all the while.
 *
 * FXMOUNT_KILL_SEEDS: how many seeds to run (4 unless set); FXMOUNT_KILL_FIRST: the first seed, which
 * repeats a failure.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KillModel, partsOf, random } from '../support/kill-model.ts';
import { canMount, type MountedStore, onHost, root, shell, testEnvironment, withMount } from '../support/mount.ts';

const SEEDS = Number(process.env.FXMOUNT_KILL_SEEDS ?? 4);
const FIRST_SEED = Number(process.env.FXMOUNT_KILL_FIRST ?? 1);
const ROUNDS = 3;
const WORKERS = 2;
const OPERATIONS_MAX = 20_000;
const OPERATIONS_PER_ROUND_MIN = 20;
const OPERATIONS_PER_ROUND_SPREAD = 1500;
const WORKER = join(root, 'dist/test/support/kill-worker.js');
const CLI = join(root, 'dist/src/cli.js');

interface Worker {
  readonly seed: number;
  readonly name: string;
  readonly counter: string;
  /** Operations known to be in the tree: returned ones, and one more if it was found to have happened. */
  done: number;
  /** Writes of which only so many bytes happened. */
  readonly partials: Map<number, number>;
}

/** How many operations have returned, and how many bytes of one more. */
function readCounter(path: string): [operations: number, bytes: number] {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  return bytes.length < 8 ? [0, 0] : [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
}

/** Starts a worker. `reached` resolves at operation `signalAt`, `ended` when the process is gone. */
function start(mount: MountedStore, worker: Worker, signalAt: number, limit: number) {
  const numbers = [worker.seed, worker.done, limit, signalAt].map(String);
  const partials = JSON.stringify([...worker.partials]);
  const directory = join(mount.path, worker.name);
  const child = spawn(process.execPath, [WORKER, 'run', directory, worker.counter, ...numbers, partials], {
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

/** The entries that must be there after `count` operations, and `bytes` of the next, a write. */
function expected(worker: Worker, count: number, bytes = 0): string[] {
  const model = new KillModel(worker.seed);
  const partials = new Map(worker.partials);
  if (bytes > 0) partials.set(count, bytes);
  model.advance(bytes > 0 ? count + 1 : count, partials);
  return model.lines();
}

/** What may have happened of the operation after `count`: [operations, bytes of one more]. */
function outcomes(worker: Worker, count: number, bytesReturned: number): [number, number][] {
  const model = new KillModel(worker.seed);
  model.advance(count, worker.partials);
  const parts = partsOf(model.next()).filter((bytes) => bytes >= bytesReturned);
  const none: [number, number][] = bytesReturned === 0 ? [[count, 0]] : [];
  return [...none, [count + 1, 0], ...parts.map((bytes): [number, number] => [count, bytes])];
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
  const [returned, bytesReturned] = readCounter(worker.counter);
  for (const [count, bytes] of outcomes(worker, returned, bytesReturned)) {
    if (!alike(expected(worker, count, bytes), found)) continue;
    if (bytes > 0) worker.partials.set(count, bytes);
    worker.done = bytes > 0 ? count + 1 : count;
    return;
  }
  const strip = (lines: string[]) => lines.map((line) => line.replace(/( file .*) \S+$/, '$1'));
  expect(strip(found), `${context}, ${worker.name}, ${returned} operations returned`).toEqual(
    strip(expected(worker, returned)),
  );
  throw new Error(`${context}: times differ after ${returned} operations`);
}

/** Keeps the daemon compacting, all of the log each time. `once` resolves when it has done so once; `end` ends it. */
function compactAgainAndAgain(mount: MountedStore): { once: Promise<void>; end: () => Promise<void> } {
  const script = `while '${process.execPath}' '${CLI}' compact '${mount.store}' --history 0; do :; done`;
  const stdio = ['ignore', 'pipe', 'ignore'] as const;
  const child = spawn('bash', ['-c', script], { env: testEnvironment, stdio: [...stdio], detached: true });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const once = new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
  const end = async () => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {
      // The first that could not reach the daemon ended it.
    }
    await ended;
  };
  return { once: Promise.race([once, ended]), end };
}

async function killRounds(mount: MountedStore, seed: number): Promise<void> {
  const dice = random(seed ^ 0x5eed);
  const workers: Worker[] = Array.from({ length: WORKERS }, (_, i) => ({
    seed: seed * 1000 + i,
    name: `w${i}`,
    counter: join(mount.scratch, `count${i}`),
    done: 0,
    partials: new Map(),
  }));
  await mount.sh(workers.map(({ name }) => `mkdir ${name}`).join('; '));
  for (let round = 1; round <= ROUNDS; round++) {
    const started = workers.map((worker) => {
      const count = OPERATIONS_PER_ROUND_MIN + Math.floor(dice() * OPERATIONS_PER_ROUND_SPREAD);
      return start(mount, worker, worker.done + count, onHost ? worker.done + count : OPERATIONS_MAX);
    });
    const compaction = seed % 2 === 0 && !onHost ? compactAgainAndAgain(mount) : undefined;
    await Promise.race(started.map(({ reached }) => reached));
    await compaction?.once;
    await mount.kill9();
    await compaction?.end();
    await Promise.all(started.map(({ ended }) => ended));
    await mount.mount();
    for (const worker of workers) await check(mount, worker, `seed ${seed}, round ${round}`);
  }
  await mount.remount();
  if (seed % 2 === 0 && !onHost) {
    expect(existsSync(join(mount.store, 'log/00000001.fxlog')), `seed ${seed}: nothing was compacted`).toBe(false);
    await shell(`'${process.execPath}' '${CLI}' verify '${mount.store}'`);
  }
  for (const worker of workers) {
    const directory = join(mount.path, worker.name);
    const found = JSON.parse(await shell(`'${process.execPath}' '${WORKER}' snapshot '${directory}'`)) as string[];
    expect(alike(expected(worker, worker.done), found), `seed ${seed}, after a clean remount`).toBe(true);
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
    const worker: Worker = { seed: 424242, name: 'scratch', counter: '', done: 0, partials: new Map() };
    await withMount('kill-model', async (mount) => {
      const counter = join(mount.directory, 'count');
      const args = [counter, worker.seed, 0, 3000, 0].map((value) => `'${value}'`).join(' ');
      await shell(`'${process.execPath}' '${WORKER}' run '${mount.scratch}' ${args}`);
      const found = await shell(`'${process.execPath}' '${WORKER}' snapshot '${mount.scratch}'`);
      expect(readCounter(counter)).toEqual([3000, 0]);
      expect(alike(expected(worker, 3000), JSON.parse(found) as string[])).toBe(true);
    });
  });
});
