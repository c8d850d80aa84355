/**
 * Runs `trivial-mount.ts` (compiled) in a child process and acts on its mount through further processes.
 * `dispose` leaves nothing mounted and nothing running.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('../../dist/test/support/trivial-mount.js', import.meta.url));
const TIMEOUT_MS = 20_000;
export const NOBODY = 65534;

export interface Ran {
  status: number | null;
  out: string;
  err: string;
}

/** Runs a program with a time limit; never blocks this process. */
export function run(program: string, args: readonly string[], timeoutMs = TIMEOUT_MS): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
    const ran: Ran = { status: null, out: '', err: '' };
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      ran.out += text;
    });
    child.stderr.setEncoding('latin1').on('data', (text: string) => {
      ran.err += text;
    });
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ ...ran, status });
    });
  });
}

/**
 * The start of a command that runs as another user, in a mount namespace of its own where every user may
 * open /dev/fuse, as udev sets it up and minimal machines do not. What is mounted there ends with it.
 */
function asUserWithDevice(uid: number, device: string): string[] {
  const script =
    'mknod -m 666 "$0" c 10 229 && mount --bind "$0" /dev/fuse && ' +
    'user=$1 && shift && exec setpriv --reuid="$user" --regid="$user" --clear-groups "$@"';
  return ['unshare', '--mount', 'bash', '-c', script, device, String(uid)];
}

export class TrivialMount {
  readonly directory: string;
  readonly mountpoint: string;
  readonly file: string;
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  errors = '';
  readonly #lines: string[] = [];
  #waiting: (() => void) | undefined;

  private constructor(uid: number | undefined, content: Uint8Array) {
    this.directory = mkdtempSync(join(tmpdir(), 'fxmount-test-device-'));
    this.mountpoint = join(this.directory, 'mnt');
    this.file = join(this.directory, 'file');
    mkdirSync(this.mountpoint);
    writeFileSync(this.file, content);
    chmodSync(this.directory, 0o755);
    if (uid !== undefined) spawnSync('chown', ['-R', `${uid}:${uid}`, this.directory]);
    this.child = this.#spawn(uid);
    this.exited = new Promise((resolve) => this.child.on('close', (status) => resolve(status)));
  }

  #spawn(uid: number | undefined): ChildProcess {
    const [program, ...args] = [
      ...(uid === undefined ? [] : asUserWithDevice(uid, join(this.directory, 'fuse'))),
      ...[process.execPath, CHILD, this.mountpoint, this.source, this.file],
    ];
    const child = spawn(program as string, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#lines.push(line);
      this.#waiting?.();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    child.on('close', () => this.#waiting?.());
    child.stdin.on('error', () => {});
    return child;
  }

  /** Mounts, as another user if `uid` is given; `dispose` it in any case. */
  static async start(content: Uint8Array = Buffer.from('content\n'), uid?: number): Promise<TrivialMount> {
    const mount = new TrivialMount(uid, content);
    try {
      const line = await mount.next();
      if (line !== 'ready') throw new Error(`not ready: ${JSON.stringify(line)}`);
      return mount;
    } catch (error) {
      mount.dispose();
      throw error;
    }
  }

  get source(): string {
    return join(this.directory, 'a, store');
  }

  path(name: string): string {
    return join(this.mountpoint, name);
  }

  /** The next line that the child printed, as a value. */
  async next(): Promise<unknown> {
    const deadline = Date.now() + TIMEOUT_MS;
    while (this.#lines.length === 0) {
      const left = deadline - Date.now();
      if (left <= 0 || this.child.exitCode !== null) throw new Error(`the mount said nothing\n${this.errors}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return JSON.parse(this.#lines.shift() as string);
  }

  ask(command: string): Promise<unknown> {
    this.child.stdin?.write(`${command}\n`);
    return this.next();
  }

  dispose(): void {
    this.child.kill('SIGKILL');
    spawnSync('umount', ['-l', this.mountpoint], { stdio: 'ignore' });
    if (process.getuid?.() !== 0) spawnSync('fusermount3', ['-u', '-z', '--', this.mountpoint], { stdio: 'ignore' });
    rmSync(this.directory, { recursive: true, force: true });
  }
}
