/** Collections of rows with typed columns, changes to them, and noise in tables. */
import fc from 'fast-check';
import { parseCsv } from '../../../lenses/csv-parse.ts';
import type { Edit, Handle } from '../../../lenses/edits.ts';
import { branch, leaf, type SourceNode } from '../../../lenses/source.ts';
import { Sized, Timestamp, type Value } from '../../../src/uarr/value.ts';
import type { Random } from './random.ts';
import { withIds } from './trees.ts';
import { texts } from './values.ts';

const COLUMNS: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  name: texts,
  count: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  'the ratio': fc.double(),
  on: fc.boolean(),
  at: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((ns) => new Timestamp(ns)),
  small: fc.integer({ min: 0, max: 255 }).map((value) => new Sized('u8', value)),
  'odd, "name"': texts,
};
const NAMES = Object.keys(COLUMNS);
const rowKeys = fc
  .oneof(fc.constantFrom('1', '2', '3', 'ada', 'a,b', 'x "y"', 'é', ' z '), texts)
  .filter((key) => key !== '' && key.length < 80 && !/[/\0]|^\.\.?$/.test(key));

const rows: fc.Arbitrary<SourceNode> = fc
  .tuple(rowKeys, fc.record(COLUMNS, { requiredKeys: [] }), fc.boolean())
  .map(([key, fields, hidden]) => {
    const map = new Map<string, Value>(Object.entries(fields));
    return leaf(key, hidden ? map.set('hidden', [1n]) : map, null, hidden ? new Map([['note', 'kept']]) : null);
  });

/** Collections whose rows are maps. */
export const tables: fc.Arbitrary<SourceNode> = fc
  .uniqueArray(rows, { maxLength: 6, selector: ({ key }) => key })
  .map((children) => withIds(branch('table', children)));

const samples = new Map(
  NAMES.map((name) => [name, fc.sample(COLUMNS[name] as fc.Arbitrary<Value>, { numRuns: 16, seed: 3 })]),
);

export function tableChange(source: SourceNode, random: Random): Edit[] {
  const children = source.children ?? [];
  const root = source.id as Handle;
  const key = random.pick(['new', '7', 'q"', 'a\nb']);
  const taken = children.some((child) => child.key === key);
  const name = random.pick(NAMES);
  const value = random.pick(samples.get(name) as Value[]);
  const row = children.length === 0 ? undefined : random.pick(children);
  switch (random.below(6)) {
    case 0: {
      if (taken) return [];
      const fields = new Map([[name, value]]);
      return [
        {
          op: 'create',
          node: `made${random.below(1e9)}`,
          parent: root,
          key,
          value: fields,
          meta: null,
          directory: false,
          before: row?.id ?? null,
        },
      ];
    }
    case 1:
      return row === undefined ? [] : [{ op: 'delete', node: row.id as Handle }];
    case 2:
      return row === undefined || taken ? [] : [{ op: 'rename', node: row.id as Handle, parent: root, key }];
    case 3:
      return [{ op: 'order', node: root, children: children.map(({ id }) => id as Handle).reverse() }];
    case 4:
      return row === undefined ? [] : [{ op: 'unset', node: row.id as Handle, part: 'value', path: [name] }];
    default:
      return row === undefined ? [] : [{ op: 'set', node: row.id as Handle, part: 'value', path: [name], value }];
  }
}

const partsOf = (text: string) => {
  const { header, rows: lines } = parseCsv(text.replace(/^\ufeff/, ''), ',');
  return header === undefined ? [] : [header, ...lines].map(({ cells }) => cells.map(({ raw }) => raw));
};

/** Quotes that cells do not need; an empty cell says nothing and stays. */
export function addQuotes(text: string, random: Random): string {
  const quote = (raw: string): string => (raw === '' || raw.startsWith('"') || random.chance(2) ? raw : `"${raw}"`);
  return partsOf(text)
    .map((cells) => `${cells.map(quote).join(',')}\n`)
    .join('');
}

export function changeLineEnds(text: string, random: Random): string {
  const end = random.pick(['\r\n', '\n\n', '\n', '\r\n\r\n']);
  const body = partsOf(text)
    .map((cells) => cells.join(','))
    .join(end);
  return random.chance(2) ? body : body + end;
}

export function swapColumns(text: string): string {
  return partsOf(text)
    .map((cells) => `${[...cells].reverse().join(',')}\n`)
    .join('');
}
