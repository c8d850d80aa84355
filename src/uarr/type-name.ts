/**
 * Names of value types, as people and selectors know them.
 */
import { NodeRef, Sized, Timestamp, Uuid, type Value, vectorTypeOf } from './model.ts';

/**
 * Type of a value: null, undefined, bool, string, i64, f64, i8 … u64, f32, bytes, array, map, node,
 * timestamp, uuid; a vector's is its element type with "[]", such as `f32[]`.
 */
export function valueTypeName(value: Value): string {
  switch (typeof value) {
    case 'undefined':
      return 'undefined';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'bigint':
      return 'i64';
    case 'number':
      return 'f64';
    default:
      return objectTypeName(value);
  }
}

function objectTypeName(value: Exclude<Value, undefined | boolean | string | bigint | number>): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Map) return 'map';
  if (value instanceof Sized) return value.type;
  if (value instanceof NodeRef) return 'node';
  if (value instanceof Timestamp) return 'timestamp';
  if (value instanceof Uuid) return 'uuid';
  if (value instanceof Uint8Array) return 'bytes';
  return `${vectorTypeOf(value)}[]`;
}
