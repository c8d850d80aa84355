/**
 * A client's connection to the daemon of a store that comes back by itself when the daemon does.
 *
 * A call that was under way when the connection broke is not repeated: whether it took effect is not known.
 * It rejects with NO_DAEMON, and the next call connects again. While nobody serves the store, connecting is
 * tried again with growing pauses until the deadline.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { FxError } from '../errors.ts';
import type { CallOptions, DaemonClient } from './client.ts';
import type { Plain, PlainMap } from './plain.ts';
import { connectDaemon } from './reach.ts';
import type { VerbName } from './verbs.ts';

const RETRY_FIRST_MS = 10;
const RETRY_MAX_MS = 1000;

export class Connection {
  readonly directory: string;
  readonly #waitMs: number;
  readonly #abort = new AbortController();
  #client: Promise<DaemonClient> | undefined;

  /** `waitMs`: how long to wait for a daemon that is not there. */
  constructor(directory: string, waitMs: number) {
    this.directory = directory;
    this.#waitMs = waitMs;
  }

  /** Runs a verb. Rejects with its error; NO_DAEMON when the daemon is gone or does not come in time. */
  async call(verb: VerbName, args: PlainMap, options: CallOptions = {}): Promise<Plain> {
    return (await this.open()).call(verb, args, options);
  }

  /** The connection, made when there is none. */
  open(): Promise<DaemonClient> {
    if (this.#abort.signal.aborted) throw new FxError('NO_DAEMON', 'the connection was closed');
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<DaemonClient> {
    try {
      const client = await this.#reach();
      void client.ended.then(() => {
        this.#client = undefined;
      });
      return client;
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
  }

  async #reach(): Promise<DaemonClient> {
    const deadlineMs = performance.now() + this.#waitMs;
    for (let pauseMs = RETRY_FIRST_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS)) {
      const client = await connectDaemon(this.directory).catch((error: unknown) => {
        // A daemon that is ending answers no more, or hangs up.
        if (error instanceof FxError && error.code === 'NO_DAEMON') return undefined;
        throw error;
      });
      if (client !== undefined) return client;
      if (performance.now() + pauseMs > deadlineMs) {
        throw new FxError('NO_DAEMON', `no daemon serves ${this.directory}; mount the store first`);
      }
      await delay(pauseMs, undefined, { signal: this.#abort.signal });
    }
  }

  /** Ends it; calls under way reject. */
  async close(): Promise<void> {
    this.#abort.abort();
    const client = await this.#client?.catch(() => undefined);
    client?.close();
  }
}
