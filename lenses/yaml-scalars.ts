/**
 * Scalars of YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema): what a plain one means, and
 * how to write one. Texts that YAML 1.1 readers take for something else (`yes`, `012`, `1:30`) are written in quotes.
 */
import { I64_MAX, I64_MIN, Sized, Timestamp, toJsonText, U64_MAX, Uuid, type Value } from '../src/uarr/value.ts';
import { ProblemError } from './diagnostics.ts';

const INTEGER = /^[-+]?[0-9]+$/;
const OCTAL = /^0o[0-7]+$/;
const HEXADECIMAL = /^0x[0-9a-fA-F]+$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const DIGITS_MAX = 40;

/** The value of a plain scalar. Throws the problem `number-range`. */
export function resolvePlain(source: string, index: number): Value {
  if (/^(?:~|null|Null|NULL)?$/.test(source)) return null;
  if (/^(?:true|True|TRUE)$/.test(source)) return true;
  if (/^(?:false|False|FALSE)$/.test(source)) return false;
  if (INTEGER.test(source) || OCTAL.test(source) || HEXADECIMAL.test(source)) return integerOf(source, index);
  if (FLOAT.test(source)) return floatOf(source, index);
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(source))
    return source.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^\.(?:nan|NaN|NAN)$/.test(source)) return Number.NaN;
  return source;
}

export function integerOf(source: string, index: number): Value {
  const integer = source.length > DIGITS_MAX ? undefined : BigInt(source.replace(/^\+/, '').replace(/^-/, ''));
  const signed = source.startsWith('-') && integer !== undefined ? -integer : integer;
  if (signed !== undefined && signed >= I64_MIN && signed <= I64_MAX) return signed;
  if (signed !== undefined && signed > 0n && signed <= U64_MAX) return new Sized('u64', signed);
  throw new ProblemError(
    index,
    'number-range',
    'the integer does not fit 64 bits: write it in quotes to keep it as text',
  );
}

export function floatOf(source: string, index: number): number {
  const number = Number(source);
  if (Number.isFinite(number)) return number;
  throw new ProblemError(
    index,
    'number-range',
    'the number does not fit a 64-bit float: write it in quotes to keep it as text',
  );
}

/** Plain texts that some reader takes for no string: YAML 1.1's booleans, numbers and times, merge and default keys. */
const OTHERS =
  /^(?:[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF|<<|=|[-+]?[0-9][0-9_,:.]*(?:[eE][-+]?[0-9]*)?|[-+]?0[box][0-9a-fA-F_]*|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*)$/;
const SAFE_START = /^[^\s\-?:,[\]{}#&*!|>'"%@`]|^[-?:][^\s,[\]{}]/;
const PRINTABLE = /^[\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u;
const LITERAL = /^[\t\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u;

export type QuoteStyle = 'plain' | 'single' | 'double';

/** A string on one line, in the style asked for where it can be. */
export function printString(text: string, style: QuoteStyle = 'plain', inFlow = false): string {
  if (style === 'plain' && isPlain(text, inFlow)) return text;
  if (style === 'single' && PRINTABLE.test(text)) return `'${text.replaceAll("'", "''")}'`;
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function isPlain(text: string, inFlow: boolean): boolean {
  if (!SAFE_START.test(text) || /\s$/.test(text) || !PRINTABLE.test(text)) return false;
  if (/: | #|:$|^---|^\.\.\./.test(text) || OTHERS.test(text)) return false;
  if (inFlow && /[,[\]{}]|:["']/.test(text)) return false;
  return resolvesToText(text);
}

function resolvesToText(text: string): boolean {
  try {
    return resolvePlain(text, 0) === text;
  } catch {
    return false;
  }
}

/** Any scalar on one line. */
export function printInline(value: Value, style: QuoteStyle = 'plain', inFlow = false): string {
  if (typeof value === 'string') return printString(value, style, inFlow);
  if (typeof value === 'number') return printFloat(value);
  if (value instanceof Sized && value.type === 'f32') return printFloat(value.value as number);
  if (value instanceof Timestamp || value instanceof Uuid) return printTyped(value.toString(), inFlow);
  if (value instanceof Uint8Array) return `!!binary ${toJsonText(value)}`;
  const text = toJsonText(value);
  return text.startsWith('"') ? printString(JSON.parse(text) as string, style, inFlow) : text;
}

function printFloat(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (Number.isFinite(value)) return toJsonText(value);
  return value > 0 ? '.inf' : '-.inf';
}

/** A time or UUID is written plain where it reads as text. */
function printTyped(text: string, inFlow: boolean): string {
  return resolvesToText(text) && !inFlow ? text : printString(text, 'double');
}

/** Header and lines of a literal block scalar; undefined for a string that has no such form, or needs none. */
export function literalLines(text: string): [string, ...string[]] | undefined {
  if (!text.includes('\n') || !LITERAL.test(text) || /^[ \t\n]/.test(text) || /\n[ \t]+(?:\n|$)/.test(text))
    return undefined;
  const lines = text.split('\n');
  if (lines.at(-1) !== '') return ['|-', ...lines];
  lines.pop();
  return [lines.at(-1) === '' ? '|+' : '|', ...lines];
}
