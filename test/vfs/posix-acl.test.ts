import { expect } from 'vitest';
import { Acl, aclWithMode, inheritAcl } from '../../mount/posix-acl.ts';
import { Vfs } from '../../mount/vfs.ts';
import { ACCESS_ACL, DEFAULT_ACL } from '../../src/store/access-lists.ts';
import { KIND } from '../../src/store/node.ts';
import { NO_TOTALS, outcomeOf, ROOT_CALLER, VfsPaths } from '../support/paths.ts';
import { type OpenTestStore, storeTest } from '../support/stores.ts';

const TAGS = { u: 1, U: 2, g: 4, G: 8, m: 16, o: 32 };
type Entry = readonly [tag: keyof typeof TAGS, permissions: number, id?: number];

function acl(...entries: readonly Entry[]): Uint8Array {
  const bytes = Buffer.alloc(4 + entries.length * 8);
  bytes.writeUInt32LE(2);
  for (const [i, [tag, permissions, id = 0xffff_ffff]] of entries.entries()) {
    bytes.writeUInt16LE(TAGS[tag], 4 + i * 8);
    bytes.writeUInt16LE(permissions, 6 + i * 8);
    bytes.writeUInt32LE(id, 8 + i * 8);
  }
  return new Uint8Array(bytes);
}

const MINIMAL = acl(['u', 6], ['g', 4], ['o', 0]);
const FULL = acl(['u', 7], ['U', 5, 1000], ['g', 4], ['G', 6, 50], ['m', 7], ['o', 1]);
const SET = { create: false, replace: false };
const ALICE = { uid: 1000, gid: 1000, pid: 2 };

async function setUp(open: OpenTestStore) {
  const { store } = await open();
  const vfs = new Vfs(store, { totals: NO_TOTALS });
  const paths = new VfsPaths(vfs);
  return { vfs, paths };
}

storeTest('an access list shows in the mode, and a change of mode in the list', async (open) => {
  const { vfs, paths } = await setUp(open);
  paths.create('f', 0o2640);
  const { ino } = paths.find('f');
  vfs.setXattr(ino, ACCESS_ACL, FULL, SET, ROOT_CALLER);
  expect(vfs.attributes(ino).mode).toBe(0o2771);
  expect(vfs.listXattrs(ino)).toEqual([ACCESS_ACL]);
  paths.chmod('f', 0o2610);
  const after = acl(['u', 6], ['U', 5, 1000], ['g', 4], ['G', 6, 50], ['m', 1], ['o', 0]);
  expect(vfs.getXattr(ino, ACCESS_ACL)).toEqual(after);
  vfs.setXattr(ino, ACCESS_ACL, FULL, { ...SET, clearSetGid: true }, ALICE);
  expect(vfs.attributes(ino).mode).toBe(0o771);
});

storeTest('a list that says no more than a mode is not kept', async (open) => {
  const { vfs, paths } = await setUp(open);
  paths.create('f', 0o777);
  const { ino } = paths.find('f');
  vfs.setXattr(ino, ACCESS_ACL, FULL, SET, ROOT_CALLER);
  vfs.setXattr(ino, ACCESS_ACL, MINIMAL, SET, ROOT_CALLER);
  expect([vfs.attributes(ino).mode, vfs.getXattr(ino, ACCESS_ACL)]).toEqual([0o640, undefined]);
  vfs.setXattr(ino, ACCESS_ACL, FULL, SET, ROOT_CALLER);
  vfs.setXattr(ino, ACCESS_ACL, acl(), SET, ROOT_CALLER);
  expect([vfs.attributes(ino).mode, vfs.listXattrs(ino)]).toEqual([0o771, []]);
  expect(outcomeOf(() => vfs.removeXattr(ino, ACCESS_ACL, ROOT_CALLER))).toBe('OK');
});

storeTest('lists are refused where they mean nothing, and when they are malformed', async (open) => {
  const { vfs, paths } = await setUp(open);
  paths.create('f', 0o644);
  paths.symlink('l', 't');
  const set = (path: string, name: string, value: Uint8Array) =>
    outcomeOf(() => vfs.setXattr(paths.find(path).ino, name, value, SET, ROOT_CALLER));
  expect(set('f', DEFAULT_ACL, FULL)).toBe('ACCESS_DENIED');
  expect(set('f', DEFAULT_ACL, acl())).toBe('OK');
  for (const name of [ACCESS_ACL, DEFAULT_ACL]) expect(set('l', name, FULL)).toBe('NOT_SUPPORTED');
  for (const bad of [
    new Uint8Array(0),
    new Uint8Array(3),
    FULL.subarray(0, FULL.length - 1),
    acl(['u', 7]),
    acl(['u', 7], ['g', 4], ['o', 8]),
    acl(['g', 7], ['u', 4], ['o', 1]),
    acl(['u', 7], ['u', 7], ['g', 4], ['o', 1]),
    acl(['u', 7], ['U', 7, 5], ['g', 4], ['o', 1]),
    acl(['u', 7], ['U', 7], ['g', 4], ['m', 4], ['o', 1]),
    acl(['u', 7], ['g', 4], ['m', 4], ['m', 4], ['o', 1]),
  ])
    expect.soft(set('f', ACCESS_ACL, bad), Buffer.from(bad).toString('hex')).toBe('INVALID');
  const newer = Uint8Array.from(FULL);
  newer[0] = 3;
  expect(set('f', ACCESS_ACL, newer)).toBe('NOT_SUPPORTED');
  expect(paths.find('f').mode).toBe(0o644);
});

storeTest('a default list replaces the umask for all that is made, and goes on to directories', async (open) => {
  const { vfs, paths } = await setUp(open);
  paths.mkdir('d', 0o755);
  const { ino } = paths.find('d');
  vfs.setXattr(ino, DEFAULT_ACL, FULL, SET, ROOT_CALLER);
  const maker = { ...ALICE, umask: 0o077 };
  const limited = acl(['u', 6], ['U', 5, 1000], ['g', 4], ['G', 6, 50], ['m', 4], ['o', 0]);
  const made = [
    vfs.mknod(ino, 'node', KIND.fifo, 0o640, 0, maker),
    vfs.tmpfile(ino, 0o640, true, maker).attributes,
    vfs.create(
      ino,
      'file',
      0o640,
      { read: true, write: true, truncate: false, append: false, clearSetId: false },
      maker,
    ).attributes,
  ];
  for (const file of made) {
    expect(file.mode).toBe(0o640);
    expect(vfs.getXattr(file.ino, ACCESS_ACL)).toEqual(limited);
    expect(vfs.listXattrs(file.ino)).toEqual([ACCESS_ACL]);
  }
  const inner = vfs.mkdir(ino, 'inner', 0o777, maker);
  expect(inner.mode).toBe(0o771);
  expect(vfs.getXattr(inner.ino, DEFAULT_ACL)).toEqual(FULL);
  expect(vfs.symlink(ino, 'link', 't', maker).mode).toBe(0o777);
  vfs.removeXattr(ino, DEFAULT_ACL, ROOT_CALLER);
  expect(vfs.mkdir(ino, 'plain', 0o777, maker).mode).toBe(0o700);
});

storeTest('a set-group-ID directory hands down its group, and the bit to members only', async (open) => {
  const { vfs, paths } = await setUp(open);
  paths.mkdir('d', 0o755);
  paths.chown('d', 0, 50);
  paths.chmod('d', 0o2777);
  const { ino } = paths.find('d');
  const make = (name: string, mode: number, groups: readonly number[] | undefined) => {
    const made = vfs.mknod(ino, name, KIND.file, mode, 0, { ...ALICE, groups });
    expect(made.gid).toBe(50);
    return made.mode;
  };
  expect(make('member', 0o2755, [50])).toBe(0o2755);
  expect(make('stranger', 0o2755, [])).toBe(0o755);
  expect(make('locking', 0o2644, [])).toBe(0o2644);
  expect(make('unknown', 0o2755, undefined)).toBe(0o2755);
  expect(vfs.mknod(ino, 'root', KIND.file, 0o2755, 0, { ...ROOT_CALLER, groups: [] }).mode).toBe(0o2755);
  expect(vfs.mkdir(ino, 'inner', 0o755, { ...ALICE, groups: [] })).toMatchObject({ mode: 0o2755, gid: 50 });
});

storeTest('a file without a name can be linked once it may, and is gone otherwise', async (open) => {
  const { vfs, paths } = await setUp(open);
  const held = new Set<number>();
  vfs.addHolder((ino) => held.has(ino));
  const named = vfs.tmpfile(1, 0o600, true, ROOT_CALLER).attributes;
  const never = vfs.tmpfile(1, 0o600, false, ROOT_CALLER).attributes;
  held.add(named.ino).add(never.ino);
  expect([named.nlink, never.nlink]).toEqual([0, 0]);
  vfs.write(named.ino, 0, 0, Buffer.from('text'), 0, 4, false);
  expect(vfs.link(named.ino, 1, 'name')).toMatchObject({ nlink: 1, size: 4 });
  expect(outcomeOf(() => vfs.link(never.ino, 1, 'other'))).toBe('NOT_FOUND');
  held.clear();
  for (const { ino } of [named, never]) vfs.reclaim(ino);
  expect(paths.find('name').nlink).toBe(1);
  expect(outcomeOf(() => vfs.attributes(never.ino))).toBe('STALE');
  paths.mkdir('gone', 0o755);
  const { ino } = paths.find('gone');
  held.add(ino);
  paths.rmdir('gone');
  expect(outcomeOf(() => vfs.tmpfile(ino, 0o600, true, ROOT_CALLER))).toBe('NOT_FOUND');
});

storeTest('bytes of a list come back as they were', async () => {
  for (const bytes of [MINIMAL, FULL]) expect(Acl.parse(bytes)?.bytes()).toEqual(bytes);
  expect(Acl.parse(acl())).toBeUndefined();
  expect(inheritAcl(acl(), 0o644, true)).toEqual({ mode: 0o644, xattrs: undefined });
  expect(inheritAcl(MINIMAL, 0o4777, false)).toEqual({ mode: 0o4640, xattrs: undefined });
  expect(aclWithMode(MINIMAL, 0o751)).toEqual(acl(['u', 7], ['g', 5], ['o', 1]));
});
