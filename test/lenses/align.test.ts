import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alignLabels } from '../../lenses/align.ts';
import { editValue } from '../../lenses/apply-fields.ts';
import { diffValues } from '../../lenses/diff-values.ts';
import { equal, fromJs, type Value } from '../../src/uarr/value.ts';
import { values } from '../support/lenses/values.ts';

const labels = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });

/** Length of the longest common subsequence, by the table that everybody knows. */
function longest(a: readonly string[], b: readonly string[]): number {
  const row = new Array<number>(b.length + 1).fill(0);
  for (const x of a) {
    let diagonal = 0;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] as number;
      row[j] = x === b[j - 1] ? diagonal + 1 : Math.max(above, row[j - 1] as number);
      diagonal = above;
    }
  }
  return row[b.length] as number;
}

test('the alignment is a longest common subsequence', () => {
  fc.assert(
    fc.property(labels, labels, (base, next) => {
      const pairs = [...alignLabels(base, next)];
      const used = pairs.filter((i) => i >= 0);
      expect(used).toEqual([...new Set(used)].sort((a, b) => a - b));
      for (const [j, i] of pairs.entries()) if (i >= 0) expect(base[i]).toBe(next[j]);
      expect(used).toHaveLength(longest(base, next));
    }),
    { numRuns: 1000 },
  );
});

test('two long sequences with nothing in common end soon', () => {
  const base = Array.from({ length: 100_000 }, (_, i) => `a${i}`);
  const next = base.map((label) => `${label}x`);
  const start = performance.now();
  expect(alignLabels(base, next).every((i) => i < 0)).toBe(true);
  expect(performance.now() - start).toBeLessThan(5000);
});

test('the edits between two values make the one into the other', () => {
  fc.assert(
    fc.property(values(), values(), (a, b) => {
      expect(equal(editValue(a, diffValues(a, b, 'n')), b, true)).toBe(true);
      expect(diffValues(a, a, 'n')).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('edits are as small as they can be', () => {
  const base = fromJs({
    a: [
      { id: 1, v: 'x' },
      { id: 2, v: 'y' },
    ],
    b: { c: 1 },
  });
  const next = fromJs({ b: { c: 1, d: 2 }, a: [{ id: 2, v: 'z' }] });
  const paths = (from: Value, to: Value) => diffValues(from, to, 'n').map(({ op, path }) => `${op} ${path.join('.')}`);
  expect(paths(base, next)).toEqual(['set b.d', 'unset a.0', 'set a.1.v']);
});
