/**
 * Names that documents left a moment ago, so that what a tool creates in their place is the same document.
 *
 * A tool that saves by creating the file anew first renames the old one to a backup (vim, Emacs) or unlinks
 * it (git). The identity belongs to the name: whoever creates it again soon gets the node back. For so long an
 * unlinked node is held.
 */
import type { Ino } from '../../src/ids.ts';
import type { Name } from '../../src/names.ts';
import type { StoreApi } from '../../src/store/api.ts';
import type { Node } from '../../src/store/node.ts';

/** Tools come back at once; a machine under load may take its time. */
const GRACE_MS = 10_000;
const DEPARTURES_MAX = 1024;

interface Departure {
  readonly key: string;
  readonly ino: Ino;
  readonly expires: number;
}

export class Departures {
  readonly #store: StoreApi;
  readonly #byName = new Map<string, Departure>();
  /** How many names each node has left. */
  readonly #held = new Map<Ino, number>();
  readonly #release: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: StoreApi) {
    this.#store = store;
    this.#release = store.addHolder((ino) => this.#held.has(ino));
  }

  /** The node is about to leave the name. */
  leave(directory: Node, name: Name, node: Node): void {
    this.#forget(keyOf(directory, name));
    for (const oldest of this.#byName.keys()) {
      if (this.#byName.size < DEPARTURES_MAX) break;
      this.#forget(oldest);
    }
    const key = keyOf(directory, name);
    this.#byName.set(key, { key, ino: node.ino, expires: performance.now() + GRACE_MS });
    this.#held.set(node.ino, (this.#held.get(node.ino) ?? 0) + 1);
    this.#timer ??= setTimeout(() => this.#expire(), GRACE_MS).unref();
  }

  /** The node that left the name a moment ago; undefined when none did. */
  of(directory: Node, name: Name): Node | undefined {
    const departure = this.#byName.size === 0 ? undefined : this.#byName.get(keyOf(directory, name));
    if (departure === undefined || departure.expires < performance.now()) return undefined;
    return this.#store.node(departure.ino);
  }

  /** The name stands for something again. */
  settle(directory: Node, name: Name): void {
    if (this.#byName.size > 0) this.#forget(keyOf(directory, name));
  }

  #forget(key: string): void {
    const departure = this.#byName.get(key);
    if (departure === undefined) return;
    this.#byName.delete(key);
    const left = (this.#held.get(departure.ino) ?? 1) - 1;
    if (left > 0) this.#held.set(departure.ino, left);
    else {
      this.#held.delete(departure.ino);
      this.#store.reclaim(departure.ino);
    }
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const { key, expires } of this.#byName.values()) if (expires <= now) this.#forget(key);
    const [next] = this.#byName.values();
    if (next !== undefined) this.#timer = setTimeout(() => this.#expire(), Math.max(1, next.expires - now)).unref();
  }

  /** Lets go of all. */
  close(): void {
    clearTimeout(this.#timer);
    for (const key of [...this.#byName.keys()]) this.#forget(key);
    this.#release();
  }
}

function keyOf(directory: Node, name: Name): string {
  return `${directory.ino}/${name}`;
}
