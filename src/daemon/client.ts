/**
 * The client's side of a connection to a daemon.
 */
import type { Duplex } from 'node:stream';
import { FxError } from '../errors.ts';
import { errorOf } from './failure.ts';
import type { Message } from './messages.ts';
import { type Hello, Peer } from './peer.ts';
import type { Plain, PlainMap } from './plain.ts';
import { ChunkReceiver, ChunkSender } from './streams.ts';

/** What a caller may give along with a request. */
export interface CallOptions {
  /** Takes the output; the verb waits until the promise resolves. Without it output is dropped. */
  output?: (chunk: Uint8Array) => Promise<void> | void;
  progress?: (what: string, done: number, total: number) => void;
  /** Bytes for the verb. */
  input?: AsyncIterable<Uint8Array>;
  /** Aborting asks the daemon to stop; the call then rejects with the daemon's answer. */
  signal?: AbortSignal;
}

interface Call {
  readonly output: ChunkReceiver;
  readonly input: ChunkSender;
  readonly progress: CallOptions['progress'];
  readonly resolve: (value: Plain) => void;
  readonly reject: (error: Error) => void;
}

export class DaemonClient {
  readonly #peer: Peer;
  readonly #calls = new Map<number, Call>();
  #lastId = 0;
  #gone: Error | undefined;
  #hello: Hello | undefined;
  /** Resolves when the connection is over. */
  readonly ended: Promise<void>;
  #end: () => void = () => {};

  /** Speaks to the daemon behind `socket`. Resolves when both sides agree; rejects PROTOCOL, NO_DAEMON. */
  static open(socket: Duplex, store: string): Promise<DaemonClient> {
    return new Promise((resolve, reject) => {
      const client: DaemonClient = new DaemonClient(socket, store, (error) => {
        if (error === undefined) resolve(client);
        else reject(error);
      });
    });
  }

  private constructor(socket: Duplex, store: string, opened: (error?: Error) => void) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#peer = new Peer(socket, store, {
      ready: (hello) => {
        this.#hello = hello;
        opened();
      },
      message: (message) => this.#message(message),
      closed: (error) => {
        // A connection that the system breaks off is a daemon that was killed.
        this.#gone =
          error instanceof FxError
            ? error
            : new FxError('NO_DAEMON', `the daemon of ${store} ended before it answered; see daemon.log there`);
        opened(this.#gone);
        for (const call of this.#calls.values()) this.#fail(call, this.#gone);
        this.#calls.clear();
        this.#end();
      },
    });
  }

  /** What the daemon said of itself. */
  get daemon(): Hello {
    return this.#hello as Hello;
  }

  /** Runs a verb in the daemon. Rejects with the verb's error, or NO_DAEMON, PROTOCOL. */
  async call(verb: string, args: PlainMap, options: CallOptions = {}): Promise<Plain> {
    if (this.#gone !== undefined) throw this.#gone;
    const id = ++this.#lastId;
    const output = new ChunkReceiver((bytes) => void this.#peer.send({ kind: 'credit', id, bytes }));
    const input = new ChunkSender((bytes) => this.#peer.send({ kind: 'data', id, bytes }));
    const result = new Promise<Plain>((resolve, reject) => {
      this.#calls.set(id, { output, input, progress: options.progress, resolve, reject });
    });
    result.catch(() => {});
    const cancel = (): void => void this.#peer.send({ kind: 'cancel', id });
    options.signal?.addEventListener('abort', cancel);
    try {
      void this.#peer.send({ kind: 'request', id, verb, args, input: options.input !== undefined });
      if (options.signal?.aborted) cancel();
      if (options.input !== undefined) void this.#feed(id, options.input, input);
      await this.#consume(id, output, options.output);
      return await result;
    } finally {
      options.signal?.removeEventListener('abort', cancel);
    }
  }

  /** Ends the connection. */
  close(): void {
    this.#peer.close();
  }

  async #consume(id: number, output: ChunkReceiver, take: CallOptions['output']): Promise<void> {
    try {
      for await (const chunk of output) await take?.(chunk);
    } catch (error) {
      if (this.#calls.has(id)) void this.#peer.send({ kind: 'cancel', id });
      throw error;
    }
  }

  async #feed(id: number, source: AsyncIterable<Uint8Array>, input: ChunkSender): Promise<void> {
    try {
      for await (const chunk of source) {
        if (!this.#calls.has(id)) return;
        await input.write(chunk);
      }
      if (this.#calls.has(id)) void this.#peer.send({ kind: 'end', id });
    } catch (error) {
      const call = this.#calls.get(id);
      if (call === undefined) return;
      void this.#peer.send({ kind: 'cancel', id });
      this.#calls.delete(id);
      this.#fail(call, error as Error);
    }
  }

  #message(message: Message): void {
    if (message.kind === 'hello' || message.kind === 'request' || message.kind === 'end' || message.kind === 'cancel') {
      throw new FxError('PROTOCOL', `a daemon does not send "${message.kind}"`);
    }
    const call = this.#calls.get(message.id);
    if (call === undefined) return;
    switch (message.kind) {
      case 'data':
        call.output.push(message.bytes);
        return;
      case 'credit':
        call.input.credited(message.bytes);
        return;
      case 'progress':
        call.progress?.(message.what, message.done, message.total);
        return;
      case 'result':
        this.#calls.delete(message.id);
        call.resolve(message.value);
        call.output.end();
        call.input.fail(new FxError('INTERRUPTED', 'the verb has ended'));
        return;
      case 'error':
        this.#calls.delete(message.id);
        this.#fail(call, errorOf(message.code, message.message));
    }
  }

  #fail(call: Call, error: Error): void {
    call.reject(error);
    call.output.fail(error);
    call.input.fail(error);
  }
}
