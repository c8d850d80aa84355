/**
 * One end of a connection: messages in and out of a stream, the handshake, and what happens when the
 * other end breaks the protocol. Client and server are built on it.
 */
import type { Duplex } from 'node:stream';
import { FxError } from '../errors.ts';
import { version } from '../version.ts';
import { failureOf } from './failure.ts';
import { encodeFrame, FrameDecoder } from './frames.ts';
import { decodeMessage, encodeMessage, type Message, PROTOCOL_VERSION } from './messages.ts';

/** The other side must have said hello by then. */
export const HELLO_TIMEOUT_MS = 10_000;

/** A peer that does not read what is left loses it after this. */
const CLOSE_TIMEOUT_MS = 2000;

export type Hello = Extract<Message, { kind: 'hello' }>;

export interface PeerEvents {
  /** The other side's hello came and fits. */
  ready(hello: Hello): void;
  /** A message after the hello. May throw: the connection then closes with that error. */
  message(message: Message): void;
  /** The connection is over, once. `error` says why, when it did not just end. */
  closed(error: Error | undefined): void;
}

export class Peer {
  readonly #socket: Duplex;
  readonly #events: PeerEvents;
  readonly #decoder = new FrameDecoder();
  readonly #timer: NodeJS.Timeout;
  #greeted = false;
  #error: Error | undefined;
  #closing = false;
  #drained: Promise<void> | undefined;

  /** Takes over `socket` and says hello. `store` is the directory of the store that is served or wanted. */
  constructor(socket: Duplex, store: string, events: PeerEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#timer = setTimeout(
      () => this.fail(new FxError('PROTOCOL', 'the peer did not say hello in time')),
      HELLO_TIMEOUT_MS,
    );
    this.#timer.unref();
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => {
      clearTimeout(this.#timer);
      this.#closing = true;
      events.closed(this.#error);
    });
    this.send({ kind: 'hello', protocol: PROTOCOL_VERSION, version, pid: process.pid, store });
  }

  get closed(): boolean {
    return this.#closing;
  }

  /**
   * Sends one message. Returns a promise while the socket's buffer is full: a sender of streams awaits
   * it, others may ignore it. After the end nothing is sent.
   */
  send(message: Message): Promise<void> | undefined {
    if (this.#closing) return undefined;
    if (this.#socket.write(encodeFrame(encodeMessage(message)))) return undefined;
    this.#drained ??= new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        this.#drained = undefined;
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
    return this.#drained;
  }

  /** Tells the other side why (id 0), and closes. */
  fail(error: Error): void {
    if (this.#closing) return;
    this.#error ??= error;
    const failure = failureOf(error);
    this.send({ kind: 'error', id: 0, code: failure.code, message: failure.message });
    this.close();
  }

  /** Sends what is queued, then ends the connection; what comes in meanwhile is dropped. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#socket.end(() => this.#socket.destroy());
    setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS).unref();
  }

  #receive(chunk: Buffer): void {
    if (this.#closing) return;
    try {
      this.#decoder.push(chunk, (payload) => {
        if (!this.#closing) this.#dispatch(decodeMessage(payload));
      });
    } catch (error) {
      this.fail(error as Error);
    }
  }

  #dispatch(message: Message): void {
    if (message.kind === 'error' && message.id === 0) {
      this.#error = new FxError('PROTOCOL', `the peer closed the connection: ${message.message}`);
      this.#closing = true;
      this.#socket.destroy();
    } else if (this.#greeted) {
      if (message.kind === 'hello') throw new FxError('PROTOCOL', 'a second hello');
      this.#events.message(message);
    } else {
      this.#greet(message);
    }
  }

  #greet(message: Message): void {
    if (message.kind !== 'hello') throw new FxError('PROTOCOL', `"${message.kind}" came before hello`);
    if (message.protocol !== PROTOCOL_VERSION) {
      throw new FxError(
        'PROTOCOL',
        `process ${process.pid} is fxmount ${version} (protocol ${PROTOCOL_VERSION}), ` +
          `process ${message.pid} is fxmount ${message.version} (protocol ${message.protocol}); ` +
          'use the same version for both, or unmount the store with its own version first',
      );
    }
    clearTimeout(this.#timer);
    this.#greeted = true;
    this.#events.ready(message);
  }

  #ended(): void {
    if (this.#decoder.pendingBytes > 0)
      this.#error ??= new FxError('PROTOCOL', 'the connection ended inside a message');
    this.close();
  }
}
