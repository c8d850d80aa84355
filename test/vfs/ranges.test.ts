/**
 * Ranges of a file's bytes: allocated, punched, zeroed, moved, copied and looked for.
 */
import { expect } from 'vitest';
import type { Allocation } from '../../mount/operations.ts';
import { Vfs } from '../../mount/vfs.ts';
import { COPY_BYTES_MAX, FILE_BYTES_MAX } from '../../src/limits.ts';
import { encode } from '../../src/uarr/v2.ts';
import { outcomeOf, ROOMY_TOTALS, ROOT_CALLER, readAll, readRange, VfsPaths } from '../support/paths.ts';
import { type OpenTestStore, storeTest } from '../support/stores.ts';

const SET = { create: false, replace: false };
const USER = { uid: 1000, gid: 1000, pid: 1 };
const BLOCK = 4096;

async function setUp(open: OpenTestStore) {
  const { store } = await open();
  const vfs = new Vfs(store, { totals: ROOMY_TOTALS });
  const paths = new VfsPaths(vfs);
  paths.create('f', 0o644);
  paths.create('g', 0o644);
  const { ino } = paths.find('f');
  const text = () => readAll(vfs, ino).toString('latin1');
  const size = () => vfs.attributes(ino).size;
  return { store, vfs, paths, ino, text, size };
}

/** Blocks of the letters, one each. */
function blocks(letters: string): Buffer {
  return Buffer.concat([...letters].map((letter) => Buffer.alloc(BLOCK, letter)));
}

/** The letter of each block; "0" for zeros, "?" for a block that is not all the same. */
function letters(bytes: Buffer): string {
  let shown = '';
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    const same = block.every((byte) => byte === block[0]);
    shown += same ? (block[0] === 0 ? '0' : String.fromCharCode(block[0] as number)) : '?';
  }
  return shown;
}

storeTest('allocating grows the file unless its size is kept, and changes no byte', async (open) => {
  const { paths, text, size } = await setUp(open);
  paths.write('f', 0, Buffer.from('abc'));
  paths.allocate('f', 1, 5, 'allocate', false);
  expect(text()).toBe('abc\0\0\0');
  paths.allocate('f', 0, 100, 'allocate', true);
  paths.allocate('f', 0, 2, 'allocate', false);
  expect(size()).toBe(6);
});

storeTest('punched and zeroed ranges read as zeros to the byte', async (open) => {
  const { paths, text } = await setUp(open);
  paths.write('f', 0, Buffer.from('abcdefgh'));
  paths.allocate('f', 1, 2, 'punch', true);
  paths.allocate('f', 4, 1, 'zero', true);
  expect(text()).toBe('a\0\0d\0fgh');
  paths.allocate('f', 6, 100, 'punch', true);
  expect(text()).toBe('a\0\0d\0f\0\0');
  paths.allocate('f', 7, 3, 'zero', true);
  expect(text()).toBe('a\0\0d\0f\0\0');
  paths.allocate('f', 5, 5, 'zero', false);
  expect(text()).toBe('a\0\0d\0\0\0\0\0\0');
});

storeTest('collapsing and inserting move what follows', async (open) => {
  const { vfs, paths, ino } = await setUp(open);
  paths.write('f', 0, Buffer.concat([blocks('abcde'), Buffer.from('tail')]));
  paths.allocate('f', BLOCK, 2 * BLOCK, 'collapse', false);
  expect(letters(readAll(vfs, ino))).toBe('ade?');
  paths.allocate('f', 2 * BLOCK, BLOCK, 'insert', false);
  expect(letters(readAll(vfs, ino))).toBe('ad0e?');
  expect(readRange(vfs, ino, 4 * BLOCK, 100).toString()).toBe('tail');
  paths.allocate('f', 0, BLOCK, 'insert', false);
  paths.allocate('f', 0, 2 * BLOCK, 'collapse', false);
  expect(letters(readAll(vfs, ino))).toBe('d0e?');
});

storeTest('ranges that cannot be are refused, and nothing changes', async (open) => {
  const { paths, size } = await setUp(open);
  paths.write('f', 0, blocks('abc'));
  const outcome = (offset: number, bytes: number, how: Allocation) =>
    outcomeOf(() => paths.allocate('f', offset, bytes, how, how === 'punch'));
  for (const how of ['collapse', 'insert'] as const) {
    expect(outcome(1, BLOCK, how)).toBe('INVALID');
    expect(outcome(0, 1, how)).toBe('INVALID');
    expect(outcome(3 * BLOCK, BLOCK, how)).toBe('INVALID');
  }
  expect(outcome(2 * BLOCK, BLOCK, 'collapse')).toBe('INVALID');
  expect(outcome(0, FILE_BYTES_MAX - 4095, 'insert')).toBe('TOO_BIG');
  for (const how of ['allocate', 'punch', 'zero'] as const) {
    expect(outcome(FILE_BYTES_MAX, 1, how)).toBe('TOO_BIG');
    expect(outcome(0, 0, how)).toBe('INVALID');
  }
  expect(outcome(FILE_BYTES_MAX - 1, 1, 'punch')).toBe('OK');
  expect(outcome(0, 2 ** 51, 'allocate')).toBe('NO_SPACE');
  expect(size()).toBe(3 * BLOCK);
  paths.mkdir('d', 0o755);
  paths.symlink('l', 'x');
  expect(outcomeOf(() => paths.allocate('d', 0, 1, 'allocate', false))).toBe('IS_DIRECTORY');
  expect(outcomeOf(() => paths.allocate('l', 0, 1, 'allocate', false))).toBe('INVALID');
});

storeTest('a copied range is the bytes of then, whatever happens to the source', async (open) => {
  const { vfs, paths, text } = await setUp(open);
  paths.write('g', 0, Buffer.from('0123456789'));
  paths.write('f', 0, Buffer.from('abc'));
  expect(paths.copyRange('g', 2, 'f', 1, 5)).toBe(5);
  expect(text()).toBe('a23456');
  paths.write('g', 0, Buffer.alloc(10, 'x'));
  paths.unlink('g');
  expect(text()).toBe('a23456');
  expect(paths.copyRange('f', 1, 'f', 8, 3)).toBe(3);
  expect(text()).toBe('a23456\0\x00234');
  expect(vfs.attributes(paths.find('f').ino).size).toBe(11);
});

storeTest('a copy ends with its source, and holes are copied as zeros', async (open) => {
  const { paths, text } = await setUp(open);
  paths.write('f', 0, Buffer.alloc(8, 'x'));
  paths.truncate('g', 3);
  expect(paths.copyRange('g', 1, 'f', 2, 100)).toBe(2);
  expect(text()).toBe('xx\0\0xxxx');
  expect(paths.copyRange('g', 3, 'f', 2, 100)).toBe(0);
  expect(paths.copyRange('g', 50, 'f', 2, 100)).toBe(0);
  paths.truncate('g', COPY_BYTES_MAX * 2);
  paths.create('h', 0o644);
  expect(paths.copyRange('g', 5, 'h', 0, COPY_BYTES_MAX + 1)).toBe(COPY_BYTES_MAX);
});

storeTest('a range is not copied onto a part of itself, nor past the limit, nor between other kinds', async (open) => {
  const { paths, text } = await setUp(open);
  paths.write('f', 0, Buffer.from('abcdef'));
  expect(outcomeOf(() => paths.copyRange('f', 0, 'f', 2, 3))).toBe('INVALID');
  expect(outcomeOf(() => paths.copyRange('f', 2, 'f', 0, 3))).toBe('INVALID');
  expect(outcomeOf(() => paths.copyRange('f', 0, 'g', FILE_BYTES_MAX - 1, 2))).toBe('TOO_BIG');
  expect(outcomeOf(() => paths.copyRange('f', 0, 'g', FILE_BYTES_MAX - 2, 2))).toBe('OK');
  paths.mkdir('d', 0o755);
  expect(outcomeOf(() => paths.copyRange('d', 0, 'f', 0, 1))).toBe('IS_DIRECTORY');
  expect(outcomeOf(() => paths.copyRange('f', 0, 'd', 0, 1))).toBe('IS_DIRECTORY');
  expect(text()).toBe('abcdef');
});

storeTest('an unprivileged caller’s set-id bits go, and anyone’s file capabilities', async (open) => {
  const { vfs, paths, ino } = await setUp(open);
  paths.write('g', 0, Buffer.from('abc'));
  const at = { ino, handle: 0, offset: 0 };
  const from = { ino: paths.find('g').ino, handle: 0, offset: 0 };
  const changes = [
    (caller: typeof USER) => vfs.allocate(at, 4, 'allocate', false, caller),
    (caller: typeof USER) => vfs.allocate(at, 4, 'zero', true, caller),
    (caller: typeof USER) => vfs.allocate(at, 4, 'punch', true, caller),
    (caller: typeof USER) => vfs.copyRange(from, at, 3, caller),
  ];
  for (const change of changes) {
    vfs.setAttributes(ino, { mode: 0o6755 });
    change(ROOT_CALLER);
    expect(vfs.attributes(ino).mode).toBe(0o6755);
    vfs.setXattr(ino, 'security.capability', Buffer.from('cap'), SET, ROOT_CALLER);
    change(USER);
    expect(vfs.attributes(ino).mode).toBe(0o755);
    expect(vfs.listXattrs(ino)).toEqual([]);
  }
});

storeTest('every such change moves mtime and ctime, and seeking none', async (open) => {
  const { vfs, paths, ino } = await setUp(open);
  paths.write('f', 0, blocks('abcd'));
  paths.write('g', 0, Buffer.from('abc'));
  const times = () => {
    const { mtimeSec, mtimeNsec, ctimeSec, ctimeNsec, atimeSec, atimeNsec } = vfs.attributes(ino);
    return { modified: mtimeSec * 1e9 + mtimeNsec, changed: ctimeSec * 1e9 + ctimeNsec, atimeSec, atimeNsec };
  };
  const changes = [
    () => paths.allocate('f', 0, 1, 'allocate', false),
    () => paths.allocate('f', 0, 1, 'punch', true),
    () => paths.allocate('f', 0, 1, 'zero', true),
    () => paths.allocate('f', 0, BLOCK, 'collapse', false),
    () => paths.allocate('f', 0, BLOCK, 'insert', false),
    () => paths.copyRange('g', 0, 'f', 0, 3),
  ];
  for (const change of changes) {
    const before = times();
    change();
    const after = times();
    expect([String(change), after.modified > before.modified, after.changed > before.changed]).toEqual([
      String(change),
      true,
      true,
    ]);
    expect([after.atimeSec, after.atimeNsec]).toEqual([before.atimeSec, before.atimeNsec]);
  }
  const before = times();
  vfs.seek({ ino, handle: 0, offset: 0 }, 'data');
  paths.copyRange('g', 3, 'f', 0, 3);
  expect(times()).toEqual(before);
});

storeTest('a document takes no part: the kernel reads and writes it instead', async (open) => {
  const { store, vfs, paths, ino, text } = await setUp(open);
  store.patch(store.node(ino) as never, { value: encode('hello') });
  expect(outcomeOf(() => paths.copyRange('f', 1, 'g', 0, 3))).toBe('NOT_SUPPORTED');
  expect(outcomeOf(() => paths.copyRange('g', 0, 'f', 1, 2))).toBe('NOT_SUPPORTED');
  expect(outcomeOf(() => paths.allocate('f', 0, 1, 'punch', true))).toBe('NOT_SUPPORTED');
  expect(vfs.seek({ ino, handle: 0, offset: 1 }, 'data')).toBe(1);
  expect(vfs.seek({ ino, handle: 0, offset: 1 }, 'hole')).toBe(5);
  expect(vfs.seek({ ino, handle: 0, offset: 5 }, 'data')).toBe(undefined);
  expect(text()).toBe('hello');
});
