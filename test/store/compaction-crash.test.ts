/**
 * Compaction that is cut short at any call of the disk: the tree is the same afterwards, and compaction can be
 * started again.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Index } from '../../src/index/index.ts';
import { KIND } from '../../src/store/node.ts';
import { CRASH_MODES, SimDisk, seededRandom } from '../support/sim-disk.ts';
import { nodeAt, openSimStore, simStore } from '../support/sim-store.ts';

const NO_HISTORY = { historyBytesMax: 0, historyAgeMaxSec: 0 };
const own = { uid: 1, gid: 2 };

let directory = '';
/** A store of which half is dead, durable; and its tree. */
const disk = new SimDisk();
let tree = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-compaction-crash-'));
  const index = new Index(join(directory, 'index'));
  const { store, dump } = await simStore(disk, index);
  for (let i = 0; i < 12; i++) {
    const file = store.create(nodeAt(store, ''), `file-${i}`, { kind: KIND.file, mode: 0o644, ...own });
    store.write(file, 0, Buffer.alloc(600, i + 1), 0, 600);
    store.write(file, 200, Buffer.alloc(10, 99), 0, 10);
  }
  for (let i = 0; i < 12; i += 2) store.unlink(nodeAt(store, ''), `file-${i}`);
  await store.checkpoint();
  tree = dump();
  await store.close();
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** A copy of the store, with the index beside it. */
async function copy(label: string): Promise<{ disk: SimDisk; index: Index }> {
  const path = join(directory, label);
  cpSync(join(directory, 'index'), path, { recursive: true });
  return { disk: disk.clone(), index: new Index(path) };
}

function bytesOf(of: SimDisk): number {
  return of.list().reduce((sum, name) => sum + of.content(name).length, 0);
}

async function compactedBytes(label: string): Promise<number> {
  const whole = await copy(label);
  const { store, dump } = await openSimStore(whole.disk, whole.index);
  await store.upkeep.compactor.run({ policy: NO_HISTORY });
  expect(dump()).toBe(tree);
  await store.close();
  return bytesOf(whole.disk);
}

test('power lost at any step leaves the old or the new place of all content valid (C1, C3)', async () => {
  const least = await compactedBytes('whole');
  expect(least).toBeLessThan(bytesOf(disk) * 0.75);
  let failed = true;
  let steps = 0;
  for (let nth = 1; failed; nth++, steps++) {
    const mode = CRASH_MODES[nth % CRASH_MODES.length] as (typeof CRASH_MODES)[number];
    const label = `${mode}, call ${nth}`;
    const tried = await copy(label);
    const first = await openSimStore(tried.disk, tried.index);
    tried.disk.failAt(nth, 'EIO');
    failed = await first.store.upkeep.compactor.run({ policy: NO_HISTORY }).then(
      () => false,
      () => true,
    );
    await first.log.close();
    tried.disk.crash(mode, seededRandom(nth));
    const second = await openSimStore(tried.disk, tried.index);
    expect(second.log.recovery.damage, label).toEqual([]);
    expect(second.dump(), label).toBe(tree);
    // Cut short or not, it ends as well when it is started again.
    if (nth % 5 === 0) await second.store.upkeep.compactor.run({ policy: NO_HISTORY });
    expect(second.dump(), `${label}, again`).toBe(tree);
    if (nth % 5 === 0) expect(second.store.upkeep.compactor.usage().reclaimableBytes, label).toBe(0);
    await second.store.close();
  }
  expect(steps).toBeGreaterThan(20);
}, 240_000);

test('a full disk stops compaction and nothing else', async () => {
  const full = await copy('full');
  const { store, dump } = await openSimStore(full.disk, full.index);
  full.disk.capacityBytes = bytesOf(full.disk) + 200;
  await expect(store.upkeep.compactor.run({ policy: NO_HISTORY })).rejects.toMatchObject({ code: 'NO_SPACE' });
  expect(store.readOnly).toBe(false);
  expect(dump()).toBe(tree);
  expect(() => store.write(nodeAt(store, 'file-1'), 0, Buffer.alloc(3000), 0, 3000)).toThrow(/free/);
  full.disk.capacityBytes += 300;
  store.unlink(nodeAt(store, ''), 'file-1');
  full.disk.capacityBytes = Number.POSITIVE_INFINITY;
  const { removedBytes } = await store.upkeep.compactor.run({ policy: NO_HISTORY });
  expect(removedBytes).toBeGreaterThan(0);
  await store.close();
});
