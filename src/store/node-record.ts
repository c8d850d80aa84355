/**
 * Nodes and extents as the index keeps them. Little-endian.
 *
 *     offset size
 *       0     1   record version, 1
 *       1     1   kind (`KIND`)
 *       2     2   flags: 1 value, 2 meta, 4 xattrs, 8 the extents are in the table "extents"
 *       4     4   mode
 *       8    16   NodeID
 *      24     8   VerID
 *      32     8   seq of the frame that changed it last
 *      40     4   uid            44  4  gid          48  4  nlink         52  4  rdev
 *      56     8   size           64  8  stored bytes
 *      72    48   atime, mtime, ctime, btime: seconds i64, nanoseconds u32 each
 *     120     8   entries (directories, else 0)
 *     128     4   count of links, then for each: parent u64, cookie u64, name u16 + bytes
 *             2   target bytes, target
 *            (4 + n) value   (4 + n) meta   (xattrs: u16 count, each: name u16 + bytes, value u32 + bytes)
 *             4   count of extents in the record, then for each: 24 bytes as below
 *
 *     extent  = offset in the file u64, bytes u32, segment u32, position in the segment u64
 *               segment 0xffffffff, position 0: allocated and never written
 *     region  = { extent }         the value of one key of the table "extents"
 *
 * A reader throws DAMAGED at anything that does not fit, bytes left over included.
 */
import { Reader, Writer } from '../bytes.ts';
import type { Ino } from '../ids.ts';
import { NODE_ID_BYTES } from '../ids.ts';
import { Directory } from './directory.ts';
import { type Extent, ExtentMap, type OnFree, REGION_BYTES, type RegionSource } from './extents.ts';
import { KIND, type Kind, Node } from './node.ts';

const RECORD_VERSION = 1;
const HAS_VALUE = 1;
const HAS_META = 2;
const HAS_XATTRS = 4;
const EXTERNAL_EXTENTS = 8;
const FLAGS_KNOWN = 15;

/** Extents that fit into the node's own record; a file with more has them in their own table. */
export const INLINE_EXTENTS_MAX = 16;
const EXTENT_BYTES = 24;

/** Whether the extents of this file belong into its record. */
export function extentsFitRecord(node: Node): boolean {
  const { extents } = node;
  if (extents === null) return true;
  // What was allocated beyond the end of the file may lie in a later region.
  return (
    node.size <= REGION_BYTES &&
    extents.extents(0).length <= INLINE_EXTENTS_MAX &&
    extents.regionNumbers(1).every((region) => extents.extents(region).length === 0)
  );
}

/** Appends the record of `node`. `externalExtents` must say where its extents go now. */
export function encodeNode(node: Node, out: Writer): void {
  out.u8(RECORD_VERSION);
  out.u8(node.kind);
  out.u16(
    (node.value ? HAS_VALUE : 0) |
      (node.meta ? HAS_META : 0) |
      (node.xattrs ? HAS_XATTRS : 0) |
      (node.externalExtents ? EXTERNAL_EXTENTS : 0),
  );
  out.u32(node.mode);
  out.latin1(node.id);
  out.u64(node.version);
  out.u64(node.seq);
  out.u32(node.uid);
  out.u32(node.gid);
  out.u32(node.nlink);
  out.u32(node.rdev);
  out.u64(node.size);
  out.u64(node.storedBytes);
  out.i64(node.atimeSec);
  out.u32(node.atimeNsec);
  out.i64(node.mtimeSec);
  out.u32(node.mtimeNsec);
  out.i64(node.ctimeSec);
  out.u32(node.ctimeNsec);
  out.i64(node.btimeSec);
  out.u32(node.btimeNsec);
  out.u64(node.directory?.count ?? 0);
  out.u32(node.links.length);
  for (const link of node.links) {
    out.u64(link.parent);
    out.u64(link.cookie);
    out.u16(link.name.length);
    out.latin1(link.name);
  }
  out.u16(node.target.length);
  out.latin1(node.target);
  if (node.value) encodeBytes(node.value, out);
  if (node.meta) encodeBytes(node.meta, out);
  if (node.xattrs) {
    out.u16(node.xattrs.size);
    for (const [name, value] of node.xattrs) {
      out.u16(name.length);
      out.latin1(name);
      encodeBytes(value, out);
    }
  }
  const inline = node.externalExtents ? [] : (node.extents?.extents(0) ?? []);
  out.u32(inline.length);
  for (const extent of inline) encodeExtent(extent, out);
}

function encodeBytes(bytes: Uint8Array, out: Writer): void {
  out.u32(bytes.length);
  out.raw(bytes);
}

function encodeExtent(extent: Extent, out: Writer): void {
  out.u64(extent.offset);
  out.u32(extent.bytes);
  out.u32(extent.segment);
  out.u64(extent.position);
}

function decodeExtent(reader: Reader): Extent {
  return { offset: reader.u64(), bytes: reader.u32(), segment: reader.u32(), position: reader.u64() };
}

/** The value of a key of the table "extents". */
export function encodeRegion(extents: readonly Extent[]): Buffer {
  const out = new Writer(extents.length * EXTENT_BYTES + 8);
  for (const extent of extents) encodeExtent(extent, out);
  return out.copy();
}

export function decodeRegion(bytes: Uint8Array): Extent[] {
  const reader = new Reader(bytes, 0, bytes.length, 'region of extents');
  const extents: Extent[] = [];
  while (reader.remaining > 0) extents.push(decodeExtent(reader));
  return extents;
}

/** What a decoded node is wired to. */
export interface NodeWiring {
  regions(ino: Ino): RegionSource;
  onFree: OnFree;
}

/** The node of a record. Throws DAMAGED. */
export function decodeNode(ino: Ino, bytes: Uint8Array, wiring: NodeWiring): Node {
  const reader = new Reader(bytes, 0, bytes.length, `record of node ${ino}`);
  if (reader.u8() !== RECORD_VERSION) reader.fail('its version is unknown');
  const kind = reader.u8();
  if (kind < KIND.file || kind > KIND.blockDevice) reader.fail(`there is no kind ${kind}`);
  const flags = reader.u16();
  if (flags & ~FLAGS_KNOWN) reader.fail(`it has unknown flags ${flags}`);
  const mode = reader.u32();
  const node = new Node(ino, reader.latin1(NODE_ID_BYTES), kind as Kind);
  node.mode = mode;
  decodeNumbers(node, reader);
  const entries = reader.u64();
  const links = reader.u32();
  for (let i = 0; i < links; i++) {
    const parent = reader.u64();
    const cookie = reader.u64();
    node.links.push({ parent, cookie, name: reader.latin1(reader.u16()), ino, kind: node.kind });
  }
  node.target = reader.latin1(reader.u16());
  if (flags & HAS_VALUE) node.value = copyBytes(reader);
  if (flags & HAS_META) node.meta = copyBytes(reader);
  if (flags & HAS_XATTRS) {
    node.xattrs = new Map();
    for (let i = reader.u16(); i > 0; i--) node.xattrs.set(reader.latin1(reader.u16()), copyBytes(reader));
  }
  if (kind === KIND.directory) {
    node.directory = new Directory(entries === 0);
    node.directory.count = entries;
  }
  node.externalExtents = (flags & EXTERNAL_EXTENTS) !== 0;
  const inline: Extent[] = [];
  for (let i = reader.u32(); i > 0; i--) inline.push(decodeExtent(reader));
  reader.finish();
  if (node.externalExtents) node.extents = new ExtentMap(wiring.regions(ino), wiring.onFree);
  else if (inline.length > 0) {
    node.extents = new ExtentMap(null, wiring.onFree);
    node.extents.restore(0, inline);
  }
  return node;
}

function decodeNumbers(node: Node, reader: Reader): void {
  node.version = reader.u64();
  node.seq = reader.u64();
  node.uid = reader.u32();
  node.gid = reader.u32();
  node.nlink = reader.u32();
  node.rdev = reader.u32();
  node.size = reader.u64();
  node.storedBytes = reader.u64();
  node.atimeSec = reader.i64();
  node.atimeNsec = reader.u32();
  node.mtimeSec = reader.i64();
  node.mtimeNsec = reader.u32();
  node.ctimeSec = reader.i64();
  node.ctimeNsec = reader.u32();
  node.btimeSec = reader.i64();
  node.btimeNsec = reader.u32();
}

function copyBytes(reader: Reader): Uint8Array {
  return new Uint8Array(reader.raw(reader.u32()));
}
