/**
 * A store in a temporary directory, mounted by a daemon of its own: the command line in the foreground,
 * as a child process.
 *
 * Tests act on the mount through child processes with a time limit (`sh`), so that a daemon that hangs
 * fails a test instead of hanging the runner. Nothing stays mounted or running after `dispose`; what a
 * killed runner leaves behind is found by its run id (scripts/leftovers.mjs).
 *
 * With FXMOUNT_TEST_HOST=1 the same tests run on a plain host directory, which proves the tests; the
 * daemon's part (kill, remount) is then skipped.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, also for what runs from the build in dist. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/(?:\/dist)?\/$/, '');
/** The tests run on a host directory instead of a mount. */
export const onHost = process.env.FXMOUNT_TEST_HOST === '1';
/** Whether this machine can mount; false skips the tests that need it. */
export const canMount = onHost || existsSync('/dev/fuse');

const CLI = join(root, 'dist/src/cli.js');
const RUN_ID = process.env.FXMOUNT_TEST_RUN ?? String(process.pid);
const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 20_000;
const SHELL_TIMEOUT_MS = 60_000;
const OUTPUT_SHOWN_CHARACTERS = 4000;

/** Environment of every process that a test starts; programs that the machine lacks may be in `bin` beside this file. */
export const testEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${process.env.PATH ?? ''}:${join(root, 'test/support/bin')}`,
  LC_ALL: 'C',
  TZ: 'UTC',
  FXMOUNT_TEST_RUN: RUN_ID,
};

/** A fresh directory that the leftover check knows; the caller removes it. */
export function temporaryDirectory(label: string): string {
  return mkdtempSync(join(tmpdir(), `fxmount-test-${RUN_ID}-${label}-`));
}

export interface ShellOptions {
  cwd?: string;
  timeoutMs?: number;
  env?: NodeJS.ProcessEnv;
}

/** Runs a bash script with -euo pipefail. Resolves with its standard output; rejects with all output when it fails. */
export function shell(script: string, options: ShellOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: options.cwd ?? root,
      env: { ...testEnvironment, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const output = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString('utf8')));
    const timer = setTimeout(() => killGroup(child), options.timeoutMs ?? SHELL_TIMEOUT_MS);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(output.out);
      const shown = `${output.out}${output.err}`.slice(-OUTPUT_SHOWN_CHARACTERS);
      reject(new Error(`${signal === null ? `exit code ${code}` : `ended by ${signal}`}: ${script}\n${shown}`));
    });
  });
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function isMounted(path: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === path);
}

function detach(path: string): void {
  const asRoot = process.getuid?.() === 0;
  const args = asRoot ? ['-l', path] : ['-u', '-z', path];
  spawnSync(asRoot ? 'umount' : 'fusermount3', args, { stdio: 'ignore' });
}

export class MountedStore {
  /** Holds the store, the mountpoint and `scratch`. */
  readonly directory: string;
  readonly store: string;
  /** The mountpoint. */
  readonly path: string;
  /** A host directory for what a test needs beside the mount. */
  readonly scratch: string;
  #daemon: ChildProcess | undefined;
  #log = '';

  constructor(label: string) {
    this.directory = temporaryDirectory(label);
    this.store = join(this.directory, 'store');
    this.path = join(this.directory, 'mnt');
    this.scratch = join(this.directory, 'scratch');
    mkdirSync(this.path);
    mkdirSync(this.scratch);
  }

  /** Process id of the daemon; undefined when none runs. */
  get pid(): number | undefined {
    return this.#daemon?.pid;
  }

  /** What the daemon has printed so far. */
  get log(): string {
    return this.#log;
  }

  /** Makes the store unless it is there, starts the daemon and waits until it says that the mount is ready. */
  async mount(...options: string[]): Promise<void> {
    if (onHost) return;
    if (!existsSync(CLI)) throw new Error(`${CLI} is missing: run "npm run build" first`);
    if (!existsSync(this.store)) await shell(`'${process.execPath}' '${CLI}' init '${this.store}'`);
    const daemon = spawn(process.execPath, [CLI, 'mount', this.store, this.path, '-f', ...options], {
      env: testEnvironment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#daemon = daemon;
    await new Promise<void>((resolve, reject) => {
      let output = '';
      const fail = (why: string) => reject(new Error(`the daemon ${why}\n${output}`));
      const timer = setTimeout(() => fail('did not become ready'), READY_TIMEOUT_MS);
      const note = (chunk: Buffer) => {
        output += chunk.toString('utf8');
        this.#log += chunk.toString('utf8');
      };
      daemon.stderr.on('data', note);
      daemon.stdout.on('data', (chunk: Buffer) => {
        note(chunk);
        if (!output.includes('\n') || !isMounted(this.path)) return;
        clearTimeout(timer);
        resolve();
      });
      daemon.on('exit', (code, signal) => {
        clearTimeout(timer);
        if (this.#daemon === daemon) this.#daemon = undefined;
        fail(`ended with ${signal ?? code}`);
      });
    });
  }

  /** Runs a bash script with the mountpoint as its working directory. */
  sh(script: string, options: ShellOptions = {}): Promise<string> {
    return shell(script, { cwd: this.path, ...options });
  }

  /** Sends a signal to the daemon and waits until it has ended. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined) return;
    const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
    daemon.kill(signal);
    const timer = setTimeout(() => daemon.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  /** Ends the daemon with SIGKILL and detaches the dead mount. */
  async kill9(): Promise<void> {
    await this.stop('SIGKILL');
    if (!onHost) detach(this.path);
  }

  /** Unmounts as a user would: with the command line. Waits until the daemon has ended. */
  async unmount(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined) return;
    const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
    await shell(`'${process.execPath}' '${CLI}' umount '${this.path}'`);
    const timer = setTimeout(() => daemon.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  /** Unmounts in good order (or takes over after `kill9`) and mounts the store again. */
  async remount(...options: string[]): Promise<void> {
    await this.unmount();
    await this.mount(...options);
  }

  /** Ends the daemon, whatever its state, detaches the mount and removes everything. */
  async dispose(): Promise<void> {
    await this.stop('SIGTERM');
    if (!onHost && isMounted(this.path)) detach(this.path);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Makes a store, mounts it, runs the body, and cleans up whatever the body did. */
export async function withMount(label: string, body: (mount: MountedStore) => Promise<void>): Promise<void> {
  const mount = await mountStore(label);
  try {
    await body(mount);
  } catch (error) {
    if (mount.log !== '') console.error(`The daemon said:\n${mount.log.slice(-OUTPUT_SHOWN_CHARACTERS)}`);
    throw error;
  } finally {
    await mount.dispose();
  }
}

/** Makes a store and mounts it; the caller disposes of it. */
export async function mountStore(label: string): Promise<MountedStore> {
  const mount = new MountedStore(label);
  try {
    await mount.mount();
  } catch (error) {
    await mount.dispose();
    throw error;
  }
  return mount;
}

/** Whether a program is on PATH, for tests of tools that a machine may lack. */
export function hasCommand(name: string): boolean {
  return spawnSync('bash', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;
}
