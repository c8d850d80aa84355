/**
 * Whether a directory can be mounted on, told before anything is tried, in words that help.
 *
 * A mountpoint may have a mount on it whose daemon died (every access fails with ENOTCONN) or is stuck
 * (every access waits). So the path is looked up in the kernel's mount table before anything touches it;
 * only the health of an fxmount mount found there is asked for, by another process (`probe.ts`). A dead one is
 * unmounted on the way.
 */
import { access, constants, lstat, opendir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type ErrorCode, FxError } from '../../src/errors.ts';
import { fusermountMissing } from './fusermount.ts';
import { findMount, MOUNT_TYPE, type MountEntry } from './mountinfo.ts';
import { probeMount } from './probe.ts';
import { isRoot, unmountFuse } from './unmount.ts';

const DEVICE = '/dev/fuse';
const TOUCH_TIMEOUT_MS = 5_000;
/** Most dead mounts on top of each other that are cleaned away. */
const STACKED_MAX = 16;

const REASONS: Record<string, [code: ErrorCode, text: string]> = {
  ENOENT: ['NOT_FOUND', 'there is no such directory; create it first: mkdir -p'],
  ENOTDIR: ['NOT_DIRECTORY', 'it is not a directory'],
  EACCES: ['ACCESS_DENIED', 'this user may not read it'],
  ENOTCONN: ['MOUNT_FAILED', 'it lies in a mount whose daemon died; unmount that first'],
  ELOOP: ['LOOP', 'it has too many symbolic links'],
};

function explain(path: string, error: unknown): FxError {
  if (error instanceof FxError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const [name, text] = REASONS[code ?? ''] ?? ['MOUNT_FAILED', message];
  return new FxError(name, `${path}: ${text}${name === 'NOT_FOUND' ? ` ${path}` : ''}`);
}

/** Settles as `work` does, or rejects when the filesystem does not answer in time. */
async function bounded<T>(path: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const error = new FxError('MOUNT_FAILED', `${path}: the filesystem it lies in does not answer; unmount that first`);
    timer = setTimeout(() => reject(error), TOUCH_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, timeout]);
  } catch (error) {
    throw explain(path, error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The path of a mountpoint as the mount table has it: absolute, without symbolic links. What is mounted
 * there is not touched. NOT_FOUND, NOT_DIRECTORY, ACCESS_DENIED, MOUNT_FAILED.
 */
export async function resolveMountpoint(path: string): Promise<string> {
  const absolute = resolve(path);
  if (absolute === '/' || findMount(absolute) !== undefined) return absolute;
  const parent = await bounded(absolute, realpath(dirname(absolute)));
  const direct = join(parent, basename(absolute));
  if (findMount(direct) !== undefined) return direct;
  const link = (await bounded(direct, lstat(direct))).isSymbolicLink();
  return link ? bounded(direct, realpath(direct)) : direct;
}

function inside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

/** `path` without symbolic links, as far as it exists. */
async function realpathOfExisting(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || absolute === '/') throw error;
    return join(await realpathOfExisting(dirname(absolute)), basename(absolute));
  }
}

async function checkApart(mountpoint: string, store: string): Promise<void> {
  const real = await bounded(store, realpathOfExisting(store));
  if (real === mountpoint) {
    throw new FxError('INVALID', `${mountpoint}: a store cannot be mounted on itself; name another directory`);
  }
  if (inside(mountpoint, real)) {
    throw new FxError('INVALID', `${mountpoint}: it lies inside the store ${store}; mount outside of it`);
  }
  if (inside(real, mountpoint)) {
    throw new FxError(
      'INVALID',
      `${mountpoint}: the store ${store} lies inside it and would be hidden; mount elsewhere`,
    );
  }
}

async function checkDirectory(path: string): Promise<void> {
  if (!(await bounded(path, stat(path))).isDirectory())
    throw new FxError('NOT_DIRECTORY', `${path}: it is not a directory`);
  const first = await bounded(path, firstEntry(path));
  if (first !== undefined) {
    throw new FxError('NOT_EMPTY', `${path}: it is not empty (it has "${first}"); mount on an empty directory`);
  }
}

async function firstEntry(path: string): Promise<string | undefined> {
  const directory = await opendir(path);
  try {
    return (await directory.read())?.name;
  } finally {
    await directory.close();
  }
}

async function checkMounted(mount: MountEntry): Promise<void> {
  const { mountpoint, source } = mount;
  const health = await probeMount(mountpoint);
  if (health === 'dead') return unmountFuse(mountpoint, true);
  if (health === 'alive') {
    throw new FxError(
      'BUSY',
      `${mountpoint}: ${source} is mounted there already; unmount it first: fxmount umount ${mountpoint}`,
    );
  }
  throw new FxError(
    'BUSY',
    `${mountpoint}: ${source} is mounted there and its daemon does not answer; end it, then: fxmount umount --lazy ${mountpoint}`,
  );
}

/** fusermount3 opens the device with its caller's rights, so every user needs them. */
async function checkFuse(mountpoint: string): Promise<void> {
  const code = await access(DEVICE, constants.R_OK | constants.W_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  );
  if (code === 'ENOENT') {
    throw new FxError('MOUNT_FAILED', `${mountpoint}: there is no ${DEVICE}; as root, run: modprobe fuse`);
  }
  if (code !== undefined) {
    const advice = isRoot() ? `in a container, pass it in: --device ${DEVICE}` : `as root, run: chmod 666 ${DEVICE}`;
    throw new FxError('MOUNT_FAILED', `${mountpoint}: ${DEVICE} may not be opened (${code}); ${advice}`);
  }
  if (!isRoot() && !(await onPath('fusermount3'))) throw fusermountMissing(mountpoint);
}

async function onPath(program: string): Promise<boolean> {
  for (const directory of (process.env.PATH ?? '').split(':')) {
    const found = await access(join(directory || '.', program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

/**
 * Checks that `mountpoint` can be mounted on, and cleans away fxmount mounts there whose daemon died.
 * Returns its resolved path. `store`, when given, is the directory that must lie neither above nor below it.
 * NOT_FOUND, NOT_DIRECTORY, NOT_EMPTY, ACCESS_DENIED, BUSY (mounted already), INVALID (store and mountpoint
 * contain each other), MOUNT_FAILED (no /dev/fuse, no fusermount3).
 */
export async function checkMountpoint(mountpoint: string, store?: string): Promise<string> {
  const path = await resolveMountpoint(mountpoint);
  for (let i = 0; i < STACKED_MAX; i++) {
    const mount = findMount(path);
    if (mount?.type !== MOUNT_TYPE) break;
    await checkMounted(mount);
  }
  if (store !== undefined) await checkApart(path, store);
  await checkDirectory(path);
  await checkFuse(path);
  return path;
}
