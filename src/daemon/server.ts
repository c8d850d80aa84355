/**
 * The daemon's side of a connection: requests run as verbs, several at once, their streams kept apart.
 */
import type { Duplex } from 'node:stream';
import { FxError } from '../errors.ts';
import { failureOf } from './failure.ts';
import type { Message } from './messages.ts';
import { Peer } from './peer.ts';
import type { Plain, PlainMap } from './plain.ts';
import { RowWriter } from './rows.ts';
import { ChunkReceiver, ChunkSender } from './streams.ts';
import type { VerbIo } from './verb.ts';

/** Requests that one connection may have under way. */
export const REQUESTS_MAX = 32;
/** Progress goes out at most this often. */
export const PROGRESS_INTERVAL_MS = 50;

/** A daemon that ends lets a client that has just come ask its question. */
const FIRST_REQUEST_MS = 500;

export type RunVerb = (verb: string, args: PlainMap, io: VerbIo) => Promise<Plain>;

interface Request {
  readonly input: ChunkReceiver;
  readonly output: ChunkSender;
  readonly abort: AbortController;
}

export interface ServerOptions {
  /** Directory of the store, told to the client. */
  readonly store: string;
  readonly run: RunVerb;
  /** Takes what the daemon's log should hold. */
  readonly log: (text: string) => void;
  /** The connection is over. */
  readonly closed: (connection: ServerConnection, error: Error | undefined) => void;
}

/** Serves one connection until it ends. */
export class ServerConnection {
  readonly #peer: Peer;
  readonly #options: ServerOptions;
  readonly #requests = new Map<number, Request>();
  readonly #since = Date.now();
  #asked = false;

  constructor(socket: Duplex, options: ServerOptions) {
    this.#options = options;
    this.#peer = new Peer(socket, options.store, {
      ready() {},
      message: (message) => this.#message(message),
      closed: (error) => this.#closed(error),
    });
  }

  /** Requests are under way, or the client has only just come and has not asked yet. */
  get busy(): boolean {
    return this.#requests.size > 0 || (!this.#asked && Date.now() - this.#since < FIRST_REQUEST_MS);
  }

  /** Ends the connection once what is queued is sent. */
  close(): void {
    this.#peer.close();
  }

  #message(message: Message): void {
    switch (message.kind) {
      case 'request':
        this.#start(message);
        return;
      case 'data':
        // Input for a request that has ended is on its way when the result goes out: it is dropped.
        this.#requests.get(message.id)?.input.push(message.bytes);
        return;
      case 'end':
        this.#requests.get(message.id)?.input.end();
        return;
      case 'credit':
        this.#requests.get(message.id)?.output.credited(message.bytes);
        return;
      case 'cancel':
        this.#cancel(message.id, new FxError('INTERRUPTED', 'the caller cancelled the request'));
        return;
      default:
        throw new FxError('PROTOCOL', `a client does not send "${message.kind}"`);
    }
  }

  #start(message: Extract<Message, { kind: 'request' }>): void {
    const { id } = message;
    if (id === 0 || this.#requests.has(id)) throw new FxError('PROTOCOL', `the request id ${id} is 0 or in use`);
    if (this.#requests.size >= REQUESTS_MAX)
      throw new FxError('PROTOCOL', `more than ${REQUESTS_MAX} requests at once`);
    const request: Request = {
      input: new ChunkReceiver((bytes) => void this.#peer.send({ kind: 'credit', id, bytes })),
      output: new ChunkSender((bytes) => this.#peer.send({ kind: 'data', id, bytes })),
      abort: new AbortController(),
    };
    this.#asked = true;
    this.#requests.set(id, request);
    if (!message.input) request.input.end();
    void this.#serve(id, message.verb, message.args, request);
  }

  async #serve(id: number, verb: string, args: PlainMap, request: Request): Promise<void> {
    let answer: Message;
    try {
      const rows = new RowWriter((chunk) => request.output.write(chunk));
      const value = await this.#options.run(verb, args, {
        write: (chunk) => request.output.write(chunk),
        row: (row) => rows.row(row),
        flush: () => rows.flush(),
        progress: this.#progress(id),
        input: request.input,
        signal: request.abort.signal,
      });
      await rows.flush();
      answer = { kind: 'result', id, value };
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === 'FAULT') this.#options.log(`verb ${verb}: ${failure.stack}`);
      answer = { kind: 'error', id, code: failure.code, message: failure.message };
    }
    this.#requests.delete(id);
    void this.#peer.send(answer);
  }

  #progress(id: number): VerbIo['progress'] {
    let last = 0;
    return (what, done, total) => {
      const now = Date.now();
      if (now - last < PROGRESS_INTERVAL_MS) return;
      last = now;
      void this.#peer.send({ kind: 'progress', id, what, done, total });
    };
  }

  #cancel(id: number, error: Error): void {
    const request = this.#requests.get(id);
    request?.abort.abort(error);
    request?.input.fail(error);
    request?.output.fail(error);
  }

  #closed(error: Error | undefined): void {
    const gone = error ?? new FxError('INTERRUPTED', 'the caller is gone');
    for (const id of this.#requests.keys()) this.#cancel(id, gone);
    this.#options.closed(this, error);
  }
}
