import { expect, test } from 'vitest';
import { jsonc } from '../../lenses/json.ts';
import { change, edits, Insert, parse, problems, REMOVE } from '../support/lenses/golden.ts';

const SETTINGS = `// Settings of the sample.
{
  // Where it listens.
  "port": 8080, // not 80: that needs root
  /* Names, in order. */
  "names": ["a", /* the second */ "b"],
  "deep": {
    "x": 1, // first
    "y": 2, // second
  },
}
`;

test('comments and trailing commas stay with a change', () => {
  expect(change(jsonc, SETTINGS, [[['port'], 9090n]])).toBe(SETTINGS.replace('8080', '9090'));
  expect(change(jsonc, SETTINGS, [[['names', 2], new Insert('c')]])).toBe(SETTINGS.replace('"b"', '"b", "c"'));
  expect(change(jsonc, SETTINGS, [[['deep', 'z'], 3n]])).toBe(SETTINGS.replace('// second', '// second\n    "z": 3,'));
  expect(change(jsonc, SETTINGS, [[['deep', 'x'], REMOVE]])).toBe(SETTINGS.replace('    "x": 1, // first\n', ''));
  expect(change(jsonc, SETTINGS, [[['deep', 'y'], REMOVE]])).toBe(SETTINGS.replace('    "y": 2, // second\n', ''));
  expect(change(jsonc, SETTINGS, [[['added'], true]])).toBe(SETTINGS.replace('  },\n}', '  },\n  "added": true,\n}'));
});

test('a comma goes where it is needed and no further', () => {
  const text = '{\n  "a": 1, // one\n  "b": 2 // two\n}\n';
  expect(change(jsonc, text, [[['c'], 3n]])).toBe('{\n  "a": 1, // one\n  "b": 2, // two\n  "c": 3\n}\n');
  expect(change(jsonc, text, [[['b'], REMOVE]])).toBe('{\n  "a": 1 // one\n}\n');
  expect(
    change(jsonc, text, [
      [['a'], REMOVE],
      [['b'], REMOVE],
    ]),
  ).toBe('{\n}\n');
});

test('comments are no edits', () => {
  expect(edits(jsonc, SETTINGS, SETTINGS.replace(/\/\/.*/g, ''))).toEqual([]);
  expect(edits(jsonc, SETTINGS, SETTINGS.replace('"x": 1', '"x": 5'))).toEqual(['set deep.x 5']);
});

test('what is wrong is told with its place', () => {
  expect(parse(jsonc, '// c\n1')).toBe(1n);
  expect(problems(jsonc, '{ /* }')[0]).toMatch(/\[syntax\]$/);
  expect(problems(jsonc, '{"a": 1, "b": 2, "a": 3}')).toEqual([
    '1:18: error: the key "a" is there already [duplicate-key]',
  ]);
});
