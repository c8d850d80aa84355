/**
 * Whether a FUSE mount still has a daemon.
 *
 * The question itself may wait for ever: a daemon that is stopped or stuck does not answer, and the asking
 * thread cannot be ended then. A process of its own asks, with statfs(2), which is never answered from a
 * cache, and is left behind when it does not answer in time: nothing of this process depends on it.
 */
import { spawn } from 'node:child_process';

/** dead: the daemon ended without unmounting. unresponsive: no answer within the time. */
export type MountHealth = 'alive' | 'dead' | 'unresponsive';

const TIMEOUT_MS = 3_000;
const ASK = `require('node:fs').statfs(process.argv[1], (e) => process.stdout.write(e ? e.code : 'OK'))`;
/** What the kernel answers without a connection (fs/fuse/dev.c). */
const DEAD = new Set(['ENOTCONN', 'ECONNREFUSED', 'ECONNABORTED', 'ENODEV']);

/** Asks the filesystem at `path`. A mount that this user may not enter counts as alive. Never rejects. */
export function probeMount(path: string, timeoutMs: number = TIMEOUT_MS): Promise<MountHealth> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', ASK, '--', path], {
      cwd: '/',
      env: {},
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let answer = '';
    const finish = (health: MountHealth) => {
      clearTimeout(timer);
      resolve(health);
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.unref();
      finish('unresponsive');
    }, timeoutMs);
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
    });
    child.on('error', () => finish('alive'));
    child.on('close', () => finish(DEAD.has(answer) ? 'dead' : 'alive'));
  });
}
