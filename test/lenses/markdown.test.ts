import { expect, test } from 'vitest';
import { markdown } from '../../lenses/markdown.ts';
import { leaf } from '../../lenses/source.ts';
import { fromJs, type Value } from '../../src/uarr/value.ts';
import { change, edits, parse, problems, REMOVE, show } from '../support/lenses/golden.ts';

const TEXT = `---
title: Sample  # shown
tags: [a, b]
---
# Sample

---
Text with trailing spaces  
`;

test('front matter is a map, the body is as it is', () => {
  const value = parse(markdown, TEXT) as Map<string, Value>;
  expect(value.get('front')).toEqual(fromJs({ title: 'Sample', tags: ['a', 'b'] }));
  expect(value.get('body')).toBe('# Sample\n\n---\nText with trailing spaces  \n');
  expect(parse(markdown, 'no front\n')).toEqual(fromJs({ body: 'no front\n' }));
  expect(show(markdown, fromJs({ front: { a: 1 }, body: 'x' }))).toBe('---\na: 1\n---\nx');
  expect(show(markdown, fromJs({ front: null, body: '---\n' }))).toBe('---\n---\n---\n');
});

test('a changed line is one edit', () => {
  expect(edits(markdown, TEXT, TEXT.replace('Sample  #', 'Other  #'))).toEqual(['set front.title "Other"']);
  expect(edits(markdown, TEXT, TEXT.replace('  # shown', ''))).toEqual([]);
  expect(edits(markdown, 'a\n', 'b\n')).toEqual(['set body "b\\n"']);
  expect(edits(markdown, 'a\n', '---\nx: 1\n---\na\n')).toEqual(['set front { "x": 1 }']);
});

test('a change by a program touches its part alone', () => {
  expect(change(markdown, TEXT, [[['front', 'title'], 'Other']])).toBe(TEXT.replace('Sample  #', 'Other  #'));
  expect(change(markdown, TEXT, [[['front', 'draft'], true]])).toBe(TEXT.replace('[a, b]\n', '[a, b]\ndraft: true\n'));
  expect(change(markdown, TEXT, [[['body'], 'new\r\n']])).toBe(TEXT.replace(/# Sample[\s\S]*/, 'new\r\n'));
  expect(change(markdown, TEXT, [[['front'], REMOVE]])).toBe(TEXT.replace(/---[\s\S]*?---\n/, ''));
  expect(change(markdown, 'a\n', [[['front'], fromJs({ x: 1 })]])).toBe('---\nx: 1\n---\na\n');
});

test('what is wrong is told with its place', () => {
  expect(problems(markdown, '---\na: 1\nb: [\n---\n')[0]).toMatch(/^[34]:\d+: error: .*\[syntax\]$/);
  expect(problems(markdown, '---\na: 1\na: 2\n---\n')).toEqual([
    '3:1: error: the key "a" is there already [duplicate-key]',
  ]);
  expect(problems(markdown, '---\na: 1\n')[0]).toMatch(/^1:1: error: the front matter does not end.*\[front-matter\]$/);
});

test('what would read as something else is not shown', () => {
  const refuses = (value: unknown) => markdown.refuses(leaf('x', fromJs(value), 'root'));
  expect(refuses({ body: '---\nx' })).toMatch(/set front to null/);
  expect(refuses({ body: 'x', other: 1 })).toMatch(/neither front nor body/);
  expect(refuses({ front: {} })).toMatch(/body is no text/);
});
