/**
 * The changefeed of a store: its log, read by those who subscribe.
 *
 * While somebody subscribes, the payloads of the last frames are kept in memory (RECENT_BYTES_MAX at most).
 * A subscriber who keeps up reads those; one who is behind reads the log's segments, and reaches the recent
 * ones in time. Nobody waits for a subscriber: one who does not ask for signals only falls behind, and is
 * told by how much. Without subscribers a frame costs the feed nothing.
 */
import { Reader } from '../bytes.ts';
import { FxError } from '../errors.ts';
import { decodeRecord, type LogRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { type Signal, signalsOf } from './signal.ts';
import { Subscription, type SubscriptionOptions } from './subscription.ts';

/** Bound of the payloads kept in memory. */
const RECENT_BYTES_MAX = 4 << 20;
/** What a kept frame costs beside its payload. */
const FRAME_OVERHEAD_BYTES = 128;
/** Subscribers at a time. */
const SUBSCRIPTIONS_MAX = 1024;

/** A frame and what follows from it; records and signals are decoded once for all subscribers. */
export class FeedFrame {
  readonly seq: number;
  readonly timeSec: number;
  readonly timeNsec: number;
  readonly #payload: Buffer;
  #records: readonly LogRecord[] | undefined;
  #signals: readonly Signal[] | undefined;

  constructor(seq: number, timeSec: number, timeNsec: number, payload: Buffer) {
    this.seq = seq;
    this.timeSec = timeSec;
    this.timeNsec = timeNsec;
    this.#payload = payload;
  }

  get bytes(): number {
    return this.#payload.length + FRAME_OVERHEAD_BYTES;
  }

  get records(): readonly LogRecord[] {
    if (this.#records === undefined) {
      const records: LogRecord[] = [];
      const reader = new Reader(this.#payload, 0, this.#payload.length, 'frame');
      while (reader.remaining > 0) records.push(decodeRecord(reader));
      this.#records = records;
    }
    return this.#records;
  }

  get signals(): readonly Signal[] {
    this.#signals ??= signalsOf(this, this.records);
    return this.#signals;
  }
}

export class Feed {
  readonly store: Store;
  /** The store's directory. */
  readonly directory: string;
  readonly #subscriptions = new Set<Subscription>();
  /** Consecutive frames, the newest last. */
  #recent: FeedFrame[] = [];
  #recentBytes = 0;
  #waking = false;

  constructor(store: Store, directory: string) {
    this.store = store;
    this.directory = directory;
  }

  /** Seq of the last frame. */
  get head(): number {
    return this.store.seq;
  }

  /**
   * Signals from a cursor on. NOT_FOUND for a cursor that is older than the log or newer than its end, BUSY
   * for a subscriber too many.
   */
  subscribe(options: SubscriptionOptions = {}): Subscription {
    if (this.#subscriptions.size >= SUBSCRIPTIONS_MAX) {
      throw new FxError('BUSY', `the store has ${SUBSCRIPTIONS_MAX} subscribers; end one first`);
    }
    const { from } = options;
    if (from !== undefined) this.#checkCursor(from);
    const subscription = new Subscription(this, options, () => this.#leave(subscription));
    if (this.#subscriptions.size === 0) this.store.follower = (...frame) => this.#append(...frame);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  #checkCursor(from: number): void {
    const oldest = this.store.oldestSeq;
    if (from + 1 < oldest) {
      throw new FxError(
        'NOT_FOUND',
        `the log no longer has what followed seq ${from}; the oldest cursor that it can go on from is ${oldest - 1}`,
      );
    }
    if (from > this.head) throw new FxError('NOT_FOUND', `the log ends at seq ${this.head}, before seq ${from}`);
  }

  /** The frame `seq`, when it is among the recent ones. */
  recent(seq: number): FeedFrame | undefined {
    const first = this.#recent[0];
    return first === undefined ? undefined : this.#recent[seq - first.seq];
  }

  #append(seq: number, timeSec: number, timeNsec: number, bytes: Buffer, start: number, end: number): void {
    const frame = new FeedFrame(seq, timeSec, timeNsec, Buffer.from(bytes.subarray(start, end)));
    this.#recent.push(frame);
    this.#recentBytes += frame.bytes;
    if (this.#recentBytes > RECENT_BYTES_MAX) this.#forget();
    if (this.#waking) return;
    this.#waking = true;
    // Once for a burst, and not before the frame is applied.
    queueMicrotask(() => {
      this.#waking = false;
      for (const subscription of this.#subscriptions) subscription.wake();
    });
  }

  /** Lets go of the older half. */
  #forget(): void {
    let drop = 0;
    while (this.#recentBytes > RECENT_BYTES_MAX / 2 && drop < this.#recent.length) {
      this.#recentBytes -= (this.#recent[drop++] as FeedFrame).bytes;
    }
    this.#recent = this.#recent.slice(drop);
  }

  #leave(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
    if (this.#subscriptions.size > 0) return;
    this.store.follower = undefined;
    this.#recent = [];
    this.#recentBytes = 0;
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const subscription of [...this.#subscriptions]) subscription.close();
  }
}
