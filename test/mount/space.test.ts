/**
 * A store of limited size, as programs on the mount see it.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMount, type MountedStore, onHost, root, shell, withMount } from '../support/mount.ts';

const CLI = join(root, 'dist/src/cli.js');
const LIMIT_MB = 48;

async function fxmount(mount: MountedStore, verb: string, options: string): Promise<string> {
  return shell(`'${process.execPath}' '${CLI}' ${verb} '${mount.store}' ${options}`);
}

/** Writes files of 1 MiB until one is refused; returns how many were written, and why the last was not. */
async function fill(mount: MountedStore): Promise<{ files: number; reason: string }> {
  const script = `mkdir fill
    for ((i = 0; i < 200; i++)); do
      dd if=/dev/zero of=fill/$i bs=1M count=1 status=none 2>../scratch/why || break
    done
    echo $i; cat ../scratch/why`;
  const [files = '', ...reason] = (await mount.sh(script)).split('\n');
  return { files: Number(files), reason: reason.join(' ') };
}

describe.skipIf(!canMount || onHost)('a store with --max-size', () => {
  test('is full at its limit, lets delete, and has room again once it is compacted', () =>
    withMount('space', async (mount) => {
      await mount.remount('--max-size', `${LIMIT_MB}M`);
      expect((await mount.sh('df -B1M --output=size . | tail -1')).trim()).toBe(String(LIMIT_MB));
      const first = await fill(mount);
      expect(first.reason).toContain('No space left on device');
      expect(first.files).toBeGreaterThan(LIMIT_MB * 0.8);
      await expect(mount.sh('head -c 2000000 /dev/zero > more')).rejects.toThrow(/No space left/);
      expect(Number(await mount.sh('df -B1M --output=avail . | tail -1'))).toBeLessThanOrEqual(1);
      await mount.sh('rm -r fill more');
      await fxmount(mount, 'compact', '--history 0');
      const { logBytes } = JSON.parse(await fxmount(mount, 'status', '--json')) as { logBytes: number };
      expect(logBytes).toBeLessThan((LIMIT_MB << 20) / 8);
      const again = await fill(mount);
      expect(again.files).toBeGreaterThan(first.files * 0.9);
      await mount.sh('rm -r fill');
      // What was refused set compaction going: no command is needed.
      await mount.sh('until head -c 4000000 /dev/zero > more; do sleep 0.05; done 2>/dev/null');
      expect(await mount.sh('stat -c %s more')).toBe('4000000\n');
    }));
});
