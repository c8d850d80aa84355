/**
 * The thread that looks through the index for the files whose content lies in given segments of the log.
 *
 * It reads the index in short transactions, so that checkpoints can reuse its pages meanwhile. A file that
 * changes during the search is found or not; what was missed is found by the next search, since only
 * the count of a segment's live bytes decides whether it may go.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { type BinaryTable, openEnvironment } from '../index/environment.ts';
import type { Extent } from './extents.ts';
import { KIND } from './node.ts';
import { decodeNode, decodeRegion } from './node-record.ts';
import { OWNER_FIELDS, PART_BYTES } from './owners.ts';

export interface OwnersRequest {
  directory: string;
  segments: number[];
}

const PRIORITY = 10;
/** Entries read in one transaction. */
const KEYS_EACH = 4096;
/** Owners in one answer, or a few more. */
const ANSWER_OWNERS = 4096;
/** A search ends when it has found so many: the next one finds the others. */
const OWNERS_MAX = 2_000_000;

/** Owners found, as rows of OWNER_FIELDS numbers. */
class Found {
  #numbers = new Float64Array(1024 * OWNER_FIELDS);
  count = 0;

  add(ino: number, extent: Extent): void {
    // Cut at fixed places, so that extents that share bytes are cut alike.
    for (let done = 0; done < extent.bytes; ) {
      const position = extent.position + done;
      const bytes = Math.min(extent.bytes - done, PART_BYTES - (position % PART_BYTES));
      if ((this.count + 1) * OWNER_FIELDS > this.#numbers.length) this.#grow();
      this.#numbers.set([ino, extent.offset + done, bytes, extent.segment, position], this.count * OWNER_FIELDS);
      this.count++;
      done += bytes;
    }
  }

  #grow(): void {
    const larger = new Float64Array(this.#numbers.length * 2);
    larger.set(this.#numbers);
    this.#numbers = larger;
  }

  /** In the order of the log, in groups none of which shares bytes with another. */
  *groups(): Generator<Float64Array> {
    const numbers = this.#numbers;
    const order = Uint32Array.from({ length: this.count }, (_value, index) => index);
    const place = (row: number): number => (numbers[row * OWNER_FIELDS + 3] as number) * 2 ** 32 + this.#position(row);
    order.sort((a, b) => place(a) - place(b) || a - b);
    for (let start = 0; start < order.length; ) {
      let end = start;
      let endPlace = 0;
      for (; end < order.length; end++) {
        const row = order[end] as number;
        if (end - start >= ANSWER_OWNERS && place(row) >= endPlace) break;
        endPlace = Math.max(endPlace, place(row) + (numbers[row * OWNER_FIELDS + 2] as number));
      }
      const group = new Float64Array((end - start) * OWNER_FIELDS);
      for (let i = start; i < end; i++) {
        const at = (order[i] as number) * OWNER_FIELDS;
        group.set(numbers.subarray(at, at + OWNER_FIELDS), (i - start) * OWNER_FIELDS);
      }
      yield group;
      start = end;
    }
  }

  #position(row: number): number {
    return this.#numbers[row * OWNER_FIELDS + 4] as number;
  }
}

function inoOf(key: Buffer): number {
  return key.readUInt32BE(0) * 0x1_0000_0000 + key.readUInt32BE(4);
}

function search({ directory, segments }: OwnersRequest): Found {
  const environment = openEnvironment(directory);
  const wanted = new Set(segments);
  const found = new Found();
  const wiring = { regions: () => ({ load: () => [], list: () => [] }), onFree: () => {} };
  const take = (ino: number, extents: readonly Extent[]): void => {
    for (const extent of extents) if (wanted.has(extent.segment)) found.add(ino, extent);
  };
  const visit = (table: BinaryTable, each: (key: Buffer, value: Buffer) => void): void => {
    for (let start = Buffer.alloc(1); found.count < OWNERS_MAX; ) {
      let keys = 0;
      for (const { key, value } of table.getRange({ start, limit: KEYS_EACH })) {
        each(key, value);
        keys++;
        start = Buffer.concat([key, Buffer.alloc(1)]);
      }
      environment.root.resetReadTxn();
      if (keys < KEYS_EACH) return;
    }
  };
  visit(environment.tables.nodes, (key, value) => {
    if (value[1] !== KIND.file) return;
    const node = decodeNode(inoOf(key), value, wiring);
    if (!node.externalExtents) take(node.ino, node.extents?.extents(0) ?? []);
  });
  visit(environment.tables.extents, (key, value) => take(inoOf(key), decodeRegion(value)));
  void environment.root.close();
  return found;
}

setPriority(PRIORITY);
const groups = search(workerData as OwnersRequest).groups();
parentPort?.on('message', () => {
  const { value } = groups.next();
  parentPort?.postMessage(value ?? null);
  if (value === undefined) parentPort?.close();
});
