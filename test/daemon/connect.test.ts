/**
 * The API for programs beside a mounted store, over a real socket, against the real verbs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Documents } from '../../mount/documents/documents.ts';
import { connect, type FxClient } from '../../src/daemon/connect.ts';
import { type Endpoint, listen } from '../../src/daemon/endpoint.ts';
import type { MountControl } from '../../src/daemon/mount-control.ts';
import { ServerConnection } from '../../src/daemon/server.ts';
import type { FxSignal, SignalStream } from '../../src/daemon/signal-stream.ts';
import { isVerbName, runVerb } from '../../src/daemon/verbs.ts';
import { Feed } from '../../src/signals/feed.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { Tree } from '../../src/tree/tree.ts';

/** A daemon without mounts. */
class Server {
  readonly store: Store;
  readonly tree: Tree;
  readonly #feed: Feed;
  readonly #endpoint: Endpoint;
  readonly #sockets = new Set<Socket>();

  static async start(directory: string): Promise<Server> {
    const store = await openStore(directory, { create: true });
    const server: { it?: Server } = {};
    const endpoint = await listen(
      directory,
      (socket) => server.it?.accept(socket),
      () => {},
    );
    server.it = new Server(store, directory, endpoint);
    return server.it;
  }

  private constructor(store: Store, directory: string, endpoint: Endpoint) {
    this.store = store;
    this.tree = new Tree(store);
    this.#feed = new Feed(store, directory);
    this.#endpoint = endpoint;
  }

  accept(socket: Socket): void {
    const { store, tree } = this;
    const feed = this.#feed;
    const { directory } = feed;
    const documents = new Documents(store);
    const mounts = { list: () => [] } as unknown as MountControl;
    const context = {
      directory,
      store,
      tree,
      feed,
      documents,
      lenses: { registry: documents.registry, module: null, problem: null },
      ending: new AbortController().signal,
      mounts,
    };
    this.#sockets.add(socket);
    new ServerConnection(socket, {
      store: directory,
      run: (verb, args, io) => {
        if (!isVerbName(verb)) throw new Error(`no verb ${verb}`);
        return runVerb(verb, context, args, io);
      },
      log: () => {},
      closed: () => this.#sockets.delete(socket),
    });
  }

  async stop(): Promise<void> {
    this.#endpoint.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#feed.close();
    await this.store.close();
  }
}

let directory: string;
let server: Server;
let fx: FxClient;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-connect-'));
  server = await Server.start(directory);
  fx = await connect(directory);
});

afterEach(async () => {
  await fx.close();
  await server.stop();
  rmSync(directory, { recursive: true });
});

async function take(stream: SignalStream, amount: number): Promise<FxSignal[]> {
  const signals: FxSignal[] = [];
  for await (const signal of stream) if (signals.push(signal) === amount) break;
  return signals;
}

test('values go both ways with their types', async () => {
  const value = { n: 1, f: 1.5, big: 2n ** 60n, bytes: new Uint8Array([1, 2]), list: [null, true, 'x'] };
  await fx.put('/a/b', value, { parents: true });
  expect(await fx.get('/a/b')).toEqual(server.tree.get('/a/b'));
  expect(await fx.get('/a/b')).toMatchObject({ n: 1, f: 1.5, big: 2n ** 60n, list: [null, true, 'x'] });
  expect(await fx.read('/a/b')).toMatchObject({ kind: 'file', version: 1, type: 'map', paths: ['/a/b'] });
  expect(await fx.get('/a')).toBeUndefined();
});

test('a patch changes fields and keeps their types', async () => {
  await fx.put('/a', { f: 1.5, n: 1, nested: { list: [1, 2] } });
  await fx.patch('/a', { f: 2, n: 3 });
  await fx.patch('/a', [
    [['nested', 'list', 1], 5],
    ['n', undefined],
  ]);
  expect(server.tree.getValue('/a')).toEqual(
    new Map<string, unknown>([
      ['f', 2],
      ['nested', new Map([['list', [1n, 5n]]])],
    ]),
  );
});

test('a transaction is one frame, or nothing when a part of it is refused', async () => {
  const before = server.store.seq;
  const seq = await fx.transaction((t) =>
    t
      .put('/a', 1)
      .mkdir('/d')
      .put('/d/b', new Uint8Array([65]))
      .move('/a', '/d/a')
      .remove('/d/b'),
  );
  expect(seq).toBe(before + 1);
  expect(server.tree.list('/d').map(({ name }) => name)).toEqual(['a']);
  const refused = fx.transaction((t) => t.put('/x', 1).move('/absent', '/y'));
  await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(server.tree.exists('/x')).toBe(false);
  expect(server.store.seq).toBe(seq);
});

test('a change that expects an older version is refused', async () => {
  await fx.put('/a', 1);
  const { version } = await fx.read('/a');
  await fx.put('/a', 2);
  const late = fx.transaction((t) => t.expect('/a', version).put('/a', 3));
  await expect(late).rejects.toMatchObject({ code: 'BUSY' });
  expect(await fx.get('/a')).toBe(2);
});

test('signals come as they happen, with where and what', async () => {
  await fx.mkdir('/config');
  const stream = fx.signals({ under: '/config', from: server.store.seq });
  const seen = take(stream, 4);
  await fx.put('/elsewhere', 1);
  await fx.put('/config/port', 8080);
  await fx.patch('/config', { name: 'x' });
  await fx.emit('/config/port', 'restarted', { by: 'me', at: 1n });
  expect(await seen).toMatchObject([
    { kind: 'VALUE', path: '/config/port', base: 0, version: 1, delta: { created: true } },
    { kind: 'CHILDREN', path: '/config', delta: { action: 'added', name: 'port' } },
    { kind: 'VALUE', path: '/config', delta: { offset: 0, bytes: null, created: false } },
    { kind: 'CUSTOM', path: '/config/port', delta: { name: 'restarted', payload: { by: 'me', at: 1 } } },
  ]);
});

test('a stream that does not follow ends at the last frame', async () => {
  await fx.put('/a', 1);
  const kinds: string[] = [];
  for await (const signal of fx.signals({ from: 0, follow: false })) kinds.push(signal.kind);
  expect(kinds).toEqual(['VALUE', 'VALUE', 'CHILDREN']);
});

test('a stream goes on across a restart of the daemon, without a gap and without repetition', async () => {
  const stream = fx.signals({ from: server.store.seq, kinds: ['CUSTOM'] });
  const seen = take(stream, 60);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 20; i++) await fx.emit('/', `s${round * 20 + i}`);
    await server.stop();
    server = await Server.start(directory);
  }
  const names = (await seen).map(({ delta }) => (delta as { name: string }).name);
  expect(names).toEqual(Array.from({ length: 60 }, (_, i) => `s${i}`));
});

test('a named cursor remembers what was taken', async () => {
  await take(fx.signals({ cursor: 'mine', from: 0 }), 1);
  for (let i = 0; i < 5; i++) await fx.emit('/', `first${i}`);
  const first: string[] = [];
  for await (const signal of fx.signals({ cursor: 'mine', from: 0, kinds: ['CUSTOM'], follow: false })) {
    first.push((signal.delta as { name: string }).name);
  }
  for (let i = 0; i < 5; i++) await fx.emit('/', `second${i}`);
  const second: string[] = [];
  for await (const signal of fx.signals({ cursor: 'mine', kinds: ['CUSTOM'], follow: false })) {
    second.push((signal.delta as { name: string }).name);
  }
  expect(first).toEqual([0, 1, 2, 3, 4].map((i) => `first${i}`));
  expect(second).toEqual([0, 1, 2, 3, 4].map((i) => `second${i}`));
});

test('a slow reader holds nobody up', async () => {
  const stream = fx.signals({ from: server.store.seq, kinds: ['CUSTOM'] });
  const signals = stream[Symbol.asyncIterator]();
  const first = signals.next();
  const payload = 'x'.repeat(1000);
  for (let i = 0; i < 2500; i++) await fx.emit('/', `s${i}`, payload);
  expect((await first).value?.seq).toBe(2);
  let count = 1;
  while (count < 2500 && !(await signals.next()).done) count++;
  expect(count).toBe(2500);
  await signals.return(undefined);
});

test('without a daemon connecting is refused in the time given', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'fxmount-connect-'));
  await expect(connect(empty, { waitMs: 0 })).rejects.toMatchObject({ code: 'NO_DAEMON' });
  rmSync(empty, { recursive: true });
});
