/**
 * Random reads, writes, truncations, allocations, copies and maps by several processes at once, compared with byte
 * arrays (test/support/io.c). Between the rounds the store is closed and opened again, or its daemon killed with
 * SIGKILL, and every file must still be what the byte array says.
 *
 * FXMOUNT_IO_OPERATIONS, FXMOUNT_IO_SEED, FXMOUNT_IO_ROUNDS, FXMOUNT_IO_PROCESSES and FXMOUNT_IO_GROUPS set how much,
 * and repeat a failure together. With FXMOUNT_TEST_HOST=1 it runs on a host directory, which proves the tester.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wrongAccounts } from '../support/accounts.ts';
import {
  canMount,
  hasCommand,
  type MountedStore,
  onHost,
  root,
  shell,
  temporaryDirectory,
  withMount,
} from '../support/mount.ts';

function setting(name: string, usual: number): number {
  return Number(process.env[`FXMOUNT_IO_${name}`] ?? usual);
}

const OPERATIONS = setting('OPERATIONS', 8_000);
const SEED = setting('SEED', 1);
const ROUNDS = setting('ROUNDS', 4);
const PROCESSES = setting('PROCESSES', 3);
const GROUPS = setting('GROUPS', 6);
const TIMEOUT_MS = 60_000 + OPERATIONS * 4;
const compiler = process.env.CC ?? 'cc';

let tools = '';
beforeAll(async () => {
  if (!hasCommand(compiler)) return;
  tools = temporaryDirectory('io');
  await shell(`'${compiler}' -O2 -Wall -Wextra -pthread -o '${tools}/io' '${join(root, 'test/support/io.c')}'`);
});
afterAll(() => {
  if (tools !== '') rmSync(tools, { recursive: true });
});

/** One round; resolves with the line that counts the operations so far. */
function round(mount: MountedStore, operations: number): Promise<string> {
  const numbers = [SEED, operations, PROCESSES, GROUPS].join(' ');
  const run = `'${tools}/io' . '${mount.scratch}/state' ${numbers}`;
  return mount.sh(run, { timeoutMs: TIMEOUT_MS });
}

async function reopen(mount: MountedStore, how: 'unmount' | 'kill'): Promise<void> {
  if (onHost) return;
  if (how === 'kill') await mount.kill9();
  else await mount.unmount();
  if (how === 'unmount') expect(await wrongAccounts(mount.store)).toEqual([]);
  await mount.mount();
}

// A compiler is there wherever the addon was built; only a machine that has it under another name skips.
describe.skipIf(!canMount || !hasCommand(compiler))('random operations on files', { timeout: TIMEOUT_MS * 2 }, () => {
  test(`${OPERATIONS} operations from seed ${SEED} end as they do on byte arrays`, () =>
    withMount('io', async (mount) => {
      let counted = '';
      for (let i = 1; i <= ROUNDS; i++) {
        counted = await round(mount, Math.ceil(OPERATIONS / ROUNDS));
        await reopen(mount, i % 2 === 0 ? 'kill' : 'unmount');
      }
      // Once more, to compare what the last daemon left.
      await round(mount, 0);
      console.log(
        `seed ${SEED}, ${PROCESSES} processes, ${GROUPS} groups of 2 files, ${ROUNDS} rounds: ${counted.trim()}`,
      );
      expect(Number.parseInt(counted, 10)).toBeGreaterThan(OPERATIONS / 2);
      if (!onHost) {
        await mount.unmount();
        expect(await wrongAccounts(mount.store)).toEqual([]);
      }
    }));

  test('the tester finds a byte that is not as it was written', () =>
    withMount('io-proof', async (mount) => {
      await round(mount, 600);
      await mount.sh(`truncate -s +1 file-0-0`);
      await expect(round(mount, 600)).rejects.toThrow('must have');
      await mount.sh(
        `truncate -s -1 file-0-0; truncate -s +1 file-0-1; truncate -s -1 file-0-1; echo -n X >> file-1-0`,
      );
      await expect(round(mount, 600)).rejects.toThrow('group 1');
    }));
});
