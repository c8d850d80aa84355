import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ErrorCode, FxError } from '../../src/errors.ts';
import { TRANSFER_BYTES_MAX } from '../../src/limits.ts';
import { Tree } from '../../src/tree/tree.ts';
import { Sized, Timestamp, type Value } from '../../src/uarr/value.ts';
import { MemoryStore } from '../support/memory-store.ts';

let store: MemoryStore;
let tree: Tree;

beforeEach(() => {
  store = new MemoryStore();
  tree = new Tree(store, { uid: 1000, gid: 1001 });
});
afterEach(() => store.close());

/** The error that `body` throws: its code and message. */
function refusal(body: () => unknown): [ErrorCode, string] {
  try {
    body();
  } catch (error) {
    if (error instanceof FxError) return [error.code, error.message];
    throw error;
  }
  throw new Error('it was not refused');
}

test('a plain object is put as a typed value and read back', () => {
  tree.put('/config', { port: 8080, hosts: ['a', 'b'], on: true, nothing: null });
  expect(tree.get('/config')).toEqual({ port: 8080, hosts: ['a', 'b'], on: true, nothing: null });
  expect(tree.stat('/config')).toMatchObject({
    kind: 'file',
    type: 'map',
    mode: 0o644,
    uid: 1000,
    gid: 1001,
    nlink: 1,
  });
});

test('bytes are put as a blob and read back', () => {
  tree.put('/b', Buffer.from('hello'));
  expect(Buffer.from(tree.get('/b') as Uint8Array).toString()).toBe('hello');
  expect(tree.stat('/b')).toMatchObject({ type: 'blob', size: 5, valueBytes: 0 });
  expect(Buffer.from(tree.readFile('/b', 1, 3)).toString()).toBe('ell');
  expect(tree.readFile('/b', 9).length).toBe(0);
});

test('text is a typed value unless it is put as bytes', () => {
  tree.put('/typed', 'text');
  tree.put('/blob', 'text', { type: 'bytes' });
  tree.put('/bytes-value', Buffer.from([1, 2]), { type: 'value' });
  expect(tree.stat('/typed').type).toBe('string');
  expect(tree.stat('/blob').type).toBe('blob');
  expect(tree.stat('/bytes-value').type).toBe('bytes');
});

test('a blob larger than one transfer is read back in whole, at once and without blocking', async () => {
  const data = Buffer.alloc(2 * TRANSFER_BYTES_MAX + 17, 'abcdefg');
  tree.put('/big', data);
  expect(Buffer.compare(tree.get('/big') as Uint8Array, data)).toBe(0);
  expect(
    Buffer.compare(await tree.readFileAsync('/big', 5, TRANSFER_BYTES_MAX), data.subarray(5, 5 + TRANSFER_BYTES_MAX)),
  ).toBe(0);
});

test('replacing content keeps identity, links and mode, between bytes and values both ways', () => {
  const node = tree.put('/f', Buffer.from('long content'), { mode: 0o600 });
  tree.link('/f', '/g');
  tree.put('/f', { a: 1 });
  expect(tree.get('/g')).toEqual({ a: 1 });
  tree.put('/g', Buffer.from('short'));
  expect(Buffer.from(tree.get('/f') as Uint8Array).toString()).toBe('short');
  tree.put('/f', Buffer.from('x'));
  expect(tree.stat('/f')).toMatchObject({ size: 1, mode: 0o600, nlink: 2, ino: node.ino, paths: ['/f', '/g'] });
});

test('exact values keep their types', () => {
  const value = new Map<string, Value>([
    ['one', 1],
    ['n', new Sized('u16', 7)],
  ]);
  tree.put('/v', value, { type: 'exact' });
  expect(tree.getValue('/v')).toEqual(value);
});

test('nodes are found by path, by n:// address and by identity', () => {
  tree.put('/a/b', 1, { parents: true });
  const { id } = tree.stat('/a');
  expect(tree.get('n://a/b')).toBe(1);
  expect(tree.get(`n:${tree.stat('/a/b').id}`)).toBe(1);
  expect(tree.get(`n:${id}/b`)).toBe(1);
  expect(tree.get(tree.node('/a//b/'))).toBe(1);
  expect(tree.path(`n:${id}`)).toBe('/a');
  expect(tree.path('/')).toBe('/');
  expect(tree.exists('/a/c')).toBe(false);
});

test('a directory may hold a value beside its entries', () => {
  tree.mkdir('/d');
  tree.put('/d/x', 1);
  expect(tree.get('/d')).toBe(undefined);
  tree.put('/d', { title: 'T' });
  tree.patch('/d', { n: 2 });
  expect(tree.get('/d')).toEqual({ title: 'T', n: 2 });
  tree.removeValue('/d');
  expect(tree.get('/d')).toBe(undefined);
  expect(tree.list('/d').map((entry) => entry.name)).toEqual(['x']);
  expect(refusal(() => tree.put('/d', Buffer.from('x')))[0]).toBe('IS_DIRECTORY');
});

test('names that are not UTF-8 come and go as lone surrogates', () => {
  tree.put('/caf\u00e9', 1);
  tree.put('/bad\udcff', 2);
  expect(tree.list('/').map((entry) => entry.name)).toEqual(['caf\u00e9', 'bad\udcff']);
  expect(tree.get('/bad\udcff')).toBe(2);
});

test('patching sets, adds and removes fields and leaves the types of the others', () => {
  tree.put(
    '/c',
    new Map<string, unknown>([
      ['f', 1.5],
      ['server', { port: 1, tags: ['a', 'b'] }],
      ['gone', 1],
      ['w', new Sized('u16', 7)],
    ]),
  );
  tree.patch('/c', [
    ['f', 2],
    [['server', 'port'], 8080],
    [['server', 'tags', 2], 'c'],
    [['new', 'deep'], true],
    ['gone', undefined],
    ['w', 9],
  ]);
  expect(tree.get('/c')).toEqual({ f: 2, server: { port: 8080, tags: ['a', 'b', 'c'] }, new: { deep: true }, w: 9 });
  const value = tree.getValue('/c') as Map<string, unknown>;
  expect(value.get('f')).toBe(2);
  expect(value.get('w')).toEqual(new Sized('u16', 9));
  expect([...value.keys()]).toEqual(['f', 'server', 'w', 'new']);
});

test('patching with what is there already makes no version', () => {
  tree.put('/c', { a: 1, b: [1] });
  const { version } = tree.stat('/c');
  tree.patch('/c', { a: 1, missing: undefined });
  tree.patch('/c', [
    [['b', 1], undefined],
    [['b', 0], 1],
    [['x', 'y'], undefined],
  ]);
  expect(tree.stat('/c').version).toBe(version);
});

test('patching inside something without fields says which field it is', () => {
  tree.put('/c', { a: 'text', list: [1] });
  expect(refusal(() => tree.patch('/c', [[['a', 'b'], 1]]))).toEqual([
    'INVALID',
    'cannot patch /c: field "a" is a string; only a map or an array has fields',
  ]);
  expect(refusal(() => tree.patch('/c', [[['list', 'x'], 1]]))[1]).toBe(
    'cannot patch /c: "x" in field "list.x" is no index of an array of 1',
  );
  tree.put('/blob', Buffer.from('x'));
  expect(refusal(() => tree.patch('/blob', { a: 1 }))[1]).toBe(
    'cannot patch /blob: it is a file of bytes and has no fields; put a map there first',
  );
});

test('attributes, times, xattrs and metadata are set and told', () => {
  tree.put('/f', 1);
  tree.setAttributes('/f', {
    mode: 0o4755,
    uid: 5,
    gid: 6,
    atimeNs: -1n,
    mtimeNs: 1_700_000_000_123_456_789n,
    xattrs: { 'user.note': 'hi' },
    meta: { lang: 'js' },
  });
  expect(tree.stat('/f')).toMatchObject({
    mode: 0o4755,
    uid: 5,
    gid: 6,
    atimeNs: -1n,
    mtimeNs: 1_700_000_000_123_456_789n,
  });
  expect(Buffer.from(tree.getXattrs('/f')['user.note'] as Uint8Array).toString()).toBe('hi');
  expect(tree.getMeta('/f')).toEqual({ lang: 'js' });
  tree.setAttributes('/f', { xattrs: { 'user.note': null }, meta: null });
  expect(tree.getXattrs('/f')).toEqual({});
  expect(tree.getMeta('/f')).toBe(undefined);
  expect(refusal(() => tree.setAttributes('/f', { mode: 0o100644 }))[0]).toBe('INVALID');
});

test('a transaction is one change, and none when it throws', () => {
  tree.put('/keep', 1);
  const before = store.seq;
  tree.transaction((t) => {
    t.put('/a/b/c', 1, { parents: true });
    t.move('/keep', '/a/kept');
    t.transaction(() => t.put('/inner', 1));
  });
  expect(store.seq).toBe(before + 1);
  expect(() =>
    tree.transaction((t) => {
      t.remove('/a', { recursive: true });
      t.put('/keep', 2);
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(tree.get('/a/b/c')).toBe(1);
  expect(tree.exists('/keep')).toBe(false);
  tree.put('/after', 1);
});

test('an asynchronous transaction is refused and changes nothing', () => {
  expect(refusal(() => tree.transaction(async (t) => t.put('/x', 1)))[0]).toBe('INVALID');
  expect(tree.exists('/x')).toBe(false);
});

test('a refused put with parents leaves no parents behind', () => {
  expect(refusal(() => tree.put(`/p/q/${'x'.repeat(256)}`, 1, { parents: true }))[0]).toBe('NAME_TOO_LONG');
  expect(refusal(() => tree.put('/p/q/r', 1, { parents: true, mode: 0o10000 }))[0]).toBe('INVALID');
  expect(tree.exists('/p')).toBe(false);
});

test('links, symlinks, moves and removals do what POSIX says', () => {
  tree.put('/d/f', 1, { parents: true });
  tree.link('/d/f', '/l');
  tree.symlink('/s', 'd/f');
  expect(tree.get('/s')).toBe('d/f');
  expect(tree.stat('/s')).toMatchObject({ kind: 'symlink', size: 3, type: undefined });
  tree.unlink('/d/f');
  expect(tree.get('/l')).toBe(1);
  tree.put('/t', 2);
  tree.move('/l', '/t');
  expect(tree.get('/t')).toBe(1);
  expect(refusal(() => tree.move('/t', '/s', { noReplace: true }))[0]).toBe('EXISTS');
  expect(refusal(() => tree.link('/d', '/e'))[0]).toBe('NOT_PERMITTED');
  expect(refusal(() => tree.link('/t', '/s'))[0]).toBe('EXISTS');
  tree.put('/d/x', 1);
  expect(refusal(() => tree.unlink('/d'))[0]).toBe('NOT_EMPTY');
  expect(tree.remove('/d', { recursive: true })).toBe(2);
});

test('removing a large tree takes every name', () => {
  tree.mkdir('/big');
  tree.transaction((t) => {
    for (let d = 0; d < 3; d++) for (let f = 0; f < 700; f++) t.put(`/big/${d}/${f}`, f, { parents: true });
  });
  expect(tree.remove('/big', { recursive: true })).toBe(2104);
  expect(tree.list('/')).toEqual([]);
});

test('iterate gives parents first, to the depth asked for, while the tree changes', () => {
  for (const path of ['/a/b/c', '/a/d', '/e']) tree.put(path, 1, { parents: true });
  expect([...tree.iterate('/')].map((entry) => entry.path)).toEqual(['a', 'a/b', 'a/b/c', 'a/d', 'e']);
  expect([...tree.iterate('/a', { depth: 1 })].map((entry) => [entry.path, entry.depth])).toEqual([
    ['b', 1],
    ['d', 1],
  ]);
  const seen: string[] = [];
  for (const entry of tree.iterate('/')) {
    seen.push(entry.path);
    if (entry.path === 'a') tree.remove('/a', { recursive: true });
  }
  expect(seen).toEqual(['a', 'e']);
});

test('writing into a blob grows it', () => {
  tree.put('/f', Buffer.from('abc'));
  tree.writeFile('/f', 5, Buffer.from('xy'));
  expect(Buffer.from(tree.readFile('/f')).toString('latin1')).toBe('abc\0\0xy');
  expect(refusal(() => tree.writeFile('/f', -1, Buffer.from('x')))[0]).toBe('INVALID');
});

test('a timestamp of whole milliseconds is a Date', () => {
  tree.put('/t', new Timestamp(1_000_000n));
  expect(tree.get('/t')).toEqual(new Date(1));
});

test('errors say what was tried, where, and what is missing', () => {
  tree.put('/a/file', 1, { parents: true });
  expect(refusal(() => tree.get('/a/b/c'))).toEqual(['NOT_FOUND', 'cannot read /a/b/c: "b" does not exist in /a']);
  expect(refusal(() => tree.get('/a/file/x'))).toEqual([
    'NOT_DIRECTORY',
    'cannot read /a/file/x: /a/file is a file, not a directory',
  ]);
  expect(refusal(() => tree.get('a/b'))[1]).toBe(
    'cannot read a/b: this is no address; it must start with "/", "n://" or "n:"',
  );
  expect(refusal(() => tree.get('/a/../b'))[0]).toBe('BAD_NAME');
  expect(refusal(() => tree.get('n:short'))[0]).toBe('INVALID');
  expect(refusal(() => tree.get('n:1111111111111111111111'))[0]).toBe('NOT_FOUND');
  expect(refusal(() => tree.list('/a/file'))).toEqual(['NOT_DIRECTORY', 'cannot list /a/file: it is a file']);
  expect(refusal(() => tree.mkdir('/a'))[0]).toBe('EXISTS');
  expect(refusal(() => tree.put('/a/file', 2, { noReplace: true }))[0]).toBe('EXISTS');
  expect(refusal(() => tree.put('/x/y', 2))[1]).toContain('"x" does not exist in /');
  expect(refusal(() => tree.unlink('/'))[0]).toBe('NOT_PERMITTED');
  expect(refusal(() => tree.move('/a', '/a/b'))[0]).toBe('LOOP');
  expect(refusal(() => tree.put('/u', undefined))[0]).toBe('INVALID');
  expect(refusal(() => tree.put('/u', () => 1))[0]).toBe('INVALID');
});

test('a node that was removed is stale', () => {
  const node = tree.put('/x', 1);
  tree.unlink('/x');
  expect(refusal(() => tree.get(node))[0]).toBe('STALE');
});
