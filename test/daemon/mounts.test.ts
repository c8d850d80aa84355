/**
 * The bookkeeping of a daemon's mounts: it ends with its last one, and not before.
 */
import { expect, test } from 'vitest';
import type { MountRequest } from '../../src/daemon/mount-control.ts';
import { Mounts, type ServedMount } from '../../src/daemon/mounts.ts';

const REQUEST: MountRequest = {
  mountpoint: '/mnt/tree',
  readOnly: false,
  allowOther: false,
  suid: false,
  dev: false,
  exec: true,
  subtree: '/',
  durableReplies: false,
};

/** A mount that ends when told, or when unmounted unless someone else keeps it. */
class FakeMount implements ServedMount {
  readonly checksSaves = true;
  readonly ended: Promise<void>;
  readonly #isKept: boolean;
  end: () => void = () => {};

  constructor(isKept: boolean) {
    this.#isKept = isKept;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  async unmount(): Promise<void> {
    if (!this.#isKept) this.end();
  }

  async stop(): Promise<void> {
    this.end();
  }
}

/** Mounts whose filesystems are fakes; `isKept`: something else keeps each alive when it is unmounted. */
function fakeMounts(
  isKept: boolean,
  starting: Promise<void> = Promise.resolve(),
): { mounts: Mounts; served: FakeMount[]; empty: () => number } {
  const served: FakeMount[] = [];
  let empty = 0;
  const mounts = new Mounts({
    store: '/store',
    sync: 'fsync',
    start: async () => {
      await starting;
      const mount = new FakeMount(isKept);
      served.push(mount);
      return mount;
    },
    checkpoint: async () => {},
    onEmpty: () => empty++,
    log: () => {},
    note: () => {},
    endTimeoutMs: 1,
  });
  return { mounts, served, empty: () => empty };
}

test('a mount that was unmounted lazily by someone else is served to its end, also when its place is taken', async () => {
  const { mounts, served, empty } = fakeMounts(false);
  await mounts.add(REQUEST);
  await mounts.add(REQUEST);
  expect(mounts.list().map(({ detached }) => detached)).toEqual([false, true]);
  expect(await mounts.remove(REQUEST.mountpoint, false)).toBe(false);
  expect(empty()).toBe(0);
  served[0]?.end();
  await served[0]?.ended;
  expect(mounts.list()).toEqual([]);
  expect(empty()).toBe(1);
});

test('unmounting returns though another mount namespace keeps the filesystem; it is detached then', async () => {
  const { mounts, served, empty } = fakeMounts(true);
  await mounts.add(REQUEST);
  expect(await mounts.remove(REQUEST.mountpoint, false)).toBe(false);
  expect(mounts.list().map(({ detached }) => detached)).toEqual([true]);
  served[0]?.end();
  await served[0]?.ended;
  expect(empty()).toBe(1);
});

test('closing ends serving, also what another mount namespace keeps', async () => {
  const { mounts, served, empty } = fakeMounts(true);
  await mounts.add(REQUEST);
  await mounts.close(false);
  await served[0]?.ended;
  expect(mounts.list()).toEqual([]);
  expect(empty()).toBeGreaterThan(0);
});

test('a mount that comes to be while the daemon ends is taken away again', async () => {
  let go: () => void = () => {};
  const starting = new Promise<void>((resolve) => {
    go = resolve;
  });
  const { mounts, served, empty } = fakeMounts(true, starting);
  const added = mounts.add(REQUEST);
  await mounts.close(false);
  go();
  await expect(added).rejects.toMatchObject({ code: 'NO_DAEMON' });
  await served[0]?.ended;
  expect(mounts.list()).toEqual([]);
  expect(empty()).toBe(1);
});
