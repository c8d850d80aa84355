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
 *    10 MOVE          data as in fields, from position u64, from segment u32, zero u32: what the node has of
 *                     these bytes at that place lies in this frame's data now; nothing else of it changes
 *    11 REWRITE       data as in fields: these bytes of the node lie in this frame's data now, and are what they were;
 *                     nothing else of it changes, the version is the one it has
 *
 * Identities and versions stand in every record, so that a frame tells a reader of the log what changed
 * without the tree, which may be further on by then.
 *
 * `record-fields.ts` describes the fields.
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
import type { Name } from '../names.ts';
import { KIND, type Kind } from './node.ts';
import { type DataField, decodeData, decodeFields, encodeData, encodeFields, type Fields } from './record-fields.ts';

export type { DataField, Fields } from './record-fields.ts';

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
  move: 10,
  rewrite: 11,
} as const;

const RECORD_HEADER_BYTES = 40;
/** Flags of a link record: another record of the frame tells of the child's change; the child stays without a slot. */
export const FLAG_CHILD_UNTOUCHED = 1;
export const FLAG_CHILD_HELD = 2;
/** VerID of a node that was just made. */
export const FIRST_VERSION = 1;

/** A place in the log. */
export interface Place {
  segment: number;
  position: number;
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
    | { type: typeof RECORD.move; data: DataField; from: Place }
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

export function encodeMove(out: Writer, node: Subject, data: DataField, from: Place): void {
  const start = begin(out, RECORD.move, 0, node.ino, node.id, node.version);
  encodeData(out, data);
  out.u64(from.position);
  out.u32(from.segment);
  out.u32(0);
  end(out, start);
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
    case RECORD.move: {
      const data = decodeData(reader);
      const from = { position: reader.u64(), segment: reader.u32() };
      if (reader.u32() !== 0) reader.fail('reserved bytes are not zero');
      return { type, ino, id, version, data, from };
    }
    default:
      throw new FxError(
        'NEWER_FORMAT',
        `the log has a record of type ${type}, which this version does not know; use a newer fxmount`,
      );
  }
}
