/**
 * `npm run test:programs`: real programs on the host and on a mount, long form; after `--` parts of the names of steps.
 */
import { RUN_VARIABLE, removeLeftovers } from './leftovers.mjs';
import { checkPrerequisites } from './prerequisites.mjs';
import { build, installDependencies, run } from './steps.mjs';

const runId = String(process.pid);
if (!checkPrerequisites()) process.exit(2);
if (!installDependencies() || !build()) process.exit(1);
const { ok } = run(process.execPath, ['dist/test/programs/main.js', ...process.argv.slice(2)], {
  quiet: false,
  env: { [RUN_VARIABLE]: runId },
});
removeLeftovers((id) => id === runId);
process.exitCode = ok ? 0 : 1;
