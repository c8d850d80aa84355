/**
 * Random operations on a Vfs over the real store end as they do over the plain Map tree, also when the
 * store is checkpointed, closed and opened again, or dies and recovers, at any point between them.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NotReady } from '../../mount/operations.ts';
import { initStore, openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { wrongAccounts } from '../support/accounts.ts';
import { tickingClock } from '../support/clock.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { outcomeOf } from '../support/paths.ts';
import { type OpenStep, storeStep } from '../support/random-operations.ts';
import { StorePaths } from '../support/store-paths.ts';

const seed = Number(process.env.FXMOUNT_SEED ?? 20_240_602);
const numRuns = Number(process.env.FXMOUNT_RUNS ?? 15);
const SEGMENT_BYTES_MAX = 1 << 20;

type Interruption = 'checkpoint' | 'reopen' | 'crash';
const interruption = fc.constantFrom<Interruption>('checkpoint', 'reopen', 'crash');

const base = mkdtempSync(join(tmpdir(), 'fxmount-model-'));
const template = join(base, 'empty');

beforeAll(async () => {
  await initStore(template);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** The real store in a directory of its own, which each crash moves on from. */
class Subject {
  store!: Store;
  #directory = join(base, 'life-0');
  #lives = 0;

  constructor() {
    cpSync(template, this.#directory, { recursive: true });
  }

  async open(): Promise<Store> {
    this.store = await openStore(this.#directory, { segmentBytesMax: SEGMENT_BYTES_MAX });
    expect(this.store.readOnly).toBe(false);
    return this.store;
  }

  async interrupt(how: Interruption): Promise<Store> {
    if (how === 'checkpoint') {
      await this.store.checkpoint();
      return this.store;
    }
    if (how === 'reopen') {
      await this.#end();
      return this.open();
    }
    // What a killed process leaves is what its files hold right now.
    const next = join(base, `life-${++this.#lives}`);
    cpSync(this.#directory, next, { recursive: true });
    await this.store.close();
    rmSync(this.#directory, { recursive: true });
    this.#directory = next;
    return this.open();
  }

  async #end(): Promise<void> {
    await this.store.close();
    expect(await wrongAccounts(this.#directory)).toEqual([]);
  }

  async close(): Promise<void> {
    await this.#end();
    rmSync(this.#directory, { recursive: true });
  }
}

/** As a driver does: what needs something that is being worked out is asked for again. */
async function whenReady<T>(ask: () => T): Promise<T> {
  for (;;) {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      await error.ready;
    }
  }
}

async function expectSame(real: StorePaths, model: StorePaths): Promise<void> {
  const expected = await whenReady(() => ({ tree: model.tree(), held: model.held() }));
  expect(await whenReady(() => ({ tree: real.tree(), held: real.held() }))).toEqual(expected);
  expect(real.store.totals.nodes).toBe(model.store.totals.nodes);
}

/** Steps between which the trees are compared, and what happens to the store after them. */
const round = fc.record({
  steps: fc.array(storeStep(), { minLength: 1, maxLength: 12, size: 'max' }),
  interrupted: fc.option(interruption, { freq: 2 }),
});

async function play(rounds: { steps: OpenStep<StorePaths>[]; interrupted: Interruption | null }[]): Promise<void> {
  const subject = new Subject();
  const memory = new MemoryStore({ now: tickingClock() });
  try {
    const real = new StorePaths(await subject.open());
    const model = new StorePaths(memory);
    for (const { steps, interrupted } of rounds) {
      for (const open of steps) {
        const step = open.among(model.paths());
        const expected = await whenReady(() => outcomeOf(() => step.run(model)));
        const outcome = await whenReady(() => outcomeOf(() => step.run(real)));
        expect([String(step), outcome]).toEqual([String(step), expected]);
      }
      await expectSame(real, model);
      if (interrupted === null) continue;
      const store = await subject.interrupt(interrupted);
      if (interrupted !== 'checkpoint') {
        real.reopened(store);
        model.letAllGo();
        model.reopened(memory);
      }
      await expectSame(real, model);
    }
  } finally {
    memory.close();
    await subject.close();
  }
}

test('random operations on the real store end as they do on a Map tree', {
  timeout: 30_000 + numRuns * 4_000,
}, async () => {
  const rounds = fc.array(round, { minLength: 1, maxLength: 10, size: 'max' });
  // Shrinking would take longer than the test may: the seed and what went wrong say enough.
  await fc.assert(fc.asyncProperty(rounds, play), { seed, numRuns, endOnFailure: true, includeErrorInReport: true });
});
