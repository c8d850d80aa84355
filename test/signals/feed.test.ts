/**
 * The changefeed: signals are what the log says, from any cursor, to whoever asks.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Feed } from '../../src/signals/feed.ts';
import type { Signal } from '../../src/signals/signal.ts';
import type { Subscription } from '../../src/signals/subscription.ts';
import { KIND, type Node, ROOT_INO } from '../../src/store/node.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { encode } from '../../src/uarr/v2.ts';

let directory: string;
let store: Store;
let feed: Feed;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-feed-'));
  store = await openStore(directory, { create: true });
  feed = new Feed(store, directory);
});

afterEach(async () => {
  feed.close();
  await store.close();
  rmSync(directory, { recursive: true });
});

function root(): Node {
  return store.node(ROOT_INO) as Node;
}

function make(name: string, parent = root(), kind: Node['kind'] = KIND.file): Node {
  return store.create(parent, name, { kind, mode: 0o644, uid: 0, gid: 0 });
}

/** Signals up to the head as it is now. */
async function drain(subscription: Subscription): Promise<Signal[]> {
  const signals: Signal[] = [];
  const head = store.seq;
  if (subscription.cursor >= head) return signals;
  for await (const batch of subscription) {
    signals.push(...batch.signals);
    if (batch.cursor >= head) break;
  }
  return signals;
}

/** A signal in short, for comparing. */
function brief({ seq, ino, base, version, delta }: Signal): string {
  const what =
    delta.kind === 'CHILDREN'
      ? `${delta.action} ${delta.name}`
      : delta.kind === 'VALUE'
        ? `${delta.offset}+${delta.bytes ?? 'all'}${delta.created ? ' created' : ''}`
        : delta.kind === 'META'
          ? `${[...delta.fields, ...delta.xattrs].join(',')}${delta.deleted ? 'deleted' : ''}`
          : delta.name;
  return `${seq} ${delta.kind} ${ino} ${base}>${version} ${what}`;
}

/** One change of each sort; returns the cursor before the first. */
function history(): number {
  const from = store.seq;
  const a = make('a');
  store.write(a, 0, Buffer.from('hello'), 0, 5);
  store.patch(a, { mode: 0o600, xattrs: new Map([['user.k', Buffer.from('v')]]) });
  store.patch(a, { value: encode('typed') });
  const d = make('d', root(), KIND.directory);
  store.rename(root(), 'a', d, 'b');
  store.signal(a, 'deployed', encode(true));
  store.unlink(d, 'b');
  return from;
}

const HISTORY = [
  '2 VALUE 2 0>1 0+all created',
  '2 CHILDREN 1 1>2 added a',
  '3 VALUE 2 1>2 0+5',
  '4 META 2 2>3 mode,user.k',
  '5 VALUE 2 3>4 0+all',
  '6 VALUE 3 0>1 0+all created',
  '6 CHILDREN 1 2>3 added d',
  '7 CHILDREN 1 3>4 removed a',
  '7 CHILDREN 3 1>2 added b',
  '8 CUSTOM 2 5>5 deployed',
  '9 CHILDREN 3 2>3 removed b',
  '9 META 2 6>6 deleted',
];

test('a subscriber from a cursor gets every signal after it, with versions before and after', async () => {
  const from = history();
  expect((await drain(feed.subscribe({ from }))).map(brief)).toEqual(HISTORY);
});

test('a subscriber who is there gets the same signals as one who reads the log later', async () => {
  const live = feed.subscribe();
  const from = history();
  const seen = await drain(live);
  expect(seen.map(brief)).toEqual(HISTORY);
  expect(await drain(feed.subscribe({ from }))).toEqual(seen);
});

test('signals name nodes that are gone by now by their NodeID', async () => {
  const from = store.seq;
  const a = make('a');
  const { id } = a;
  store.write(a, 0, Buffer.from('x'), 0, 1);
  store.unlink(root(), 'a');
  const signals = await drain(feed.subscribe({ from }));
  expect(signals.filter(({ ino }) => ino === a.ino).every((signal) => signal.id === id)).toBe(true);
});

test('a filter by kind, node or subtree leaves the rest out, also for nodes that are gone by now', async () => {
  const from = history();
  const d = store.slot(root(), 'd')?.ino as number;
  const pick = async (options: Parameters<Feed['subscribe']>[0]) =>
    (await drain(feed.subscribe({ from, ...options }))).map(brief);
  expect(await pick({ kinds: ['CUSTOM'] })).toEqual(HISTORY.filter((line) => line.includes('CUSTOM')));
  expect(await pick({ node: 2 })).toEqual(HISTORY.filter((line) => / [A-Z]+ 2 /.test(line)));
  expect(await pick({ under: d })).toEqual(HISTORY.slice(5).filter((line) => !/ [A-Z]+ 1 /.test(line)));
});

test('a window merges what tells of the same node', async () => {
  const from = store.seq;
  const a = make('a');
  for (let i = 0; i < 10; i++) store.write(a, i, Buffer.from('x'), 0, 1);
  store.patch(a, { mode: 0o600 });
  store.patch(a, { uid: 5 });
  store.rename(root(), 'a', root(), 'b');
  store.rename(root(), 'b', root(), 'a');
  const signals = await drain(feed.subscribe({ from, windowMs: 1 }));
  expect(signals.map(brief)).toEqual([
    '12 VALUE 2 0>11 0+all created',
    '14 META 2 11>13 mode,uid',
    '16 CHILDREN 1 2>4 removed b',
    '16 CHILDREN 1 1>4 added a',
  ]);
});

test('a subscriber who takes nothing holds nobody up, is told how far it is behind, and misses nothing', async () => {
  const slow = feed.subscribe();
  const a = make('a');
  const payload = encode('x'.repeat(10_000));
  // More than the feed keeps in memory.
  for (let i = 0; i < 1000; i++) store.signal(a, `s${i}`, payload);
  const names: string[] = [];
  let lagged = 0;
  for await (const batch of slow) {
    if (batch.lag > 0) lagged++;
    for (const { delta } of batch.signals) if (delta.kind === 'CUSTOM') names.push(delta.name);
    if (batch.cursor === store.seq) break;
  }
  expect(names).toEqual(Array.from({ length: 1000 }, (_, i) => `s${i}`));
  expect(lagged).toBeGreaterThan(0);
});

test('waiting subscribers are woken by a change, and a closed one ends', async () => {
  const subscription = feed.subscribe();
  const batches = subscription[Symbol.asyncIterator]();
  const pending = batches.next();
  make('a');
  expect((await pending).value?.signals.map(brief)).toEqual([
    '2 VALUE 2 0>1 0+all created',
    '2 CHILDREN 1 1>2 added a',
  ]);
  const last = batches.next();
  subscription.close();
  expect((await last).done).toBe(true);
});

test('the signals of a transaction have one seq, and rise in index', async () => {
  const from = store.seq;
  store.transaction(() => {
    make('a');
    make('b');
  });
  const signals = await drain(feed.subscribe({ from }));
  expect(signals.map(({ seq, index }) => [seq, index])).toEqual([
    [2, 0],
    [2, 1],
    [2, 2],
    [2, 3],
  ]);
});

test('a cursor beyond the end is refused', () => {
  expect(() => feed.subscribe({ from: 99 })).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
});

test('without subscribers the store has no follower', async () => {
  const subscription = feed.subscribe();
  expect(store.isFollowed).toBe(true);
  subscription.close();
  expect(store.isFollowed).toBe(false);
});
