/**
 * What a follower has seen of the host: a tree of the files that each path named, so that a file that comes up
 * elsewhere is known for a rename, and one whose ctime has not moved for unchanged.
 *
 * Paths are byte strings relative to the followed directory, '' for itself.
 */
import type { BigIntStats } from 'node:fs';

interface Seen {
  name: string;
  parent: Seen | undefined;
  key: string;
  ctimeNs: bigint;
  children: Map<string, Seen> | undefined;
}

function keyOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

export class Known {
  readonly #root: Seen = { name: '', parent: undefined, key: '', ctimeNs: 0n, children: undefined };
  /** The places of each file. */
  readonly #places = new Map<string, Set<Seen>>();

  /** Does nothing when the directory of `path` is not known. */
  set(path: string, stats: BigIntStats): void {
    const seen = this.#at(path) ?? this.#add(path);
    if (seen === undefined) return;
    this.#unplace(seen);
    seen.key = keyOf(stats);
    seen.ctimeNs = stats.ctimeNs;
    const places = this.#places.get(seen.key);
    if (places === undefined) this.#places.set(seen.key, new Set([seen]));
    else places.add(seen);
  }

  /** Whether the path names the same file as when it was set, and nothing of it has changed. */
  isUnchanged(path: string, stats: BigIntStats): boolean {
    const seen = this.#at(path);
    return seen !== undefined && seen.ctimeNs === stats.ctimeNs && seen.key === keyOf(stats);
  }

  /** Whether the path is known to have named another file. */
  wasOther(path: string, stats: BigIntStats): boolean {
    const seen = this.#at(path);
    return seen !== undefined && seen.key !== keyOf(stats);
  }

  /** Paths that named this file. */
  pathsOf(stats: BigIntStats): string[] {
    return [...(this.#places.get(keyOf(stats)) ?? [])].map((place) => {
      const names: string[] = [];
      for (let seen = place; seen.parent !== undefined; seen = seen.parent) names.push(seen.name);
      return names.reverse().join('/');
    });
  }

  /** Forgets a path and all below it. */
  remove(path: string): void {
    const seen = this.#at(path);
    if (seen === undefined) return;
    seen.parent?.children?.delete(seen.name);
    const open = [seen];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      this.#unplace(next);
      if (next.children !== undefined) open.push(...next.children.values());
    }
  }

  /** What was known of a path and all below it, is known of another. */
  move(from: string, to: string): void {
    const seen = this.#at(from);
    const slash = to.lastIndexOf('/');
    const parent = this.#at(slash < 0 ? '' : to.slice(0, slash));
    if (seen === undefined || parent === undefined) return;
    seen.parent?.children?.delete(seen.name);
    seen.name = to.slice(slash + 1);
    seen.parent = parent;
    parent.children ??= new Map();
    parent.children.set(seen.name, seen);
  }

  #at(path: string): Seen | undefined {
    let at: Seen | undefined = this.#root;
    if (path !== '') for (const name of path.split('/')) at = at?.children?.get(name);
    return at;
  }

  #add(path: string): Seen | undefined {
    const slash = path.lastIndexOf('/');
    const parent = this.#at(slash < 0 ? '' : path.slice(0, slash));
    if (parent === undefined) return undefined;
    const seen: Seen = { name: path.slice(slash + 1), parent, key: '', ctimeNs: 0n, children: undefined };
    parent.children ??= new Map();
    parent.children.set(seen.name, seen);
    return seen;
  }

  #unplace(seen: Seen): void {
    const places = this.#places.get(seen.key);
    if (places?.delete(seen) === true && places.size === 0) this.#places.delete(seen.key);
  }
}
