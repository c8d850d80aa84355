import { expect } from 'vitest';
import { Vfs } from '../../mount/vfs.ts';
import { nodeIdFromText } from '../../src/ids.ts';
import { NO_TOTALS, outcomeOf, ROOT_CALLER, VfsPaths } from '../support/paths.ts';
import { type OpenTestStore, storeTest } from '../support/stores.ts';

const SET = { create: false, replace: false };
const USER = { uid: 1000, gid: 1000, pid: 1 };

async function setUp(open: OpenTestStore) {
  const { store } = await open();
  const vfs = new Vfs(store, { totals: NO_TOTALS });
  const paths = new VfsPaths(vfs);
  paths.create('f', 0o644);
  const { ino } = paths.find('f');
  const set = (name: string, value = 'v', options = SET, caller = ROOT_CALLER, on = ino) =>
    outcomeOf(() => vfs.setXattr(on, name, Buffer.from(value), options, caller));
  return { store, vfs, paths, ino, set };
}

storeTest('an attribute is set, read, listed, replaced and removed', async (open) => {
  const { vfs, ino, set } = await setUp(open);
  expect(set('user.a', 'one')).toBe('OK');
  expect(set('user.a', 'two', { create: true, replace: false })).toBe('EXISTS');
  expect(set('user.b', 'two', { create: false, replace: true })).toBe('NO_ATTRIBUTE');
  expect(set('user.a', '', { create: false, replace: true })).toBe('OK');
  expect(vfs.getXattr(ino, 'user.a')).toHaveLength(0);
  expect(set('trusted.t')).toBe('OK');
  expect(vfs.listXattrs(ino).sort()).toEqual(['trusted.t', 'user.a']);
  vfs.removeXattr(ino, 'user.a', ROOT_CALLER);
  expect(vfs.getXattr(ino, 'user.a')).toBeUndefined();
  expect(outcomeOf(() => vfs.removeXattr(ino, 'user.a', ROOT_CALLER))).toBe('NO_ATTRIBUTE');
});

storeTest('the value is kept when the driver’s buffer is used again', async (open) => {
  const { vfs, ino } = await setUp(open);
  const buffer = Buffer.from('kept');
  vfs.setXattr(ino, 'user.a', buffer, SET, ROOT_CALLER);
  buffer.fill(0);
  expect(Buffer.from(vfs.getXattr(ino, 'user.a') ?? []).toString()).toBe('kept');
});

storeTest('each namespace has its rule', async (open) => {
  const { vfs, paths, set, ino } = await setUp(open);
  paths.mkdir('d', 0o755);
  paths.symlink('l', 't');
  const link = paths.find('l').ino;
  expect(set('user.a', 'v', SET, USER)).toBe('OK');
  expect(set('user.a', 'v', SET, ROOT_CALLER, paths.find('d').ino)).toBe('OK');
  expect(set('user.a', 'v', SET, ROOT_CALLER, link)).toBe('NOT_PERMITTED');
  expect(set('trusted.a', 'v', SET, ROOT_CALLER, link)).toBe('OK');
  expect(set('trusted.a', 'v', SET, USER)).toBe('NOT_PERMITTED');
  expect(set('security.a', 'v', SET, USER)).toBe('OK');
  for (const name of ['system.x', 'other.a', 'user', 'a']) {
    expect(set(name)).toBe('NOT_SUPPORTED');
    expect(outcomeOf(() => vfs.getXattr(ino, name))).toBe('NOT_SUPPORTED');
  }
  expect(set('user.')).toBe('INVALID');
});

storeTest('limits are those of Linux', async (open) => {
  const { set } = await setUp(open);
  expect(set(`user.${'n'.repeat(250)}`)).toBe('OK');
  expect(set(`user.${'n'.repeat(251)}`)).toBe('RANGE');
  expect(set('')).toBe('RANGE');
  expect(set('user.most', 'v'.repeat(65_536))).toBe('OK');
  expect(set('user.more', 'v'.repeat(65_537))).toBe('ARGUMENT_TOO_BIG');
  let outcome = 'OK';
  let bytes = 256 + 10;
  for (let i = 0; outcome === 'OK'; i++) {
    outcome = set(`user.${String(i).padStart(250, '0')}`);
    if (outcome === 'OK') bytes += 256;
  }
  expect(outcome).toBe('NO_SPACE');
  expect(bytes).toBeLessThanOrEqual(65_536);
  expect(bytes).toBeGreaterThan(65_536 - 256);
  expect(set('user.most', 'replaced')).toBe('OK');
});

storeTest('user.fx.* tells what the node is, is not listed, and cannot be set', async (open) => {
  const { store, vfs, paths, ino, set } = await setUp(open);
  const text = (name: string, on = ino) => Buffer.from(vfs.getXattr(on, name) ?? []).toString();
  expect(nodeIdFromText(text('user.fx.id'))).toBe(store.node(ino)?.id);
  const version = Number(text('user.fx.version'));
  paths.write('f', 0, Buffer.from('x'));
  expect(Number(text('user.fx.version'))).toBe(version + 1);
  expect(text('user.fx.type')).toBe('blob');
  expect(text('user.fx.type', 1)).toBe('directory');
  expect(vfs.listXattrs(ino)).toEqual([]);
  expect(set('user.fx.id')).toBe('NOT_PERMITTED');
  expect(set('user.fx.mine')).toBe('NOT_PERMITTED');
  expect(outcomeOf(() => vfs.removeXattr(ino, 'user.fx.id', ROOT_CALLER))).toBe('NOT_PERMITTED');
  expect(vfs.getXattr(ino, 'user.fx.none')).toBeUndefined();
  expect(vfs.getXattr(ino, 'user.fx.constructor')).toBeUndefined();
});
