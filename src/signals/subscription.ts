/**
 * One subscriber's way through the feed: batches of signals, taken when it asks for them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { FxError } from '../errors.ts';
import { readMarker } from '../store/marker.ts';
import { coalesce } from './coalesce.ts';
import type { Feed } from './feed.ts';
import { type FilterOptions, SignalFilter } from './filter.ts';
import { type LogFrame, readLog } from './log-reader.ts';
import { type Signal, signalsOf } from './signal.ts';

export interface SubscriptionOptions extends FilterOptions {
  /** Cursor: the signals of all frames after this seq are given. Default: from now on. */
  readonly from?: number;
  /** Merges what comes within so many milliseconds after the first signal of a batch (see coalesce.ts). Default 0: each signal as it is. */
  readonly windowMs?: number;
}

export interface SignalBatch {
  readonly signals: readonly Signal[];
  /** Cursor to go on from: the signals of every frame up to this seq were given. */
  readonly cursor: number;
  /** Frames that were there already and are not in this batch: how far the subscriber is behind. */
  readonly lag: number;
}

/** Signals after which a batch ends; those of one frame stay together. */
const BATCH_SIGNALS = 1024;
/** Frames looked at before others get their turn. */
const TURN_FRAMES = 4096;

export class Subscription implements AsyncIterable<SignalBatch> {
  readonly #feed: Feed;
  readonly #filter: SignalFilter;
  readonly #windowMs: number;
  readonly #onClose: () => void;
  readonly #abort = new AbortController();
  #cursor: number;
  #wake: (() => void) | undefined;
  /** What reads the segments while the subscriber is behind. */
  #reader: ReturnType<typeof readLog> | undefined;

  constructor(feed: Feed, options: SubscriptionOptions, onClose: () => void) {
    this.#feed = feed;
    this.#filter = new SignalFilter(feed.store, options);
    this.#windowMs = options.windowMs ?? 0;
    this.#cursor = options.from ?? feed.head;
    this.#onClose = onClose;
  }

  /** The signals of every frame up to this seq were given. */
  get cursor(): number {
    return this.#cursor;
  }

  /** There are new frames. */
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Ends the subscription; an iteration that waits ends. */
  close(): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#onClose();
    this.wake();
  }

  get #closed(): boolean {
    return this.#abort.signal.aborted;
  }

  /**
   * Batches with at least one signal, or with none when only the cursor moved past a stretch that the filter
   * left out. Ends when the subscription is closed. Throws NOT_FOUND when the log was cut off behind a
   * subscriber that lags, DAMAGED for damage in what it has to read, IO.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<SignalBatch, void, void> {
    try {
      while (!this.#closed) {
        if (this.#cursor >= this.#feed.head) {
          await this.#news();
          continue;
        }
        const batch = await this.#next();
        if (batch.length > 0 && this.#windowMs > 0) await this.#gather(batch);
        const signals = this.#windowMs > 0 ? coalesce(batch) : batch;
        yield { signals, cursor: this.#cursor, lag: this.#feed.head - this.#cursor };
      }
    } finally {
      this.close();
      await this.#endReading();
    }
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Waits for the window and adds what came in it. */
  async #gather(batch: Signal[]): Promise<void> {
    await delay(this.#windowMs, undefined, { signal: this.#abort.signal }).catch(() => {});
    while (!this.#closed && this.#cursor < this.#feed.head && batch.length < BATCH_SIGNALS) {
      batch.push(...(await this.#next()));
    }
  }

  /** Signals of the next frames. Moves the cursor by at least one frame unless closed. */
  async #next(): Promise<Signal[]> {
    const batch: Signal[] = [];
    for (let frames = 0; frames < TURN_FRAMES && batch.length < BATCH_SIGNALS; frames++) {
      const frame = this.#feed.recent(this.#cursor + 1);
      if (frame === undefined) break;
      for (const signal of this.#filter.select(frame.records, frame.signals)) batch.push(signal);
      this.#cursor = frame.seq;
    }
    if (this.#cursor < this.#feed.head && batch.length === 0) await this.#catchUp(batch);
    return batch;
  }

  /** Reads the log's segments until a batch is full or the recent frames are reached. */
  async #catchUp(batch: Signal[]): Promise<void> {
    for (let frames = 0; frames < TURN_FRAMES && batch.length < BATCH_SIGNALS; frames++) {
      if (this.#closed || this.#feed.recent(this.#cursor + 1) !== undefined) break;
      const frame = await this.#read();
      if (frame === undefined) return;
      for (const signal of this.#filter.select(frame.records, signalsOf(frame, frame.records))) batch.push(signal);
      this.#cursor = frame.seq;
    }
    if (this.#feed.recent(this.#cursor + 1) !== undefined) await this.#endReading();
  }

  /** The frame after the cursor, from the segments; undefined when the part that is open is read. */
  async #read(): Promise<LogFrame | undefined> {
    const { directory, store } = this.#feed;
    this.#reader ??= readLog(directory, {
      storeId: readMarker(directory).storeId,
      fromSeq: this.#cursor + 1,
      toSeq: store.seq,
      signal: this.#abort.signal,
    });
    const { value: frame, done } = await this.#reader.next();
    if (done === true) {
      this.#reader = undefined;
      return undefined;
    }
    if (!('records' in frame)) {
      const { segment, position, reason } = frame;
      throw new FxError(
        'DAMAGED',
        `the log is damaged at ${segment}:${position} (${reason}), after seq ${this.#cursor}`,
      );
    }
    if (frame.seq !== this.#cursor + 1) {
      throw new FxError(
        'NOT_FOUND',
        `the log no longer has what followed seq ${this.#cursor}; the oldest cursor is ${frame.seq - 1}`,
      );
    }
    return frame;
  }

  async #endReading(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.return();
  }
}
