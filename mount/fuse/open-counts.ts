/**
 * How often the kernel has each file open.
 */
import type { Ino } from '../../src/ids.ts';

export class OpenCounts {
  readonly #counts = new Map<Ino, number>();

  opened(ino: Ino): void {
    this.#counts.set(ino, (this.#counts.get(ino) ?? 0) + 1);
  }

  /** True when nobody has it open any more. */
  released(ino: Ino): boolean {
    const count = (this.#counts.get(ino) ?? 1) - 1;
    if (count > 0) this.#counts.set(ino, count);
    else this.#counts.delete(ino);
    return count <= 0;
  }
}
