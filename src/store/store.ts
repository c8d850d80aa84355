/**
 * The store: one writer that validates, logs, applies and publishes. See `api.ts` for what it promises.
 *
 * An operation encodes its records into the log's frame buffer, appends the frame, and then applies the
 * records by decoding them from that same buffer, with the code that recovery uses. Inside a transaction
 * records are applied as they come, with notes on how to take them back, and the frame is appended at the
 * end.
 */
import { Reader, Writer } from '../bytes.ts';
import { FxError, invariant } from '../errors.ts';
import type { Index } from '../index/index.ts';
import { type Ino, newNodeId, type NodeId } from '../ids.ts';
import { FILE_BYTES_MAX, FRAME_BYTES_MAX, LINKS_MAX, SYMLINK_BYTES_MAX, TRANSFER_BYTES_MAX } from '../limits.ts';
import { checkName, type Name, nameToText } from '../names.ts';
import { native } from '../native.ts';
import { FRAME_HEADER_BYTES, FRAME_RECORDS_MAX } from '../wal/frame.ts';
import type { Log } from '../wal/log.ts';
import type { Changes, ChangeListener, NewNode, Piece, RenameOptions, StoreApi, StoreTotals } from './api.ts';
import { applyRecord, type ChangeEvent, publish } from './apply.ts';
import { Checkpointer } from './checkpointer.ts';
import { STAGED_SEGMENT } from './extents.ts';
import { KIND, type Node, ROOT_INO, type Slot } from './node.ts';
import { decodeRecord, encodeCreate, encodeDelete, encodeLink, encodePatch, type Fields, RECORD } from './records.ts';
import type { State } from './state.ts';
import { UndoLog } from './undo.ts';

/** A checkpoint is due after this many bytes of log, or this many changed things. */
const CHECKPOINT_LOG_BYTES = 256 << 20;
const CHECKPOINT_CHANGES = 100_000;
/** Nodes kept in memory, and how many are dropped at a time when there are more. */
const CACHED_NODES_MAX = 200_000;
const EVICTION_STEP = 2_000;

export interface StoreParts {
  state: State;
  log: Log;
  index: Index;
  readOnly: boolean;
  coveredSeq: number;
  /** Lines that tell what recovery found. */
  report: string[];
  /** Time of the last frame: the store's clock starts there. */
  time: { sec: number; nsec: number };
  /** Called when everything is closed. */
  onClose: () => void;
}

interface OpenTransaction {
  undo: UndoLog;
  data: Writer;
  contentBytes: number;
  /** Set when an operation was refused half-way: the transaction can only be taken back. */
  failure: FxError | null;
}

export class Store implements StoreApi {
  readonly readOnly: boolean;
  /** What recovery found when the store was opened, in lines for people; empty when there was nothing to say. */
  readonly report: readonly string[];
  readonly #state: State;
  readonly #log: Log;
  readonly #index: Index;
  readonly #onClose: () => void;
  readonly #checkpointer: Checkpointer;
  readonly #listeners = new Set<ChangeListener>();
  readonly #holders = new Set<(ino: Ino) => boolean>();
  readonly #events: ChangeEvent[] = [];
  #transaction: OpenTransaction | null = null;
  /** File bytes of the open transaction. */
  readonly #transactionData = new Writer(64 << 10);
  #records = 0;
  #frameStart = 0;
  #timeSec = 0;
  #timeNsec = 0;
  #maintenance: NodeJS.Immediate | null = null;
  /** Bytes of the log when it was opened; and bytes appended when the last checkpoint began. */
  readonly #logBytesAtOpen: number;
  #appendedAtCheckpoint = 0;

  constructor(parts: StoreParts) {
    this.#state = parts.state;
    this.#log = parts.log;
    this.#index = parts.index;
    this.readOnly = parts.readOnly;
    this.report = parts.report;
    this.#timeSec = parts.time.sec;
    this.#timeNsec = parts.time.nsec;
    this.#onClose = parts.onClose;
    this.#checkpointer = new Checkpointer(parts.state, parts.log, parts.index, parts.coveredSeq);
    this.#logBytesAtOpen = parts.log.segments().reduce((sum, segment) => sum + segment.bytes, 0);
  }

  get seq(): number {
    return this.#log.seq;
  }

  get totals(): StoreTotals {
    return {
      nodes: this.#state.nodeCount,
      contentBytes: this.#state.contentBytes,
      logBytes: this.#logBytesAtOpen + this.#log.appendedBytes,
      seq: this.#log.seq,
      durableSeq: this.#log.durableSeq,
      checkpointSeq: this.#checkpointer.coveredSeq,
      cachedNodes: this.#state.cachedNodes,
    };
  }

  // Reading

  node(ino: Ino): Node | undefined {
    const node = this.#state.node(ino);
    if (this.#state.cachedNodes > CACHED_NODES_MAX) this.#scheduleMaintenance();
    return node;
  }

  nodeById(id: NodeId): Node | undefined {
    return this.#state.nodeById(id);
  }

  slot(directory: Node, name: Name): Slot | undefined {
    return this.#state.slot(this.#current(directory), name);
  }

  slots(directory: Node, after: number, visit: (slot: Slot) => boolean): void {
    this.#state.slots(this.#current(directory), after, visit);
  }

  isEmpty(directory: Node): boolean {
    return this.#current(directory).directory?.count === 0;
  }

  pieces(node: Node, offset: number, bytes: number, out: Piece[]): number {
    const file = this.#current(node);
    const covered = Math.max(0, Math.min(bytes, file.size - offset));
    if (covered === 0) return 0;
    if (file.extents === null) out.push({ fd: -1, position: 0, bytes: covered });
    else file.extents.pieces(offset, covered, (segment) => this.#descriptor(segment), out);
    return covered;
  }

  #descriptor(segment: number): number {
    if (segment === STAGED_SEGMENT) throw new FxError('BUSY', 'bytes written by a transaction can be read after it is committed');
    return this.#log.fd(segment);
  }

  /** The node as it is now: `Node` objects may be dropped from memory while someone holds one. */
  #current(node: Node): Node {
    const current = this.#state.node(node.ino);
    if (current === undefined) throw new FxError('STALE', `inode ${node.ino} is gone`);
    return current;
  }

  #directory(node: Node): Node {
    const directory = this.#current(node);
    if (directory.kind !== KIND.directory) throw new FxError('NOT_DIRECTORY');
    return directory;
  }

  // Changing

  create(parentNode: Node, name: Name, fresh: NewNode): Node {
    const parent = this.#directory(parentNode);
    this.#checkFree(parent, name);
    if (parent.nlink === 0) throw new FxError('NOT_FOUND', 'the directory was removed');
    if (fresh.kind === KIND.directory && parent.nlink >= LINKS_MAX) throw new FxError('TOO_MANY_LINKS');
    if (fresh.target !== undefined) checkTarget(fresh.target);
    if (fresh.id !== undefined && this.nodeById(fresh.id)) throw new FxError('EXISTS', 'a node with this NodeID is in the store');
    this.#begin();
    const id = fresh.id ?? newNodeId(this.#timeSec * 1000 + Math.floor(this.#timeNsec / 1e6));
    const ino = this.#state.nextIno;
    encodeCreate(this.#log.frame, ino, id, fresh.kind, createFields(fresh));
    this.#records++;
    this.#link(RECORD.linkAdd, parent, ino, this.#state.nextCookie, name, false);
    this.#commit(null, 0, 0);
    return this.#state.node(ino) as Node;
  }

  link(target: Node, parentNode: Node, name: Name): void {
    const node = this.#current(target);
    const parent = this.#directory(parentNode);
    this.#checkFree(parent, name);
    if (node.kind === KIND.directory) throw new FxError('NOT_PERMITTED', 'a directory has exactly one name');
    if (parent.nlink === 0 || node.nlink === 0) throw new FxError('NOT_FOUND');
    if (node.nlink >= LINKS_MAX) throw new FxError('TOO_MANY_LINKS', `a node has at most ${LINKS_MAX} links`);
    this.#begin();
    this.#link(RECORD.linkAdd, parent, node.ino, this.#state.nextCookie, name, false);
    this.#commit(null, 0, 0);
  }

  unlink(parentNode: Node, name: Name): void {
    const parent = this.#directory(parentNode);
    const slot = this.#slot(parent, name);
    const node = this.#child(slot);
    if (node.kind === KIND.directory && !this.isEmpty(node)) throw new FxError('NOT_EMPTY');
    this.#begin();
    this.#link(RECORD.linkDel, parent, node.ino, slot.cookie, name, false);
    this.#deleteIfUnused(node);
    this.#commit(null, 0, 0);
  }

  rename(fromParentNode: Node, fromName: Name, toParentNode: Node, toName: Name, options: RenameOptions = {}): void {
    const fromParent = this.#directory(fromParentNode);
    const toParent = this.#directory(toParentNode);
    const from = this.#slot(fromParent, fromName);
    const node = this.#child(from);
    checkName(toName);
    const to = this.#state.slot(toParent, toName);
    if (options.exchange && to === undefined) throw new FxError('NOT_FOUND');
    if (options.noReplace && to !== undefined) throw new FxError('EXISTS');
    if (toParent.nlink === 0) throw new FxError('NOT_FOUND', 'the directory was removed');
    this.#checkNoLoop(node, toParent);
    if (to === undefined) {
      this.#begin();
      this.#link(RECORD.linkDel, fromParent, node.ino, from.cookie, fromName, true);
      this.#link(RECORD.linkAdd, toParent, node.ino, this.#state.nextCookie, toName, false);
      this.#commit(null, 0, 0);
      return;
    }
    const target = this.#child(to);
    if (options.exchange) this.#checkNoLoop(target, fromParent);
    if (target === node) return;
    if (options.exchange) this.#exchange(fromParent, from, node, toParent, to, target);
    else this.#replace(fromParent, from, node, toParent, to, target);
  }

  #exchange(fromParent: Node, from: Slot, node: Node, toParent: Node, to: Slot, target: Node): void {
    this.#begin();
    this.#link(RECORD.linkDel, fromParent, node.ino, from.cookie, from.name, true);
    this.#link(RECORD.linkDel, toParent, target.ino, to.cookie, to.name, true);
    this.#link(RECORD.linkAdd, fromParent, target.ino, from.cookie, from.name, false);
    this.#link(RECORD.linkAdd, toParent, node.ino, to.cookie, to.name, false);
    this.#commit(null, 0, 0);
  }

  #replace(fromParent: Node, from: Slot, node: Node, toParent: Node, to: Slot, target: Node): void {
    if (target.kind === KIND.directory) {
      if (node.kind !== KIND.directory) throw new FxError('IS_DIRECTORY');
      if (!this.isEmpty(target)) throw new FxError('NOT_EMPTY');
    } else if (node.kind === KIND.directory) throw new FxError('NOT_DIRECTORY');
    this.#begin();
    this.#link(RECORD.linkDel, fromParent, node.ino, from.cookie, from.name, true);
    this.#link(RECORD.linkDel, toParent, target.ino, to.cookie, to.name, false);
    // The new slot takes its predecessor's place, so that saving a file anew leaves the order alone.
    this.#link(RECORD.linkAdd, toParent, node.ino, to.cookie, to.name, false);
    this.#deleteIfUnused(target);
    this.#commit(null, 0, 0);
  }

  patch(node: Node, changes: Changes): void {
    const target = this.#current(node);
    if (changes.size !== undefined) {
      if (target.kind !== KIND.file) throw new FxError(target.kind === KIND.directory ? 'IS_DIRECTORY' : 'INVALID');
      if (!(changes.size >= 0 && changes.size <= FILE_BYTES_MAX)) throw new FxError('TOO_BIG');
      invariant(target.value === null || changes.value === null, 'only blobs have a size of their own');
    }
    this.#begin();
    encodePatch(this.#log.frame, target.ino, changes);
    this.#records++;
    this.#commit(null, 0, 0);
  }

  write(node: Node, offset: number, data: Uint8Array, start: number, bytes: number, clearSetId: boolean): void {
    const file = this.#current(node);
    if (file.kind !== KIND.file) throw new FxError(file.kind === KIND.directory ? 'IS_DIRECTORY' : 'INVALID');
    invariant(file.value === null, 'only blobs are written to');
    if (bytes === 0) return;
    if (!(offset >= 0 && offset + bytes <= FILE_BYTES_MAX)) throw new FxError('TOO_BIG');
    invariant(bytes <= TRANSFER_BYTES_MAX * 16, 'a write fits a frame');
    this.#begin();
    const fields: Fields = clearSetId ? setIdCleared(file) : {};
    fields.data = { offset, bytes, place: this.#transaction?.data.position ?? 0 };
    encodePatch(this.#log.frame, file.ino, fields);
    this.#records++;
    this.#commit(data, start, bytes);
  }

  transaction<T>(body: () => T): T {
    invariant(this.#transaction === null, 'transactions do not nest');
    this.#begin();
    const undo = new UndoLog();
    const data = this.#transactionData;
    data.reset();
    const transaction: OpenTransaction = { undo, data, contentBytes: this.#state.contentBytes, failure: null };
    this.#transaction = transaction;
    this.#state.undo = undo;
    this.#state.stagedFreed = 0;
    try {
      const result = body();
      if (transaction.failure) throw transaction.failure;
      if (this.#records > 0) {
        this.#append(data.bytes, 0, data.position);
        for (const node of undo.nodes) node.extents?.settle(this.#log.lastSegment, this.#log.lastDataPosition);
        if (data.position > 0) this.#state.addLive(this.#log.lastSegment, data.position - this.#state.stagedFreed);
      }
      this.#transaction = null;
      this.#state.undo = null;
      this.#publish();
      return result;
    } catch (error) {
      this.#transaction = null;
      this.#state.undo = null;
      undo.run();
      this.#state.contentBytes = transaction.contentBytes;
      this.#events.length = 0;
      throw error;
    }
  }

  // Frames

  #begin(): void {
    if (this.readOnly) throw new FxError('READ_ONLY', 'the store is open read-only');
    if (this.#transaction) {
      this.#frameStart = this.#log.frame.position;
      return;
    }
    native.tick();
    const sec = native.clock[0] as number;
    const nsec = native.clock[1] as number;
    if (sec > this.#timeSec || (sec === this.#timeSec && nsec > this.#timeNsec)) {
      this.#timeSec = sec;
      this.#timeNsec = nsec;
    }
    this.#log.frame.reset(FRAME_HEADER_BYTES);
    this.#frameStart = FRAME_HEADER_BYTES;
    this.#records = 0;
  }

  #link(type: typeof RECORD.linkAdd | typeof RECORD.linkDel, parent: Node, child: Ino, cookie: number, name: Name, untouched: boolean): void {
    encodeLink(this.#log.frame, type, parent.ino, child, cookie, name, untouched);
    this.#records++;
  }

  #deleteIfUnused(node: Node): void {
    if (node.kind !== KIND.directory && node.nlink > 1) return;
    for (const holder of this.#holders) if (holder(node.ino)) return;
    encodeDelete(this.#log.frame, node.ino);
    this.#records++;
  }

  /** Ends an operation: appends its frame and applies it, or applies it to the open transaction. */
  #commit(data: Uint8Array | null, start: number, bytes: number): void {
    const transaction = this.#transaction;
    const end = this.#log.frame.position;
    if (transaction === null) {
      this.#append(data, start, bytes);
      this.#apply(end, this.#log.seq, this.#log.lastSegment, this.#log.lastDataPosition);
      this.#publish();
      return;
    }
    if (this.#records > FRAME_RECORDS_MAX || end + transaction.data.position + bytes > FRAME_BYTES_MAX - 4096) {
      transaction.failure = new FxError('TOO_BIG', 'the transaction is too large for one frame; split it');
      throw transaction.failure;
    }
    if (data) transaction.data.raw(data, start, bytes);
    this.#apply(end, this.#log.seq + 1, STAGED_SEGMENT, 0);
  }

  #append(data: Uint8Array | null, start: number, bytes: number): void {
    this.#log.append(this.#records, this.#timeSec, this.#timeNsec, data, start, bytes);
    if (this.#isCheckpointDue()) this.#scheduleMaintenance();
  }

  #apply(end: number, seq: number, segment: number, dataPosition: number): void {
    const reader = new Reader(this.#log.frame.bytes, this.#frameStart, end, 'frame');
    const context = { seq, timeSec: this.#timeSec, timeNsec: this.#timeNsec, segment, dataPosition };
    const events = this.#listeners.size > 0 ? this.#events : null;
    while (reader.remaining > 0) applyRecord(this.#state, decodeRecord(reader), context, events);
  }

  #publish(): void {
    if (this.#events.length === 0) return;
    const events = this.#events.splice(0);
    for (const event of events) for (const listener of this.#listeners) publish(event, listener);
  }

  // Checks

  #slot(parent: Node, name: Name): Slot {
    checkName(name);
    const slot = this.#state.slot(parent, name);
    if (slot === undefined) throw new FxError('NOT_FOUND', `there is no "${nameToText(name)}"`);
    return slot;
  }

  #child(slot: Slot): Node {
    const node = this.#state.node(slot.ino);
    if (node === undefined) throw new FxError('DAMAGED', `"${nameToText(slot.name)}" refers to inode ${slot.ino}, which does not exist`);
    return node;
  }

  #checkFree(parent: Node, name: Name): void {
    checkName(name);
    if (this.#state.slot(parent, name)) throw new FxError('EXISTS', `"${nameToText(name)}" exists`);
  }

  /** A directory must not come to lie in itself. */
  #checkNoLoop(node: Node, parent: Node): void {
    if (node.kind !== KIND.directory) return;
    for (let at: Node | undefined = parent; at; at = this.#parentOf(at)) {
      if (at === node) throw new FxError('LOOP', 'a directory cannot be moved into itself');
    }
  }

  #parentOf(directory: Node): Node | undefined {
    const link = directory.links[0];
    return link && this.#state.node(link.parent);
  }

  // Durability, life time

  durable(seq = this.#log.seq): Promise<void> {
    return this.#log.durable(seq);
  }

  addHolder(holder: (ino: Ino) => boolean): () => void {
    this.#holders.add(holder);
    return () => this.#holders.delete(holder);
  }

  reclaim(ino: Ino): void {
    if (this.readOnly || !this.#state.orphans.has(ino)) return;
    for (const holder of this.#holders) if (holder(ino)) return;
    this.#begin();
    encodeDelete(this.#log.frame, ino);
    this.#records++;
    this.#commit(null, 0, 0);
  }

  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Frees what was unlinked and held when the store was last used. */
  reclaimAll(): void {
    for (const ino of [...this.#state.orphans]) this.reclaim(ino);
  }

  /** Makes the root of a new store. */
  createRoot(uid: number, gid: number): void {
    this.#begin();
    const id = newNodeId(this.#timeSec * 1000);
    encodeCreate(this.#log.frame, ROOT_INO, id, KIND.directory, { mode: 0o755, uid, gid });
    this.#records++;
    this.#commit(null, 0, 0);
  }

  /** Brings the index up to date and makes everything durable. Rejects IO. */
  async checkpoint(): Promise<void> {
    if (this.readOnly) return;
    this.#appendedAtCheckpoint = this.#log.appendedBytes;
    await this.#checkpointer.run();
    await this.#log.durable(this.#log.seq);
  }

  #isCheckpointDue(): boolean {
    return (
      this.#state.dirtyCount > CHECKPOINT_CHANGES ||
      this.#log.appendedBytes - this.#appendedAtCheckpoint > CHECKPOINT_LOG_BYTES
    );
  }

  #scheduleMaintenance(): void {
    this.#maintenance ??= setImmediate(() => {
      this.#maintenance = null;
      if (this.#state.cachedNodes > CACHED_NODES_MAX) {
        this.#state.evict(EVICTION_STEP);
      }
      if (this.readOnly || this.#checkpointer.running) return;
      if (this.#isCheckpointDue()) {
        this.checkpoint().catch((error: unknown) => this.#reportCheckpoint(error));
      }
    });
  }

  /** The log still has everything; the next checkpoint tries again. */
  #reportCheckpoint(error: unknown): void {
    process.emitWarning(`checkpoint failed: ${(error as Error).message}`, 'FxmountCheckpoint');
  }

  /** Checkpoints and closes. The store must not be used any more. */
  async close(): Promise<void> {
    if (this.#maintenance) clearImmediate(this.#maintenance);
    try {
      await this.checkpoint();
    } finally {
      await this.#log.close();
      await this.#index.close();
      this.#onClose();
    }
  }
}

function createFields(fresh: NewNode): Fields {
  const { mode, uid, gid, rdev, target, value, meta, xattrs, atime, mtime } = fresh;
  const fields: Fields = { mode, uid, gid };
  if (atime) fields.atime = atime;
  if (mtime) fields.mtime = mtime;
  if (rdev) fields.rdev = rdev;
  if (target !== undefined) fields.target = target;
  if (value) fields.value = value;
  if (meta) fields.meta = meta;
  if (xattrs && xattrs.size > 0) fields.xattrs = xattrs;
  return fields;
}

function checkTarget(target: Name): void {
  if (target.length === 0) throw new FxError('NOT_FOUND', 'a symbolic link needs a target');
  if (target.length > SYMLINK_BYTES_MAX) throw new FxError('NAME_TOO_LONG', `a symbolic link’s target has at most ${SYMLINK_BYTES_MAX} bytes`);
}

/** What writing by an unprivileged caller takes away: set-id bits and file capabilities. */
function setIdCleared(file: Node): Fields {
  const fields: Fields = {};
  const groupExecutable = (file.mode & 0o010) !== 0;
  const mode = file.mode & ~(groupExecutable ? 0o6000 : 0o4000);
  if (mode !== file.mode) fields.mode = mode;
  if (file.xattrs?.has('security.capability')) fields.xattrs = new Map([['security.capability', null]]);
  return fields;
}
