/**
 * What memory holds of a directory's entries: everything that changed since the last checkpoint, and a
 * cache of the rest. The index has the others.
 */
import type { Name } from '../names.ts';
import type { Slot } from './node.ts';

/** Cached names above which look-ups are no longer remembered, and a checkpoint makes room. */
const CACHED_NAMES_MAX = 65_536;

export class Directory {
  /** Live entries, in memory and in the index. */
  count = 0;
  /** Known slots by name; null: known to be absent. A name that is not here is as the index says. */
  readonly #byName = new Map<Name, Slot | null>();
  /**
   * Slots whose cookies the index may not have yet, ascending. A slot that is no longer the one of its
   * name is dead, and skipped.
   */
  #recent: Slot[] = [];
  #dead = 0;
  /** True while `#byName` has every entry, so that a name that is not there does not exist. */
  complete: boolean;

  constructor(complete: boolean) {
    this.complete = complete;
  }

  /** The slot of a name; null when it is known to be absent, undefined when the index must be asked. */
  get(name: Name): Slot | null | undefined {
    const slot = this.#byName.get(name);
    return slot === undefined && this.complete ? null : slot;
  }

  /** Remembers what the index answered. */
  cache(name: Name, slot: Slot | null): void {
    if (this.#byName.size < CACHED_NAMES_MAX) this.#byName.set(name, slot);
  }

  /** Adds or replaces the slot of a name. A cookie that is not the largest takes over the place of its predecessor. */
  put(slot: Slot): void {
    this.#byName.set(slot.name, slot);
    const recent = this.#recent;
    const last = recent.at(-1);
    if (last === undefined || last.cookie < slot.cookie) {
      recent.push(slot);
      return;
    }
    const at = firstFrom(recent, slot.cookie);
    if (recent[at]?.cookie === slot.cookie) recent[at] = slot;
    else recent.splice(at, 0, slot);
  }

  /** Removes the slot of a name. */
  drop(name: Name): void {
    if (this.complete) this.#byName.delete(name);
    else this.#byName.set(name, null);
    if (++this.#dead > 64 && this.#dead * 2 > this.#recent.length) this.#compact();
  }

  #compact(): void {
    this.#recent = this.#recent.filter((slot) => this.isLive(slot));
    this.#dead = 0;
  }

  isLive(slot: Slot): boolean {
    return this.#byName.get(slot.name) === slot;
  }

  /** Live slots of memory with a cookie of at least `from`, ascending, until `visit` returns false. */
  visitRecent(from: number, visit: (slot: Slot) => boolean): void {
    const recent = this.#recent;
    for (let i = firstFrom(recent, from); i < recent.length; i++) {
      const slot = recent[i] as Slot;
      if (this.isLive(slot) && !visit(slot)) return;
    }
  }

  /** Whether it holds so many names that those the index has should be forgotten. */
  get isCrowded(): boolean {
    return this.#byName.size >= CACHED_NAMES_MAX;
  }

  /** Forgets all names. What changed since the last checkpoint must be put and dropped again. */
  shrink(): void {
    this.#byName.clear();
    this.#recent = [];
    this.#dead = 0;
    this.complete = this.count === 0;
  }

  /** Names held in memory, absent ones included. */
  get cachedNames(): number {
    return this.#byName.size;
  }
}

/** Index of the first slot with a cookie of at least `cookie`. */
function firstFrom(slots: readonly Slot[], cookie: number): number {
  let low = 0;
  let high = slots.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((slots[middle] as Slot).cookie < cookie) low = middle + 1;
    else high = middle;
  }
  return low;
}
