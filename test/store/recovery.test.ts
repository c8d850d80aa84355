/**
 * What a store is after its log was cut, damaged, or lost its last writes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FxError } from '../../src/errors.ts';
import { Index } from '../../src/index/index.ts';
import { CRASH_MODES, SimDisk, seededRandom } from '../support/sim-disk.ts';
import { nodeAt, recovered, runHistory, simStore, smallHistory } from '../support/sim-store.ts';

let directory = '';
let index: Index;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-recovery-'));
  index = new Index(join(directory, 'index'));
});

afterAll(async () => {
  await index.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Recovery of a damaged copy: a prefix of whole frames, or an error with a name. */
async function expectPrefixOrError(
  disk: SimDisk,
  dumps: Map<number, string>,
  what: string,
): Promise<'prefix' | 'error'> {
  try {
    const { seq, dump } = await recovered(disk, index);
    expect(dump, `${what}: the tree is not that of seq ${seq}`).toBe(dumps.get(seq));
    return 'prefix';
  } catch (error) {
    if (!(error instanceof FxError)) throw error;
    return 'error';
  }
}

test('a log opened again gives the same tree, times and versions included', async () => {
  const disk = new SimDisk();
  const dumps = await runHistory(disk, index, smallHistory());
  const { seq, dump } = await recovered(disk, index);
  expect(seq).toBe(Math.max(...dumps.keys()));
  expect(dump).toBe(dumps.get(seq));
});

test('a log cut at any byte gives a prefix of whole frames', async () => {
  const disk = new SimDisk();
  const dumps = await runHistory(disk, index, smallHistory());
  const segments = disk.list().sort();
  expect(segments.length).toBeGreaterThan(1);
  const seen = new Set<number>();
  for (const [i, name] of segments.entries()) {
    const content = disk.content(name);
    for (let cut = 0; cut < content.length; cut++) {
      const copy = disk.clone();
      for (const later of segments.slice(i + 1)) copy.remove(later);
      copy.put(name, content.subarray(0, cut));
      if ((await expectPrefixOrError(copy, dumps, `${name} cut at ${cut}`)) === 'prefix')
        seen.add((await recovered(copy, index)).seq);
    }
  }
  // Every state but the last must have come up: nothing whole was given up.
  expect([...seen].sort((a, b) => a - b)).toEqual([...dumps.keys()].slice(0, -1));
});

test('a log with any byte flipped gives a prefix of whole frames or a named error, never other data', async () => {
  const disk = new SimDisk();
  const dumps = await runHistory(disk, index, smallHistory());
  let prefixes = 0;
  for (const name of disk.list()) {
    const content = disk.content(name);
    for (let at = 0; at < content.length; at++) {
      const flipped = Buffer.from(content);
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      const copy = disk.clone();
      copy.put(name, flipped);
      if ((await expectPrefixOrError(copy, dumps, `${name} flipped at ${at}`)) === 'prefix') prefixes++;
    }
  }
  expect(prefixes).toBeGreaterThan(0);
});

test.each(CRASH_MODES)(
  'after a power failure (%s) all that was durable is there, and what is there is a prefix',
  async (mode) => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(seed);
      const disk = new SimDisk();
      const { store, log, dump } = await simStore(disk, index);
      const dumps = new Map([
        [0, ''],
        [store.seq, dump()],
      ]);
      const history = smallHistory();
      let durable = 0;
      for (const operation of history.slice(0, 1 + random(history.length))) {
        operation(store);
        dumps.set(store.seq, dump());
        if (random(4) === 0) {
          await store.durable();
          durable = store.seq;
        }
      }
      void log;
      disk.crash(mode, random);
      const after = await recovered(disk, index);
      expect(after.seq, `seed ${seed}`).toBeGreaterThanOrEqual(durable);
      expect(after.isDamaged, `seed ${seed}`).toBe(false);
      expect(after.dump, `seed ${seed}`).toBe(dumps.get(after.seq));
    }
  },
);

test('a full disk refuses the change and nothing else: the tree is as before and takes changes again', async () => {
  const disk = new SimDisk();
  const { store, dump } = await simStore(disk, index);
  for (const operation of smallHistory().slice(0, 4)) operation(store);
  const before = dump();
  const { capacityBytes } = disk;
  disk.capacityBytes = 0;
  expect(() => store.write(nodeAt(store, 'a'), 0, Buffer.alloc(100), 0, 100)).toThrow(
    expect.objectContaining({ code: 'NO_SPACE' }),
  );
  expect(() =>
    store.transaction(() => {
      store.unlink(nodeAt(store, ''), 'a');
      store.write(
        store.create(nodeAt(store, 'd'), 'x', { kind: 1, mode: 0, uid: 0, gid: 0 }),
        0,
        Buffer.alloc(9),
        0,
        9,
      );
    }),
  ).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
  expect(dump()).toBe(before);
  disk.capacityBytes = capacityBytes;
  store.unlink(nodeAt(store, ''), 'a');
  const after = dump();
  expect((await recovered(disk, index)).dump).toBe(after);
});

test('a failed write makes the store read-only: no later change is acknowledged', async () => {
  const disk = new SimDisk();
  const { store } = await simStore(disk, index);
  for (const operation of smallHistory().slice(0, 4)) operation(store);
  disk.failAt(1);
  expect(() => store.unlink(nodeAt(store, ''), 'a')).toThrow(FxError);
  expect(() => store.unlink(nodeAt(store, ''), 'd')).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
  expect(store.slot(nodeAt(store, ''), 'a')).toBeDefined();
});
