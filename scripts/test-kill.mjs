/**
 * `npm run test:kill`: the long form of the kill test, 50 seeds unless FXMOUNT_KILL_SEEDS says otherwise.
 */
import { RUN_VARIABLE, removeLeftovers } from './leftovers.mjs';
import { checkPrerequisites } from './prerequisites.mjs';
import { build, installDependencies, run } from './steps.mjs';

const runId = String(process.pid);
if (!checkPrerequisites()) process.exit(2);
if (!installDependencies() || !build()) process.exit(1);
const { ok } = run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/mount/kill.test.ts'], {
  quiet: false,
  env: { FXMOUNT_KILL_SEEDS: '50', ...process.env, [RUN_VARIABLE]: runId },
});
removeLeftovers((id) => id === runId);
process.exitCode = ok ? 0 : 1;
