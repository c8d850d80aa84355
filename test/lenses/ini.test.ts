import { expect, test } from 'vitest';
import { ini } from '../../lenses/ini.ts';
import { leaf } from '../../lenses/source.ts';
import { fromJs } from '../../src/uarr/value.ts';
import { change, edits, parse, problems, REMOVE, show } from '../support/lenses/golden.ts';

const TEXT = `; Settings.
root = true

[server]
host = localhost
# the port
port: 8080

[paths]
home = "  /srv "
empty =
`;

test('maps are sections, texts stand as they are', () => {
  expect(show(ini, fromJs({ a: 'x', s: { b: 1, c: ' pad ' }, d: '' }))).toBe('a = x\nd =\n\n[s]\nb = 1\nc = " pad "\n');
  expect(parse(ini, TEXT)).toEqual(
    fromJs({ root: 'true', server: { host: 'localhost', port: '8080' }, paths: { home: '  /srv ', empty: '' } }),
  );
  expect(parse(ini, '[a]\nx=1\n[b]\n[a]\ny=2\n')).toEqual(fromJs({ a: { x: '1', y: '2' }, b: {} }));
});

test('a changed line is one edit, in the type of the field', () => {
  expect(edits(ini, TEXT, TEXT.replace('8080', '9090'))).toEqual(['set server.port "9090"']);
  expect(edits(ini, leaf('x', fromJs({ s: { port: 80 } }), 'root'), '[s]\nport = 81\n')).toEqual(['set s.port 81']);
});

test('a change by a program touches its lines alone', () => {
  expect(change(ini, TEXT, [[['server', 'port'], '9090']])).toBe(TEXT.replace('8080', '9090'));
  expect(change(ini, TEXT, [[['paths', 'home'], 'x']])).toBe(TEXT.replace('"  /srv "', '"x"'));
  expect(change(ini, TEXT, [[['server', 'tls'], 'on']])).toBe(TEXT.replace('8080\n', '8080\ntls = on\n'));
  expect(change(ini, TEXT, [[['server', 'host'], REMOVE]])).toBe(TEXT.replace('host = localhost\n', ''));
  expect(change(ini, TEXT, [[['paths'], REMOVE]])).toBe(TEXT.replace(/\[paths\][\s\S]*/, ''));
  expect(change(ini, TEXT, [[['new'], fromJs({ a: 'b' })]])).toBe(`${TEXT}\n[new]\na = b\n`);
  expect(change(ini, TEXT, [[['top'], 'x']])).toBe(TEXT.replace('root = true\n', 'root = true\ntop = x\n'));
});

test('what is wrong is told with its place', () => {
  expect(problems(ini, '[s]\na = 1\na = 2\n')).toEqual(['3:1: error: the key "a" is there already [duplicate-key]']);
  expect(problems(ini, 's = 1\n[s]\n')).toEqual(['2:1: error: the key "s" is there already [duplicate-key]']);
  expect(problems(ini, 'flag\n')[0]).toMatch(/^1:1: error: a line key = value.*\[syntax\]$/);
  expect(problems(ini, '[open\n')[0]).toMatch(/^1:1: error: a section is \[name\]/);
  expect(problems(ini, 'a = "x\\q"\n')[0]).toMatch(/^1:5: error: a text in quotes/);
});
