/**
 * Tests that hold for every store: each runs on the store in memory and on the real one.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { native } from '../../src/native.ts';
import type { StoreApi, Time } from '../../src/store/api.ts';
import { initStore, openStore } from '../../src/store/open.ts';
import { tickingClock } from './clock.ts';
import { MemoryStore } from './memory-store.ts';

/** An empty store, and the time by its clock. */
export interface TestStore {
  store: StoreApi;
  now: () => Time;
}

/** Opens another empty store; it is closed when the test ends. */
export type OpenTestStore = () => Promise<TestStore>;

/** Registers a test once for each kind of store. */
export function storeTest(name: string, body: (open: OpenTestStore) => Promise<void>): void {
  test(`${name} [in memory]`, () => withStores(openInMemory, body));
  test(`${name} [on disk]`, () => withStores(openOnDisk, body));
}

interface Closable extends TestStore {
  close(): Promise<void>;
}

async function withStores(open: () => Promise<Closable>, body: (open: OpenTestStore) => Promise<void>): Promise<void> {
  const opened: Closable[] = [];
  try {
    await body(async () => {
      const store = await open();
      opened.push(store);
      return store;
    });
  } finally {
    for (const { close } of opened) await close();
  }
}

async function openInMemory(): Promise<Closable> {
  const now = tickingClock();
  const store = new MemoryStore({ now });
  return { store, now, close: async () => store.close() };
}

let base: string | null = null;
let opened = 0;
afterAll(() => {
  if (base) rmSync(base, { recursive: true, force: true });
});

/** New stores are copies of one empty store, as making one waits for the disk several times. */
async function openOnDisk(): Promise<Closable> {
  if (base === null) {
    base = mkdtempSync(join(tmpdir(), 'fxmount-stores-'));
    await initStore(join(base, 'empty'));
  }
  const directory = join(base, `store-${++opened}`);
  cpSync(join(base, 'empty'), directory, { recursive: true });
  const store = await openStore(directory);
  const now = (): Time => {
    native.tick();
    return [native.clock[0] as number, native.clock[1] as number];
  };
  return { store, now, close: () => store.close() };
}
