/**
 * `npm run test:stress`: stress-ng, fio and dbench on mounts, 5 minutes; with `-- --short` 20 seconds.
 */
import { RUN_VARIABLE, removeLeftovers } from './leftovers.mjs';
import { checkPrerequisites } from './prerequisites.mjs';
import { build, installDependencies, run } from './steps.mjs';

const runId = String(process.pid);
if (!checkPrerequisites()) process.exit(2);
if (!installDependencies() || !build()) process.exit(1);
const { ok } = run(process.execPath, ['dist/test/stress/main.js', ...process.argv.slice(2)], {
  quiet: false,
  env: { [RUN_VARIABLE]: runId },
});
removeLeftovers((id) => id === runId);
process.exitCode = ok ? 0 : 1;
