/**
 * Plain data: what arguments, results and messages are made of, and its encoding as UArr version 2.
 */
import { FxError } from '../errors.ts';
import { decode, encode } from '../uarr/v2.ts';
import { fromJs, toJs } from '../uarr/value.ts';

export type Plain = null | boolean | number | bigint | string | Uint8Array | readonly Plain[] | PlainMap;
export interface PlainMap {
  readonly [key: string]: Plain;
}

export function encodePlain(data: Plain): Uint8Array {
  return encode(fromJs(data));
}

/** Throws DAMAGED (by UArr) or PROTOCOL when `bytes` hold no plain data. */
export function decodePlain(bytes: Uint8Array): Plain {
  const data = toJs(decode(bytes));
  if (!isPlain(data)) throw new FxError('PROTOCOL', 'a value of a type that messages do not have');
  return data;
}

function isPlain(data: unknown): data is Plain {
  if (data === null || data instanceof Uint8Array) return true;
  if (Array.isArray(data)) return data.every(isPlain);
  if (typeof data !== 'object') return data !== undefined;
  return Object.getPrototypeOf(data) === Object.prototype && Object.values(data).every(isPlain);
}
