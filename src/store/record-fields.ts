/**
 * The fields of records that make or change a node. Little-endian.
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
 */
import type { Reader, Writer } from '../bytes.ts';
import { FxError } from '../errors.ts';
import { NODE_ID_BYTES } from '../ids.ts';
import { FILE_BYTES_MAX } from '../limits.ts';
import type { Name } from '../names.ts';
import type { ByteRange, Changes, Time } from './api.ts';

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

export function encodeData(out: Writer, data: DataField): void {
  out.u64(data.offset);
  out.u32(data.bytes);
  out.u32(data.place);
}

export function decodeData(reader: Reader): DataField {
  return { offset: reader.u64(), bytes: reader.u32(), place: reader.u32() };
}

export function encodeFields(out: Writer, fields: Fields): void {
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

export function decodeFields(reader: Reader): Fields {
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
