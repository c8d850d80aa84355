/**
 * A Vfs does what the host's filesystem does: the same random operations give the same errors and trees.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Vfs } from '../../mount/vfs.ts';
import { tickingClock } from '../support/clock.ts';
import { HostPaths } from '../support/host-paths.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { NO_TOTALS, outcomeOf, VfsPaths } from '../support/paths.ts';
import { posixStep } from '../support/random-operations.ts';

const seed = Number(process.env.FXMOUNT_SEED ?? 20_240_601);
const numRuns = Number(process.env.FXMOUNT_RUNS ?? 60);
/** Others are refused what the modes forbid, which is not a Vfs's to decide, and may not chown. */
const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)(
  'random operations on a Vfs end as they do on the host',
  { timeout: 30_000 + numRuns * 1_000 },
  () => {
    const oldMask = process.umask(0);
    try {
      fc.assert(
        fc.property(fc.array(posixStep(), { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
          const directory = mkdtempSync(join(tmpdir(), 'fxmount-host-'));
          const store = new MemoryStore({ now: tickingClock() });
          try {
            const host = new HostPaths(directory);
            host.chmod('', 0o755);
            const vfs = new VfsPaths(new Vfs(store, { totals: NO_TOTALS }));
            for (const open of steps) {
              const step = open.among(vfs.paths());
              const expected = outcomeOf(() => step.run(host));
              const outcome = outcomeOf(() => step.run(vfs));
              // A file renamed over a directory above it: POSIX allows both, and a kernel asks nobody.
              if (outcome === 'IS_DIRECTORY' && expected === 'NOT_EMPTY') continue;
              expect([String(step), outcome]).toEqual([String(step), expected]);
            }
            expect(vfs.tree()).toEqual(host.tree());
          } finally {
            store.close();
            rmSync(directory, { recursive: true, force: true });
          }
        }),
        { seed, numRuns },
      );
    } finally {
      process.umask(oldMask);
    }
  },
);
