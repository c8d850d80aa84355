import fc from 'fast-check';
import { expect, test } from 'vitest';
import { equal, fromJs, NodeRef, Sized, Timestamp, toJs, toJsonText, Uuid, type Value } from '../../src/uarr/value.ts';
import { values } from './values.ts';

test('whole numbers become integers, others floats', () => {
  expect(fromJs(1)).toBe(1n);
  expect(fromJs(1.5)).toBe(1.5);
  expect(Object.is(fromJs(-0), -0)).toBe(true);
  expect(fromJs(2 ** 53)).toBe(2 ** 53);
  expect(fromJs(2n ** 64n - 1n)).toEqual(new Sized('u64', 2n ** 64n - 1n));
});

test('keys of plain objects are kept, also those that objects treat specially', () => {
  const js = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "b": [null]}') as unknown;
  const value = fromJs(js) as Map<string, Value>;
  expect([...value.keys()]).toEqual(['__proto__', 'constructor', 'b']);
  const back = toJs(value) as object;
  expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  expect(JSON.stringify(back)).toBe(JSON.stringify(js));
});

test('what is no data is refused', () => {
  const loop: unknown[] = [];
  loop.push(loop);
  for (const js of [() => 1, Symbol('x'), new Set([1]), new Date(Number.NaN), 2n ** 64n, new Map([[1, 2]]), loop]) {
    expect(() => fromJs(js)).toThrow(expect.objectContaining({ code: 'INVALID' }));
  }
});

test('a sized number must fit its width', () => {
  expect(() => new Sized('i8', 128)).toThrow(expect.objectContaining({ code: 'INVALID' }));
  expect(() => new Sized('u8', -1)).toThrow(expect.objectContaining({ code: 'INVALID' }));
  expect(() => new Sized('f32', 0.1)).toThrow(expect.objectContaining({ code: 'INVALID' }));
  expect(() => new Sized('u64', 1)).toThrow(expect.objectContaining({ code: 'INVALID' }));
  expect(() => new Timestamp(-1n)).toThrow(expect.objectContaining({ code: 'INVALID' }));
  expect(() => Uuid.parse('xyz')).toThrow(expect.objectContaining({ code: 'INVALID' }));
});

test('dates are timestamps, and finer timestamps stay exact', () => {
  const date = new Date('2025-11-19T11:17:54.166Z');
  expect(fromJs(date)).toEqual(new Timestamp(1763551074166000000n));
  expect(toJs(fromJs(date))).toEqual(date);
  expect(toJs(new Timestamp(1n))).toEqual(new Timestamp(1n));
  expect(new Timestamp(2n ** 64n - 1n).toString()).toBe('2554-07-21T23:34:33.709551615Z');
});

test('the text of a value is readable JSON', () => {
  const value = new Map<string, Value>([
    ['b', 9007199254740993n],
    ['a', [1, -0, 1e300, new Sized('u8', 7), NaN]],
    ['10', new Map([['é"', undefined]])],
    ['empty', [[], new Map()]],
    ['bytes', Uint8Array.of(1, 2, 3)],
    ['ref', new NodeRef('abc')],
    ['time', new Timestamp(1763551074166000001n)],
    ['uuid', new Uuid(new Uint8Array(16))],
    ['vector', Float32Array.of(1, 0.5)],
  ]);
  expect(toJsonText(value)).toBe(
    `{
  "b": 9007199254740993,
  "a": [
    1.0,
    -0.0,
    1e+300,
    7,
    "NaN"
  ],
  "10": {
    "é\\"": null
  },
  "empty": [
    [],
    {}
  ],
  "bytes": "AQID",
  "ref": "n:abc",
  "time": "2025-11-19T11:17:54.166000001Z",
  "uuid": "00000000-0000-0000-0000-000000000000",
  "vector": [1.0, 0.5]
}`,
  );
});

test('the text of every value parses as JSON', () => {
  fc.assert(
    fc.property(values, (value) => void JSON.parse(toJsonText(value))),
    { numRuns: 200 },
  );
});

test('plain data comes back from values', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (js) => {
      expect(equal(fromJs(toJs(fromJs(js))), fromJs(js))).toBe(true);
      expect(toJs(fromJs(js))).toEqual(js);
    }),
    { numRuns: 200 },
  );
});
