import { expect, test } from 'vitest';
import { applyEdits } from '../../lenses/apply.ts';
import type { Edit } from '../../lenses/edits.ts';
import { jsonl } from '../../lenses/jsonl.ts';
import { branch, hashSource, leaf, type SourceNode } from '../../lenses/source.ts';
import { fromJs } from '../../src/uarr/value.ts';
import { edits, problems } from '../support/lenses/golden.ts';

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

const EVENTS = branch(
  'events',
  [
    leaf('1', fromJs({ id: 'a', at: 5 }), 'n1'),
    leaf('2', fromJs({ id: 'b', tags: ['x', 'y'] }), 'n2'),
    leaf('3', 'text', 'n3'),
  ],
  'root',
);
const TEXT = '{"id": "a", "at": 5}\n{"id": "b", "tags": ["x", "y"]}\n"text"\n';

test('each child is a line', () => {
  expect(textOf(jsonl.get(EVENTS))).toBe(TEXT);
  expect(edits(jsonl, EVENTS, TEXT.replaceAll('\n', '\r\n\r\n'))).toEqual([]);
});

test('a changed line is an edit of its node', () => {
  expect(edits(jsonl, EVENTS, TEXT.replace('5', '6'))).toEqual(['set n1 at 6']);
  expect(edits(jsonl, EVENTS, TEXT.replace('"text"', '"other"'))).toEqual(['set n3 . "other"']);
});

test('lines come, go and move', () => {
  const [a, b, c] = TEXT.split('\n').map((line) => `${line}\n`) as [string, string, string];
  expect(edits(jsonl, EVENTS, c + a + b)).toEqual(['order root: n3 n1 n2']);
  expect(edits(jsonl, EVENTS, a + c)).toEqual(['delete n2']);
  expect(edits(jsonl, EVENTS, `${a}{"id": "c"}\n${b}7\n${c}`)).toEqual([
    'create +1 in root as "c" { "id": "c" } before n2',
    'create +2 in root as "4" 7 before n3',
  ]);
});

test('a deleted line comes back as the same node', () => {
  const without = applyEdits(EVENTS, [{ op: 'delete', node: 'n2' }]);
  const tombstones = [{ node: EVENTS.children?.[1] as SourceNode & { id: string }, parent: 'root' }];
  expect(edits(jsonl, without, TEXT, { tombstones })).toEqual([
    'revive n2 in root as "2" { "id": "b", "tags": [ "x", "y" ] } before n3',
  ]);
});

test('a change by a program touches its line alone', () => {
  const text = '{"at":5,"id":"a"}\r\n\r\n{ "id":"b", "tags":["x","y"] }\r\n"text"';
  const after = (made: Edit[]): string =>
    textOf(jsonl.get(applyEdits(EVENTS, made), { text: Buffer.from(text), hash: hashSource(EVENTS) }));
  expect(after([{ op: 'set', node: 'n2', part: 'value', path: ['tags', 0], value: 'z' }])).toBe(
    text.replace('"x"', '"z"'),
  );
  expect(after([{ op: 'order', node: 'root', children: ['n3', 'n1', 'n2'] }])).toBe(
    '"text"\r\n{"at":5,"id":"a"}\r\n\r\n{ "id":"b", "tags":["x","y"] }',
  );
  expect(after([{ op: 'delete', node: 'n1' }])).toBe(text.slice(text.indexOf('{ ')));
});

test('what is wrong is told with its place', () => {
  expect(problems(jsonl, '1\n{"a": 1, "a": 2}\n')).toEqual([
    '2:10: error: the key "a" is there already [duplicate-key]',
  ]);
  expect(problems(jsonl, '1\n\n[2\n')[0]).toMatch(/^3:3: error: .*\[syntax\]$/);
});
