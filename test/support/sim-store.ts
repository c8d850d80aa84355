/**
 * A store over a disk in memory, for tests that cut, damage and crash its log.
 */
import type { Index } from '../../src/index/index.ts';
import { decodeCheckpoint } from '../../src/store/checkpoint-record.ts';
import { coveredBy } from '../../src/store/checkpointer.ts';
import type { Node } from '../../src/store/node.ts';
import { KIND, ROOT_INO } from '../../src/store/node.ts';
import { replay } from '../../src/store/replay.ts';
import { State } from '../../src/store/state.ts';
import { Store } from '../../src/store/store.ts';
import { Log } from '../../src/wal/log.ts';
import type { SimDisk } from './sim-disk.ts';
import { dumpTree } from './tree-dump.ts';

const STORE_ID = Buffer.from('0123456789abcdef');
const SEGMENT_BYTES_MAX = 2048;

/** One operation of a history, on a store. */
export type Operation = (store: Store) => void;

function readerOf(log: Log) {
  return (segment: number, position: number, bytes: number): Uint8Array => {
    const into = new Uint8Array(bytes);
    const got = log.read(segment, position, into, 0, bytes);
    if (got !== bytes) throw new Error(`${bytes} bytes of content expected, ${got} there`);
    return into;
  };
}

/** An empty store on an empty disk; `index` is empty and stays so. */
export async function simStore(disk: SimDisk, index: Index): Promise<{ store: Store; log: Log; dump(): string }> {
  const log = await Log.create(disk, STORE_ID, { segmentBytesMax: SEGMENT_BYTES_MAX, timeSec: 1_700_000_000 });
  const state = new State(index);
  const time = { sec: 0, nsec: 0 };
  const store = new Store({
    state,
    log,
    index,
    readOnly: false,
    covered: coveredBy(null),
    maxBytes: null,
    report: [],
    time,
    onClose: () => {},
  });
  store.createRoot(0, 0);
  return { store, log, dump: () => dumpTree(store, readerOf(log)) };
}

/** Opens what is on `disk` with its index, as `openStore` does on a host. */
export async function openSimStore(disk: SimDisk, index: Index): Promise<{ store: Store; log: Log; dump(): string }> {
  const state = new State(index);
  const bytes = index.checkpoint();
  const checkpoint = bytes === undefined ? null : decodeCheckpoint(bytes);
  if (checkpoint) state.restore(checkpoint);
  const time = { sec: 0, nsec: 0 };
  const options = { storeId: STORE_ID, from: checkpoint?.log ?? null, segmentBytesMax: SEGMENT_BYTES_MAX };
  const log = await Log.open(disk, options, (frame) => replay(state, frame));
  const readOnly = log.readOnly;
  const covered = coveredBy(checkpoint);
  const store = new Store({
    state,
    log,
    index,
    readOnly,
    covered,
    maxBytes: null,
    report: [],
    time,
    onClose: () => {},
  });
  return { store, log, dump: () => dumpTree(store, readerOf(log)) };
}

/** Runs a history; returns the tree's dump after each frame, by seq. */
export async function runHistory(disk: SimDisk, index: Index, history: Operation[]): Promise<Map<number, string>> {
  const { store, log, dump } = await simStore(disk, index);
  const dumps = new Map([
    [0, ''],
    [store.seq, dump()],
  ]);
  for (const operation of history) {
    operation(store);
    dumps.set(store.seq, dump());
  }
  await log.close();
  return dumps;
}

/** What recovery makes of the log on `disk`. Throws what opening throws. */
export async function recovered(
  disk: SimDisk,
  index: Index,
): Promise<{ seq: number; dump: string; isDamaged: boolean; isCut: boolean }> {
  const state = new State(index);
  const log = await Log.open(disk, { storeId: STORE_ID, from: null, segmentBytesMax: SEGMENT_BYTES_MAX }, (frame) =>
    replay(state, frame),
  );
  try {
    const { damage, tail } = log.recovery;
    return { seq: log.seq, dump: dumpTree(state, readerOf(log)), isDamaged: damage.length > 0, isCut: tail !== null };
  } finally {
    await log.close();
  }
}

/** The node at a path of plain names; "" is the root. */
export function nodeAt(store: Store, path: string): Node {
  let node = store.node(ROOT_INO);
  for (const name of path.split('/')) {
    if (name === '' || node === undefined) continue;
    const slot = store.slot(node, name);
    node = slot && store.node(slot.ino);
  }
  if (node === undefined) throw new Error(`there is no ${path}`);
  return node;
}

/** A history with some of everything, in about 5 KB of log. */
export function smallHistory(): Operation[] {
  const own = { uid: 1, gid: 2 };
  const file = { kind: KIND.file, mode: 0o4755, ...own };
  const fill = (length: number, byte: number): Buffer => Buffer.alloc(length, byte);
  return [
    (s) => void s.create(nodeAt(s, ''), 'a', file),
    (s) => s.write(nodeAt(s, 'a'), 0, fill(300, 1), 0, 300),
    (s) => s.write(nodeAt(s, 'a'), 100, fill(50, 2), 10, 40, { mode: 0o644 }),
    (s) => void s.create(nodeAt(s, ''), 'd', { kind: KIND.directory, mode: 0o755, ...own }),
    (s) => s.rename(nodeAt(s, ''), 'a', nodeAt(s, 'd'), 'b'),
    (s) => void s.create(nodeAt(s, ''), 'l', { kind: KIND.symlink, mode: 0o777, target: 'd/b', ...own }),
    (s) => s.link(nodeAt(s, 'l'), nodeAt(s, 'd'), 'l2'),
    (s) => s.patch(nodeAt(s, 'd'), { mode: 0o2750, xattrs: new Map([['user.x', fill(5, 9)]]) }),
    (s) =>
      s.transaction(() => {
        const one = s.create(nodeAt(s, 'd'), 'one', file);
        s.write(one, 5000, fill(20, 7), 0, 20);
        s.write(one, 5010, fill(4, 8), 0, 4);
        s.unlink(nodeAt(s, ''), 'l');
      }),
    (s) => s.rename(nodeAt(s, ''), 'd', nodeAt(s, ''), 'e'),
    (s) => void s.create(nodeAt(s, ''), 'f', file),
    (s) => s.rename(nodeAt(s, ''), 'f', nodeAt(s, 'e'), 'one'),
    (s) => s.patch(nodeAt(s, 'e/b'), { size: 120, mtime: [5, 6] }),
    (s) => s.patch(nodeAt(s, 'e'), { xattrs: new Map([['user.x', null]]) }),
    (s) => void s.create(nodeAt(s, ''), 'v', { kind: KIND.file, mode: 0o644, value: fill(40, 3), ...own }),
    (s) => s.rename(nodeAt(s, ''), 'v', nodeAt(s, 'e'), 'b', { exchange: true }),
    (s) => s.patch(nodeAt(s, 'e/one'), { share: { from: nodeAt(s, 'v'), fromOffset: 90, offset: 3, bytes: 30 } }),
    (s) =>
      s.patch(nodeAt(s, 'v'), { hole: { offset: 10, bytes: 95 }, reserve: { offset: 50, bytes: 100 }, mode: 0o600 }),
    (s) => s.unlink(nodeAt(s, 'e'), 'b'),
  ];
}
