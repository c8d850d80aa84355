import { expect } from 'vitest';
import type { Caller } from '../../mount/operations.ts';
import { Vfs } from '../../mount/vfs.ts';
import { FILE_BYTES_MAX } from '../../src/limits.ts';
import type { Attributes } from '../../src/store/node.ts';
import { NO_TOTALS, outcomeOf, ROOT_CALLER, readAll, readRange, VfsPaths } from '../support/paths.ts';
import { type OpenTestStore, storeTest } from '../support/stores.ts';

const CAPABILITY = 'security.capability';
const SET = { create: false, replace: false };
const WRITE = { read: true, write: true, truncate: false, append: false, clearSetId: false };

async function setUp(open: OpenTestStore, mode = 0o644) {
  const { store } = await open();
  const vfs = new Vfs(store, { totals: NO_TOTALS });
  const paths = new VfsPaths(vfs);
  paths.create('f', 0o644);
  const { ino } = paths.find('f');
  vfs.setAttributes(ino, { mode });
  return { store, vfs, paths, ino };
}

/** Which of the times differ between two looks at a file. */
function changedTimes(before: Attributes, after: Attributes): string {
  const names = ['atime', 'mtime', 'ctime', 'btime'] as const;
  const changed = names.filter(
    (name) => before[`${name}Sec`] !== after[`${name}Sec`] || before[`${name}Nsec`] !== after[`${name}Nsec`],
  );
  return changed.join(' ');
}

storeTest('reads end at the end of the file, and holes read as zeros', async (open) => {
  const { vfs, paths, ino } = await setUp(open);
  paths.write('f', 10_000, Buffer.from('end'));
  expect(vfs.attributes(ino).size).toBe(10_003);
  expect(readAll(vfs, ino)).toEqual(Buffer.concat([Buffer.alloc(10_000), Buffer.from('end')]));
  expect(readRange(vfs, ino, 9_999, 100).toString()).toBe('\0end');
  expect(readRange(vfs, ino, 10_003, 100).length).toBe(0);
  expect(readRange(vfs, ino, 20_000, 100).length).toBe(0);
});

storeTest('bytes that were cut off do not come back when the file grows again', async (open) => {
  const { vfs, paths, ino } = await setUp(open);
  paths.write('f', 0, Buffer.from('secret'));
  paths.truncate('f', 2);
  paths.truncate('f', 6);
  expect(readAll(vfs, ino).toString()).toBe('se\0\0\0\0');
});

storeTest('sizes end at 2^53 - 1', async (open) => {
  const { vfs, ino } = await setUp(open);
  expect(outcomeOf(() => vfs.setAttributes(ino, { size: FILE_BYTES_MAX }))).toBe('OK');
  expect(outcomeOf(() => vfs.setAttributes(ino, { size: FILE_BYTES_MAX + 1 }))).toBe('TOO_BIG');
  expect(outcomeOf(() => vfs.write(ino, 0, FILE_BYTES_MAX - 1, Buffer.from('xy'), 0, 2, false))).toBe('TOO_BIG');
  expect(outcomeOf(() => vfs.write(ino, 0, FILE_BYTES_MAX - 2, Buffer.from('xy'), 0, 2, false))).toBe('OK');
  expect(outcomeOf(() => vfs.setAttributes(ino, { size: -1 }))).toBe('INVALID');
});

storeTest('directories and symlinks have no content to write, read or cut', async (open) => {
  const { vfs, paths } = await setUp(open);
  paths.mkdir('d', 0o755);
  const { ino } = paths.find('d');
  expect(outcomeOf(() => vfs.open(ino, WRITE))).toBe('IS_DIRECTORY');
  expect(outcomeOf(() => vfs.open(ino, { ...WRITE, write: false }))).toBe('OK');
  expect(outcomeOf(() => vfs.write(ino, 0, 0, Buffer.from('x'), 0, 1, false))).toBe('IS_DIRECTORY');
  expect(outcomeOf(() => vfs.read(ino, 0, 0, 1))).toBe('IS_DIRECTORY');
  expect(outcomeOf(() => vfs.setAttributes(ino, { size: 0 }))).toBe('IS_DIRECTORY');
  paths.symlink('l', 't');
  expect(outcomeOf(() => vfs.open(paths.find('l').ino, WRITE))).toBe('LOOP');
  expect(outcomeOf(() => vfs.readlink(ino))).toBe('INVALID');
});

storeTest('each change sets the times that POSIX says', async (open) => {
  const { vfs, paths, ino } = await setUp(open);
  paths.write('f', 0, Buffer.from('abc'));
  const expectTimes = (change: () => void, times: string) => {
    const before = { ...vfs.attributes(ino) };
    change();
    expect([change.toString(), changedTimes(before, vfs.attributes(ino))]).toEqual([change.toString(), times]);
  };
  expectTimes(() => paths.write('f', 0, Buffer.from('x')), 'mtime ctime');
  expectTimes(() => paths.write('f', 0, Buffer.alloc(0)), '');
  expectTimes(() => paths.truncate('f', 3), 'mtime ctime');
  expectTimes(() => paths.truncate('f', 1), 'mtime ctime');
  expectTimes(() => paths.openTruncate('f'), 'mtime ctime');
  expectTimes(() => paths.openTruncate('f'), 'mtime ctime');
  expectTimes(() => paths.chmod('f', 0o600), 'ctime');
  expectTimes(() => paths.chown('f', 0, 0), 'ctime');
  expectTimes(() => vfs.setAttributes(ino, {}), '');
  expectTimes(() => vfs.setAttributes(ino, { uid: 0xffff_ffff, gid: 0xffff_ffff }), '');
  expectTimes(() => vfs.setAttributes(ino, { clearSetId: true }), 'ctime');
  expectTimes(() => vfs.setAttributes(ino, { atime: [5, 1] }), 'atime ctime');
  expectTimes(() => vfs.setAttributes(ino, { mtime: 'now' }), 'mtime ctime');
  expectTimes(() => vfs.setAttributes(ino, { atime: 'now', mtime: [-7, 999_999_999] }), 'atime mtime ctime');
  expect(vfs.attributes(ino)).toMatchObject({ mtimeSec: -7, mtimeNsec: 999_999_999 });
  expectTimes(() => paths.link('f', 'g'), 'ctime');
  expectTimes(() => paths.rename('g', 'h'), 'ctime');
  expectTimes(() => paths.unlink('h'), 'ctime');
  expectTimes(() => vfs.setXattr(ino, 'user.a', Buffer.from('1'), SET, ROOT_CALLER), 'ctime');
  expectTimes(() => readAll(vfs, ino), '');
});

storeTest('a directory’s times follow its entries', async (open) => {
  const { vfs, paths } = await setUp(open);
  const expectTimes = (change: () => void, times: string) => {
    const before = { ...vfs.attributes(1) };
    change();
    expect([change.toString(), changedTimes(before, vfs.attributes(1))]).toEqual([change.toString(), times]);
  };
  expectTimes(() => paths.create('g', 0o644), 'mtime ctime');
  expectTimes(() => paths.rename('g', 'h'), 'mtime ctime');
  expectTimes(() => paths.link('h', 'i'), 'mtime ctime');
  expectTimes(() => paths.unlink('i'), 'mtime ctime');
  expectTimes(() => paths.write('h', 0, Buffer.from('x')), '');
  expectTimes(() => outcomeOf(() => paths.mkdir('h', 0o755)), '');
});

storeTest('set-id bits go when an unprivileged caller writes or cuts, and stay otherwise', async (open) => {
  for (const [mode, after] of [
    [0o6755, 0o755],
    [0o6745, 0o2745],
    [0o4644, 0o644],
    [0o2755, 0o755],
    [0o2644, 0o2644],
    [0o1755, 0o1755],
  ] as const) {
    const { vfs, ino } = await setUp(open);
    const modeAfter = (change: () => void) => {
      vfs.setAttributes(ino, { mode });
      change();
      return vfs.attributes(ino).mode;
    };
    expect(modeAfter(() => vfs.write(ino, 0, 0, Buffer.from('x'), 0, 1, true))).toBe(after);
    expect(modeAfter(() => vfs.write(ino, 0, 0, Buffer.from('x'), 0, 1, false))).toBe(mode);
    expect(modeAfter(() => vfs.setAttributes(ino, { size: 1, clearSetId: true }))).toBe(after);
    expect(modeAfter(() => vfs.setAttributes(ino, { size: 1 }))).toBe(mode);
    expect(modeAfter(() => vfs.open(ino, { ...WRITE, truncate: true, clearSetId: true }))).toBe(after);
    expect(modeAfter(() => vfs.open(ino, { ...WRITE, truncate: true }))).toBe(mode);
    expect(modeAfter(() => vfs.setAttributes(ino, { uid: 5 }))).toBe(after);
    expect(modeAfter(() => vfs.setAttributes(ino, { gid: 5 }))).toBe(after);
    expect(modeAfter(() => vfs.setAttributes(ino, { mtime: 'now' }))).toBe(mode);
  }
});

storeTest('changing a directory’s owner leaves its set-group-ID bit', async (open) => {
  const { vfs, paths } = await setUp(open);
  paths.mkdir('d', 0o755);
  const { ino } = paths.find('d');
  vfs.setAttributes(ino, { mode: 0o6775 });
  expect(vfs.setAttributes(ino, { uid: 3, gid: 4 })).toMatchObject({ mode: 0o6775, uid: 3, gid: 4 });
});

storeTest('file capabilities go with every write, cut and change of owner, and stay otherwise', async (open) => {
  const { vfs, ino } = await setUp(open);
  const keeps = (change: () => void) => {
    vfs.setXattr(ino, CAPABILITY, Buffer.from('cap'), SET, ROOT_CALLER);
    change();
    return vfs.listXattrs(ino).includes(CAPABILITY);
  };
  expect(keeps(() => vfs.write(ino, 0, 0, Buffer.from('x'), 0, 1, false))).toBe(false);
  expect(keeps(() => vfs.write(ino, 0, 0, Buffer.from('x'), 0, 1, true))).toBe(false);
  expect(keeps(() => vfs.setAttributes(ino, { size: 0 }))).toBe(false);
  expect(keeps(() => vfs.setAttributes(ino, { uid: 1 }))).toBe(false);
  expect(keeps(() => vfs.open(ino, { ...WRITE, truncate: true }))).toBe(false);
  expect(keeps(() => vfs.setAttributes(ino, { mode: 0o700 }))).toBe(true);
  expect(keeps(() => readAll(vfs, ino))).toBe(true);
});

storeTest('access follows owner, then group, then others; root may all but execute what nobody may', async (open) => {
  const { vfs, ino } = await setUp(open, 0o640);
  vfs.setAttributes(ino, { uid: 1000, gid: 100 });
  const may = (uid: number, gid: number) => {
    const caller: Caller = { uid, gid, pid: 1 };
    return [4, 2, 1].map((mask) => outcomeOf(() => vfs.access(ino, mask, caller)) === 'OK');
  };
  expect(may(1000, 1)).toEqual([true, true, false]);
  expect(may(5, 100)).toEqual([true, false, false]);
  expect(may(5, 5)).toEqual([false, false, false]);
  expect(may(0, 0)).toEqual([true, true, false]);
  vfs.setAttributes(ino, { mode: 0o077 });
  expect(may(1000, 100)).toEqual([false, false, false]);
  expect(may(0, 0)).toEqual([true, true, true]);
});

storeTest('one answer to open serves all blobs, and fsync resolves', async (open) => {
  const { vfs, ino } = await setUp(open);
  expect(vfs.open(ino, WRITE)).toEqual({ handle: 0, cacheable: true, flushless: true });
  vfs.flush(ino, 0);
  vfs.release(ino, 0);
  await vfs.fsync(ino, 0);
});
