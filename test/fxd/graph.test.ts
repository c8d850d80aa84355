import { expect, test } from 'vitest';
import { graphFromFxwal, graphToFxwal } from '../../src/fxd/fxwal-graph.ts';
import { sampleGraph } from '../../src/fxd/sample.ts';
import { widenIntegers } from '../../src/uarr/v1-integers.ts';
import { toJs } from '../../src/uarr/value.ts';
import { codesOf, logOf, outline, realFile } from './support.ts';

const ROOT = ['nodeCreate', 'r', { id: 'r', parent_id: null, key_name: null, type: 'raw' }] as const;

function child(id: string, parent: string, key: string, value?: unknown) {
  return [
    'nodeCreate',
    id,
    { id, parent_id: parent, key_name: key, type: 'raw', ...(value === undefined ? {} : { value }) },
  ] as const;
}

test('the sample survives its own log', () => {
  const graph = graphFromFxwal(graphToFxwal(sampleGraph()));
  expect(graph.nodes.size).toBe(41);
  expect(graph.problems).toEqual([]);
  expect(outline(graph.roots)).toEqual(outline(sampleGraph().roots));
});

test('later patches count, and metadata is merged', () => {
  const graph = graphFromFxwal(
    logOf([
      ROOT,
      ['nodeCreate', 'a', { id: 'a', parent_id: 'r', key_name: 'a', type: 'raw', value: 1, meta: { x: 1, y: 1 } }],
      ['nodePatch', 'a', { value: 'new', meta: { y: 2, z: 3 } }],
      ['nodePatch', 'nobody', { value: 1 }],
      ['signal', 'a', { kind: 'value' }],
      ['checkpoint', '', { at: 1 }],
    ]),
  );
  const node = graph.nodes.get('a');
  expect(node?.value).toBe('new');
  expect(toJs(widenIntegers(node?.meta))).toEqual({ x: 1, y: 2, z: 3 });
  expect(codesOf(graph)).toEqual(['unknown-node']);
});

test('links move, add and remove nodes', () => {
  const graph = graphFromFxwal(
    logOf([
      ROOT,
      child('d', 'r', 'd'),
      child('a', 'r', 'a', 1),
      child('b', 'r', 'b', 2),
      child('c', 'd', 'c', 3),
      ['linkAdd', 'a', { parent_id: 'd', child_id: 'a', key_name: 'moved' }],
      ['linkDelete', 'a', { parent_id: 'r', child_id: 'a' }],
      ['linkAdd', 'd', { child: 'b', name: 'second' }],
      ['linkDelete', 'd', { to: 'c' }],
      ['linkDelete', 'd', { to: 'nobody' }],
    ]),
  );
  expect(outline(graph.roots).map((line) => line.split(' ')[0])).toEqual(['/', '/d', '/d/moved', '/b']);
  expect(graph.links).toEqual([{ parentId: 'd', name: 'second', nodeId: 'b' }]);
  expect(codesOf(graph).sort()).toEqual(['deleted-node', 'extra-link', 'unknown-node']);
});

test('a deleted node takes what lies below it along', () => {
  const graph = graphFromFxwal(
    logOf([
      ROOT,
      child('a', 'r', 'a'),
      child('b', 'a', 'b'),
      child('c', 'b', 'c'),
      ['linkDelete', 'r', { child: 'a' }],
    ]),
  );
  expect([...graph.nodes.keys()]).toEqual(['r']);
});

test('an orphan, and a circle, become trees of their own', () => {
  const graph = graphFromFxwal(
    logOf([
      ROOT,
      child('o', 'gone', 'o'),
      child('p', 'o', 'p'),
      child('x', 'z', 'x'),
      child('y', 'x', 'y'),
      child('z', 'y', 'z'),
    ]),
  );
  expect(graph.orphans.map(({ id }) => id)).toEqual(['o', 'x']);
  expect(outline(graph.orphans).map((line) => line.split(' ')[0])).toEqual(['/', '/p', '/', '/y', '/y/z']);
  expect(codesOf(graph)).toEqual(['orphan', 'cycle']);
});

test('a node that is its own parent is cut off', () => {
  const graph = graphFromFxwal(logOf([ROOT, child('s', 's', 's')]));
  expect(graph.orphans.map(({ id }) => id)).toEqual(['s']);
  expect(graph.orphans[0]?.children).toEqual([]);
});

test('of siblings with one key the last has it, whatever the others are called', () => {
  const graph = graphFromFxwal(
    logOf([ROOT, child('1', 'r', 'k'), child('2', 'r', 'k~1'), child('3', 'r', 'k'), child('4', 'r', 'other')]),
  );
  expect(graph.roots[0]?.children.map(({ name }) => name)).toEqual(['k~1~', 'k~1', 'k', 'other']);
  expect(codesOf(graph)).toEqual(['duplicate-name']);
});

test('a node defined twice is one node with the later content', () => {
  const graph = graphFromFxwal(
    logOf([ROOT, child('a', 'r', 'old', 1), child('b', 'a', 'b'), child('a', 'r', 'new', 'late')]),
  );
  expect(outline(graph.roots).map((line) => line.split(' ')[0])).toEqual(['/', '/new', '/new/b']);
  expect(graph.nodes.get('a')?.value).toBe('late');
});

test('a graph of five thousand levels is built without recursion', () => {
  const rows: Parameters<typeof logOf>[0] = Array.from({ length: 5_000 }, (_, i) =>
    child(`n${i}`, i === 0 ? 'r' : `n${i - 1}`, 'x'),
  );
  const graph = graphFromFxwal(logOf([ROOT, ...rows]));
  expect(graph.nodes.size).toBe(5_001);
  expect(graph.problems).toEqual([]);
});

test('payloads that cannot be read are problems, not the end', () => {
  const bytes = logOf([ROOT, child('a', 'r', 'a')]);
  const graph = graphFromFxwal(Buffer.concat([bytes, Buffer.alloc(5, 1)]));
  expect(graph.nodes.size).toBe(2);
  expect(codesOf(graph)).toEqual(['cut-record']);
});

const real = realFile('comprehensive-demo.fxwal');

test.skipIf(real === undefined)('a real log has a root for each of its runs', () => {
  const graph = graphFromFxwal(real as Buffer);
  expect(graph.nodes.size).toBe(208);
  expect(graph.roots.length).toBe(4);
  expect(codesOf(graph)).toEqual(['second-root', 'second-root', 'second-root']);
  const lines = outline(graph.roots.slice(-1));
  expect(lines.length).toBe(52);
  expect(lines).toContain('/demo/user/name raw "Alice" -');
  expect(lines).toContain('/config/fx/groups/debounceMs parsed 20 -');
});
