/**
 * What is left of a mount that could not be made.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Documents } from '../../mount/documents/documents.ts';
import { mountFuse } from '../../mount/fuse/mount.ts';
import { Locks } from '../../mount/locks.ts';
import { serveMount } from '../../src/daemon/serve-mount.ts';
import { FxError } from '../../src/errors.ts';
import { Feed } from '../../src/signals/feed.ts';
import { KIND } from '../../src/store/node.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { nodeAt } from '../support/sim-store.ts';

vi.mock('../../mount/fuse/mount.ts', () => ({ mountFuse: vi.fn(), mountChecksAccess: () => false }));

let directory = '';
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-serve-'));
  store = await openStore(directory, { create: true });
  store.create(nodeAt(store, ''), 'sub', { kind: KIND.directory, mode: 0o755, uid: 0, gid: 0 });
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

function serveSub(): Promise<unknown> {
  return serveMount(store, {
    mountpoint: '/mnt/tree',
    readOnly: false,
    allowOther: false,
    suid: false,
    dev: false,
    exec: true,
    subtree: '/sub',
    durableReplies: false,
    documents: new Documents(store),
    feed: new Feed(store, directory),
    locks: new Locks(),
    store: directory,
    log: () => {},
  });
}

test('the subtree’s directory is held while mounting, and let go when that fails', async () => {
  const { ino } = nodeAt(store, 'sub');
  vi.mocked(mountFuse).mockImplementationOnce(async () => {
    store.unlink(nodeAt(store, ''), 'sub');
    expect(store.node(ino)?.nlink).toBe(0);
    throw new FxError('MOUNT_FAILED', 'refused');
  });
  await expect(serveSub()).rejects.toThrow('refused');
  expect(store.node(ino)).toBeUndefined();
});

test('nothing is mounted for a subtree that is not there', async () => {
  store.unlink(nodeAt(store, ''), 'sub');
  vi.mocked(mountFuse).mockClear();
  await expect(serveSub()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(mountFuse).not.toHaveBeenCalled();
});
