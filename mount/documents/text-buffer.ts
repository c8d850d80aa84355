/**
 * The bytes of an open document while a tool writes them: grows as needed, up to a limit.
 */
import { FxError } from '../../src/errors.ts';

const BYTES_MIN = 4096;

export class TextBuffer {
  readonly #bytesMax: number;
  #bytes: Uint8Array;
  #length: number;

  /** Starts with a copy of `text`. */
  constructor(text: Uint8Array, bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#bytes = Uint8Array.from(text);
    this.#length = text.length;
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes as they are now; valid until the next change. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy that stays as it is. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Writes data[start, start + bytes) at `offset`; what lies between the end and `offset` becomes zeros. TOO_BIG. */
  write(offset: number, data: Uint8Array, start: number, bytes: number): void {
    this.#reserve(offset + bytes);
    if (offset > this.#length) this.#bytes.fill(0, this.#length, offset);
    this.#bytes.set(data.subarray(start, start + bytes), offset);
    this.#length = Math.max(this.#length, offset + bytes);
  }

  /** Cuts, or grows by zeros. TOO_BIG. */
  resize(length: number): void {
    this.#reserve(length);
    if (length > this.#length) this.#bytes.fill(0, this.#length, length);
    this.#length = length;
  }

  #reserve(length: number): void {
    if (length > this.#bytesMax) {
      throw new FxError(
        'TOO_BIG',
        `a document has at most ${this.#bytesMax} bytes; keep larger files where no rule binds them`,
      );
    }
    if (length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.min(this.#bytesMax, Math.max(BYTES_MIN, length * 2)));
    grown.set(this.bytes);
    this.#bytes = grown;
  }
}
