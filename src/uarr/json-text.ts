/**
 * Values as readable JSON text, for people and for the raw lens.
 *
 * Two spaces per level, map keys in their order, no newline at the end. Integers of any size are exact; an f64
 * always has a point or an exponent (`1.0`), so that it differs from an integer. JSON has no
 * place for the rest: undefined is `null`; NaN and the infinities are strings; bytes are base64, UUIDs
 * text, timestamps ISO 8601 with nanoseconds, node references `n:` and the id, all as strings; vectors
 * are arrays on one line.
 */
import { NodeRef, Sized, Timestamp, Uuid, type Value } from './model.ts';

/** The text of `value`; always valid JSON. */
export function toJsonText(value: Value): string {
  return render(value, '\n');
}

function render(value: Value, newline: string): string {
  switch (typeof value) {
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return float(value);
    case 'string':
      return JSON.stringify(value);
    case 'undefined':
      return 'null';
  }
  if (value === null) return 'null';
  if (value instanceof Map) return renderMap(value, newline);
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const inner = `${newline}  `;
    return `[${value.map((item) => inner + render(item, inner)).join(',')}${newline}]`;
  }
  if (value instanceof Sized) return value.type === 'f32' ? float(value.value as number) : String(value.value);
  if (value instanceof NodeRef) return JSON.stringify(`n:${value.id}`);
  if (value instanceof Timestamp || value instanceof Uuid) return `"${value.toString()}"`;
  if (value instanceof Uint8Array) {
    return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`;
  }
  const isFloat = value instanceof Float64Array || value instanceof Float32Array;
  return `[${Array.from(value as Iterable<number | bigint>, (n) => (isFloat ? float(n as number) : String(n))).join(', ')}]`;
}

function renderMap(map: Map<string, Value>, newline: string): string {
  if (map.size === 0) return '{}';
  const inner = `${newline}  `;
  const parts: string[] = [];
  for (const [key, item] of map) parts.push(`${inner}${JSON.stringify(key)}: ${render(item, inner)}`);
  return `{${parts.join(',')}${newline}}`;
}

function float(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
