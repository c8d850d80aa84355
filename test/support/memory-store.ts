/**
 * A store in memory: a plain Map tree behind `StoreApi`, with no log and no index.
 *
 * It is the reference that the real store is compared with, so it is written to be seen to be right, not
 * to be fast: a transaction copies every node so that it can put them back, and content is kept in pages.
 */
import { FxError } from '../../src/errors.ts';
import { type Ino, type NodeId, newNodeId } from '../../src/ids.ts';
import { FILE_BYTES_MAX, LINKS_MAX, SYMLINK_BYTES_MAX } from '../../src/limits.ts';
import { checkName, type Name } from '../../src/names.ts';
import { setsAccessList } from '../../src/store/access-lists.ts';
import type {
  ChangeListener,
  Changes,
  NewNode,
  Piece,
  RenameOptions,
  SharedRange,
  StoreApi,
  Time,
} from '../../src/store/api.ts';
import { FIRST_COOKIE, KIND, Node, ROOT_INO, type Slot } from '../../src/store/node.ts';
import { Arena, MemoryContent } from './memory-content.ts';

/** Everything that a transaction may have to put back. */
interface Snapshot {
  nodes: Map<Ino, Node>;
  fields: Map<Node, Node>;
  entries: Map<Ino, Map<Name, Slot>>;
  contents: Map<Ino, MemoryContent>;
}

export class MemoryStore implements StoreApi {
  readOnly = false;
  seq = 0;
  /** As in the real store, it stays. */
  hasTypedFiles = false;
  hasAccessLists = false;
  readonly #now: () => Time;
  #nodes = new Map<Ino, Node>();
  #entries = new Map<Ino, Map<Name, Slot>>();
  #contents = new Map<Ino, MemoryContent>();
  #nextIno = ROOT_INO;
  #nextCookie = FIRST_COOKIE;
  readonly #holders = new Set<(ino: Ino) => boolean>();
  readonly #listeners = new Set<ChangeListener>();
  /** Events of the running operation or transaction. */
  #events: ((listener: ChangeListener) => void)[] = [];
  #inTransaction = false;
  #operations = 0;
  readonly #arena = new Arena();

  constructor(options: { now?: () => Time } = {}) {
    this.#now = options.now ?? (() => [Math.floor(Date.now() / 1000), (Date.now() % 1000) * 1_000_000]);
    const root = this.#fresh({ kind: KIND.directory, mode: 0o755, uid: 0, gid: 0 });
    root.nlink = 2;
  }

  close(): void {
    this.#arena.close();
  }

  get totals() {
    const { seq } = this;
    const nodes = this.#nodes.size;
    const unlimited = { maxBytes: null, freeBytes: null };
    return {
      nodes,
      contentBytes: 0,
      logBytes: 0,
      ...unlimited,
      seq,
      durableSeq: seq,
      checkpointSeq: seq,
      cachedNodes: nodes,
    };
  }

  holdPieces(): () => void {
    return () => {};
  }

  node(ino: Ino): Node | undefined {
    return this.#nodes.get(ino);
  }

  nodeById(id: NodeId): Node | undefined {
    for (const node of this.#nodes.values()) if (node.id === id) return node;
    return undefined;
  }

  slot(directory: Node, name: Name): Slot | undefined {
    return this.#entries.get(directory.ino)?.get(name);
  }

  slots(directory: Node, after: number, visit: (slot: Slot) => boolean): void {
    const slots = [...this.#slotsOf(directory).values()].sort((a, b) => a.cookie - b.cookie);
    for (const slot of slots) if (slot.cookie > after && !visit(slot)) return;
  }

  isEmpty(directory: Node): boolean {
    return this.#slotsOf(directory).size === 0;
  }

  create(parent: Node, name: Name, fresh: NewNode): Node {
    return this.#frame(() => {
      this.#checkFree(parent, name);
      if (fresh.target === '') throw new FxError('NOT_FOUND');
      if (fresh.target && fresh.target.length > SYMLINK_BYTES_MAX) throw new FxError('NAME_TOO_LONG');
      const node = this.#fresh(fresh);
      this.#addSlot(parent, name, node);
      node.nlink = node.kind === KIND.directory ? 2 : 1;
      return node;
    });
  }

  createUnlinked(fresh: NewNode): Node {
    return this.#frame(() => this.#fresh(fresh));
  }

  link(node: Node, parent: Node, name: Name): void {
    this.#frame(() => {
      this.#checkFree(parent, name);
      if (node.kind === KIND.directory) throw new FxError('NOT_PERMITTED');
      if (node.nlink >= LINKS_MAX) throw new FxError('TOO_MANY_LINKS');
      this.#addSlot(parent, name, node);
      node.nlink++;
      this.#changed(node);
    });
  }

  unlink(parent: Node, name: Name): void {
    this.#frame(() => this.#remove(parent, this.#require(parent, name)));
  }

  rename(fromParent: Node, fromName: Name, toParent: Node, toName: Name, options: RenameOptions = {}): void {
    this.#frame(() => {
      const from = this.#require(fromParent, fromName);
      this.#checkDirectory(toParent);
      checkName(toName);
      const to = this.slot(toParent, toName);
      if (options.noReplace && to) throw new FxError('EXISTS');
      if (options.exchange && !to) throw new FxError('NOT_FOUND');
      if (from.ino === to?.ino) return;
      if (this.#isWithin(toParent, from.ino)) throw new FxError('LOOP');
      if (options.exchange && to) {
        if (this.#isWithin(fromParent, to.ino)) throw new FxError('LOOP');
        this.#exchange(fromParent, from, toParent, to);
      } else {
        if (to) this.#checkReplaceable(from, to);
        if (to) this.#remove(toParent, to);
        this.#move(fromParent, from, toParent, toName);
      }
    });
  }

  patch(node: Node, changes: Changes): void {
    this.#frame(() => {
      const now = this.#now();
      const { size, value, share, hole, reserve } = changes;
      const touched = [size, value, share, hole, reserve].some((change) => change !== undefined);
      const mtime = changes.mtime === 'now' ? now : (changes.mtime ?? (touched ? now : undefined));
      if (changes.value !== undefined) this.#setValue(node, changes.value);
      if (share !== undefined) this.#share(node, share);
      if (hole !== undefined) this.#contentOf(node).zero(hole.offset, hole.bytes);
      const range = share ?? hole ?? reserve;
      if (range !== undefined) this.#events.push((listener) => listener.content(node, range.offset, range.bytes));
      if (changes.size !== undefined) this.#setSize(node, changes.size);
      if (changes.meta !== undefined) node.meta = changes.meta;
      node.mode = changes.mode ?? node.mode;
      node.uid = changes.uid ?? node.uid;
      node.gid = changes.gid ?? node.gid;
      if (changes.xattrs) this.#setXattrs(node, changes.xattrs);
      if (changes.atime) [node.atimeSec, node.atimeNsec] = changes.atime === 'now' ? now : changes.atime;
      if (changes.btime) [node.btimeSec, node.btimeNsec] = changes.btime;
      if (mtime) [node.mtimeSec, node.mtimeNsec] = mtime;
      [node.ctimeSec, node.ctimeNsec] = changes.ctime ?? now;
      node.version++;
      if (range === undefined) this.#events.push((listener) => listener.attributes(node));
    });
  }

  write(node: Node, offset: number, data: Uint8Array, start: number, bytes: number, changes?: Changes): void {
    this.#frame(() => {
      if (node.kind !== KIND.file || node.value !== null) throw new FxError('INVALID', 'only blobs are written');
      if (offset > FILE_BYTES_MAX - bytes) throw new FxError('TOO_BIG');
      this.#contentOf(node).write(offset, data, start, bytes);
      node.size = Math.max(node.size, offset + bytes);
      node.mode = changes?.mode ?? node.mode;
      if (changes?.xattrs) this.#setXattrs(node, changes.xattrs);
      this.#modified(node);
      this.#events.push((listener) => listener.content(node, offset, bytes));
    });
  }

  pieces(node: Node, offset: number, bytes: number, out: Piece[]): number {
    const end = Math.min(node.size, offset + bytes);
    this.#contentOf(node).pieces(offset, end, this.#arena, out);
    return Math.max(0, end - offset);
  }

  /** As a filesystem that shows no holes. */
  seek(node: Node, offset: number, what: 'data' | 'hole'): number | undefined {
    if (offset >= node.size) return undefined;
    return what === 'data' ? offset : node.size;
  }

  transaction<T>(body: () => T): T {
    if (this.#inTransaction) throw new Error('transactions do not nest');
    const before = this.#snapshot();
    this.#inTransaction = true;
    const operations = this.#operations;
    let result: T;
    try {
      result = body();
    } catch (error) {
      this.#restore(before);
      this.#events = [];
      throw error;
    } finally {
      this.#inTransaction = false;
    }
    if (this.#operations > operations) this.#publish();
    return result;
  }

  durable(): Promise<void> {
    return Promise.resolve();
  }

  addHolder(holder: (ino: Ino) => boolean): () => void {
    this.#holders.add(holder);
    return () => void this.#holders.delete(holder);
  }

  reclaim(ino: Ino): void {
    const node = this.#nodes.get(ino);
    if (node === undefined || node.nlink > 0) return;
    for (const holder of this.#holders) if (holder(ino)) return;
    this.#nodes.delete(ino);
    this.#entries.delete(ino);
    this.#contents.delete(ino);
  }

  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** All of a blob's content. */
  bytesOf(node: Node): Buffer {
    return this.#contentOf(node).bytes(node.size);
  }

  /** Runs one operation as a frame of its own, or as part of the running transaction. */
  #frame<T>(operation: () => T): T {
    if (this.readOnly) throw new FxError('READ_ONLY');
    this.#operations++;
    if (this.#inTransaction) return operation();
    const result = operation();
    this.#publish();
    return result;
  }

  #publish(): void {
    const events = this.#events;
    this.#events = [];
    this.seq++;
    for (const event of events) for (const listener of this.#listeners) event(listener);
  }

  #fresh(fresh: NewNode): Node {
    const now = this.#now();
    const node = new Node(this.#nextIno++, fresh.id ?? newNodeId(now[0] * 1000), fresh.kind);
    node.mode = fresh.mode;
    node.uid = fresh.uid;
    node.gid = fresh.gid;
    node.rdev = fresh.rdev ?? 0;
    node.target = fresh.target ?? '';
    node.size = node.target.length;
    node.value = fresh.value ?? null;
    if (node.value !== null && node.kind === KIND.file) this.hasTypedFiles = true;
    node.meta = fresh.meta ?? null;
    node.xattrs = fresh.xattrs?.size ? new Map(fresh.xattrs) : null;
    if (fresh.xattrs && setsAccessList(fresh.xattrs)) this.hasAccessLists = true;
    [node.atimeSec, node.atimeNsec] = now;
    [node.mtimeSec, node.mtimeNsec] = now;
    [node.ctimeSec, node.ctimeNsec] = now;
    [node.btimeSec, node.btimeNsec] = now;
    this.#nodes.set(node.ino, node);
    if (node.kind === KIND.directory) this.#entries.set(node.ino, new Map());
    return node;
  }

  #slotsOf(directory: Node): Map<Name, Slot> {
    return this.#entries.get(directory.ino) ?? new Map();
  }

  #contentOf(node: Node): MemoryContent {
    const content = this.#contents.get(node.ino) ?? new MemoryContent();
    this.#contents.set(node.ino, content);
    return content;
  }

  #checkDirectory(parent: Node): void {
    if (parent.kind !== KIND.directory) throw new FxError('NOT_DIRECTORY');
    if (parent.nlink === 0) throw new FxError('NOT_FOUND');
  }

  #checkFree(parent: Node, name: Name): void {
    this.#checkDirectory(parent);
    checkName(name);
    if (this.slot(parent, name)) throw new FxError('EXISTS');
  }

  #require(parent: Node, name: Name): Slot {
    if (parent.kind !== KIND.directory) throw new FxError('NOT_DIRECTORY');
    const slot = this.slot(parent, name);
    if (slot === undefined) throw new FxError('NOT_FOUND');
    return slot;
  }

  #checkReplaceable(from: Slot, to: Slot): void {
    const isDirectory = from.kind === KIND.directory;
    if (to.kind !== KIND.directory && isDirectory) throw new FxError('NOT_DIRECTORY');
    if (to.kind === KIND.directory && !isDirectory) throw new FxError('IS_DIRECTORY');
    if (this.#entries.get(to.ino)?.size) throw new FxError('NOT_EMPTY');
  }

  /** Whether the directory is `ino` or lies below it. */
  #isWithin(directory: Node, ino: Ino): boolean {
    for (let at: Node | undefined = directory; at; at = at.links[0] && this.#nodes.get(at.links[0].parent)) {
      if (at.ino === ino) return true;
    }
    return false;
  }

  /** Content changed, or entries. */
  #modified(node: Node): void {
    [node.mtimeSec, node.mtimeNsec] = this.#now();
    this.#changed(node);
  }

  #changed(node: Node): void {
    [node.ctimeSec, node.ctimeNsec] = this.#now();
    node.version++;
  }

  #addSlot(parent: Node, name: Name, node: Node): void {
    const slot: Slot = { parent: parent.ino, name, ino: node.ino, cookie: this.#nextCookie++, kind: node.kind };
    this.#slotsOf(parent).set(name, slot);
    node.links = [...node.links, slot];
    if (node.kind === KIND.directory) parent.nlink++;
    this.#modified(parent);
    this.#events.push((listener) => listener.linked(parent, slot));
  }

  #dropSlot(parent: Node, slot: Slot): Node {
    const node = this.#nodes.get(slot.ino) as Node;
    this.#slotsOf(parent).delete(slot.name);
    node.links = node.links.filter((link) => link !== slot);
    if (node.kind === KIND.directory) parent.nlink--;
    this.#modified(parent);
    this.#events.push((listener) => listener.unlinked(parent, slot));
    return node;
  }

  #remove(parent: Node, slot: Slot): void {
    if (slot.kind === KIND.directory && this.#entries.get(slot.ino)?.size) throw new FxError('NOT_EMPTY');
    const node = this.#dropSlot(parent, slot);
    node.nlink = node.kind === KIND.directory ? 0 : node.nlink - 1;
    this.#changed(node);
    this.reclaim(node.ino);
  }

  #move(fromParent: Node, from: Slot, toParent: Node, toName: Name): void {
    const node = this.#dropSlot(fromParent, from);
    this.#addSlot(toParent, toName, node);
    this.#changed(node);
  }

  #exchange(fromParent: Node, from: Slot, toParent: Node, to: Slot): void {
    const first = this.#dropSlot(fromParent, from);
    const second = this.#dropSlot(toParent, to);
    this.#addSlot(toParent, to.name, first);
    this.#addSlot(fromParent, from.name, second);
    this.#changed(first);
    this.#changed(second);
  }

  #setValue(node: Node, value: Uint8Array | null): void {
    if (node.kind !== KIND.file && node.kind !== KIND.directory) throw new FxError('INVALID');
    if (value !== null && node.kind === KIND.file) {
      node.size = 0;
      this.#contents.delete(node.ino);
      this.hasTypedFiles = true;
    }
    node.value = value;
    this.#events.push((listener) => listener.content(node, 0, -1));
  }

  #setSize(node: Node, size: number): void {
    if (node.kind !== KIND.file || node.value !== null) throw new FxError('INVALID', 'only blobs have a size to set');
    if (size > FILE_BYTES_MAX) throw new FxError('TOO_BIG');
    this.#contentOf(node).truncate(size);
    const from = Math.min(node.size, size);
    node.size = size;
    this.#events.push((listener) => listener.content(node, from, -1));
  }

  #share(node: Node, { from, fromOffset, offset, bytes }: SharedRange): void {
    const source = this.#nodes.get(from.ino) as Node;
    if (offset > FILE_BYTES_MAX - bytes) throw new FxError('TOO_BIG');
    this.#contentOf(node).copy(this.#contentOf(source), fromOffset, offset, bytes);
    node.size = Math.max(node.size, offset + bytes);
  }

  #setXattrs(node: Node, changes: Map<Name, Uint8Array | null>): void {
    if (setsAccessList(changes)) this.hasAccessLists = true;
    const xattrs = new Map(node.xattrs);
    for (const [name, value] of changes) {
      if (value === null) xattrs.delete(name);
      else xattrs.set(name, value);
    }
    node.xattrs = xattrs.size > 0 ? xattrs : null;
  }

  #snapshot(): Snapshot {
    return {
      nodes: new Map(this.#nodes),
      fields: new Map([...this.#nodes.values()].map((node) => [node, { ...node }])),
      entries: new Map([...this.#entries].map(([ino, slots]) => [ino, new Map(slots)])),
      contents: new Map([...this.#contents].map(([ino, content]) => [ino, content.clone()])),
    };
  }

  #restore(before: Snapshot): void {
    this.#nodes = before.nodes;
    this.#entries = before.entries;
    this.#contents = before.contents;
    for (const [node, fields] of before.fields) Object.assign(node, fields);
  }
}
