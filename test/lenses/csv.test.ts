import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { applyEdits } from '../../lenses/apply.ts';
import { csv } from '../../lenses/csv.ts';
import type { Edit } from '../../lenses/edits.ts';
import type { Lens } from '../../lenses/lens.ts';
import { branch, hashSource, leaf, type SourceNode } from '../../lenses/source.ts';
import { fromJs, Sized, Timestamp, type Value } from '../../src/uarr/value.ts';
import { edits, problems } from '../support/lenses/golden.ts';

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

function table(rows: Record<string, Record<string, unknown> | Map<string, Value>>): SourceNode {
  const children = Object.entries(rows).map(([key, fields], i) =>
    leaf(key, fields instanceof Map ? fields : fromJs(fields), `n${i + 1}`),
  );
  return branch('people', children, 'root');
}

const PEOPLE = table({
  ada: { name: 'Lovelace, Ada', age: 36, tags: ['maths'] },
  grace: { name: 'Grace "Amazing" Hopper', age: 85 },
  alan: { name: '', left: true },
});
const TEXT = `key,name,age,left
ada,"Lovelace, Ada",36,
grace,"Grace ""Amazing"" Hopper",85,
alan,"",,true
`;

/** The text after a program's edits. */
function after(source: SourceNode, text: string, made: Edit[], lens: Lens = csv): string {
  return textOf(lens.get(applyEdits(source, made), { text: Buffer.from(text), hash: hashSource(source) }));
}
const set = (node: string, column: string, value: Value): Edit => ({
  op: 'set',
  node,
  part: 'value',
  path: [column],
  value,
});

test('rows are children, columns their scalar fields', () => {
  expect(textOf(csv.get(PEOPLE))).toBe(TEXT);
  expect(edits(csv, PEOPLE, TEXT)).toEqual([]);
});

test('one changed cell is one edit of one node, in the type that it has', () => {
  expect(edits(csv, PEOPLE, TEXT.replace('85', '86'))).toEqual(['set n2 age 86']);
  expect(edits(csv, PEOPLE, TEXT.replace(',36,', ',,'))).toEqual(['unset n1 age']);
  expect(edits(csv, PEOPLE, TEXT.replace('"",,true', 'Alan,41,true'))).toEqual(['set n3 name "Alan"', 'set n3 age 41']);
  const typed = table({
    a: new Map<string, Value>([
      ['zip', '007'],
      ['port', new Sized('u16', 80)],
      ['at', new Timestamp(0n)],
      ['x', 1],
    ]),
  });
  const text = textOf(csv.get(typed));
  expect(text).toBe('key,zip,port,at,x\na,007,80,1970-01-01T00:00:00.000000000Z,1.0\n');
  expect(edits(csv, typed, text.replace('1.0', '1e0').replace('.000000000Z', 'Z'))).toEqual([]);
  expect(edits(csv, typed, text.replace('007', '7'))).toEqual(['set n1 zip "7"']);
  expect(edits(csv, typed, text.replace('80', '65536'))).toEqual([
    '2:7: error: "65536" is not a number of the type u16, as the column "port" has it [type]',
  ]);
});

test('rows come, go and change their order', () => {
  const [head, ada, grace, alan] = TEXT.split('\n').map((line) => `${line}\n`) as [string, string, string, string];
  expect(edits(csv, PEOPLE, head + alan + ada + grace)).toEqual(['order root: n3 n1 n2']);
  expect(edits(csv, PEOPLE, head + ada + alan)).toEqual(['delete n2']);
  expect(edits(csv, PEOPLE, `${head + ada}edsger,Dijkstra,72,\n${grace}${alan}`)).toEqual([
    'create +1 in root as "edsger" { "name": "Dijkstra", "age": 72 } before n2',
  ]);
  expect(edits(csv, PEOPLE, TEXT.replace('grace,', 'hopper,'))).toEqual(['rename n2 to "hopper" in root']);
  expect(edits(csv, PEOPLE, TEXT.replace('grace,', 'hopper,').replace('85', '86'))).toEqual([
    'rename n2 to "hopper" in root',
    'set n2 age 86',
  ]);
});

test('a deleted row comes back as the same node, with what the table does not show', () => {
  const without = TEXT.replace(/ada.*\n/, '');
  const result = csv.put(Buffer.from(without), PEOPLE);
  const left = applyEdits(PEOPLE, result.ok ? result.edits : []);
  const ada = PEOPLE.children?.[0] as SourceNode & { id: string };
  const tombstones = [{ node: ada, parent: 'root' }];
  const back = csv.put(Buffer.from(TEXT), left, { tombstones });
  expect(applyEdits(left, back.ok ? back.edits : [])).toEqual(PEOPLE);
});

test('columns come and go', () => {
  expect(
    edits(
      csv,
      PEOPLE,
      'key,name,age,left,city\nada,"Lovelace, Ada",36,,London\ngrace,"Grace ""Amazing"" Hopper",85,,\nalan,"",,true,\n',
    ),
  ).toEqual(['set n1 city "London"']);
  expect(edits(csv, PEOPLE, TEXT.replace(/,[^,\n]*$/gm, ''))).toEqual(['unset n3 left']);
  expect(after(PEOPLE, TEXT, [set('n2', 'city', 'Arlington')])).toBe(
    TEXT.replace('left\n', 'left,city\n')
      .replace('36,\n', '36,,\n')
      .replace('85,\n', '85,,Arlington\n')
      .replace('true\n', 'true,\n'),
  );
});

test('a change by a program keeps all other bytes', () => {
  const text =
    '\ufeff"key",age,"name",left\r\n\r\n"ada",0036,"Lovelace, Ada",\r\ngrace,85,"Grace ""Amazing"" Hopper",\r\nalan,,"",true';
  expect(edits(csv, PEOPLE, text)).toEqual([]);
  expect(after(PEOPLE, text, [set('n1', 'name', 'Ada')])).toBe(text.replace('"Lovelace, Ada"', '"Ada"'));
  expect(after(PEOPLE, text, [set('n2', 'age', 86n)])).toBe(text.replace('85', '86'));
  expect(after(PEOPLE, text, [{ op: 'delete', node: 'n3' }])).toBe(
    text
      .replace(/alan.*$/, '')
      .replace(/true$/, '')
      .replace(/,left/, '')
      .replace(/,\r/g, '\r')
      .replace(/\r\n$/, ''),
  );
  expect(after(PEOPLE, text, [{ op: 'order', node: 'root', children: ['n3', 'n1', 'n2'] }])).toBe(
    '\ufeff"key",age,"name",left\r\n\r\nalan,,"",true\r\n"ada",0036,"Lovelace, Ada",\r\ngrace,85,"Grace ""Amazing"" Hopper",',
  );
});

test('rows may be scalars, or directories of fields', () => {
  const scalars = branch('c', [leaf('port', 80n, 'n1'), leaf('host', 'x', 'n2')], 'root');
  expect(textOf(csv.get(scalars))).toBe('key,value\nport,80\nhost,x\n');
  expect(edits(csv, scalars, 'key,value\nport,81\nhost,x\nuser,me\n')).toEqual([
    'set n1 . 81',
    'create +1 in root as "user" "me"',
  ]);
  const ada = branch('ada', [leaf('name', 'Ada', 'n2'), leaf('age', 36n, 'n3')], 'n1');
  const directories = branch('users', [ada], 'root');
  expect(textOf(csv.get(directories))).toBe('key,name,age\nada,Ada,36\n');
  expect(edits(csv, directories, 'key,name,age,city\nada,Ada,37,London\nbob,Bob,,\n')).toEqual([
    'set n3 . 37',
    'create +1 in n1 as "city" "London"',
    'create +2 in root as "bob" directory',
    'create +3 in +2 as "name" "Bob"',
  ]);
});

test('options name the identifying column, the columns, the delimiter and types', () => {
  const items = table({ x1: { id: 7, v: 'a' }, x2: { id: 8, v: 'b' } });
  const byId = csv.configure?.({ id: 'id', delimiter: ';' }) as Lens;
  expect(textOf(byId.get(items))).toBe('id;v\n7;a\n8;b\n');
  expect(edits(byId, items, 'id;v\n8;c\n9;d\n')).toEqual([
    'delete n1',
    'set n2 v "c"',
    'create +1 in root as "9" { "id": 9, "v": "d" }',
  ]);
  const fixed = csv.configure?.({ columns: ['v'], types: { w: 'i64' } }) as Lens;
  expect(textOf(fixed.get(items))).toBe('key,v\nx1,a\nx2,b\n');
  expect(edits(fixed, items, 'key,v,w\nx1,a,1\n')).toEqual(['1:1: error: there is no column "w" [header]']);
  const typed = csv.configure?.({ types: { n: 'i64' } }) as Lens;
  expect(edits(typed, branch('e', [], 'root'), 'key,n,s\na,1,1\n')).toEqual([
    'create +1 in root as "a" { "n": 1, "s": "1" }',
  ]);
  expect(() => csv.configure?.({ delim: ';' })).toThrow(/no option "delim"/);
});

test('what is wrong is told with its place', () => {
  expect(problems(csv, '')).toEqual(['1:1: error: the first line must name the columns [header]']);
  expect(problems(csv, 'a,b\n1,2\n')).toEqual(['1:1: error: the column "key" is missing [header]']);
  expect(problems(csv, 'key,a,a\n')).toEqual(['1:7: error: the column "a" is there already [duplicate-key]']);
  expect(problems(csv, 'key,a\nx,1\nx,2\n')).toEqual(['3:1: error: the key "x" is there already [duplicate-key]']);
  expect(problems(csv, 'key,a\nx,1,2\ny\n')).toEqual([
    '2:5: error: the row has 3 cells, the header 2 [cells]',
    '3:1: error: the row has 1 cell, the header 2 [cells]',
  ]);
  expect(problems(csv, 'key,a\nx,"é\n')).toEqual(['2:3: error: the closing quote of this cell is missing [syntax]']);
  expect(problems(csv, 'key,a\nx,"1"2\n')[0]).toMatch(/^2:6: error: a delimiter or a newline is expected/);
  expect(problems(csv, 'key,a\nx,1"2\n')[0]).toMatch(/^2:4: error: a quote inside a cell/);
  expect(problems(csv, 'key,a\n,1\n')).toEqual(['2:1: error: the cell "key" is empty: each row needs one [key]']);
  expect(problems(csv, 'key,a\na/b,1\n')).toEqual(['2:1: error: "a/b" is not a valid name [key]']);
});

test('ten thousand rows: one cell is one edit, another order is an order, a cut text is refused', () => {
  const rows = Array.from({ length: 10_000 }, (_, i) =>
    leaf(`r${i}`, fromJs({ id: i, name: `name ${i}`, on: i % 2 === 0 }), `n${i}`),
  );
  const big = branch('big', rows, 'root');
  const text = textOf(csv.get(big));
  expect(edits(csv, big, text.replace('name 5000', 'changed'))).toEqual(['set n5000 name "changed"']);
  const [head, ...lines] = text.trimEnd().split('\n') as [string, ...string[]];
  const reordered = csv.put(Buffer.from(`${[head, ...lines.toReversed()].join('\n')}\n`), big);
  expect(reordered.ok && reordered.edits.map(({ op }) => op)).toEqual(['order']);
  expect(edits(csv, big, text.slice(0, text.indexOf('r4000,')))[0]).toMatch(
    /this would delete 6000 of 10000 nodes.*\[mass-delete\]$/,
  );
  const start = performance.now();
  csv.put(Buffer.from(text), big);
  expect(performance.now() - start).toBeLessThan(5000);
});
