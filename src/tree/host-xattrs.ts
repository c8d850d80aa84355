/**
 * Which extended attributes come along in an import.
 *
 * All that may be read, in every namespace and as they are: access control lists are attributes
 * (`system.posix_acl_access` and `_default`), as are capabilities and labels. `user.fx.*` is the mount's own and left out.
 */

import type { Name } from '../names.ts';
import type { NativeXattrs } from '../native.ts';

const KEPT = /^(?!user\.fx\.)/;

export interface HostXattrs {
  readonly kept: Map<Name, Uint8Array>;
  /** Names of those left out. */
  readonly leftOut: Name[];
}

/** Sorts what the host gave. Undefined when there is nothing at all. */
export function sortXattrs(found: NativeXattrs): HostXattrs | undefined {
  if (typeof found === 'number') return undefined;
  const xattrs: HostXattrs = { kept: new Map(), leftOut: [] };
  for (let i = 0; i + 1 < found.length; i += 2) {
    const name = found[i] as Name;
    const value = found[i + 1];
    if (value instanceof Uint8Array && KEPT.test(name)) xattrs.kept.set(name, value);
    else xattrs.leftOut.push(name);
  }
  return xattrs;
}

/** Names told apart in `LeftOut`; the rest count as one. */
const NAMES_MAX = 50;
const OTHER_NAMES = 'others';

/** How many nodes lost an attribute, by its name. */
export class LeftOut {
  readonly #counts = new Map<Name, number>();

  add(name: Name, nodes = 1): void {
    const key = this.#counts.has(name) || this.#counts.size < NAMES_MAX ? name : OTHER_NAMES;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + nodes);
  }

  get counts(): ReadonlyMap<Name, number> {
    return this.#counts;
  }

  get total(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    return total;
  }
}
