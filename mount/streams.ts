/**
 * Open files that are streams: what was read is gone, each open file has a place of its own, and who reads at its end
 * waits until there is more.
 *
 * One chunk is held for each, and the next is asked for once that is read: a reader who is slow holds up nobody.
 */
import { FxError } from '../src/errors.ts';
import type { Ino } from '../src/ids.ts';
import { NotReady, type Opened } from './operations.ts';

/** Where the bytes of a stream come from. */
export interface StreamSource {
  /** The next bytes, at least one; undefined when the source was closed. Rejects with what ends the stream. */
  next(): Promise<Uint8Array | undefined>;
  /** Nobody reads it any more; a `next` that waits settles. */
  close(): void;
}

/** Signals after a seq, or from now on; of the whole store, or under the directory with that number in it. BUSY. */
export type SignalStreams = (from: number | undefined, under: Ino | undefined) => StreamSource;

/** Handles of streams are from here on, those of documents are below. */
const FIRST_HANDLE = 2 ** 48;
/** Streams that are open at a time in a mount. */
const STREAMS_MAX = 256;
const NOTHING = new Uint8Array(0);

interface Stream {
  readonly source: StreamSource;
  /** What was not read yet. */
  rest: Uint8Array;
  failure: unknown;
  isOver: boolean;
  /** Settles when one of the above changes. Never rejects. */
  pulling: Promise<void> | undefined;
}

export class Streams {
  readonly #open = new Map<number, Stream>();
  #nextHandle = FIRST_HANDLE;
  #isUsed = false;

  /** Whether there was ever one. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** BUSY for one too many. */
  open(make: () => StreamSource): Opened {
    if (this.#open.size >= STREAMS_MAX) throw new FxError('BUSY', `${STREAMS_MAX} streams are open; close one first`);
    const source = make();
    this.#isUsed = true;
    const handle = this.#nextHandle++;
    this.#open.set(handle, { source, rest: NOTHING, failure: undefined, isOver: false, pulling: undefined });
    return { handle, cacheable: false, flushless: true, stream: true };
  }

  /** At most `bytes` bytes, none at the end. NotReady while there are none yet; STALE; what the source failed with. */
  read(handle: number, bytes: number): Uint8Array {
    const stream = this.#open.get(handle);
    if (stream === undefined) throw new FxError('STALE');
    if (bytes === 0) return NOTHING;
    if (stream.rest.length > 0) {
      const read = stream.rest.subarray(0, bytes);
      stream.rest = stream.rest.subarray(read.length);
      return read;
    }
    if (stream.failure !== undefined) throw stream.failure;
    if (stream.isOver) return NOTHING;
    stream.pulling ??= pull(stream);
    // What comes is kept for the next read: giving up takes nothing back.
    throw new NotReady(stream.pulling, () => {});
  }

  release(handle: number): void {
    const stream = this.#open.get(handle);
    this.#open.delete(handle);
    stream?.source.close();
  }

  close(): void {
    for (const handle of [...this.#open.keys()]) this.release(handle);
  }
}

async function pull(stream: Stream): Promise<void> {
  try {
    const chunk = await stream.source.next();
    if (chunk === undefined) stream.isOver = true;
    else stream.rest = chunk;
  } catch (error) {
    stream.failure = error;
  }
  stream.pulling = undefined;
}
