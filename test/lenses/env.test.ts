import { expect, test } from 'vitest';
import { env } from '../../lenses/env.ts';
import { leaf } from '../../lenses/source.ts';
import { fromJs, type Value } from '../../src/uarr/value.ts';
import { change, edits, parse, problems, REMOVE, show } from '../support/lenses/golden.ts';

const TEXT = `# Where it listens.
export HOST=localhost
PORT = 8080 # not 80

GREETING="two\\nlines \\$x"
RAW='a "b" $c'
`;

test('a map is lines of KEY=value, in quotes where they are needed', () => {
  expect(show(env, fromJs({ A: 'x', B: 'a b', C: "it's", D: 'a\nb', PORT: 80, ON: true, E: '' }))).toBe(
    'A=x\nB=\'a b\'\nC="it\'s"\nD="a\\nb"\nPORT=80\nON=true\nE=\n',
  );
  expect(parse(env, TEXT)).toEqual(
    fromJs({ HOST: 'localhost', PORT: '8080', GREETING: 'two\nlines $x', RAW: 'a "b" $c' }),
  );
});

test('a changed line is one edit, in the type of the field', () => {
  expect(edits(env, TEXT, TEXT.replace('8080', '9090'))).toEqual(['set PORT "9090"']);
  const typed = leaf('x', fromJs({ PORT: 80, ON: true, NONE: null }), 'root');
  expect(edits(env, typed, 'PORT=81\nON=true\nNONE=\n')).toEqual(['set PORT 81']);
  expect(edits(env, typed, "PORT='80'\nON=yes\nNONE=\n")).toEqual(['set ON "yes"']);
});

test('a changed field changes its line alone', () => {
  expect(change(env, TEXT, [[['PORT'], '9090']])).toBe(TEXT.replace('8080', '9090'));
  expect(change(env, TEXT, [[['GREETING'], 'hi']])).toBe(TEXT.replace(/"two.*"/, '"hi"'));
  expect(change(env, TEXT, [[['HOST'], REMOVE]])).toBe(TEXT.replace('export HOST=localhost\n', ''));
  expect(change(env, TEXT, [[['NEW'], 'x']])).toBe(`${TEXT}NEW=x\n`);
  expect(change(env, 'A=1', [[['B'], '2']])).toBe('A=1\nB=2');
});

test('what is wrong is told with its place', () => {
  expect(problems(env, 'A=1\nA=2\n')).toEqual(['2:1: error: the key "A" is there already [duplicate-key]']);
  expect(problems(env, 'A=1\nB b\n')[0]).toMatch(/^2:1: error: a line KEY=value.*\[syntax\]$/);
  expect(problems(env, 'A="x')[0]).toBe('1:3: error: the closing quote is missing [syntax]');
  expect(problems(env, "A='x' y")[0]).toMatch(/^1:6: error: only a comment may follow/);
});

test('what it cannot say is not shown', () => {
  const refuses = (value: Value) => env.refuses(leaf('x', value, 'root'));
  expect(refuses(fromJs({ 'a b': 'x' }))).toMatch(/a key is/);
  expect(refuses(fromJs({ A: [1] }))).toMatch(/structure/);
  expect(refuses(fromJs({ A: 'a\0b' }))).toMatch(/NUL/);
  expect(refuses('x')).toMatch(/no map/);
});
