/**
 * Stress: what others use to bring filesystems down, with verification, on a mount.
 *
 *     node dist/test/stress/main.js [--short] [--only TEXT]
 *
 * A stressor runs on the host first; what cannot run there is left out. Prints one line for each part, and the
 * whole output of what failed; the last line counts. Exits with 1 when something failed, with 2 when a tool is
 * missing; in the short form a missing tool is said in one line and leaves everything out.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasCommand, MountedStore, root, shell, temporaryDirectory, testEnvironment } from '../support/mount.ts';
import { FIO_JOBS, LONG, SHORT, STRESSORS, type Stressor } from './stressors.ts';

const TOOLS = ['stress-ng', 'fio', 'dbench'];
/** What a tool may take beyond its time, on a loaded machine. */
const GRACE_SEC = 60;
const WORKERS = '2';

const { values } = parseArgs({
  options: { short: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const times = values.short ? SHORT : LONG;
const totals = { passed: 0, failed: 0 };

interface Ran {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs a tool with a time limit. It fails by its exit code, or when it says so. */
function run(program: string, args: readonly string[], seconds: number): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: testEnvironment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    const note = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    const timer = setTimeout(
      () => {
        output += `\nended after ${seconds + GRACE_SEC} s`;
        try {
          process.kill(-(child.pid as number), 'SIGKILL');
        } catch {
          // It has ended by itself.
        }
      },
      (seconds + GRACE_SEC) * 1000,
    );
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ ok: code === 0 && !/\bfail:|\berror:/i.test(output), output });
    });
  });
}

function count(ok: boolean, what: string, output = ''): void {
  if (ok) totals.passed++;
  else totals.failed++;
  if (!ok) console.log(`FAILED: ${what}\n${output.trimEnd()}`);
}

function stressNg({ name, options = [] }: Stressor, directory: string, seconds: number): Promise<Ran> {
  const common = ['--temp-path', directory, '--verify', '--timeout', `${seconds}s`, '--oomable'];
  return run('stress-ng', [...common, `--${name}`, WORKERS, ...options], seconds);
}

/** Whether a stressor ran at all: it says when it skips what it cannot do. */
function hasRun({ ok, output }: Ran): boolean {
  return ok && !/skipping/.test(output);
}

async function runGroup(group: readonly Stressor[], host: string, left: string[]): Promise<void> {
  await onStore('stress', async (mount) => {
    for (const stressor of group) {
      const what = `stress-ng ${[stressor.name, ...(stressor.options ?? [])].join(' ')}`;
      if (!hasRun(await stressNg(stressor, host, times.hostSec))) {
        left.push(`${stressor.name} (the host cannot)`);
        continue;
      }
      const ran = await stressNg(stressor, mount.path, times.stressorSec);
      if (stressor.lacking !== undefined && ran.ok && !hasRun(ran)) left.push(`${stressor.name} (${stressor.lacking})`);
      else count(hasRun(ran), what, ran.output);
    }
  });
}

/** Gives the body a mounted store; afterwards nothing may be left on it, and the store must be whole. */
async function onStore(label: string, body: (mount: MountedStore) => Promise<void>): Promise<void> {
  const mount = new MountedStore(label);
  try {
    await mount.mount();
    await body(mount);
    await mount.unmount();
    const cli = join(root, 'dist/src/cli.js');
    await shell(`'${process.execPath}' '${cli}' verify '${mount.store}'`).then(
      () => count(true, 'verify'),
      (error: Error) => count(false, 'verify', error.message),
    );
    if (/\bfault in\b/.test(mount.log)) count(false, 'the daemon', mount.log);
  } catch (error) {
    count(false, label, `${(error as Error).stack}\n${mount.log}`);
  } finally {
    await mount.dispose();
  }
}

async function stressors(): Promise<void> {
  const host = temporaryDirectory('stress-host');
  const left: string[] = [];
  const startMs = Date.now();
  let ran = 0;
  // The short form needs no store for each group.
  for (const group of values.short ? [STRESSORS.flat()] : STRESSORS) {
    const chosen = group.filter(({ name, short }) => (short || !values.short) && name.includes(values.only));
    if (chosen.length > 0) await runGroup(chosen, host, left);
    ran += chosen.length;
  }
  rmSync(host, { recursive: true });
  const without = left.length === 0 ? '' : `; left out: ${left.join(', ')}`;
  console.log(`stress-ng: ${ran} stressors${without} (${((Date.now() - startMs) / 1000).toFixed(1)} s)`);
}

async function fioAndDbench(): Promise<void> {
  const startMs = Date.now();
  await onStore('fio', async (mount) => {
    for (const [name, args] of FIO_JOBS) {
      const directory = join(mount.path, name);
      await shell(`mkdir '${directory}'`);
      const job = [`--name=${name}`, `--directory=${directory}`, `--runtime=${times.fioSec}`, ...args];
      const { ok, output } = await run('fio', job, times.fioSec);
      count(ok, `fio ${name}`, output);
    }
    const dbench = ['-D', mount.path, '-t', String(times.dbenchSec), '4'];
    const { ok, output } = await run('dbench', dbench, times.dbenchSec);
    count(ok, 'dbench', output);
  });
  console.log(`fio and dbench (${((Date.now() - startMs) / 1000).toFixed(1)} s)`);
}

async function main(): Promise<void> {
  const missing = TOOLS.filter((name) => !hasCommand(name));
  if (missing.length > 0) {
    const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
    const what = `no stress tests: missing ${missing.join(', ')}; run: ${sudo}apt-get install -y ${missing.join(' ')}`;
    console.log(what);
    process.exitCode = values.short ? 0 : 2;
    return;
  }
  await stressors();
  if (values.only === '') await fioAndDbench();
}

await main();
console.log(`${totals.passed} passed, ${totals.failed} failed`);
if (totals.failed > 0) process.exitCode = 1;
