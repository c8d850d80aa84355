import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FxdGraph, GraphBuilder } from '../../src/fxd/graph.ts';
import { importGraph } from '../../src/fxd/import-graph.ts';
import { keyOfName, nameOfKey } from '../../src/fxd/key-name.ts';
import { sampleGraph } from '../../src/fxd/sample.ts';
import { checkName, nameToText } from '../../src/names.ts';
import { KIND, type Node, ROOT_INO, type Slot } from '../../src/store/node.ts';
import { openStore } from '../../src/store/open.ts';
import { decode } from '../../src/uarr/v2.ts';
import { fromJs, toJs, toJsonText } from '../../src/uarr/value.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { texts } from '../uarr/values.ts';

function entriesOf(store: MemoryStore, directory: Node): [string, Node][] {
  const entries: [string, Node][] = [];
  store.slots(directory, 0, (slot) => {
    entries.push([nameToText(slot.name), store.node(slot.ino) as Node]);
    return true;
  });
  return entries;
}

/** One line a node: path, kind, value. */
function tree(store: MemoryStore): string[] {
  const lines: string[] = [];
  const visit = (directory: Node, path: string): void => {
    for (const [name, node] of entriesOf(store, directory)) {
      const value = node.value === null ? '-' : toJsonText(decode(node.value)).replace(/\n\s*/g, '');
      lines.push(`${path}/${name}${node.kind === KIND.directory ? '/' : ''} ${value}`);
      if (node.kind === KIND.directory) visit(node, `${path}/${name}`);
    }
  };
  visit(store.node(ROOT_INO) as Node, '');
  return lines;
}

function at(store: MemoryStore, path: string): Node {
  let node = store.node(ROOT_INO) as Node;
  for (const name of path.split('/')) node = entriesOf(store, node).find(([other]) => other === name)?.[1] as Node;
  return node;
}

function metaOf(node: Node): Record<string, unknown> {
  return toJs(decode(node.meta as Uint8Array)) as Record<string, unknown>;
}

function graphOf(rows: readonly (readonly [string, string | null, string | null, unknown?])[]): FxdGraph {
  const builder = new GraphBuilder();
  for (const [id, parentId, key, value] of rows) {
    builder.define({ id, parentId, key, type: 'raw', value: value === undefined ? undefined : fromJs(value) });
  }
  return builder.finish();
}

test('the sample becomes files and directories in its order', () => {
  const store = new MemoryStore();
  const report = importGraph(sampleGraph(), store, ROOT_INO);
  const lines = tree(store);
  expect(report.files + report.directories).toBe(40);
  expect(lines.length).toBe(40);
  expect(lines.slice(0, 4)).toEqual(['/app/ -', '/app/name "Sample"', '/app/version "1.2.0"', '/config/ -']);
  expect(lines).toContain('/config/fx/limits/ratio 0.75');
  expect(lines).toContain('/config/fx/server/port 8080');
  expect(lines).toContain('/plugins null');
  expect(lines.find((line) => line.startsWith('/config/fx/server/ '))).toContain('"port": 8080');
  expect(report.problems).toEqual([]);
  store.close();
});

test('each node keeps what FXD knew of it', () => {
  const store = new MemoryStore();
  importGraph(sampleGraph(), store, ROOT_INO);
  expect(metaOf(at(store, 'code/utils/scale'))).toEqual({
    lang: 'js',
    file: 'src/math.js',
    id: 'scale-001',
    order: 1,
    version: 1,
    'fxd.id': expect.stringMatching(/^node\d{4}$/),
    'fxd.type': 'snippet',
    'fxd.proto': [[]],
    'fxd.created': expect.any(Date),
    'fxd.modified': expect.any(Date),
  });
  expect(metaOf(store.node(ROOT_INO) as Node)).toMatchObject({ 'fxd.id': 'node0001' });
  store.close();
});

test('keys that are no names are escaped, reported and kept', () => {
  const keys = ['a/b', '..', '', 'x%2Fy', '100%', '.value', `${'é'.repeat(200)}`, 'nul\0'];
  const graph = graphOf([['r', null, null], ['d', 'r', 'd', 1], ...keys.map((key, i) => [`k${i}`, 'd', key] as const)]);
  const store = new MemoryStore();
  const report = importGraph(graph, store, ROOT_INO);
  const entries = entriesOf(store, at(store, 'd'));
  expect(entries.map(([name]) => name)).toEqual([
    'a%2Fb',
    '%2E%2E',
    '%',
    'x%252Fy',
    '100%',
    '%2Evalue',
    expect.stringMatching(/^é+%~[0-9a-f]{16}$/),
    'nul%00',
  ]);
  expect(entries.map(([, node], i) => metaOf(node)['fxd.key'] ?? keys[i])).toEqual(keys);
  expect(report.problems.map(({ code }) => code)).toEqual(Array(7).fill('renamed'));
  store.close();
});

test('every key has a valid name, and the name gives the key back', () => {
  const keys = fc.oneof(
    texts,
    fc.stringMatching(/^[./%~0-9A-Fa-f\0]{0,8}$/),
    fc.string({ minLength: 200, maxLength: 300 }),
  );
  fc.assert(
    fc.property(keys, keys, (key, other) => {
      fc.pre([key, other].every((text) => Buffer.from(text, 'utf8').toString('utf8') === text));
      const name = nameOfKey(key);
      checkName(name);
      const back = keyOfName(name);
      if (back === undefined) expect(name.length).toBeGreaterThan(200);
      else expect(back).toBe(key);
      expect(nameOfKey(other) === name).toBe(other === key);
    }),
    { numRuns: 500 },
  );
});

test('earlier roots and orphans have their places', () => {
  const graph = graphOf([
    ['old', null, null],
    ['x', 'old', 'x', 1],
    ['new', null, null],
    ['y', 'new', 'y', 2],
    ['z', 'gone', 'z', 3],
  ]);
  const store = new MemoryStore();
  importGraph(graph, store, ROOT_INO);
  expect(tree(store)).toEqual([
    '/y 2',
    '/.earlier/ -',
    '/.earlier/old/ -',
    '/.earlier/old/x 1',
    '/.orphans/ -',
    '/.orphans/z 3',
  ]);
  const other = new MemoryStore();
  expect(importGraph(graph, other, ROOT_INO, { roots: 'last' }).rootsLeftOut).toBe(1);
  expect(tree(other)).toEqual(['/y 2', '/.orphans/ -', '/.orphans/z 3']);
  store.close();
  other.close();
});

test('a second link to a file becomes a hard link', () => {
  const builder = new GraphBuilder();
  for (const [id, parentId, key] of [
    ['r', null, null],
    ['d', 'r', 'd'],
    ['a', 'r', 'a'],
    ['b', 'd', 'b'],
  ] as const) {
    builder.define({ id, parentId, key, type: 'raw' });
  }
  builder.link('d', 'a', 'again');
  const store = new MemoryStore();
  expect(importGraph(builder.finish(), store, ROOT_INO).links).toBe(1);
  expect(at(store, 'd/again').ino).toBe(at(store, 'a').ino);
  store.close();
});

test('nothing is created when a name is taken', () => {
  const store = new MemoryStore();
  const root = store.node(ROOT_INO) as Node;
  store.create(root, 'users', { kind: KIND.file, mode: 0o644, uid: 0, gid: 0 });
  expect(() => importGraph(sampleGraph(), store, ROOT_INO)).toThrow(expect.objectContaining({ code: 'EXISTS' }));
  expect(tree(store)).toEqual(['/users -']);
  store.close();
});

test('a value over the limits is left out and reported', () => {
  const graph = graphOf([
    ['r', null, null],
    ['big', 'r', 'big', 'x'.repeat(17 << 20)],
    ['ok', 'r', 'ok', 1],
  ]);
  const store = new MemoryStore();
  expect(importGraph(graph, store, ROOT_INO).problems.map(({ code }) => code)).toEqual(['value-lost']);
  expect(tree(store)).toEqual(['/big null', '/ok 1']);
  store.close();
});

test('a large graph is imported in several frames, parents first', () => {
  const rows = Array.from({ length: 1000 }, (_, i) => [`n${i}`, i % 10 === 0 ? 'r' : `n${i - 1}`, `k${i}`, i] as const);
  const store = new MemoryStore();
  const before = store.seq;
  const report = importGraph(graphOf([['r', null, null], ...rows]), store, ROOT_INO);
  expect(report.files + report.directories).toBe(1000);
  expect(store.seq - before).toBeGreaterThanOrEqual(4);
  expect(store.seq - before).toBeLessThan(20);
  store.close();
});

test('a store on disk keeps what was imported', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fxd-import-'));
  try {
    const first = await openStore(join(directory, 'store'), { create: true });
    importGraph(sampleGraph(), first, ROOT_INO);
    await first.close();
    const store = await openStore(join(directory, 'store'));
    const port = ['config', 'fx', 'server', 'port'].reduce((node, name) => {
      const slot = store.slot(node, name) as Slot;
      return store.node(slot.ino) as Node;
    }, store.node(ROOT_INO) as Node);
    expect(decode(port.value as Uint8Array)).toBe(8080n);
    expect(metaOf(port)).toMatchObject({ 'fxd.type': 'parsed' });
    await store.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
