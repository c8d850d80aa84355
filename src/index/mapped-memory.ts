/**
 * Keeps the memory in which the index is mapped small.
 *
 * LMDB reads through a map of its whole file. Pages that were read stay mapped, and count as this process's
 * memory, until the kernel wants them back: a walk over ten million nodes would map gigabytes. They are in the
 * page cache anyway, so letting go of them costs only that they are mapped again when they are next read.
 */
import { readFileSync } from 'node:fs';
import { native } from '../native.ts';

/** Mapped memory above which it is let go, in bytes. */
const MAPPED_BYTES_MAX = 192 << 20;
/** Reads between two looks. */
const READS_EACH = 4096;
const PAGE_BYTES = 4096;

export class MappedMemory {
  readonly #path: Buffer;
  #reads = 0;
  #isDropping = false;

  /** `path`: the file that is mapped. */
  constructor(path: string) {
    this.#path = Buffer.from(path);
  }

  /** To be called with each read. */
  touched(): void {
    if (++this.#reads < READS_EACH || this.#isDropping) return;
    this.#reads = 0;
    if (mappedBytes() < MAPPED_BYTES_MAX) return;
    this.#isDropping = true;
    native.dropMapped(this.#path, () => {
      this.#isDropping = false;
    });
  }
}

/** Bytes of files in this process's memory. */
export function mappedBytes(): number {
  try {
    return Number(readFileSync('/proc/self/statm', 'latin1').split(' ')[2]) * PAGE_BYTES;
  } catch {
    // Without /proc nothing is known, and nothing is done.
    return 0;
  }
}
