/**
 * The daemon: owns a store, serves its mounts and its socket, and ends with its last mount.
 *
 * Order of ending: the socket takes no more clients; requests under way are waited for, up to
 * DRAIN_TIMEOUT_MS; the store is checkpointed and closed, which gives its lock back; then connections end. A
 * client that comes meanwhile finds no socket, and opens the store itself once the lock is free.
 */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Documents } from '../../mount/documents/documents.ts';
import type { StoreLenses } from '../../mount/documents/own-lenses.ts';
import { Locks } from '../../mount/locks.ts';
import { FxError } from '../errors.ts';
import { Feed } from '../signals/feed.ts';
import type { Store } from '../store/store.ts';
import { Tree } from '../tree/tree.ts';
import { type Endpoint, listen } from './endpoint.ts';
import type { MountRequest } from './mount-control.ts';
import { Mounts } from './mounts.ts';
import type { Plain, PlainMap } from './plain.ts';
import { serveMount } from './serve-mount.ts';
import { ServerConnection } from './server.ts';
import type { VerbContext, VerbIo } from './verb.ts';
import { isVerbName, runVerb } from './verbs.ts';
import { lensesFor } from './verbs-settings.ts';

/** Requests under way when the daemon ends have this long to finish. */
const DRAIN_TIMEOUT_MS = 10_000;
const DRAIN_POLL_MS = 20;

export interface DaemonOptions {
  /** Absolute path of the store. */
  readonly directory: string;
  /** `--sync` as text. */
  readonly sync: string;
  readonly log: (text: string) => void;
  readonly note: (text: string) => void;
}

export class Daemon {
  readonly #options: DaemonOptions;
  readonly #store: Store;
  readonly #mounts: Mounts;
  readonly #context: VerbContext;
  readonly #connections = new Set<ServerConnection>();
  #endpoint: Endpoint | undefined;
  readonly #ending = new AbortController();
  #isClosed = false;
  #finish: () => void = () => {};
  /** Resolves when the daemon has ended and the store is closed; rejects when closing failed. */
  readonly finished: Promise<void>;

  /** Takes over `store`, which is open for writing, serves its first mount, and resolves when that is ready. */
  static async start(store: Store, options: DaemonOptions, first: MountRequest): Promise<Daemon> {
    const lenses = await lensesFor(options.directory);
    if (lenses.problem !== null) options.log(`the lenses of the settings are not loaded: ${lenses.problem}`);
    const daemon = new Daemon(store, options, lenses);
    try {
      daemon.#endpoint = await listen(options.directory, (socket) => daemon.#accept(socket), options.log);
      await daemon.#mounts.add(first);
      return daemon;
    } catch (error) {
      daemon.#end();
      await daemon.finished.catch((failure: Error) => options.log(failure.message));
      throw error;
    }
  }

  private constructor(store: Store, options: DaemonOptions, lenses: StoreLenses) {
    this.#options = options;
    this.#store = store;
    const documents = new Documents(store, lenses);
    const locks = new Locks();
    const feed = new Feed(store, options.directory);
    this.#mounts = new Mounts({
      store: options.directory,
      sync: options.sync,
      start: (request) =>
        serveMount(store, { ...request, documents, feed, locks, store: options.directory, log: options.log }),
      checkpoint: () => store.checkpoint(),
      onEmpty: () => this.#end(),
      log: options.log,
      note: options.note,
    });
    const { directory } = options;
    this.#context = {
      directory,
      store,
      tree: new Tree(store),
      documents,
      lenses,
      feed,
      mounts: this.#mounts,
      ending: this.#ending.signal,
    };
    this.finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    }).then(() => this.#close());
    this.finished.catch(() => {});
  }

  /** Unmounts everything, lazily where it is busy, and ends. With `force` lazily at once. */
  async shutdown(force: boolean): Promise<void> {
    await this.#mounts.close(force);
    this.#end();
  }

  #accept(socket: Socket): void {
    this.#connections.add(
      new ServerConnection(socket, {
        store: this.#options.directory,
        run: (verb, args, io) => this.#run(verb, args, io),
        log: this.#options.log,
        closed: (connection) => this.#connections.delete(connection),
      }),
    );
  }

  #run(verb: string, args: PlainMap, io: VerbIo): Promise<Plain> {
    if (this.#isClosed) throw new FxError('NO_DAEMON', `the daemon of ${this.#options.directory} is ending; try again`);
    if (!isVerbName(verb)) throw new FxError('PROTOCOL', `the daemon has no verb "${verb}"`);
    return runVerb(verb, this.#context, args, io);
  }

  #end(): void {
    this.#finish();
  }

  async #close(): Promise<void> {
    this.#endpoint?.close();
    this.#context.feed.close();
    this.#ending.abort();
    const deadline = Date.now() + DRAIN_TIMEOUT_MS;
    while ([...this.#connections].some((connection) => connection.busy) && Date.now() < deadline)
      await delay(DRAIN_POLL_MS);
    this.#isClosed = true;
    this.#context.documents.close();
    try {
      await this.#store.close();
    } finally {
      // Whoever unmounted the last mount waits for this: the store is free now.
      for (const connection of this.#connections) connection.close();
    }
  }
}
