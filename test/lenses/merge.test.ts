import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyEdits } from '../../lenses/apply.ts';
import { diffSources } from '../../lenses/diff-sources.ts';
import type { Edit } from '../../lenses/edits.ts';
import { merge } from '../../lenses/merge.ts';
import { branch, equalSources, leaf, type SourceNode } from '../../lenses/source.ts';
import { fromJs, type Value } from '../../src/uarr/value.ts';
import { editLine } from '../support/lenses/golden.ts';
import { settle } from '../support/lenses/laws.ts';
import { Random } from '../support/lenses/random.ts';
import { treeChange, trees } from '../support/lenses/trees.ts';
import { scalars } from '../support/lenses/values.ts';

const BASE = leaf('config', fromJs({ host: 'a', port: 1, list: [1, 2, 3], deep: { x: 1, y: 2 } }), 'root');
const set = (path: (string | number)[], value: Value, node = 'root'): Edit => ({
  op: 'set',
  node,
  part: 'value',
  path,
  value,
});
const unset = (path: (string | number)[]): Edit => ({ op: 'unset', node: 'root', part: 'value', path });
const insert = (path: (string | number)[], ...values: Value[]): Edit => ({
  op: 'insert',
  node: 'root',
  part: 'value',
  path,
  values,
});

function merged(ours: Edit[], theirs: Edit[], base: SourceNode = BASE): unknown {
  const current = applyEdits(base, theirs);
  const result = merge(base, ours, current);
  if (!result.ok)
    return result.conflicts.map(({ ours: mine, theirs: their }) => `${editLine(mine)} | ${editLine(their)}`);
  expect(equalSources(applyEdits(current, result.edits), result.source)).toBe(true);
  return result.source;
}

const value = (js: unknown) => ({ value: fromJs(js) });

test('changes of different fields both hold', () => {
  expect(merged([set(['host'], 'b')], [set(['port'], 2n)])).toMatchObject(
    value({ host: 'b', port: 2, list: [1, 2, 3], deep: { x: 1, y: 2 } }),
  );
  expect(merged([set(['deep', 'x'], 9n)], [unset(['deep', 'y']), set(['deep', 'z'], 3n)])).toMatchObject(
    value({ host: 'a', port: 1, list: [1, 2, 3], deep: { x: 9, z: 3 } }),
  );
});

test('places in an array are those of the base, whatever else comes and goes', () => {
  expect(merged([set(['list', 2], 30n)], [unset(['list', 0]), insert(['list', 1], 15n)])).toMatchObject(
    value({ host: 'a', port: 1, list: [15, 2, 30], deep: { x: 1, y: 2 } }),
  );
});

test('changes of one field are a conflict with both sides, unless they are the same', () => {
  expect(merged([set(['port'], 2n)], [set(['port'], 3n)])).toEqual(['set port 2 | set port 3']);
  expect(merged([set(['port'], 2n)], [set(['port'], 2n)])).toMatchObject({ id: 'root' });
  expect(merged([set(['deep'], null)], [set(['deep', 'x'], 2n)])).toEqual(['set deep null | set deep.x 2']);
  expect(merged([set(['deep', 'x'], 2n)], [unset(['deep'])])).toEqual(['set deep.x 2 | unset deep']);
  expect(merged([insert(['list', 3], 4n)], [insert(['list', 3], 5n)])).toEqual(['insert list.3 4 | insert list.3 5']);
});

const TREE = branch('t', [leaf('a', 1n, 'n1'), branch('d', [leaf('b', 2n, 'n2')], 'n3'), leaf('c', 3n, 'n4')], 'root');
const create = (key: string, node = '+1'): Edit => ({
  op: 'create',
  node,
  parent: 'root',
  key,
  value: 0n,
  meta: null,
  directory: false,
  before: null,
});

test('nodes that both sides touch are merged or in conflict', () => {
  expect(merged([{ op: 'delete', node: 'n1' }], [set([], 9n, 'n4')], TREE)).toMatchObject({
    children: [{ id: 'n3' }, { id: 'n4', value: 9n }],
  });
  expect(merged([{ op: 'delete', node: 'n3' }], [set([], 9n, 'n2')], TREE)).toEqual(['delete n3 | set n2 . 9']);
  expect(merged([set([], 9n, 'n2')], [{ op: 'delete', node: 'n3' }], TREE)).toEqual(['set n2 . 9 | delete n3']);
  expect(merged([create('x')], [create('x', 'made')], TREE)).toEqual([
    'create +1 in root as "x" 0 | revive made in root as "x" 0',
  ]);
  expect(merged([{ op: 'delete', node: 'n1' }], [{ op: 'delete', node: 'n1' }], TREE)).toMatchObject({
    children: [{ id: 'n3' }, { id: 'n4' }],
  });
});

test('an order keeps what the other side added', () => {
  const order: Edit = { op: 'order', node: 'root', children: ['n4', 'n3', 'n1'] };
  const result = merged(
    [order],
    [{ ...create('x', 'made'), before: 'n3' } as Edit, { op: 'delete', node: 'n1' }],
    TREE,
  ) as SourceNode;
  expect(result.children?.map(({ id }) => id)).toEqual(['made', 'n4', 'n3']);
});

test('the script between two pictures makes the one into the other', () => {
  const pool = fc.sample(scalars(), { numRuns: 32, seed: 5 });
  const keys = fc.constantFrom('a', 'b', 'c', 'd');
  fc.assert(
    fc.property(trees(scalars(), keys), fc.integer(), (source, seed) => {
      const random = new Random(seed);
      let next = source;
      for (let i = 0; i < 4; i++) next = applyEdits(next, treeChange(next, random, pool, ['a', 'b', 'x', 'y']));
      expect(equalSources(applyEdits(source, diffSources(source, next)), next)).toBe(true);
      expect(diffSources(source, source)).toEqual([]);
      expect(settle(next, 'n')).toEqual(next);
    }),
    { numRuns: 300 },
  );
});

test('merging is symmetric where there is no conflict', () => {
  const pool = fc.sample(scalars(), { numRuns: 32, seed: 6 });
  fc.assert(
    fc.property(trees(scalars(), fc.constantFrom('a', 'b', 'c')), fc.integer(), (source, seed) => {
      const random = new Random(seed);
      const ours = treeChange(source, random, pool, ['a', 'x']);
      const theirs = treeChange(source, random, pool, ['b', 'y']);
      const one = merge(source, diffSources(source, applyEdits(source, ours)), applyEdits(source, theirs));
      const two = merge(source, diffSources(source, applyEdits(source, theirs)), applyEdits(source, ours));
      expect(one.ok).toBe(two.ok);
      if (!one.ok || !two.ok) return;
      const ids = (node: SourceNode): unknown => [node.id, node.key, node.value, (node.children ?? []).map(ids).sort()];
      expect(JSON.stringify(ids(one.source), show)).toBe(JSON.stringify(ids(two.source), show));
    }),
    { numRuns: 300 },
  );
});

const show = (_: string, item: unknown): unknown => (typeof item === 'bigint' ? `${item}n` : item);
