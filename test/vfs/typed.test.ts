import { expect } from 'vitest';
import { Documents, type DocumentsOptions } from '../../mount/documents/documents.ts';
import { Vfs } from '../../mount/vfs.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import { decode, encode } from '../../src/uarr/v2.ts';
import { toJs, type Value } from '../../src/uarr/value.ts';
import { NO_TOTALS, outcomeOf, ROOT_CALLER, readAll, readRange, VfsPaths } from '../support/paths.ts';
import { type OpenTestStore, storeTest } from '../support/stores.ts';

const READ = { read: true, write: false, truncate: false, append: false, clearSetId: false };
const WRITE = { ...READ, write: true };
const TRUNCATE = { ...WRITE, truncate: true };
const OFFSET = 2 ** 52;

async function setUp(open: OpenTestStore, options: DocumentsOptions = {}) {
  const { store, now } = await open();
  const documents = new Documents(store, { now, ...options });
  const vfs = new Vfs(store, { now, totals: NO_TOTALS, documents });
  const root = store.node(1) as Node;
  const typed = (name: string, value: Value) =>
    store.create(root, name, { kind: KIND.file, mode: 0o644, uid: 0, gid: 0, value: encode(value) });
  return { store, vfs, paths: new VfsPaths(vfs), root, typed };
}

const map = new Map<string, Value>([
  ['port', 8080n],
  ['host', 'localhost'],
]);
const mapText = '{\n  "port": 8080,\n  "host": "localhost"\n}\n';

storeTest('a typed file reads as its rendered value and has exactly that size', async (open) => {
  const { vfs, paths, typed } = await setUp(open);
  const { ino } = typed('config', map);
  expect(paths.find('config').size).toBe(mapText.length);
  expect(vfs.open(ino, READ)).toEqual({ handle: 1, cacheable: false, flushless: true });
  expect(Buffer.from(vfs.read(ino, 1, 4, 6) as Uint8Array).toString()).toBe('"port"');
  expect(readAll(vfs, ino).toString()).toBe(mapText);
  expect(readRange(vfs, ino, 4, 6).toString()).toBe('"port"');
  expect(readRange(vfs, ino, 1000, 6).length).toBe(0);
});

storeTest('a new value has a new size and text at once', async (open) => {
  const { store, vfs, paths, typed } = await setUp(open);
  const node = typed('n', 'one');
  expect(paths.find('n').size).toBe(3);
  store.patch(node, { value: encode('three') });
  expect(paths.find('n').size).toBe(5);
  expect(readAll(vfs, node.ino).toString()).toBe('three');
});

storeTest(
  'the size is kept when the text was evicted, and a large value is not rendered for a listing',
  async (open) => {
    const { vfs, typed } = await setUp(open, { cacheBytesMax: 200_000 });
    const sizes: (number | undefined)[] = [];
    for (let i = 0; i < 10; i++) typed(`large${i}`, 'x'.repeat(50_000 + i));
    const list = () => {
      sizes.length = 0;
      vfs.readdir(1, 2, (_name, _cookie, _ino, _kind, load) => sizes.push(load()?.size) > 0);
      return sizes;
    };
    expect(list()).toEqual(new Array(10).fill(undefined));
    for (let i = 0; i < 10; i++) vfs.lookup(1, `large${i}`);
    expect(list()).toEqual(Array.from({ length: 10 }, (_, i) => 50_000 + i));
  },
);

storeTest('a file without a handle is saved by each write, with the same identity', async (open) => {
  const { store, vfs, paths, typed } = await setUp(open);
  const node = typed('config', map);
  const { seq } = store;
  vfs.write(node.ino, 0, mapText.indexOf('8080'), Buffer.from('9090'), 0, 4, false);
  expect(store.seq).toBe(seq + 1);
  expect(toJs(decode(node.value as Uint8Array))).toEqual({ port: 9090, host: 'localhost' });
  expect(readAll(vfs, node.ino).toString()).toBe(mapText.replace('8080', '9090'));
  expect(paths.find('config')).toMatchObject({ ino: node.ino, size: mapText.length });
});

storeTest('a file without a handle that is cut keeps its value, and shows what was cut as a draft', async (open) => {
  const { vfs, typed } = await setUp(open);
  const node = typed('config', map);
  const { value } = node;
  expect(vfs.setAttributes(node.ino, { size: 3 }).size).toBe(3);
  expect(node.value).toEqual(value);
  expect(readAll(vfs, node.ino).toString()).toBe(mapText.slice(0, 3));
  vfs.setAttributes(node.ino, { size: 0 });
  vfs.write(node.ino, 0, 0, Buffer.from('{}'), 0, 2, false);
  expect(toJs(decode(node.value as Uint8Array))).toEqual({});
});

storeTest('a value that cannot be decoded can be listed, emptied and removed, and says so when read', async (open) => {
  const { vfs, paths, typed } = await setUp(open);
  const node = typed('bad', 'x');
  node.value = Uint8Array.of(1, 2, 3);
  expect(paths.find('bad').size).toBe(0);
  expect(outcomeOf(() => vfs.read(node.ino, 0, 0, 10))).toBe('DAMAGED');
  expect(outcomeOf(() => vfs.write(node.ino, 0, 0, Buffer.from('x'), 0, 1, false))).toBe('DAMAGED');
  expect(Buffer.from(vfs.getXattr(node.ino, 'user.fx.type') ?? []).toString()).toBe('damaged');
  vfs.open(node.ino, TRUNCATE);
  expect(node.value).toBeNull();
  paths.unlink('bad');
});

async function withValue(open: OpenTestStore) {
  const set = await setUp(open);
  set.paths.mkdir('d', 0o750);
  const directory = set.store.node(set.paths.find('d').ino) as Node;
  set.store.patch(directory, { value: encode(map), uid: 7, gid: 8 });
  return { ...set, directory, valueIno: directory.ino + OFFSET };
}

storeTest('a directory’s value is its file .value', async (open) => {
  const { vfs, paths, directory, valueIno } = await withValue(open);
  expect(paths.find('d/.value')).toMatchObject({
    ino: valueIno,
    kind: KIND.file,
    mode: 0o440,
    uid: 7,
    gid: 8,
    nlink: 1,
    size: mapText.length,
  });
  expect(Number.isSafeInteger(valueIno)).toBe(true);
  expect(vfs.attributes(valueIno).mtimeNsec).toBe(directory.mtimeNsec);
  vfs.open(valueIno, READ);
  expect(readAll(vfs, valueIno).toString()).toBe(mapText);
  expect(vfs.lookup(valueIno, '.')?.ino).toBe(valueIno);
  expect(Buffer.from(vfs.getXattr(valueIno, 'user.fx.type') ?? []).toString()).toBe('map');
});

storeTest('.value is listed after "." and "..", with cookie 3', async (open) => {
  const { vfs, paths, directory, valueIno } = await withValue(open);
  paths.create('d/f', 0o644);
  const entries: [string, number, number][] = [];
  vfs.readdir(directory.ino, 0, (name, cookie, ino) => entries.push([name, cookie, ino]) > 0);
  expect(entries.slice(0, 3)).toEqual([
    ['.', 1, directory.ino],
    ['..', 2, 1],
    ['.value', 3, valueIno],
  ]);
  expect(entries.map(([name]) => name)).toEqual(['.', '..', '.value', 'f']);
  expect(paths.names(1)).toEqual(['.', '..', 'd']);
});

storeTest('.value is read-only, and its name is taken', async (open) => {
  const { vfs, paths, valueIno } = await withValue(open);
  paths.create('f', 0o644);
  expect(outcomeOf(() => vfs.open(valueIno, WRITE))).toBe('ACCESS_DENIED');
  expect(outcomeOf(() => vfs.open(valueIno, TRUNCATE))).toBe('ACCESS_DENIED');
  expect(outcomeOf(() => vfs.write(valueIno, 0, 0, Buffer.from('x'), 0, 1, false))).toBe('ACCESS_DENIED');
  expect(outcomeOf(() => vfs.access(valueIno, 2, ROOT_CALLER))).toBe('ACCESS_DENIED');
  expect(outcomeOf(() => vfs.setAttributes(valueIno, { mode: 0 }))).toBe('NOT_PERMITTED');
  expect(outcomeOf(() => vfs.setAttributes(valueIno, { size: 0 }))).toBe('NOT_PERMITTED');
  expect(
    outcomeOf(() => paths.setXattr('d/.value', 'user.a', Buffer.from('x'), { create: false, replace: false })),
  ).toBe('NOT_PERMITTED');
  expect(outcomeOf(() => paths.rmdir('d/.value'))).toBe('NOT_PERMITTED');
  expect(outcomeOf(() => paths.rename('d/.value', 'x'))).toBe('NOT_PERMITTED');
  expect(outcomeOf(() => paths.rename('f', 'd/.value'))).toBe('NOT_PERMITTED');
  expect(outcomeOf(() => paths.renameWith('f', 'd/.value', true, false))).toBe('EXISTS');
  expect(outcomeOf(() => paths.link('d/.value', 'x'))).toBe('NOT_PERMITTED');
  expect(outcomeOf(() => paths.link('f', 'd/.value'))).toBe('EXISTS');
  expect(outcomeOf(() => paths.create('d/.value', 0o644))).toBe('EXISTS');
  expect(outcomeOf(() => paths.mkdir('d/.value', 0o755))).toBe('EXISTS');
  expect(outcomeOf(() => paths.symlink('d/.value', 't'))).toBe('EXISTS');
  expect(outcomeOf(() => paths.create('.value', 0o644))).toBe('OK');
});

storeTest('a real entry named .value hides the value until it goes', async (open) => {
  const { store, vfs, paths, directory, valueIno } = await withValue(open);
  const real = store.create(directory, '.value', { kind: KIND.file, mode: 0o600, uid: 0, gid: 0 });
  expect(paths.find('d/.value').ino).toBe(real.ino);
  expect(paths.names(directory.ino)).toEqual(['.', '..', '.value']);
  paths.write('d/.value', 0, Buffer.from('real'));
  expect(readAll(vfs, real.ino).toString()).toBe('real');
  paths.unlink('d/.value');
  expect(paths.find('d/.value').ino).toBe(valueIno);
});

storeTest('removing .value takes the directory’s value away, and nothing else', async (open) => {
  const { vfs, paths, directory, valueIno } = await withValue(open);
  const { version } = directory;
  paths.unlink('d/.value');
  expect(directory.value).toBe(null);
  expect(directory.version).toBe(version + 1);
  expect(outcomeOf(() => vfs.attributes(valueIno))).toBe('STALE');
  expect(outcomeOf(() => paths.unlink('d/.value'))).toBe('NOT_FOUND');
  expect(outcomeOf(() => paths.create('d/.value', 0o644))).toBe('OK');
});

storeTest('.value goes with the value and with its directory', async (open) => {
  const { store, vfs, paths, directory, valueIno } = await withValue(open);
  store.patch(directory, { value: null });
  expect(vfs.lookup(directory.ino, '.value')).toBeUndefined();
  expect(outcomeOf(() => vfs.attributes(valueIno))).toBe('STALE');
  expect(outcomeOf(() => vfs.read(valueIno, 0, 0, 1))).toBe('STALE');
  store.patch(directory, { value: encode('again') });
  vfs.addHolder((ino) => ino === valueIno);
  paths.rmdir('d');
  expect(readAll(vfs, valueIno).toString()).toBe('again');
});
