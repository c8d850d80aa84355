/**
 * Advisory locks of files, shared by all mounts of a store: `fcntl` locks of byte ranges ('posix') and `flock`
 * locks of whole files ('flock'), which do not see each other.
 *
 * A lock belongs to an owner, which a driver names; an owner's own locks never conflict. A range lock replaces what
 * its owner held there, so that a part may be converted or unlocked; neighbours of one type become one. A `flock`
 * conversion first gives up what was held (flock(2)). Those who wait are served in the order in which they came.
 *
 * A wait that could never end is refused: DEADLOCK when an owner would wait, through others who wait, for itself
 * (range locks only, as POSIX has it). Locks are in memory alone: they end with the daemon. There are at most
 * LOCKS_MAX, waiting ones included (NO_LOCKS).
 */
import { FxError } from '../src/errors.ts';
import type { Ino } from '../src/ids.ts';

export type LockKind = 'posix' | 'flock';
export type LockType = 'read' | 'write';

/** `start` and `end` are the first and the last byte; end of file and beyond is LOCK_END. */
export interface Lock {
  readonly owner: string;
  readonly pid: number;
  readonly type: LockType;
  readonly start: bigint;
  readonly end: bigint;
}

/** A lock that is waited for. */
export interface LockWait {
  /** Resolves when the lock is held; never when the wait was given up. */
  readonly granted: Promise<void>;
  giveUp(): void;
}

export const LOCK_END = 2n ** 63n - 1n;
export const LOCKS_MAX = 100_000;

interface Waiter {
  readonly lock: Lock;
  readonly grant: () => void;
}

interface File {
  held: Lock[];
  readonly waiting: Set<Waiter>;
}

function overlaps(a: Lock, b: Lock): boolean {
  return a.start <= b.end && b.start <= a.end;
}

function conflicts(held: Lock, wanted: Lock): boolean {
  return held.owner !== wanted.owner && (held.type === 'write' || wanted.type === 'write') && overlaps(held, wanted);
}

/** What of a lock lies outside [start, end]. */
function outside(lock: Lock, start: bigint, end: bigint): Lock[] {
  if (lock.end < start || lock.start > end) return [lock];
  const rest: Lock[] = [];
  if (lock.start < start) rest.push({ ...lock, end: start - 1n });
  if (lock.end > end) rest.push({ ...lock, start: end + 1n });
  return rest;
}

/** The locks of one kind. */
class Space {
  readonly #files = new Map<Ino, File>();
  readonly #detectsDeadlocks: boolean;
  #count = 0;

  constructor(detectsDeadlocks: boolean) {
    this.#detectsDeadlocks = detectsDeadlocks;
  }

  find(ino: Ino, wanted: Lock): Lock | undefined {
    return this.#files.get(ino)?.held.find((held) => conflicts(held, wanted));
  }

  /** False when another's lock is in the way. NO_LOCKS. */
  take(ino: Ino, wanted: Lock): boolean {
    if (this.find(ino, wanted) !== undefined) return false;
    if (this.#count >= LOCKS_MAX) throw new FxError('NO_LOCKS');
    this.#put(ino, wanted);
    this.#serve(ino);
    return true;
  }

  wait(ino: Ino, lock: Lock): LockWait {
    if (this.#detectsDeadlocks && this.#wouldWaitForItself(ino, lock)) throw new FxError('DEADLOCK');
    if (this.#count >= LOCKS_MAX) throw new FxError('NO_LOCKS');
    let grant = () => {};
    const granted = new Promise<void>((resolve) => {
      grant = resolve;
    });
    const waiter = { lock, grant };
    this.#file(ino).waiting.add(waiter);
    this.#count++;
    return { granted, giveUp: () => this.#leave(ino, waiter) };
  }

  #leave(ino: Ino, waiter: Waiter): boolean {
    const left = this.#files.get(ino)?.waiting.delete(waiter) ?? false;
    if (left) this.#count--;
    this.#tidy(ino);
    return left;
  }

  /** Ends what the owner holds of [start, end]. */
  drop(ino: Ino, owner: string, start: bigint, end: bigint): void {
    const file = this.#files.get(ino);
    if (file === undefined) return;
    this.#replace(
      file,
      file.held.flatMap((lock) => (lock.owner === owner ? outside(lock, start, end) : [lock])),
    );
    this.#serve(ino);
  }

  /** Ends all that owners whose name starts so hold or wait for, of one file or of all. */
  dropOwners(prefix: string, only?: Ino): void {
    for (const ino of only === undefined ? [...this.#files.keys()] : [only]) {
      const file = this.#files.get(ino);
      if (file === undefined) continue;
      for (const waiter of file.waiting) if (waiter.lock.owner.startsWith(prefix)) this.#leave(ino, waiter);
      this.#replace(
        file,
        file.held.filter(({ owner }) => !owner.startsWith(prefix)),
      );
      this.#serve(ino);
    }
  }

  #put(ino: Ino, wanted: Lock): void {
    const file = this.#file(ino);
    let { start, end } = wanted;
    const held: Lock[] = [];
    for (const lock of file.held) {
      if (lock.owner !== wanted.owner) held.push(lock);
      else if (lock.type === wanted.type && lock.start <= end + 1n && start <= lock.end + 1n) {
        if (lock.start < start) start = lock.start;
        if (lock.end > end) end = lock.end;
      } else held.push(...outside(lock, wanted.start, wanted.end));
    }
    held.push({ ...wanted, start, end });
    this.#replace(file, held);
  }

  #replace(file: File, held: Lock[]): void {
    this.#count += held.length - file.held.length;
    file.held = held;
  }

  #file(ino: Ino): File {
    const file = this.#files.get(ino) ?? { held: [], waiting: new Set<Waiter>() };
    this.#files.set(ino, file);
    return file;
  }

  #tidy(ino: Ino): void {
    const file = this.#files.get(ino);
    if (file !== undefined && file.held.length === 0 && file.waiting.size === 0) this.#files.delete(ino);
  }

  /** Gives those who wait what they can have now. */
  #serve(ino: Ino): void {
    for (const waiter of this.#files.get(ino)?.waiting ?? []) {
      if (this.find(ino, waiter.lock) !== undefined) continue;
      this.#leave(ino, waiter);
      this.#put(ino, waiter.lock);
      waiter.grant();
    }
    this.#tidy(ino);
  }

  /** Follows who waits for whom, from those who hold what is wanted. */
  #wouldWaitForItself(ino: Ino, wanted: Lock): boolean {
    const seen = new Set<string>();
    const next = this.#holders(ino, wanted);
    for (let owner = next.pop(); owner !== undefined; owner = next.pop()) {
      if (owner === wanted.owner) return true;
      if (seen.has(owner)) continue;
      seen.add(owner);
      for (const [file, { waiting }] of this.#files) {
        for (const { lock } of waiting) if (lock.owner === owner) next.push(...this.#holders(file, lock));
      }
    }
    return false;
  }

  #holders(ino: Ino, wanted: Lock): string[] {
    const held = this.#files.get(ino)?.held ?? [];
    return held.filter((lock) => conflicts(lock, wanted)).map(({ owner }) => owner);
  }
}

export class Locks {
  readonly #spaces: Record<LockKind, Space> = { posix: new Space(true), flock: new Space(false) };

  /** A lock of another owner that is in the way. */
  find(kind: LockKind, ino: Ino, wanted: Lock): Lock | undefined {
    return this.#spaces[kind].find(ino, wanted);
  }

  /** Takes the lock at once. WOULD_BLOCK, NO_LOCKS. */
  take(kind: LockKind, ino: Ino, wanted: Lock): void {
    if (!this.#tryToTake(kind, ino, wanted)) throw new FxError('WOULD_BLOCK');
  }

  #tryToTake(kind: LockKind, ino: Ino, wanted: Lock): boolean {
    const space = this.#spaces[kind];
    if (kind === 'flock') space.drop(ino, wanted.owner, 0n, LOCK_END);
    return space.take(ino, wanted);
  }

  /** Takes the lock at once (undefined), or waits for it. DEADLOCK, NO_LOCKS. */
  wait(kind: LockKind, ino: Ino, wanted: Lock): LockWait | undefined {
    return this.#tryToTake(kind, ino, wanted) ? undefined : this.#spaces[kind].wait(ino, wanted);
  }

  /** Ends what the owner holds of [start, end]: by default all of the file. */
  drop(kind: LockKind, ino: Ino, owner: string, start = 0n, end = LOCK_END): void {
    this.#spaces[kind].drop(ino, owner, start, end);
  }

  /** Ends all that owners whose name starts so hold or wait for, of one file or of all. */
  dropOwners(prefix: string, only?: Ino): void {
    for (const space of Object.values(this.#spaces)) space.dropOwners(prefix, only);
  }
}
