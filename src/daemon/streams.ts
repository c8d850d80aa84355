/**
 * One direction of a request's data, with credit: see messages.ts, "Streams".
 */
import { FxError } from '../errors.ts';
import { CHUNK_BYTES_MAX, CREDIT_BYTES } from './messages.ts';

/** The sending side. `write` resolves when the chunk was handed on and more may come. */
export class ChunkSender {
  #credit = CREDIT_BYTES;
  #waiting: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;
  #tail: Promise<void> = Promise.resolve();
  readonly #send: (chunk: Uint8Array) => Promise<void> | undefined;

  /** `send` gives one chunk to the connection; what it returns is awaited when the socket's buffer is full. */
  constructor(send: (chunk: Uint8Array) => Promise<void> | undefined) {
    this.#send = send;
  }

  /** Sends `data` in chunks, in the order of the calls. Rejects when the other side or the connection is gone. */
  write(data: Uint8Array): Promise<void> {
    const turn = this.#tail.then(() => this.#write(data));
    this.#tail = turn.catch(() => {});
    return turn;
  }

  async #write(data: Uint8Array): Promise<void> {
    let position = 0;
    while (position < data.length) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#credit === 0) {
        await new Promise<void>((resolve, reject) => {
          this.#waiting = { resolve, reject };
        });
        continue;
      }
      const bytes = Math.min(data.length - position, this.#credit, CHUNK_BYTES_MAX);
      this.#credit -= bytes;
      await this.#send(data.subarray(position, position + bytes));
      position += bytes;
    }
  }

  /** The receiver took `bytes`. Throws PROTOCOL when it never got so many. */
  credited(bytes: number): void {
    if (this.#credit + bytes > CREDIT_BYTES) throw new FxError('PROTOCOL', 'the peer gave more credit than is due');
    this.#credit += bytes;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  /** Ends waiting and later writes with `error`. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }
}

/** The receiving side: chunks in order, to be iterated once. */
export class ChunkReceiver implements AsyncIterable<Uint8Array> {
  #queue: Uint8Array[] = [];
  #heldBytes = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #credit: (bytes: number) => void;

  /** `credit` tells the sender how many bytes the consumer took. */
  constructor(credit: (bytes: number) => void) {
    this.#credit = credit;
  }

  /** A chunk came. Throws PROTOCOL after the end, or beyond the credit. */
  push(chunk: Uint8Array): void {
    if (this.#ended) throw new FxError('PROTOCOL', 'data came after the end of its stream');
    if (this.#heldBytes + chunk.length > CREDIT_BYTES) throw new FxError('PROTOCOL', 'data came beyond the credit');
    this.#heldBytes += chunk.length;
    this.#queue.push(chunk);
    this.#wake?.();
  }

  end(): void {
    if (this.#ended) throw new FxError('PROTOCOL', 'a stream ended twice');
    this.#ended = true;
    this.#wake?.();
  }

  /** The consumer gets `error` after what came before it. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const chunk = this.#queue.shift();
      if (chunk !== undefined) {
        this.#heldBytes -= chunk.length;
        this.#credit(chunk.length);
        yield chunk;
      } else if (this.#failure !== undefined) {
        throw this.#failure;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
  }
}
