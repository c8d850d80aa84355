/**
 * What is mounted on this host, and unmounting. The mount table is read; no mount is touched.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findMount, fxmountMounts, MOUNT_TYPE, type MountEntry } from '../../mount/fuse/mountinfo.ts';
import { resolveMountpoint } from '../../mount/fuse/mountpoint.ts';
import { probeMount } from '../../mount/fuse/probe.ts';
import { unmountFuse } from '../../mount/fuse/unmount.ts';
import { busyError } from '../daemon/mounts.ts';
import type { PlainMap } from '../daemon/plain.ts';
import { connectDaemon } from '../daemon/reach.ts';
import { FxError } from '../errors.ts';

/** How long to wait for the daemon that ends after its last mount. */
const CLOSE_TIMEOUT_MS = 10_000;

export interface Mounted {
  readonly store: string;
  readonly mountpoint: string;
  readonly readOnly: boolean;
}

/** Every fxmount mount of this host, alive or dead. */
export function allMounts(): Mounted[] {
  return fxmountMounts().map(({ source, mountpoint, readOnly }) => ({ store: source, mountpoint, readOnly }));
}

/**
 * The store that is mounted at `path`; undefined when `path` is no mountpoint of fxmount. ACCESS_DENIED for another
 * user's mount: what its source names is that user's word only.
 */
export function mountedStore(path: string): string | undefined {
  const entry = entryAt(path);
  if (entry?.type !== MOUNT_TYPE) return undefined;
  if (entry.uid !== undefined && entry.uid !== process.getuid?.()) {
    throw new FxError(
      'ACCESS_DENIED',
      `${entry.mountpoint} is a mount of user ${entry.uid}; run the command as that user, or name the store`,
    );
  }
  return entry.source;
}

function entryAt(path: string): MountEntry | undefined {
  const absolute = resolve(path);
  const direct = findMount(absolute);
  if (direct !== undefined || absolute === '/') return direct;
  try {
    return findMount(join(realpathSync(dirname(absolute)), basename(absolute)));
  } catch {
    return undefined;
  }
}

/** `fxmount umount`: by the daemon that serves the mount; a dead mount by this process. */
export async function unmountCommand(argument: string, lazy: boolean): Promise<void> {
  const mountpoint = await resolveMountpoint(argument).catch((error: unknown) => {
    if (!(error instanceof FxError) || error.code !== 'NOT_FOUND') throw error;
    throw new FxError('NOT_FOUND', `${resolve(argument)}: there is no such directory`);
  });
  // A working directory inside would keep the mount busy.
  process.chdir('/');
  const entry = findMount(mountpoint);
  if (entry === undefined)
    throw new FxError('NOT_FOUND', `${mountpoint}: nothing is mounted there; "fxmount status" lists what is`);
  if (entry.type !== MOUNT_TYPE)
    throw new FxError('INVALID', `${mountpoint}: a mount of type ${entry.type}, not of fxmount; use umount(8)`);
  if (await unmountByDaemon(entry, lazy)) return;
  const health = await probeMount(mountpoint);
  if (health === 'unresponsive' && !lazy) {
    throw new FxError('BUSY', `${mountpoint}: its daemon does not answer; end it, or unmount with --lazy`);
  }
  try {
    await unmountFuse(mountpoint, lazy || health === 'dead');
  } catch (error) {
    throw error instanceof FxError && error.code === 'BUSY' ? await busyError(mountpoint) : error;
  }
}

/** False when no daemon knows of this mount. */
async function unmountByDaemon({ source, mountpoint }: MountEntry, lazy: boolean): Promise<boolean> {
  const client = await connectDaemon(source).catch((error: unknown) => {
    // A daemon that cannot be asked must not stand in the way of unmounting.
    if (error instanceof FxError && error.code === 'PROTOCOL') return undefined;
    if (lazy) return undefined;
    throw error;
  });
  if (client === undefined) return false;
  try {
    const { last } = (await client.call('umount', { mountpoint, lazy })) as PlainMap;
    // The store is free when the daemon has closed it.
    if (last === true) await Promise.race([client.ended, delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    return true;
  } catch (error) {
    if (error instanceof FxError && (error.code === 'NOT_FOUND' || error.code === 'NO_DAEMON')) return false;
    throw error;
  } finally {
    client.close();
  }
}
