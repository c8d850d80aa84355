/**
 * Scalars as one line of text, and back: the type comes from the node, never from the text.
 */
import { FxError } from '../src/errors.ts';
import { I64_MAX, I64_MIN, NodeRef, Sized, Timestamp, toJsonText, Uuid, type Value } from '../src/uarr/value.ts';

/** The line of a scalar, without its newline. A string is its own line. */
export function printScalar(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof NodeRef) return `n:${value.id}`;
  if (value instanceof Timestamp || value instanceof Uuid) return value.toString();
  if (value instanceof Sized && value.type === 'f32') return printScalar(value.value as number);
  return value === undefined ? '' : toJsonText(value);
}

export type Scalar = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

/** The scalar of `like`'s type that `text` says. White space around anything but a string does not count. */
export function parseScalar(text: string, like: Value): Scalar {
  if (typeof like === 'string') return { ok: true, value: text };
  const word = text.trim();
  if (like === null) return { ok: true, value: word === 'null' ? null : text };
  if (like === undefined) return { ok: true, value: word === '' ? undefined : text };
  if (typeof like === 'boolean') {
    if (word === 'true' || word === 'false') return { ok: true, value: word === 'true' };
    return wrong(word, 'true or false');
  }
  if (typeof like === 'bigint') return parseInteger(word, I64_MIN, I64_MAX);
  if (typeof like === 'number') return parseFloatText(word);
  if (like instanceof Sized) return parseSized(word, like);
  if (like instanceof NodeRef) {
    return word.length > 2 && word.startsWith('n:')
      ? { ok: true, value: new NodeRef(word.slice(2)) }
      : wrong(word, 'n:ID');
  }
  if (like instanceof Timestamp) return parseTimestamp(word);
  if (like instanceof Uuid) {
    return attempt(() => Uuid.parse(word)) ?? wrong(word, 'a UUID such as 00112233-4455-6677-8899-aabbccddeeff');
  }
  return wrong(word, 'a scalar');
}

function wrong(word: string, wanted: string): Scalar {
  const shown = word.length > 40 ? `${word.slice(0, 40)}…` : word;
  return { ok: false, message: `${JSON.stringify(shown)} is not ${wanted}` };
}

function attempt(make: () => Value): Scalar | undefined {
  try {
    return { ok: true, value: make() };
  } catch (error) {
    if (error instanceof FxError) return undefined;
    throw error;
  }
}

function parseInteger(word: string, min: bigint, max: bigint): Scalar {
  if (!/^[+-]?\d+$/.test(word) || word.length > 40) return wrong(word, 'an integer');
  const value = BigInt(word.replace('+', ''));
  return value >= min && value <= max ? { ok: true, value } : wrong(word, `an integer from ${min} to ${max}`);
}

function parseFloatText(word: string): Scalar {
  if (/^(?:NaN|[+-]?Infinity)$/.test(word)) return { ok: true, value: Number(word) };
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(word)) return wrong(word, 'a number');
  const value = Number(word);
  return Number.isFinite(value) ? { ok: true, value } : wrong(word, 'a number that fits 64 bits');
}

function parseSized(word: string, { type }: Sized): Scalar {
  const parsed = type === 'f32' ? parseFloatText(word) : parseInteger(word, I64_MIN, 2n ** 64n - 1n);
  if (!parsed.ok) return parsed;
  const number = type === 'u64' ? (parsed.value as bigint) : Number(parsed.value);
  return (
    attempt(() => new Sized(type, type === 'f32' ? Math.fround(number as number) : number)) ??
    wrong(word, `a number of the type ${type}`)
  );
}

const TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|z|[+-]\d\d:\d\d)$/;

/** A time in ISO 8601 with its zone; nanoseconds are exact. */
export function parseTimestamp(word: string): Scalar {
  const match = TIME.exec(word);
  const wanted = 'a time such as 2025-11-19T11:17:54Z, from 1970 to 2554';
  if (match === null) return wrong(word, wanted);
  const [, date, time, fraction = '', zone] = match as unknown as [string, string, string, string | undefined, string];
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(ms) || new Date(Date.parse(`${date}T00:00:00Z`)).toISOString().slice(0, 10) !== date)
    return wrong(word, wanted);
  const ns = BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return attempt(() => new Timestamp(ns)) ?? wrong(word, wanted);
}
