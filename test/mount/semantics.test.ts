/**
 * The same steps on the host and on a mount, as root and as other users: outcomes, modes, owners, link counts and
 * times must be the same, line by line. The host must be ext4, which the mount takes after.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMount, MountedStore, onHost, root, shell, temporaryDirectory } from '../support/mount.ts';

const SCRIPT = join(root, 'test/support/semantics.py');
const EXT4_MAGIC = 0xef53;
const TIMEOUT_MS = 120_000;

/** Why these tests cannot run here; empty when they can. */
function missing(): string {
  if (!canMount || onHost) return 'no mount to test';
  if (process.getuid?.() !== 0) return 'only root may become other users';
  if (spawnSync('python3', ['--version']).status !== 0) return 'python3 is missing';
  return statfsSync(tmpdir()).type === EXT4_MAGIC ? '' : `${tmpdir()} is no ext4 to compare with`;
}

async function told(directory: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  mkdirSync(directory, { recursive: true });
  const output = await shell(`chmod 777 '${directory}'; python3 '${SCRIPT}' '${directory}'`, {
    env,
    timeoutMs: TIMEOUT_MS,
  });
  return output.split('\n');
}

describe.skipIf(missing() !== '')(`a mount does as the host does${missing() && ` (left out: ${missing()})`}`, () => {
  for (const [title, options, env] of [
    ['for all users', ['--allow-other'], {}],
    ['for root alone', [], { SEMANTICS_ROOT_ONLY: '1' }],
  ] as const) {
    test(title, { timeout: TIMEOUT_MS }, async () => {
      const mount = new MountedStore('semantics');
      const host = temporaryDirectory('semantics-host');
      try {
        await shell(`chmod 755 '${mount.directory}' '${host}'`);
        await mount.mount(...options);
        const [expected, got] = await Promise.all([told(join(host, 'd'), env), told(join(mount.path, 'd'), env)]);
        expect(expected.length).toBeGreaterThan(2000);
        expect(got.filter((line, i) => line !== expected[i]).slice(0, 20)).toEqual(
          expected.filter((line, i) => line !== got[i]).slice(0, 20),
        );
        expect(got.length).toBe(expected.length);
        expect(mount.log).not.toContain('fault');
      } finally {
        await mount.dispose();
        await shell(`rm -rf '${host}'`);
      }
    });
  }
});
