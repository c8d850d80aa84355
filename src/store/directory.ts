/**
 * What memory holds of a directory's entries: everything that changed since the last checkpoint, and a
 * cache of the rest. The index has the others.
 */
import type { Name } from '../names.ts';
import type { Slot } from './node.ts';

/** Names held above which look-ups are no longer remembered, and a checkpoint makes room. */
export const DIRECTORY_NAMES_MAX = 65_536;

/** Names and slots that were set aside. */
interface Older {
  readonly byName: Map<Name, Slot | null>;
  readonly recent: Slot[];
}

export class Directory {
  /** Live entries, in memory and in the index. */
  count = 0;
  /** Known slots by name; null: known to be absent. A name that is neither here nor set aside is as the index says. */
  #byName = new Map<Name, Slot | null>();
  /**
   * Slots whose cookies the index may not have yet, ascending. A slot that is no longer the one of its
   * name is dead, and skipped.
   */
  #recent: Slot[] = [];
  #dead = 0;
  /** What a checkpoint under way takes to the index; what is newer hides it. */
  #older: Older | null = null;
  /** True while memory has every entry, so that a name that is not there does not exist. */
  complete: boolean;

  constructor(complete: boolean) {
    this.complete = complete;
  }

  /** The slot of a name; null when it is known to be absent, undefined when the index must be asked. */
  get(name: Name): Slot | null | undefined {
    let slot = this.#byName.get(name);
    if (slot === undefined && this.#older !== null) slot = this.#older.byName.get(name);
    return slot === undefined && this.complete ? null : slot;
  }

  /** Remembers what the index answered. */
  cache(name: Name, slot: Slot | null): void {
    if (this.cachedNames < DIRECTORY_NAMES_MAX) this.#byName.set(name, slot);
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
    if (this.complete && this.#older === null) this.#byName.delete(name);
    else this.#byName.set(name, null);
    if (++this.#dead > 64 && this.#dead * 2 > this.#recent.length) this.#compact();
  }

  #compact(): void {
    this.#recent = this.#recent.filter((slot) => this.isLive(slot));
    this.#dead = 0;
  }

  isLive(slot: Slot): boolean {
    return this.get(slot.name) === slot;
  }

  /** Live slots of memory with a cookie of at least `from`, ascending, until `visit` returns false. */
  visitRecent(from: number, visit: (slot: Slot) => boolean): void {
    const recent = this.#recent;
    const older = this.#older?.recent ?? [];
    let at = firstFrom(recent, from);
    let olderAt = firstFrom(older, from);
    while (at < recent.length || olderAt < older.length) {
      const next = recent[at];
      const olderNext = older[olderAt];
      const isOlder = next === undefined || (olderNext !== undefined && olderNext.cookie < next.cookie);
      const slot = (isOlder ? olderNext : next) as Slot;
      if (isOlder) olderAt++;
      else at++;
      if (this.isLive(slot) && !visit(slot)) return;
    }
  }

  /** Whether it holds so many names that those the index has should be forgotten. */
  get isCrowded(): boolean {
    return this.#byName.size >= DIRECTORY_NAMES_MAX;
  }

  /** To be called when a checkpoint takes everything up to now. */
  setAside(): void {
    const older = this.#older;
    if (older === null) this.#older = { byName: this.#byName, recent: this.#recent };
    else {
      // The checkpoint before failed: the next one takes both.
      for (const [name, slot] of this.#byName) older.byName.set(name, slot);
      const recent = [...older.recent, ...this.#recent].filter((slot) => older.byName.get(slot.name) === slot);
      this.#older = { byName: older.byName, recent: recent.sort((a, b) => a.cookie - b.cookie) };
    }
    this.#byName = new Map();
    this.#recent = [];
    this.#dead = 0;
  }

  /** The index has what was set aside. */
  forgetOlder(): void {
    this.#older = null;
    this.complete = this.count === 0;
  }

  /** Names held in memory, absent ones included. */
  get cachedNames(): number {
    return this.#byName.size + (this.#older?.byName.size ?? 0);
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
