/**
 * Parts of the host that an import or export stays out of: the store itself, and mounts of it.
 *
 * A mount is known by its path and by its device, so that a bind mount of it, or a path through another
 * mount namespace, does not get past.
 */
import { dirname } from 'node:path';
import { nameFromText } from '../names.ts';
import { type HostIo, hostPath, realPath } from './host-io.ts';

/** Plain data, so that it can pass between threads. */
export interface Excluded {
  /** Real paths as byte strings. */
  readonly paths: ReadonlySet<string>;
  readonly devices: ReadonlySet<bigint>;
}

export interface ExcludeOptions {
  /** Host directories to stay out of, such as the store itself. */
  exclude?: readonly string[];
  /** Mountpoints of this very store: what lies on them is left alone, by whatever path it is reached. */
  excludeMounts?: readonly string[];
}

export async function excludedBy(io: HostIo, options: ExcludeOptions): Promise<Excluded> {
  const paths = new Set<string>();
  const devices = new Set<bigint>();
  const mounts = options.excludeMounts ?? [];
  for (const path of [...(options.exclude ?? []), ...mounts]) {
    // One that cannot be resolved, such as a dead mount, as it is given.
    paths.add(await realPath(io, path).catch(() => nameFromText(path)));
  }
  for (const path of mounts) {
    const device = await deviceOf(io, path);
    // The device of its parent: it was unmounted meanwhile.
    if (device !== undefined && device !== (await deviceOf(io, dirname(path)))) devices.add(device);
  }
  return { paths, devices };
}

async function deviceOf(io: HostIo, path: string): Promise<bigint | undefined> {
  try {
    return (await io.lstat(hostPath(nameFromText(path)))).dev;
  } catch {
    return undefined;
  }
}

/** Whether `path`, a real path as a byte string, is one of the directories or lies below one. */
export function liesIn(path: string, { paths }: Excluded): boolean {
  for (const directory of paths) if (path === directory || path.startsWith(`${directory}/`)) return true;
  return false;
}
