import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { LENSES } from '../../lenses/registry.ts';
import { branch, leaf } from '../../lenses/source.ts';

const BYTES = 16 << 10;
/** Generous: what is meant to be caught is time that grows with the square of the length. */
const LIMIT_MS = 10_000;

const PATTERNS = [
  '[',
  '{',
  '{"a":',
  '"',
  "'",
  ' ',
  '\n',
  '\r',
  '\t',
  ',',
  '- ',
  'a: ',
  ' a:\n',
  '#',
  '#\n',
  '\0',
  '\\',
  '\\\n',
  '&a ',
  '*a ',
  '!a ',
  '/*',
  '//',
  '/* FX:BEGIN id=a',
  '# FX:BEGIN id=a ',
  '# FX:BEGIN id=a\n',
  'FX: ',
  'a=',
  'a="',
  'a = [\n',
  '[a]\n',
  '[[a]]\n',
  '---\n',
  '...\n',
  '--- ',
  'a,b\n',
  'a,"b\n',
  '\ufeff',
  "'''",
  '"""',
  '? ',
  '| ',
  '|\n ',
  '1',
  '1.',
  '-',
  'é',
  '\ud83d\ude00',
  '{}',
  '[]',
  '{a: ',
  '[a, ',
  '<<: *a\n',
  '% ',
  '@',
  '`',
  'key,',
  'a.',
  'a.a=1\n',
  '=\n',
  ': ',
  '\u2028',
] as const;

test('no text keeps a lens busy, whatever it repeats', () => {
  const slow: string[] = [];
  for (const lens of LENSES) {
    const base = lens.scope === 'value' ? leaf('x', 'text', 'root') : branch('x', [leaf('a', 'text', 'n1')], 'root');
    for (const pattern of PATTERNS) {
      const bytes = Buffer.from(pattern.repeat(Math.ceil(BYTES / Buffer.byteLength(pattern))));
      const start = performance.now();
      lens.validate(bytes);
      lens.put(bytes, base);
      const ms = performance.now() - start;
      if (ms > LIMIT_MS) slow.push(`${lens.name} ${JSON.stringify(pattern)}: ${Math.round(ms)} ms`);
    }
  }
  expect(slow).toEqual([]);
}, 300_000);

test('a text over the limit is refused without being read', () => {
  const big = Buffer.alloc(100 << 20, 0x20);
  for (const lens of LENSES) {
    if (lens.name === 'raw') continue;
    const start = performance.now();
    expect(lens.validate(big)[0]?.code, lens.name).toBe('too-big');
    expect(performance.now() - start).toBeLessThan(1000);
  }
});
