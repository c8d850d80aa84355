import { expect } from 'vitest';
import { LensRegistry } from '../../lenses/registry.ts';
import type { StoreApi } from '../../src/store/api.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import { encode } from '../../src/uarr/v2.ts';
import { fromJs } from '../../src/uarr/value.ts';
import { parseDefinition } from '../../src/views/definition.ts';
import { evaluate, render } from '../../src/views/evaluate.ts';
import { type OpenTestStore, storeTest } from '../support/stores.ts';

const OWNED = { mode: 0o755, uid: 0, gid: 0 };
const lenses = new LensRegistry();

function put(store: StoreApi, parent: Node, name: string, value: unknown): Node {
  return store.create(parent, name, { ...OWNED, kind: KIND.file, value: encode(fromJs(value)) });
}

function directory(store: StoreApi, parent: Node, name: string): Node {
  return store.create(parent, name, { ...OWNED, kind: KIND.directory });
}

/** `people` with three of them, and one deeper below. */
async function people(open: OpenTestStore) {
  const { store } = await open();
  const from = directory(store, store.node(1) as Node, 'people');
  put(store, from, 'ann', { name: 'Ann', age: 41n, city: 'Oslo', home: { street: 'A' } });
  put(store, from, 'bob', { name: 'Bob', age: 17n, city: 'Rome' });
  put(store, from, 'cid', { name: 'Cid', city: 'Oslo' });
  put(store, directory(store, from, 'old'), 'dan', { name: 'Dan', age: 9n });
  const show = (definition: string, lens = 'csv', options = {}) =>
    Buffer.from(render(evaluate(store, parseDefinition(definition), from), lenses.get(lens, options))).toString();
  return { store, from, show };
}

storeTest('fields are shown in the order of the definition, also from inside of maps', async (open) => {
  const { show } = await people(open);
  expect(show('{select: "[city]", fields: [age, home/street, key]}', 'jsonl')).toBe(
    '{"age": 41, "home/street": "A", "key": "ann"}\n{"age": 17, "key": "bob"}\n{"key": "cid"}\n',
  );
});

storeTest('a selector finds nodes anywhere below, known by their paths', async (open) => {
  const { show } = await people(open);
  expect(show('{select: "[age<18]", fields: [name]}')).toBe('key,name\nbob,Bob\nold/dan,Dan\n');
});

storeTest('rows are sorted by several fields, and what has none of them comes last', async (open) => {
  const { show } = await people(open);
  expect(show('{select: ".map", sort: [-age], fields: [age]}')).toBe('key,age\nann,41\nbob,17\nold/dan,9\ncid,\n');
  expect(show('{select: ".map", sort: [age], limit: 2, fields: [age]}')).toBe('key,age\nold/dan,9\nbob,17\n');
  expect(show('{select: "[city]", sort: [city, -name], fields: [name]}')).toBe('key,name\ncid,Cid\nann,Ann\nbob,Bob\n');
});

storeTest('groups are counted and summed up', async (open) => {
  const { show } = await people(open);
  const definition = `{kind: aggregation, select: "[city]", group: city, sort: [-people],
    values: {people: count, years: sum(age), least: min(age), last: max(name)}}`;
  expect(show(definition, 'json')).toBe(
    `${JSON.stringify(
      [
        { city: 'Oslo', people: 2, years: 41, least: 41, last: 'Cid' },
        { city: 'Rome', people: 1, years: 17, least: 17, last: 'Bob' },
      ],
      null,
      2,
    )}\n`,
  );
  expect(show('{kind: aggregation, select: ".map", values: {n: count, sum: sum(age)}}', 'jsonl')).toBe(
    '{"n": 4, "sum": 67}\n',
  );
});

storeTest('without a selector a tree shows the whole subtree, as YAML or as JSON', async (open) => {
  const { show } = await people(open);
  expect(show('{}', 'tree')).toBe(show('{}', 'yaml'));
  expect(JSON.parse(show('{limit: 1}', 'json'))).toEqual({
    ann: { name: 'Ann', age: 41, city: 'Oslo', home: { street: 'A' } },
  });
  expect(JSON.parse(show('{}', 'json')).old).toEqual({ dan: { name: 'Dan', age: 9 } });
});

storeTest('more nodes than allowed are an error, never a part of them', async (open) => {
  const { store, from } = await people(open);
  const definition = parseDefinition('{}');
  expect(evaluate(store, definition, from, 6).source.children).toHaveLength(4);
  expect(() => evaluate(store, definition, from, 5)).toThrow(expect.objectContaining({ code: 'TOO_BIG' }));
  const selecting = parseDefinition('{select: "#none"}');
  expect(() => evaluate(store, selecting, from, 4)).toThrow(expect.objectContaining({ code: 'TOO_BIG' }));
});

storeTest('a lens that cannot show a picture says so', async (open) => {
  const { show } = await people(open);
  expect(() => show('{}', 'text')).toThrow(expect.objectContaining({ code: 'BAD_CONTENT' }));
});
