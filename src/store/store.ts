/**
 * The store: one writer that validates, logs, applies and publishes. See `api.ts` for what it promises.
 */
import { FxError, invariant } from '../errors.ts';
import { type Ino, type NodeId, newNodeId } from '../ids.ts';
import type { Index } from '../index/index.ts';
import { LINKS_MAX, VALUE_BYTES_MAX } from '../limits.ts';
import { checkName, type Name, nameToText } from '../names.ts';
import type { FrameFollower, Log } from '../wal/log.ts';
import type { ChangeListener, Changes, NewNode, Piece, RenameOptions, StoreApi, StoreTotals } from './api.ts';
import { checkContent, checkWrite } from './content.ts';
import { joinCrowded } from './crowded.ts';
import { STAGED_SEGMENT } from './extents.ts';
import { addedBytes, createFields, timed } from './fields.ts';
import { Frames } from './frames.ts';
import { KIND, type Node, ROOT_INO, type Slot } from './node.ts';
import { Reclaimer } from './reclaimer.ts';
import { nextData, nextHole } from './seek.ts';
import type { State } from './state.ts';
import { Upkeep, type UpkeepParts } from './upkeep.ts';

/** What a new node takes at least, in the log and in the index. */
const NODE_BYTES = 512;

export interface StoreParts extends UpkeepParts {
  readOnly: boolean;
  /** Lines that tell what recovery found. */
  report: string[];
  /** Time of the last frame: the store's clock starts there. */
  time: { sec: number; nsec: number };
  /** Called when everything is closed. */
  onClose: () => void;
}

export class Store implements StoreApi {
  readonly readOnly: boolean;
  /** What recovery found when the store was opened, in lines for people; empty when there was nothing to say. */
  readonly report: readonly string[];
  readonly #state: State;
  readonly #log: Log;
  readonly #index: Index;
  readonly #onClose: () => void;
  readonly #frames: Frames;
  readonly #holders = new Set<(ino: Ino) => boolean>();
  readonly #reclaimer: Reclaimer;
  readonly upkeep: Upkeep;

  constructor(parts: StoreParts) {
    this.#state = parts.state;
    this.#log = parts.log;
    this.#index = parts.index;
    this.readOnly = parts.readOnly;
    this.report = parts.report;
    this.#frames = new Frames(parts.state, parts.log, parts.time, () => this.upkeep.maintenance.appended());
    this.#reclaimer = new Reclaimer(parts.state, this.#frames);
    this.#onClose = parts.onClose;
    this.upkeep = new Upkeep(parts, this.#frames);
  }

  get seq(): number {
    return this.#log.seq;
  }

  get hasTypedFiles(): boolean {
    return this.#state.hasTypedFiles;
  }

  get hasAccessLists(): boolean {
    return this.#state.hasAccessLists;
  }

  get totals(): StoreTotals {
    return {
      nodes: this.#state.nodeCount - this.#reclaimer.count,
      contentBytes: this.#state.contentBytes,
      logBytes: this.upkeep.logBytes,
      maxBytes: this.upkeep.space.maxBytes,
      freeBytes: this.upkeep.space.freeBytes,
      seq: this.#log.seq,
      durableSeq: this.#log.durableSeq,
      checkpointSeq: this.upkeep.checkpointer.covered.seq,
      cachedNodes: this.#state.cachedNodes,
    };
  }

  // Reading

  node(ino: Ino): Node | undefined {
    if (this.#reclaimer.has(ino)) return undefined;
    const node = this.#state.node(ino);
    this.upkeep.maintenance.loaded();
    return node;
  }

  nodeById(id: NodeId): Node | undefined {
    const node = this.#state.nodeById(id);
    return node !== undefined && this.#reclaimer.has(node.ino) ? undefined : node;
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

  seek(node: Node, offset: number, what: 'data' | 'hole'): number | undefined {
    const { extents, size } = this.#current(node);
    if (offset >= size) return undefined;
    return what === 'data' ? nextData(extents, offset, size) : nextHole(extents, offset, size);
  }

  holdPieces(): () => void {
    return this.#log.files.hold();
  }

  #descriptor(segment: number): number {
    if (segment === STAGED_SEGMENT)
      throw new FxError('BUSY', 'bytes written by a transaction can be read after it is committed');
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
    const fields = createFields(fresh);
    if (fresh.id !== undefined && this.nodeById(fresh.id))
      throw new FxError('EXISTS', 'a node with this NodeID is in the store');
    const frames = this.#begin(NODE_BYTES + (fresh.value?.length ?? 0));
    const ino = this.#state.nextIno;
    const id = fresh.id ?? newNodeId(frames.timeMs);
    frames.create(ino, id, fresh.kind, fields);
    frames.addFirstLink(parent, { ino, id }, this.#state.nextCookie, name);
    frames.commit();
    return this.#state.node(ino) as Node;
  }

  createUnlinked(fresh: NewNode): Node {
    invariant(fresh.kind === KIND.file, 'only files live without a name');
    const frames = this.#begin(NODE_BYTES);
    const ino = this.#state.nextIno;
    frames.create(ino, newNodeId(frames.timeMs), fresh.kind, createFields(fresh), true);
    frames.commit();
    return this.#state.node(ino) as Node;
  }

  link(target: Node, parentNode: Node, name: Name): void {
    const node = this.#current(target);
    const parent = this.#directory(parentNode);
    this.#checkFree(parent, name);
    if (node.kind === KIND.directory) throw new FxError('NOT_PERMITTED', 'a directory has exactly one name');
    if (parent.nlink === 0) throw new FxError('NOT_FOUND', 'the directory was removed');
    if (node.nlink >= LINKS_MAX) throw new FxError('TOO_MANY_LINKS', `a node has at most ${LINKS_MAX} links`);
    const frames = this.#begin(NODE_BYTES);
    frames.addLink(parent, node, this.#state.nextCookie, name);
    frames.commit();
  }

  unlink(parentNode: Node, name: Name): void {
    const parent = this.#directory(parentNode);
    const slot = this.#slot(parent, name);
    const node = this.#child(slot);
    if (node.kind === KIND.directory && !this.isEmpty(node)) throw new FxError('NOT_EMPTY');
    const frames = this.#begin();
    this.#remove(frames, parent, slot, node);
    frames.commit();
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
    const target = to && this.#child(to);
    if (options.exchange && target) this.#checkNoLoop(target, fromParent);
    if (target === node) return;
    if (target && !options.exchange) this.#checkReplaceable(node, target);
    const frames = this.#begin();
    frames.moveFrom(fromParent, from, node);
    if (to === undefined || target === undefined) frames.addLink(toParent, node, this.#state.nextCookie, toName);
    else if (options.exchange) {
      frames.moveFrom(toParent, to, target);
      frames.addLink(fromParent, target, from.cookie, from.name);
      frames.addLink(toParent, node, to.cookie, to.name);
    } else {
      this.#remove(frames, toParent, to, target);
      // The new slot takes its predecessor's place, so that saving a file anew leaves the order alone.
      frames.addLink(toParent, node, to.cookie, to.name);
    }
    frames.commit();
  }

  #checkReplaceable(node: Node, target: Node): void {
    if (target.kind === KIND.directory) {
      if (node.kind !== KIND.directory) throw new FxError('IS_DIRECTORY');
      if (!this.isEmpty(target)) throw new FxError('NOT_EMPTY');
    } else if (node.kind === KIND.directory) throw new FxError('NOT_DIRECTORY');
  }

  /** Removes a slot, and the node with its last slot unless someone holds it. */
  #remove(frames: Frames, parent: Node, slot: Slot, node: Node): void {
    const isLast = node.kind === KIND.directory || node.nlink === 1;
    const held = isLast && this.#isHeld(node.ino);
    frames.removeLink(parent, slot, node, held);
    if (isLast && !held) frames.remove(node);
  }

  #isHeld(ino: Ino): boolean {
    for (const holder of this.#holders) if (holder(ino)) return true;
    return false;
  }

  patch(node: Node, changes: Changes): void {
    const target = this.#current(node);
    checkContent(this.#state, target, changes);
    const frames = this.#begin(addedBytes(changes));
    frames.patch(target, timed(changes, frames.time));
    frames.commit();
  }

  write(node: Node, offset: number, data: Uint8Array, start: number, bytes: number, changes?: Changes): void {
    const file = this.#current(node);
    checkWrite(file, offset, bytes);
    if (bytes === 0) return;
    const frames = this.#begin(bytes);
    const content = { offset, bytes, place: frames.dataPlace };
    frames.patch(file, changes === undefined ? { data: content } : { ...timed(changes, frames.time), data: content });
    frames.commit(data, start, bytes);
    if (!frames.inTransaction) joinCrowded(file, offset + bytes, frames, this.#log);
  }

  /**
   * Emits a signal about a node: it is logged and told to followers, and changes nothing. `name` has 1 to 255
   * bytes; `payload` is a value in UArr. BAD_NAME, NAME_TOO_LONG, TOO_BIG, STALE.
   */
  signal(node: Node, name: Name, payload: Uint8Array): void {
    const about = this.#current(node);
    checkName(name);
    if (payload.length > VALUE_BYTES_MAX) throw new FxError('TOO_BIG');
    const frames = this.#begin();
    frames.signal(about, name, payload);
    frames.commit();
  }

  /** Takes each frame as it is appended, before it is applied; undefined takes none. */
  set follower(follower: FrameFollower | undefined) {
    this.#log.follower = follower;
  }

  get isFollowed(): boolean {
    return this.#log.follower !== undefined;
  }

  /** The first frame that the log has all after. */
  get oldestSeq(): number {
    return this.upkeep.compactor.usage().historySeq;
  }

  transaction<T>(body: () => T): T {
    return this.#begin().transaction(body);
  }

  /** READ_ONLY unless changes are allowed, NO_SPACE unless there is room for `bytes` more. */
  #begin(bytes = 0): Frames {
    if (this.readOnly) throw new FxError('READ_ONLY', 'the store is open read-only');
    if (bytes > 0) this.upkeep.space.need(bytes + this.#frames.dataPlace);
    this.#frames.begin();
    return this.#frames;
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
    if (node === undefined)
      throw new FxError('DAMAGED', `"${nameToText(slot.name)}" refers to inode ${slot.ino}, which does not exist`);
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
    if (!this.readOnly && this.#state.orphans.has(ino) && !this.#isHeld(ino)) this.#reclaimer.add(ino);
  }

  listen(listener: ChangeListener): () => void {
    return this.#frames.listen(listener);
  }

  /** Frees what was unlinked and held when the store was last used. */
  reclaimAll(): void {
    for (const ino of [...this.#state.orphans]) this.reclaim(ino);
    this.#reclaimer.flush();
  }

  /** Makes the root of a new store. */
  createRoot(uid: number, gid: number): void {
    const frames = this.#begin();
    frames.create(ROOT_INO, newNodeId(frames.timeMs), KIND.directory, { mode: 0o755, uid, gid });
    frames.commit();
  }

  /** Brings the index up to date and makes everything durable. Rejects IO. */
  async checkpoint(): Promise<void> {
    if (this.readOnly) return;
    await this.upkeep.maintenance.checkpoint();
    await this.#log.durable(this.#log.seq);
  }

  /** Checkpoints and closes. The store must not be used any more. */
  async close(): Promise<void> {
    this.#reclaimer.stop();
    await this.upkeep.stop();
    try {
      await this.checkpoint();
    } finally {
      await this.#log.close();
      await this.#index.close();
      this.#onClose();
    }
  }
}
