import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { yaml } from '../../lenses/yaml.ts';
import { fromJs, Sized, Timestamp, type Value } from '../../src/uarr/value.ts';
import { change, edits, Insert, parse, problems, REMOVE, show } from '../support/lenses/golden.ts';
import { root } from '../support/mount.ts';

const COMPOSE = `# The sample's services.
version: "3.9"   # quoted: it is a text

services:
  web:
    image: 'nginx:1.25'  # pinned
    ports:
      - "80:80"
      - "443:443"   # TLS
    environment: {DEBUG: "0", LEVEL: info}
    # how long to wait
    timeout: 0x1E

  worker:
    image: sample/worker
    command: |
      set -e
      run --all
    retries: 3
volumes: ~
`;

test('a value is printed in block style', () => {
  const value = fromJs({
    n: 1,
    f: 1.5,
    list: [{ a: 1, b: [2, 3] }, [], {}],
    text: 'two\nlines\n',
    odd: 'yes',
    time: '12:30',
  });
  expect(show(yaml, value)).toBe(`n: 1
f: 1.5
list:
  - a: 1
    b:
      - 2
      - 3
  - []
  - {}
text: |
  two
  lines
odd: "yes"
time: "12:30"
`);
  expect(show(yaml, [1, Number.NaN, Number.NEGATIVE_INFINITY])).toBe('- 1.0\n- .nan\n- -.inf\n');
  expect(show(yaml, new Timestamp(0n))).toBe('1970-01-01T00:00:00.000000000Z\n');
  expect(show(yaml, Uint8Array.of(1, 2))).toBe('!!binary "AQI="\n');
});

test('one changed line is one edit', () => {
  expect(edits(yaml, COMPOSE, COMPOSE.replace('0x1E', '60'))).toEqual(['set services.web.timeout 60']);
  expect(edits(yaml, COMPOSE, COMPOSE.replace('0x1E', '30'))).toEqual([]);
  expect(edits(yaml, COMPOSE, COMPOSE.replace('run --all', 'run --one'))).toEqual([
    'set services.worker.command "set -e\\nrun --one\\n"',
  ]);
  expect(edits(yaml, COMPOSE, COMPOSE.replace('      - "443:443"   # TLS\n', ''))).toEqual([
    'unset services.web.ports.1',
  ]);
  expect(edits(yaml, COMPOSE, COMPOSE.replace(/ *#.*/g, ''))).toEqual([]);
  expect(edits(yaml, COMPOSE, COMPOSE.replace('"3.9"', '3.9'))).toEqual(['set version 3.9']);
});

test('a field changed by a program changes its line alone', () => {
  const web = ['services', 'web'];
  expect(change(yaml, COMPOSE, [[[...web, 'timeout'], 60n]])).toBe(COMPOSE.replace('0x1E', '60'));
  expect(change(yaml, COMPOSE, [[[...web, 'image'], "it's"]])).toBe(COMPOSE.replace("'nginx:1.25'", "'it''s'"));
  expect(change(yaml, COMPOSE, [[[...web, 'ports', 1], '8443:8443']])).toBe(COMPOSE.replace('443:443', '8443:8443'));
  expect(change(yaml, COMPOSE, [[[...web, 'environment', 'LEVEL'], 'a, b']])).toBe(COMPOSE.replace('info', '"a, b"'));
  expect(change(yaml, COMPOSE, [[['services', 'worker', 'command'], 'one\ntwo']])).toBe(
    COMPOSE.replace('|\n      set -e\n      run --all', '|-\n      one\n      two'),
  );
  expect(change(yaml, COMPOSE, [[['volumes'], fromJs({ data: null })]])).toBe(
    COMPOSE.replace(': ~', ':\n  data: null'),
  );
  expect(change(yaml, COMPOSE, [[[...web, 'ports'], null]])).toBe(
    COMPOSE.replace('ports:\n      - "80:80"\n      - "443:443"   # TLS\n', 'ports: null\n'),
  );
});

test('members come and go with their lines', () => {
  const web = ['services', 'web'];
  expect(change(yaml, COMPOSE, [[[...web, 'restart'], 'always']])).toBe(
    COMPOSE.replace('0x1E\n', '0x1E\n    restart: always\n'),
  );
  expect(change(yaml, COMPOSE, [[[...web, 'ports', 2], new Insert('81:81')]])).toBe(
    COMPOSE.replace('# TLS\n', '# TLS\n      - "81:81"\n'),
  );
  expect(change(yaml, COMPOSE, [[[...web, 'ports', 0], new Insert('a', 'b')]])).toBe(
    COMPOSE.replace('- "80:80"', '- a\n      - b\n      - "80:80"'),
  );
  expect(change(yaml, COMPOSE, [[[...web, 'image'], REMOVE]])).toBe(
    COMPOSE.replace("    image: 'nginx:1.25'  # pinned\n", ''),
  );
  expect(change(yaml, COMPOSE, [[[...web, 'environment', 'DEBUG'], REMOVE]])).toBe(COMPOSE.replace('DEBUG: "0", ', ''));
  expect(change(yaml, COMPOSE, [[[...web, 'environment', 'NEW'], 1n]])).toBe(COMPOSE.replace('info}', 'info, NEW: 1}'));
  expect(change(yaml, COMPOSE, [[['volumes'], REMOVE]])).toBe(COMPOSE.replace('volumes: ~\n', ''));
  expect(change(yaml, COMPOSE, [[['services', 'worker'], REMOVE]])).toBe(COMPOSE.replace(/ {2}worker:[\s\S]*3\n/, ''));
  expect(change(yaml, 'a:\n  b: 1\n', [[['a', 'b'], REMOVE]])).toBe('a: {}\n');
  expect(change(yaml, '- a: 1\n  b: 2\n- c\n', [[[0, 'a'], REMOVE]])).toBe('- b: 2\n- c\n');
  expect(change(yaml, '- - a\n  - b\n', [[[0, 0], new Insert('z')]])).toBe('- - z\n  - a\n  - b\n');
  expect(change(yaml, 'a:\n- b\n# end', [[['a', 1], new Insert(fromJs({ x: 1, y: 2 }))]])).toBe(
    'a:\n- b\n- x: 1\n  y: 2\n# end',
  );
});

test('an empty text is null, and takes a value', () => {
  expect(parse(yaml, '')).toBe(null);
  expect(parse(yaml, '# nothing yet\n')).toBe(null);
  expect(change(yaml, '# nothing yet\n', [[[], fromJs({ a: 1 })]])).toBe('# nothing yet\na: 1\n');
});

test('anchors, aliases and merge keys are read, and stay in the text', () => {
  const text = 'base: &b {x: 1, y: 2}\none: *b\ntwo:\n  <<: *b\n  y: 3\n';
  expect(parse(yaml, text)).toEqual(fromJs({ base: { x: 1, y: 2 }, one: { x: 1, y: 2 }, two: { x: 1, y: 3 } }));
  expect(change(yaml, text, [[['two', 'y'], 4n]])).toBe(text.replace('y: 3', 'y: 4'));
  expect(change(yaml, text, [[['one', 'x'], 5n]])).toBe(text.replace('one: *b', 'one:\n  x: 5\n  y: 2'));
  expect(change(yaml, text, [[['two', 'x'], 5n]])).toBe(text.replace('  y: 3\n', '  y: 3\n  x: 5\n'));
  expect(change(yaml, text, [[['base', 'x'], 5n]])).toBe(
    'base: &b {x: 5, y: 2}\none:\n  x: 1\n  y: 2\ntwo:\n  <<: *b\n  y: 3\n  x: 1\n',
  );
});

test('several documents are an array', () => {
  const text = '# first\nkind: A\n---\n# second\nkind: B\n';
  expect(parse(yaml, text)).toEqual(fromJs([{ kind: 'A' }, { kind: 'B' }]));
  expect(edits(yaml, text, text.replace('B', 'C'))).toEqual(['set 1.kind "C"']);
  expect(change(yaml, text, [[[1, 'kind'], 'C']])).toBe(text.replace('B', 'C'));
  expect(change(yaml, text, [[[2], new Insert(fromJs({ kind: 'C' }))]])).toBe(`${text}---\nkind: C\n`);
});

test('types are those of YAML 1.2, and exact', () => {
  expect(
    parse(yaml, '[yes, "1", 1, 1.0, 0o17, 0x1F, ~, 012, 1.10, 9007199254740993, 18446744073709551615, .inf]'),
  ).toEqual([
    'yes',
    '1',
    1n,
    1,
    15n,
    31n,
    null,
    12n,
    1.1,
    9_007_199_254_740_993n,
    new Sized('u64', 2n ** 64n - 1n),
    Number.POSITIVE_INFINITY,
  ]);
  expect(edits(yaml, 'a: yes', 'a: "yes"')).toEqual([]);
  expect(edits(yaml, 'a: 1', 'a: "1"')).toEqual(['set a "1"']);
  expect(edits(yaml, 'a: 012', 'a: "012"')).toEqual(['set a "012"']);
  const awkward = parse(yaml, '__proto__: {x: 1}\n9: a\n8: b\n') as Map<string, Value>;
  expect([...awkward.keys()]).toEqual(['__proto__', '9', '8']);
});

test('line ends, marks at the start and missing newlines stay', () => {
  expect(
    change(yaml, '\ufeffa: 1\r\nb:\r\n  - x', [
      [['b', 1], new Insert('y')],
      [['a'], 2n],
    ]),
  ).toBe('\ufeffa: 2\r\nb:\r\n  - x\r\n  - y');
});

test('tags of an application stay in the text', () => {
  const text = 'a: !Ref x\nb: !GetAtt\n  - p\n  - q\n';
  expect(parse(yaml, text)).toEqual(fromJs({ a: 'x', b: ['p', 'q'] }));
  expect(problems(yaml, text)[0]).toMatch(/^1:1: warning: Unresolved tag: !Ref.*\[tag\]$/);
  expect(change(yaml, text, [[['a'], 'y']])).toBe(text.replace('x', 'y'));
});

test('what is wrong is told with its place', () => {
  expect(problems(yaml, 'a: 1\nb: 2\na: 3\n')).toEqual(['3:1: error: the key "a" is there already [duplicate-key]']);
  expect(problems(yaml, 'a: 1e400')[0]).toMatch(/^1:4: error: the number does not fit.*\[number-range\]$/);
  expect(problems(yaml, 'a: 99999999999999999999')[0]).toMatch(
    /^1:4: error: the integer does not fit.*\[number-range\]$/,
  );
  expect(problems(yaml, 'a: b: c')[0]).toMatch(/^1:4: error: Nested mappings.*\[syntax\]$/);
  expect(problems(yaml, 'a: "open')[0]).toMatch(/\[syntax\]$/);
  expect(problems(yaml, 'a: *x')[0]).toMatch(/^1:4: error: .*x.*\[(?:alias|syntax)\]$/);
  expect(problems(yaml, 'a: &x [*x]')[0]).toBe('1:8: error: the alias *x is inside what it names [alias]');
  expect(problems(yaml, '? [a]\n: b')[0]).toBe('1:1: error: a key must be a text, a number or another scalar [key]');
  expect(problems(yaml, 'a: \u0000')[0]).toBe(
    '1:4: error: a control character must be escaped, in double quotes [syntax]',
  );
});

test('aliases cannot blow a text up', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 10; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  expect(problems(yaml, lines.join('\n'))[0]).toMatch(
    /^\d+:\d+: error: aliases stand for more than 100000 nodes \[alias\]$/,
  );
});

test('a deeply nested text is refused and does not end the process, twice', () => {
  const script = `
    const { yaml } = await import(${JSON.stringify(join(root, 'dist/lenses/yaml.js'))});
    const texts = ['['.repeat(1000) + ']'.repeat(1000), '{a: '.repeat(1000), '- '.repeat(1000) + 'x', '? '.repeat(1000) + 'x',
      Array.from({ length: 1000 }, (_, i) => ' '.repeat(i) + 'a:').join('\\n')];
    for (let round = 0; round < 2; round++) for (const text of texts) console.log(yaml.validate(Buffer.from(text))[0].code);`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(child.stderr).toBe('');
  expect(child.stdout).toBe('depth\n'.repeat(10));
  expect(problems(yaml, `${'['.repeat(95)}${']'.repeat(95)}`)).toEqual([]);
});

test('a text without the tag is no bytes, also where bytes were', () => {
  expect(edits(yaml, '!!binary ""\n', '""\n')).toHaveLength(1);
  expect(edits(yaml, '!!binary "AQI="\n', "!!binary 'AQI='\n")).toEqual([]);
});
