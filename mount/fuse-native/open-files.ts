/**
 * Files that are open through the driver: descriptors of their own, and what they hold in the tree.
 */
import { FxError } from '../../src/errors.ts';
import type { Ino } from '../../src/ids.ts';
import type { Operations } from '../operations.ts';

interface OpenFile {
  readonly ino: Ino;
  readonly handle: number;
}

export class OpenFiles {
  readonly #operations: Operations;
  readonly #files = new Map<number, OpenFile>();
  /** How often each inode is open. */
  readonly #counts = new Map<Ino, number>();
  readonly #dropHolder: () => void;
  #lastFd = 0;

  constructor(operations: Operations) {
    this.#operations = operations;
    this.#dropHolder = operations.addHolder((ino) => this.#counts.has(ino));
  }

  /** A descriptor, never 0. */
  add(ino: Ino, handle: number): number {
    do this.#lastFd = (this.#lastFd % 0x7fff_ffff) + 1;
    while (this.#files.has(this.#lastFd));
    this.#files.set(this.#lastFd, { ino, handle });
    this.#counts.set(ino, (this.#counts.get(ino) ?? 0) + 1);
    return this.#lastFd;
  }

  /** STALE for a descriptor that is not open. */
  at(fd: number): OpenFile {
    const file = this.#files.get(fd);
    if (file === undefined) throw new FxError('STALE');
    return file;
  }

  release(fd: number): void {
    const { ino, handle } = this.at(fd);
    this.#files.delete(fd);
    if (handle !== 0) this.#operations.release(ino, handle);
    const left = (this.#counts.get(ino) ?? 1) - 1;
    if (left > 0) return void this.#counts.set(ino, left);
    this.#counts.delete(ino);
    this.#operations.reclaim(ino);
  }

  close(): void {
    for (const fd of [...this.#files.keys()]) this.release(fd);
    this.#dropHolder();
  }
}
