/**
 * The store as the layers above see it: nodes and slots to read, and operations that each become one
 * frame of the log (or part of one, inside `transaction`).
 *
 * Every operation is synchronous: it validates, appends to the log (the kernel's page cache), applies,
 * and publishes. It throws FxError and changes nothing when it is refused. READ_ONLY: the store was
 * opened so or is poisoned by a failed write; NO_SPACE: the disk or `maxBytes` is full; IO: the log could
 * not be written (the store is read-only from then on).
 *
 * Times: an operation's time is the store's clock, which never goes back. It becomes ctime (and mtime,
 * and the parent's times) exactly where POSIX says.
 *
 * Policy (permissions, sticky bits, who may chown, set-id clearing) belongs to the caller; integrity
 * (names, kinds, no cycles, no lost links) belongs here.
 */
import type { Ino, NodeId } from '../ids.ts';
import type { Name } from '../names.ts';
import type { Kind, Node, Slot } from './node.ts';

export interface NewNode {
  kind: Kind;
  /** Permission and set-id bits. */
  mode: number;
  uid: number;
  gid: number;
  rdev?: number | undefined;
  /** Symlinks: target, 1 to 4095 bytes. */
  target?: Name | undefined;
  /** Typed value, UArr version 2. */
  value?: Uint8Array | null;
  meta?: Uint8Array | null;
  /** Keeps an identity from elsewhere (import); must not be in the store. */
  id?: NodeId;
  xattrs?: Map<Name, Uint8Array> | undefined;
  /** Times to keep (import); now when absent. */
  atime?: Time;
  mtime?: Time;
}

/** A time as [seconds, nanoseconds]. */
export type Time = readonly [number, number];

/** Bytes of a file: at least one, up to 2^53 - 1. */
export interface ByteRange {
  offset: number;
  bytes: number;
}

/** Bytes of the file `from`, at `fromOffset`, all before its end; they may overlap with where they go. */
export interface SharedRange extends ByteRange {
  from: { readonly ino: Ino; readonly id: NodeId };
  fromOffset: number;
}

/** What `patch` may change. Absent fields stay. Every patch sets ctime to now unless `ctime` is given (import). */
export interface Changes {
  mode?: number;
  uid?: number;
  gid?: number;
  /** 'now' is the time of the change itself, which becomes ctime. */
  atime?: Time | 'now';
  mtime?: Time | 'now';
  ctime?: Time;
  btime?: Time;
  /** New length of a blob: cuts, or grows by a hole. Sets mtime too unless given. */
  size?: number;
  /**
   * What a blob refers to, changed without a byte being written; each sets mtime unless given. `share`: the range
   * becomes what the other has, the file grows as needed. `hole`: the range reads as zeros and takes no room.
   * `reserve`: what is a hole in the range takes room; beyond the end of the file too, which stays where it is.
   * In one patch they happen in the order share, hole, size, reserve.
   */
  share?: SharedRange;
  hole?: ByteRange;
  reserve?: ByteRange;
  /** Typed value; null removes it. A file with blob content loses that content when given a value. Sets mtime unless given. */
  value?: Uint8Array | null;
  meta?: Uint8Array | null;
  /** Xattrs to set, or to remove with null. */
  xattrs?: Map<Name, Uint8Array | null>;
}

export interface RenameOptions {
  /** EXISTS when the target is there. */
  noReplace?: boolean;
  /** Both exist and change places. */
  exchange?: boolean;
}

/** A part of a file's content: bytes in an open file, or zeros when fd is -1. */
export interface Piece {
  fd: number;
  position: number;
  bytes: number;
}

/**
 * Told after each frame what changed, in order, synchronously. Handlers must be short and must not
 * change the store.
 */
export interface ChangeListener {
  /** Content of a file (or a value) changed in the byte range; bytes -1 means to the end. */
  content(node: Node, offset: number, bytes: number): void;
  /** Attributes, xattrs or metadata changed. */
  attributes(node: Node): void;
  /** A slot was added to or removed from a directory. `slot.ino` is the child that was linked or unlinked. */
  linked(parent: Node, slot: Slot): void;
  unlinked(parent: Node, slot: Slot): void;
}

export interface StoreTotals {
  nodes: number;
  /** Bytes of live file content. */
  contentBytes: number;
  /** Bytes of all log segments. */
  logBytes: number;
  /** The most the store may take on its disk, and how much of that is left; null without a limit. */
  maxBytes: number | null;
  freeBytes: number | null;
  /** The last frame; the last that survives power loss; the last that the index has. */
  seq: number;
  durableSeq: number;
  checkpointSeq: number;
  /** Nodes held in memory. */
  cachedNodes: number;
}

export interface StoreApi {
  readonly readOnly: boolean;
  /** Sequence number of the last frame. */
  readonly seq: number;
  readonly totals: StoreTotals;
  /** Whether some file has, or had, a typed value. */
  readonly hasTypedFiles: boolean;
  /** Whether some node has, or had, an access list. */
  readonly hasAccessLists: boolean;

  /** The node, from memory or the index; undefined when there is none. */
  node(ino: Ino): Node | undefined;
  nodeById(id: NodeId): Node | undefined;
  /** The slot `name` of a directory. */
  slot(directory: Node, name: Name): Slot | undefined;
  /** Visits slots with a cookie over `after` in insertion order, until `visit` returns false. */
  slots(directory: Node, after: number, visit: (slot: Slot) => boolean): void;
  isEmpty(directory: Node): boolean;

  /** Creates a node in the slot. EXISTS, NOT_DIRECTORY (parent), NOT_FOUND (parent was removed), BAD_NAME, NAME_TOO_LONG. */
  create(parent: Node, name: Name, fresh: NewNode): Node;
  /** Creates a file without a slot, which lives while someone holds it (see `addHolder`) or until it is linked. */
  createUnlinked(fresh: NewNode): Node;
  /** Adds a slot to a node that is no directory, also to one that lost its last. EXISTS, TOO_MANY_LINKS, NOT_PERMITTED (directory). */
  link(node: Node, parent: Node, name: Name): void;
  /** Removes a slot; a directory must be empty (NOT_EMPTY). NOT_FOUND. The node goes with its last slot, unless it is held (see `hold`). */
  unlink(parent: Node, name: Name): void;
  /** POSIX rename in one frame. NOT_FOUND, EXISTS, NOT_EMPTY, IS_DIRECTORY, NOT_DIRECTORY, LOOP. Slots of one node: no change. */
  rename(fromParent: Node, fromName: Name, toParent: Node, toName: Name, options?: RenameOptions): void;
  patch(node: Node, changes: Changes): void;
  /** Writes file content; sets mtime, ctime and size. `changes` become part of the same frame: what the write takes from the mode and xattrs. */
  write(node: Node, offset: number, data: Uint8Array, start: number, bytes: number, changes?: Changes): void;
  /** The pieces that make up [offset, offset + bytes) of a blob, cut at its size; appended to `out`. Returns bytes covered. */
  pieces(node: Node, offset: number, bytes: number, out: Piece[]): number;
  /**
   * The first byte of a blob from `offset` on that was written, or that was not; its size counts as a hole.
   * Undefined when there is none. After `SEEK_BYTES_MAX` of data the end of the file may be given as the hole.
   */
  seek(node: Node, offset: number, what: 'data' | 'hole'): number | undefined;

  /**
   * Keeps the descriptors of pieces valid until the function that it returns is called; without it they are valid
   * in the turn in which they were given.
   */
  holdPieces(): () => void;

  /** Runs `body` synchronously; all its changes become one frame, or none if it throws. Does not nest. */
  transaction<T>(body: () => T): T;

  /** Resolves when the frame `seq` (default: the last) survives power loss. Rejects IO. */
  durable(seq?: number): Promise<void>;

  /**
   * A holder says which unlinked nodes are still in use (open files, a removed working directory).
   * They stay readable and writable; `reclaim` frees one when its holder lets go.
   */
  addHolder(holder: (ino: Ino) => boolean): () => void;
  reclaim(ino: Ino): void;

  listen(listener: ChangeListener): () => void;
}
