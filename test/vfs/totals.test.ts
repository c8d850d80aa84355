import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { hostTotals } from '../../mount/totals.ts';
import { Vfs } from '../../mount/vfs.ts';
import { MemoryStore } from '../support/memory-store.ts';

test('statfs tells of the disk that holds the store, and answers at once', async () => {
  const store = new MemoryStore();
  const totals = await hostTotals(store, tmpdir(), 0);
  const vfs = new Vfs(store, { totals });
  for (let i = 0; i < 3; i++) {
    const { totalBytes, freeBytes, inodes, freeInodes } = vfs.statfs();
    expect(totalBytes).toBeGreaterThan(freeBytes);
    expect(freeBytes).toBeGreaterThan(0);
    expect(inodes).toBe(freeInodes + store.totals.nodes);
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test('a directory that is not there is refused at once', async () => {
  await expect(hostTotals(new MemoryStore(), '/nowhere/at/all')).rejects.toThrow(/ENOENT/);
});
