/** Locks between processes, on one mount and across two, end as on the host. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { canMount, hasCommand, MountedStore, onHost, root, shell, temporaryDirectory } from '../support/mount.ts';

const SCRIPT = join(root, 'test/support/lock-steps.py');
const CLI = join(root, 'dist/src/cli.js');

function steps(first: string, second: string): Promise<string> {
  return shell(`timeout 30 python3 '${SCRIPT}' '${first}' '${second}'`);
}

describe.skipIf(!canMount || onHost || !hasCommand('python3'))('locks', () => {
  let expected = '';

  beforeAll(async () => {
    const host = temporaryDirectory('locks-host');
    expected = await steps(host, host).finally(() => shell(`rm -rf '${host}'`));
    expect(expected.split('\n').length).toBeGreaterThan(30);
  });

  test('of one mount hold among its processes', async () => {
    const mount = new MountedStore('locks');
    try {
      await mount.mount();
      expect(await steps(mount.path, mount.path)).toBe(expected);
    } finally {
      await mount.dispose();
    }
  });

  test('hold across mounts that share them, also of a subtree', async () => {
    const mount = new MountedStore('locks-shared');
    const second = join(mount.directory, 'second');
    mkdirSync(second);
    try {
      await mount.mount('--locks', 'shared');
      await mount.sh('mkdir sub');
      await shell(`'${process.execPath}' '${CLI}' mount '${mount.store}' '${second}' --locks shared --subtree /sub`);
      expect(await steps(join(mount.path, 'sub'), second)).toBe(expected);
      expect(mount.log).not.toContain('fault');
    } finally {
      await shell(`umount -l '${second}' || fusermount3 -u -z '${second}'`).catch(() => '');
      await mount.dispose();
    }
  });
});
