/**
 * Checkpoints and the tree in memory at their awkward moments.
 */
import { mkdtempSync, readdirSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FxError } from '../../src/errors.ts';
import { Index } from '../../src/index/index.ts';
import type { Piece } from '../../src/store/api.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import { initStore, openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { Log } from '../../src/wal/log.ts';
import { nodeAt } from '../support/sim-store.ts';

const MIB = 1 << 20;
let directory = '';
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-state-'));
  store = await openStore(directory, { create: true });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await store.close().catch(() => {});
  rmSync(directory, { recursive: true, force: true });
});

async function reopen(): Promise<void> {
  await store.close();
  store = await openStore(directory);
}

function make(parent: Node, name: string, kind: typeof KIND.file | typeof KIND.directory = KIND.file): Node {
  return store.create(parent, name, { kind, mode: 0o755, uid: 0, gid: 0 });
}

function names(parent: Node): string[] {
  const found: string[] = [];
  store.slots(parent, 0, (slot) => found.push(slot.name) > 0);
  return found;
}

/** The byte at `offset` of a file. */
function byteAt(file: Node, offset: number): number {
  const pieces: Piece[] = [];
  store.pieces(file, offset, 1, pieces);
  const [piece] = pieces;
  const byte = Buffer.alloc(1);
  if (piece && piece.fd >= 0) readSync(piece.fd, byte, 0, 1, piece.position);
  return byte[0] as number;
}

test('a listing has each entry once, also between the commit of a checkpoint and the notice of it', async () => {
  make(make(nodeAt(store, ''), 'd', KIND.directory), 'a');
  await reopen();
  make(nodeAt(store, 'd'), 'b');
  const { commit } = Index.prototype;
  let between: string[] = [];
  vi.spyOn(Index.prototype, 'commit').mockImplementation(async function (this: Index, ...args) {
    await commit.apply(this, args);
    between = names(nodeAt(store, 'd'));
  });
  await store.checkpoint();
  expect(between).toEqual(['a', 'b']);
  expect(names(nodeAt(store, 'd'))).toEqual(['a', 'b']);
});

test('a transaction refused while a checkpoint is taken does not undo what the checkpoint noted of a file', async () => {
  const data = Buffer.alloc(MIB, 7);
  const file = make(nodeAt(store, ''), 'file');
  for (let at = 0; at < 6; at++) store.write(file, at * MIB, data, 0, MIB);
  await reopen();
  // These are encoded first: the checkpoint has not come to the file yet when the transaction runs.
  const many = make(nodeAt(store, ''), 'many', KIND.directory);
  for (let i = 0; i < 20_000; i++) make(many, `n${i}`);
  store.patch(nodeAt(store, 'file'), { size: 4 * MIB });
  const taken = store.checkpoint();
  expect(() =>
    store.transaction(() => {
      store.write(nodeAt(store, 'file'), 0, data, 0, 1);
      throw new FxError('BUSY', 'refused');
    }),
  ).toThrow('refused');
  store.write(nodeAt(store, 'file'), 5 * MIB, data, 0, MIB);
  await taken;
  await reopen();
  expect([0, 1, 2, 3, 4, 5].map((at) => byteAt(nodeAt(store, 'file'), at * MIB))).toEqual([7, 7, 7, 7, 0, 7]);
});

test('a checkpoint that could not be encoded whole is never committed, nor is a later one without it', async () => {
  const file = make(nodeAt(store, ''), 'file');
  // More extents than fit its record.
  for (let at = 0; at < 40; at++) store.write(file, at * 8192, Buffer.from('x'), 0, 1);
  await reopen();
  make(nodeAt(store, ''), 'before');
  store.patch(nodeAt(store, 'file'), { mode: 0o600 });
  vi.spyOn(Index.prototype, 'region').mockImplementationOnce(() => {
    throw new FxError('DAMAGED', 'a region is damaged');
  });
  await expect(store.checkpoint()).rejects.toThrow('a region is damaged');
  make(nodeAt(store, ''), 'after');
  await expect(store.checkpoint()).rejects.toThrow('a region is damaged');
  await store.close().catch(() => {});
  store = await openStore(directory);
  expect(names(nodeAt(store, ''))).toEqual(['file', 'before', 'after']);
  expect(nodeAt(store, 'file').mode).toBe(0o600);
});

test('a directory forgets names that the index has, and none that changed since', async () => {
  make(make(nodeAt(store, ''), 'd', KIND.directory), 'kept');
  for (const name of ['removed', 'renamed', 'replaced']) make(nodeAt(store, 'd'), name);
  await reopen();
  const d = nodeAt(store, 'd');
  for (let i = 0; i < 65_536; i++) store.slot(d, `absent${i}`);
  make(d, 'new');
  const { commit } = Index.prototype;
  const before = vi.spyOn(Index.prototype, 'commit').mockImplementationOnce(async function (this: Index, ...args) {
    make(d, 'later');
    store.unlink(d, 'removed');
    store.rename(d, 'renamed', d, 'replaced');
    store.unlink(d, 'new');
    make(d, 'new');
    await commit.apply(this, args);
  });
  await store.checkpoint();
  expect(before).toHaveBeenCalledOnce();
  expect(nodeAt(store, 'd').directory?.cachedNames).toBeLessThan(10);
  const expected = ['kept', 'replaced', 'later', 'new'];
  expect(names(d)).toEqual(expected);
  for (const name of ['removed', 'renamed', 'absent1']) expect(store.slot(d, name)).toBeUndefined();
  for (const name of expected) expect(store.slot(d, name)).toBeDefined();
  await reopen();
  expect(names(nodeAt(store, 'd'))).toEqual(expected);
});

test('a store whose making failed for want of space can be made again', async () => {
  const path = join(directory, 'second');
  vi.spyOn(Log, 'create').mockRejectedValueOnce(new FxError('NO_SPACE', 'the disk is full'));
  await expect(initStore(path)).rejects.toThrow('the disk is full');
  // The lock file stays: another process may just be waiting for it.
  expect(readdirSync(path)).toEqual(['lock']);
  await initStore(path);
  const second = await openStore(path);
  expect(names(second.node(1) as Node)).toEqual([]);
  await second.close();
});
