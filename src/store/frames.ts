/**
 * From operations to frames: encodes records, appends, applies, publishes; and the same for many
 * operations at once in a transaction.
 *
 * A single operation appends its frame first and then applies the records by decoding them from the very
 * bytes that were appended, with the code that recovery uses. Inside a transaction records are applied as
 * they come, with notes on how to take them back, and the frame is appended at the end.
 */
import { Reader, Writer } from '../bytes.ts';
import { FxError, invariant } from '../errors.ts';
import type { Ino, NodeId } from '../ids.ts';
import { FRAME_BYTES_MAX } from '../limits.ts';
import type { Name } from '../names.ts';
import { native } from '../native.ts';
import { FRAME_HEADER_BYTES, FRAME_RECORDS_MAX } from '../wal/frame.ts';
import type { Log } from '../wal/log.ts';
import type { ChangeListener, Time } from './api.ts';
import { applyRecord, type ChangeEvent, publish } from './apply.ts';
import { STAGED_SEGMENT } from './extents.ts';
import type { Kind, Node, Slot } from './node.ts';
import {
  type DataField,
  decodeRecord,
  encodeCreate,
  encodeDelete,
  encodeLink,
  encodeMove,
  encodePatch,
  encodeRewrite,
  encodeSignal,
  FIRST_VERSION,
  type Fields,
  FLAG_CHILD_HELD,
  FLAG_CHILD_UNTOUCHED,
  type Identity,
  type Place,
  RECORD,
} from './records.ts';
import type { State } from './state.ts';
import { UndoLog } from './undo.ts';

/** Room that a frame's header and padding may take. */
const FRAME_OVERHEAD_BYTES = 4096;

interface OpenTransaction {
  undo: UndoLog;
  contentBytes: number;
  /** Set when an operation was refused half-way: the transaction can only be taken back. */
  failure: FxError | null;
}

export class Frames {
  readonly #state: State;
  readonly #log: Log;
  readonly #onAppend: () => void;
  readonly #listeners = new Set<ChangeListener>();
  readonly #events: ChangeEvent[] = [];
  #transaction: OpenTransaction | null = null;
  /** File bytes of the open transaction. */
  readonly #staged = new Writer(64 << 10);
  #records = 0;
  /** Where the records of the running operation start in the log's frame buffer. */
  #start = FRAME_HEADER_BYTES;
  #timeSec: number;
  #timeNsec: number;

  /** `time` is that of the last frame: the clock starts there. `onAppend` is called after each frame. */
  constructor(state: State, log: Log, time: { sec: number; nsec: number }, onAppend: () => void) {
    this.#state = state;
    this.#log = log;
    this.#timeSec = time.sec;
    this.#timeNsec = time.nsec;
    this.#onAppend = onAppend;
  }

  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Milliseconds since 1970 of the running operation. */
  get timeMs(): number {
    return this.#timeSec * 1000 + Math.floor(this.#timeNsec / 1e6);
  }

  get inTransaction(): boolean {
    return this.#transaction !== null;
  }

  /** Time of the running operation. */
  get time(): Time {
    return [this.#timeSec, this.#timeNsec];
  }

  /** Where the next bytes of file content will stand in the frame's data. */
  get dataPlace(): number {
    return this.#transaction ? this.#staged.position : 0;
  }

  /** Starts an operation. Its records follow, then `commit`. */
  begin(): void {
    if (this.#transaction) {
      this.#start = this.#log.frame.position;
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
    this.#start = FRAME_HEADER_BYTES;
    this.#records = 0;
  }

  /** `held`: the node has no slot yet, but someone holds it. */
  create(ino: Ino, id: NodeId, kind: Kind, fields: Fields, held = false): void {
    encodeCreate(this.#log.frame, ino, id, kind, fields, held);
    this.#records++;
  }

  patch(node: Node, fields: Fields): void {
    encodePatch(this.#log.frame, node, this.#versionOf(node), fields);
    this.#records++;
  }

  /** Puts a node that this operation has made into a slot. */
  addFirstLink(parent: Node, child: Identity, cookie: number, name: Name): void {
    this.#link(RECORD.linkAdd, 0, parent, child, FIRST_VERSION, cookie, name);
  }

  /** Puts a node into a slot. */
  addLink(parent: Node, child: Node, cookie: number, name: Name): void {
    this.#link(RECORD.linkAdd, 0, parent, child, this.#versionOf(child), cookie, name);
  }

  /** Takes a node from a slot, to be put into another by the same frame. */
  moveFrom(parent: Node, slot: Slot, child: Node): void {
    const version = this.#versionOf(child);
    this.#link(RECORD.linkDel, FLAG_CHILD_UNTOUCHED, parent, child, version, slot.cookie, slot.name);
  }

  /** Removes a slot; `held`: the node stays though this was its last. */
  removeLink(parent: Node, slot: Slot, child: Node, held: boolean): void {
    const version = this.#versionOf(child);
    this.#link(RECORD.linkDel, held ? FLAG_CHILD_HELD : 0, parent, child, version, slot.cookie, slot.name);
  }

  #link(
    type: typeof RECORD.linkAdd | typeof RECORD.linkDel,
    flags: number,
    parent: Node,
    child: Identity,
    version: number,
    cookie: number,
    name: Name,
  ): void {
    encodeLink(this.#log.frame, type, flags, parent, this.#versionOf(parent), child, version, cookie, name);
    this.#records++;
  }

  signal(node: Node, name: Name, payload: Uint8Array): void {
    encodeSignal(this.#log.frame, node, name, payload);
    this.#records++;
  }

  /** Puts bytes of a blob in place of the same bytes. */
  rewrite(node: Node, data: DataField): void {
    encodeRewrite(this.#log.frame, node, node.version, data);
    this.#records++;
  }

  remove(node: Node): void {
    encodeDelete(this.#log.frame, node, this.#versionOf(node));
    this.#records++;
  }

  /** The version that a node has once this operation is applied: one more with each frame that changes it. */
  #versionOf(node: Node): number {
    return node.seq === this.#log.seq + 1 ? node.version : node.version + 1;
  }

  /** Says that bytes of a file lie in this frame's data instead of at `from`. Not within a transaction. */
  move(node: Node, data: DataField, from: Place): void {
    invariant(this.#transaction === null, 'content is not moved within a transaction');
    encodeMove(this.#log.frame, node, data, from);
    this.#records++;
  }

  /** Ends an operation: its frame is appended and applied, or it becomes part of the open transaction. */
  commit(data: Uint8Array | null = null, start = 0, bytes = 0): void {
    const transaction = this.#transaction;
    const log = this.#log;
    const end = log.frame.position;
    if (transaction === null) {
      log.append(this.#records, this.#timeSec, this.#timeNsec, data, start, bytes);
      this.#apply(end, log.seq, log.lastSegment, log.lastDataPosition);
      this.#publish();
      this.#onAppend();
      return;
    }
    if (
      this.#records > FRAME_RECORDS_MAX ||
      end + this.#staged.position + bytes > FRAME_BYTES_MAX - FRAME_OVERHEAD_BYTES
    ) {
      transaction.failure = new FxError('TOO_BIG', 'the transaction is too large for one frame; split it');
      throw transaction.failure;
    }
    if (data) this.#staged.raw(data, start, bytes);
    this.#apply(end, log.seq + 1, STAGED_SEGMENT, 0);
  }

  #apply(end: number, seq: number, segment: number, dataPosition: number): void {
    const reader = new Reader(this.#log.frame.bytes, this.#start, end, 'frame');
    const context = { seq, timeSec: this.#timeSec, timeNsec: this.#timeNsec, segment, dataPosition };
    const events = this.#listeners.size > 0 ? this.#events : null;
    while (reader.remaining > 0) applyRecord(this.#state, decodeRecord(reader), context, events);
  }

  #publish(): void {
    if (this.#events.length === 0) return;
    const events = this.#events.splice(0);
    for (const event of events) for (const listener of this.#listeners) publish(event, listener);
  }

  /** Runs `body`; all its operations become one frame, or none when it throws. Does not nest. */
  transaction<T>(body: () => T): T {
    invariant(this.#transaction === null, 'transactions do not nest');
    this.begin();
    this.#staged.reset();
    const undo = new UndoLog();
    const transaction: OpenTransaction = { undo, contentBytes: this.#state.contentBytes, failure: null };
    this.#transaction = transaction;
    this.#state.undo = undo;
    this.#state.stagedLive = 0;
    let result: T;
    try {
      result = body();
      if (transaction.failure) throw transaction.failure;
      if (this.#records > 0) this.#appendStaged(undo);
    } catch (error) {
      this.#endTransaction();
      undo.run();
      this.#state.contentBytes = transaction.contentBytes;
      this.#events.length = 0;
      throw error;
    }
    this.#endTransaction();
    this.#publish();
    this.#onAppend();
    return result;
  }

  #endTransaction(): void {
    this.#transaction = null;
    this.#state.undo = null;
  }

  #appendStaged(undo: UndoLog): void {
    const { bytes, position } = this.#staged;
    this.#log.append(this.#records, this.#timeSec, this.#timeNsec, bytes, 0, position);
    const { lastSegment, lastDataPosition } = this.#log;
    for (const node of undo.nodes) node.extents?.settle(lastSegment, lastDataPosition);
    if (position > 0) this.#state.addLive(lastSegment, this.#state.stagedLive);
  }
}
