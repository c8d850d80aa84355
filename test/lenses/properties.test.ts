import { expect, test } from 'vitest';
import { properties } from '../../lenses/properties.ts';
import { leaf } from '../../lenses/source.ts';
import { fromJs } from '../../src/uarr/value.ts';
import { change, edits, parse, problems, REMOVE, show } from '../support/lenses/golden.ts';

const TEXT = `# Settings.
app.name=Sample
app.port : 8080
! a list
fruits apple, \\
       pear
path=c:\\\\temp
`;

test('a map is lines of key=value with escapes', () => {
  expect(show(properties, fromJs({ 'a b': ' x', 'k=': 'é\n\t', '#c': '\ud800', n: 5 }))).toBe(
    'a\\ b=\\ x\nk\\==é\\n\\t\n\\#c=\\ud800\nn=5\n',
  );
  expect(parse(properties, TEXT)).toEqual(
    fromJs({ 'app.name': 'Sample', 'app.port': '8080', fruits: 'apple, pear', path: 'c:\\temp' }),
  );
  expect(parse(properties, 'a=\\u0041\\z\nb\n')).toEqual(fromJs({ a: 'Az', b: '' }));
});

test('a changed line is one edit, in the type of the field', () => {
  expect(edits(properties, TEXT, TEXT.replace('8080', '9090'))).toEqual(['set app.port "9090"']);
  expect(edits(properties, leaf('x', fromJs({ n: 5 }), 'root'), 'n = 6\n')).toEqual(['set n 6']);
});

test('a change by a program touches its lines alone', () => {
  expect(change(properties, TEXT, [[['app.port'], '9090']])).toBe(TEXT.replace('8080', '9090'));
  expect(change(properties, TEXT, [[['fruits'], REMOVE]])).toBe(TEXT.replace(/fruits[\s\S]*pear\n/, ''));
  expect(change(properties, TEXT, [[['new'], 'a\nb']])).toBe(`${TEXT}new=a\\nb\n`);
});

test('what is wrong is told with its place', () => {
  expect(problems(properties, 'a=1\na=2\n')).toEqual(['2:1: error: the key "a" is there already [duplicate-key]']);
  expect(problems(properties, 'a=x\\u12\n')[0]).toMatch(/^1:4: error: after \\u four hexadecimal digits/);
});
