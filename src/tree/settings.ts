/**
 * Options of the tree's methods, and how they are checked and turned into what the store takes.
 */
import { FxError } from '../errors.ts';
import type { Changes } from '../store/api.ts';
import { MODE_MASK, type Node } from '../store/node.ts';
import { decode, encode } from '../uarr/v2.ts';
import { fromJs, type Value } from '../uarr/value.ts';

/** A blob of up to so many bytes is put in one frame; a longer one in several. */
export const PUT_ATOMIC_BYTES_MAX = 32 << 20;
/** A recursive removal of up to so many names is one frame; a larger one takes several. */
export const REMOVE_ATOMIC_NAMES_MAX = 10_000;

export interface TreeOptions {
  /** Owner of what is created; the process's by default. */
  uid?: number;
  gid?: number;
}

export interface CreateOptions {
  /** Permission and set-id bits; 0o644, for directories 0o755. An existing node keeps its own when absent. */
  mode?: number;
  uid?: number;
  gid?: number;
  /** Creates missing directories on the way, with mode 0o755. */
  parents?: boolean;
}

export interface PutOptions extends CreateOptions {
  /**
   * How to take the value: `bytes` as a blob (Uint8Array, or text as UTF-8); `value` as a typed value through
   * `fromJs`; `exact` as a typed value that is a `Value` already. By default a Uint8Array is a blob,
   * anything else a typed value.
   */
  type?: 'bytes' | 'value' | 'exact';
  /** EXISTS when the path is taken, instead of replacing what is there. */
  noReplace?: boolean;
}

export interface AttributeSettings {
  mode?: number;
  uid?: number;
  gid?: number;
  /** Nanoseconds since 1970. */
  atimeNs?: bigint;
  mtimeNs?: bigint;
  /** Extended attributes to set, or to remove with null. */
  xattrs?: Readonly<Record<string, Uint8Array | string | null>>;
  /** Free metadata as plain data, replaced as a whole; null removes it. */
  meta?: Readonly<Record<string, unknown>> | null;
}

export function typedValueOf(node: Node): Value {
  return node.value === null ? undefined : decode(node.value);
}

export function blobOf(value: unknown, type: PutOptions['type']): Uint8Array | undefined {
  if (value instanceof Uint8Array && (type === undefined || type === 'bytes')) return value;
  if (type !== 'bytes') return undefined;
  if (typeof value === 'string') return Buffer.from(value);
  throw new FxError('INVALID', `bytes are a Uint8Array or text, not a ${typeof value}`);
}

export function encodeValue(value: unknown, type: PutOptions['type']): Uint8Array {
  if (type === 'exact') return encode(value as Value);
  if (value === undefined) throw new FxError('INVALID', 'undefined is no value to put; use null, or remove the node');
  return encode(fromJs(value));
}

export function ownership(settings: { mode?: number; uid?: number; gid?: number }): Changes {
  const changes: Changes = {};
  if (settings.mode !== undefined) changes.mode = checkMode(settings.mode);
  if (settings.uid !== undefined) changes.uid = settings.uid;
  if (settings.gid !== undefined) changes.gid = settings.gid;
  return changes;
}

export function checkMode(mode: number): number {
  if (Number.isInteger(mode) && mode >= 0 && mode <= MODE_MASK) return mode;
  throw new FxError('INVALID', `${mode} is no mode; it is a number from 0 to 0o7777`);
}
