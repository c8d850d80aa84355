/**
 * Records: what a frame of the log says happened. Little-endian, each padded with zeros to 8 bytes.
 *
 *     record  = type u8, flags u8, zero u16, bytes u32 (all of it, padding included), subject, body
 *     subject = ino u64, NodeID 16, VerID u64     the node that changes, and its version from then on
 *
 *     1 NODE_CREATE   kind u8, zero u8, fields; flag 2: it has no slot yet, but someone holds it
 *     2 NODE_PATCH    fields
 *     3 LINK_ADD      child: subject, cookie u64, name u16 + bytes     the record's subject is the directory
 *                     flag 1: the child's own change is told by another record of the frame
 *     4 LINK_DEL      as LINK_ADD; flag 2: the child stays, without a slot, because someone holds it
 *     5 SIGNAL        name u16 + bytes, payload u32 + bytes (UArr)     changes nothing; the version is as it is
 *     9 NODE_DELETE   nothing; the version is the node's last
 *    11 REWRITE       data as in fields: these bytes of the node lie in this frame's data now, and are what they were;
 *                     nothing else of it changes, the version is the one it has
 *
 * Identities and versions stand in every record, so that a frame tells a reader of the log what changed
 * without the tree, which may be further on by then.
 *
 *     fields = mask u32, then in the order of the mask's bits, from bit 0:
 *       mode u32 · uid u32 · gid u32 · atime · mtime · ctime · btime (seconds i64, nanoseconds u32 each) ·
 *       size u64 · value · meta (u32 + bytes; length 0xffffffff: none) · xattrs (u16 count, each: name u16 +
 *       bytes, value as above, none removes it) · rdev u32 · target u16 + bytes ·
 *       data (offset in the file u64, bytes u32, place in the frame's data u32) ·
 *       share (source: ino u64, NodeID 16, offset in it u64; offset u64, bytes u64) ·
 *       hole (offset u64, bytes u64) · reserve (offset u64, bytes u64)
 *
 * Content changes in this order, whichever of them a record has: share, hole, size, reserve, data.
 *
 * Types 6 CHECKPOINT, 7 CAP_GRANT and 8 CAP_REVOKE are reserved. 1 to 6 are numbered as in FXD.
 *
 * What a record does to the tree is in `apply.ts`, for a live change and for one read back alike. A reader
 * throws DAMAGED at anything that does not fit, and NEWER_FORMAT at a type or flag it does not know.
 */
import type { Reader, Writer } from '../bytes.ts';
import { FxError } from '../errors.ts';
import type { Ino, NodeId } from '../ids.ts';
import { NODE_ID_BYTES } from '../ids.ts';
import { FILE_BYTES_MAX } from '../limits.ts';
import type { Name } from '../names.ts';
import type { ByteRange, Changes, Time } from './api.ts';
import { KIND, type Kind } from './node.ts';

export const RECORD = {
  nodeCreate: 1,
  nodePatch: 2,
  linkAdd: 3,
  linkDel: 4,
  signal: 5,
  checkpoint: 6,
  capGrant: 7,
  capRevoke: 8,
  nodeDelete: 9,
  rewrite: 11,
} as const;

const RECORD_HEADER_BYTES = 40;
/** Flags of a link record: another record of the frame tells of the child's change; the child stays without a slot. */
export const FLAG_CHILD_UNTOUCHED = 1;
export const FLAG_CHILD_HELD = 2;
/** VerID of a node that was just made. */
export const FIRST_VERSION = 1;
const NONE = 0xffff_ffff;

const F = {
  mode: 1 << 0,
  uid: 1 << 1,
  gid: 1 << 2,
  atime: 1 << 3,
  mtime: 1 << 4,
  ctime: 1 << 5,
  btime: 1 << 6,
  size: 1 << 7,
  value: 1 << 8,
  meta: 1 << 9,
  xattrs: 1 << 10,
  rdev: 1 << 11,
  target: 1 << 12,
  data: 1 << 13,
  share: 1 << 14,
  hole: 1 << 15,
  reserve: 1 << 16,
} as const;
const FIELDS_KNOWN = (1 << 17) - 1;

/** Bytes of a file that lie in the frame's data. */
export interface DataField {
  offset: number;
  bytes: number;
  /** Place in the frame's data. */
  place: number;
}

export interface Fields extends Omit<Changes, 'atime' | 'mtime'> {
  atime?: Time;
  mtime?: Time;
  rdev?: number;
  target?: Name;
  data?: DataField;
}

/** Which node: its number in this store, and its identity anywhere. */
export interface Identity {
  readonly ino: Ino;
  readonly id: NodeId;
}

/** A node as a record speaks of it: which one, and its version once the record is applied. */
export interface Subject extends Identity {
  readonly version: number;
}

export type LogRecord = Subject &
  (
    | { type: typeof RECORD.nodeCreate; kind: Kind; held: boolean; fields: Fields }
    | { type: typeof RECORD.nodePatch; fields: Fields }
    | {
        type: typeof RECORD.linkAdd | typeof RECORD.linkDel;
        child: Subject;
        cookie: number;
        name: Name;
        childUntouched: boolean;
        childHeld: boolean;
      }
    | { type: typeof RECORD.signal; name: Name; payload: Uint8Array }
    | { type: typeof RECORD.nodeDelete }
    | { type: typeof RECORD.rewrite; data: DataField }
  );

function begin(out: Writer, type: number, flags: number, ino: Ino, id: NodeId, version: number): number {
  const start = out.position;
  out.u8(type);
  out.u8(flags);
  out.u16(0);
  out.u32(0);
  subject(out, ino, id, version);
  return start;
}

function subject(out: Writer, ino: Ino, id: NodeId, version: number): void {
  out.u64(ino);
  out.latin1(id);
  out.u64(version);
}

function end(out: Writer, start: number): void {
  out.pad8();
  out.bytes.writeUInt32LE(out.position - start, start + 4);
}

/** `held`: no slot follows. */
export function encodeCreate(out: Writer, ino: Ino, id: NodeId, kind: Kind, fields: Fields, held = false): void {
  const start = begin(out, RECORD.nodeCreate, held ? FLAG_CHILD_HELD : 0, ino, id, FIRST_VERSION);
  out.u8(kind);
  out.u8(0);
  encodeFields(out, fields);
  end(out, start);
}

/** `version` is the one that the node gets. */
export function encodePatch(out: Writer, node: Identity, version: number, fields: Fields): void {
  const start = begin(out, RECORD.nodePatch, 0, node.ino, node.id, version);
  encodeFields(out, fields);
  end(out, start);
}

export function encodeLink(
  out: Writer,
  type: typeof RECORD.linkAdd | typeof RECORD.linkDel,
  flags: number,
  parent: Identity,
  parentVersion: number,
  child: Identity,
  childVersion: number,
  cookie: number,
  name: Name,
): void {
  const start = begin(out, type, flags, parent.ino, parent.id, parentVersion);
  subject(out, child.ino, child.id, childVersion);
  out.u64(cookie);
  out.u16(name.length);
  out.latin1(name);
  end(out, start);
}

/** A signal that someone emits about a node; `payload` is a value in UArr. */
export function encodeSignal(out: Writer, node: Subject, name: Name, payload: Uint8Array): void {
  const start = begin(out, RECORD.signal, 0, node.ino, node.id, node.version);
  out.u16(name.length);
  out.latin1(name);
  out.u32(payload.length);
  out.raw(payload);
  end(out, start);
}

/** `version` is the last that the node had. */
export function encodeDelete(out: Writer, node: Identity, version: number): void {
  end(out, begin(out, RECORD.nodeDelete, 0, node.ino, node.id, version));
}

export function encodeRewrite(out: Writer, node: Identity, version: number, data: DataField): void {
  const start = begin(out, RECORD.rewrite, 0, node.ino, node.id, version);
  encodeData(out, data);
  end(out, start);
}

function encodeData(out: Writer, data: DataField): void {
  out.u64(data.offset);
  out.u32(data.bytes);
  out.u32(data.place);
}

function decodeData(reader: Reader): DataField {
  return { offset: reader.u64(), bytes: reader.u32(), place: reader.u32() };
}

function encodeFields(out: Writer, fields: Fields): void {
  const at = out.position;
  let mask = 0;
  out.u32(0);
  if (fields.mode !== undefined) mask |= u32(out, F.mode, fields.mode);
  if (fields.uid !== undefined) mask |= u32(out, F.uid, fields.uid);
  if (fields.gid !== undefined) mask |= u32(out, F.gid, fields.gid);
  if (fields.atime !== undefined) mask |= time(out, F.atime, fields.atime);
  if (fields.mtime !== undefined) mask |= time(out, F.mtime, fields.mtime);
  if (fields.ctime !== undefined) mask |= time(out, F.ctime, fields.ctime);
  if (fields.btime !== undefined) mask |= time(out, F.btime, fields.btime);
  if (fields.size !== undefined) {
    mask |= F.size;
    out.u64(fields.size);
  }
  if (fields.value !== undefined) mask |= optionalBytes(out, F.value, fields.value);
  if (fields.meta !== undefined) mask |= optionalBytes(out, F.meta, fields.meta);
  if (fields.xattrs !== undefined) {
    mask |= F.xattrs;
    out.u16(fields.xattrs.size);
    for (const [name, value] of fields.xattrs) {
      out.u16(name.length);
      out.latin1(name);
      optionalBytes(out, 0, value);
    }
  }
  if (fields.rdev !== undefined) mask |= u32(out, F.rdev, fields.rdev);
  if (fields.target !== undefined) {
    mask |= F.target;
    out.u16(fields.target.length);
    out.latin1(fields.target);
  }
  if (fields.data !== undefined) {
    mask |= F.data;
    encodeData(out, fields.data);
  }
  if (fields.share !== undefined) {
    mask |= F.share;
    out.u64(fields.share.from.ino);
    out.latin1(fields.share.from.id);
    out.u64(fields.share.fromOffset);
    mask |= range(out, 0, fields.share);
  }
  if (fields.hole !== undefined) mask |= range(out, F.hole, fields.hole);
  if (fields.reserve !== undefined) mask |= range(out, F.reserve, fields.reserve);
  out.bytes.writeUInt32LE(mask, at);
}

function u32(out: Writer, bit: number, value: number): number {
  out.u32(value);
  return bit;
}

function time(out: Writer, bit: number, value: Time): number {
  out.i64(value[0]);
  out.u32(value[1]);
  return bit;
}

function range(out: Writer, bit: number, value: ByteRange): number {
  out.u64(value.offset);
  out.u64(value.bytes);
  return bit;
}

function optionalBytes(out: Writer, bit: number, value: Uint8Array | null): number {
  out.u32(value === null ? NONE : value.length);
  if (value !== null) out.raw(value);
  return bit;
}

function decodeTime(reader: Reader): Time {
  const seconds = reader.i64();
  const nanoseconds = reader.u32();
  if (nanoseconds > 999_999_999) reader.fail('a time has too many nanoseconds');
  return [seconds, nanoseconds];
}

function decodeRange(reader: Reader): ByteRange {
  const offset = reader.u64();
  const bytes = reader.u64();
  if (bytes === 0 || offset > FILE_BYTES_MAX - bytes) reader.fail('a range of bytes is impossible');
  return { offset, bytes };
}

function decodeOptionalBytes(reader: Reader): Uint8Array | null {
  const length = reader.u32();
  return length === NONE ? null : new Uint8Array(reader.raw(length));
}

function decodeFields(reader: Reader): Fields {
  const mask = reader.u32();
  if (mask & ~FIELDS_KNOWN) throw new FxError('NEWER_FORMAT', `a record has unknown fields (mask ${mask})`);
  const fields: Fields = {};
  if (mask & F.mode) fields.mode = reader.u32();
  if (mask & F.uid) fields.uid = reader.u32();
  if (mask & F.gid) fields.gid = reader.u32();
  if (mask & F.atime) fields.atime = decodeTime(reader);
  if (mask & F.mtime) fields.mtime = decodeTime(reader);
  if (mask & F.ctime) fields.ctime = decodeTime(reader);
  if (mask & F.btime) fields.btime = decodeTime(reader);
  if (mask & F.size) fields.size = reader.u64();
  if (mask & F.value) fields.value = decodeOptionalBytes(reader);
  if (mask & F.meta) fields.meta = decodeOptionalBytes(reader);
  if (mask & F.xattrs) {
    fields.xattrs = new Map();
    for (let i = reader.u16(); i > 0; i--) fields.xattrs.set(reader.latin1(reader.u16()), decodeOptionalBytes(reader));
  }
  if (mask & F.rdev) fields.rdev = reader.u32();
  if (mask & F.target) fields.target = reader.latin1(reader.u16());
  if (mask & F.data) fields.data = decodeData(reader);
  if (mask & F.share) {
    const from = { ino: reader.u64(), id: reader.latin1(NODE_ID_BYTES) };
    fields.share = { from, fromOffset: reader.u64(), ...decodeRange(reader) };
  }
  if (mask & F.hole) fields.hole = decodeRange(reader);
  if (mask & F.reserve) fields.reserve = decodeRange(reader);
  return fields;
}

/** Reads the next record. */
export function decodeRecord(frame: Reader): LogRecord {
  const start = frame.position;
  const type = frame.u8();
  const flags = frame.u8();
  if (frame.u16() !== 0) frame.fail('reserved bytes are not zero');
  const bytes = frame.u32();
  if (bytes < RECORD_HEADER_BYTES || bytes % 8 !== 0 || bytes > frame.end - start)
    frame.fail(`a record cannot have ${bytes} bytes`);
  const record = decodeBody(frame, type, flags, decodeSubject(frame));
  const padding = start + bytes - frame.position;
  if (padding < 0 || padding >= 8) frame.fail('a record is not as long as it says');
  for (let i = 0; i < padding; i++) if (frame.u8() !== 0) frame.fail('padding is not zero');
  return record;
}

function decodeSubject(reader: Reader): Subject {
  return { ino: reader.u64(), id: reader.latin1(NODE_ID_BYTES), version: reader.u64() };
}

function decodeBody(reader: Reader, type: number, flags: number, { ino, id, version }: Subject): LogRecord {
  switch (type) {
    case RECORD.nodeCreate: {
      const kind = reader.u8();
      if (kind < KIND.file || kind > KIND.blockDevice) reader.fail(`there is no kind ${kind}`);
      if (reader.u8() !== 0) reader.fail('a reserved byte is not zero');
      const held = (flags & FLAG_CHILD_HELD) !== 0;
      return { type, ino, id, version, kind: kind as Kind, held, fields: decodeFields(reader) };
    }
    case RECORD.nodePatch:
      return { type, ino, id, version, fields: decodeFields(reader) };
    case RECORD.linkAdd:
    case RECORD.linkDel: {
      const child = decodeSubject(reader);
      const cookie = reader.u64();
      const name = reader.latin1(reader.u16());
      const childUntouched = (flags & FLAG_CHILD_UNTOUCHED) !== 0;
      const childHeld = (flags & FLAG_CHILD_HELD) !== 0;
      return { type, ino, id, version, child, cookie, name, childUntouched, childHeld };
    }
    case RECORD.signal: {
      const name = reader.latin1(reader.u16());
      return { type, ino, id, version, name, payload: new Uint8Array(reader.raw(reader.u32())) };
    }
    case RECORD.rewrite:
      return { type, ino, id, version, data: decodeData(reader) };
    case RECORD.nodeDelete:
      return { type, ino, id, version };
    default:
      throw new FxError(
        'NEWER_FORMAT',
        `the log has a record of type ${type}, which this version does not know; use a newer fxmount`,
      );
  }
}
