/**
 * Nodes and slots as they live in memory.
 */
import type { Ino, NodeId } from '../ids.ts';
import type { Name } from '../names.ts';
import type { Directory } from './directory.ts';
import type { ExtentMap } from './extents.ts';

/** Kinds of node. The numbers are stored and never change meaning. */
export const KIND = {
  file: 1,
  directory: 2,
  symlink: 3,
  fifo: 4,
  socket: 5,
  charDevice: 6,
  blockDevice: 7,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

export type KindName = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'character device' | 'block device';

const KIND_NAMES: { readonly [K in Kind]: KindName } = {
  [KIND.file]: 'file',
  [KIND.directory]: 'directory',
  [KIND.symlink]: 'symlink',
  [KIND.fifo]: 'fifo',
  [KIND.socket]: 'socket',
  [KIND.charDevice]: 'character device',
  [KIND.blockDevice]: 'block device',
};

/** As people read it. */
export function kindName(kind: Kind): KindName {
  return KIND_NAMES[kind];
}

/** Permission and set-id bits of a mode. The file type is `kind`, never part of `mode`. */
export const MODE_MASK = 0o7777;

/** What a driver needs to describe a file: `Node` has this shape, and so have virtual files. */
export interface Attributes {
  readonly ino: Ino;
  readonly kind: Kind;
  /** Permission and set-id bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  /** Linux device number (major and minor as in `makedev`), 0 but for devices. */
  readonly rdev: number;
  /** Bytes a reader gets. */
  readonly size: number;
  /** Bytes held in the log, for st_blocks. */
  readonly storedBytes: number;
  /** Seconds since 1970 (may be negative) and nanoseconds 0 to 999,999,999, for each time. */
  readonly atimeSec: number;
  readonly atimeNsec: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  readonly ctimeSec: number;
  readonly ctimeNsec: number;
  readonly btimeSec: number;
  readonly btimeNsec: number;
  /** What may not be cached, as it changes without a change of the store: the attributes, or the name as well. */
  readonly volatile?: 'attributes' | 'entry';
}

/** An edge from a directory to a node. */
export interface Slot {
  readonly parent: Ino;
  readonly name: Name;
  readonly ino: Ino;
  /** Place in the directory's insertion order; unique in the store, never reused. From `FIRST_COOKIE`. */
  readonly cookie: number;
  readonly kind: Kind;
}

/** Cookies below this are the drivers' own (".", "..", virtual entries). */
export const FIRST_COOKIE = 16;

/** A node. Only `src/store` changes one; everyone else reads. */
export class Node implements Attributes {
  readonly ino: Ino;
  readonly id: NodeId;
  readonly kind: Kind;
  /** VerID: rises by one with each change of this node. */
  version = 1;
  /** Sequence number of the frame that changed it last. */
  seq = 0;
  mode = 0;
  uid = 0;
  gid = 0;
  nlink = 0;
  rdev = 0;
  /** Blob: bytes of content. Symlink: bytes of the target. Directory and typed node: 0 here. */
  size = 0;
  storedBytes = 0;
  atimeSec = 0;
  atimeNsec = 0;
  mtimeSec = 0;
  mtimeNsec = 0;
  ctimeSec = 0;
  ctimeNsec = 0;
  btimeSec = 0;
  btimeNsec = 0;
  /** Symlink target as a byte string. */
  target: Name = '';
  /** Typed value as canonical UArr version 2; null when the node has none (a blob, or a plain directory). */
  value: Uint8Array | null = null;
  /** Free metadata, a UArr version 2 map; null when empty. */
  meta: Uint8Array | null = null;
  /** Extended attributes by name; null when there are none. */
  xattrs: Map<Name, Uint8Array> | null = null;
  /** Slots that refer to this node. A directory has exactly one, the root none. */
  links: Slot[] = [];
  /** Content of a blob; null for other kinds and while nothing was written. */
  extents: ExtentMap | null = null;
  /** True while the index holds regions of `extents` (a large file). */
  externalExtents = false;
  /** Entries; null unless `kind` is directory. */
  directory: Directory | null = null;
  /** Checkpoint round in which it changed last; 0: as the index has it. */
  dirtyRound = 0;
  /** Set when it is looked at, cleared when eviction passes by. */
  recentlyUsed = true;

  constructor(ino: Ino, id: NodeId, kind: Kind) {
    this.ino = ino;
    this.id = id;
    this.kind = kind;
  }
}

/** Inode number of the root directory. */
export const ROOT_INO: Ino = 1;
