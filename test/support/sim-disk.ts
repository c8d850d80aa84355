/**
 * A disk in memory that fails as real ones do.
 *
 * Every file has two images: what a reader sees (page cache) and what was synced; between them lie the
 * writes and cuts since. `crash` makes of both what a power failure could leave:
 *
 * - `drop`: only what was synced;
 * - `keep`: everything (the process died, the machine did not);
 * - `tear`: unsynced writes in order up to some byte of one of them;
 * - `reorder`: any unsynced pages (`pageBytes`), old, new or zero, at any length from old to new.
 *
 * Names created, removed or renamed since the directory was synced are kept or lost one by one, except in
 * `keep`. `failAt` makes the nth call from now fail, `capacityBytes` fills the disk.
 */
import { FxError } from '../../src/errors.ts';
import type { Disk, DiskFile } from '../../src/wal/disk.ts';

export type CrashMode = 'drop' | 'keep' | 'tear' | 'reorder';
export const CRASH_MODES: CrashMode[] = ['drop', 'keep', 'tear', 'reorder'];
export type SimFault = 'EIO' | 'ENOSPC';

/** A small seeded generator: the next number from 0 to below `below`. */
export type Random = (below: number) => number;

export function seededRandom(seed: number): Random {
  let state = (seed ^ 0x9e37_79b9) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}

type Change = { position: number; bytes: Uint8Array } | { cutTo: number };

class Inode {
  live: Buffer = Buffer.alloc(0);
  synced: Buffer = Buffer.alloc(0);
  /** Changes from `synced` to `live`, in order. */
  changes: Change[] = [];
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  apply(change: Change): void {
    this.live = changed(this.live, change);
    this.changes.push(change);
  }

  /** Makes durable what stood when the sync began: the first `count` changes. */
  settle(image: Buffer, count: number): void {
    this.synced = image;
    this.changes = this.changes.slice(count);
  }
}

function changed(image: Buffer, change: Change): Buffer {
  if ('cutTo' in change) return Buffer.from(image.subarray(0, change.cutTo));
  const end = Math.max(image.length, change.position + change.bytes.length);
  const next = Buffer.alloc(end);
  image.copy(next);
  next.set(change.bytes, change.position);
  return next;
}

export class SimDisk implements Disk {
  /** Calls so far, by kind; `sync` counts files, `syncDirectory` directories. */
  readonly calls: Record<string, number> = {};
  capacityBytes = Number.POSITIVE_INFINITY;
  /** What `reorder` keeps or loses at once. */
  pageBytes = 4096;
  #names = new Map<string, Inode>();
  #syncedNames = new Map<string, Inode>();
  #fds = 0;
  #failIn = 0;
  #fault: SimFault = 'EIO';
  #failKind: string | null = null;
  /** Files and syncs from before a crash are dead. */
  #epoch = 0;
  /** When set, syncs wait for `releaseSyncs`. */
  #heldSyncs: (() => void)[] | null = null;

  /** The nth call from now fails (1: the next), of one kind or of any that may fail. */
  failAt(nth: number, fault: SimFault = 'EIO', kind: string | null = null): void {
    this.#failIn = nth;
    this.#fault = fault;
    this.#failKind = kind;
  }

  holdSyncs(): void {
    this.#heldSyncs ??= [];
  }

  releaseSyncs(): void {
    const held = this.#heldSyncs ?? [];
    this.#heldSyncs = null;
    for (const release of held) release();
  }

  /** The power fails. Open files are dead, syncs that run never end. */
  crash(mode: CrashMode, random: Random): void {
    this.#epoch++;
    this.#heldSyncs = null;
    this.#failIn = 0;
    if (mode !== 'keep') this.#crashNames(mode, random);
    const inodes = new Set(this.#names.values());
    for (const inode of inodes) {
      inode.live = Buffer.from(survivor(inode, mode, random, this.pageBytes));
      inode.synced = inode.live;
      inode.changes = [];
    }
    this.#syncedNames = new Map(this.#names);
  }

  /** A copy of a file's bytes. */
  content(name: string): Buffer {
    return Buffer.from(this.#inode(name).live);
  }

  /** Puts a file there, synced, replacing what there was. */
  put(name: string, bytes: Uint8Array): void {
    const inode = new Inode(++this.#fds);
    inode.live = Buffer.from(bytes);
    inode.synced = inode.live;
    this.#names.set(name, inode);
    this.#syncedNames.set(name, inode);
  }

  /** A disk with the same files, all synced. */
  clone(): SimDisk {
    const copy = new SimDisk();
    for (const [name, inode] of this.#names) copy.put(name, inode.live);
    return copy;
  }

  list(): string[] {
    return [...this.#names.keys()];
  }

  open(name: string, _mode: 'read' | 'write'): DiskFile {
    return this.#file(name, this.#inode(name));
  }

  create(name: string): DiskFile {
    this.#call('create');
    if (this.#names.has(name)) throw new FxError('EXISTS', `${name} is there`);
    const inode = new Inode(++this.#fds);
    this.#names.set(name, inode);
    return this.#file(name, inode);
  }

  remove(name: string): void {
    this.#call('remove');
    this.#inode(name);
    this.#names.delete(name);
  }

  rename(from: string, to: string): void {
    this.#call('rename');
    const inode = this.#inode(from);
    this.#names.delete(from);
    this.#names.set(to, inode);
  }

  async syncDirectory(): Promise<void> {
    this.#call('syncDirectory');
    const names = new Map(this.#names);
    await this.#wait();
    this.#syncedNames = names;
  }

  #inode(name: string): Inode {
    const inode = this.#names.get(name);
    if (inode === undefined) throw new FxError('NOT_FOUND', `${name} is not there`);
    return inode;
  }

  #crashNames(mode: CrashMode, random: Random): void {
    const names = new Map(this.#syncedNames);
    if (mode !== 'drop') {
      for (const [name, inode] of this.#syncedNames) {
        if (this.#names.get(name) !== inode && random(2) === 0) names.delete(name);
      }
      for (const [name, inode] of this.#names) {
        if (this.#syncedNames.get(name) === inode || random(2) === 0) continue;
        // A rename is atomic: the new name comes with the loss of the old one.
        for (const [old, other] of this.#syncedNames) if (other === inode) names.delete(old);
        names.set(name, inode);
      }
      // A file that was renamed keeps one of its names.
      const kept = new Set(names.values());
      for (const [name, inode] of this.#syncedNames) {
        const isRenamed = !kept.has(inode) && [...this.#names.values()].includes(inode);
        if (isRenamed && !names.has(name)) names.set(name, inode);
      }
    }
    this.#names = names;
  }

  #usedBytes(): number {
    let bytes = 0;
    for (const inode of this.#names.values()) bytes += inode.live.length;
    return bytes;
  }

  #call(kind: string): void {
    this.calls[kind] = (this.calls[kind] ?? 0) + 1;
    if (this.#failIn === 0 || (this.#failKind !== null && this.#failKind !== kind)) return;
    if (--this.#failIn > 0) return;
    throw new FxError(this.#fault === 'EIO' ? 'IO' : 'NO_SPACE', `${kind} failed: ${this.#fault}`);
  }

  /** Passes a turn; throws away what waits across a crash. */
  async #wait(): Promise<void> {
    const epoch = this.#epoch;
    const held = this.#heldSyncs;
    await new Promise<void>((done) => {
      if (held === null) setImmediate(done);
      else held.push(done);
    });
    if (epoch !== this.#epoch) await new Promise(() => undefined);
  }

  #file(name: string, inode: Inode): DiskFile {
    const epoch = this.#epoch;
    const call = (kind: string) => {
      if (epoch !== this.#epoch) throw new FxError('IO', `${name} was open when the power failed`);
      this.#call(kind);
    };
    const read = (position: number, into: Uint8Array, start: number, bytes: number): number => {
      call('read');
      const got = Math.max(0, Math.min(bytes, inode.live.length - position));
      into.set(inode.live.subarray(position, position + got), start);
      return got;
    };
    return {
      fd: inode.fd,
      append: (position, head, headStart, headBytes, body, bodyStart, bodyBytes) => {
        const bytes = Buffer.alloc(headBytes + bodyBytes);
        bytes.set(head.subarray(headStart, headStart + headBytes));
        if (body !== null) bytes.set(body.subarray(bodyStart, bodyStart + bodyBytes), headBytes);
        try {
          call('append');
          const free = this.capacityBytes - this.#usedBytes();
          if (bytes.length > free) throw new FxError('NO_SPACE', `${name}: ${bytes.length} bytes, ${free} free`);
        } catch (error) {
          // A part was written; NO_SPACE promises that it is cut again.
          inode.apply({ position, bytes: bytes.subarray(0, bytes.length >> 1) });
          if (error instanceof FxError && error.code === 'NO_SPACE') inode.apply({ cutTo: position });
          throw error;
        }
        inode.apply({ position, bytes });
      },
      read,
      readAsync: async (position, into, start, bytes) => {
        await this.#wait();
        return read(position, into, start, bytes);
      },
      size: () => inode.live.length,
      truncate: (bytes) => {
        call('truncate');
        inode.apply({ cutTo: bytes });
      },
      sync: async () => {
        call('sync');
        const image = inode.live;
        const count = inode.changes.length;
        await this.#wait();
        inode.settle(image, count);
      },
      close: () => undefined,
      closeAsync: () => undefined,
    };
  }
}

function survivor(inode: Inode, mode: CrashMode, random: Random, pageBytes: number): Buffer {
  if (mode === 'keep' || inode.changes.length === 0) return inode.live;
  if (mode === 'drop') return inode.synced;
  if (mode === 'tear') {
    const whole = random(inode.changes.length + 1);
    let image = inode.synced;
    for (const change of inode.changes.slice(0, whole)) image = changed(image, change);
    const torn = inode.changes[whole];
    if (torn !== undefined && 'bytes' in torn) {
      image = changed(image, { position: torn.position, bytes: torn.bytes.subarray(0, random(torn.bytes.length + 1)) });
    }
    return image;
  }
  return reordered(inode, random, pageBytes);
}

function reordered(inode: Inode, random: Random, pageBytes: number): Buffer {
  const { synced, live } = inode;
  const shortest = Math.min(synced.length, live.length);
  const image = Buffer.alloc(shortest + random(Math.max(synced.length, live.length) - shortest + 1));
  for (let start = 0; start < image.length; start += pageBytes) {
    const end = Math.min(start + pageBytes, image.length);
    const old = synced.subarray(start, end);
    const choice = random(3);
    if (choice === 0) image.set(live.subarray(start, end), start);
    else image.set(old, start);
    // A page that was half old may hold a torn mixture of both.
    if (choice === 2) image.set(live.subarray(start, start + random(end - start + 1)), start);
  }
  return image;
}
