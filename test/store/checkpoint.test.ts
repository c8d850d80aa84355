/**
 * Checkpoints: the index and the rest of the log together are the tree, whatever happened in between.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_ACL } from '../../src/store/access-lists.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import { openStore } from '../../src/store/open.ts';
import { seededRandom } from '../support/sim-disk.ts';
import { nodeAt } from '../support/sim-store.ts';
import { dump, randomChange } from '../support/store-changes.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-checkpoint-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test('what changes while a checkpoint is taken, before and after it, is there when the store is opened again', async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const random = seededRandom(seed);
    const path = join(directory, `store-${seed}`);
    let store = await openStore(path, { create: true, segmentBytesMax: 1 << 20 });
    for (let round = 0; round < 4; round++) {
      for (let i = random(150); i > 0; i--) randomChange(store, random);
      let running = true;
      const checkpoint = store.checkpoint().finally(() => {
        running = false;
      });
      for (let i = 0; running && i < 500; i++) {
        randomChange(store, random);
        if (i % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await checkpoint;
      for (let i = random(60); i > 0; i--) randomChange(store, random);
      const before = dump(store);
      if (round % 2 === 0) {
        // As after a crash: what the process had not written to the index must come from the log.
        const copy = join(directory, `copy-${seed}-${round}`);
        cpSync(path, copy, { recursive: true });
        const crashed = await openStore(copy);
        expect(dump(crashed), `seed ${seed}, round ${round}`).toBe(before);
        await crashed.close();
      } else {
        await store.close();
        store = await openStore(path, { segmentBytesMax: 1 << 20 });
        expect(dump(store), `seed ${seed}, round ${round}`).toBe(before);
      }
    }
    await store.close();
  }
}, 120_000);

test('a refused transaction leaves no trace, also in the next checkpoint', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const random = seededRandom(seed * 7919);
    const path = join(directory, `store-${seed}`);
    let store = await openStore(path, { create: true });
    for (let i = 0; i < 60; i++) randomChange(store, random);
    if (random(2)) await store.checkpoint();
    const before = dump(store);
    expect(() =>
      store.transaction(() => {
        for (let i = 1 + random(20); i > 0; i--) randomChange(store, random);
        throw new Error('refused');
      }),
    ).toThrow('refused');
    expect(dump(store), `seed ${seed}`).toBe(before);
    await store.close();
    store = await openStore(path);
    expect(dump(store), `seed ${seed}, opened again`).toBe(before);
    await store.close();
  }
}, 60_000);

test('a transaction that is accepted is one frame, and is there when the store is opened again', async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const random = seededRandom(seed * 104_729);
    const path = join(directory, `store-${seed}`);
    let store = await openStore(path, { create: true });
    for (let i = 0; i < 40; i++) randomChange(store, random);
    const { seq } = store;
    store.transaction(() => {
      store.patch(nodeAt(store, ''), { mode: 0o700 });
      for (let i = random(30); i > 0; i--) randomChange(store, random);
    });
    expect(store.seq).toBe(seq + 1);
    const after = dump(store);
    const copy = join(directory, `copy-${seed}`);
    cpSync(path, copy, { recursive: true });
    const crashed = await openStore(copy);
    expect(dump(crashed), `seed ${seed}`).toBe(after);
    await crashed.close();
    await store.close();
    store = await openStore(path);
    expect(dump(store), `seed ${seed}, after a checkpoint`).toBe(after);
    await store.close();
  }
}, 60_000);

test('an index that is lost or damaged is made anew from the log', async () => {
  const path = join(directory, 'store');
  let store = await openStore(path, { create: true });
  const random = seededRandom(5);
  for (let i = 0; i < 200; i++) randomChange(store, random);
  const before = dump(store);
  await store.close();
  rmSync(join(path, 'index'), { recursive: true });
  store = await openStore(path);
  expect(dump(store)).toBe(before);
  await store.close();
});

test('a second opening of a store names the process that has it', async () => {
  const path = join(directory, 'store');
  const store = await openStore(path, { create: true });
  await expect(openStore(path)).rejects.toThrow(new RegExp(`in use by process ${process.pid}`));
  await store.close();
  await (await openStore(path)).close();
});

test('a directory that is no store, or a store of a newer format, is refused in one line', async () => {
  await expect(openStore(directory)).rejects.toMatchObject({
    code: 'NOT_A_STORE',
    message: expect.stringContaining('fxmount init'),
  });
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(directory, 'fxmount.json'), '{"format":"fxmount store","version":3,"id":"00"}');
  await expect(openStore(directory)).rejects.toMatchObject({ code: 'NEWER_FORMAT' });
  writeFileSync(join(directory, 'fxmount.json'), 'nonsense');
  await expect(openStore(directory)).rejects.toMatchObject({ code: 'DAMAGED' });
});

test('whether some node has or had an access list is known after a checkpoint and without one', async () => {
  const path = join(directory, 'store');
  const list = Buffer.from('list');
  let store = await openStore(path, { create: true });
  const reopened = async (): Promise<boolean> => {
    await store.close();
    store = await openStore(path);
    return store.hasAccessLists;
  };
  const { ino } = store.create(nodeAt(store, ''), 'file', { kind: KIND.file, mode: 0o644, uid: 0, gid: 0 });
  await store.checkpoint();
  expect(await reopened()).toBe(false);
  store.patch(store.node(ino) as Node, { xattrs: new Map([['user.note', list]]) });
  expect(store.hasAccessLists).toBe(false);
  store.patch(store.node(ino) as Node, { xattrs: new Map([[DEFAULT_ACL, list]]) });
  expect(store.hasAccessLists).toBe(true);
  expect(await reopened()).toBe(true);
  store.patch(store.node(ino) as Node, { xattrs: new Map([[DEFAULT_ACL, null]]) });
  await store.checkpoint();
  expect(await reopened()).toBe(true);
  await store.close();
});
