/**
 * How often the kernel was told of each inode: its lookup count.
 *
 * Every entry in a reply (LOOKUP, CREATE, MKNOD, MKDIR, SYMLINK, LINK, and READDIRPLUS but for "." and
 * "..") adds one; FORGET takes back a number. While the count is over 0 the kernel may ask for the inode
 * by number, so that it must live on when its last name goes. Inode numbers are dense: counts lie in pages
 * of a typed array, found by the number's upper part; a page whose counts are all 0 is dropped.
 *
 * A count that would pass 2^32 - 1 sticks there: the inode is then never forgotten.
 */
import type { Ino } from '../../src/ids.ts';

const PAGE_INOS = 4096;
const COUNT_MAX = 0xffff_ffff;

class Page {
  readonly first: Ino;
  readonly counts = new Uint32Array(PAGE_INOS);
  /** Counts that are not 0. */
  live = 0;

  constructor(first: Ino) {
    this.first = first;
  }
}

const NO_PAGE = new Page(-PAGE_INOS);

export class LookupCounts {
  readonly #pages = new Map<number, Page>();
  #last: Page = NO_PAGE;
  #inodes = 0;

  /** Inodes with a count over 0. */
  get inodes(): number {
    return this.#inodes;
  }

  #find(ino: Ino): Page | undefined {
    const at = ino - this.#last.first;
    if (at >= 0 && at < PAGE_INOS) return this.#last;
    const page = this.#pages.get(Math.floor(ino / PAGE_INOS));
    if (page !== undefined) this.#last = page;
    return page;
  }

  #make(ino: Ino): Page {
    const index = Math.floor(ino / PAGE_INOS);
    const page = new Page(index * PAGE_INOS);
    this.#pages.set(index, page);
    this.#last = page;
    return page;
  }

  add(ino: Ino): void {
    const page = this.#find(ino) ?? this.#make(ino);
    const at = ino - page.first;
    const count = page.counts[at] as number;
    if (count === 0) {
      page.live++;
      this.#inodes++;
    }
    if (count < COUNT_MAX) page.counts[at] = count + 1;
  }

  count(ino: Ino): number {
    const page = this.#find(ino);
    return page === undefined ? 0 : (page.counts[ino - page.first] as number);
  }

  /** Takes `times` off the count; true when it fell to 0. More than there was counts as all of it. */
  forget(ino: Ino, times: number): boolean {
    const page = this.#find(ino);
    if (page === undefined) return false;
    const at = ino - page.first;
    const count = page.counts[at] as number;
    if (count === 0 || count === COUNT_MAX || times <= 0) return false;
    if (times < count) {
      page.counts[at] = count - times;
      return false;
    }
    page.counts[at] = 0;
    this.#inodes--;
    if (--page.live === 0) {
      this.#pages.delete(page.first / PAGE_INOS);
      this.#last = NO_PAGE;
    }
    return true;
  }

  /** Sets all counts to 0 and returns the inodes that had one. */
  clear(): Ino[] {
    const inos: Ino[] = [];
    for (const page of this.#pages.values()) {
      for (let i = 0; i < PAGE_INOS; i++) if (page.counts[i] !== 0) inos.push(page.first + i);
    }
    this.#pages.clear();
    this.#last = NO_PAGE;
    this.#inodes = 0;
    return inos;
  }
}
