/**
 * `fxmount import --watch`, by the daemon and without one.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cleanUp, installPrograms, runLine } from '../support/golden.ts';
import { canMount, onHost, temporaryDirectory } from '../support/mount.ts';

let directory = '';

beforeEach(() => {
  directory = temporaryDirectory('follow');
  for (const name of ['m', 'source']) mkdirSync(join(directory, name));
  installPrograms(join(directory, 'bin'));
});

afterEach(() => cleanUp(directory));

async function ok(line: string): Promise<string> {
  const { stdout, stderr, code } = await runLine(line, directory, join(directory, 'bin'));
  if (code !== 0) throw new Error(`exit code ${code}: ${line}\n${stdout}${stderr}`);
  return stdout;
}

/** Starts following, and defines `told PATTERN`, which waits until the output has a line like it. */
const FOLLOW = `echo one > source/file
  fxmount import --watch store source --at /in > out & job=$!
  told() { timeout 20 sh -c 'until grep -q "$1" out; do sleep 0.02; done' sh "$1" || { cat out; exit 1; }; }
  told '^directories'`;

test.runIf(canMount && !onHost)(
  'what changes on the host is on the mount when the command has told of it',
  async () => {
    const out = await ok(`fxmount mount store m; ${FOLLOW}
    cat m/in/file; ls m/in; test ! -e m/in/new
    echo two > source/file; told '^changed file'; cat m/in/file
    mkdir source/d; echo new > source/d/new; told '^added d/new'; cat m/in/d/new
    mv source/d source/e; told '^renamed d e'; ls m/in
    rm source/file; told '^removed file'; ls m/in
    kill -INT $job; wait $job; echo "code $?"; fxmount umount m`);
    expect(out).toBe('one\nfile\ntwo\nnew\ne\nfile\ne\ncode 0\n');
  },
);

test.runIf(canMount && !onHost)('following ends with the daemon', async () => {
  await ok(`fxmount mount store m; ${FOLLOW}; fxmount umount m; wait $job; test $? = 0; test ! -e store/daemon.sock`);
  expect(readFileSync(join(directory, 'out'), 'utf8')).toMatch(/^directories/);
});

test('without a daemon the command holds the store until it is stopped', async () => {
  const out = await ok(
    `${FOLLOW}; echo two > source/new; told '^added new'; kill -TERM $job; wait $job; echo "code $?"; fxmount get store /in/new`,
  );
  expect(out).toBe('code 0\ntwo\n');
});
