/**
 * Child processes of the benchmark: callers that are timed, daemons that stay.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { Mode } from './options.ts';

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;
const CALL_TIMEOUT_MS = 600_000;

/** The command, pinned to CPU 0 in the pinned mode. */
export function placed(mode: Mode, command: readonly string[]): string[] {
  return mode === 'pinned' ? ['taskset', '-c', '0', ...command] : [...command];
}

/** Runs a command and waits. Returns its standard output; throws with all its output unless it exits with 0. */
export function call(command: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
  const [file = '', ...args] = command;
  const result = spawnSync(file, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CALL_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 64 << 20,
  });
  if (result.status === 0) return result.stdout;
  const why = result.error?.message ?? `exit code ${result.status ?? result.signal}`;
  throw new Error(`${command.join(' ')}: ${why}\n${result.stdout}${result.stderr}`);
}

/** Seconds that a bash command takes. */
export function timed(mode: Mode, script: string): number {
  const startNs = process.hrtime.bigint();
  call(placed(mode, ['bash', '-c', script]));
  return Number(process.hrtime.bigint() - startNs) / 1e9;
}

/** A process that prints a line whenever it is ready, and stays until it is stopped. */
export class Daemon {
  readonly #child: ChildProcess;
  #output = '';
  #lines = 0;
  #wake: () => void = () => {};
  #ended = false;

  constructor(command: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const [file = '', ...args] = command;
    this.#child = spawn(file, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#lines += chunk.toString('utf8').split('\n').length - 1;
      this.#note(chunk);
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#note(chunk));
    this.#child.on('exit', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  #note(chunk: Buffer): void {
    this.#output += chunk.toString('utf8');
    this.#wake();
  }

  async #until(condition: () => boolean, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!condition()) {
      if (this.#ended || Date.now() > deadline) throw new Error(`a daemon did not become ready:\n${this.#output}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Resolves when the daemon has printed `lines` lines since it started. */
  ready(lines = 1): Promise<void> {
    return this.#until(() => this.#lines >= lines, READY_TIMEOUT_MS);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  get lines(): number {
    return this.#lines;
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.#child.kill('SIGTERM');
    await ended;
    clearTimeout(timer);
  }
}
