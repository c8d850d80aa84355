/**
 * The most a store may take on its disk, if it has such a limit.
 *
 * What adds content or nodes is refused with NO_SPACE where it would enter the reserve: the last sixteenth, at
 * least 1 MiB, which is for everything else. What frees something is never refused, and neither are the
 * moves of compaction, which takes segments one by one when space is short.
 */
import { FxError } from '../errors.ts';

const RESERVE_SHARE = 1 / 16;
const RESERVE_BYTES_MIN = 1 << 20;
/** The least limit: below this the reserve would be most of it. */
export const STORE_BYTES_MIN = 16 << 20;

export class Space {
  /** Bytes; null: as much as the disk has. */
  maxBytes: number | null;
  readonly #usedBytes: () => number;
  readonly #onShort: () => void;

  /** `usedBytes` says what the store takes now; `onShort` is called when something is refused. */
  constructor(maxBytes: number | null, usedBytes: () => number, onShort: () => void) {
    this.maxBytes = maxBytes;
    this.#usedBytes = usedBytes;
    this.#onShort = onShort;
  }

  /** Bytes that can still be written; null without a limit. */
  get freeBytes(): number | null {
    const { maxBytes } = this;
    if (maxBytes === null) return null;
    const reserve = Math.max(RESERVE_BYTES_MIN, maxBytes * RESERVE_SHARE);
    return Math.max(0, Math.floor(maxBytes - reserve - this.#usedBytes()));
  }

  /** Throws NO_SPACE unless `bytes` more can be written. */
  need(bytes: number): void {
    const { freeBytes } = this;
    if (freeBytes === null || bytes <= freeBytes) return;
    this.#onShort();
    throw new FxError(
      'NO_SPACE',
      `the store has reached its limit of ${this.maxBytes} bytes; delete something, or raise it with --max-size`,
    );
  }
}
