/**
 * The tree in memory: what changed since the last checkpoint, and a cache of the index for the rest.
 *
 * Checkpoints are taken in *rounds*. Every change marks what it touches with the current round. `freeze`
 * starts a new round and sets the marked things aside; they are then encoded piece by piece while the
 * tree goes on changing. A node that is about to change but was not encoded yet is encoded first, so a
 * checkpoint is exactly the tree at the moment of the freeze. Until the index has committed it, nothing
 * of a round leaves memory.
 */

import { Writer } from '../bytes.ts';
import type { Ino, NodeId } from '../ids.ts';
import { Batch } from '../index/batch.ts';
import {
  type Index,
  idKey,
  idValue,
  inoKey,
  orderKey,
  orderValue,
  regionKey,
  slotKey,
  slotValue,
} from '../index/index.ts';
import type { Name } from '../names.ts';
import type { CheckpointRecord } from './checkpoint-record.ts';
import type { Directory } from './directory.ts';
import { ExtentMap, RESERVED_SEGMENT, type RegionSource, STAGED_SEGMENT } from './extents.ts';
import { FreshIds } from './fresh-ids.ts';
import { FIRST_COOKIE, type Kind, type Node, ROOT_INO, type Slot } from './node.ts';
import { decodeNode, decodeRegion, encodeNode, encodeRegion, extentsFitRecord } from './node-record.ts';
import { NumberedMap } from './numbered-map.ts';
import type { FrozenRound, SlotChange } from './round.ts';
import type { UndoLog } from './undo.ts';

const NO_BYTES = new Uint8Array(0);

export class State {
  readonly #index: Index;
  readonly #nodes = new NumberedMap<Node>();
  #round = 1;
  #savedRound = 0;
  #dirtyNodes = new Set<Node>();
  #slotChanges = new NumberedMap<SlotChange>();
  #deleted = new Map<Ino, NodeId>();
  readonly #freshIds = new FreshIds();
  /** The round being encoded or committed. */
  #frozen: FrozenRound | null = null;
  /** Directories with more names than they should hold, and those of them whose names are on their way to the index. */
  readonly #crowded = new Set<Directory>();
  readonly #setAside = new Set<Directory>();
  /** What was deleted in rounds that the index does not have yet. */
  readonly #frozenDeleted: Map<Ino, NodeId>[] = [];
  /** The index has every slot with a cookie below this, but for what changed since. */
  #indexedCookie = FIRST_COOKIE;
  readonly #record = new Writer(4096);
  #evicting: Iterator<Node> | null = null;

  nextIno: Ino = ROOT_INO;
  nextCookie = FIRST_COOKIE;
  nodeCount = 0;
  contentBytes = 0;
  /** Some file has, or had, a typed value; some node an access list. */
  hasTypedFiles = false;
  hasAccessLists = false;
  /** Nodes without slots that are still held. */
  readonly orphans = new Set<Ino>();
  /** Bytes of live content in each log segment. */
  readonly liveBytes = new Map<number, number>();
  /** Set while a transaction is open. */
  undo: UndoLog | null = null;

  constructor(index: Index) {
    this.#index = index;
  }

  /** Takes over what the last checkpoint recorded. */
  restore(record: CheckpointRecord): void {
    this.nextIno = record.nextIno;
    this.nextCookie = record.nextCookie;
    this.#indexedCookie = record.nextCookie;
    this.nodeCount = record.nodeCount;
    this.contentBytes = record.contentBytes;
    this.hasTypedFiles = record.hasTypedFiles;
    this.hasAccessLists = record.hasAccessLists;
    for (const ino of record.orphans) this.orphans.add(ino);
    for (const [segment, bytes] of record.liveBytes) this.liveBytes.set(segment, bytes);
  }

  readonly #onFree = (segment: number, bytes: number): void => {
    this.refer(segment, -bytes);
    this.freedBytes += bytes;
  };
  /** Bytes of content freed since someone set it to 0. */
  freedBytes = 0;
  /** References to bytes that the open transaction wrote itself. */
  stagedLive = 0;

  /** A file refers to so many more bytes of a segment, or to fewer. */
  refer(segment: number, bytes: number): void {
    this.contentBytes += bytes;
    if (segment === STAGED_SEGMENT) this.stagedLive += bytes;
    else if (segment !== RESERVED_SEGMENT) this.addLive(segment, bytes);
  }

  addLive(segment: number, bytes: number): void {
    const before = this.liveBytes.get(segment) ?? 0;
    this.undo?.push(() => this.liveBytes.set(segment, before));
    this.liveBytes.set(segment, before + bytes);
  }

  // Reading

  node(ino: Ino): Node | undefined {
    const cached = this.#nodes.get(ino);
    if (cached !== undefined) {
      cached.recentlyUsed = true;
      return cached;
    }
    if (this.#deleted.has(ino) || this.#frozenDeleted.some((deleted) => deleted.has(ino))) return undefined;
    const record = this.#index.node(ino);
    if (record === undefined) return undefined;
    const node = decodeNode(ino, record, { regions: (owner) => this.#regions(owner), onFree: this.#onFree });
    this.#nodes.set(ino, node);
    return node;
  }

  #regions(ino: Ino): RegionSource {
    return {
      load: (region) => decodeRegion(this.#index.region(ino, region) ?? NO_BYTES),
      list: (first, end, limit) => this.#index.regions(ino, first, end, limit),
    };
  }

  nodeById(id: NodeId): Node | undefined {
    const ino = this.#freshIds.find(id) ?? this.#index.inoOf(id);
    const node = ino === undefined ? undefined : this.node(ino);
    return node?.id === id ? node : undefined;
  }

  slot(parent: Node, name: Name): Slot | undefined {
    const directory = parent.directory;
    if (directory === null) return undefined;
    const known = directory.get(name);
    if (known !== undefined) return known ?? undefined;
    const indexed = this.#index.slot(parent.ino, name);
    const slot = indexed && {
      parent: parent.ino,
      name,
      ino: indexed.ino,
      cookie: indexed.cookie,
      kind: indexed.kind as Kind,
    };
    directory.cache(name, slot ?? null);
    return slot;
  }

  slots(parent: Node, after: number, visit: (slot: Slot) => boolean): void {
    const directory = parent.directory;
    if (directory === null) return;
    let going = true;
    const visitAndNote = (slot: Slot): boolean => {
      going = visit(slot);
      return going;
    };
    if (directory.complete) {
      directory.visitRecent(after + 1, visit);
      return;
    }
    if (after < this.#indexedCookie) {
      this.#index.slots(parent.ino, after, (indexed) => {
        // A checkpoint can be read before `saved` is told of it; what it brought comes from memory until then.
        if (indexed.cookie >= this.#indexedCookie) return false;
        const known = directory.get(indexed.name);
        if (known === undefined) return visitAndNote({ ...indexed, kind: indexed.kind as Kind, parent: parent.ino });
        return known === null || known.cookie !== indexed.cookie ? true : visitAndNote(known);
      });
    }
    if (going) directory.visitRecent(Math.max(after + 1, this.#indexedCookie), visit);
  }

  // Changing: only `apply.ts` calls these.

  /** To be called before a node changes. */
  touch(node: Node): void {
    if (node.dirtyRound !== this.#round) {
      if (this.#frozen?.nodes.delete(node)) this.#encodeInto(this.#frozen, node);
      node.dirtyRound = this.#round;
      this.#dirtyNodes.add(node);
    }
    // After encoding, which notes in the node what the index has: that is not to be undone.
    this.undo?.keep(node);
  }

  newExtents(): ExtentMap {
    return new ExtentMap(null, this.#onFree);
  }

  addNode(node: Node): void {
    const { nodeCount } = this;
    this.#nodes.set(node.ino, node);
    this.#freshIds.add(node);
    this.nodeCount++;
    if (node.ino >= this.nextIno) this.nextIno = node.ino + 1;
    this.undo?.push(() => {
      this.#nodes.delete(node.ino);
      this.#freshIds.takeBack(node);
      this.#dirtyNodes.delete(node);
      this.nodeCount = nodeCount;
    });
  }

  dropNode(node: Node): void {
    const { nodeCount } = this;
    this.touch(node);
    this.#dirtyNodes.delete(node);
    this.#nodes.delete(node.ino);
    this.#deleted.set(node.ino, node.id);
    this.nodeCount--;
    this.undo?.push(() => {
      this.#dirtyNodes.add(node);
      this.#nodes.set(node.ino, node);
      this.#deleted.delete(node.ino);
      this.nodeCount = nodeCount;
    });
  }

  putSlot(parent: Node, slot: Slot): void {
    const directory = parent.directory;
    if (directory === null) return;
    directory.put(slot);
    directory.count++;
    if (directory.isCrowded) this.#crowded.add(directory);
    if (slot.cookie >= this.nextCookie) this.nextCookie = slot.cookie + 1;
    this.#changeSlot(slot, this.#slotChanges.get(slot.cookie)?.removed ?? null, slot);
    this.undo?.push(() => {
      directory.drop(slot.name);
      directory.count--;
    });
  }

  dropSlot(parent: Node, slot: Slot): void {
    const directory = parent.directory;
    if (directory === null) return;
    directory.drop(slot.name);
    directory.count--;
    if (directory.isCrowded) this.#crowded.add(directory);
    const before = this.#slotChanges.get(slot.cookie);
    this.#changeSlot(slot, before?.added ? before.removed : slot, null);
    this.undo?.push(() => {
      directory.put(slot);
      directory.count++;
    });
  }

  #changeSlot(slot: Slot, removed: Slot | null, added: Slot | null): void {
    const changes = this.#slotChanges;
    const before = changes.get(slot.cookie);
    if (removed || added) changes.set(slot.cookie, { removed, added });
    else changes.delete(slot.cookie);
    this.undo?.push(() => {
      if (before) changes.set(slot.cookie, before);
      else changes.delete(slot.cookie);
    });
  }

  setOrphan(ino: Ino, orphan: boolean): void {
    if (this.orphans.has(ino) === orphan) return;
    if (orphan) this.orphans.add(ino);
    else this.orphans.delete(ino);
    this.undo?.push(() => void (orphan ? this.orphans.delete(ino) : this.orphans.add(ino)));
  }

  // Checkpoints

  /** Things changed since the last freeze. */
  get dirtyCount(): number {
    return this.#dirtyNodes.size + this.#slotChanges.size + this.#deleted.size;
  }

  freeze(): FrozenRound {
    const frozen: FrozenRound = {
      round: this.#round,
      nodes: this.#dirtyNodes,
      slots: this.#slotChanges,
      deleted: this.#deleted,
      cookieEnd: this.nextCookie,
      batch: new Batch(),
      failure: undefined,
    };
    this.#frozen = frozen;
    for (const directory of this.#crowded) directory.setAside();
    for (const directory of this.#crowded) this.#setAside.add(directory);
    this.#crowded.clear();
    this.#frozenDeleted.push(this.#deleted);
    this.#round++;
    this.#freshIds.startRound();
    this.#dirtyNodes = new Set();
    this.#slotChanges = new NumberedMap();
    this.#deleted = new Map();
    return frozen;
  }

  /** Encodes changes of the frozen round, one for each step of the iterator. */
  *encodeFrozen(frozen: FrozenRound): Generator<void> {
    const { batch } = frozen;
    for (const [ino, id] of frozen.deleted) {
      batch.delete('nodes', inoKey(ino));
      if ((this.#freshIds.find(id) ?? ino) === ino) batch.delete('ids', idKey(id));
      batch.deleteFrom('extents', inoKey(ino), Buffer.alloc(4));
      yield;
    }
    for (const { removed } of frozen.slots.values()) {
      if (removed === null) continue;
      batch.delete('slots', slotKey(removed.parent, removed.name));
      batch.delete('order', orderKey(removed.parent, removed.cookie));
      yield;
    }
    for (const { added } of frozen.slots.values()) {
      if (added === null) continue;
      batch.put('slots', slotKey(added.parent, added.name), slotValue(added.ino, added.cookie, added.kind));
      batch.put('order', orderKey(added.parent, added.cookie), orderValue(added.ino, added.kind, added.name));
      yield;
    }
    for (const node of frozen.nodes) {
      frozen.nodes.delete(node);
      this.#encodeInto(frozen, node);
      yield;
    }
  }

  /** A change goes on when its node cannot be encoded: the log has it, and the round is never committed. */
  #encodeInto(frozen: FrozenRound, node: Node): void {
    try {
      this.#encode(node, frozen.batch);
    } catch (error) {
      frozen.failure ??= error;
    }
  }

  #encode(node: Node, batch: Batch): void {
    const key = inoKey(node.ino);
    const inline = extentsFitRecord(node);
    if (node.extents !== null) {
      const { cutFrom, dirty } = node.extents.takeChanges();
      const regions = inline ? [] : node.externalExtents ? dirty : node.extents.regionNumbers();
      const deleteFrom = inline ? (node.externalExtents ? 0 : null) : Number.isFinite(cutFrom) ? cutFrom : null;
      if (deleteFrom !== null) batch.deleteFrom('extents', key, regionKey(0, deleteFrom).subarray(8));
      for (const region of regions) {
        const extents = node.extents.extents(region);
        if (extents.length > 0) batch.put('extents', regionKey(node.ino, region), encodeRegion(extents));
        else batch.delete('extents', regionKey(node.ino, region));
      }
    } else if (node.externalExtents) batch.deleteFrom('extents', key, Buffer.alloc(4));
    node.externalExtents = !inline;
    this.#record.reset();
    encodeNode(node, this.#record);
    batch.put('nodes', key, this.#record.bytes.subarray(0, this.#record.position));
    batch.put('ids', idKey(node.id), idValue(node.ino));
  }

  /** The index has the frozen round now, and those before it. */
  saved(frozen: FrozenRound): void {
    this.#savedRound = frozen.round;
    this.#indexedCookie = frozen.cookieEnd;
    this.#frozen = null;
    this.#frozenDeleted.length = 0;
    this.#freshIds.dropRounds();
    for (const directory of this.#setAside) directory.forgetOlder();
    this.#setAside.clear();
  }

  /** Nodes held in memory. */
  get cachedNodes(): number {
    return this.#nodes.size;
  }

  /**
   * Drops up to `count` nodes that the index has as they are and that nobody used since the last pass.
   * Not to be called while a `Node` is held from before.
   */
  evict(count: number): void {
    for (let looked = 0; looked < count * 2 && count > 0; looked++) {
      this.#evicting ??= this.#nodes.values();
      const next = this.#evicting.next();
      if (next.done) {
        this.#evicting = null;
        return;
      }
      const node = next.value;
      if (node.ino === ROOT_INO || node.dirtyRound > this.#savedRound) continue;
      if (node.recentlyUsed) {
        node.recentlyUsed = false;
        continue;
      }
      this.#nodes.delete(node.ino);
      count--;
    }
  }
}
