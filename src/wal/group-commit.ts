/**
 * Group commit: one sync at a time, each for all frames appended before it started.
 *
 * Whoever asks while a sync runs that does not cover his frame waits for the next one, which starts when
 * the running one ends and covers everybody who asked meanwhile.
 */
import { FxError } from '../errors.ts';

export class GroupCommit {
  /** The highest seq known to be synced. */
  durableSeq: number;
  readonly #lastSeq: () => number;
  readonly #sync: () => Promise<void>;
  #running: Promise<void> | null = null;
  #runningSeq = 0;
  #next: Promise<void> | null = null;

  /** `lastSeq` tells the last seq written; `sync` makes all that was written before the call durable. */
  constructor(durableSeq: number, lastSeq: () => number, sync: () => Promise<void>) {
    this.durableSeq = durableSeq;
    this.#lastSeq = lastSeq;
    this.#sync = sync;
  }

  /** Resolves when `seq` is durable. Rejects with what `sync` rejects with; INVALID for a seq not written yet. */
  durable(seq: number): Promise<void> {
    if (seq <= this.durableSeq) return Promise.resolve();
    if (seq > this.#lastSeq()) return Promise.reject(new FxError('INVALID', `seq ${seq} has not been written`));
    if (this.#running === null) return this.#start();
    if (seq <= this.#runningSeq) return this.#running;
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      return this.#start();
    });
    return this.#next;
  }

  /** Resolves when no sync runs any more, whatever came of it. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running.catch(() => undefined);
  }

  #start(): Promise<void> {
    const seq = this.#lastSeq();
    this.#runningSeq = seq;
    this.#running = this.#sync().then(
      () => {
        this.durableSeq = seq;
        this.#running = null;
      },
      (error: unknown) => {
        this.#running = null;
        throw error;
      },
    );
    return this.#running;
  }
}
