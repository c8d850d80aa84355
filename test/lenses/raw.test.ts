import { expect, test } from 'vitest';
import { rawBytes } from '../../lenses/raw.ts';
import { NodeRef, Sized, Timestamp, Uuid, type Value } from '../../src/uarr/value.ts';

test('each kind of value has its text', () => {
  const cases: [Value, string][] = [
    ['no newline is added', 'no newline is added'],
    ['', ''],
    ['zwölf €', 'zwölf €'],
    [null, 'null\n'],
    [true, 'true\n'],
    [42n, '42\n'],
    [9_007_199_254_740_993n, '9007199254740993\n'],
    [1, '1.0\n'],
    [-0, '-0.0\n'],
    [Number.NaN, 'NaN\n'],
    [Number.NEGATIVE_INFINITY, '-Infinity\n'],
    [new Sized('u8', 7), '7\n'],
    [new Timestamp(1_700_000_000_000_000_001n), '2023-11-14T22:13:20.000000001Z\n'],
    [Uuid.parse('00112233-4455-6677-8899-aabbccddeeff'), '00112233-4455-6677-8899-aabbccddeeff\n'],
    [new NodeRef('config'), 'n:config\n'],
    [[1n, 'a'], '[\n  1,\n  "a"\n]\n'],
    [
      new Map<string, Value>([
        ['z', 1n],
        ['a', null],
      ]),
      '{\n  "z": 1,\n  "a": null\n}\n',
    ],
    [new Int32Array([1, 2]), '[1, 2]\n'],
  ];
  for (const [value, text] of cases) expect(Buffer.from(rawBytes(value)).toString('utf8')).toBe(text);
});

test('bytes are shown as they are', () => {
  const bytes = Uint8Array.of(0, 255, 10);
  expect(rawBytes(bytes)).toBe(bytes);
});
