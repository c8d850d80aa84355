/**
 * Frames of the daemon's socket: the byte stream cut into messages, without I/O.
 *
 *     offset  size  field
 *     0       4     length u32, little-endian: bytes that follow, 1 to MESSAGE_BYTES_MAX
 *     4       n     one message (see messages.ts)
 *
 * A reader never allocates from the length alone: it keeps what arrived and joins it once a frame is
 * whole. A length of 0 or over the limit throws PROTOCOL, and so does every later call: after a bad
 * length nothing in the stream can be trusted, and the connection must be closed.
 */
import { FxError } from '../errors.ts';
import { MESSAGE_BYTES_MAX } from '../limits.ts';

export const FRAME_HEADER_BYTES = 4;

/** The message `payload` with its length before it. Throws TOO_BIG over MESSAGE_BYTES_MAX. */
export function encodeFrame(payload: Uint8Array): Buffer {
  if (payload.length === 0 || payload.length > MESSAGE_BYTES_MAX) {
    throw new FxError('TOO_BIG', `a message of ${payload.length} bytes is over the limit of ${MESSAGE_BYTES_MAX}`);
  }
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/** Cuts a stream into messages. */
export class FrameDecoder {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #held = 0;
  #broken = false;

  constructor(bytesMax: number = MESSAGE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of an unfinished frame: not 0 at the end of the stream means that it was cut. */
  get pendingBytes(): number {
    return this.#held;
  }

  /** Takes the next bytes of the stream (kept, not copied) and calls `message` for each message completed by them. */
  push(chunk: Buffer, message: (payload: Buffer) => void): void {
    if (this.#broken) throw new FxError('PROTOCOL', 'the message stream is broken');
    if (chunk.length > 0) this.#parts.push(chunk);
    this.#held += chunk.length;
    while (this.#held >= FRAME_HEADER_BYTES) {
      const length = this.#peekLength();
      if (length === 0 || length > this.#bytesMax) {
        this.#broken = true;
        this.#parts = [];
        throw new FxError('PROTOCOL', `a message claims ${length} bytes; 1 to ${this.#bytesMax} are allowed`);
      }
      if (this.#held < FRAME_HEADER_BYTES + length) return;
      const joined = this.#joined();
      const end = FRAME_HEADER_BYTES + length;
      this.#parts = joined.length > end ? [joined.subarray(end)] : [];
      this.#held = joined.length - end;
      message(joined.subarray(FRAME_HEADER_BYTES, end));
    }
  }

  #peekLength(): number {
    const first = this.#parts[0] as Buffer;
    return first.length >= FRAME_HEADER_BYTES ? first.readUInt32LE(0) : this.#joined().readUInt32LE(0);
  }

  #joined(): Buffer {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] as Buffer;
  }
}
