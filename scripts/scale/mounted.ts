/**
 * A mounted store under measurement: commands act on it while a probe asks for the longest answer.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { call, Daemon } from '../bench/process.ts';

// The build lies in dist/scripts/scale.
const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url));

export interface Answers {
  count: number;
  p50Us: number;
  p99Us: number;
  p999Us: number;
  maxUs: number;
}

export interface Action {
  seconds: number;
  output: string;
  answers: Answers;
  /** Resident memory of the daemon at the end. */
  residentMb: number;
}

/** A script beside this one, run to its end; what it prints is JSON. */
export async function script<T>(name: string, ...args: string[]): Promise<T> {
  const file = fileURLToPath(new URL(name, import.meta.url));
  return JSON.parse(
    lastLine(await output(spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] }))),
  ) as T;
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** What a child prints until it ends. Rejects when it fails. */
function output(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${child.spawnargs.join(' ')}: exit code ${code}`)),
    );
  });
}

export class MountedStore {
  readonly path: string;
  readonly #daemon: Daemon;
  readonly #pid: number;

  private constructor(path: string, daemon: Daemon, pid: number) {
    this.path = path;
    this.#daemon = daemon;
    this.#pid = pid;
  }

  static async mount(store: string, path: string): Promise<MountedStore> {
    mkdirSync(path, { recursive: true });
    const daemon = new Daemon([process.execPath, CLI, 'mount', store, path, '-f']);
    await daemon.ready();
    const { daemon: pid } = JSON.parse(call([process.execPath, CLI, 'status', '--json', store])) as { daemon: number };
    return new MountedStore(path, daemon, pid);
  }

  get residentMb(): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8');
    return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
  }

  /** Runs a bash command in the mount, with the probe beside it. */
  async run(command: string): Promise<Action> {
    const probe = spawn(process.execPath, [fileURLToPath(new URL('probe.js', import.meta.url)), 'pause', this.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const answers = output(probe);
    // Whoever waits for it is told; until then it must not end this process.
    answers.catch(() => undefined);
    await new Promise((resolve) => probe.stdout?.once('data', resolve));
    const start = performance.now();
    const child = spawn('bash', ['-euo', 'pipefail', '-c', command], {
      cwd: this.path,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const text = await output(child);
    const seconds = (performance.now() - start) / 1000;
    const { residentMb } = this;
    probe.kill('SIGTERM');
    return { seconds, output: text.trim(), answers: JSON.parse(lastLine(await answers)) as Answers, residentMb };
  }

  lookups(files: number, count: number): Promise<Answers> {
    return script<Answers>('probe.js', 'lookup', this.path, String(files), String(count));
  }

  async unmount(): Promise<void> {
    await this.#daemon.stop();
    rmdirSync(this.path);
  }
}
