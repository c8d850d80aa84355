/**
 * FXD's write-ahead log, `.fxwal`: reader and writer.
 *
 * All integers are little-endian. Header, 32 bytes: `FXWAL` (5), version u16 = 1 at offset 5, flags u8 at 7,
 * zero up to 32. Then records:
 *
 * | offset | size | field                                                                        |
 * |--------|------|------------------------------------------------------------------------------|
 * | 0      | 8    | seq u64, from 1                                                              |
 * | 8      | 8    | time u64, ns since 1970                                                      |
 * | 16     | 1    | type: 1 NODE_CREATE 2 NODE_PATCH 3 LINK_ADD 4 LINK_DEL 5 SIGNAL 6 CHECKPOINT |
 * | 17     | 2    | bytes of the node id                                                         |
 * | 19     | 4    | bytes of the payload                                                         |
 * | 23     | 4    | zero                                                                         |
 * | 27     |      | node id, UTF-8                                                               |
 * |        |      | payload, UArr version 1                                                      |
 * |        | 4    | CRC-32 (as in zlib) of all before it in the record                           |
 *
 * Damage: a record whose checksum fails is reported as `damaged`, and reading goes on at the next place where
 * a record with a good checksum begins (its own lengths may be what is wrong). A record that reaches past the
 * end of the file with no good record after its start is reported as `cut` and ends the reading. Payloads are
 * not decoded here.
 */
import { crc32 } from 'node:zlib';
import { Reader, Writer } from '../bytes.ts';
import { FxError } from '../errors.ts';
import { readText } from '../uarr/text.ts';

export const FXWAL_TYPE = {
  nodeCreate: 1,
  nodePatch: 2,
  linkAdd: 3,
  linkDelete: 4,
  signal: 5,
  checkpoint: 6,
} as const;

const MAGIC = 'FXWAL';
const VERSION = 1;
const HEADER_BYTES = 32;
const HEAD_BYTES = 27;
const CRC_BYTES = 4;

export interface FxwalRecord {
  seq: bigint;
  timeNs: bigint;
  /** One of FXWAL_TYPE, or a number that this version does not know. */
  type: number;
  nodeId: string;
  /** UArr version 1. */
  payload: Uint8Array;
}

/** What a reader meets, in file order. `offset` is in bytes from the file's start. */
export type FxwalItem =
  | { kind: 'record'; offset: number; record: FxwalRecord }
  | { kind: 'damaged'; offset: number; bytes: number; why: string }
  | { kind: 'cut'; offset: number; bytes: number };

/**
 * Reads a log in pieces: `push` each piece, then `end`; both return what became known. Memory holds the record at
 * hand; after damage, everything up to the next good record. BAD_SOURCE when it is no `.fxwal` file of a known
 * version.
 */
export class FxwalParser {
  /** Flags byte of the file's header, known after the first 32 bytes. */
  flags = 0;
  private readonly what: string;
  private pending: Buffer = Buffer.alloc(0);
  /** Pieces that are not yet part of `pending`, and their bytes. */
  private chunks: Uint8Array[] = [];
  private chunkBytes = 0;
  /** File offset of `pending`. */
  private offset = 0;
  private started = false;
  /** What `pending` must reach before it is worth looking again. */
  private wanted = HEADER_BYTES;
  private damaged = false;

  /** `what` names the source in errors. */
  constructor(what = 'the log') {
    this.what = what;
  }

  push(chunk: Uint8Array): FxwalItem[] {
    this.chunks.push(new Uint8Array(chunk));
    this.chunkBytes += chunk.length;
    if (this.damaged || this.pending.length + this.chunkBytes < this.wanted) return [];
    this.gather();
    return this.take();
  }

  end(): FxwalItem[] {
    this.gather();
    const items = this.take();
    const rest = resync(this.pending, this.offset);
    this.pending = Buffer.alloc(0);
    return [...items, ...rest];
  }

  private gather(): void {
    this.pending = Buffer.concat([this.pending, ...this.chunks]);
    this.chunks = [];
    this.chunkBytes = 0;
    if (this.started) return;
    this.flags = readHeader(this.pending, this.what);
    this.started = true;
    this.drop(HEADER_BYTES);
  }

  private drop(bytes: number): void {
    this.pending = this.pending.subarray(bytes);
    this.offset += bytes;
  }

  /** Takes good records off `pending` until one is incomplete or damaged. */
  private take(): FxwalItem[] {
    const items: FxwalItem[] = [];
    let at = 0;
    for (;;) {
      const size = recordBytes(this.pending, at);
      if (size === 0) this.wanted = HEAD_BYTES;
      else this.wanted = size;
      if (size === 0 || at + size > this.pending.length) break;
      const record = readRecord(this.pending, at, size);
      if (record === undefined) {
        this.damaged = true;
        break;
      }
      items.push({ kind: 'record', offset: this.offset + at, record });
      at += size;
    }
    this.drop(at);
    return items;
  }
}

/** Reads a whole log. BAD_SOURCE when it is no `.fxwal` file of a known version; `what` names it in the message. */
export function* readFxwal(source: Uint8Array | Iterable<Uint8Array>, what?: string): Generator<FxwalItem> {
  const parser = new FxwalParser(what);
  for (const chunk of source instanceof Uint8Array ? [source] : source) yield* parser.push(chunk);
  yield* parser.end();
}

function readHeader(bytes: Buffer, what: string): number {
  if (bytes.length < HEADER_BYTES || bytes.latin1Slice(0, 5) !== MAGIC) {
    throw new FxError('BAD_SOURCE', `${what} is no .fxwal file, or is cut in its header: name a file that FXD wrote`);
  }
  const version = bytes.readUInt16LE(5);
  if (version !== VERSION) {
    throw new FxError(
      'BAD_SOURCE',
      `${what} has .fxwal version ${version}, only ${VERSION} is known: save it with a known FXD`,
    );
  }
  return bytes[7] as number;
}

/** Bytes the record at `at` says it has, its checksum included; 0 when its head is not complete. */
function recordBytes(bytes: Buffer, at: number): number {
  if (bytes.length - at < HEAD_BYTES) return 0;
  return HEAD_BYTES + bytes.readUInt16LE(at + 17) + bytes.readUInt32LE(at + 19) + CRC_BYTES;
}

/** The record of `size` bytes at `at`, or undefined when its checksum or its id is bad. */
function readRecord(bytes: Buffer, at: number, size: number): FxwalRecord | undefined {
  const crcAt = at + size - CRC_BYTES;
  if (crc32(bytes.subarray(at, crcAt)) !== bytes.readUInt32LE(crcAt)) return undefined;
  const reader = new Reader(bytes, at, crcAt, '.fxwal record');
  const seq = reader.raw(8).readBigUInt64LE();
  const timeNs = reader.raw(8).readBigUInt64LE();
  const type = reader.u8();
  const idBytes = reader.u16();
  const payloadBytes = reader.u32();
  reader.u32();
  const idAt = reader.position;
  reader.raw(idBytes);
  const nodeId = readText(bytes, idAt, reader.position);
  if (nodeId === undefined) return undefined;
  return { seq, timeNs, type, nodeId, payload: new Uint8Array(reader.raw(payloadBytes)) };
}

/** Most bytes that a search for the next good record may run checksums over, beside four times the file. */
const SEARCH_BYTES_MIN = 16 << 20;

/** Reads what follows a record that could not be read, `bytes`, which begin at file offset `offset`. */
function resync(bytes: Buffer, offset: number): FxwalItem[] {
  const items: FxwalItem[] = [];
  let budget = SEARCH_BYTES_MIN + bytes.length * 4;
  let good = 0;
  let at = 0;
  while (at < bytes.length) {
    const size = recordBytes(bytes, at);
    const fits = size > 0 && at + size <= bytes.length && (at === good || looksLikeRecord(bytes, at));
    if (fits) budget -= size;
    if (budget < 0) break;
    const record = fits ? readRecord(bytes, at, size) : undefined;
    if (record === undefined) {
      at++;
      continue;
    }
    if (at > good) items.push(damagedItem(offset, good, at));
    items.push({ kind: 'record', offset: offset + at, record });
    at += size;
    good = at;
  }
  if (good === bytes.length) return items;
  const size = recordBytes(bytes, good);
  const isCut = size === 0 || good + size > bytes.length;
  if (isCut && budget >= 0) items.push({ kind: 'cut', offset: offset + good, bytes: bytes.length - good });
  else items.push(damagedItem(offset, good, bytes.length));
  return items;
}

function damagedItem(offset: number, from: number, to: number): FxwalItem {
  const why = `the checksum of the record at byte ${offset + from} fails, or its length is wrong: ${to - from} bytes are lost`;
  return { kind: 'damaged', offset: offset + from, bytes: to - from, why };
}

function looksLikeRecord(bytes: Buffer, at: number): boolean {
  const type = bytes[at + 16] as number;
  return type >= 1 && type <= 8 && bytes.readUInt32LE(at + 23) === 0;
}

/** Builds a log in memory, byte for byte as FXD does. */
export class FxwalWriter {
  private readonly out = new Writer(4096);

  constructor(flags = 0) {
    this.out.latin1(MAGIC);
    this.out.u16(VERSION);
    this.out.u8(flags);
    this.out.raw(Buffer.alloc(HEADER_BYTES - this.out.position));
  }

  /** INVALID: an id over 65,535 bytes. */
  append(record: FxwalRecord): void {
    const id = Buffer.from(record.nodeId, 'utf8');
    if (id.length > 0xffff)
      throw new FxError('INVALID', `a node id of ${id.length} bytes does not fit a .fxwal record`);
    const start = this.out.position;
    const times = Buffer.alloc(16);
    times.writeBigUInt64LE(record.seq, 0);
    times.writeBigUInt64LE(record.timeNs, 8);
    this.out.raw(times);
    this.out.u8(record.type);
    this.out.u16(id.length);
    this.out.u32(record.payload.length);
    this.out.u32(0);
    this.out.raw(id);
    this.out.raw(record.payload);
    this.out.u32(crc32(this.out.bytes.subarray(start, this.out.position)));
  }

  /** The file so far. */
  finish(): Buffer {
    return this.out.copy();
  }
}
