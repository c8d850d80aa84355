/**
 * Gathers the changes of an import into frames of bounded size.
 *
 * An operation that the tree refuses (a name that someone took meanwhile, a directory that someone
 * removed) is reported and left out. The batch is then done again, one operation a frame.
 */
import { type ErrorCode, FxError } from '../errors.ts';
import type { StoreApi } from '../store/api.ts';

/** Few enough that a frame is made in about two milliseconds. */
const BATCH_OPERATIONS_MAX = 64;
const BATCH_BYTES_MAX = 256 << 10;

/** Errors that end an import: the next operation would fail too. */
const FATAL: ReadonlySet<ErrorCode> = new Set(['READ_ONLY', 'NO_SPACE', 'IO', 'DAMAGED']);

export interface ImportOperation {
  /** Host path as a byte string, for the report. */
  path: string;
  /** Content that the frame will hold. */
  bytes: number;
  /** Changes the store. May run twice: the first run's changes are then taken back. */
  run(): void;
  /** Told once when the changes are in the log. */
  done(): void;
}

export class ImportBatch {
  readonly #store: StoreApi;
  readonly #onRefused: (path: string, error: FxError) => void;
  #pending: ImportOperation[] = [];
  #pendingBytes = 0;

  constructor(store: StoreApi, onRefused: (path: string, error: FxError) => void) {
    this.#store = store;
    this.#onRefused = onRefused;
  }

  add(operation: ImportOperation): void {
    this.#pending.push(operation);
    this.#pendingBytes += operation.bytes;
    if (this.#pending.length >= BATCH_OPERATIONS_MAX || this.#pendingBytes >= BATCH_BYTES_MAX) this.flush();
  }

  /** Writes what is pending. Throws READ_ONLY, NO_SPACE, IO, DAMAGED; other refusals are reported. */
  flush(): void {
    const operations = this.#pending;
    if (operations.length === 0) return;
    this.#pending = [];
    this.#pendingBytes = 0;
    try {
      this.#store.transaction(() => {
        for (const operation of operations) operation.run();
      });
    } catch (error) {
      if (!(error instanceof FxError) || FATAL.has(error.code)) throw error;
      this.#oneByOne(operations);
      return;
    }
    for (const operation of operations) operation.done();
  }

  #oneByOne(operations: readonly ImportOperation[]): void {
    for (const operation of operations) {
      try {
        this.#store.transaction(() => operation.run());
        operation.done();
      } catch (error) {
        if (!(error instanceof FxError) || FATAL.has(error.code)) throw error;
        this.#onRefused(operation.path, error);
      }
    }
  }
}
