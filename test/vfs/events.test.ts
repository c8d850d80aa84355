import { expect } from 'vitest';
import { Vfs } from '../../mount/vfs.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import { encode } from '../../src/uarr/v2.ts';
import { NO_TOTALS, ROOMY_TOTALS, VfsPaths } from '../support/paths.ts';
import { type OpenTestStore, storeTest } from '../support/stores.ts';

const FRESH = { kind: KIND.file, mode: 0o644, uid: 0, gid: 0 };
const OFFSET = 2 ** 52;

/** Two mounts of one store, and what the second one tells its driver. */
async function setUp(open: OpenTestStore, totals = NO_TOTALS) {
  const { store } = await open();
  const own = new Vfs(store, { totals });
  const told: string[] = [];
  own.subscribe({
    inode: (ino, offset, bytes) => void told.push(`inode ${ino} ${offset} ${bytes}`),
    entry: (parent, name) => void told.push(`entry ${parent} ${name}`),
  });
  const other = new VfsPaths(new Vfs(store, { totals }));
  const paths = new VfsPaths(own);
  const tells = (change: () => void) => {
    told.length = 0;
    change();
    return [...new Set(told)].sort();
  };
  const node = (path: string) => store.node(paths.find(path).ino) as Node;
  return { store, own, other, paths, tells, node };
}

storeTest('a mount is not told of its own changes', async (open) => {
  const { own, paths, tells } = await setUp(open);
  const told = tells(() => {
    paths.create('f', 0o644);
    paths.mkdir('d', 0o755);
    paths.write('f', 0, Buffer.from('x'));
    paths.truncate('f', 5);
    paths.link('f', 'd/g');
    paths.rename('f', 'd/h');
    paths.chmod('d', 0o700);
    paths.setXattr('d', 'user.a', Buffer.from('x'), { create: false, replace: false });
    paths.removeXattr('d', 'user.a');
    paths.unlink('d/g');
    own.reclaim(99);
  });
  expect(told).toEqual([]);
});

storeTest('ranges that another mount allocates, punches or copies to are dropped, and no more', async (open) => {
  const { own, other, paths, tells } = await setUp(open, ROOMY_TOTALS);
  for (const name of ['f', 'g']) paths.create(name, 0o644);
  paths.write('f', 0, Buffer.alloc(100, 'x'));
  const { ino } = paths.find('f');
  expect(tells(() => other.allocate('f', 10, 20, 'punch', true))).toEqual([`inode ${ino} 10 20`]);
  expect(tells(() => other.allocate('f', 10, 20, 'zero', true))).toEqual([`inode ${ino} 10 20`]);
  expect(tells(() => other.allocate('f', 90, 20, 'allocate', true))).toEqual([`inode ${ino} 90 20`]);
  expect(tells(() => other.copyRange('f', 0, 'g', 5, 7))).toEqual([`inode ${paths.find('g').ino} 5 7`]);
  expect(tells(() => paths.copyRange('f', 0, 'g', 50, 7))).toEqual([]);
  own.setAttributes(ino, { mode: 0o4755 });
  const at = { ino, handle: 0, offset: 0 };
  const user = { uid: 5, gid: 5, pid: 1 };
  expect(tells(() => own.allocate(at, 5, 'punch', true, user))).toEqual([`inode ${ino} 0 0`]);
});

storeTest('an append by an old size goes to the end, and the mount drops what it took for appended', async (open) => {
  const { own, other, paths, tells } = await setUp(open);
  paths.create('f', 0o644);
  const { ino } = paths.find('f');
  other.write('f', 0, Buffer.from('12345'));
  expect(tells(() => expect(own.appendOffset(ino, 0, 5)).toBe(5))).toEqual([]);
  expect(tells(() => expect(own.appendOffset(ino, 0, 2)).toBe(5))).toEqual([`inode ${ino} 2 -1`]);
  expect(tells(() => expect(own.appendOffset(ino, 0, 9)).toBe(5))).toEqual([`inode ${ino} 5 -1`]);
  other.truncate('f', 0);
  expect(tells(() => expect(own.appendOffset(ino, 0, 5)).toBe(0))).toEqual([`inode ${ino} 0 -1`]);
});

storeTest('a mount is told after its own change was refused', async (open) => {
  const { other, paths, tells } = await setUp(open);
  expect(() => paths.rmdir('none')).toThrow();
  expect(tells(() => other.create('f', 0o644))).not.toEqual([]);
});

storeTest('a new entry drops the absent one, the directory’s listing and attributes', async (open) => {
  const { other, paths, tells } = await setUp(open);
  const told = tells(() => other.create('f', 0o644));
  const { ino } = paths.find('f');
  expect(told).toEqual(['entry 1 f', 'inode 1 0 -1', `inode ${ino} 0 0`].sort());
});

storeTest('a removed name drops its entry, and the attributes of the inode that has other names', async (open) => {
  const { other, paths, tells } = await setUp(open);
  paths.create('a', 0o644);
  paths.link('a', 'b');
  const { ino } = paths.find('a');
  expect(tells(() => other.unlink('a'))).toEqual(['entry 1 a', 'inode 1 0 -1', `inode ${ino} 0 0`].sort());
  expect(tells(() => other.link('b', 'c'))).toEqual(['entry 1 c', 'inode 1 0 -1', `inode ${ino} 0 0`].sort());
});

storeTest('a rename drops both entries and both directories, and a moved directory’s own listing', async (open) => {
  const { other, paths, tells } = await setUp(open);
  paths.mkdir('d', 0o755);
  paths.mkdir('e', 0o755);
  const d = paths.find('d').ino;
  const e = paths.find('e').ino;
  expect(tells(() => other.rename('d', 'e/x'))).toEqual(
    ['entry 1 d', `entry ${e} x`, 'inode 1 0 -1', `inode ${d} 0 -1`, `inode ${e} 0 -1`].sort(),
  );
});

storeTest('a rename over a file also drops the attributes of the one replaced', async (open) => {
  const { other, paths, tells } = await setUp(open);
  paths.create('a', 0o644);
  paths.create('b', 0o644);
  const [a, b] = [paths.find('a').ino, paths.find('b').ino];
  expect(tells(() => other.rename('a', 'b'))).toEqual(
    ['entry 1 a', 'entry 1 b', 'inode 1 0 -1', `inode ${a} 0 0`, `inode ${b} 0 0`].sort(),
  );
});

storeTest('an exchange drops both entries', async (open) => {
  const { other, paths, tells } = await setUp(open);
  paths.create('a', 0o644);
  paths.mkdir('d', 0o755);
  const [a, d] = [paths.find('a').ino, paths.find('d').ino];
  expect(tells(() => other.renameWith('a', 'd', false, true))).toEqual(
    ['entry 1 a', 'entry 1 d', 'inode 1 0 -1', `inode ${a} 0 0`, `inode ${d} 0 -1`].sort(),
  );
});

storeTest('a write drops its range, a truncation what follows, a chmod the attributes only', async (open) => {
  const { other, paths, tells } = await setUp(open);
  paths.create('f', 0o644);
  const { ino } = paths.find('f');
  expect(tells(() => other.write('f', 100, Buffer.from('abc')))).toEqual([`inode ${ino} 100 3`]);
  expect(tells(() => other.truncate('f', 50)).some((line) => /inode \d+ \d+ -1/.test(line))).toBe(true);
  expect(tells(() => other.chmod('f', 0o600))).toEqual([`inode ${ino} 0 0`]);
});

storeTest('a file’s new value drops all of its content', async (open) => {
  const { store, node, tells } = await setUp(open);
  const { ino } = store.create(node(''), 'typed', { ...FRESH, value: encode('a') });
  expect(tells(() => store.patch(node('typed'), { value: encode('longer') }))).toContain(`inode ${ino} 0 -1`);
  expect(tells(() => store.patch(node('typed'), { value: null }))).toContain(`inode ${ino} 0 -1`);
});

storeTest('a directory’s new value drops the entry .value, its content, and the listing', async (open) => {
  const { store, paths, node, tells } = await setUp(open);
  paths.mkdir('d', 0o755);
  const { ino } = paths.find('d');
  const expected = [`entry ${ino} .value`, `inode ${ino} 0 -1`, `inode ${ino + OFFSET} 0 -1`];
  for (const value of [encode('first'), encode('second'), null]) {
    expect(tells(() => store.patch(node('d'), { value }))).toEqual(expect.arrayContaining(expected));
  }
});

storeTest('a mount’s own change to a directory with a value drops the attributes of .value', async (open) => {
  const { store, paths, node, tells } = await setUp(open);
  paths.mkdir('d', 0o755);
  store.patch(node('d'), { value: encode('v') });
  const { ino } = paths.find('d');
  expect(tells(() => paths.chmod('d', 0o700))).toEqual([`inode ${ino + OFFSET} 0 0`]);
  expect(tells(() => paths.create('d/f', 0o644))).toEqual([`inode ${ino + OFFSET} 0 0`]);
});

storeTest('a mount is told that .value appears when its own unlink removes the entry that hid it', async (open) => {
  const { store, paths, node, tells } = await setUp(open);
  paths.mkdir('d', 0o755);
  paths.create('d/.value', 0o644);
  store.patch(node('d'), { value: encode('v') });
  const { ino } = paths.find('d');
  expect(tells(() => paths.unlink('d/.value'))).toContain(`entry ${ino} .value`);
});

storeTest('a mount is told when its own write or opening dropped set-id bits', async (open) => {
  const { own, paths, tells } = await setUp(open);
  paths.create('f', 0o755);
  paths.chmod('f', 0o4755);
  const { ino } = paths.find('f');
  expect(tells(() => own.write(ino, 0, 0, Buffer.from('x'), 0, 1, true))).toEqual([`inode ${ino} 0 0`]);
  expect(tells(() => own.write(ino, 0, 0, Buffer.from('x'), 0, 1, true))).toEqual([]);
  paths.chmod('f', 0o4755);
  const truncating = { read: false, write: true, truncate: true, append: false, clearSetId: true };
  expect(tells(() => own.open(ino, truncating))).toEqual([`inode ${ino} 0 0`]);
  expect(tells(() => own.open(ino, truncating))).toEqual([]);
});

storeTest('nothing is told after the subscription or the mount ended', async (open) => {
  const { own, other, tells } = await setUp(open);
  const later: string[] = [];
  const end = own.subscribe({ inode: () => void later.push('inode'), entry: () => void later.push('entry') });
  other.create('a', 0o644);
  expect(later.length).toBeGreaterThan(0);
  later.length = 0;
  end();
  other.create('b', 0o644);
  expect(later).toEqual([]);
  own.close();
  expect(tells(() => other.create('c', 0o644))).toEqual([]);
});

storeTest('invalidations of a subtree mount use its own numbers, and leave out the root above it', async (open) => {
  const { store, other, paths, node } = await setUp(open);
  paths.mkdir('sub', 0o755);
  const sub = new Vfs(store, { totals: NO_TOTALS, root: node('sub').ino });
  const told: string[] = [];
  sub.subscribe({
    inode: (ino, offset, bytes) => void told.push(`inode ${ino} ${offset} ${bytes}`),
    entry: (parent, name) => void told.push(`entry ${parent} ${name}`),
  });
  other.create('sub/f', 0o644);
  expect(told).toContain('entry 1 f');
  expect(told).toContain('inode 1 0 -1');
  told.length = 0;
  other.chmod('', 0o700);
  expect(told).toEqual([]);
});
