/**
 * Frees nodes that nobody holds any more, many with one frame: `rm -rf` lets go of one with each of its calls.
 *
 * A node that waits here is an orphan still, so that one left over by a crash is freed when the store is opened
 * again. For everyone else it is gone.
 */
import { FxError, invariant } from '../errors.ts';
import type { Ino } from '../ids.ts';
import type { Frames } from './frames.ts';
import type { State } from './state.ts';

const FRAME_NODES_MAX = 64;

export class Reclaimer {
  readonly #state: State;
  readonly #frames: Frames;
  readonly #waiting = new Set<Ino>();
  #immediate: NodeJS.Immediate | null = null;

  constructor(state: State, frames: Frames) {
    this.#state = state;
    this.#frames = frames;
  }

  /** Nodes that are as good as gone. */
  get count(): number {
    return this.#waiting.size;
  }

  has(ino: Ino): boolean {
    return this.#waiting.size > 0 && this.#waiting.has(ino);
  }

  /** Frees an orphan soon. */
  add(ino: Ino): void {
    this.#waiting.add(ino);
    if (this.#waiting.size >= FRAME_NODES_MAX) this.flush();
    else if (this.#immediate === null) this.#schedule();
  }

  #schedule(): void {
    this.#immediate = setImmediate(() => {
      this.#immediate = null;
      this.flush();
    });
  }

  /** Frees those that wait; within a transaction, which may be taken back, they go on waiting. */
  flush(): void {
    if (this.#waiting.size === 0) return;
    if (this.#state.undo !== null) {
      if (this.#immediate === null) this.#schedule();
      return;
    }
    this.#frames.begin();
    for (const ino of this.#waiting) {
      const node = this.#state.node(ino);
      invariant(node !== undefined, `inode ${ino} is an orphan, so it exists`);
      this.#frames.remove(node);
    }
    this.#waiting.clear();
    try {
      this.#frames.commit();
    } catch (error) {
      // Whatever keeps the log from taking it, the next opening frees them.
      if (!(error instanceof FxError)) throw error;
    }
  }

  /** Frees those that wait, for the last time. */
  stop(): void {
    this.flush();
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#immediate = null;
  }
}
