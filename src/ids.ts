/**
 * Node identity.
 *
 * A NodeID has 128 bits: 48 bits of milliseconds since 1970 (big-endian), then 80 bits from a CSPRNG.
 * In memory it is a byte string of 16 characters (one per byte), which compares and hashes as its
 * bytes do and sorts by time. Its text form is base58 (Bitcoin's alphabet), always 22 characters,
 * left-padded with `1`, so that text sorts as bytes do.
 */
import { randomFillSync } from 'node:crypto';
import { FxError } from './errors.ts';

/** 16 characters, each with a code below 256. */
export type NodeId = string & { readonly __brand?: 'NodeId' };

/** Inode number: local to a store, never reused, a safe integer from 1. */
export type Ino = number;

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
export const NODE_ID_BYTES = 16;
export const NODE_ID_TEXT_CHARS = 22;

const TIME_BYTES = 6;
/** Random bytes, of which each NodeID takes sixteen; the first six give way to the time. */
const pool = Buffer.alloc(16_384);
let poolUsed = pool.length;

/** A new NodeID for the time `ms` (milliseconds since 1970). */
export function newNodeId(ms: number): NodeId {
  if (poolUsed === pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  const start = poolUsed;
  let rest = ms;
  for (let i = TIME_BYTES - 1; i >= 0; i--) {
    pool[start + i] = rest & 0xff;
    rest = Math.floor(rest / 0x100);
  }
  poolUsed = start + NODE_ID_BYTES;
  return pool.latin1Slice(start, poolUsed);
}

/** Five digits at a time: the largest power of 58 by which numbers of 16-bit words divide exactly. */
const CHUNK = 58 ** 5;
const CHUNK_DIGITS = 5;
const words = new Array<number>(NODE_ID_BYTES / 2);

/** The NodeID as base58 text of 22 characters. */
export function nodeIdToText(id: NodeId): string {
  for (let i = 0; i < words.length; i++) words[i] = id.charCodeAt(2 * i) * 256 + id.charCodeAt(2 * i + 1);
  let text = '';
  while (text.length < NODE_ID_TEXT_CHARS) {
    let remainder = 0;
    for (let i = 0; i < words.length; i++) {
      const part = remainder * 0x1_0000 + (words[i] as number);
      words[i] = Math.floor(part / CHUNK);
      remainder = part % CHUNK;
    }
    for (let i = 0; i < CHUNK_DIGITS && text.length < NODE_ID_TEXT_CHARS; i++) {
      text = ALPHABET.charAt(remainder % 58) + text;
      remainder = Math.floor(remainder / 58);
    }
  }
  return text;
}

/** The NodeID that `text` stands for. Throws INVALID when it is no canonical NodeID text. */
export function nodeIdFromText(text: string): NodeId {
  if (text.length !== NODE_ID_TEXT_CHARS) {
    throw new FxError('INVALID', `"${text}" is no NodeID: it has ${text.length} characters, not ${NODE_ID_TEXT_CHARS}`);
  }
  let n = 0n;
  for (const char of text) {
    const digit = ALPHABET.indexOf(char);
    if (digit < 0) throw new FxError('INVALID', `"${text}" is no NodeID: "${char}" is not in base58`);
    n = n * 58n + BigInt(digit);
  }
  if (n >> 128n) throw new FxError('INVALID', `"${text}" is no NodeID: it is over 128 bits`);
  return Buffer.from(n.toString(16).padStart(32, '0'), 'hex').latin1Slice();
}
