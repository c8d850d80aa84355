/**
 * The POSIX suite on one directory:
 *
 *     node dist/test/posix/main.js DIRECTORY [--only TEXT] [--alone] [--as UID]
 *
 * Prints TAP; exits with 1 when an assertion failed. As root it acts as several users, which needs a filesystem that
 * lets them in; --alone leaves that out, and --as runs it wholly as another user. --only runs the suites whose name
 * has TEXT in it. It works in a directory of its own below DIRECTORY and removes it.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import t from 'tap';
import { compileCaller } from './caller.ts';
import { runSuites } from './run.ts';
import { SUITES } from './suites.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '' },
    alone: { type: 'boolean', default: false },
    as: { type: 'string' },
    // A caller that is compiled already.
    caller: { type: 'string' },
  },
});
const [parent] = positionals;
if (parent === undefined) {
  console.error('usage: npm run test:posix -- DIRECTORY [--only TEXT] [--alone] [--as UID]');
  process.exit(2);
}

/** In another process, with a time limit: the filesystem may hang. */
function command(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout.trim();
}

const scratch = mkdtempSync(join(tmpdir(), `fxmount-test-${process.env.FXMOUNT_TEST_RUN ?? process.pid}-posix-`));
try {
  chmodSync(scratch, 0o755);
  const program = values.caller ?? (await compileCaller(scratch));
  const directory = command('mktemp', '-d', join(resolve(parent), 'posix-XXXXXX'));
  command('chmod', '755', directory);
  if (values.as !== undefined) command('chown', `${values.as}:${values.as}`, directory);
  await runSuites(
    SUITES.filter(({ about }) => about.includes(values.only)),
    { program, directory, alone: values.alone, ...(values.as === undefined ? {} : { uid: Number(values.as) }) },
  );
  await t.test('afterwards', async (test) => {
    test.doesNotThrow(() => command('rm', '-rf', directory), 'everything can be removed');
  });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
