import { expect, test } from 'vitest';
import { json } from '../../lenses/json.ts';
import { leaf } from '../../lenses/source.ts';
import { Sized, Timestamp, Uuid, type Value } from '../../src/uarr/value.ts';
import { change, edits, Insert, parse, problems, REMOVE, show } from '../support/lenses/golden.ts';

const SERVER = `{
  "name": "sample",
  "server": {"host": "localhost", "port": 8080},
  "tags": [
    "a",
    "b"
  ]
}
`;

test('a value is printed with two spaces a level', () => {
  const value = new Map<string, Value>([
    ['n', 1n],
    ['f', 1],
    ['list', [true, null]],
  ]);
  expect(show(json, value)).toBe('{\n  "n": 1,\n  "f": 1.0,\n  "list": [\n    true,\n    null\n  ]\n}\n');
});

test('one changed field is one edit', () => {
  expect(edits(json, SERVER, SERVER.replace('8080', '9090'))).toEqual(['set server.port 9090']);
  expect(edits(json, SERVER, SERVER.replace('"b"', '"b",\n    "c"'))).toEqual(['insert tags.2 "c"']);
  expect(edits(json, SERVER, SERVER.replace('"a",', ''))).toEqual(['unset tags.0']);
  expect(edits(json, SERVER, SERVER.replace('"name"', '"title"'))).toEqual(['unset name', 'set title "sample"']);
  expect(edits(json, SERVER, JSON.stringify(JSON.parse(SERVER)))).toEqual([]);
});

test('a field changed by a program changes its bytes alone', () => {
  expect(change(json, SERVER, [[['server', 'port'], 9090n]])).toBe(SERVER.replace('8080', '9090'));
  expect(change(json, SERVER, [[['server', 'tls'], true]])).toBe(SERVER.replace('8080', '8080, "tls": true'));
  expect(change(json, SERVER, [[['server', 'host'], REMOVE]])).toBe(SERVER.replace('"host": "localhost", ', ''));
  expect(change(json, SERVER, [[['server', 'port'], REMOVE]])).toBe(SERVER.replace(', "port": 8080', ''));
  expect(change(json, SERVER, [[['tags', 1], REMOVE]])).toBe(SERVER.replace('"a",\n    "b"', '"a"'));
  expect(change(json, SERVER, [[['tags', 2], new Insert('c')]])).toBe(SERVER.replace('"b"', '"b",\n    "c"'));
  expect(change(json, SERVER, [[['tags', 0], new Insert('z')]])).toBe(SERVER.replace('"a"', '"z",\n    "a"'));
  expect(change(json, SERVER, [[['list'], [1n]]])).toBe(
    SERVER.replace('"b"\n  ]', '"b"\n  ],\n  "list": [\n    1\n  ]'),
  );
});

test('layout, line ends and the mark at the start stay', () => {
  const windows = '\ufeff{\r\n\t"a":1,\r\n\t"b":[ ]\r\n}';
  expect(change(json, windows, [[['a'], 2n]])).toBe('\ufeff{\r\n\t"a":2,\r\n\t"b":[ ]\r\n}');
  expect(change(json, windows, [[['c'], 3n]])).toBe('\ufeff{\r\n\t"a":1,\r\n\t"b":[ ],\r\n\t"c": 3\r\n}');
  expect(change(json, '{"a": 1e2, "b": 1}', [[['b'], 2n]])).toBe('{"a": 1e2, "b": 2}');
});

test('items of arrays are known by id, name or key', () => {
  const text = '[{"id": 1, "v": "a"}, {"id": 2, "v": "b"}, {"id": 3, "v": "c"}]';
  expect(edits(json, text, '[{"id": 2, "v": "b"}, {"id": 3, "v": "x"}]')).toEqual(['unset 0', 'set 2.v "x"']);
  expect(edits(json, text, text.replace('"id": 2', '"id": 9'))).toEqual(['set 1.id 9']);
});

test('integers are exact and floats are floats', () => {
  expect(parse(json, '[9007199254740993, -9223372036854775808, 18446744073709551615, 1.0, 1e2, -0.0]')).toEqual([
    9_007_199_254_740_993n,
    -(2n ** 63n),
    new Sized('u64', 2n ** 64n - 1n),
    1,
    100,
    -0,
  ]);
  expect(edits(json, '[1]', '[1.0]')).toEqual(['set 0 1.0']);
});

test('fields keep their types where the text can say them', () => {
  const typed = leaf(
    'x',
    new Map<string, Value>([
      ['port', new Sized('u16', 80)],
      ['at', new Timestamp(0n)],
      ['id', Uuid.parse('00112233-4455-6677-8899-aabbccddeeff')],
      ['data', Uint8Array.of(1, 2)],
      ['vector', new Float32Array([0.5])],
    ]),
    'root',
  );
  const text = Buffer.from(json.get(typed)).toString();
  const next = text
    .replace('80', '81')
    .replace('1970', '1971')
    .replace('AQI=', 'AQID')
    .replace('0.5', '0.5, 1.5')
    .replace('0011', '0012');
  const result = json.put(Buffer.from(next), typed);
  expect(result.ok && result.edits.map((edit) => edit.op === 'set' && edit.value)).toEqual([
    new Sized('u16', 81),
    new Timestamp(31_536_000_000_000_000n),
    Uuid.parse('00122233-4455-6677-8899-aabbccddeeff'),
    Uint8Array.of(1, 2, 3),
    new Float32Array([0.5, 1.5]),
  ]);
  expect(edits(json, typed, text.replace('80', '65536'))).toEqual(['set port 65536']);
});

test('awkward keys are keys like any other', () => {
  const text = '{"__proto__": {"x": 1}, "constructor": 2, "10": 3, "9": 4, "": 5}';
  const value = parse(json, text) as Map<string, Value>;
  expect([...value.keys()]).toEqual(['__proto__', 'constructor', '10', '9', '']);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
  expect(change(json, text, [[['__proto__', 'x'], 2n]])).toBe(text.replace('1}', '2}'));
});

test('lone surrogates are kept as escapes', () => {
  expect(parse(json, '"\\ud800"')).toBe('\ud800');
  expect(show(json, '\ud800')).toBe('"\\ud800"\n');
});

test('what is wrong is told with its place', () => {
  expect(problems(json, '{"a": 1,\n "a": 2}')).toEqual(['2:2: error: the key "a" is there already [duplicate-key]']);
  expect(problems(json, '{"a": 1e400}')[0]).toMatch(/^1:7: error: the number does not fit.*\[number-range\]$/);
  expect(problems(json, '[99999999999999999999]')[0]).toMatch(
    /^1:2: error: the integer does not fit.*\[number-range\]$/,
  );
  expect(problems(json, '{"é": 1,}')).toEqual(['1:9: error: a key in double quotes is expected here [syntax]']);
  expect(problems(json, '')).toEqual(['1:1: error: a value is expected here [syntax]']);
  expect(problems(json, '[1] // c')[0]).toMatch(/^1:5: error: JSON has no comments.*\[syntax\]$/);
  expect(problems(json, '[1 2]')[0]).toBe('1:4: error: a comma is expected here [syntax]');
  expect(problems(json, '"\u0000"')[0]).toBe('1:1: error: a control character must be escaped [syntax]');
  expect(problems(json, '['.repeat(100_000))).toEqual(['1:129: error: nested deeper than 128 levels [depth]']);
  expect(problems(json, Buffer.alloc((16 << 20) + 1, 0x20))[0]).toMatch(
    /^1:1: error: the text has 16777217 bytes.*\[too-big\]$/,
  );
});
