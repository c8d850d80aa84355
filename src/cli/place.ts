/**
 * Where a node is that an argument names: a store and a path in it, or a path of this host in a mount.
 */
import { containingMount, MOUNT_TYPE } from '../../mount/fuse/mountinfo.ts';
import type { PlainMap } from '../daemon/plain.ts';
import { FxError } from '../errors.ts';
import { hostPath, run, storePath } from './command.ts';
import { mountedStore } from './mounted.ts';

/** Help for the argument that `placeOf` takes. */
export const PLACE = 'directory of the store, a mountpoint of it, or the path itself in a mount';

export interface NodePlace {
  /** Directory of the store. */
  readonly store: string;
  readonly path: string;
}

/** With a path: a store and that path. Without: a path below a mountpoint. INVALID when it is none. */
export async function placeOf(argument: string, path: string | undefined): Promise<NodePlace> {
  if (path !== undefined) return { store: storePath(argument), path };
  const absolute = hostPath(argument);
  const mount = containingMount(absolute);
  if (mount?.type !== MOUNT_TYPE) {
    throw new FxError(
      'INVALID',
      `${absolute} is in no mount of fxmount; name the store, and the path of the node in it`,
    );
  }
  const store = mountedStore(mount.mountpoint) as string;
  const status = (await run(store, 'status', {})) as PlainMap;
  const mounts = (status.mounts ?? []) as readonly PlainMap[];
  const top = String(mounts.find(({ mountpoint }) => mountpoint === mount.mountpoint)?.subtree ?? '/');
  const below = absolute.slice(mount.mountpoint === '/' ? 0 : mount.mountpoint.length);
  return { store, path: `${top.replace(/\/+$/, '')}${below}` || '/' };
}
