/**
 * Signals as a client program gets them: one after the other, across restarts of the daemon.
 */
import { FxError } from '../errors.ts';
import { decode } from '../uarr/v2.ts';
import { toJs } from '../uarr/value.ts';
import type { Connection } from './connection.ts';
import { RowReader } from './rows.ts';
import type { Row } from './verb.ts';

export interface SignalOptions {
  /** Cursor: what came after this seq is given. Default: from now on. */
  from?: number;
  /** A named cursor of the store: starts where it is, and moves as signals are taken. */
  cursor?: string;
  kinds?: readonly ('VALUE' | 'CHILDREN' | 'META' | 'CAPS' | 'CUSTOM')[];
  /** Only signals of this node: a path or `n:<NodeID>`. */
  node?: string;
  /** Only signals of this node and of what is below it. */
  under?: string;
  /** Only signals of nodes that this selector means and that are there when the signal is sent. */
  select?: string;
  /** Merges what tells of the same within so many milliseconds. */
  windowMs?: number;
  /** Goes on with what is to come; false ends at the last frame that is there. Default true. */
  follow?: boolean;
}

interface SignalHead {
  seq: number;
  /** Its place among the signals of its frame. */
  index: number;
  /** ISO 8601 with nanoseconds. */
  time: string;
  /** NodeID. */
  id: string;
  ino: number;
  /** Where the node is when the signal is sent; null when it is gone. */
  path: string | null;
  base: number;
  version: number;
}

/** What changed, by kind; see `Delta` of the store's signals. */
export type FxSignal = SignalHead &
  (
    | { kind: 'VALUE'; delta: { offset: number; bytes: number | null; created: boolean } }
    | { kind: 'CHILDREN'; delta: { action: 'added' | 'removed'; name: string; child: string } }
    | { kind: 'META'; delta: { fields: string[]; xattrs: string[]; deleted: boolean } }
    | { kind: 'CUSTOM'; delta: { name: string; payload: unknown } }
  );

/** Bound of what is received and not yet taken: beyond it the daemon waits. */
const QUEUE_ROWS_MAX = 1024;

/**
 * `for await` gives the signals. A signal counts as taken when the next one is asked for: `cursor` then
 * covers it once its frame is complete, and so does a named cursor, soon after. When the daemon goes away and comes back, the stream
 * goes on after the last signal given.
 */
export class SignalStream implements AsyncIterable<FxSignal> {
  readonly #connection: Connection;
  readonly #options: SignalOptions;
  readonly #abort = new AbortController();
  #cursor: number | undefined;
  /** The last signal given. */
  #last = { seq: 0, index: -1 };
  #lag = 0;

  constructor(connection: Connection, options: SignalOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#cursor = options.from;
  }

  /** Every signal of the frames up to this seq was taken; undefined before the first answer. */
  get cursor(): number | undefined {
    return this.#cursor;
  }

  /** Frames that were waiting when the last batch was sent. */
  get lag(): number {
    return this.#lag;
  }

  /** Ends the stream. */
  close(): void {
    this.#abort.abort();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FxSignal, void, void> {
    try {
      while (!this.#abort.signal.aborted) {
        try {
          for await (const row of this.#rows()) {
            if ('cursor' in row) await this.#reached(Number(row.cursor), Number(row.lag));
            else if (this.#isNew(row)) yield this.#given(row);
          }
          return;
        } catch (error) {
          if (this.#abort.signal.aborted) return;
          if (!(error instanceof FxError) || error.code !== 'NO_DAEMON') throw error;
          // The daemon went away: `open` waits for the next one, and gives up with NO_DAEMON.
          await this.#connection.open();
        }
      }
    } finally {
      this.#abort.abort();
    }
  }

  #isNew(row: Row): boolean {
    const { seq, index } = this.#last;
    return Number(row.seq) > seq || (Number(row.seq) === seq && Number(row.index) > index);
  }

  #given(row: Row): FxSignal {
    const signal = structuredClone(row) as unknown as FxSignal;
    this.#last = { seq: signal.seq, index: signal.index };
    if (signal.kind === 'CUSTOM') {
      signal.delta.payload = toJs(decode(Buffer.from(String(signal.delta.payload), 'base64')));
    }
    return signal;
  }

  async #reached(cursor: number, lag: number): Promise<void> {
    this.#cursor = cursor;
    this.#lag = lag;
    const { cursor: name } = this.#options;
    if (name !== undefined) await this.#connection.call('setCursor', { name, seq: cursor });
  }

  /** Rows of the verb as they come; at most QUEUE_ROWS_MAX and one chunk's are held here. */
  async *#rows(): AsyncGenerator<Row, void, void> {
    const { kinds, follow = true, from: _from, ...rest } = this.#options;
    const args = {
      ...rest,
      follow,
      ...(kinds === undefined ? {} : { kinds: kinds.join(',') }),
      ...(this.#cursor === undefined ? {} : { from: this.#cursor }),
    };
    const queue = new RowQueue();
    const reader = new RowReader();
    const stop = new AbortController();
    const call = this.#connection
      .call('signals', args, {
        signal: AbortSignal.any([stop.signal, this.#abort.signal]),
        output: async (chunk) => {
          for (const row of reader.push(chunk)) await queue.put(row);
        },
      })
      .then(
        () => queue.end(undefined),
        (error: Error) => queue.end(error),
      );
    try {
      yield* queue.take();
    } finally {
      stop.abort();
      queue.end(undefined);
      await call;
    }
  }
}

/** Rows between the connection and who takes them. */
class RowQueue {
  #rows: Row[] = [];
  #ended = false;
  #error: Error | undefined;
  #wakeTaker: () => void = () => {};
  #wakePutter: () => void = () => {};

  async put(row: Row): Promise<void> {
    while (this.#rows.length >= QUEUE_ROWS_MAX && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wakePutter = resolve;
      });
    }
    this.#rows.push(row);
    this.#wakeTaker();
  }

  end(error: Error | undefined): void {
    this.#ended = true;
    this.#error ??= error;
    this.#wakeTaker();
    this.#wakePutter();
  }

  /** Rows until the end; throws the error of the end. */
  async *take(): AsyncGenerator<Row, void, void> {
    for (;;) {
      const rows = this.#rows;
      this.#rows = [];
      this.#wakePutter();
      yield* rows;
      if (this.#rows.length > 0) continue;
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wakeTaker = resolve;
      });
    }
  }
}
