/**
 * One request and the reply to it, in two buffers that are used again and again.
 *
 * There is one Exchange per session. `Session.handle` fills its header fields for each request and calls
 * the opcode's handler, which reads the request through it and builds the reply in `output`. Nothing here
 * outlives the call. Handlers address both buffers in 32-bit words (see `layouts.ts`); a 64-bit field is
 * read as a number, exact to 2^53.
 *
 * The kernel's bytes are not trusted: `checked` bounds (the table's minimum body, `end`) come first, and a
 * request that breaks them throws PROTOCOL, which is answered with EIO.
 */
import { endianness } from 'node:os';
import { FxError } from '../../src/errors.ts';
import type { Ino } from '../../src/ids.ts';
import { LINKS_MAX } from '../../src/limits.ts';
import type { Name } from '../../src/names.ts';
import { type Attributes, KIND, type Kind, MODE_MASK } from '../../src/store/node.ts';
import type { Caller, Operations } from '../operations.ts';
import { supplementaryGroups } from './extensions.ts';
import {
  ATTR,
  ATTR_ANSWER_BYTES,
  ATTR_OUT,
  BODY,
  ENTRY_BYTES,
  ENTRY_OUT,
  IN_HEADER,
  OUT,
  OUT_WORD,
} from './layouts.ts';
import type { LookupCounts } from './lookups.ts';
import { OpenCounts } from './open-counts.ts';
import { S_IFMT } from './protocol.ts';

const TWO_32 = 0x1_0000_0000;
/** Which word of a u64 holds its low half: the kernel speaks the host's byte order. */
const LOW = endianness() === 'LE' ? 0 : 1;
const HIGH = 1 - LOW;

/** Cache for ever, or rather 136 years: seconds, clamped further by the kernel. */
export const TIMEOUT_SEC_MAX = 0xffff_ffff;
export const BLOCK_BYTES = 4096;
export const SECTOR_BYTES = 512;

/** File type bits of st_mode by kind; index 0 is no kind. */
const TYPE_BITS: Uint16Array = new Uint16Array(8);
TYPE_BITS[KIND.file] = 0o100000;
TYPE_BITS[KIND.directory] = 0o040000;
TYPE_BITS[KIND.symlink] = 0o120000;
TYPE_BITS[KIND.fifo] = 0o010000;
TYPE_BITS[KIND.socket] = 0o140000;
TYPE_BITS[KIND.charDevice] = 0o020000;
TYPE_BITS[KIND.blockDevice] = 0o060000;

/** The type field of a directory entry (DT_* of readdir(3)), which is the file type bits shifted down. */
export function direntType(kind: Kind): number {
  return (TYPE_BITS[kind] as number) >> 12;
}

/** st_mode of a file. */
export function modeWithType({ kind, mode }: Attributes): number {
  return (TYPE_BITS[kind] as number) | (mode & MODE_MASK);
}

/** The kind that the file type bits of a mode stand for; no type bits mean a regular file, as in mknod(2). */
export function kindOfMode(mode: number): Kind | undefined {
  const bits = mode & S_IFMT;
  if (bits === 0) return KIND.file;
  const kind = TYPE_BITS.indexOf(bits);
  return kind > 0 ? (kind as Kind) : undefined;
}

/** What a handler may leave for the session beside its reply. */
export interface Replier {
  /** Answers this request later: the reply is empty, or an error when the promise rejects. `giveUp` is called if it is interrupted before. Returns 0. */
  defer(result: Promise<void>, giveUp?: () => void): number;
  /** A request with this `unique` is to be given up. */
  interrupt(uniqueLow: number, uniqueHigh: number): void;
  /** The kernel has unmounted. */
  destroyed(): void;
  negotiate(): number;
}

export interface ExchangeSettings {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  readonly pieces: Float64Array;
  readonly readOnly: boolean;
  /** Seconds that entries and attributes stay valid in the kernel: TIMEOUT_SEC_MAX or 0. */
  readonly timeoutSec: number;
  /** Reads a piece into memory when there are more of them than `pieces` holds; throws IO. */
  readonly readPiece: ((fd: number, position: number, target: Uint8Array) => void) | undefined;
}

export class Exchange {
  readonly operations: Operations;
  readonly lookups: LookupCounts;
  readonly replier: Replier;
  readonly input: Buffer;
  readonly output: Buffer;
  readonly in: Uint32Array;
  readonly out: Uint32Array;
  readonly pieces: Float64Array;
  readonly readOnly: boolean;
  readonly timeoutSec: number;
  readonly readPiece: ExchangeSettings['readPiece'];
  readonly caller: Caller = { uid: 0, gid: 0, pid: 0, umask: 0, groups: undefined };
  /** Handles of open files that need `release`, with their inode. */
  readonly handles = new Map<number, Ino>();
  /** How often each file is open, where locks are shared. */
  readonly openCounts = new OpenCounts();

  /** Flags agreed on at INIT that change how requests read. */
  setxattrExt = false;
  noOpendir = false;
  /** Opens and creations that are still answered before the kernel may be told that it needs none: see `open`. */
  opensAnswered = Infinity;
  /** The kernel was told, and opens and closes files by itself. */
  noOpen = false;
  /** The kernel enforces access lists. */
  checksLists = false;
  /** Requests that create tell of the caller's groups. */
  tellsGroups = false;

  uniqueLow = 0;
  uniqueHigh = 0;
  nodeid: Ino = 0;
  /** Where the request's body ends: its length less extensions, which end at `extensionsEnd`. */
  end = 0;
  extensionsEnd = 0;
  /** Set by `fail`. */
  errno = 0;
  /** The reply tells of a change, and waits for it to be durable where the policy says so. */
  held = false;
  /** What the kernel will know once it gets this reply; taken back if it never does. */
  entryIno: Ino = 0;
  openedHandle = 0;

  constructor(operations: Operations, lookups: LookupCounts, replier: Replier, settings: ExchangeSettings) {
    const { input, output } = settings;
    this.operations = operations;
    this.lookups = lookups;
    this.replier = replier;
    this.input = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    this.output = Buffer.from(output.buffer, output.byteOffset, output.byteLength);
    this.in = new Uint32Array(input.buffer, input.byteOffset, input.byteLength >> 2);
    this.out = new Uint32Array(output.buffer, output.byteOffset, output.byteLength >> 2);
    this.pieces = settings.pieces;
    this.readOnly = settings.readOnly;
    this.timeoutSec = settings.timeoutSec;
    this.readPiece = settings.readPiece;
  }

  // Reading the request.

  /** Takes the header of a request of `length` bytes, at least a header long. */
  begin(length: number): void {
    const words = this.in;
    this.uniqueLow = words[IN_HEADER.word.unique] as number;
    this.uniqueHigh = words[IN_HEADER.word.unique + 1] as number;
    this.nodeid = this.u64(IN_HEADER.word.nodeid);
    this.caller.uid = words[IN_HEADER.word.uid] as number;
    this.caller.gid = words[IN_HEADER.word.gid] as number;
    this.caller.pid = words[IN_HEADER.word.pid] as number;
    const last = words[IN_HEADER.word.total_extlen] as number;
    this.end = length - (LOW === 0 ? last & 0xffff : last >>> 16) * 8;
    this.extensionsEnd = length;
    this.errno = 0;
    this.held = false;
    this.entryIno = 0;
    this.openedHandle = 0;
  }

  /** The caller as one who makes something, with a umask. */
  creator(umask: number): Caller {
    const { caller } = this;
    caller.umask = umask;
    caller.groups = this.tellsGroups ? supplementaryGroups(this) : undefined;
    return caller;
  }

  u32(word: number): number {
    return this.in[word] as number;
  }

  u64(word: number): number {
    return (this.in[word + LOW] as number) + (this.in[word + HIGH] as number) * TWO_32;
  }

  /** A 64-bit field, exactly. */
  bigU64(word: number): bigint {
    return (BigInt(this.u32(word + HIGH)) << 32n) | BigInt(this.u32(word + LOW));
  }

  /** A signed 64-bit field, clamped to what a number holds exactly. */
  i64(word: number): number {
    const value = (this.in[word + LOW] as number) + ((this.in[word + HIGH] as number) | 0) * TWO_32;
    if (Number.isSafeInteger(value)) return value;
    return value < 0 ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
  }

  /** The NUL-terminated name at byte `start`, which ends the body. */
  lastName(start: number): Name {
    const nul = this.#findNul(start);
    if (nul !== this.end - 1) this.malformed('bytes follow the name');
    return this.input.latin1Slice(start, nul);
  }

  /** The NUL-terminated name at byte `start`, when more follows: at `start + name.length + 1`. */
  firstName(start: number): Name {
    return this.input.latin1Slice(start, this.#findNul(start));
  }

  #findNul(start: number): number {
    const { input, end } = this;
    for (let i = start; i < end; i++) if (input[i] === 0) return i;
    return this.malformed('a name is not terminated');
  }

  malformed(why: string): never {
    throw new FxError('PROTOCOL', `malformed FUSE request: ${why}`);
  }

  // Building the reply. Handlers return its length, header included; the session writes the header.

  /** The reply is this error. */
  fail(errno: number): number {
    this.errno = errno;
    return OUT;
  }

  put64(word: number, value: number): void {
    const { out } = this;
    out[word + LOW] = value;
    out[word + HIGH] = value >= 0 && value < TWO_32 ? 0 : Math.floor(value / TWO_32);
  }

  putBig64(word: number, value: bigint): void {
    this.out[word + LOW] = Number(value & 0xffff_ffffn);
    this.out[word + HIGH] = Number(value >> 32n);
  }

  /** Two 16-bit fields that share a word, in the order of the struct. */
  put16s(word: number, first: number, second: number): void {
    this.out[word] = LOW === 0 ? first | (second << 16) : (first << 16) | second;
  }

  /** Writes ATTR. */
  putAttributes(word: number, attributes: Attributes): void {
    const { out } = this;
    const at = ATTR.word;
    this.put64(word + at.ino, attributes.ino);
    this.put64(word + at.size, attributes.size);
    this.put64(word + at.blocks, Math.ceil(attributes.storedBytes / SECTOR_BYTES));
    this.put64(word + at.atime, attributes.atimeSec);
    this.put64(word + at.mtime, attributes.mtimeSec);
    this.put64(word + at.ctime, attributes.ctimeSec);
    out[word + at.atimensec] = attributes.atimeNsec;
    out[word + at.mtimensec] = attributes.mtimeNsec;
    out[word + at.ctimensec] = attributes.ctimeNsec;
    out[word + at.mode] = modeWithType(attributes);
    out[word + at.nlink] = shownLinks(attributes);
    out[word + at.uid] = attributes.uid;
    out[word + at.gid] = attributes.gid;
    out[word + at.rdev] = attributes.rdev;
    out[word + at.blksize] = BLOCK_BYTES;
    out[word + at.flags] = 0;
  }

  /** Writes ENTRY_OUT and ATTR, and counts the lookup. */
  putEntry(word: number, attributes: Attributes): void {
    const { out, timeoutSec } = this;
    const at = ENTRY_OUT.word;
    this.put64(word + at.nodeid, attributes.ino);
    this.put64(word + at.generation, 0);
    const { volatile } = attributes;
    this.put64(word + at.entry_valid, volatile === 'entry' ? 0 : timeoutSec);
    this.put64(word + at.attr_valid, volatile === undefined ? timeoutSec : 0);
    out[word + at.entry_valid_nsec] = 0;
    out[word + at.attr_valid_nsec] = 0;
    this.putAttributes(word + (ENTRY_OUT.bytes >> 2), attributes);
    this.lookups.add(attributes.ino);
  }

  /** A reply of one entry. */
  entry(attributes: Attributes): number {
    this.putEntry(OUT_WORD, attributes);
    this.entryIno = attributes.ino;
    return OUT + ENTRY_BYTES;
  }

  /** "There is no such name", which the kernel may remember as long as an entry. */
  noEntry(): number {
    this.out.fill(0, OUT_WORD, OUT_WORD + (ENTRY_BYTES >> 2));
    this.put64(OUT_WORD + ENTRY_OUT.word.entry_valid, this.timeoutSec);
    return OUT + ENTRY_BYTES;
  }

  /** A reply of attributes alone. */
  attributes(attributes: Attributes): number {
    this.put64(OUT_WORD + ATTR_OUT.word.attr_valid, attributes.volatile === undefined ? this.timeoutSec : 0);
    this.out[OUT_WORD + ATTR_OUT.word.attr_valid_nsec] = 0;
    this.out[OUT_WORD + ATTR_OUT.word.dummy] = 0;
    this.putAttributes(OUT_WORD + (ATTR_OUT.bytes >> 2), attributes);
    return OUT + ATTR_ANSWER_BYTES;
  }

  /** A reply of raw bytes. RANGE when they do not fit `output`. */
  data(bytes: Uint8Array): number {
    if (OUT + bytes.length > this.output.length) throw new FxError('RANGE');
    this.output.set(bytes, OUT);
    return OUT + bytes.length;
  }
}

/**
 * A directory with more subdirectories than the limit of links shows one link, which says that they cannot be
 * counted so (as ext4 with dir_nlink does).
 */
export function shownLinks({ kind, nlink }: Attributes): number {
  return kind === KIND.directory && nlink > LINKS_MAX ? 1 : nlink;
}

/** First byte after a body struct of `bytes`. */
export function after(layout: { readonly bytes: number }): number {
  return BODY + layout.bytes;
}
