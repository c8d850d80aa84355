/**
 * What a driver asks of the tree: the operations of a filesystem on inodes, with no word of any
 * operating system's wire format, flags or error numbers.
 *
 * Operations throw FxError when they are refused and have then changed nothing. All are synchronous but
 * those that wait for the disk. Names are byte strings. `ino` 1 is the root of the mount, also when the
 * mount shows a subtree.
 */
import type { Ino } from '../src/ids.ts';
import type { Name } from '../src/names.ts';
import type { Piece, Time } from '../src/store/api.ts';
import type { Attributes, Kind } from '../src/store/node.ts';
import type { Lock, LockKind, LockWait } from './locks.ts';

/** Who asks. Drivers reuse one object from request to request: copy what must outlive the call. */
export interface Caller {
  uid: number;
  gid: number;
  pid: number;
  /** Bits that a new file does not get from its mode; none when absent: the driver has taken them off. */
  umask?: number;
  /** Groups beside `gid` that matter for what is being made; undefined where the driver cannot tell. */
  groups?: readonly number[] | undefined;
}

export interface AttributeChanges {
  mode?: number;
  uid?: number;
  gid?: number;
  size?: number;
  atime?: Time | 'now';
  mtime?: Time | 'now';
  ctime?: Time;
  /** The open file through which a size is set; 0 or absent when there is none. */
  handle?: number;
  /** The kernel asks that set-id bits be dropped (truncate by an unprivileged caller, chown). Alone it is a chown that names nobody. */
  clearSetId?: boolean;
}

export interface OpenFlags {
  read: boolean;
  write: boolean;
  truncate: boolean;
  append: boolean;
  /** Truncating by an unprivileged caller drops set-id bits. */
  clearSetId: boolean;
  /** The driver will neither flush nor release: the file must get no handle. */
  withoutHandle?: boolean;
}

export interface Opened {
  /** 0 when the file needs no state of its own; else released with `release`. */
  handle: number;
  /** The driver may keep and fill the kernel's page cache. */
  cacheable: boolean;
  /** Closing needs no flush (blobs). */
  flushless: boolean;
  /** Read from front to end only, past every cache: what was read is gone. */
  stream?: boolean;
}

export interface Created {
  attributes: Attributes;
  opened: Opened;
}

/**
 * What `allocate` does with a range of bytes, as fallocate(2): `allocate` takes room for what is a hole, `punch`
 * makes it a hole, `zero` makes it zeros that take room, `collapse` removes it and `insert` puts zeros before it.
 */
export type Allocation = 'allocate' | 'punch' | 'zero' | 'collapse' | 'insert';

/** A byte of an open file. */
export interface FilePosition {
  ino: Ino;
  handle: number;
  offset: number;
}

export interface RenameFlags {
  noReplace: boolean;
  exchange: boolean;
  /** Leaves a character device 0:0, an overlay filesystem's sign for "removed", under the old name. */
  whiteout: boolean;
}

export interface XattrFlags {
  create: boolean;
  replace: boolean;
  /** An access list is set by someone who may not keep the set-group-ID bit. */
  clearSetGid?: boolean;
  /** The driver's kernel fetches the mode again by itself after an access list was set: it need not, and must not, be told. */
  refetchesMode?: boolean;
}

/**
 * Locks of files; owners are named by the driver. Errors and meaning as in `locks.ts`. A driver that keeps locks
 * here tells of each owner's last close, and of the file's.
 */
export interface FileLocks {
  find(kind: LockKind, ino: Ino, wanted: Lock): Lock | undefined;
  take(kind: LockKind, ino: Ino, wanted: Lock): void;
  wait(kind: LockKind, ino: Ino, wanted: Lock): LockWait | undefined;
  drop(kind: LockKind, ino: Ino, owner: string, start?: bigint, end?: bigint): void;
  /** Nobody has the file open any more. */
  dropFile(ino: Ino): void;
}

/** Filesystem totals for statfs, in bytes and inodes. */
export interface Totals {
  totalBytes: number;
  freeBytes: number;
  inodes: number;
  freeInodes: number;
}

/** What a read yields: bytes in memory, or pieces of files that the driver sends without copying. */
export type ReadResult = Uint8Array | Piece[];

/**
 * Thrown by an operation, before it has changed anything, that needs something which is being worked out
 * elsewhere: the driver asks again, with the same arguments, once `ready` has settled. Never rejects.
 *
 * With `giveUp` it may take for ever: whoever does not want to wait gets WOULD_BLOCK, and one who is interrupted is not
 * asked for again, after a call of `giveUp`.
 */
export class NotReady {
  readonly ready: Promise<void>;
  readonly giveUp: (() => void) | undefined;

  constructor(ready: Promise<void>, giveUp?: () => void) {
    this.ready = ready;
    this.giveUp = giveUp;
  }
}

export interface Operations {
  readonly readOnly: boolean;
  /**
   * Whether open files may have state of their own (handles, flushes). While they have none, drivers need not
   * call `open`, `flush` and `release`: truncation then comes through `setAttributes`. It may become true at
   * any time; files of a driver that does not call `open` any more are then read and written by inode alone.
   */
  readonly hasHandles: boolean;
  /** Whether some node has, or had, an access list. */
  readonly hasAccessLists: boolean;
  /** Present where locks are shared with other mounts; else the driver's kernel keeps them by itself. */
  readonly locks?: FileLocks | undefined;
  readonly root: Ino;

  /** The entry's attributes, or undefined when there is none (which may be cached until an invalidation). "." and ".." are allowed. */
  lookup(parent: Ino, name: Name): Attributes | undefined;
  /** STALE when the inode is gone. */
  attributes(ino: Ino): Attributes;
  setAttributes(ino: Ino, changes: AttributeChanges, caller: Caller): Attributes;
  readlink(ino: Ino): Name;

  create(parent: Ino, name: Name, mode: number, flags: OpenFlags, caller: Caller): Created;
  /** A file without a name, as O_TMPFILE makes it; `linkable`: `link` may give it one (not with O_EXCL). */
  tmpfile(parent: Ino, mode: number, linkable: boolean, caller: Caller): Created;
  mknod(parent: Ino, name: Name, kind: Kind, mode: number, rdev: number, caller: Caller): Attributes;
  mkdir(parent: Ino, name: Name, mode: number, caller: Caller): Attributes;
  symlink(parent: Ino, name: Name, target: Name, caller: Caller): Attributes;
  link(ino: Ino, parent: Ino, name: Name): Attributes;
  unlink(parent: Ino, name: Name): void;
  rmdir(parent: Ino, name: Name): void;
  rename(fromParent: Ino, fromName: Name, toParent: Ino, toName: Name, flags: RenameFlags, caller: Caller): void;

  /** `caller`: who opens, where that is known; what it read before is what its changes are merged from. */
  open(ino: Ino, flags: OpenFlags, caller?: Caller): Opened;
  /** The bytes at [offset, offset + bytes), fewer at the end of the file. The result is valid until the next call. */
  read(ino: Ino, handle: number, offset: number, bytes: number): ReadResult;
  /**
   * Where an append goes that the kernel placed at `offset`, by the size that it knew. Where that is another place, as
   * something else has changed the file, the kernel is told to drop what it has from there on.
   */
  appendOffset(ino: Ino, handle: number, offset: number): number;
  /** Writes data[start, start + bytes). With `append` of the handle's open the driver gives the offset the kernel chose. */
  write(
    ino: Ino,
    handle: number,
    offset: number,
    data: Uint8Array,
    start: number,
    bytes: number,
    clearSetId: boolean,
  ): void;
  /**
   * Changes which of `bytes` bytes take room. `keepSize`: `allocate` and `zero` do not move the end of the file.
   * NO_SPACE for more room than there is; TOO_BIG past the limit of a file; INVALID for `collapse` and `insert`
   * where offset and bytes are no multiples of 4096, or not before the end of the file.
   */
  allocate(at: FilePosition, bytes: number, how: Allocation, keepSize: boolean, caller: Caller): void;
  /** The next byte of data, or of a hole (the end of the file is one). Undefined when there is none, and at the end. */
  seek(at: FilePosition, what: 'data' | 'hole'): number | undefined;
  /**
   * Makes `bytes` bytes at `to` the same as those at `from`, without moving them where that can be. Returns how many it
   * did: fewer at the end of the source, and at most `COPY_BYTES_MAX`. INVALID for ranges of one file that overlap.
   */
  copyRange(from: FilePosition, to: FilePosition, bytes: number, caller: Caller): number;
  flush(ino: Ino, handle: number): void;
  release(ino: Ino, handle: number): void;
  /** Resolves when everything acknowledged so far on this file or directory survives power loss. */
  fsync(ino: Ino, handle: number): Promise<void>;

  /**
   * Visits entries after `cookie` (0: from the start) until `visit` returns false. "." and ".." come
   * first. `load` gives the entry's attributes, for drivers that send them along; undefined for an entry
   * whose attributes are not known yet. Cookies are stable while entries come and go.
   */
  readdir(
    ino: Ino,
    cookie: number,
    visit: (name: Name, cookie: number, ino: Ino, kind: Kind, load: () => Attributes | undefined) => boolean,
  ): void;

  /** Undefined when there is none: the kernel asks before every first write, so that it is no error. NOT_SUPPORTED. */
  getXattr(ino: Ino, name: Name): Uint8Array | undefined;
  listXattrs(ino: Ino): Name[];
  /** EXISTS with `create` when it is there, NO_ATTRIBUTE with `replace` when it is not. */
  setXattr(ino: Ino, name: Name, value: Uint8Array, flags: XattrFlags, caller: Caller): void;
  removeXattr(ino: Ino, name: Name, caller: Caller): void;
  /** R 4, W 2, X 1, as in access(2). ACCESS_DENIED. Drivers whose kernel checks permissions need not call it. */
  access(ino: Ino, mask: number, caller: Caller): void;
  statfs(): Totals;

  /** Says which inodes the driver (its kernel) still refers to, so that unlinked files live on. Returns a function that takes it back. */
  addHolder(holder: (ino: Ino) => boolean): () => void;
  /** The driver's last reference to an unlinked inode is gone. */
  reclaim(ino: Ino): void;

  /** Calls back for each change that did not come through this object: from the API, or from another mount. */
  subscribe(sink: InvalidationSink): () => void;
}

/** What a driver must drop from its kernel's caches. */
export interface InvalidationSink {
  /** Attributes, and content from offset for `bytes` (-1: to the end; 0: attributes only). */
  inode(ino: Ino, offset: number, bytes: number): void;
  /** The name now stands for something else, or for nothing, or no longer for nothing. */
  entry(parent: Ino, name: Name): void;
  /** What those who watch files are to be told; a rename comes as removed, then added. */
  happened?(event: FileEvent): void;
}

/** A change as watchers of files see it. */
export type FileEvent =
  | { readonly what: 'modified' | 'touched'; readonly ino: Ino }
  | {
      readonly what: 'added' | 'removed';
      readonly parent: Ino;
      readonly name: Name;
      readonly ino: Ino;
      readonly kind: Kind;
    };
