/**
 * Numbers of UArr version 2 that encoder, decoder and view share. The format is described in `v2.ts`.
 */
import { endianness } from 'node:os';
import { FxError, invariant } from '../errors.ts';
import { VALUE_BYTES_MAX } from '../limits.ts';

/** `RRAU` read as a little-endian u32, as in version 1. */
export const MAGIC = 0x55415252;
export const VERSION = 2;
/** Where the root's slot and the root's payload begin. */
export const ROOT_SLOT = 8;
export const ROOT_HEAP = 16;
/** Bytes of a container's head, a map's entry, and a slot. */
export const HEAD_BYTES = 8;
export const ENTRY_BYTES = 16;
export const SLOT_BYTES = 8;
/** High half of the one f64 NaN, and the one f32 NaN. */
export const F64_NAN_HIGH = 0x7ff8_0000;
export const F32_NAN = 0x7fc0_0000;

/** Type tags. The numbers never change meaning; up to 0x32 they are those of version 1. */
export const TAG = {
  i8: 0x00,
  i16: 0x01,
  i32: 0x02,
  i64: 0x03,
  u8: 0x04,
  u16: 0x05,
  u32: 0x06,
  u64: 0x07,
  f32: 0x08,
  f64: 0x09,
  bool: 0x0a,
  null: 0x0b,
  undefined: 0x0c,
  string: 0x10,
  bytes: 0x11,
  array: 0x20,
  map: 0x21,
  nodeRef: 0x30,
  timestamp: 0x31,
  uuid: 0x32,
  /** A vector's tag is this plus its elements' tag (never u8: that is `bytes`). */
  vector: 0x40,
} as const;

type ScalarVectorClass =
  | typeof Int8Array
  | typeof Int16Array
  | typeof Int32Array
  | typeof BigInt64Array
  | typeof Uint16Array
  | typeof Uint32Array
  | typeof BigUint64Array
  | typeof Float32Array
  | typeof Float64Array;

/** Class of a vector by its tag. */
export const VECTOR_CLASS: ReadonlyMap<number, ScalarVectorClass> = new Map<number, ScalarVectorClass>([
  [TAG.vector + TAG.i8, Int8Array],
  [TAG.vector + TAG.i16, Int16Array],
  [TAG.vector + TAG.i32, Int32Array],
  [TAG.vector + TAG.i64, BigInt64Array],
  [TAG.vector + TAG.u16, Uint16Array],
  [TAG.vector + TAG.u32, Uint32Array],
  [TAG.vector + TAG.u64, BigUint64Array],
  [TAG.vector + TAG.f32, Float32Array],
  [TAG.vector + TAG.f64, Float64Array],
]);

/** Names of types by tag, for errors and `View.type`. */
export const TYPE_NAME: ReadonlyMap<number, string> = new Map([
  ...Object.entries(TAG)
    .filter(([name]) => name !== 'vector')
    .map(([name, tag]): [number, string] => [tag, name]),
  ...[...VECTOR_CLASS.keys()].map((tag): [number, string] => {
    const element = Object.entries(TAG).find(([, scalar]) => scalar === tag - TAG.vector);
    return [tag, `${element?.[0]}[]`];
  }),
]);

/** Whether a value of this tag lies in its slot itself. */
export function isInline(tag: number): boolean {
  return tag <= TAG.undefined || tag === TAG.timestamp;
}

export function damaged(at: number, why: string): never {
  throw new FxError('DAMAGED', `damaged value at byte ${at}: ${why}`);
}

/** A little-endian u32, 0 .. 2^32-1; `at + 4` must lie inside. */
export function readU32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  return (low | ((bytes[at + 3] as number) << 24)) >>> 0;
}

invariant(endianness() === 'LE', 'the host is little-endian, as vectors in memory are');
invariant(VALUE_BYTES_MAX / ENTRY_BYTES < 1 << 24, "an entry's index fits 24 bits");
