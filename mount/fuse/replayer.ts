/**
 * The process that repeats changes through the mount (native/replayer.cc), as the daemon sees it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { endianness } from 'node:os';
import { replayerPath } from '../../src/native.ts';

export interface Replayer {
  /** Its process id, which its requests carry. */
  readonly pid: number;
  /** Runs a command: byte strings without NUL. Resolves to 0 or an errno, -1 when the process is gone. */
  run(command: readonly string[]): Promise<number>;
  close(): void;
}

const LENGTH_BYTES = 4;
const isLittle = endianness() === 'LE';

/** Starts it for the mount at `mountpoint` with the device number `device` ("major:minor"); undefined when it cannot be started. */
export function startReplayer(mountpoint: string, device: string): Replayer | undefined {
  const child = spawn(replayerPath, [mountpoint, ...device.split(':')], {
    // Nothing of it may lie on the mount, or keep a directory of somebody else busy.
    cwd: '/',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.on('error', () => {});
  return child.pid === undefined ? undefined : new ReplayerProcess(child, child.pid);
}

class ReplayerProcess implements Replayer {
  readonly pid: number;
  readonly #child: ChildProcess;
  /** Commands that wait for their answers, in order. */
  readonly #waiting: ((result: number) => void)[] = [];
  #answers: Buffer = Buffer.alloc(0);
  #gone = false;

  constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
    child.unref();
    child.stdin?.on('error', () => this.#end());
    child.stdout?.on('data', (chunk: Buffer) => this.#take(chunk));
    child.on('exit', () => this.#end());
  }

  run(command: readonly string[]): Promise<number> {
    if (this.#gone) return Promise.resolve(-1);
    const body = Buffer.from(`${command.join('\0')}\0`, 'latin1');
    const frame = Buffer.alloc(LENGTH_BYTES + body.length);
    if (isLittle) frame.writeUInt32LE(body.length);
    else frame.writeUInt32BE(body.length);
    body.copy(frame, LENGTH_BYTES);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#child.stdin?.write(frame);
    });
  }

  #take(chunk: Buffer): void {
    const bytes = this.#answers.length === 0 ? chunk : Buffer.concat([this.#answers, chunk]);
    let at = 0;
    for (; at + LENGTH_BYTES <= bytes.length; at += LENGTH_BYTES) {
      this.#waiting.shift()?.(isLittle ? bytes.readInt32LE(at) : bytes.readInt32BE(at));
    }
    this.#answers = bytes.subarray(at);
  }

  #end(): void {
    this.#gone = true;
    for (const resolve of this.#waiting.splice(0)) resolve(-1);
  }

  close(): void {
    this.#gone = true;
    this.#child.stdin?.end();
  }
}
