/**
 * The locks of a store as one mount sees them: owners of different mounts are different, and what a mount held
 * ends with it.
 */
import type { Ino } from '../src/ids.ts';
import type { Lock, LockKind, Locks, LockWait } from './locks.ts';
import type { FileLocks } from './operations.ts';

let mounts = 0;

export class MountLocks implements FileLocks {
  readonly #locks: Locks;
  /** The store's number of a file of this mount. */
  readonly #inner: (ino: Ino) => Ino;
  readonly #prefix = `${++mounts}:`;

  constructor(locks: Locks, inner: (ino: Ino) => Ino) {
    this.#locks = locks;
    this.#inner = inner;
  }

  find(kind: LockKind, ino: Ino, wanted: Lock): Lock | undefined {
    return this.#locks.find(kind, this.#inner(ino), this.#own(wanted));
  }

  take(kind: LockKind, ino: Ino, wanted: Lock): void {
    this.#locks.take(kind, this.#inner(ino), this.#own(wanted));
  }

  wait(kind: LockKind, ino: Ino, wanted: Lock): LockWait | undefined {
    return this.#locks.wait(kind, this.#inner(ino), this.#own(wanted));
  }

  drop(kind: LockKind, ino: Ino, owner: string, start?: bigint, end?: bigint): void {
    this.#locks.drop(kind, this.#inner(ino), this.#prefix + owner, start, end);
  }

  dropFile(ino: Ino): void {
    this.#locks.dropOwners(this.#prefix, this.#inner(ino));
  }

  close(): void {
    this.#locks.dropOwners(this.#prefix);
  }

  #own(wanted: Lock): Lock {
    return { ...wanted, owner: this.#prefix + wanted.owner };
  }
}
