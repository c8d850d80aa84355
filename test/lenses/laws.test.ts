import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LENSES } from '../../lenses/registry.ts';
import { LAWS } from '../support/lenses/laws.ts';
import { SUBJECTS } from '../support/lenses/subjects.ts';
import { root } from '../support/mount.ts';

/** Cases a law and lens, always the same ones; `npm run test:laws` runs 2,000, with another seed each time. */
const CASES = Number(process.env.FXMOUNT_LAW_CASES ?? 50);
const SEED = Number(
  process.env.FXMOUNT_LAW_SEED ?? (process.env.FXMOUNT_LAW_CASES === undefined ? 1 : Date.now() % 2 ** 31),
);
const TIMEOUT_MS = 30_000 + CASES * 200;

test('every lens has a subject in the law suite, and golden tests of its own', () => {
  for (const { name, equivalences } of LENSES) {
    const subject = SUBJECTS.find(({ lens }) => lens.name === name);
    expect(subject, `test/support/lenses/subjects.ts has no subject for "${name}"`).toBeDefined();
    for (const equivalence of equivalences) {
      expect(subject?.noise, `the subject "${name}" has no noise for an equivalence`).toHaveProperty(equivalence.name);
    }
    const path = join(root, `test/lenses/${name}.test.ts`);
    expect(existsSync(path), `${path} is missing`).toBe(true);
    expect(readFileSync(path, 'utf8')).toMatch(/\btest\(/);
  }
});

for (const subject of SUBJECTS) {
  describe(subject.lens.name, () => {
    for (const [name, law] of Object.entries(LAWS)) {
      test(`keeps the law ${name}`, () => fc.assert(law(subject), { numRuns: CASES, seed: SEED }), TIMEOUT_MS);
    }
  });
}
