/**
 * Signals as JSON Lines for the control directory: a line for each signal, as `fxmount watch --json` prints them.
 *
 * A reader who is behind gets `{"cursor": SEQ, "lag": FRAMES}` after each batch. What ends the stream is a last line
 * `{"error": CODE, "message": …, "oldest": SEQ}` with the oldest cursor that can be gone on from, and then an error.
 */
import type { StreamSource } from '../../mount/streams.ts';
import { FxError } from '../errors.ts';
import type { Ino } from '../ids.ts';
import type { Feed } from '../signals/feed.ts';
import type { SignalBatch, Subscription } from '../signals/subscription.ts';
import { signalRow } from './verbs-signals.ts';

export class SignalLines implements StreamSource {
  readonly #feed: Feed;
  readonly #subscription: Subscription | undefined;
  readonly #batches: AsyncIterator<SignalBatch, void, void> | undefined;
  /** What ends the stream; thrown once its last line was given. */
  #failure: unknown;
  #hasEnded = false;

  /** From what comes next, or after the seq `from`; of the whole store, or of the directory `under`. BUSY. */
  constructor(feed: Feed, from: number | undefined, under: Ino | undefined) {
    this.#feed = feed;
    const options = { ...(from === undefined ? {} : { from }), ...(under === undefined ? {} : { under }) };
    try {
      this.#subscription = feed.subscribe(options);
      this.#batches = this.#subscription[Symbol.asyncIterator]();
    } catch (error) {
      if (!(error instanceof FxError) || error.code !== 'NOT_FOUND') throw error;
      this.#failure = error;
    }
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#hasEnded) throw this.#failure;
    try {
      if (this.#batches === undefined) throw this.#failure;
      for (;;) {
        const { value: batch, done } = await this.#batches.next();
        if (done === true) return undefined;
        const text = this.#textOf(batch);
        if (text !== '') return Buffer.from(text, 'utf8');
      }
    } catch (error) {
      this.#hasEnded = true;
      this.#failure = error;
      return this.#lastLine(error);
    }
  }

  #textOf({ signals, cursor, lag }: SignalBatch): string {
    const { store } = this.#feed;
    const lines = signals.map((signal) => `${JSON.stringify(signalRow({ store }, signal))}\n`);
    if (lag > 0) lines.push(`${JSON.stringify({ cursor, lag })}\n`);
    return lines.join('');
  }

  #lastLine(error: unknown): Uint8Array {
    const code = error instanceof FxError ? error.code : 'IO';
    const message = error instanceof Error ? error.message : String(error);
    const oldest = Math.max(0, this.#feed.store.oldestSeq - 1);
    return Buffer.from(`${JSON.stringify({ error: code, message, oldest })}\n`, 'utf8');
  }

  close(): void {
    this.#subscription?.close();
  }
}
