/**
 * What is measured, in the order it runs on one target. The steps share files: each works on what the one
 * before left.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isWanted, type Mode, type Options } from './options.ts';
import { NPM_CI, type Prepared } from './prepare.ts';
import { call, placed, timed } from './process.ts';
import type { Target } from './targets.ts';

/**
 * Runs before a warm one is measured. The first brings names and content into the kernel's caches; the second
 * asks once more for attributes, since reading content has made the access time stale (fs/fuse/file.c,
 * fuse_invalidate_atime). From the third on nothing changes.
 */
const WARMING_RUNS = 2;

/** "op/s" and "B/s" are better when higher, "s" when lower. */
export type Unit = 'op/s' | 'B/s' | 's';
export type Record = (workload: string, value: number) => void;

export const WORKLOADS: readonly { readonly name: string; readonly unit: Unit; readonly label: string }[] = [
  { name: 'create', unit: 'op/s', label: 'create, close' },
  { name: 'write', unit: 'op/s', label: 'open with O_TRUNC, write 4 KiB, close' },
  { name: 'stat-first', unit: 'op/s', label: 'stat, not cached' },
  { name: 'stat-cached', unit: 'op/s', label: 'stat, cached' },
  { name: 'read-first', unit: 'op/s', label: 'open, read 4 KiB, close; not cached' },
  { name: 'read-again', unit: 'op/s', label: 'open, read 4 KiB, close; cached' },
  { name: 'rename', unit: 'op/s', label: 'rename' },
  { name: 'unlink', unit: 'op/s', label: 'unlink' },
  { name: 'stream-write', unit: 'B/s', label: 'sequential write' },
  { name: 'stream-first', unit: 'B/s', label: 'sequential read, not cached' },
  { name: 'stream-again', unit: 'B/s', label: 'sequential read, cached' },
  { name: 'untar', unit: 's', label: 'tar -x' },
  { name: 'ls-warm', unit: 's', label: 'ls -lR, warm' },
  { name: 'find-warm', unit: 's', label: 'find, warm' },
  { name: 'grep-warm', unit: 's', label: 'grep -r, warm' },
  { name: 'cp', unit: 's', label: 'cp -a within the filesystem' },
  { name: 'rm', unit: 's', label: 'rm -rf' },
  { name: 'git-clone', unit: 's', label: 'git clone' },
  { name: 'git-status', unit: 's', label: 'git status, warm' },
  { name: 'npm-ci', unit: 's', label: 'npm ci from its cache' },
];

interface Round {
  readonly target: Target;
  readonly mode: Mode;
  readonly options: Options;
  readonly prepared: Prepared;
  /** Directory of this round, relative to the target's path. */
  readonly name: string;
  readonly record: Record;
}

/** Drops the kernel's clean caches of every filesystem; only when asked for, only as root. */
function dropCaches(options: Options): void {
  if (options.dropCaches) call(['bash', '-c', 'sync; echo 3 > /proc/sys/vm/drop_caches']);
}

function runOps(round: Round, base: string, operations: readonly string[]): void {
  const { mode, options, prepared, name, record } = round;
  const counts = [String(options.files), String(options.streamBytes)];
  const output = call(placed(mode, [prepared.ops, join(base, name), ...counts, ...operations]));
  for (const line of output.trim().split('\n')) {
    const [operation = '', value] = line.split(' ');
    record(operation, Number(value));
  }
}

async function runMicro(round: Round): Promise<void> {
  const { target, options } = round;
  runOps(round, target.path, ['create', 'write']);
  await target.fresh((path) => {
    dropCaches(options);
    runOps(round, path, ['stat-first', 'stat-cached', 'read-first', 'read-again']);
  });
  runOps(round, target.path, ['rename', 'unlink']);
}

async function runStreams(round: Round): Promise<void> {
  const { target, options } = round;
  runOps(round, target.path, ['stream-write']);
  await target.fresh((path) => {
    dropCaches(options);
    runOps(round, path, ['stream-first', 'stream-again']);
  });
}

const quoted = (path: string): string => `'${path}'`;

/** Times a command after it ran as often as needed until its requests no longer change. */
function recordWarm(round: Round, workload: string, script: string): void {
  if (!isWanted(workload, round.options)) return;
  for (let i = 0; i < WARMING_RUNS; i++) timed(round.mode, script);
  round.record(workload, timed(round.mode, script));
}

function runTree(round: Round): void {
  const { target, mode, prepared, name, record } = round;
  const base = join(target.path, name);
  const tree = quoted(join(base, 'tree'));
  const copy = quoted(join(base, 'copy'));
  record('untar', timed(mode, `mkdir ${tree} && tar -xf ${quoted(prepared.archive)} -C ${tree}`));
  recordWarm(round, 'ls-warm', `ls -lR ${tree} > /dev/null`);
  recordWarm(round, 'find-warm', `find ${tree} -name no_such_name`);
  recordWarm(round, 'grep-warm', `! grep -r no_such_word_anywhere ${tree}`);
  record('cp', timed(mode, `cp -a ${tree} ${copy}`));
  record('rm', timed(mode, `rm -rf ${tree}`));
  call(['rm', '-rf', join(base, 'copy')]);
}

function runGit(round: Round): void {
  const { target, mode, prepared, name, record } = round;
  const clone = join(target.path, name, 'clone');
  record('git-clone', timed(mode, `git clone --quiet --no-hardlinks ${quoted(prepared.repository)} ${quoted(clone)}`));
  recordWarm(round, 'git-status', `git -C ${quoted(clone)} status --porcelain`);
  call(['rm', '-rf', clone]);
}

function runNpm(round: Round): void {
  const { target, mode, prepared, name, record } = round;
  if (prepared.project === undefined) return;
  const project = join(target.path, name, 'project');
  call(['cp', '-r', prepared.project, project]);
  record('npm-ci', timed(mode, `cd ${quoted(project)} && ${NPM_CI.join(' ')}`));
  call(['rm', '-rf', project]);
}

const GROUPS: readonly { readonly names: readonly string[]; readonly run: (round: Round) => Promise<void> | void }[] = [
  {
    names: ['create', 'write', 'stat-first', 'stat-cached', 'read-first', 'read-again', 'rename', 'unlink'],
    run: runMicro,
  },
  { names: ['stream-write', 'stream-first', 'stream-again'], run: runStreams },
  { names: ['untar', 'ls-warm', 'find-warm', 'grep-warm', 'cp', 'rm'], run: runTree },
  { names: ['git-clone', 'git-status'], run: runGit },
  { names: ['npm-ci'], run: runNpm },
];

/** Runs every wanted group once on the target, in a directory of its own that is removed afterwards. */
export async function runRound(round: Round): Promise<void> {
  const base = join(round.target.path, round.name);
  mkdirSync(base);
  for (const { names, run } of GROUPS) {
    if (names.some((name) => isWanted(name, round.options))) await run(round);
  }
  call(['rm', '-rf', base]);
}
