/** Values of the model, by fast-check: all types, awkward texts and numbers among them. */
import fc from 'fast-check';
import { NodeRef, Sized, Timestamp, Uuid, type Value } from '../../../src/uarr/value.ts';

const AWKWARD = [
  '',
  ' ',
  '~',
  'null',
  'true',
  'yes',
  'no',
  'on',
  '1',
  '1.0',
  '1.10',
  '012',
  '0x1F',
  '1e3',
  '-',
  '- a',
  'a: b',
  'a #b',
  '# c',
  '__proto__',
  'constructor',
  'a\nb',
  'a\n',
  '\n',
  '\n\n a\n',
  '\r\n',
  'a\r',
  '\t',
  '"',
  "'",
  '\\',
  '\\n',
  '{}',
  '[]',
  '*a',
  '&a',
  '!t',
  '%d',
  '@',
  '`',
  '|',
  '>',
  '---',
  '...',
  '=',
  ':',
  ',',
  '?',
  '2024-01-01',
  '2024-01-01T00:00:00Z',
  '.inf',
  '.nan',
  'é',
  '日本',
  '😀',
  '\ufeff',
  '\ufeffx',
  '\u2028',
  '\u0085',
  '\u0000',
  '\u0007',
  '\u007f',
  '\u00a0',
  'a,b',
  'a;b',
  'a"b',
  ' a',
  'a ',
  '\u0024{x}',
  '$x',
  '#',
  'export x',
  '<<',
];

/** Texts that UTF-8 can hold. */
export const texts: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...AWKWARD),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);

/** Texts with lone surrogates among them. */
export const illFormedTexts: fc.Arbitrary<string> = fc.oneof(
  { weight: 9, arbitrary: texts },
  { weight: 1, arbitrary: fc.constantFrom('\ud800', 'a\udc00b', '\udfff\ud800') },
);

export const keys: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'id', 'name', 'key', 'server', 'port'),
  texts,
);

export const integers: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -100n, max: 100n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 0n),
);

export const floats: fc.Arbitrary<number> = fc.oneof(
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    1,
    100,
    1e21,
    1e-7,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    5e-324,
  ),
);

export const sizedNumbers: fc.Arbitrary<Sized> = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((n) => new Sized('u8', n)),
  fc.integer({ min: -32768, max: 32767 }).map((n) => new Sized('i16', n)),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => new Sized('u64', n)),
  fc.float().map((n) => new Sized('f32', n)),
);

export const timestamps = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((ns) => new Timestamp(ns));
export const uuids = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => new Uuid(bytes));
export const nodeRefs = fc
  .string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'b', '1', '/') })
  .map((id) => new NodeRef(id));

/** Scalars of every type that `text` gives the strings of. */
export function scalars(text: fc.Arbitrary<string> = texts): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 4, arbitrary: text as fc.Arbitrary<Value> },
    { weight: 2, arbitrary: integers },
    { weight: 2, arbitrary: floats },
    { weight: 1, arbitrary: fc.constantFrom<Value>(null, true, false) },
    { weight: 1, arbitrary: sizedNumbers },
    { weight: 1, arbitrary: timestamps },
    { weight: 1, arbitrary: uuids },
    { weight: 1, arbitrary: nodeRefs },
  );
}

/** Values of every type, nested a few levels. */
export function values(text: fc.Arbitrary<string> = texts, key: fc.Arbitrary<string> = keys): fc.Arbitrary<Value> {
  const { value } = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      { weight: 4, arbitrary: scalars(text) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }) as fc.Arbitrary<Value> },
      { weight: 1, arbitrary: fc.array(fc.float(), { maxLength: 3 }).map((items) => new Float32Array(items)) },
      { weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 5 }) },
      { weight: 4, arbitrary: maps(tie('value'), key) },
    ),
  }));
  return value;
}

export function maps(value: fc.Arbitrary<Value>, key: fc.Arbitrary<string> = keys): fc.Arbitrary<Value> {
  return fc.array(fc.tuple(key, value), { maxLength: 5 }).map((pairs) => new Map(pairs));
}
