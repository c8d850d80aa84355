/**
 * Several mounts of one store, of a subtree too: what is changed through one is seen through the others. See
 * test/support/coherent.py, which on one directory under three names proves itself.
 */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cleanUp, installPrograms, runLine } from '../support/golden.ts';
import { canMount, hasCommand, onHost, root, temporaryDirectory } from '../support/mount.ts';

const SCRIPT = join(root, 'test/support/coherent.py');
const runs = canMount && hasCommand('python3');

let directory = '';

beforeEach(() => {
  directory = temporaryDirectory('coherent');
  installPrograms(join(directory, 'bin'));
});

afterEach(() => cleanUp(directory));

async function ok(line: string): Promise<string> {
  const { stdout, stderr, code } = await runLine(line, directory, join(directory, 'bin'));
  if (code !== 0) throw new Error(`exit code ${code}: ${line}\n${stdout}${stderr}`);
  return stdout;
}

const MOUNT = `mkdir a b s && fxmount mount store a && mkdir a/sub && fxmount mount store b &&
  fxmount mount store s --subtree /sub`;

test.runIf(runs && !onHost).each([1, 2])(
  'three mounts agree after each change (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    await ok(MOUNT);
    expect(await ok(`timeout 25 python3 ${SCRIPT} ${seed} a/sub b/sub s`)).toMatch(/^agreed/);
    await ok('fxmount umount s; fxmount umount b; fxmount umount a');
  },
);

test.runIf(runs)('the test agrees on a host directory under three names', { timeout: 120_000 }, async () => {
  mkdirSync(join(directory, 'h'));
  for (const name of ['i', 'j']) symlinkSync('h', join(directory, name));
  expect(await ok(`timeout 25 python3 ${SCRIPT} 1 h/. i/. j/.`)).toMatch(/^agreed; asked again 0 times/);
});

test.runIf(runs && !onHost)('a mount whose directory is removed has nothing any more, and unmounts', async () => {
  await ok(MOUNT);
  await ok('mkdir s/d && echo x > s/d/f && cat a/sub/d/f && exec 7< s/d/f && rm -r b/sub && cat <&7');
  const { stdout } = await runLine(
    'timeout 10 ls s; timeout 10 cat s/d/f; timeout 10 touch s/new; timeout 10 mkdir a/sub && echo again > a/sub/f; ls s; ls a/sub',
    directory,
    join(directory, 'bin'),
  );
  // A new directory of the old name is another one.
  expect(stdout).toBe('f\n');
  await ok('timeout 20 fxmount umount s; fxmount umount b; fxmount umount a');
});
