/**
 * Filesystem totals for statfs: those of the disk that holds the store, or of the store's limit where that is
 * less, and the store's own nodes.
 *
 * The disk is asked off the loop. What statfs answers is at most one refresh old: a question that comes
 * more than `refreshMs` after the last refresh starts the next one and is answered from the last.
 */
import { statfs } from 'node:fs/promises';
import type { StoreApi } from '../src/store/api.ts';
import type { Totals } from './operations.ts';

/** The least space one more node takes, for the count of free inodes. */
const NODE_BYTES = 512;

/** Returns the function that a Vfs takes as `totals`. Rejects when `directory` cannot be asked at first. */
export async function hostTotals(store: StoreApi, directory: string, refreshMs = 1000): Promise<() => Totals> {
  const totals: Totals = { totalBytes: 0, freeBytes: 0, inodes: 0, freeInodes: 0 };
  const host = { totalBytes: 0, freeBytes: 0 };
  let refreshed = 0;
  let refreshing = false;

  async function refresh(): Promise<void> {
    const disk = await statfs(directory);
    host.totalBytes = disk.blocks * disk.bsize;
    host.freeBytes = disk.bavail * disk.bsize;
    refreshed = performance.now();
  }

  await refresh();
  return () => {
    if (!refreshing && performance.now() - refreshed > refreshMs) {
      refreshing = true;
      // A disk that cannot be asked for now leaves the last numbers standing.
      refresh().then(
        () => (refreshing = false),
        () => (refreshing = false),
      );
    }
    const { nodes, maxBytes, freeBytes } = store.totals;
    totals.totalBytes = Math.min(host.totalBytes, maxBytes ?? Number.POSITIVE_INFINITY);
    totals.freeBytes = Math.min(host.freeBytes, freeBytes ?? Number.POSITIVE_INFINITY);
    totals.freeInodes = Math.floor(totals.freeBytes / NODE_BYTES);
    totals.inodes = nodes + totals.freeInodes;
    return totals;
  };
}
