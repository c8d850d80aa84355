import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EXIT_MEANINGS } from '../../src/cli/exit-codes.ts';

test('the exit codes in the README are those of the command line', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const section = readme.split('\n## ').find((text) => text.startsWith('Exit codes')) ?? '';
  const rows = [...section.matchAll(/^\| *(\d+) \| (.*?) *\|$/gm)].map(([, code, meaning]) => [code, meaning]);
  expect(rows).toEqual(Object.entries(EXIT_MEANINGS));
});
