/**
 * Replies that do not go out in the turn of their request: those that wait for the disk (FSYNC) or for a lock
 * (SETLKW) or for what a stream has next, and those held back until the change they acknowledge is durable.
 *
 * Both keep copies of what they need from the shared buffers. Held replies leave in the order of their
 * requests. A request that waits for a lock or a stream can be interrupted. One that waits for the disk cannot, as on any
 * filesystem: fsync(2), and a write to a file opened with O_SYNC, are not ended by a signal.
 */
import { ERRNO } from './errno.ts';
import { OUT, OUT_HEADER } from './layouts.ts';

const { len: LEN, error: ERROR, unique: UNIQUE } = OUT_HEADER.word;

/** A request's `unique`, as the two words it came in. */
export interface Unique {
  readonly first: number;
  readonly second: number;
}

interface Held {
  readonly bytes: Uint8Array;
  readonly undo: () => void;
  state: 'waiting' | 'durable' | 'failed';
}

/** A reply of just a header. */
export function headerReply(unique: Unique, errno: number): Uint8Array {
  const words = new Uint32Array(OUT >> 2);
  words[LEN] = OUT;
  words[ERROR] = -errno;
  words[UNIQUE] = unique.first;
  words[UNIQUE + 1] = unique.second;
  return new Uint8Array(words.buffer);
}

/** `unique` as a key, without the bit that marks it as resent. */
function keyOf(unique: Unique): string {
  return `${unique.first},${unique.second & 0x7fff_ffff}`;
}

interface Waiting {
  readonly unique: Unique;
  readonly giveUp: (() => void) | undefined;
}

export class DeferredReplies {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #errnoOf: (error: unknown) => number;
  readonly #waiting = new Map<string, Waiting>();
  #held: Held[] = [];

  /** `send` writes a reply; `errnoOf` says which error number something thrown is. */
  constructor(send: (bytes: Uint8Array) => void, errnoOf: (error: unknown) => number) {
    this.#send = send;
    this.#errnoOf = errnoOf;
  }

  /** Requests whose reply is outstanding. */
  get count(): number {
    return this.#waiting.size + this.#held.length;
  }

  /** Answers `unique` when `result` settles. With `giveUp` it can be interrupted before: then that is called. */
  defer(unique: Unique, result: Promise<void>, giveUp?: () => void): void {
    const key = keyOf(unique);
    const waiting = { unique, giveUp };
    this.#waiting.set(key, waiting);
    const settle = (errno: number) => {
      // A different object under the key is another request that reuses the number.
      if (this.#waiting.get(key) !== waiting) return;
      this.#waiting.delete(key);
      this.#send(headerReply(unique, errno));
    };
    result.then(
      () => settle(0),
      (error: unknown) => settle(this.#errnoOf(error)),
    );
  }

  /** Calls `again`, which then answers, once `ready` settles. `giveUp` as for `defer`. */
  suspend(unique: Unique, ready: Promise<void>, again: () => void, giveUp: (() => void) | undefined): void {
    const key = keyOf(unique);
    const waiting = { unique, giveUp };
    this.#waiting.set(key, waiting);
    void ready.then(() => {
      if (this.#waiting.get(key) !== waiting) return;
      this.#waiting.delete(key);
      again();
    });
  }

  /** Answers EINTR if `unique` can be given up; every other reply is on its way already. */
  interrupt(unique: Unique): void {
    const waiting = this.#waiting.get(keyOf(unique));
    if (waiting?.giveUp === undefined) return;
    this.#waiting.delete(keyOf(unique));
    waiting.giveUp();
    this.#send(headerReply(waiting.unique, ERRNO.EINTR));
  }

  /** Sends `bytes`, a copy of a whole reply, once `durable` resolves; if it rejects, EIO, after `undo`. */
  hold(bytes: Uint8Array, durable: Promise<void>, undo: () => void): void {
    const held: Held = { bytes, undo, state: 'waiting' };
    this.#held.push(held);
    const settle = (state: 'durable' | 'failed') => {
      held.state = state;
      this.#sendSettled();
    };
    durable.then(
      () => settle('durable'),
      () => settle('failed'),
    );
  }

  #sendSettled(): void {
    const count = this.#held.findIndex((held) => held.state === 'waiting');
    const ready = this.#held.splice(0, count < 0 ? this.#held.length : count);
    for (const held of ready) {
      if (held.state === 'failed') {
        held.undo();
        const words = new Uint32Array(held.bytes.buffer, held.bytes.byteOffset, OUT >> 2);
        const unique = { first: words[UNIQUE] as number, second: words[UNIQUE + 1] as number };
        this.#send(headerReply(unique, ERRNO.EIO));
      } else {
        this.#send(held.bytes);
      }
    }
  }

  /** Nobody waits any more. */
  drop(): void {
    this.#waiting.clear();
    this.#held = [];
  }
}
