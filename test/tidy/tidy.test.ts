import { expect, test } from 'vitest';
import { checkCalls } from '../../scripts/tidy/calls.ts';
import { checkCycles } from '../../scripts/tidy/cycles.ts';
import { checkHeads } from '../../scripts/tidy/heads.ts';
import { checkLayers, layerOf } from '../../scripts/tidy/layers.ts';
import { checkSizes } from '../../scripts/tidy/sizes.ts';
import { codeOnly, importsOf, lineAt, type SourceFile } from '../../scripts/tidy/source.ts';
import { checkWords } from '../../scripts/tidy/words.ts';

function files(contents: Record<string, string>): SourceFile[] {
  return Object.entries(contents).map(([path, text]) => ({ path, text }));
}

test('an import of a lower layer is fine, one of a higher layer is reported with its line', () => {
  const problems = checkLayers(
    files({
      'src/daemon/a.ts': "import { b } from '../store/b.ts';\n",
      'src/store/b.ts': "import { x } from '../ids.ts';\nimport type { Vfs } from '../../mount/vfs.ts';\n",
    }),
  );
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({ path: 'src/store/b.ts', line: 2, rule: 'layers' });
  expect(problems[0]?.message).toContain('"store" must not import from "mount"');
});

test('re-exports and dynamic imports count as imports', () => {
  const text = "export * from '../daemon/a.ts';\nexport type { B } from './b.ts';\nawait import('../cli.ts');\n";
  expect(importsOf({ path: 'src/wal/x.ts', text })).toEqual([
    { specifier: '../daemon/a.ts', line: 1, typeOnly: false },
    { specifier: './b.ts', line: 2, typeOnly: true },
    { specifier: '../cli.ts', line: 3, typeOnly: false },
  ]);
  expect(checkLayers(files({ 'src/wal/x.ts': text }))).toHaveLength(2);
});

test('an import over several lines is found, one in a comment is not', () => {
  const text = "// import { z } from '../cli.ts';\nimport {\n  a,\n  type B,\n} from './b.ts';\nimport './side.ts';\n";
  expect(importsOf({ path: 'src/a.ts', text }).map(({ specifier }) => specifier)).toEqual(['./b.ts', './side.ts']);
});

test('lenses reach neither the store nor the disk', () => {
  const text = "import { readFile } from 'node:fs';\nimport { S } from '../src/store/api.ts';\n";
  expect(checkLayers(files({ 'lenses/json.ts': text })).map(({ line }) => line)).toEqual([1, 2]);
});

test('nothing below may import a test or a script', () => {
  const text = "import { h } from '../test/support/h.ts';\n";
  expect(checkLayers(files({ 'src/a.ts': text }))).toHaveLength(1);
});

test('every area has its layer, the more specific path first', () => {
  expect(layerOf('src/cli.ts')).toBe(0);
  expect(layerOf('mount/fuse/session.ts')).toBeLessThan(layerOf('mount/vfs.ts') as number);
  expect(layerOf('src/wal/log.ts')).toBeLessThan(layerOf('src/ids.ts') as number);
  expect(layerOf('test/a.test.ts')).toBeUndefined();
  expect(layerOf('src/elsewhere/a.ts')).toBeUndefined();
  expect(checkLayers(files({ 'src/elsewhere/a.ts': '' }))).toHaveLength(1);
});

test('a cycle is reported once, with its way', () => {
  const problems = checkCycles(
    files({
      'src/a.ts': "import { b } from './b.ts';\n",
      'src/b.ts': "import { type C, c } from './c.ts';\n",
      'src/c.ts': "import { a } from './a.ts';\n",
      'src/d.ts': "import { a } from './a.ts';\n",
    }),
  );
  expect(problems.map(({ message }) => message)).toEqual([
    'import cycle: src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts',
  ]);
});

test('files that know only each other’s types make no cycle', () => {
  const problems = checkCycles(
    files({ 'src/a.ts': "import type { B } from './b.ts';\n", 'src/b.ts': "import { a } from './a.ts';\n" }),
  );
  expect(problems).toEqual([]);
});

test('two cycles through one file are both reported', () => {
  const problems = checkCycles(
    files({
      'src/a.ts': "import { b } from './b.ts';\nimport { c } from './c.ts';\n",
      'src/b.ts': "import { a } from './a.ts';\n",
      'src/c.ts': "import { a } from './a.ts';\n",
    }),
  );
  expect(problems.length).toBe(2);
});

test('sources end at 400 lines and tests at 800, unless exempt with a reason', () => {
  const lines = (count: number) => 'x\n'.repeat(count);
  expect(checkSizes(files({ 'src/a.ts': lines(400), 'test/a.test.ts': lines(800) }), new Map())).toEqual([]);
  expect(checkSizes(files({ 'src/a.ts': lines(401), 'test/a.test.ts': lines(801) }), new Map())).toHaveLength(2);
  expect(checkSizes(files({ 'src/a.ts': lines(401) }), new Map([['src/a.ts', 'a table']]))).toEqual([]);
});

test('an exemption that is not needed, or whose file is gone, is reported', () => {
  const exempt = new Map([
    ['src/a.ts', 'a table'],
    ['src/gone.ts', 'a table'],
  ]);
  expect(checkSizes(files({ 'src/a.ts': 'x\n' }), exempt)).toHaveLength(2);
});

test('synchronous file calls are banned from mount/ only', () => {
  const text = 'const bytes = readFileSync(path);\n';
  expect(checkCalls(files({ 'mount/a.ts': text, 'src/wal/a.ts': text }))).toMatchObject([{ path: 'mount/a.ts' }]);
});

test('printing and exiting belong to the command line and to scripts', () => {
  const text = "console.log('x');\nprocess.exit(1);\n";
  const problems = checkCalls(files({ 'src/cli.ts': text, 'scripts/a.mjs': text, 'src/store/a.ts': text }));
  expect(problems.map(({ path, line }) => `${path}:${line}`)).toEqual(['src/store/a.ts:1', 'src/store/a.ts:2']);
});

test('calls in comments, strings and regular expressions do not count', () => {
  const text = [
    '// console.log(x)',
    "const a = 'process.exit(1)';",
    'const b = `console.log(1)`;',
    'const c = /console.log/;',
    '/* debugger */',
  ].join('\n');
  expect(checkCalls(files({ 'src/a.ts': text }))).toEqual([]);
});

test('blanking keeps positions and lines', () => {
  const text = "a /* x\ny */ 'b' // c\nd";
  const code = codeOnly(text);
  expect(code).toHaveLength(text.length);
  expect(lineAt(code, code.indexOf('d'))).toBe(3);
});

test('notes of unfinished work, machine paths and registry hosts are found everywhere', () => {
  const unfinished = ['TO', 'DO'].join('');
  const machine = `/${'work'}/main`;
  const host = ['registry', 'example', 'org'].join('.');
  const problems = checkWords(
    files({ 'README.md': `see ${machine}\n`, 'src/a.ts': `// ${unfinished}: later\n`, 'package-lock.json': host }),
  );
  expect(problems.map(({ path }) => path).sort()).toEqual(['README.md', 'package-lock.json', 'src/a.ts']);
});

test('a word that only contains a banned one is fine', () => {
  expect(checkWords(files({ 'src/a.ts': 'const workers = a / work / b; // ./work/x, my/work/y\n' }))).toEqual([]);
});

test('a source without a head comment is reported, also below a shebang', () => {
  const head = '/**\n * Says what this file is for.\n */\n';
  const problems = checkHeads(
    files({
      'src/a.ts': head,
      'src/b.ts': 'const x = 1;\n',
      'scripts/c.mjs': `#!/usr/bin/env node\n${head}`,
      'native/d.cc': '// too little\n',
      'native/e.cc': '#include "e.h"\n',
      'native/e_js.cc': '#include "e.h"\n',
      'native/e.h': '// Says what this\n// header is for.\n#pragma once\n',
      'test/e.test.ts': 'x\n',
    }),
  );
  expect(problems.map(({ path }) => path)).toEqual(['src/b.ts', 'native/d.cc']);
});
