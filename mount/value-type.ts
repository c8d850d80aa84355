/**
 * Names of value types, as `user.fx.type` shows them.
 */

import { decode } from '../src/uarr/v2.ts';
import { NodeRef, Sized, Timestamp, Uuid, type Value, vectorTypeOf } from '../src/uarr/value.ts';

/** The type's name: `map`, `string`, `i64`, `i32[]` for a vector; `damaged` when the value cannot be decoded. */
export function valueTypeName(encoded: Uint8Array): string {
  try {
    return typeNameOf(decode(encoded));
  } catch {
    return 'damaged';
  }
}

function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'bigint':
      return 'i64';
    case 'number':
      return 'f64';
    case 'boolean':
      return 'bool';
    case 'string':
    case 'undefined':
      return typeof value;
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Map) return 'map';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Sized) return value.type;
  if (value instanceof NodeRef) return 'noderef';
  if (value instanceof Timestamp) return 'timestamp';
  if (value instanceof Uuid) return 'uuid';
  return `${vectorTypeOf(value)}[]`;
}
