import { expect, test } from 'vitest';
import { applyEdits } from '../../lenses/apply.ts';
import { hashSource, leaf, type SourceNode } from '../../lenses/source.ts';
import { sourceOf, tree } from '../../lenses/tree.ts';
import { fromJs, Sized } from '../../src/uarr/value.ts';
import { edits, problems } from '../support/lenses/golden.ts';
import { withIds } from '../support/lenses/trees.ts';

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** root { server=n2 { host=n3 port=n4 } users=n5 { ada=n6 grace=n7 } } */
const CONFIG = withIds({
  ...sourceOf(
    'config',
    fromJs({ server: { host: 'localhost', port: 8080 }, users: { ada: { age: 36 }, grace: { age: 85 } } }),
  ),
});
const TEXT = `server:
  host: localhost
  port: 8080
users:
  ada:
    age: 36
  grace:
    age: 85
`;

test('a directory is a map of its entries', () => {
  expect(textOf(tree.get(CONFIG))).toBe(TEXT);
  const own: SourceNode = {
    ...CONFIG,
    value: fromJs({ note: 1 }),
    children: [leaf('a', 1n, 'n2'), leaf('empty', undefined, 'n3')],
  };
  expect(textOf(tree.get(own))).toBe('.value:\n  note: 1\na: 1\nempty: null\n');
  const json = tree.configure?.({ format: 'json' });
  expect(textOf(json?.get(own) as Uint8Array)).toBe(
    '{\n  ".value": {\n    "note": 1\n  },\n  "a": 1,\n  "empty": null\n}\n',
  );
});

test('a changed value is an edit of its node', () => {
  expect(edits(tree, CONFIG, TEXT.replace('8080', '9090'))).toEqual(['set n4 . 9090']);
  expect(edits(tree, CONFIG, `# a comment\n${TEXT}`)).toEqual([]);
  const typed = { ...CONFIG, children: [leaf('port', new Sized('u16', 80), 'n2')] };
  expect(tree.put(Buffer.from('port: 81\n'), typed)).toMatchObject({ edits: [{ value: new Sized('u16', 81) }] });
});

test('keys come and go as nodes', () => {
  expect(edits(tree, CONFIG, TEXT.replace('  port: 8080\n', '  tls: true\n  port: 8080\n'))).toEqual([
    'create +1 in n2 as "tls" true before n4',
  ]);
  expect(edits(tree, CONFIG, `${TEXT}extra:\n  x: 1\n  list: [{y: 2}]\n`)).toEqual([
    'create +1 in root as "extra" directory',
    'create +2 in +1 as "x" 1',
    'create +3 in +1 as "list" [ { "y": 2 } ]',
  ]);
  expect(edits(tree, CONFIG, TEXT.replace('  port: 8080\n', ''))).toEqual(['delete n4']);
});

test('a key that changes is a renaming', () => {
  expect(edits(tree, CONFIG, TEXT.replace('  port:', '  listen:'))).toEqual(['rename n4 to "listen" in n2']);
  expect(edits(tree, CONFIG, TEXT.replace('users:', 'people:'))).toEqual(['rename n5 to "people" in root']);
  expect(edits(tree, CONFIG, TEXT.replace('users:', 'people:').replace('36', '37'))).toEqual([
    'rename n5 to "people" in root',
    'set n7 . 37',
  ]);
});

test('another order of keys is no edit', () => {
  expect(edits(tree, CONFIG, TEXT.replace(/(server[\s\S]*)(users[\s\S]*)/, '$2$1'))).toEqual([]);
});

test('a deleted key comes back with its identity', () => {
  const without = TEXT.replace('  ada:\n    age: 36\n', '');
  const result = tree.put(Buffer.from(without), CONFIG);
  const after = applyEdits(CONFIG, result.ok ? result.edits : []);
  const ada = CONFIG.children?.[1]?.children?.[0] as SourceNode & { id: string };
  const tombstones = [{ node: ada, parent: CONFIG.children?.[1]?.id as string }];
  expect(edits(tree, after, TEXT.replace('36', '37'), { tombstones })).toEqual([
    `revive ${ada.id} in n5 as "ada" directory before n8`,
    'revive n7 in n6 as "age" 37',
  ]);
});

test('a directory may become a value, and the reverse', () => {
  expect(edits(tree, CONFIG, TEXT.replace(/server:[\s\S]*8080/, 'server: none'))).toEqual([
    'delete n2',
    'create +1 in root as "server" "none" before n5',
  ]);
  expect(edits(tree, withIds(sourceOf('c', fromJs({ a: 1 }))), 'a: {b: 1}\n')).toEqual(['set n2 . { "b": 1 }']);
});

test('a changed node changes its line alone', () => {
  const text = '# top\nserver: {host: localhost, port: 0x1F90} # here\nusers: {ada: {age: 36}, grace: {age: 85}}\n';
  const changed = applyEdits(CONFIG, [{ op: 'set', node: 'n4', part: 'value', path: [], value: 81n }]);
  const complement = { text: Buffer.from(text), hash: hashSource(CONFIG) };
  expect(textOf(tree.get(CONFIG, complement))).toBe(text);
  expect(textOf(tree.get(changed, complement))).toBe(text.replace('0x1F90', '81'));
});

test('what no slot can be named is refused at its place', () => {
  expect(edits(tree, CONFIG, `${TEXT}a/b: 1\n`)).toEqual(['9:1: error: "a/b" is not a valid name [key]']);
  expect(edits(tree, CONFIG, TEXT.replace('  port', '  ..: 1\n  port'))).toEqual([
    '3:3: error: ".." is not a valid name [key]',
  ]);
  expect(edits(tree, CONFIG, `${TEXT}x:\n  ..: 1\n`)).toEqual(['create +1 in root as "x" { "..": 1 }']);
  expect(edits(tree, CONFIG, '- 1\n')).toEqual([
    '1:1: error: the document of a directory is a map of its entries [kind]',
  ]);
  expect(problems(tree, 'a: 1\na: 2\n')).toEqual(['2:1: error: the key "a" is there already [duplicate-key]']);
});

test('a text that lost its end does not delete most of the tree', () => {
  const many = withIds(sourceOf('m', fromJs(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, i])))));
  const cut = textOf(tree.get(many)).split('\n').slice(0, 10).join('\n');
  expect(edits(tree, many, cut)).toEqual([
    '10:6: error: this would delete 20 of 30 nodes: if that is meant, write "force" to user.fx.action [mass-delete]',
  ]);
  expect(edits(tree, many, cut, { force: true })).toHaveLength(20);
});
