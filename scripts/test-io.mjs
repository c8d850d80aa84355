/**
 * `npm run test:io`: the long form of the test of random operations on files, 1,000,000 of them unless
 * FXMOUNT_IO_OPERATIONS says otherwise; test/mount/io.test.ts names the other settings.
 */
import { RUN_VARIABLE, removeLeftovers } from './leftovers.mjs';
import { checkPrerequisites } from './prerequisites.mjs';
import { build, installDependencies, run } from './steps.mjs';

const runId = String(process.pid);
if (!checkPrerequisites()) process.exit(2);
if (!installDependencies() || !build()) process.exit(1);
const { ok } = run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/mount/io.test.ts'], {
  quiet: false,
  env: {
    FXMOUNT_IO_OPERATIONS: '1000000',
    FXMOUNT_IO_ROUNDS: '10',
    FXMOUNT_IO_SEED: String(Date.now() % 1_000_000),
    ...process.env,
    [RUN_VARIABLE]: runId,
  },
});
removeLeftovers((id) => id === runId);
process.exitCode = ok ? 0 : 1;
