/**
 * Compaction on a host's disk: the tree stays as it is, space comes back, and readers go on reading.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Piece } from '../../src/store/api.ts';
import { KIND } from '../../src/store/node.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { seededRandom } from '../support/sim-disk.ts';
import { nodeAt } from '../support/sim-store.ts';
import { content, dump, randomChange } from '../support/store-changes.ts';

const NO_HISTORY = { historyBytesMax: 0, historyAgeMaxSec: 0 };
const OPTIONS = { segmentBytesMax: 64 << 10 };
const file = { kind: KIND.file, mode: 0o644, uid: 0, gid: 0 };

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-compaction-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** A store with files of 20,000 bytes, every second of which is gone again. */
async function halfDead(files = 40): Promise<Store> {
  const store = await openStore(join(directory, 'store'), { create: true, ...OPTIONS });
  for (let i = 0; i < files; i++) {
    const node = store.create(nodeAt(store, ''), `file-${i}`, file);
    store.write(node, 0, Buffer.alloc(20_000, i + 1), 0, 20_000);
  }
  for (let i = 0; i < files; i += 2) store.unlink(nodeAt(store, ''), `file-${i}`);
  return store;
}

function segmentsOf(path: string): string[] {
  return readdirSync(join(path, 'log')).filter((name) => name.endsWith('.fxlog'));
}

test('compaction gives back what is dead and changes nothing of the tree (C1)', async () => {
  const store = await halfDead();
  const before = dump(store);
  const { logBytes } = store.totals;
  await store.upkeep.compactor.run({ policy: NO_HISTORY });
  expect(dump(store)).toBe(before);
  expect(store.totals.logBytes).toBeLessThan(logBytes * 0.65);
  const onDisk = segmentsOf(join(directory, 'store')).map(
    (name) => readFileSync(join(directory, 'store/log', name)).length,
  );
  expect(onDisk.reduce((sum, bytes) => sum + bytes, 0)).toBe(store.totals.logBytes);
  await store.close();
  const again = await openStore(join(directory, 'store'), OPTIONS);
  expect(dump(again)).toBe(before);
  await again.close();
});

test('random changes before, during and after compaction end in the same tree as without it', async () => {
  for (let seed = 1; seed <= 2; seed++) {
    const random = seededRandom(seed * 31);
    const sameRandom = seededRandom(seed * 31);
    const path = join(directory, `store-${seed}`);
    let store = await openStore(path, { create: true, ...OPTIONS });
    const reference = await openStore(join(directory, `reference-${seed}`), { create: true });
    const change = (): void => {
      randomChange(store, random);
      randomChange(reference, sameRandom);
    };
    for (let round = 0; round < 2; round++) {
      for (let i = 30 + 40 * round; i > 0; i--) change();
      let running = true;
      const compaction = store.upkeep.compactor.run({ policy: NO_HISTORY, deadShareMin: 0.01 }).finally(() => {
        running = false;
      });
      // The changes go on from turn to turn; what the tree must be is what they made of it.
      for (let turns = 0; running; turns++) {
        const before = turns % 32 === 0 ? dump(store) : '';
        await new Promise((resolve) => setImmediate(resolve));
        if (before !== '') expect(dump(store), `seed ${seed}, round ${round}`).toBe(before);
        if (turns < 400) change();
      }
      await compaction;
      expect(dump(store, false), `seed ${seed}, round ${round}`).toBe(dump(reference, false));
      const before = dump(store);
      const copy = join(directory, `copy-${seed}-${round}`);
      cpSync(path, copy, { recursive: true });
      const crashed = await openStore(copy, OPTIONS);
      expect(dump(crashed), `seed ${seed}, round ${round}, after a crash`).toBe(before);
      await crashed.close();
      await store.close();
      store = await openStore(path, OPTIONS);
      expect(dump(store), `seed ${seed}, round ${round}, opened again`).toBe(before);
    }
    await store.close();
    await reference.close();
  }
}, 240_000);

test('more files than the search for owners tells at a time are all moved', async () => {
  const files = 9000;
  const store = await openStore(join(directory, 'store'), { create: true, segmentBytesMax: 1 << 20 });
  for (let first = 0; first < files; first += 500) {
    store.transaction(() => {
      for (let i = first; i < first + 500; i++) {
        store.write(store.create(nodeAt(store, ''), `file-${i}`, file), 0, Buffer.alloc(64, i), 0, 64);
      }
    });
  }
  const { movedBytes } = await store.upkeep.compactor.run({ policy: NO_HISTORY });
  expect(movedBytes).toBeGreaterThan(64 * 8192);
  for (const i of [0, 4095, 4096, 8999]) {
    expect(content(store, nodeAt(store, `file-${i}`)).equals(Buffer.alloc(64, i))).toBe(true);
  }
  await store.close();
});

test('a move leaves alone what was written, cut or removed since (C2)', async () => {
  const store = await halfDead(8);
  const [kept, cut, gone] = ['file-1', 'file-3', 'file-5'].map((name) => nodeAt(store, name));
  await store.checkpoint();
  let first = true;
  await store.upkeep.compactor.run({
    policy: NO_HISTORY,
    onProgress: (done, total) => {
      // The owners are found from the checkpoint; these changes come after it.
      if (!first || done > 0 || total === 0) return;
      first = false;
      store.write(kept as never, 100, Buffer.alloc(50, 99), 0, 50);
      store.patch(cut as never, { size: 10 });
      store.unlink(nodeAt(store, ''), 'file-5');
      void gone;
    },
  });
  const expected = Buffer.alloc(20_000, 2);
  expected.fill(99, 100, 150);
  expect(content(store, nodeAt(store, 'file-1')).equals(expected)).toBe(true);
  expect(content(store, nodeAt(store, 'file-3')).equals(Buffer.alloc(10, 4))).toBe(true);
  expect(first).toBe(false);
  await store.close();
});

test('moved files keep version, times and seq, and nobody is told of a change (C1)', async () => {
  const store = await halfDead();
  const { version, seq, mtimeSec, mtimeNsec, ctimeNsec } = nodeAt(store, 'file-1');
  const seen: string[] = [];
  const note = (what: string) => () => void seen.push(what);
  store.listen({
    content: note('content'),
    attributes: note('attributes'),
    linked: note('linked'),
    unlinked: note('unlinked'),
  });
  const { movedBytes } = await store.upkeep.compactor.run({ policy: NO_HISTORY });
  expect(movedBytes).toBeGreaterThan(0);
  expect(seen).toEqual([]);
  expect(nodeAt(store, 'file-1')).toMatchObject({ version, seq, mtimeSec, mtimeNsec, ctimeNsec });
  await store.close();
});

test('a reader that holds its pieces reads on while their segment is removed (C4)', async () => {
  const store = await halfDead();
  const pieces: Piece[] = [];
  store.pieces(nodeAt(store, 'file-1'), 0, 20_000, pieces);
  const release = store.holdPieces();
  await store.upkeep.compactor.run({ policy: NO_HISTORY });
  const bytes = Buffer.alloc(20_000);
  for (const { fd, position, bytes: count } of pieces) readSync(fd, bytes, 0, count, position);
  expect(bytes.equals(Buffer.alloc(20_000, 2))).toBe(true);
  release();
  const fresh: Piece[] = [];
  store.pieces(nodeAt(store, 'file-1'), 0, 20_000, fresh);
  expect(fresh).not.toEqual(pieces);
  await store.close();
});

test('a damaged segment is not compacted, and its damage stays to be found (C5)', async () => {
  let store = await halfDead();
  await store.close();
  const name = join(directory, 'store/log/00000002.fxlog');
  const bytes = readFileSync(name);
  bytes[30_000] = (bytes[30_000] as number) ^ 1;
  writeFileSync(name, bytes);
  const warnings: string[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning.message);
  process.on('warning', onWarning);
  store = await openStore(join(directory, 'store'), OPTIONS);
  const before = dump(store);
  await store.upkeep.compactor.run({ policy: NO_HISTORY });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  expect(existsSync(name)).toBe(true);
  expect(readFileSync(name).equals(bytes)).toBe(true);
  expect(warnings.join()).toContain('segment 2 is not compacted');
  expect(existsSync(join(directory, 'store/log/00000003.fxlog'))).toBe(false);
  expect(dump(store)).toBe(before);
  await store.close();
});

test('history is kept: the newest segments up to its bound, without gap', async () => {
  const store = await halfDead();
  const last = segmentsOf(join(directory, 'store')).length;
  await store.upkeep.compactor.run({ policy: { historyBytesMax: 100_000, historyAgeMaxSec: 3600 } });
  const { historySeq } = store.upkeep.compactor.usage();
  const uses = store.upkeep.compactor.segments();
  const history = uses.filter(({ firstSeq }) => (firstSeq ?? 0) >= historySeq);
  expect(history.map(({ segment }) => segment)).toContain(last);
  for (const [index, { segment }] of history.entries()) expect(segment).toBe((history[0]?.segment ?? 0) + index);
  await store.close();
});

test('an index that is lost after compaction is not made anew from half a log', async () => {
  const store = await halfDead();
  await store.upkeep.compactor.run({ policy: NO_HISTORY });
  await store.close();
  rmSync(join(directory, 'store/index'), { recursive: true });
  await expect(openStore(join(directory, 'store'), OPTIONS)).rejects.toMatchObject({ code: 'DAMAGED' });
});

test('a missing segment with live content makes the store read-only and is named', async () => {
  let store = await halfDead();
  await store.close();
  rmSync(join(directory, 'store/log/00000002.fxlog'));
  store = await openStore(join(directory, 'store'), OPTIONS);
  expect(store.readOnly).toBe(true);
  expect(store.report.join()).toContain('00000002.fxlog');
  expect(store.upkeep.compactor.missingSegments()).toEqual([2]);
  await store.close();
});
