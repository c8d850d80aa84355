/**
 * Paths that wait to be looked at: each once, however often it changes, up to a bound. Past it the single paths are
 * given up, and everything is to be looked at.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** Paths kept apart; about 20 MB of them. */
export const QUEUE_PATHS_MAX = 50_000;

export type Batch = ReadonlySet<string> | 'everything';

export class FollowQueue {
  readonly #max: number;
  #paths = new Set<string>();
  #isFull = false;
  #listens = false;
  #wake: (() => void) | undefined;

  constructor(pathsMax = QUEUE_PATHS_MAX) {
    this.#max = pathsMax;
  }

  add(path: string): void {
    if (this.#isFull) return;
    this.#paths.add(path);
    if (this.#paths.size > this.#max) this.addEverything();
    this.#wake?.();
  }

  addEverything(): void {
    this.#isFull = true;
    this.#paths.clear();
    this.#wake?.();
  }

  /**
   * What has been added since the last time: waits until there is something, then `windowMs` for what comes with it.
   * Rejects with its reason when `signal` is aborted.
   */
  async take(windowMs: number, signal: AbortSignal): Promise<Batch> {
    while (!this.#isFull && this.#paths.size === 0) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (!this.#listens) signal.addEventListener('abort', () => this.#wake?.(), { once: true });
        this.#listens = true;
      });
    }
    await delay(windowMs, undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
    const batch: Batch = this.#isFull ? 'everything' : this.#paths;
    this.#paths = new Set();
    this.#isFull = false;
    return batch;
  }
}
