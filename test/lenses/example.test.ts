import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lens } from '../../lenses/lens.ts';
import { fromJs, type Value } from '../../src/uarr/value.ts';
import { change, edits, problems } from '../support/lenses/golden.ts';
import { LAWS } from '../support/lenses/laws.ts';
import { typedSubject } from '../support/lenses/subject.ts';
import { root } from '../support/mount.ts';
import { exampleLens, writeModule } from '../support/own-lens.ts';

let lens: Lens;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-lens-example-'));
  const path = writeModule(directory, 'dimensions.mjs', exampleLens());
  lens = ((await import(/* @vite-ignore */ pathToFileURL(path).href)) as { default: Lens }).default;
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('the lens of the documentation does what the documentation says', () => {
  expect(edits(lens, '640 x 400', '640 x 480')).toEqual(['set height 480']);
  expect(change(lens, '640 x 480', [[['width'], 800n]])).toBe('800 x 480');
  expect(problems(lens, '640')).toEqual(['1:1: error: a size is WIDTHxHEIGHT, such as 640x480 [syntax]']);
});

test('the lens of the documentation keeps the laws', () => {
  const sizes: fc.Arbitrary<Value> = fc.record({ width: fc.nat(9999), height: fc.nat(9999) }).map(fromJs);
  const space = (text: string): string => text.replace('x', ' x ');
  const subject = typedSubject(lens, sizes, { space }, fc.sample(sizes, { numRuns: 16, seed: 2 }));
  for (const law of Object.values(LAWS)) fc.assert(law(subject), { numRuns: 50, seed: 1 });
});

test('the package exports the entry for authors', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { default: string }>;
  };
  expect(exports['./lens']?.default).toBe('./dist/lenses/index.js');
});
