/**
 * Puts many files into the directories of a closed store, straight into its index: what a compacted store of that
 * many nodes is like, made in a tenth of the time.
 */
import { join } from 'node:path';
import { Writer } from '../../src/bytes.ts';
import { type Ino, newNodeId } from '../../src/ids.ts';
import { Batch } from '../../src/index/batch.ts';
import { Index, idKey, idValue, inoKey, orderKey, orderValue, slotKey, slotValue } from '../../src/index/index.ts';
import { type CheckpointRecord, decodeCheckpoint, encodeCheckpoint } from '../../src/store/checkpoint-record.ts';
import { KIND, Node } from '../../src/store/node.ts';
import { decodeNode, encodeNode } from '../../src/store/node-record.ts';

const COMMIT_ENTRIES = 1_000_000;
const WIRING = { regions: () => ({ load: () => [], list: () => [] }), onFree: () => {} };

/** Puts files with the names into each of the directories, which are empty. */
export async function fillIndex(store: string, directories: readonly Ino[], names: readonly string[]): Promise<void> {
  const index = new Index(join(store, 'index'));
  const record = decodeCheckpoint(index.checkpoint() as Buffer);
  const out = new Writer(4096);
  let batch = new Batch();
  for (const parent of directories) {
    putDirectory(index, batch, out, parent, names.length);
    for (const name of names) putFile(batch, out, record, parent, name);
    if (batch.entries < COMMIT_ENTRIES && parent !== directories.at(-1)) continue;
    await index.commit([batch], encodeCheckpoint(record));
    batch = new Batch();
  }
  await index.close();
}

function putDirectory(index: Index, batch: Batch, out: Writer, ino: Ino, entries: number): void {
  const node = decodeNode(ino, index.node(ino) as Buffer, WIRING);
  if (node.directory) node.directory.count = entries;
  putNode(batch, out, node);
}

function putFile(batch: Batch, out: Writer, record: CheckpointRecord, parent: Ino, name: string): void {
  const ino = record.nextIno++;
  const cookie = record.nextCookie++;
  const timeMs = Date.now();
  const node = new Node(ino, newNodeId(timeMs), KIND.file);
  node.mode = 0o644;
  node.nlink = 1;
  node.seq = record.log.seq;
  node.atimeSec = node.mtimeSec = node.ctimeSec = node.btimeSec = Math.floor(timeMs / 1000);
  node.links = [{ parent, name, ino, cookie, kind: KIND.file }];
  putNode(batch, out, node);
  batch.put('ids', idKey(node.id), idValue(ino));
  batch.put('slots', slotKey(parent, name), slotValue(ino, cookie, KIND.file));
  batch.put('order', orderKey(parent, cookie), orderValue(ino, KIND.file, name));
  record.nodeCount++;
}

function putNode(batch: Batch, out: Writer, node: Node): void {
  out.reset();
  encodeNode(node, out);
  batch.put('nodes', inoKey(node.ino), out.bytes.subarray(0, out.position));
}
