/**
 * A batch of changes to the index, as bytes that can be handed to another thread.
 *
 *     batch  = { entry }
 *     entry  = op u8, table u8, key bytes u16, value bytes u32, key, value      little-endian
 *     op     = 1 put | 2 delete | 3 delete all keys that start with `key` and are not below `value` behind it
 *
 * A batch never leaves the process, so a reader that meets anything else has met a bug.
 */
import { Reader, Writer } from '../bytes.ts';
import { invariant } from '../errors.ts';

/** Tables of the index. The numbers live only in batches, the names on disk. */
export const TABLES = ['meta', 'nodes', 'slots', 'order', 'ids', 'extents'] as const;
export type Table = (typeof TABLES)[number];

const OP_PUT = 1;
const OP_DELETE = 2;
const OP_DELETE_FROM = 3;
const CHUNK_BYTES = 1 << 20;
const EMPTY = new Uint8Array(0);

/** Collects changes in chunks of about a megabyte. */
export class Batch {
  readonly chunks: Uint8Array[] = [];
  entries = 0;
  #writer = new Writer(CHUNK_BYTES + 65_536);

  put(table: Table, key: Uint8Array, value: Uint8Array): void {
    this.#entry(OP_PUT, table, key, value);
  }

  delete(table: Table, key: Uint8Array): void {
    this.#entry(OP_DELETE, table, key, EMPTY);
  }

  /** Deletes the keys made of `prefix` and a rest of the same length as `from` that is not below it. */
  deleteFrom(table: Table, prefix: Uint8Array, from: Uint8Array): void {
    this.#entry(OP_DELETE_FROM, table, prefix, from);
  }

  #entry(op: number, table: Table, key: Uint8Array, value: Uint8Array): void {
    const writer = this.#writer;
    writer.u8(op);
    writer.u8(TABLES.indexOf(table));
    writer.u16(key.length);
    writer.u32(value.length);
    writer.raw(key);
    writer.raw(value);
    this.entries++;
    if (writer.position >= CHUNK_BYTES) this.#cut();
  }

  #cut(): void {
    if (this.#writer.position === 0) return;
    this.chunks.push(new Uint8Array(this.#writer.copy()));
    this.#writer.reset();
  }

  /** The finished chunks; the batch takes no more entries. */
  finish(): Uint8Array[] {
    this.#cut();
    return this.chunks;
  }
}

export interface BatchTarget {
  put(table: Table, key: Buffer, value: Buffer): void;
  delete(table: Table, key: Buffer): void;
  deleteFrom(table: Table, prefix: Buffer, from: Buffer): void;
}

/** Replays a chunk into `target`. */
export function replayChunk(chunk: Uint8Array, target: BatchTarget): void {
  const reader = new Reader(chunk, 0, chunk.length, 'index batch');
  while (reader.remaining > 0) {
    const op = reader.u8();
    const table = TABLES[reader.u8()];
    invariant(table, 'a batch names a table');
    const keyBytes = reader.u16();
    const valueBytes = reader.u32();
    const key = reader.raw(keyBytes);
    const value = reader.raw(valueBytes);
    if (op === OP_PUT) target.put(table, key, value);
    else if (op === OP_DELETE) target.delete(table, key);
    else if (op === OP_DELETE_FROM) target.deleteFrom(table, key, value);
    else invariant(false, `a batch has no operation ${op}`);
  }
}
