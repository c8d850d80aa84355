import { expect } from 'vitest';
import { Vfs } from '../../mount/vfs.ts';
import type { Node } from '../../src/store/node.ts';
import { encode } from '../../src/uarr/v2.ts';
import { NO_TOTALS, outcomeOf, ROOT_CALLER, readAll, VfsPaths } from '../support/paths.ts';
import { type OpenTestStore, storeTest } from '../support/stores.ts';

async function setUp(open: OpenTestStore) {
  const { store } = await open();
  const whole = new VfsPaths(new Vfs(store, { totals: NO_TOTALS }));
  whole.mkdir('sub', 0o750);
  whole.mkdir('sub/d', 0o755);
  whole.create('sub/d/f', 0o644);
  whole.create('outside', 0o644);
  const inner = whole.find('sub').ino;
  const vfs = new Vfs(store, { totals: NO_TOTALS, root: inner });
  return { store, whole, vfs, sub: new VfsPaths(vfs), inner };
}

storeTest('the subtree’s directory is inode 1 and its own parent', async (open) => {
  const { vfs, sub, inner } = await setUp(open);
  expect(vfs.attributes(1)).toMatchObject({ ino: 1, mode: 0o750 });
  expect(vfs.lookup(1, '..')?.ino).toBe(1);
  expect(vfs.lookup(1, '.')?.ino).toBe(1);
  const { ino } = sub.find('d');
  expect(vfs.lookup(ino, '..')?.ino).toBe(1);
  const parents: number[] = [];
  for (const directory of [1, ino]) {
    vfs.readdir(directory, 0, (name, _cookie, entryIno, _kind, load) => {
      if (name.startsWith('.')) parents.push(entryIno, load()?.ino ?? 0);
      return true;
    });
  }
  expect(parents).toEqual([1, 1, 1, 1, ino, ino, 1, 1]);
  expect(outcomeOf(() => vfs.attributes(inner))).toBe('STALE');
});

storeTest('what is done in a subtree is done in the store', async (open) => {
  const { whole, sub } = await setUp(open);
  sub.create('new', 0o600);
  sub.write('d/f', 0, Buffer.from('text'));
  sub.rename('new', 'd/new');
  sub.chmod('', 0o711);
  expect(whole.find('sub/d/new').mode).toBe(0o600);
  expect(readAll(whole.vfs, whole.find('sub/d/f').ino).toString()).toBe('text');
  expect(whole.find('sub').mode).toBe(0o711);
});

storeTest('nothing outside is reached, but by a name inside that is a hard link', async (open) => {
  const { vfs, whole } = await setUp(open);
  const { ino } = whole.find('outside');
  expect(vfs.lookup(ino, '.')).toBeUndefined();
  whole.link('outside', 'sub/linked');
  expect(vfs.lookup(1, 'linked')).toMatchObject({ ino, nlink: 2 });
  expect(vfs.lookup(ino, '.')?.ino).toBe(ino);
  expect(
    outcomeOf(() => vfs.rename(1, '..', 1, 'x', { noReplace: false, exchange: false, whiteout: false }, ROOT_CALLER)),
  ).not.toBe('OK');
});

storeTest('a directory moved out of the subtree has no parent there', async (open) => {
  const { vfs, whole, sub } = await setUp(open);
  const { ino } = sub.find('d');
  whole.rename('sub/d', 'd');
  expect(vfs.lookup(ino, '..')).toBeUndefined();
  expect(vfs.lookup(ino, '.')).toBeUndefined();
  let parent = 0;
  vfs.readdir(ino, 1, (name, _cookie, entryIno) => {
    if (name === '..') parent = entryIno;
    return true;
  });
  expect(parent).toBe(ino);
});

storeTest('the value of the subtree’s directory is .value of inode 1', async (open) => {
  const { store, vfs, inner, sub } = await setUp(open);
  store.patch(store.node(inner) as Node, { value: encode('v') });
  const { ino } = sub.find('.value');
  expect(ino).toBe(1 + 2 ** 52);
  expect(readAll(vfs, ino).toString()).toBe('v');
});

storeTest('the root of a mount stays when the directory is removed elsewhere', async (open) => {
  const { vfs, whole } = await setUp(open);
  vfs.addHolder(() => false);
  whole.unlink('sub/d/f');
  whole.rmdir('sub/d');
  whole.rmdir('sub');
  expect(vfs.attributes(1).nlink).toBe(0);
});

storeTest('only a directory can be mounted', async (open) => {
  const { store, whole } = await setUp(open);
  const mount = (root: number) => outcomeOf(() => void new Vfs(store, { totals: NO_TOTALS, root }));
  expect(mount(whole.find('outside').ino)).toBe('NOT_DIRECTORY');
  expect(mount(99_999)).toBe('NOT_FOUND');
});

storeTest('the subtree’s directory lives on while it is mounted, and goes with the mount', async (open) => {
  const { store, vfs, whole, inner } = await setUp(open);
  vfs.addHolder(() => false);
  whole.unlink('sub/d/f');
  whole.rmdir('sub/d');
  whole.rmdir('sub');
  expect(vfs.attributes(1)).toMatchObject({ ino: 1, nlink: 0 });
  vfs.close();
  expect(store.node(inner)).toBeUndefined();
});
