/**
 * Unmounting: umount2(2) as root, `fusermount3 -u` as an ordinary user. Both run outside the JavaScript
 * thread, which may have to serve the mount meanwhile: dirty pages are written back first.
 */
import { constants } from 'node:os';
import { type ErrorCode, FxError } from '../../src/errors.ts';
import { native } from '../../src/native.ts';
import { fusermountUnmount } from './fusermount.ts';

const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const { EBUSY, EINVAL, ENOENT, EPERM } = constants.errno;

const REASONS: Record<number, [code: ErrorCode, text: string]> = {
  [EBUSY]: ['BUSY', 'a process uses it; end that process, or unmount with --lazy'],
  [EINVAL]: ['NOT_FOUND', 'nothing is mounted there'],
  [ENOENT]: ['NOT_FOUND', 'there is no such directory'],
  [EPERM]: ['NOT_PERMITTED', 'this process may not unmount; in a container, add the capability SYS_ADMIN'],
};

/** Whether mounts are made by system calls rather than through fusermount3. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/**
 * Unmounts the topmost mount at `mountpoint` (absolute, without symbolic links). Lazy: also when it is
 * busy: it vanishes at once, and the filesystem ends with its last open file.
 * BUSY, NOT_FOUND, NOT_PERMITTED, ACCESS_DENIED, MOUNT_FAILED.
 */
export async function unmountFuse(mountpoint: string, lazy: boolean): Promise<void> {
  if (!isRoot()) return fusermountUnmount(mountpoint, lazy);
  const result = await native.umount(mountpoint, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0));
  if (result === 0) return;
  const [code, text] = REASONS[-result] ?? ['MOUNT_FAILED', `unmounting failed (errno ${-result})`];
  throw new FxError(code, `${mountpoint}: ${text}`);
}
