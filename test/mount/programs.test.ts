/**
 * Real programs, short form: see test/programs; `npm run test:programs` has them all.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { obstacle, runStep } from '../programs/run.ts';
import { STEPS } from '../programs/steps.ts';
import { canMount, withMount } from '../support/mount.ts';

const SHORT = 1;

for (const step of STEPS.filter(({ short }) => short)) {
  const why = obstacle(step);
  const name = `${step.name}: as on the host${why === undefined ? '' : ` (${why})`}`;
  test.runIf(canMount && why === undefined)(name, { timeout: 180_000 }, () =>
    withMount('programs', async (mount) => {
      const host = join(mount.directory, 'host');
      mkdirSync(host);
      const proof = await runStep(step, SHORT, host, mount.scratch, 'on-host');
      const ran = await runStep(step, SHORT, mount.path, mount.scratch, 'on-mount');
      expect(ran.output).toBe(proof.output);
    }),
  );
}
