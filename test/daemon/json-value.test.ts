/**
 * JSON text as exact values.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/daemon/json-value.ts';
import { FxError } from '../../src/errors.ts';
import { Sized, toJs } from '../../src/uarr/value.ts';

function message(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof FxError && error.code === 'INVALID') return error.message;
    throw error;
  }
  return '';
}

test('integers stay integers and floats floats', () => {
  expect(parseJson('1')).toBe(1n);
  expect(parseJson('1.0')).toBe(1);
  expect(parseJson('1e2')).toBe(100);
  expect(parseJson('-0')).toBe(-0);
  expect(parseJson('9007199254740993')).toBe(9007199254740993n);
  expect(parseJson('-9223372036854775808')).toBe(-(2n ** 63n));
  expect(parseJson('18446744073709551615')).toEqual(new Sized('u64', 2n ** 64n - 1n));
});

test('keys keep their order, whatever they are called', () => {
  const map = parseJson('{"b": 1, "2": 2, "1": 3, "__proto__": 4, "": 5}') as Map<string, unknown>;
  expect([...map.keys()]).toEqual(['b', '2', '1', '__proto__', '']);
});

test('what JSON.parse reads is read the same, but for what it loses', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      fc.pre(!/(^|[^.\d])\d{19,}/.test(text));
      // Integers over 2^53 are exact here, and rounded there.
      const rounded = JSON.parse(
        JSON.stringify(toJs(parseJson(text)), (_key, value: unknown) =>
          typeof value === 'bigint' ? Number(value) : value,
        ),
      );
      expect(rounded).toEqual(JSON.parse(JSON.stringify(JSON.parse(text))));
    }),
    { numRuns: 300 },
  );
});

test('errors tell line and column', () => {
  expect(message('{"a": 1,\n "a": 2}')).toBe('the JSON is wrong at 2:2: the key "a" stands here a second time');
  expect(message('[1,\n2,\n]')).toContain('at 3:1');
  for (const text of [
    '',
    ' ',
    '{',
    '[',
    '"',
    '"\n"',
    '01',
    '1.',
    '-',
    '+1',
    '1e400',
    '18446744073709551616',
    'nul',
    '[1 2]',
    '{"a" 1}',
    '{a: 1}',
    '1 2',
    '"\\x"',
  ]) {
    expect(message(text)).toMatch(/^the JSON is wrong at \d+:\d+: /);
  }
  expect(message('['.repeat(100_000))).toContain('nested deeper');
});
