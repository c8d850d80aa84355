/**
 * `npm run test:posix`: the POSIX suite on the host and on mounts of every sort; with a directory after `--`, on that
 * directory alone, as TAP.
 */
import { RUN_VARIABLE, removeLeftovers } from './leftovers.mjs';
import { checkPrerequisites } from './prerequisites.mjs';
import { build, installDependencies, run } from './steps.mjs';

const runId = String(process.pid);
if (!checkPrerequisites()) process.exit(2);
if (!installDependencies() || !build()) process.exit(1);
const args = process.argv.slice(2);
const program = args.length > 0 ? 'main' : 'all';
const { ok } = run(process.execPath, [`dist/test/posix/${program}.js`, ...args], {
  quiet: false,
  env: { [RUN_VARIABLE]: runId },
});
removeLeftovers((id) => id === runId);
process.exitCode = ok ? 0 : 1;
