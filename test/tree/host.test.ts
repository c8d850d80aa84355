import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { graphToFxwal } from '../../src/fxd/fxwal-graph.ts';
import { GraphBuilder } from '../../src/fxd/graph.ts';
import { native } from '../../src/native.ts';
import type { Excluded } from '../../src/tree/excluded.ts';
import { exportHost } from '../../src/tree/export-host.ts';
import { blockingIo, type HostIo, threadedIo } from '../../src/tree/host-io.ts';
import { type HostXattrs, sortXattrs } from '../../src/tree/host-xattrs.ts';
import { importHost } from '../../src/tree/import-host.ts';
import { DirectoryReader } from '../../src/tree/import-read.ts';
import { importSource, sourceKind } from '../../src/tree/import-source.ts';
import { dataRanges } from '../../src/tree/import-stream.ts';
import { removeTree } from '../../src/tree/remove.ts';
import { Tree } from '../../src/tree/tree.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { isRoot, listHostTree, makeHostTree } from './host-tree.ts';

let directory: string;
let store: MemoryStore;
let tree: Tree;

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'fxmount-tree-'));
  store = new MemoryStore();
  tree = new Tree(store);
});
afterEach(() => {
  store.close();
  fs.rmSync(directory, { recursive: true, force: true });
});

const nothing: Excluded = { paths: new Set(), devices: new Set() };

/** The host, but for the extended attributes of its files. */
function withXattrs(xattrsOf: (path: string) => HostXattrs | undefined): HostIo {
  return { ...blockingIo, xattrs: (path) => xattrsOf(path.toString()) };
}

describe.each([{ blocking: true }, { blocking: false }])('with %o', (how) => {
  test('a directory comes back from the tree as it was, with links, modes, owners and times', async () => {
    const source = join(directory, 'source');
    const target = join(directory, 'target');
    await makeHostTree(source, 7);
    const before = listHostTree(source);
    const imported = await importHost(store, source, '/in/here', how);
    expect(imported.skipped).toEqual([]);
    expect(imported).toMatchObject({
      directories: 9,
      files: 62,
      symlinks: 2,
      specials: isRoot ? 3 : 2,
      links: 6,
    });
    expect(tree.path(tree.node('/in/here'))).toBe('/in/here');
    const exported = await exportHost(store, '/in/here', target, how);
    expect(exported).toMatchObject({
      directories: 9,
      files: 62,
      symlinks: 2,
      specials: isRoot ? 3 : 2,
      links: 6,
      skipped: [],
    });
    expect(listHostTree(target)).toEqual(before);
  });

  test('holes stay holes', async () => {
    const source = join(directory, 'source');
    await makeHostTree(source, 1);
    await importHost(store, source, '/t', how);
    expect(tree.stat('/t/sparse')).toMatchObject({ size: 8 << 20 });
    expect(tree.stat('/t/sparse').storedBytes).toBeLessThanOrEqual(3 * 4096);
    await exportHost(store, '/t/sparse', join(directory, 'sparse'), how);
    expect(fs.statSync(join(directory, 'sparse')).blocks * 512).toBeLessThan(1 << 20);
    expect(Buffer.compare(fs.readFileSync(join(directory, 'sparse')), fs.readFileSync(join(source, 'sparse')))).toBe(0);
  });
});

test('import keeps times to the nanosecond and the order of names', async () => {
  const source = join(directory, 's');
  fs.mkdirSync(source);
  for (const name of ['b', 'a', 'c']) fs.writeFileSync(join(source, name), name);
  const stats = fs.lstatSync(join(source, 'a'), { bigint: true });
  await importHost(store, source, '/s');
  expect(tree.stat('/s/a')).toMatchObject({ mtimeNs: stats.mtimeNs, atimeNs: stats.atimeNs });
  expect(tree.stat('/s').mtimeNs).toBe(fs.lstatSync(source, { bigint: true }).mtimeNs);
  expect(tree.list('/s').map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

test('a directory is imported into an existing one unless a name is taken', async () => {
  const source = join(directory, 's');
  fs.mkdirSync(join(source, 'sub'), { recursive: true });
  fs.writeFileSync(join(source, 'f'), 'new');
  fs.writeFileSync(join(source, 'sub', 'g'), 'new');
  tree.put('/other', 1);
  await importHost(store, source, '/');
  expect(tree.list('/').map(({ name }) => name)).toEqual(['other', 'f', 'sub']);
  const { seq } = store;
  await expect(importHost(store, source, '/')).rejects.toMatchObject({
    code: 'EXISTS',
    message: expect.stringContaining('"f" exists there'),
  });
  await expect(importHost(store, join(source, 'f'), '/f')).rejects.toMatchObject({ code: 'EXISTS' });
  expect(store.seq).toBe(seq);
});

test('replacing keeps the identity of files, merges directories and clears what is of another kind', async () => {
  const source = join(directory, 's');
  fs.mkdirSync(join(source, 'd'), { recursive: true });
  fs.writeFileSync(join(source, 'd', 'f'), 'new');
  fs.writeFileSync(join(source, 'was-directory'), 'file');
  fs.symlinkSync('x', join(source, 'was-file'));
  tree.put('/t/d/f', { typed: true }, { parents: true });
  tree.put('/t/d/kept', 1);
  tree.put('/t/was-directory/deep/er', 1, { parents: true });
  tree.put('/t/was-file', 1);
  const { ino } = tree.stat('/t/d/f');
  const result = await importHost(store, source, '/t', { existing: 'replace' });
  expect(result).toMatchObject({ skippedCount: 0, files: 2, directories: 1, symlinks: 1 });
  expect(Buffer.from(tree.get('/t/d/f') as Uint8Array).toString()).toBe('new');
  expect(tree.stat('/t/d/f').ino).toBe(ino);
  expect(tree.get('/t/d/kept')).toBe(1);
  expect(tree.get('/t/was-file')).toBe('x');
  expect(tree.stat('/t/was-directory').type).toBe('blob');
});

test('an entry that cannot be read is reported and the rest is read', async () => {
  fs.writeFileSync(join(directory, 'a'), 'a');
  fs.writeFileSync(join(directory, 'b'), 'b');
  const failing: HostIo = {
    ...blockingIo,
    open: (path, flags, mode) => {
      if (path.toString().endsWith('/a')) throw new Error('EACCES: permission denied');
      return blockingIo.open(path, flags, mode);
    },
  };
  const chunks = [];
  for await (const chunk of new DirectoryReader(failing, nothing).chunks(directory)) chunks.push(chunk);
  expect(chunks).toMatchObject([
    {
      entries: [{ name: 'b', content: Buffer.from('b') }],
      skipped: [{ path: join(directory, 'a'), reason: 'EACCES: permission denied' }],
      last: true,
    },
  ]);
});

test.each([{ blocking: true }, { blocking: false }])(
  'extended attributes come along and go back, with %o',
  async (how) => {
    const source = join(directory, 's');
    fs.mkdirSync(source);
    fs.writeFileSync(join(source, 'f'), 'x');
    const path = (name: string) => Buffer.from(join(source, name));
    const long = Buffer.alloc(2000, 'long');
    expect(native.setXattr(path('f'), Buffer.from('user.b\xff', 'latin1'), Buffer.from([0, 255]))).toBe(0);
    expect(native.setXattr(path('f'), Buffer.from('user.empty'), new Uint8Array(0))).toBe(0);
    expect(native.setXattr(path('.'), Buffer.from('user.long'), long)).toBe(0);
    const imported = await importHost(store, source, '/s', how);
    expect(imported).toMatchObject({ xattrs: 3, xattrsLeftOut: 0, skipped: [] });
    expect(tree.getXattrs('/s')).toEqual({ 'user.long': Uint8Array.from(long) });
    const out = join(directory, 'out');
    expect((await exportHost(store, '/s', out, how)).skipped).toEqual([]);
    const found = native.getXattrs(Buffer.from(join(out, 'f')));
    expect(found).toEqual(['user.b\xff', Buffer.from([0, 255]), 'user.empty', Buffer.alloc(0)]);
    expect(native.getXattrs(Buffer.from(out))).toEqual(['user.long', long]);
  },
);

test('the attributes of every namespace come along, what may not be read is counted, and a failure is reported', async () => {
  for (const name of ['bad', 'tagged', 'plain']) fs.writeFileSync(join(directory, name), name);
  const value = Buffer.from('T');
  const io = withXattrs((path) => {
    if (path.endsWith('/bad')) throw new Error('gone');
    if (path.endsWith('/plain')) return sortXattrs(['security.selinux', value, 'system.posix_acl_access', value]);
    const tags = ['user.tag', 'trusted.tag', 'security.capability', 'security.selinux', 'user.fx.id'];
    const found = tags.flatMap((name) => [name, value]);
    return path.endsWith('/tagged') ? sortXattrs([...found, 'user.secret', null]) : undefined;
  });
  const result = await importHost(store, directory, '/s', { io });
  expect(result).toMatchObject({
    files: 2,
    xattrs: 6,
    xattrsLeftOut: 2,
    skipped: [{ path: join(directory, 'bad'), reason: 'gone' }],
  });
  expect(Object.keys(tree.getXattrs('/s/tagged'))).toEqual([
    'user.tag',
    'trusted.tag',
    'security.capability',
    'security.selinux',
  ]);
  expect(result.notes).toContain('left out the extended attribute user.fx.id of 1 file');
  expect(result.notes).toContain('left out the extended attribute user.secret of 1 file');
  // What is replaced has the attributes of its source and no others.
  await importHost(store, directory, '/s', { existing: 'replace', io: withXattrs(() => undefined) });
  expect(tree.getXattrs('/s/tagged')).toEqual({});
});

test('a large directory is read in chunks of bounded size', async () => {
  for (let i = 0; i < 300; i++) fs.writeFileSync(join(directory, `f${i}`), 'x');
  for (let i = 0; i < 10; i++) fs.writeFileSync(join(directory, `g${i}`), Buffer.alloc(200_000, i));
  const sizes: number[][] = [];
  for await (const { entries, data } of new DirectoryReader(blockingIo, nothing).chunks(directory))
    sizes.push([entries.length, data.length]);
  const pair = [2, 2 * 200_000];
  expect(sizes).toEqual([[128, 128], [128, 128], [46, 44 + 2 * 200_000], pair, pair, pair, pair]);
  for (const how of [{ blocking: true }, { blocking: false }]) {
    await importHost(store, directory, `/${how.blocking}`, how);
    expect(tree.list(`/${how.blocking}`).length).toBe(310);
    expect(Buffer.compare(tree.get(`/${how.blocking}/g9`) as Uint8Array, Buffer.alloc(200_000, 9))).toBe(0);
  }
});

test('a file is imported as a node of its own', async () => {
  fs.writeFileSync(join(directory, 'small'), 'x', { mode: 0o640 });
  fs.writeFileSync(join(directory, 'long'), Buffer.alloc(3_000_000, 'abc'));
  await importHost(store, join(directory, 'small'), '/new/name');
  const { ino } = await importHost(store, join(directory, 'long'), '/long');
  expect(tree.stat('/new/name')).toMatchObject({ mode: 0o640, size: 1 });
  expect(tree.stat('/long')).toMatchObject({ ino, size: 3_000_000 });
  expect(Buffer.compare(tree.get('/long') as Uint8Array, Buffer.alloc(3_000_000, 'abc'))).toBe(0);
  await expect(importHost(store, join(directory, 'small'), '/')).rejects.toMatchObject({ code: 'IS_DIRECTORY' });
});

test('an FXD log becomes typed nodes, and what is damaged in it is told', async () => {
  const builder = new GraphBuilder();
  builder.define({ id: 'root', parentId: null, key: null, type: 'object' });
  builder.define({ id: 'a', parentId: 'root', key: 'answer', type: 'raw', value: 42n });
  const bytes = graphToFxwal(builder.finish());
  fs.writeFileSync(join(directory, 'log'), bytes);
  fs.writeFileSync(join(directory, 'cut'), bytes.subarray(0, -3));
  const result = await importSource(store, join(directory, 'log'), '/fxd/here');
  expect(result).toMatchObject({ files: 1, notes: [] });
  expect(tree.get('/fxd/here/answer')).toBe(42);
  expect((await importSource(store, join(directory, 'cut'), '/cut')).notes).toEqual([
    expect.stringContaining('[cut-record]'),
  ]);
  await expect(importSource(store, join(directory, 'log'), '/fxd/here')).rejects.toMatchObject({ code: 'EXISTS' });
});

test('a source that is missing is refused', async () => {
  await expect(importHost(store, join(directory, 'no'), '/x')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(importHost(store, directory, '/x/y', { parents: false })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a store is not imported into itself, and is left out of the directory that holds it', async () => {
  const inside = join(directory, 'store', 'segments');
  fs.mkdirSync(inside, { recursive: true });
  const exclude = [join(directory, 'store')];
  await expect(importHost(store, inside, '/x', { exclude })).rejects.toMatchObject({ code: 'INVALID' });
  const result = await importHost(store, directory, '/x', { exclude });
  expect(result.skipped.map(({ path }) => path)).toEqual(exclude);
  expect(tree.list('/x')).toEqual([]);
  await expect(exportHost(store, '/x', join(inside, 'out'), { exclude })).rejects.toMatchObject({ code: 'INVALID' });
});

test('an import that is stopped says so', async () => {
  fs.writeFileSync(join(directory, 'f'), 'x');
  const stopper = new AbortController();
  stopper.abort();
  await expect(importHost(store, directory, '/x', { signal: stopper.signal })).rejects.toMatchObject({
    code: 'INTERRUPTED',
  });
});

test('a name taken during the import is reported, the others are imported', async () => {
  const source = join(directory, 's');
  fs.mkdirSync(source);
  for (const name of ['a', 'b', 'c']) fs.writeFileSync(join(source, name), name);
  tree.mkdir('/t');
  const io = withXattrs((path) => {
    if (path.endsWith('/a')) tree.put('/t/b', 'mine');
    return undefined;
  });
  const result = await importHost(store, source, '/t', { io });
  expect(result).toMatchObject({ files: 2, skippedCount: 1 });
  expect(tree.get('/t/b')).toBe('mine');
});

test('a mount of the store is left alone by whatever path it is reached', async () => {
  // A device stands in for the mount: /proc is one that every machine has.
  const excludeMounts = ['/proc'];
  for (const how of [{ blocking: true }, { blocking: false }]) {
    const refused = { code: 'INVALID' };
    await expect(importHost(store, '/proc', '/x', { ...how, excludeMounts })).rejects.toMatchObject(refused);
    await expect(importHost(store, '/proc/self/attr', '/x', { ...how, excludeMounts })).rejects.toMatchObject(refused);
    await expect(exportHost(store, '/', '/proc/self/attr/x', { ...how, excludeMounts })).rejects.toMatchObject(refused);
  }
  const io: HostIo = {
    ...blockingIo,
    // What a bind mount of it would look like.
    lstat: (path) => blockingIo.lstat(path.toString().endsWith('/inside') ? Buffer.from('/proc') : path),
  };
  fs.mkdirSync(join(directory, 'inside'));
  const imported = await importHost(store, directory, '/x', { io, excludeMounts });
  expect(imported.skipped).toEqual([
    { path: join(directory, 'inside'), reason: 'this is the store itself or its mount' },
  ]);
  tree.put('/x/inside/f', Buffer.from('f'), { parents: true });
  const exported = await exportHost(store, '/x', directory, { io, excludeMounts, existing: 'replace' });
  expect(exported.skipped.map(({ path }) => path)).toEqual([join(directory, 'inside')]);
  expect(fs.readdirSync(join(directory, 'inside'))).toEqual([]);
});

test('the kind of a source is told by its content', async () => {
  const write = (name: string, content: string) => {
    fs.writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  expect(await sourceKind(write('a.txt', 'FXWAL\x01'))).toBe('fxwal');
  expect(await sourceKind(write('b', 'SQLite format 3\0…'))).toBe('fxd');
  expect(await sourceKind(write('c.fxd', 'FXWA'))).toBe('host');
  expect(await sourceKind(directory)).toBe('host');
  expect(await sourceKind(join(directory, 'none'))).toBe('host');
  await importSource(store, join(directory, 'c.fxd'), '/one/file');
  expect(tree.stat('/one/file')).toMatchObject({ type: 'blob', size: 4 });
});

test('data ranges leave out whole blocks of zeros', () => {
  const chunk = Buffer.alloc(5 * 4096);
  chunk[4096] = 1;
  chunk[2 * 4096 + 7] = 1;
  chunk[4 * 4096] = 1;
  expect(dataRanges(chunk, 4 * 4096 + 10)).toEqual([
    [4096, 2 * 4096],
    [4 * 4096, 10],
  ]);
});

test('typed values are exported through the lens, and a directory shows its value', async () => {
  tree.put('/t/config', { port: 1 }, { parents: true, mode: 0o600 });
  tree.put('/t', 'of the directory');
  await exportHost(store, '/t', join(directory, 'out'));
  expect(JSON.parse(fs.readFileSync(join(directory, 'out', 'config'), 'utf8'))).toEqual({ port: 1 });
  expect(fs.readFileSync(join(directory, 'out', '.value'), 'utf8')).toBe('of the directory');
  expect(fs.statSync(join(directory, 'out', 'config')).mode & 0o7777).toBe(0o600);
  await exportHost(store, '/t/config', join(directory, 'one'), { render: () => Buffer.from('mine') });
  expect(fs.readFileSync(join(directory, 'one'), 'utf8')).toBe('mine');
  tree.put('/t/.value', 1);
  const result = await exportHost(store, '/t', join(directory, 'again'));
  expect(result.skipped).toEqual([
    { path: join(directory, 'again', '.value'), reason: 'the value of the directory: an entry has this name' },
  ]);
});

test('an export overwrites nothing unless asked to, and never a directory', async () => {
  const out = join(directory, 'out');
  fs.mkdirSync(join(out, 'd'), { recursive: true });
  fs.writeFileSync(join(out, 'f'), 'old');
  fs.symlinkSync(directory, join(out, 'sub'));
  tree.put('/t/f', Buffer.from('new'), { parents: true });
  await expect(exportHost(store, '/t', out)).rejects.toMatchObject({
    code: 'EXISTS',
    message: expect.stringContaining('"f" exists there'),
  });
  await expect(exportHost(store, '/t/f', join(out, 'f'))).rejects.toMatchObject({ code: 'EXISTS' });
  await expect(exportHost(store, '/t', join(directory, 'no', 'where'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  tree.put('/t/d', 1);
  tree.put('/t/sub/x', Buffer.from('inside'), { parents: true });
  const result = await exportHost(store, '/t', out, { existing: 'replace' });
  expect(result.skipped).toEqual([{ path: join(out, 'd'), reason: 'a directory is in the way' }]);
  expect(fs.readFileSync(join(out, 'f'), 'utf8')).toBe('new');
  expect(fs.lstatSync(join(out, 'sub')).isDirectory()).toBe(true);
  expect(fs.existsSync(join(directory, 'x'))).toBe(false);
});

test('times before 1970, device numbers and modes are exact; what the host refuses is reported', async () => {
  tree.put('/t/f', Buffer.from('x'), { parents: true });
  tree.setAttributes('/t/f', { atimeNs: 1_000_000_001n, mtimeNs: -1n, xattrs: { 'user.tag': 'T' } });
  store.create(tree.node('/t'), 'pipe', { kind: 4, mode: 0o6642, uid: 0, gid: 0 });
  const made: unknown[][] = [];
  const io: HostIo = {
    ...blockingIo,
    makeNode(...call) {
      made.push(call);
      return blockingIo.makeNode(...call);
    },
  };
  const out = join(directory, 'out');
  expect((await exportHost(store, '/t', out, { io })).skipped).toEqual([]);
  const stats = fs.lstatSync(join(out, 'f'), { bigint: true });
  expect([stats.atimeNs, stats.mtimeNs]).toEqual([1_000_000_001n, -1n]);
  expect(native.getXattrs(Buffer.from(join(out, 'f')))).toEqual(['user.tag', Buffer.from('T')]);
  expect(fs.lstatSync(join(out, 'pipe')).mode).toBe(0o016642);
  expect(made).toEqual([[Buffer.from(join(out, 'pipe')), 0o016642, 0]]);
  const refusing: HostIo = {
    ...threadedIo,
    setXattr: (path) => threadedIo.setXattr(path, 'nowhere', new Uint8Array(0)),
  };
  const result = await exportHost(store, '/t', join(directory, 'again'), { io: refusing });
  expect(result.skipped).toEqual([
    {
      path: join(directory, 'again', 'f'),
      reason: expect.stringContaining('extended attribute user.tag: ENOTSUP'),
    },
  ]);
});

test('a removal in slices takes everything, also what others remove meanwhile', async () => {
  for (let i = 0; i < 3000; i++) tree.put(`/t/d${i % 7}/f${i}`, i, { parents: true });
  const { seq } = store;
  let turns = 0;
  const removal = removeTree(store, '/t', { onProgress: () => turns++ });
  const meanwhile = new Promise<void>((resolve) => {
    setImmediate(() => {
      if (tree.exists('/t/d6')) tree.remove('/t/d6', { recursive: true });
      resolve();
    });
  });
  await meanwhile;
  await removal;
  expect(tree.list('/')).toEqual([]);
  expect(turns).toBeGreaterThan(2);
  expect(store.seq).toBeGreaterThan(seq + 2);
  await expect(removeTree(store, '/')).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
  await expect(removeTree(store, '/t')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a removal in slices stops when asked to, and keeps what is not removed yet', async () => {
  for (let i = 0; i < 1500; i++) tree.put(`/t/f${i}`, i, { parents: true });
  const stopper = new AbortController();
  const removal = removeTree(store, '/t', { signal: stopper.signal, onProgress: () => stopper.abort() });
  await expect(removal).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(tree.list('/t').length).toBeGreaterThan(0);
});
