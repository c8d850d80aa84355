import { expect, test } from 'vitest';
import { leaf } from '../../lenses/source.ts';
import { text } from '../../lenses/text.ts';
import { NodeRef, Sized, Timestamp, Uuid, type Value } from '../../src/uarr/value.ts';
import { change, edits, problems, show } from '../support/lenses/golden.ts';

const over = (value: Value) => leaf('field', value, 'root');

test('a scalar is its line', () => {
  const cases: [Value, string][] = [
    ['localhost', 'localhost\n'],
    ['', '\n'],
    ['two\nlines\n', 'two\nlines\n\n'],
    [9090n, '9090\n'],
    [0.5, '0.5\n'],
    [true, 'true\n'],
    [null, 'null\n'],
    [new Sized('u16', 7), '7\n'],
    [new Timestamp(1_700_000_000_000_000_001n), '2023-11-14T22:13:20.000000001Z\n'],
    [Uuid.parse('00112233-4455-6677-8899-aabbccddeeff'), '00112233-4455-6677-8899-aabbccddeeff\n'],
    [new NodeRef('x1'), 'n:x1\n'],
  ];
  for (const [value, line] of cases) {
    expect(show(text, value)).toBe(line);
    expect(text.size?.(over(value))).toBe(Buffer.byteLength(line));
  }
});

test('a saved line takes the type of the node', () => {
  expect(edits(text, over(8080n), '9090\n')).toEqual(['set . 9090']);
  expect(edits(text, over(8080n), '  8080  ')).toEqual([]);
  expect(edits(text, over('8080'), '9090\n')).toEqual(['set . "9090"']);
  expect(edits(text, over(1), '1e2')).toEqual(['set . 100.0']);
  expect(edits(text, over(true), 'false\n')).toEqual(['set . false']);
  expect(edits(text, over(new Sized('u8', 1)), '255\n')).toEqual(['set . 255']);
  expect(edits(text, over(new Timestamp(0n)), '2024-02-29T12:00:00.5+01:00\n')).toEqual([
    'set . "2024-02-29T11:00:00.500000000Z"',
  ]);
  expect(edits(text, over(null), 'null\n')).toEqual([]);
  expect(edits(text, over(null), 'none\n')).toEqual(['set . "none"']);
});

test('only the last newline is no part of a string', () => {
  expect(edits(text, over('a'), 'a')).toEqual([]);
  expect(edits(text, over('a'), 'a\r\n')).toEqual([]);
  expect(edits(text, over('a'), '\ufeffa\n')).toEqual([]);
  expect(edits(text, over('a'), 'a\n\n')).toEqual(['set . "a\\n"']);
  expect(edits(text, over('a\nb'), 'a\r\nb\n')).toEqual(['set . "a\\r\\nb"']);
});

test('a line that does not say the type is refused', () => {
  const refuse = (value: Value, line: string) => edits(text, over(value), line)[0];
  expect(refuse(1n, '1.5')).toBe('1:1: error: "1.5" is not an integer [type]');
  expect(refuse(1n, '9223372036854775808')).toMatch(/^1:1: error: "9223372036854775808" is not an integer from -9223/);
  expect(refuse(1, '1e400')).toBe('1:1: error: "1e400" is not a number that fits 64 bits [type]');
  expect(refuse(true, 'yes')).toBe('1:1: error: "yes" is not true or false [type]');
  expect(refuse(new Sized('u8', 1), '256')).toBe('1:1: error: "256" is not a number of the type u8 [type]');
  expect(refuse(new Timestamp(0n), '2023-02-29T00:00:00Z')).toMatch(/is not a time/);
  expect(refuse(new Timestamp(0n), 'today')).toMatch(/is not a time/);
});

test('bytes that are no UTF-8 are refused at their place', () => {
  expect(problems(text, Uint8Array.of(0x61, 0x0a, 0xc3, 0xa9, 0xff))).toEqual([
    '2:2: error: the byte 0xff is not UTF-8: save the file as UTF-8 [encoding]',
  ]);
  expect(problems(text, Uint8Array.of(0xe2, 0x82))).toEqual([
    '1:1: error: the byte 0xe2 is not UTF-8: save the file as UTF-8 [encoding]',
  ]);
});

test('a changed value keeps the end that the file had', () => {
  expect(change(text, 'a\r\n', [[[], 'b']])).toBe('b\r\n');
  expect(change(text, '\ufeffa', [[[], 'b']])).toBe('\ufeffb');
});

test('structures and ill-formed strings are not shown', () => {
  expect(text.refuses(over(new Map()))).toMatch(/no scalar/);
  expect(text.refuses(over('\ud800'))).toMatch(/lone surrogate/);
});
