import { expect } from 'vitest';
import type { Caller } from '../../mount/operations.ts';
import { Vfs } from '../../mount/vfs.ts';
import { KIND } from '../../src/store/node.ts';
import { NO_TOTALS, outcomeOf, ROOT_CALLER, readAll, VfsPaths } from '../support/paths.ts';
import { type OpenTestStore, storeTest } from '../support/stores.ts';

const USER: Caller = { uid: 1000, gid: 100, pid: 7 };
const NO_FLAGS = { read: true, write: true, truncate: false, append: false, clearSetId: false };
const PLAIN = { noReplace: false, exchange: false, whiteout: false };

async function setUp(open: OpenTestStore) {
  const { store } = await open();
  const vfs = new Vfs(store, { totals: NO_TOTALS });
  return { store, vfs, paths: new VfsPaths(vfs) };
}

storeTest('new objects belong to the caller', async (open) => {
  const { vfs } = await setUp(open);
  const made = [
    vfs.create(1, 'file', 0o640, NO_FLAGS, USER).attributes,
    vfs.mkdir(1, 'directory', 0o750, USER),
    vfs.symlink(1, 'link', 'target', USER),
    vfs.mknod(1, 'fifo', KIND.fifo, 0o600, 0, USER),
    vfs.mknod(1, 'device', KIND.charDevice, 0o600, 259, USER),
  ];
  for (const { uid, gid } of made) expect([uid, gid]).toEqual([1000, 100]);
  expect(made.map(({ mode }) => mode)).toEqual([0o640, 0o750, 0o777, 0o600, 0o600]);
  expect(made.map(({ rdev }) => rdev)).toEqual([0, 0, 0, 0, 259]);
});

storeTest(
  'a set-group-ID directory gives its group to what is made in it, and its bit to directories',
  async (open) => {
    const { vfs, paths } = await setUp(open);
    paths.mkdir('shared', 0o777);
    paths.chown('shared', 0, 50);
    paths.chmod('shared', 0o2777);
    const { ino } = paths.find('shared');
    expect(vfs.create(ino, 'file', 0o2755, NO_FLAGS, USER).attributes).toMatchObject({
      gid: 50,
      uid: 1000,
      mode: 0o2755,
    });
    expect(vfs.create(ino, 'plain', 0o644, NO_FLAGS, USER).attributes).toMatchObject({ gid: 50, mode: 0o644 });
    expect(vfs.mkdir(ino, 'directory', 0o755, USER)).toMatchObject({ gid: 50, mode: 0o2755 });
    expect(vfs.symlink(ino, 'link', 't', USER)).toMatchObject({ gid: 50 });
  },
);

storeTest('names over 255 bytes are refused everywhere, also by lookup', async (open) => {
  const { vfs, paths } = await setUp(open);
  const long = 'x'.repeat(256);
  paths.create('f', 0o644);
  const { ino } = paths.find('f');
  const calls = [
    () => vfs.lookup(1, long),
    () => vfs.create(1, long, 0o644, NO_FLAGS, ROOT_CALLER),
    () => vfs.mkdir(1, long, 0o755, ROOT_CALLER),
    () => vfs.symlink(1, long, 't', ROOT_CALLER),
    () => vfs.link(ino, 1, long),
    () => vfs.unlink(1, long),
    () => vfs.rmdir(1, long),
    () => vfs.rename(1, 'f', 1, long, PLAIN, ROOT_CALLER),
    () => vfs.rename(1, long, 1, 'g', PLAIN, ROOT_CALLER),
  ];
  for (const call of calls) expect(outcomeOf(call)).toBe('NAME_TOO_LONG');
  expect(outcomeOf(() => paths.mkdir('y'.repeat(255), 0o755))).toBe('OK');
});

storeTest('symlink targets have 1 to 4095 bytes', async (open) => {
  const { vfs, paths } = await setUp(open);
  expect(outcomeOf(() => paths.symlink('empty', ''))).toBe('NOT_FOUND');
  expect(outcomeOf(() => paths.symlink('long', 'x'.repeat(4096)))).toBe('NAME_TOO_LONG');
  const { ino, size } = vfs.symlink(1, 'most', 'x'.repeat(4095), ROOT_CALLER);
  expect(size).toBe(4095);
  expect(vfs.readlink(ino)).toBe('x'.repeat(4095));
});

storeTest('hard links are one inode, and each change of the count is seen through every name', async (open) => {
  const { vfs, paths } = await setUp(open);
  paths.create('a', 0o644);
  const { ino } = paths.find('a');
  const linked = vfs.link(ino, 1, 'b');
  expect(linked).toMatchObject({ ino, nlink: 2 });
  paths.write('b', 0, Buffer.from('both'));
  expect(readAll(vfs, paths.find('a').ino).toString()).toBe('both');
  paths.unlink('a');
  expect(paths.find('b')).toMatchObject({ ino, nlink: 1, size: 4 });
});

storeTest('an unlinked file that is held lives on without a name, and is gone when it is let go', async (open) => {
  const { vfs, paths } = await setUp(open);
  const held = new Set<number>();
  vfs.addHolder((ino) => held.has(ino));
  paths.create('f', 0o644);
  const { ino } = paths.find('f');
  held.add(ino);
  paths.unlink('f');
  expect(vfs.attributes(ino).nlink).toBe(0);
  vfs.write(ino, 0, 0, Buffer.from('still here'), 0, 10, false);
  vfs.setAttributes(ino, { size: 5 });
  expect(readAll(vfs, ino).toString()).toBe('still');
  expect(paths.names(1)).toEqual(['.', '..']);
  expect(outcomeOf(() => vfs.link(ino, 1, 'again'))).toBe('NOT_FOUND');
  held.delete(ino);
  vfs.reclaim(ino);
  expect(outcomeOf(() => vfs.attributes(ino))).toBe('STALE');
});

storeTest('a file that is renamed over while held lives on', async (open) => {
  const { vfs, paths } = await setUp(open);
  vfs.addHolder(() => true);
  paths.create('old', 0o644);
  paths.write('old', 0, Buffer.from('old'));
  paths.create('new', 0o644);
  const { ino } = paths.find('old');
  paths.rename('new', 'old');
  expect(vfs.attributes(ino).nlink).toBe(0);
  expect(readAll(vfs, ino).toString()).toBe('old');
  expect(paths.names(1)).toEqual(['.', '..', 'old']);
});

storeTest('a removed directory that is held takes no new entries', async (open) => {
  const { vfs, paths } = await setUp(open);
  vfs.addHolder(() => true);
  paths.mkdir('d', 0o755);
  const { ino } = paths.find('d');
  paths.rmdir('d');
  expect(vfs.attributes(ino).nlink).toBe(0);
  expect(outcomeOf(() => vfs.mkdir(ino, 'x', 0o755, ROOT_CALLER))).toBe('NOT_FOUND');
  expect(vfs.lookup(ino, 'x')).toBeUndefined();
  expect(vfs.lookup(ino, '..')).toBeUndefined();
});

storeTest(
  'rename keeps what it promises: no loops, no replacing when told so, exchange of any two kinds',
  async (open) => {
    const { vfs, paths } = await setUp(open);
    paths.mkdir('d', 0o755);
    paths.mkdir('d/e', 0o755);
    paths.create('f', 0o644);
    expect(outcomeOf(() => paths.rename('d', 'd/e/d'))).toBe('LOOP');
    expect(outcomeOf(() => paths.renameWith('f', 'd', true, false))).toBe('EXISTS');
    expect(outcomeOf(() => paths.renameWith('f', 'none', false, true))).toBe('NOT_FOUND');
    expect(outcomeOf(() => paths.renameWith('f', 'd', true, true))).toBe('INVALID');
    expect(outcomeOf(() => paths.renameWith('d', 'd/e', false, true))).toBe('LOOP');
    const before = { d: paths.find('d').ino, f: paths.find('f').ino, e: paths.find('d/e').ino };
    paths.renameWith('f', 'd/e', false, true);
    expect(paths.find('f').ino).toBe(before.e);
    expect(paths.find('d/e').ino).toBe(before.f);
    expect(vfs.lookup(before.e, '..')?.ino).toBe(1);
    expect(paths.find('').nlink).toBe(4);
    expect(paths.find('d').nlink).toBe(2);
  },
);

storeTest('unlink is for files and rmdir for empty directories', async (open) => {
  const { paths } = await setUp(open);
  paths.mkdir('d', 0o755);
  paths.create('d/f', 0o644);
  expect(outcomeOf(() => paths.unlink('d'))).toBe('IS_DIRECTORY');
  expect(outcomeOf(() => paths.rmdir('d/f'))).toBe('NOT_DIRECTORY');
  expect(outcomeOf(() => paths.rmdir('d'))).toBe('NOT_EMPTY');
  expect(outcomeOf(() => paths.rmdir('none'))).toBe('NOT_FOUND');
  expect(outcomeOf(() => paths.create('d/f/g', 0o644))).toBe('NOT_DIRECTORY');
  expect(outcomeOf(() => paths.rmdir('d/.'))).toBe('INVALID');
});

storeTest('"." and ".." are found, and the root is its own parent', async (open) => {
  const { vfs, paths } = await setUp(open);
  paths.mkdir('d', 0o755);
  paths.create('d/f', 0o644);
  const { ino } = paths.find('d');
  const file = paths.find('d/f').ino;
  expect(vfs.lookup(ino, '.')?.ino).toBe(ino);
  expect(vfs.lookup(ino, '..')?.ino).toBe(1);
  expect(vfs.lookup(1, '..')?.ino).toBe(1);
  expect(vfs.lookup(file, '.')?.ino).toBe(file);
  expect(outcomeOf(() => vfs.lookup(file, '..'))).toBe('NOT_DIRECTORY');
  expect(outcomeOf(() => vfs.lookup(99_999, '.'))).toBe('STALE');
});

storeTest('a listing goes on from any cookie while entries come and go', async (open) => {
  const { vfs, paths } = await setUp(open);
  for (let i = 0; i < 50; i++) paths.create(`f${i}`, 0o644);
  const seen: string[] = [];
  let cookie = 0;
  for (let page = 0; page < 100; page++) {
    let taken = 0;
    vfs.readdir(1, cookie, (name, at, ino, kind, load) => {
      if (taken === 3) return false;
      taken++;
      cookie = at;
      seen.push(name);
      const file = load();
      expect([file?.ino, file?.kind]).toEqual([ino, kind]);
      return true;
    });
    if (taken === 0) break;
    // What was listed is removed, and something new comes at the end.
    const last = seen.at(-1) as string;
    if (last.startsWith('f')) paths.unlink(last);
    if (page < 5) paths.create(`new${page}`, 0o644);
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.slice(0, 2)).toEqual(['.', '..']);
  for (let i = 0; i < 50; i++) expect(seen).toContain(`f${i}`);
  for (let i = 0; i < 5; i++) expect(seen).toContain(`new${i}`);
});

storeTest('a read-only mount refuses every change and serves every read', async (open) => {
  const { store, paths } = await setUp(open);
  paths.create('f', 0o644);
  const vfs = new Vfs(store, { totals: NO_TOTALS, readOnly: true });
  const sealed = new VfsPaths(vfs);
  const { ino } = sealed.find('f');
  const calls = [
    () => sealed.create('g', 0o644),
    () => sealed.mkdir('g', 0o755),
    () => sealed.symlink('g', 't'),
    () => sealed.link('f', 'g'),
    () => sealed.rename('f', 'g'),
    () => sealed.unlink('f'),
    () => sealed.rmdir('f'),
    () => sealed.chmod('f', 0o600),
    () => sealed.openTruncate('f'),
    () => vfs.write(ino, 0, 0, Buffer.from('x'), 0, 1, false),
    () => vfs.setXattr(ino, 'user.a', Buffer.from('x'), { create: false, replace: false }, ROOT_CALLER),
    () => vfs.removeXattr(ino, 'user.a', ROOT_CALLER),
    () => vfs.access(ino, 2, ROOT_CALLER),
  ];
  for (const call of calls) expect(outcomeOf(call)).toBe('READ_ONLY');
  expect(outcomeOf(() => vfs.open(ino, { ...NO_FLAGS, write: false }))).toBe('OK');
  vfs.access(ino, 4, ROOT_CALLER);
});
