import { expect, test } from 'vitest';
import { leaf } from '../../lenses/source.ts';
import { toml } from '../../lenses/toml.ts';
import { fromJs, Timestamp, type Value } from '../../src/uarr/value.ts';
import { change, edits, Insert, parse, problems, REMOVE, show } from '../support/lenses/golden.ts';

const CARGO = `# The sample.
title = "sample" # shown
a.b = 1
a.c = 'x'

[package]
name = "fx"
version = "0.1.0"
keywords = [
  "drive", # what it is
  "nodes",
]

# What it needs.
[dependencies]
serde = { version = "1.0", features = ["derive"] }
when = 1979-05-27T07:32:00-08:00

[[bin]]
name = "one"

[[bin]]
name = "two"
[bin.extra]
x = 0x1F
`;

test('a value is printed in tables', () => {
  const value = fromJs({
    n: 1,
    f: 1.5,
    list: [1, [2]],
    t: { a: 'x', u: { b: true } },
    items: [{ c: 1 }, {}],
    text: 'a\nb',
  });
  expect(show(toml, value)).toBe(
    'n = 1\nf = 1.5\nlist = [1, [2]]\ntext = """\na\nb"""\n\n[t]\na = "x"\n\n[t.u]\nb = true\n\n[[items]]\nc = 1\n\n[[items]]\n',
  );
  expect(
    show(
      toml,
      new Map<string, Value>([
        ['a b', new Timestamp(0n)],
        ['', Number.NaN],
      ]),
    ),
  ).toBe('"a b" = 1970-01-01T00:00:00.000000000Z\n"" = nan\n');
  expect(show(toml, new Map())).toBe('');
});

test('a text is read with exact types', () => {
  expect(parse(toml, CARGO)).toEqual(
    new Map<string, Value>([
      ['title', 'sample'],
      ['a', fromJs({ b: 1, c: 'x' })],
      ['package', fromJs({ name: 'fx', version: '0.1.0', keywords: ['drive', 'nodes'] })],
      [
        'dependencies',
        new Map<string, Value>([
          ['serde', fromJs({ version: '1.0', features: ['derive'] })],
          ['when', new Timestamp(296_667_120_000_000_000n)],
        ]),
      ],
      ['bin', fromJs([{ name: 'one' }, { name: 'two', extra: { x: 31 } }])],
    ]),
  );
  expect(edits(toml, 'a = 1_000', 'a = 1000')).toEqual([]);
  expect(edits(toml, 'a = 1', 'a = 1.0')).toEqual(['set a 1.0']);
  expect(edits(toml, 'a = 1979-05-27', 'a = 1979-05-27T00:00:00Z')).toEqual(['set a "1979-05-27T00:00:00.000000000Z"']);
  const awkward = parse(toml, '__proto__.x = 1\n9 = 1\n8 = 2\n') as Map<string, Value>;
  expect([...awkward.keys()]).toEqual(['__proto__', '9', '8']);
});

test('one changed line is one edit', () => {
  expect(edits(toml, CARGO, CARGO.replace('0.1.0', '0.2.0'))).toEqual(['set package.version "0.2.0"']);
  expect(edits(toml, CARGO, CARGO.replace('0x1F', '31'))).toEqual([]);
  expect(edits(toml, CARGO, CARGO.replace('"two"', '"three"'))).toEqual(['set bin.1.name "three"']);
  expect(edits(toml, CARGO, CARGO.replace(/ *#.*/g, ''))).toEqual([]);
  expect(edits(toml, CARGO, CARGO.replace('[[bin]]\nname = "one"\n\n', ''))).toEqual(['unset bin.0']);
});

test('a field changed by a program changes its line alone', () => {
  const check = (path: (string | number)[], value: Value | typeof REMOVE | Insert, from: string | RegExp, to: string) =>
    expect(change(toml, CARGO, [[path, value]])).toBe(CARGO.replace(from, to));
  check(['package', 'version'], '0.2.0', '0.1.0', '0.2.0');
  check(['title'], 'other', '"sample"', '"other"');
  check(['a', 'c'], 'y', "'x'", "'y'");
  check(['a', 'd'], 2n, "a.c = 'x'\n", "a.c = 'x'\na.d = 2\n");
  check(['package', 'keywords', 2], new Insert('views'), '"nodes",\n', '"nodes",\n  "views",\n');
  check(['package', 'keywords', 0], REMOVE, '  "drive", # what it is\n', '');
  check(['dependencies', 'serde', 'optional'], true, '["derive"] }', '["derive"], optional = true }');
  check(['dependencies', 'ajv'], '8', '-08:00\n', '-08:00\najv = "8"\n');
  check(['dependencies', 'when'], REMOVE, 'when = 1979-05-27T07:32:00-08:00\n', '');
  check(['package'], REMOVE, /\n\[package\][\s\S]*?\]\n/, '');
  check(['package', 'meta'], fromJs({ k: 1 }), ',\n]\n', ',\n]\n\n[package.meta]\nk = 1\n');
  check(['bin', 1], new Insert(fromJs({ name: 'mid' })), '"one"\n', '"one"\n\n[[bin]]\nname = "mid"\n');
  check(['bin', 0], REMOVE, '\n[[bin]]\nname = "one"\n', '');
  check(['bin', 1, 'extra', 'x'], 1n, '0x1F', '1');
  check(['last'], fromJs({ k: 'v' }), /$/, '\n[last]\nk = "v"\n');
  check(['top'], 5n, '"sample" # shown\n', '"sample" # shown\ntop = 5\n');
});

test('what a text cannot say is not shown', () => {
  const refuses = (value: Value) => toml.refuses(leaf('x', value, 'root'));
  expect(refuses(1n)).toMatch(/only a map/);
  expect(refuses(fromJs({ a: [null] }))).toMatch(/null/);
  expect(refuses(fromJs({ a: '\ud800' }))).toMatch(/surrogate/);
  expect(refuses(fromJs({ a: 2n ** 63n }))).toMatch(/integer/);
});

test('what is wrong is told with its place', () => {
  expect(problems(toml, 'a = 1\na = 2')).toEqual(['2:1: error: the key is there already [duplicate-key]']);
  expect(problems(toml, '[a]\nb = 1\n[a]\n')).toEqual(['3:2: error: the key is there already [duplicate-key]']);
  expect(problems(toml, 'a = 1e400')[0]).toMatch(/^1:5: error: the number does not fit.*\[number-range\]$/);
  expect(problems(toml, 'a = 99999999999999999999')[0]).toMatch(
    /^1:5: error: the integer does not fit.*\[number-range\]$/,
  );
  expect(problems(toml, 'é = 1')[0]).toBe('1:1: error: unexpected character [syntax]');
  expect(problems(toml, 'a = ')[0]).toMatch(/^1:\d: error: .*\[syntax\]$/);
  expect(problems(toml, 'a = 2023-02-30')[0]).toMatch(/^1:\d+: error: unexpected invalid date \[syntax\]$/);
  expect(problems(toml, `a = ${'['.repeat(20_000)}`)[0]).toBe('1:133: error: nested deeper than 128 levels [depth]');
  expect(problems(toml, `${'a.'.repeat(20_000)}a = 1`)[0]).toMatch(/nested deeper than 128 levels \[depth\]$/);
  expect(problems(toml, 'a = "\u0000"')[0]).toMatch(/\[syntax\]$/);
});
