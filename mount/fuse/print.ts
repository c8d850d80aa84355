/**
 * One line for each request and reply, for traces.
 *
 *     #12 LOOKUP node 1 uid 0 gid 0 pid 99 "name"
 *     #12 = LOOKUP 144 bytes nodeid=2 ... mode=0o100644
 *     #13 = GETATTR ENOENT
 */
import { nameToText } from '../../src/names.ts';
import { errnoName } from './errno.ts';
import * as layouts from './layouts.ts';
import { BODY, IN_HEADER, type Layout, OUT, OUT_HEADER } from './layouts.ts';
import { OPCODE_BY_CODE, type Opcode } from './opcodes.ts';
import { NOTIFY, type OpName } from './protocol.ts';

interface Shape {
  /** The struct after a request's header. */
  in?: Layout;
  /** How many NUL-terminated names follow it. */
  names?: number;
  /** Structs after a reply's header. */
  out?: readonly Layout[];
}

const ENTRY = [layouts.ENTRY_OUT, layouts.ATTR];
const ATTRIBUTES = [layouts.ATTR_OUT, layouts.ATTR];

const SHAPES: Partial<Record<OpName, Shape>> = {
  LOOKUP: { names: 1, out: ENTRY },
  FORGET: { in: layouts.FORGET_IN },
  GETATTR: { in: layouts.GETATTR_IN, out: ATTRIBUTES },
  SETATTR: { in: layouts.SETATTR_IN, out: ATTRIBUTES },
  SYMLINK: { names: 2, out: ENTRY },
  MKNOD: { in: layouts.MKNOD_IN, names: 1, out: ENTRY },
  MKDIR: { in: layouts.MKDIR_IN, names: 1, out: ENTRY },
  UNLINK: { names: 1 },
  RMDIR: { names: 1 },
  RENAME: { in: layouts.RENAME_IN, names: 2 },
  RENAME2: { in: layouts.RENAME2_IN, names: 2 },
  TMPFILE: { in: layouts.CREATE_IN, names: 1, out: [...ENTRY, layouts.OPEN_OUT] },
  GETLK: { in: layouts.LK_IN, out: [layouts.LK_OUT] },
  SETLK: { in: layouts.LK_IN },
  SETLKW: { in: layouts.LK_IN },
  STATX: { in: layouts.STATX_IN, out: [layouts.STATX_OUT, layouts.STATX] },
  IOCTL: { in: layouts.IOCTL_IN, out: [layouts.IOCTL_OUT] },
  LINK: { in: layouts.LINK_IN, names: 1, out: ENTRY },
  OPEN: { in: layouts.OPEN_IN, out: [layouts.OPEN_OUT] },
  OPENDIR: { in: layouts.OPEN_IN, out: [layouts.OPEN_OUT] },
  READ: { in: layouts.READ_IN },
  READDIR: { in: layouts.READ_IN },
  READDIRPLUS: { in: layouts.READ_IN },
  WRITE: { in: layouts.WRITE_IN, out: [layouts.WRITE_OUT] },
  STATFS: { out: [layouts.STATFS_OUT] },
  RELEASE: { in: layouts.RELEASE_IN },
  RELEASEDIR: { in: layouts.RELEASE_IN },
  FSYNC: { in: layouts.FSYNC_IN },
  FSYNCDIR: { in: layouts.FSYNC_IN },
  FLUSH: { in: layouts.FLUSH_IN },
  SETXATTR: { in: layouts.SETXATTR_IN, names: 1 },
  GETXATTR: { in: layouts.GETXATTR_IN, names: 1 },
  LISTXATTR: { in: layouts.GETXATTR_IN },
  REMOVEXATTR: { names: 1 },
  ACCESS: { in: layouts.ACCESS_IN },
  CREATE: { in: layouts.CREATE_IN, names: 1, out: [...ENTRY, layouts.OPEN_OUT] },
  INIT: { in: layouts.INIT_IN, out: [layouts.INIT_OUT] },
  INTERRUPT: { in: layouts.INTERRUPT_IN },
  BATCH_FORGET: { in: layouts.BATCH_FORGET_IN },
};

const NOTIFY_NAMES = new Map<number, string>(Object.entries(NOTIFY).map(([name, code]) => [code, name]));
/** Fields that say nothing, and those best read in octal or hexadecimal. */
const DULL = /^(padding|dummy|unused|spare|generation|map_alignment)/;
const OCTAL = new Set(['mode', 'umask']);
const HEXADECIMAL = new Set(['flags', 'flags2', 'open_flags', 'valid', 'rdev', 'write_flags', 'release_flags']);

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The fields of a struct at `start` that lie before `end` and are not 0. */
function printFields(bytes: Uint8Array, start: number, end: number, layout: Layout): string {
  const data = view(bytes);
  let text = '';
  for (const { name, type, at } of layout.fields) {
    const from = start + at;
    if (from + (type === 'u16' ? 2 : type.endsWith('64') ? 8 : 4) > end || DULL.test(name)) continue;
    let value: number | bigint;
    if (type === 'u16') value = data.getUint16(from, true);
    else if (type === 'u32') value = data.getUint32(from, true);
    else if (type === 'i32') value = data.getInt32(from, true);
    else value = type === 'u64' ? data.getBigUint64(from, true) : data.getBigInt64(from, true);
    if (Number(value) === 0) continue;
    const shown = OCTAL.has(name)
      ? `0o${value.toString(8)}`
      : HEXADECIMAL.has(name)
        ? `0x${value.toString(16)}`
        : value;
    text += ` ${name}=${shown}`;
  }
  return text;
}

/** Up to `count` NUL-terminated names at `start`, quoted, and how many bytes follow them. */
function printNames(bytes: Uint8Array, start: number, end: number, count: number): string {
  let text = '';
  let at = start;
  for (let i = 0; i < count; i++) {
    const nul = bytes.indexOf(0, at);
    const stop = nul < 0 || nul > end ? end : nul;
    text += ` ${JSON.stringify(nameToText(Buffer.from(bytes.subarray(at, stop)).latin1Slice()))}`;
    at = Math.min(stop + 1, end);
  }
  return at < end ? `${text} +${end - at} bytes` : text;
}

/** `#12`, with `r` when the request was sent again. */
function printUnique(low: number, high: number): string {
  const unique = low + (high & 0x7fff_ffff) * 2 ** 32;
  return `#${unique}${high & 0x8000_0000 ? 'r' : ''}`;
}

/** A request in bytes[0, length), at least its header. */
export function printRequest(bytes: Uint8Array, length: number): string {
  const data = view(bytes);
  const word = (index: number) => data.getUint32(index * 4, true);
  const at = IN_HEADER.word;
  const code = word(at.opcode);
  const row = OPCODE_BY_CODE[code];
  const shape = row === undefined ? {} : (SHAPES[row.name] ?? {});
  const nodeid = data.getBigUint64(at.nodeid * 4, true);
  const head =
    `${printUnique(word(at.unique), word(at.unique + 1))} ${row?.name ?? `opcode ${code}`} node ${nodeid}` +
    ` uid ${word(at.uid)} gid ${word(at.gid)} pid ${word(at.pid)}`;
  const fields = shape.in === undefined ? '' : printFields(bytes, BODY, length, shape.in);
  const rest = printNames(bytes, Math.min(BODY + (shape.in?.bytes ?? 0), length), length, shape.names ?? 0);
  const lying = word(at.len) === length ? '' : ` (says ${word(at.len)} bytes, has ${length})`;
  return head + fields + rest + lying;
}

/** A reply of n bytes in `bytes`, or of -n pieces; also a notification. `row` is its opcode where known. */
export function printReply(row: Opcode | undefined, bytes: Uint8Array, n: number): string {
  const data = view(bytes);
  const at = OUT_HEADER.word;
  const word = (index: number) => data.getUint32(index * 4, true);
  const error = data.getInt32(at.error * 4, true);
  const low = word(at.unique);
  const high = word(at.unique + 1);
  const unique = printUnique(low, high);
  if (low === 0 && high === 0 && error > 0) return `notify ${NOTIFY_NAMES.get(error) ?? error} ${n} bytes`;
  const name = row === undefined ? '' : ` ${row.name}`;
  if (error !== 0) return `${unique} =${name} ${errnoName(-error)}`;
  if (n < 0) return `${unique} =${name} ${-n} pieces`;
  let fields = '';
  let from = OUT;
  for (const layout of (row && SHAPES[row.name]?.out) ?? []) {
    fields += printFields(bytes, from, n, layout);
    from += layout.bytes;
  }
  return `${unique} =${name} ${n} bytes${fields}`;
}
