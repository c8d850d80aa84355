/**
 * Verbs that only a daemon can do: mount, umount, wait.
 */
import { ATIME_DEFAULT, parseAtime } from '../../mount/vfs-atime.ts';
import { FxError } from '../errors.ts';
import { limitStore } from '../store/open.ts';
import { DRIVERS, type MountControl } from './mount-control.ts';
import { defineVerb, type VerbContext } from './verb.ts';

function mountsOf(context: VerbContext): MountControl {
  if (context.mounts === undefined) throw new FxError('NO_DAEMON', `no daemon serves ${context.directory}`);
  return context.mounts;
}

/**
 * `sync`: the `--sync` asked for; it must be the daemon's own, as the policy belongs to the store. `maxSize`: the
 * store's new limit.
 */
export const mount = defineVerb(
  {
    access: 'daemon',
    output: 'none',
    arguments: {
      mountpoint: 'string',
      readOnly: 'boolean',
      allowOther: 'boolean',
      suid: 'boolean',
      dev: 'boolean',
      exec: 'boolean',
      subtree: 'string',
      sync: 'string?',
      driver: 'string?',
      maxSize: 'count?',
      caching: 'boolean?',
      events: 'boolean?',
      sharesLocks: 'boolean?',
      atime: 'string?',
    },
  },
  async (context, { sync, atime, maxSize, driver = 'fuse', ...request }) => {
    const mounts = mountsOf(context);
    if (sync !== undefined && sync !== mounts.sync) {
      throw new FxError(
        'INVALID',
        `the daemon of ${context.directory} runs with --sync ${mounts.sync}; leave --sync out, or unmount the store's mounts first`,
      );
    }
    if (maxSize !== undefined) limitStore(context.store, context.directory, maxSize);
    const policy = { atime: parseAtime(atime ?? ATIME_DEFAULT) };
    const known = DRIVERS.find((name) => name === driver);
    if (known === undefined)
      throw new FxError('INVALID', `there is no driver "${driver}"; choose ${DRIVERS.join(' or ')}`);
    const info = await mounts.add({ ...request, ...policy, driver: known, durableReplies: mounts.sync === 'always' });
    return { ...info, pid: process.pid };
  },
);

export const umount = defineVerb(
  { access: 'daemon', output: 'none', arguments: { mountpoint: 'string', lazy: 'boolean' } },
  async (context, { mountpoint, lazy }) => {
    return { last: await mountsOf(context).remove(mountpoint, lazy) };
  },
);

/** Returns when the mount is gone. */
export const wait = defineVerb(
  { access: 'daemon', output: 'none', arguments: { mountpoint: 'string' } },
  async (context, { mountpoint }, io) => {
    await mountsOf(context).ended(mountpoint, io.signal);
    return null;
  },
);
