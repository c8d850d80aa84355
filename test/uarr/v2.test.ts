import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FxError } from '../../src/errors.ts';
import { VALUE_BYTES_MAX, VALUE_DEPTH_MAX } from '../../src/limits.ts';
import { decode, element, encode, field, view } from '../../src/uarr/v2.ts';
import { equal, fromJs, NodeRef, Sized, Timestamp, Uuid, type Value } from '../../src/uarr/value.ts';
import { hex, texts, values } from './values.ts';

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof FxError) return error.code;
    throw error;
  }
}

const RUNS = { numRuns: 200 };

test('the example in the description of the format is what the encoder makes', () => {
  const source = readFileSync(new URL('../../src/uarr/v2.ts', import.meta.url), 'utf8');
  const rows = source.matchAll(/^ \* {5}[0-9a-f]{2} {2}((?:[0-9a-f]{2} +){8})/gm);
  const bytes = Buffer.concat(Array.from(rows, ([, digits]) => hex(digits as string)));
  expect(bytes.length).toBe(72);
  const value = fromJs({ id: 7, name: 'Ada' });
  expect(Buffer.from(encode(value))).toEqual(bytes);
  expect(decode(bytes)).toEqual(value);
});

const HEADER = (tag: string): string => `52 52 41 55 02 00 ${tag} 00`;

const VECTORS: readonly (readonly [string, Value, string])[] = [
  ['i8', new Sized('i8', -2), `${HEADER('00')} fe ff ff ff ff ff ff ff`],
  ['i16', new Sized('i16', 258), `${HEADER('01')} 02 01 00 00 00 00 00 00`],
  ['i32', new Sized('i32', -1), `${HEADER('02')} ff ff ff ff ff ff ff ff`],
  ['i64', -(2n ** 63n), `${HEADER('03')} 00 00 00 00 00 00 00 80`],
  ['u8', new Sized('u8', 255), `${HEADER('04')} ff 00 00 00 00 00 00 00`],
  ['u16', new Sized('u16', 65535), `${HEADER('05')} ff ff 00 00 00 00 00 00`],
  ['u32', new Sized('u32', 4294967295), `${HEADER('06')} ff ff ff ff 00 00 00 00`],
  ['u64', new Sized('u64', 2n ** 64n - 1n), `${HEADER('07')} ff ff ff ff ff ff ff ff`],
  ['f32', new Sized('f32', 1.5), `${HEADER('08')} 00 00 c0 3f 00 00 00 00`],
  ['f32 NaN', new Sized('f32', NaN), `${HEADER('08')} 00 00 c0 7f 00 00 00 00`],
  ['f64', 1, `${HEADER('09')} 00 00 00 00 00 00 f0 3f`],
  ['f64 -0.0', -0, `${HEADER('09')} 00 00 00 00 00 00 00 80`],
  ['f64 NaN', NaN, `${HEADER('09')} 00 00 00 00 00 00 f8 7f`],
  ['true', true, `${HEADER('0a')} 01 00 00 00 00 00 00 00`],
  ['null', null, `${HEADER('0b')} 00 00 00 00 00 00 00 00`],
  ['undefined', undefined, `${HEADER('0c')} 00 00 00 00 00 00 00 00`],
  ['empty string', '', `${HEADER('10')} 10 00 00 00 00 00 00 00`],
  ['string', 'é', `${HEADER('10')} 10 00 00 00 02 00 00 00  c3 a9 00 00 00 00 00 00`],
  ['lone surrogate', '\ud800', `${HEADER('10')} 10 00 00 00 03 00 00 00  ed a0 80 00 00 00 00 00`],
  ['bytes', Uint8Array.of(1, 2), `${HEADER('11')} 10 00 00 00 02 00 00 00  01 02 00 00 00 00 00 00`],
  ['node reference', new NodeRef('ab'), `${HEADER('30')} 10 00 00 00 02 00 00 00  61 62 00 00 00 00 00 00`],
  ['timestamp', new Timestamp(1n), `${HEADER('31')} 01 00 00 00 00 00 00 00`],
  [
    'uuid',
    Uuid.parse('00010203-0405-0607-0809-0a0b0c0d0e0f'),
    `${HEADER('32')} 10 00 00 00 10 00 00 00  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f`,
  ],
  ['vector', Int16Array.of(1, -1), `${HEADER('41')} 10 00 00 00 04 00 00 00  01 00 ff ff 00 00 00 00`],
  ['f64 vector', Float64Array.of(1), `${HEADER('49')} 10 00 00 00 08 00 00 00  00 00 00 00 00 00 f0 3f`],
  ['empty map', new Map(), `${HEADER('21')} 10 00 00 00 08 00 00 00  00 00 00 00 00 00 00 00`],
  [
    'array',
    [null, 'a', 2n],
    `${HEADER('20')} 10 00 00 00 30 00 00 00
     03 00 00 00 00 00 00 00   # 3 elements
     0b 10 03 00 00 00 00 00   # tags
     00 00 00 00 00 00 00 00   # null
     28 00 00 00 01 00 00 00   # payload at 40, 1 byte
     02 00 00 00 00 00 00 00   # 2
     61 00 00 00 00 00 00 00`,
  ],
];

test.each(VECTORS)('%s has its bytes, both ways', (_, value, text) => {
  expect(Buffer.from(encode(value)).toString('hex')).toBe(hex(text).toString('hex'));
  expect(equal(decode(hex(text)), value)).toBe(true);
});

/** What differs from canonical bytes in one thing. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['another magic', '52 52 41 56 02 00 0b 00 00 00 00 00 00 00 00 00'],
  ['version 1', '52 52 41 55 01 00 0b 00 00 00 00 00 00 00 00 00'],
  ['a reserved byte', '52 52 41 55 02 00 0b 01 00 00 00 00 00 00 00 00'],
  ['an unknown tag', `${HEADER('22')} 10 00 00 00 00 00 00 00`],
  ['a u8 vector', `${HEADER('44')} 10 00 00 00 00 00 00 00`],
  ['a null that is not zero', `${HEADER('0b')} 01 00 00 00 00 00 00 00`],
  ['a bool of 2', `${HEADER('0a')} 02 00 00 00 00 00 00 00`],
  ['an i8 of 128', `${HEADER('00')} 80 00 00 00 00 00 00 00`],
  ['an i8 not sign-extended', `${HEADER('00')} ff ff ff ff 00 00 00 00`],
  ['another f64 NaN', `${HEADER('09')} 01 00 00 00 00 00 f8 7f`],
  ['another f32 NaN', `${HEADER('08')} 01 00 c0 7f 00 00 00 00`],
  ['bytes after the end', `${HEADER('0b')} 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00`],
  ['padding that is not zero', `${HEADER('10')} 10 00 00 00 01 00 00 00 61 00 00 00 00 00 00 01`],
  ['a payload at another offset', `${HEADER('10')} 18 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00`],
  ['a length past the end', `${HEADER('10')} 10 00 00 00 ff ff ff ff 61 00 00 00 00 00 00 00`],
  ['padding cut off', `${HEADER('10')} 10 00 00 00 01 00 00 00 61`],
  ['malformed UTF-8', `${HEADER('10')} 10 00 00 00 01 00 00 00 80 00 00 00 00 00 00 00`],
  ['a surrogate pair as two', `${HEADER('10')} 10 00 00 00 06 00 00 00 ed a0 80 ed b0 80 00 00`],
  ['a uuid of 8 bytes', `${HEADER('32')} 10 00 00 00 08 00 00 00 01 02 03 04 05 06 07 08`],
  ['a count that lies', `${HEADER('20')} 10 00 00 00 08 00 00 00 ff ff ff ff 00 00 00 00`],
];

test.each(REFUSED)('%s is refused as damaged', (_, text) => {
  expect(codeOf(() => decode(hex(text)))).toBe('DAMAGED');
});

test('a map with its search table out of order, or a key twice, is refused', () => {
  const good = Buffer.from(encode(fromJs({ a: 1, b: 2 })));
  const swapped = Buffer.from(good);
  swapped[29] = 1;
  swapped[45] = 0;
  expect(codeOf(() => decode(swapped))).toBe('DAMAGED');
  const twice = Buffer.from(good);
  twice[57] = 0x61;
  expect(twice.latin1Slice(56, 58)).toBe('aa');
  expect(codeOf(() => decode(twice))).toBe('DAMAGED');
});

test('a later version is told from damage', () => {
  expect(codeOf(() => decode(hex('52 52 41 55 03 00 0b 00 00 00 00 00 00 00 00 00')))).toBe('NEWER_FORMAT');
});

test('every value comes back as it was, from memory at any alignment', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 7 }), (value, shift) => {
      const bytes = encode(value);
      expect(bytes.byteOffset % 8).toBe(0);
      const moved = Buffer.alloc(bytes.length + shift).subarray(shift);
      moved.set(bytes);
      expect(equal(decode(moved), value)).toBe(true);
      expect(Buffer.compare(encode(decode(moved)), bytes)).toBe(0);
    }),
    RUNS,
  );
});

test('values are equal exactly when their bytes are', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      expect(Buffer.compare(encode(a), encode(b)) === 0).toBe(equal(a, b));
    }),
    RUNS,
  );
  expect(encode(1n)).not.toEqual(encode(1));
  expect(encode(0)).not.toEqual(encode(-0));
  expect(encode(fromJs({ a: 1, b: 2 }))).not.toEqual(encode(fromJs({ b: 2, a: 1 })));
  expect(equal(fromJs({ a: 1, b: 2 }), fromJs({ b: 2, a: 1 }), true)).toBe(true);
});

test('bytes that decode at all are the canonical ones', () => {
  fc.assert(
    fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, flip) => {
      const bytes = Buffer.from(encode(value));
      bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ flip;
      const code = codeOf(() => expect(Buffer.compare(encode(decode(bytes)), bytes)).toBe(0));
      expect([undefined, 'DAMAGED', 'NEWER_FORMAT']).toContain(code);
    }),
    { numRuns: 700 },
  );
});

test('a value cut at any byte is refused', () => {
  fc.assert(
    fc.property(values, (value) => {
      const bytes = encode(value);
      for (let end = 0; end < bytes.length; end += 1 + (end >> 4)) {
        expect(codeOf(() => decode(bytes.subarray(0, end)))).toBe('DAMAGED');
      }
    }),
    { numRuns: 100 },
  );
});

function walkAll(bytes: Uint8Array): void {
  const stack = [view(bytes)];
  for (let steps = 0; steps < 1000; steps++) {
    const at = stack.pop();
    if (at === undefined) return;
    at.inPlace();
    for (const key of at.keys()) at.field(key);
    for (let i = 0; i < Math.min(at.count, 50); i++) {
      const member = at.element(i);
      if (member !== undefined) stack.push(member);
    }
  }
}

test('a view of damaged bytes gives values or FxError, and stays inside them', () => {
  fc.assert(
    fc.property(values, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }), (value, at, noise) => {
      const bytes = Buffer.from(encode(value));
      bytes.set(noise.subarray(0, bytes.length), at % Math.max(1, bytes.length - noise.length));
      expect([undefined, 'DAMAGED', 'NEWER_FORMAT']).toContain(codeOf(() => walkAll(bytes)));
    }),
    { numRuns: 700 },
  );
});

test('each field is found by its key, with any number of fields', () => {
  fc.assert(
    fc.property(fc.uniqueArray(texts, { maxLength: 60 }), texts, (keys, other) => {
      const map = new Map(keys.map((key, i): [string, Value] => [key, BigInt(i)]));
      const bytes = encode(map);
      for (const [key, value] of map) expect(field(bytes, key)).toBe(value);
      expect(view(bytes).field(other)?.value()).toBe(map.get(other));
      expect([...view(bytes).keys()]).toEqual(keys);
    }),
    { numRuns: 100 },
  );
});

test('a view walks paths and tells types', () => {
  const bytes = encode(fromJs({ a: [{ b: 'x' }, 2.5], v: Float64Array.of(1, 2) }));
  expect(view(bytes).get(['a', 0, 'b'])?.value()).toBe('x');
  expect(view(bytes).get(['a', 1])?.type).toBe('f64');
  expect(view(bytes).get(['a', 2])).toBeUndefined();
  expect(view(bytes).get(['a', 'b'])).toBeUndefined();
  expect(view(bytes).get([1])?.type).toBe('f64[]');
  expect(view(bytes).field('a')?.count).toBe(2);
  expect(element(encode(['x', 'y']), 1)).toBe('y');
  expect(element(encode(['x', 'y']), -1)).toBeUndefined();
});

test('a vector is seen in place, without a copy', () => {
  const bytes = encode(
    new Map<string, Value>([
      ['name', 'odd'],
      ['v', Float64Array.of(1, 2, 3)],
    ]),
  );
  const seen = view(bytes).field('v')?.inPlace() as Float64Array;
  expect([...seen]).toEqual([1, 2, 3]);
  expect(seen.buffer).toBe(bytes.buffer);
});

test('what decode returns shares no memory with what it read', () => {
  const bytes = encode([Uint8Array.of(1), Int32Array.of(2)]);
  const decoded = decode(bytes);
  bytes.fill(0);
  expect(decoded).toEqual([Uint8Array.of(1), Int32Array.of(2)]);
});

test('nesting is allowed up to its limit, and an endless value is refused', () => {
  let value: Value = 1n;
  for (let i = 0; i < VALUE_DEPTH_MAX; i++) value = [value];
  expect(equal(decode(encode(value)), value)).toBe(true);
  expect(codeOf(() => encode([value]))).toBe('INVALID');
  const loop: Value[] = [];
  loop.push(loop);
  expect(codeOf(() => encode(loop))).toBe('INVALID');
});

test('a value up to the size limit is encoded, a larger one is refused', () => {
  const most = 'x'.repeat(VALUE_BYTES_MAX - 16);
  expect(encode(most).length).toBe(VALUE_BYTES_MAX);
  expect(codeOf(() => encode(`${most}x`))).toBe('TOO_BIG');
  expect(codeOf(() => encode(new Uint8Array(VALUE_BYTES_MAX * 5)))).toBe('TOO_BIG');
});

test('integers beyond i64 and strangers are refused, and the encoder works on', () => {
  expect(codeOf(() => encode(2n ** 63n))).toBe('INVALID');
  expect(codeOf(() => encode([1n, new Date() as unknown as Value]))).toBe('INVALID');
  expect(codeOf(() => encode((() => 1) as unknown as Value))).toBe('INVALID');
  expect(decode(encode('still'))).toBe('still');
});
