/**
 * The checkpointed index: where nodes, slots and extents are found without reading the log.
 *
 * It is a set of LMDB tables with binary keys; integers in keys are big-endian, so that they sort.
 *
 *     meta     "checkpoint"              -> what the index covers (`src/store/checkpoint-record.ts`)
 *     nodes    ino u64                   -> node record (`src/store/node-record.ts`)
 *     slots    parent u64, name          -> child ino u64, cookie u64, kind u8         little-endian
 *     order    parent u64, cookie u64    -> child ino u64, kind u8, name               little-endian
 *     ids      NodeID (16 bytes)         -> ino u64                                    little-endian
 *     extents  ino u64, region u32       -> extents of one region (`src/store/node-record.ts`)
 *
 * Reads are synchronous look-ups in a memory map. Writes are whole checkpoints, committed in one
 * transaction by a thread of their own. LMDB never leaves a half-written transaction behind, so the index
 * is always the state after some frame, and the log has the rest.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FxError } from '../errors.ts';
import type { Ino, NodeId } from '../ids.ts';
import type { Name } from '../names.ts';
import { Batch } from './batch.ts';
import { type Environment, openEnvironment } from './environment.ts';
import { MappedMemory } from './mapped-memory.ts';
import type { CommitReply, CommitRequest } from './writer-thread.ts';

export interface IndexedSlot {
  ino: Ino;
  cookie: number;
  kind: number;
  name: Name;
}

const CHECKPOINT_KEY = Buffer.from('checkpoint');
const COOKIE_END = 0x1f_ffff_ffff_ffff;
/** Over every number of a region. */
const REGION_END = 0xffff_ffff;

export function inoKey(ino: Ino): Buffer {
  const key = Buffer.allocUnsafe(8);
  writeU64BE(key, ino, 0);
  return key;
}

export function slotKey(parent: Ino, name: Name): Buffer {
  const key = Buffer.allocUnsafe(8 + name.length);
  writeU64BE(key, parent, 0);
  key.latin1Write(name, 8);
  return key;
}

export function orderKey(parent: Ino, cookie: number): Buffer {
  const key = Buffer.allocUnsafe(16);
  writeU64BE(key, parent, 0);
  writeU64BE(key, cookie, 8);
  return key;
}

export function regionKey(ino: Ino, region: number): Buffer {
  const key = Buffer.allocUnsafe(12);
  writeU64BE(key, ino, 0);
  key.writeUInt32BE(region, 8);
  return key;
}

export function idKey(id: NodeId): Buffer {
  return Buffer.from(id, 'latin1');
}

function writeU64BE(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  buffer.writeUInt32BE(value >>> 0, at + 4);
}

function readU64LE(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 0x1_0000_0000;
}

function writeU64LE(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32LE(value >>> 0, at);
  buffer.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4);
}

export function slotValue(ino: Ino, cookie: number, kind: number): Buffer {
  const value = Buffer.allocUnsafe(17);
  writeU64LE(value, ino, 0);
  writeU64LE(value, cookie, 8);
  value[16] = kind;
  return value;
}

export function orderValue(ino: Ino, kind: number, name: Name): Buffer {
  const value = Buffer.allocUnsafe(9 + name.length);
  writeU64LE(value, ino, 0);
  value[8] = kind;
  value.latin1Write(name, 9);
  return value;
}

export function idValue(ino: Ino): Buffer {
  const value = Buffer.allocUnsafe(8);
  writeU64LE(value, ino, 0);
  return value;
}

function damaged(what: string): FxError {
  return new FxError('DAMAGED', `the index is damaged: ${what}; run "fxmount recover" on the store`);
}

/** Where the writer thread's module is: beside this one, or in the build when this one runs as TypeScript. */
function writerThreadUrl(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./writer-thread.js', import.meta.url);
  return new URL('../../dist/src/index/writer-thread.js', import.meta.url);
}

export class Index {
  readonly #environment: Environment;
  readonly directory: string;
  #worker: Worker | null = null;
  #nextCommit = 1;
  #bytes: number | undefined;
  readonly #mapped: MappedMemory;
  readonly #commits = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();

  /** Opens the index in `directory`, creating an empty one when it is missing. DAMAGED when LMDB refuses it. */
  constructor(directory: string) {
    this.directory = directory;
    this.#mapped = new MappedMemory(join(directory, 'data.mdb'));
    try {
      this.#environment = openEnvironment(directory);
    } catch (error) {
      throw new FxError('DAMAGED', `the index in ${directory} cannot be opened: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** Bytes of its file, as of the last commit. */
  get bytes(): number {
    this.#bytes ??= statSync(join(this.directory, 'data.mdb')).size;
    return this.#bytes;
  }

  checkpoint(): Buffer | undefined {
    return this.#environment.tables.meta.getBinary(CHECKPOINT_KEY);
  }

  node(ino: Ino): Buffer | undefined {
    this.#mapped.touched();
    return this.#environment.tables.nodes.getBinary(inoKey(ino));
  }

  inoOf(id: NodeId): Ino | undefined {
    this.#mapped.touched();
    const value = this.#environment.tables.ids.getBinary(idKey(id));
    if (value === undefined) return undefined;
    if (value.length !== 8) throw damaged('an entry of "ids" has a wrong length');
    return readU64LE(value, 0);
  }

  slot(parent: Ino, name: Name): IndexedSlot | undefined {
    this.#mapped.touched();
    const value = this.#environment.tables.slots.getBinary(slotKey(parent, name));
    if (value === undefined) return undefined;
    if (value.length !== 17) throw damaged('an entry of "slots" has a wrong length');
    return { ino: readU64LE(value, 0), cookie: readU64LE(value, 8), kind: value[16] as number, name };
  }

  /** Visits slots of `parent` with a cookie over `after` in order, until `visit` returns false; then returns false. */
  slots(parent: Ino, after: number, visit: (slot: IndexedSlot) => boolean): boolean {
    const range = { start: orderKey(parent, after + 1), end: orderKey(parent, COOKIE_END) };
    for (const { key, value } of this.#environment.tables.order.getRange(range)) {
      this.#mapped.touched();
      if (key.length !== 16 || value.length < 10) throw damaged('an entry of "order" has a wrong length');
      const cookie = key.readUInt32BE(8) * 0x1_0000_0000 + key.readUInt32BE(12);
      const slot = { ino: readU64LE(value, 0), cookie, kind: value[8] as number, name: value.latin1Slice(9) };
      if (!visit(slot)) return false;
    }
    return true;
  }

  region(ino: Ino, region: number): Buffer | undefined {
    return this.#environment.tables.extents.getBinary(regionKey(ino, region));
  }

  /** Numbers of the regions of `ino` in [first, end) that the index has, the first `limit` of them. */
  regions(ino: Ino, first: number, end: number, limit = REGION_END): number[] {
    const numbers: number[] = [];
    const endKey = end < REGION_END ? regionKey(ino, end) : regionKey(ino + 1, 0);
    const range = { start: regionKey(ino, first), end: endKey, limit };
    for (const key of this.#environment.tables.extents.getKeys(range)) numbers.push(key.readUInt32BE(8));
    return numbers;
  }

  /**
   * Commits batches, in order, and the checkpoint record that goes with them, in one transaction that
   * survives power loss when the promise resolves. Rejects IO; the index is then as before, and the
   * batches may be committed again.
   */
  async commit(batches: readonly Batch[], checkpoint: Uint8Array): Promise<void> {
    const last = new Batch();
    last.put('meta', CHECKPOINT_KEY, checkpoint);
    const worker = this.#startWorker();
    const id = this.#nextCommit++;
    const request: CommitRequest = { id, chunks: [...batches, last].flatMap((batch) => batch.finish()) };
    await new Promise<void>((resolve, reject) => {
      this.#commits.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage(request);
    });
    this.#environment.root.resetReadTxn();
    this.#bytes = undefined;
  }

  #startWorker(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(writerThreadUrl(), { workerData: { directory: this.directory } });
    worker.unref();
    worker.on('message', (reply: CommitReply) => {
      const commit = this.#commits.get(reply.id);
      this.#commits.delete(reply.id);
      if (this.#commits.size === 0) worker.unref();
      if (reply.error === undefined) commit?.resolve();
      else
        commit?.reject(
          new FxError('IO', `the index could not be written: ${reply.error}; free disk space and try again`),
        );
    });
    worker.on('error', (error) => this.#failAll(error));
    worker.on('exit', () => {
      this.#worker = null;
      this.#failAll(new Error('the writer thread ended'));
    });
    this.#worker = worker;
    return worker;
  }

  #failAll(error: Error): void {
    for (const commit of this.#commits.values()) {
      commit.reject(new FxError('IO', `the index could not be written: ${error.message}`, { cause: error }));
    }
    this.#commits.clear();
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker) {
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.ref();
      worker.postMessage('close');
      await ended;
    }
    await this.#environment.root.close();
  }
}
