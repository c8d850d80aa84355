/**
 * Mounting and unmounting as an ordinary user, through the setuid program `fusermount3` of fuse3.
 *
 * It opens /dev/fuse, mounts, and sends the descriptor over the socket whose number _FUSE_COMMFD names
 * (one byte of data with SCM_RIGHTS), as libfuse's lib/mount.c expects. Options go in one `-o` list, in
 * which backslash and comma of a value are written after a backslash.
 */
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { type ErrorCode, FxError } from '../../src/errors.ts';
import { native } from '../../src/native.ts';

const PROGRAM = 'fusermount3';
const TIMEOUT_MS = 20_000;
const STDERR_CHARS_MAX = 4096;

interface Outcome {
  status: number;
  /** Its error text, one line, without its name. */
  text: string;
}

/** What fusermount3 may say, and what it means to the user. The first match holds. */
const REASONS: readonly [pattern: RegExp, code: ErrorCode, advice: string][] = [
  [/user_allow_other/, 'NOT_PERMITTED', 'other users are let in only if /etc/fuse.conf has the line user_allow_other'],
  [/open \/dev\/fuse/, 'ACCESS_DENIED', 'every user must be able to open it; as root, run: chmod 666 /dev/fuse'],
  [/no write access|not owner|Permission denied/, 'ACCESS_DENIED', 'mount on a directory that belongs to you'],
  [/device not found|fuse device/, 'MOUNT_FAILED', 'load the kernel module: modprobe fuse'],
  [/mount_max/, 'MOUNT_FAILED', 'unmount another, or raise mount_max in /etc/fuse.conf'],
  [/busy/, 'BUSY', 'a process uses it'],
  [/not found in|entry for .* not found|Invalid argument/, 'NOT_FOUND', 'nothing of yours is mounted there'],
];

export function fusermountMissing(mountpoint: string): FxError {
  return new FxError(
    'MOUNT_FAILED',
    `${mountpoint}: fusermount3 is not installed; as root, run: apt-get install -y fuse3`,
  );
}

function refusal(mountpoint: string, verb: string, text: string): FxError {
  const reason = REASONS.find(([pattern]) => pattern.test(text));
  const said = text === '' ? 'it gave no reason' : text;
  if (reason === undefined) return new FxError('MOUNT_FAILED', `${mountpoint}: fusermount3 could not ${verb}: ${said}`);
  return new FxError(reason[1], `${mountpoint}: fusermount3 could not ${verb}: ${said}; ${reason[2]}`);
}

function run(mountpoint: string, args: readonly string[], descriptor?: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, args, {
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe', ...(descriptor === undefined ? [] : [descriptor])],
      env: { ...process.env, LC_ALL: 'C', ...(descriptor === undefined ? {} : { _FUSE_COMMFD: '3' }) },
    });
    let text = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      child.stderr?.destroy();
      child.unref();
      reject(new FxError('MOUNT_FAILED', `${mountpoint}: fusermount3 does not end; is a filesystem above it hung?`));
    }, TIMEOUT_MS);
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(0, STDERR_CHARS_MAX);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(
        error.code === 'ENOENT'
          ? fusermountMissing(mountpoint)
          : new FxError('MOUNT_FAILED', `${mountpoint}: fusermount3 could not be run: ${error.message}`),
      );
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      const line = text.trim().split('\n').at(-1) ?? '';
      resolve({ status: code ?? 1, text: line.replace(/^[^ ]*fusermount3?: /, '') });
    });
  });
}

/** One option of a list: `name`, or `name=value` with the value escaped. */
export function mountOption(name: string, value?: string): string {
  return value === undefined ? name : `${name}=${value.replace(/[\\,]/g, '\\$&')}`;
}

/** Mounts; returns the device's descriptor. MOUNT_FAILED, ACCESS_DENIED, NOT_PERMITTED. */
export async function fusermountMount(mountpoint: string, options: readonly string[]): Promise<number> {
  const pair = native.socketPair();
  if (typeof pair === 'number') throw new FxError('MOUNT_FAILED', `no socket pair could be made (errno ${-pair})`);
  const [ours, theirs] = pair;
  try {
    const { status, text } = await run(mountpoint, ['-o', options.join(','), '--', mountpoint], theirs);
    if (status !== 0) throw refusal(mountpoint, 'mount', text);
    const fd = native.receiveDescriptor(ours);
    if (fd < 0) throw refusal(mountpoint, 'mount', `it sent no descriptor (errno ${-fd})`);
    return fd;
  } finally {
    closeSync(ours);
    closeSync(theirs);
  }
}

/** Unmounts. BUSY, NOT_FOUND, ACCESS_DENIED, MOUNT_FAILED. */
export async function fusermountUnmount(mountpoint: string, lazy: boolean): Promise<void> {
  const { status, text } = await run(mountpoint, ['-u', ...(lazy ? ['-z'] : []), '--', mountpoint]);
  if (status !== 0) throw refusal(mountpoint, 'unmount', text);
}
