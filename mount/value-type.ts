/**
 * The type of an encoded value, as `user.fx.type` shows it.
 */

import { decode } from '../src/uarr/v2.ts';
import { valueTypeName } from '../src/uarr/value.ts';

/** The type's name: `map`, `string`, `i64`, `i32[]` for a vector; `damaged` when the value cannot be decoded. */
export function encodedTypeName(encoded: Uint8Array): string {
  try {
    return valueTypeName(decode(encoded));
  } catch {
    return 'damaged';
  }
}
