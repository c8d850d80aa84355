/**
 * A map whose keys are whole numbers that were given out one after the other, as inode numbers and cookies
 * are: values lie in pages of an array, found by the number's upper part. A look-up so touches one page
 * instead of the buckets, chains and keys of a hash table, which costs less the more there is.
 */

const PAGE_NUMBERS = 1024;

class Page<V> {
  readonly first: number;
  readonly values: (V | undefined)[] = new Array(PAGE_NUMBERS).fill(undefined);
  /** Values that are not undefined. */
  size = 0;

  constructor(first: number) {
    this.first = first;
  }
}

export class NumberedMap<V> {
  readonly #pages = new Map<number, Page<V>>();
  #last = new Page<V>(-PAGE_NUMBERS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  #find(key: number): Page<V> | undefined {
    const { first } = this.#last;
    if (key >= first && key < first + PAGE_NUMBERS) return this.#last;
    const page = this.#pages.get(Math.floor(key / PAGE_NUMBERS));
    if (page !== undefined) this.#last = page;
    return page;
  }

  get(key: number): V | undefined {
    const page = this.#find(key);
    return page === undefined ? undefined : page.values[key - page.first];
  }

  set(key: number, value: V): void {
    const page = this.#find(key) ?? this.#make(key);
    const at = key - page.first;
    if (page.values[at] === undefined) {
      page.size++;
      this.#size++;
    }
    page.values[at] = value;
  }

  #make(key: number): Page<V> {
    const index = Math.floor(key / PAGE_NUMBERS);
    const page = new Page<V>(index * PAGE_NUMBERS);
    this.#pages.set(index, page);
    this.#last = page;
    return page;
  }

  delete(key: number): void {
    const page = this.#find(key);
    if (page === undefined || page.values[key - page.first] === undefined) return;
    page.values[key - page.first] = undefined;
    this.#size--;
    if (--page.size > 0) return;
    this.#pages.delete(page.first / PAGE_NUMBERS);
    this.#last = new Page<V>(-PAGE_NUMBERS);
  }

  /** The values, in the order of their pages. What is set and deleted meanwhile may be met or not. */
  *values(): Generator<V, undefined> {
    for (const page of this.#pages.values()) {
      for (const value of page.values) if (value !== undefined) yield value;
    }
  }
}
