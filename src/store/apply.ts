/**
 * What a record does to the tree: the one place where state changes, for live operations and for frames
 * read back after a crash alike. So what recovery makes is what was there.
 *
 * A node's VerID rises by one with each frame that changes it, however many records tell of it.
 */
import { FxError } from '../errors.ts';
import { setsAccessList } from './access-lists.ts';
import type { ByteRange, ChangeListener, SharedRange } from './api.ts';
import { Directory } from './directory.ts';
import { RESERVED_SEGMENT } from './extents.ts';
import { KIND, Node, ROOT_INO, type Slot } from './node.ts';
import { type DataField, type Fields, type Identity, type LogRecord, type Place, RECORD } from './records.ts';
import type { State } from './state.ts';

/** The frame that a record stands in. */
export interface FrameContext {
  seq: number;
  timeSec: number;
  timeNsec: number;
  /** Where the frame's data lies; segment 0 while it is staged. */
  segment: number;
  dataPosition: number;
}

/** Changes to be published, in order. */
export type ChangeEvent =
  | { what: 'content'; node: Node; offset: number; bytes: number }
  | { what: 'attributes'; node: Node }
  | { what: 'linked' | 'unlinked'; parent: Node; slot: Slot };

type LinkRecord = Extract<LogRecord, { type: typeof RECORD.linkAdd | typeof RECORD.linkDel }>;

/** Calls the listener's method for an event. */
export function publish(event: ChangeEvent, listener: ChangeListener): void {
  switch (event.what) {
    case 'content':
      listener.content(event.node, event.offset, event.bytes);
      break;
    case 'attributes':
      listener.attributes(event.node);
      break;
    default:
      listener[event.what](event.parent, event.slot);
  }
}

function need(state: State, { ino, id }: Identity, seq: number): Node {
  const node = state.node(ino);
  if (node === undefined) throw new FxError('DAMAGED', `frame ${seq} speaks of inode ${ino}, which does not exist`);
  if (node.id !== id) throw new FxError('DAMAGED', `frame ${seq} speaks of inode ${ino} by another NodeID`);
  return node;
}

/** Applies one record; appends what it changed to `events` unless that is null. Throws DAMAGED when it does not fit the tree. */
export function applyRecord(state: State, record: LogRecord, frame: FrameContext, events: ChangeEvent[] | null): void {
  switch (record.type) {
    case RECORD.nodeCreate: {
      const node = new Node(record.ino, record.id, record.kind);
      create(state, node, record.fields, frame);
      if (record.held) state.setOrphan(node.ino, true);
      break;
    }
    case RECORD.nodePatch:
      patch(state, need(state, record, frame.seq), record, frame, events);
      break;
    case RECORD.linkAdd: {
      const parent = need(state, record, frame.seq);
      const child = need(state, record.child, frame.seq);
      const slot = { parent: parent.ino, name: record.name, ino: child.ino, cookie: record.cookie, kind: child.kind };
      addLink(state, parent, child, slot, record, frame);
      events?.push({ what: 'linked', parent, slot });
      break;
    }
    case RECORD.linkDel: {
      const parent = need(state, record, frame.seq);
      const child = need(state, record.child, frame.seq);
      const slot = state.slot(parent, record.name);
      if (slot?.ino !== child.ino || slot.cookie !== record.cookie) {
        throw new FxError('DAMAGED', `frame ${frame.seq} removes a slot that is not there`);
      }
      removeLink(state, parent, child, slot, record, frame);
      if (record.childHeld) state.setOrphan(child.ino, true);
      events?.push({ what: 'unlinked', parent, slot });
      break;
    }
    case RECORD.nodeDelete: {
      const node = need(state, record, frame.seq);
      state.touch(node);
      cutContent(state, node, 0);
      state.dropNode(node);
      state.setOrphan(node.ino, false);
      break;
    }
    case RECORD.rewrite: {
      const node = need(state, record, frame.seq);
      state.touch(node);
      putData(state, node, record.data, frame);
      break;
    }
    case RECORD.signal:
      need(state, record, frame.seq);
      break;
    case RECORD.move:
      moveData(state, need(state, record, frame.seq), record.data, record.from, frame);
      break;
  }
}

/** To be called before a node changes: marks it and gives it its version, one more for each frame. */
function change(state: State, node: Node, version: number, frame: FrameContext): void {
  state.touch(node);
  const expected = node.seq === frame.seq ? node.version : node.version + 1;
  if (version !== expected) {
    throw new FxError(
      'DAMAGED',
      `frame ${frame.seq} makes version ${version} of inode ${node.ino}, where ${expected} is due`,
    );
  }
  node.seq = frame.seq;
  node.version = version;
}

function create(state: State, node: Node, fields: Fields, frame: FrameContext): void {
  if (node.ino < state.nextIno && state.node(node.ino))
    throw new FxError('DAMAGED', `frame ${frame.seq} creates inode ${node.ino} again`);
  node.seq = frame.seq;
  node.atimeSec = node.mtimeSec = node.ctimeSec = node.btimeSec = frame.timeSec;
  node.atimeNsec = node.mtimeNsec = node.ctimeNsec = node.btimeNsec = frame.timeNsec;
  if (node.kind === KIND.directory) node.directory = new Directory(true);
  setFields(node, fields);
  if (fields.value && node.kind === KIND.file) state.hasTypedFiles = true;
  if (fields.xattrs && setsAccessList(fields.xattrs)) state.hasAccessLists = true;
  state.addNode(node);
  if (node.ino === ROOT_INO) node.nlink = 2;
  // New nodes are dirty from the start; `addNode` undoes all of it.
  state.touch(node);
}

function setFields(node: Node, fields: Fields): void {
  if (fields.mode !== undefined) node.mode = fields.mode;
  if (fields.uid !== undefined) node.uid = fields.uid;
  if (fields.gid !== undefined) node.gid = fields.gid;
  if (fields.atime) [node.atimeSec, node.atimeNsec] = fields.atime;
  if (fields.mtime) [node.mtimeSec, node.mtimeNsec] = fields.mtime;
  if (fields.ctime) [node.ctimeSec, node.ctimeNsec] = fields.ctime;
  if (fields.btime) [node.btimeSec, node.btimeNsec] = fields.btime;
  if (fields.value !== undefined) node.value = fields.value;
  if (fields.meta !== undefined) node.meta = fields.meta;
  if (fields.xattrs) setXattrs(node, fields.xattrs);
  if (fields.rdev !== undefined) node.rdev = fields.rdev;
  if (fields.target !== undefined) {
    node.target = fields.target;
    node.size = fields.target.length;
  }
}

function setXattrs(node: Node, xattrs: Map<string, Uint8Array | null>): void {
  node.xattrs ??= new Map();
  for (const [name, value] of xattrs) {
    if (value === null) node.xattrs.delete(name);
    else node.xattrs.set(name, value);
  }
  if (node.xattrs.size === 0) node.xattrs = null;
}

function patch(
  state: State,
  node: Node,
  { version, fields }: { version: number; fields: Fields },
  frame: FrameContext,
  events: ChangeEvent[] | null,
): void {
  change(state, node, version, frame);
  const { size, value, data } = fields;
  const rearranged = rearrangedRange(fields);
  if (fields.ctime === undefined) {
    node.ctimeSec = frame.timeSec;
    node.ctimeNsec = frame.timeNsec;
  }
  if (size !== undefined || value !== undefined || data !== undefined || rearranged !== undefined) {
    node.mtimeSec = frame.timeSec;
    node.mtimeNsec = frame.timeNsec;
  }
  if (value && node.kind === KIND.file) {
    cutContent(state, node, 0);
    node.size = 0;
    state.hasTypedFiles = true;
  }
  setFields(node, fields);
  if (fields.xattrs && setsAccessList(fields.xattrs)) state.hasAccessLists = true;
  if (fields.share !== undefined) shareData(state, node, fields.share, frame);
  if (fields.hole !== undefined) punchHole(state, node, fields.hole);
  if (size !== undefined) {
    if (size <= node.size) cutContent(state, node, size);
    node.size = size;
  }
  if (fields.reserve !== undefined) reserveRoom(state, node, fields.reserve);
  if (data !== undefined) putData(state, node, data, frame);
  if (events === null) return;
  if (size !== undefined || value !== undefined) events.push({ what: 'content', node, offset: 0, bytes: -1 });
  else if (data !== undefined) events.push({ what: 'content', node, offset: data.offset, bytes: data.bytes });
  else if (rearranged !== undefined) events.push({ what: 'content', node, ...rearranged });
  else events.push({ what: 'attributes', node });
}

function cutContent(state: State, node: Node, size: number): void {
  if (node.extents === null) return;
  state.freedBytes = 0;
  node.extents.truncate(size);
  node.storedBytes -= state.freedBytes;
}

/** The bytes that read differently after share, hole and reserve; undefined without any of them. */
export function rearrangedRange({ share, hole, reserve }: Fields): ByteRange | undefined {
  if (share === undefined || hole === undefined) return share ?? hole ?? reserve;
  const offset = Math.min(share.offset, hole.offset);
  return { offset, bytes: Math.max(share.offset + share.bytes, hole.offset + hole.bytes) - offset };
}

function punchHole(state: State, node: Node, { offset, bytes }: ByteRange): void {
  if (node.extents === null) return;
  state.freedBytes = 0;
  node.extents.punch(offset, bytes);
  node.storedBytes -= state.freedBytes;
}

function reserveRoom(state: State, node: Node, { offset, bytes }: ByteRange): void {
  node.extents ??= state.newExtents();
  const reserved = node.extents.reserve(offset, bytes);
  node.storedBytes += reserved;
  state.refer(RESERVED_SEGMENT, reserved);
}

function shareData(state: State, node: Node, share: SharedRange, frame: FrameContext): void {
  const source = need(state, share.from, frame.seq);
  const extents = source.extents?.slice(share.fromOffset, share.bytes) ?? [];
  punchHole(state, node, share);
  node.extents ??= state.newExtents();
  for (const { offset, bytes, segment, position } of extents) {
    node.extents.insert(share.offset + (offset - share.fromOffset), bytes, segment, position);
    node.storedBytes += bytes;
    state.refer(segment, bytes);
  }
  node.size = Math.max(node.size, share.offset + share.bytes);
}

function putData(state: State, node: Node, data: DataField, frame: FrameContext): void {
  node.extents ??= state.newExtents();
  state.freedBytes = 0;
  node.extents.insert(data.offset, data.bytes, frame.segment, frame.dataPosition + data.place);
  node.storedBytes += data.bytes - state.freedBytes;
  state.refer(frame.segment, data.bytes);
  node.size = Math.max(node.size, data.offset + data.bytes);
}

/** Content that is at `from` still lies in the frame now. The node is no other than before: no version, no time, no event. */
function moveData(state: State, node: Node, data: DataField, from: Place, frame: FrameContext): void {
  if (!node.extents?.refersTo(data.offset, data.bytes, from.segment, from.position)) return;
  state.touch(node);
  const to = { segment: frame.segment, position: frame.dataPosition + data.place };
  const moved = node.extents.move(data.offset, data.bytes, from, to);
  state.refer(frame.segment, moved);
}

function changeDirectory(state: State, directory: Node, version: number, frame: FrameContext): void {
  change(state, directory, version, frame);
  directory.mtimeSec = directory.ctimeSec = frame.timeSec;
  directory.mtimeNsec = directory.ctimeNsec = frame.timeNsec;
}

function changeChild(state: State, node: Node, { child, childUntouched }: LinkRecord, frame: FrameContext): void {
  if (childUntouched) {
    state.touch(node);
    return;
  }
  change(state, node, child.version, frame);
  node.ctimeSec = frame.timeSec;
  node.ctimeNsec = frame.timeNsec;
}

function addLink(state: State, parent: Node, child: Node, slot: Slot, record: LinkRecord, frame: FrameContext): void {
  changeDirectory(state, parent, record.version, frame);
  changeChild(state, child, record, frame);
  state.putSlot(parent, slot);
  child.links.push(slot);
  if (child.kind === KIND.directory) {
    if (child.nlink === 0) child.nlink = 2;
    parent.nlink++;
  } else child.nlink++;
  state.setOrphan(child.ino, false);
}

function removeLink(
  state: State,
  parent: Node,
  child: Node,
  slot: Slot,
  record: LinkRecord,
  frame: FrameContext,
): void {
  changeDirectory(state, parent, record.version, frame);
  changeChild(state, child, record, frame);
  state.dropSlot(parent, slot);
  child.links = child.links.filter((link) => link.cookie !== slot.cookie);
  if (child.kind === KIND.directory) {
    if (!record.childUntouched) child.nlink = 0;
    parent.nlink--;
  } else child.nlink--;
}
