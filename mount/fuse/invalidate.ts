/**
 * Notifications: what the kernel must drop from its caches.
 *
 * A notification is a message to the device like a reply, with `unique` 0 and the kind where the error
 * stands: OUT_HEADER, the struct of its kind, then a name with its NUL or data. It has no answer.
 *
 * Changes are gathered and sent at the end of the turn that made them, each inode and name once. When the
 * sink is full the rest stays gathered until `drained`. Only what the kernel can know is told: inodes with
 * a lookup count, and the root.
 */
import type { Ino } from '../../src/ids.ts';
import { NAME_BYTES_MAX } from '../../src/limits.ts';
import type { Name } from '../../src/names.ts';
import type { InvalidationSink } from '../operations.ts';
import {
  type Layout,
  NOTIFY_DELETE_OUT,
  NOTIFY_INVAL_ENTRY_OUT,
  NOTIFY_INVAL_INODE_OUT,
  NOTIFY_STORE_OUT,
  OUT,
  OUT_HEADER,
} from './layouts.ts';
import type { LookupCounts } from './lookups.ts';
import { NOTIFY, ROOT_NODEID } from './protocol.ts';

/** Takes one whole notification; false when it is full, and nothing was taken. */
export type NotifySink = (bytes: Uint8Array) => boolean;

/** One notification: the fields of its struct in order, then its tail. Little-endian, as FUSE hosts of Node are. */
function message(code: number, layout: Layout, values: readonly number[], tail: Uint8Array | Name = ''): Buffer {
  const tailBytes = typeof tail === 'string' ? (tail === '' ? 0 : tail.length + 1) : tail.length;
  const bytes = Buffer.alloc(OUT + layout.bytes + tailBytes);
  bytes.writeUInt32LE(bytes.length, OUT_HEADER.word.len * 4);
  bytes.writeInt32LE(code, OUT_HEADER.word.error * 4);
  layout.fields.forEach(({ type, at }, index) => {
    const value = values[index] ?? 0;
    if (type === 'u32') bytes.writeUInt32LE(value, OUT + at);
    else bytes.writeBigInt64LE(BigInt(value), OUT + at);
  });
  if (typeof tail === 'string') bytes.latin1Write(tail, OUT + layout.bytes);
  else bytes.set(tail, OUT + layout.bytes);
  return bytes;
}

/**
 * Drops an inode's attributes and its pages from `offset` for `bytes` (-1: to the end; 0: attributes only).
 * In the message itself a length of 0 means to the end, and a negative offset that no page is meant
 * (fs/fuse/inode.c, fuse_reverse_inval_inode). For a directory the pages are its cached listing.
 */
export function invalInode(ino: Ino, offset: number, bytes: number): Buffer {
  const range = bytes === 0 ? [-1, 0] : [offset, Math.max(bytes, 0)];
  return message(NOTIFY.INVAL_INODE, NOTIFY_INVAL_INODE_OUT, [ino, ...range]);
}

/** Drops a name, be it there or cached as absent. Flags: EXPIRE_ONLY, where agreed on. */
export function invalEntry(parent: Ino, name: Name, flags = 0): Buffer {
  return message(NOTIFY.INVAL_ENTRY, NOTIFY_INVAL_ENTRY_OUT, [parent, name.length, flags], name);
}

/** Drops a name if it stands for `child`, and marks that inode as unlinked. */
export function deleted(parent: Ino, child: Ino, name: Name): Buffer {
  return message(NOTIFY.DELETE, NOTIFY_DELETE_OUT, [parent, child, name.length, 0], name);
}

/** Puts bytes into an inode's pages. */
export function store(ino: Ino, offset: number, data: Uint8Array): Buffer {
  return message(NOTIFY.STORE, NOTIFY_STORE_OUT, [ino, offset, data.length, 0], data);
}

interface Range {
  start: number;
  /** Infinity: to the end of the file. Equal to start: no page. */
  end: number;
}

export class Invalidator implements InvalidationSink {
  readonly #counts: LookupCounts;
  #sink: NotifySink | undefined;
  #entries = new Map<Ino, Set<Name>>();
  #inodes = new Map<Ino, Range>();
  #scheduled = false;

  constructor(counts: LookupCounts) {
    this.#counts = counts;
  }

  /** Where notifications go from now on; what was gathered before is sent. */
  attach(sink: NotifySink): void {
    this.#sink = sink;
    this.#schedule();
  }

  /** Messages that wait for their turn or for the sink. */
  get pending(): number {
    let names = 0;
    for (const set of this.#entries.values()) names += set.size;
    return names + this.#inodes.size;
  }

  #known(ino: Ino): boolean {
    return ino === ROOT_NODEID || this.#counts.count(ino) > 0;
  }

  inode(ino: Ino, offset: number, bytes: number): void {
    if (!this.#known(ino)) return;
    const end = bytes < 0 ? Infinity : offset + bytes;
    const range = this.#inodes.get(ino);
    if (range === undefined) {
      this.#inodes.set(ino, { start: offset, end });
    } else if (bytes !== 0) {
      const empty = range.start === range.end;
      range.start = empty ? offset : Math.min(range.start, offset);
      range.end = empty ? end : Math.max(range.end, end);
    }
    this.#schedule();
  }

  /**
   * The parent goes with the name: its times have changed, and its cached listing, which INVAL_ENTRY
   * leaves alone when the kernel has no entry of that name (fs/fuse/dir.c, fuse_reverse_inval_entry).
   */
  entry(parent: Ino, name: Name): void {
    if (!this.#known(parent)) return;
    // The kernel has no longer name either.
    if (name.length > 0 && name.length <= NAME_BYTES_MAX) {
      const names = this.#entries.get(parent);
      if (names === undefined) this.#entries.set(parent, new Set([name]));
      else names.add(name);
    }
    this.inode(parent, 0, -1);
  }

  #schedule(): void {
    if (this.#scheduled || this.#sink === undefined) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.drained();
    });
  }

  /** Sends what is gathered, as far as the sink takes it: names first, then inodes. */
  drained(): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    for (const [parent, names] of this.#entries) {
      for (const name of names) {
        if (!sink(invalEntry(parent, name))) return;
        names.delete(name);
      }
      this.#entries.delete(parent);
    }
    for (const [ino, { start, end }] of this.#inodes) {
      if (!sink(invalInode(ino, start, end === Infinity ? -1 : end - start))) return;
      this.#inodes.delete(ino);
    }
  }

  /** Nobody listens any more. */
  detach(): void {
    this.#sink = undefined;
    this.#entries.clear();
    this.#inodes.clear();
  }
}
