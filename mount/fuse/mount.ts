/**
 * Mounting: the descriptor through which the kernel talks to us, and the way to end it.
 *
 * As root by mount(2) with an own descriptor of /dev/fuse; as an ordinary user through fusermount3. The
 * mount has type `fuse.fxmount` and the store as its source, checks permissions in the kernel
 * (default_permissions), and ignores set-id programs and device nodes unless asked not to.
 */
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { FxError } from '../../src/errors.ts';
import { native } from '../../src/native.ts';
import { fusermountMount, mountOption } from './fusermount.ts';
import { MOUNT_TYPE } from './mountinfo.ts';
import { checkMountpoint } from './mountpoint.ts';
import { isRoot, unmountFuse } from './unmount.ts';

const DEVICE = '/dev/fuse';
const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;
const MS_NOATIME = 1024;
const { ENODEV, EPERM } = constants.errno;

export interface MountOptions {
  mountpoint: string;
  /** Shown as the mount's source: the store's directory. Also must not contain the mountpoint, or lie in it. */
  source: string;
  readOnly?: boolean;
  /** Lets other users in; as an ordinary user only with user_allow_other in /etc/fuse.conf. */
  allowOther?: boolean;
  /** Set-id programs are honoured. Root only. */
  suid?: boolean;
  /** Device nodes are honoured. Root only. */
  dev?: boolean;
  /** Programs may be run; true by default. */
  exec?: boolean;
  /** Tells programs that reading changes no access times. */
  noAtime?: boolean;
}

export interface FuseMount {
  /** The device. The owner closes it with `close`, which ends the filesystem if nobody else holds it. */
  readonly fd: number;
  /** Absolute, without symbolic links. */
  readonly mountpoint: string;
  /** See `unmountFuse`. The device must be served meanwhile. */
  unmount(lazy: boolean): Promise<void>;
  close(): void;
}

function rootError(mountpoint: string, errno: number): FxError {
  if (errno === EPERM) {
    return new FxError(
      'NOT_PERMITTED',
      `${mountpoint}: this process may not mount; in a container, add the capability SYS_ADMIN`,
    );
  }
  if (errno === ENODEV) return new FxError('MOUNT_FAILED', `${mountpoint}: the kernel has no FUSE; run: modprobe fuse`);
  return new FxError('MOUNT_FAILED', `${mountpoint}: mounting failed (errno ${errno})`);
}

/**
 * Whether the kernel is to check permissions. On root's own mounts without allow_other root alone gets in, who may do
 * everything: the kernel then need not check, and not fetch a directory's attributes again after each change in it.
 */
export function mountChecksAccess({ allowOther }: Pick<MountOptions, 'allowOther'>): boolean {
  return allowOther === true || !isRoot();
}

async function mountAsRoot(mountpoint: string, options: MountOptions): Promise<number> {
  const fd = native.openDevice(DEVICE);
  if (fd < 0) {
    throw new FxError(
      'MOUNT_FAILED',
      `${DEVICE} could not be opened (errno ${-fd}); in a container, pass it in: --device ${DEVICE}`,
    );
  }
  const data = [`fd=${fd}`, 'rootmode=40000', `user_id=${process.getuid?.()}`, `group_id=${process.getgid?.()}`];
  if (mountChecksAccess(options)) data.push('default_permissions', 'allow_other');
  const flags =
    (options.readOnly ? MS_RDONLY : 0) |
    (options.suid ? 0 : MS_NOSUID) |
    (options.dev ? 0 : MS_NODEV) |
    (options.noAtime ? MS_NOATIME : 0) |
    (options.exec === false ? MS_NOEXEC : 0);
  const result = await native.mount(options.source, mountpoint, MOUNT_TYPE, flags, data.join(','));
  if (result === 0) return fd;
  closeSync(fd);
  throw rootError(mountpoint, -result);
}

function mountAsUser(mountpoint: string, options: MountOptions): Promise<number> {
  if (options.suid || options.dev) {
    throw new FxError('NOT_PERMITTED', `${mountpoint}: only root mounts with suid or dev; leave them out`);
  }
  const list = [mountOption('fsname', options.source), mountOption('subtype', MOUNT_TYPE.slice('fuse.'.length))];
  list.push(options.readOnly ? 'ro' : 'rw', 'nosuid', 'nodev', 'default_permissions');
  if (options.exec === false) list.push('noexec');
  if (options.noAtime) list.push('noatime');
  if (options.allowOther) list.push('allow_other');
  return fusermountMount(mountpoint, list);
}

/**
 * Mounts on an empty directory, cleaning away a dead mount there. The kernel's INIT request waits in the
 * descriptor afterwards. Rejects as `checkMountpoint` does, and NOT_PERMITTED, MOUNT_FAILED.
 */
export async function mountFuse(options: MountOptions): Promise<FuseMount> {
  const mountpoint = await checkMountpoint(options.mountpoint, options.source);
  const fd = await (isRoot() ? mountAsRoot(mountpoint, options) : mountAsUser(mountpoint, options));
  let open = true;
  return {
    fd,
    mountpoint,
    unmount: (lazy) => unmountFuse(mountpoint, lazy),
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}
