/**
 * What must not grow with the tree: memory for a walk, and what a checkpoint leaves behind. `npm run test:scale`
 * measures the same with millions of nodes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { native } from '../../src/native.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { nodeAt } from '../support/sim-store.ts';

const FOLDERS = 20;
const FILES_EACH = 1000;
const CACHED_NODES_MAX = 1000;
/** Nodes dropped at a time, and those that one turn of the walk brings in. */
const SLACK = 2000 + 100;
const own = { uid: 0, gid: 0 };

let directory = '';
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-scale-'));
  store = await openStore(join(directory, 'store'), { create: true, cachedNodesMax: CACHED_NODES_MAX });
  for (let folder = 0; folder < FOLDERS; folder++) {
    store.transaction(() => {
      const parent = store.create(nodeAt(store, ''), `d${folder}`, { kind: KIND.directory, mode: 0o755, ...own });
      for (let i = 0; i < FILES_EACH; i++) store.create(parent, `f${i}`, { kind: KIND.file, mode: 0o644, ...own });
    });
  }
  await store.checkpoint();
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

test('a walk over all nodes keeps no more of them in memory than their bound', async () => {
  let visited = 0;
  let most = 0;
  for (let folder = 0; folder < FOLDERS; folder++) {
    for (let after = 0, going = true; going; ) {
      going = false;
      let inTurn = 0;
      store.slots(nodeAt(store, `d${folder}`), after, (slot) => {
        expect((store.node(slot.ino) as Node).links[0]?.name).toBe(slot.name);
        after = slot.cookie;
        visited++;
        going = true;
        return ++inTurn < 100;
      });
      await turn();
      if (folder > 1) most = Math.max(most, store.totals.cachedNodes);
    }
  }
  expect(visited).toBe(FOLDERS * FILES_EACH);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(CACHED_NODES_MAX + SLACK);
});

test('memory mapped from the index can be let go at any time, and is read again', async () => {
  const index = Buffer.from(join(directory, 'store/index/data.mdb'));
  for (let folder = 0; folder < FOLDERS; folder++) {
    expect(native.dropMapped(index)).toBe(0);
    expect(nodeAt(store, `d${folder}/f${folder}`).kind).toBe(KIND.file);
  }
  expect(await new Promise((resolve) => native.dropMapped(index, resolve))).toBe(0);
  expect(native.dropMapped(Buffer.from('/no/such/file'))).toBeLessThan(0);
});
