/**
 * What is wrong with a text, and where.
 */
import type { Value } from '../src/uarr/value.ts';

export type Severity = 'error' | 'warning';

/** A place in a file. Lines and columns count from 1, columns in characters (code points; a BOM is none). */
export interface Position {
  /** Bytes from the start of the file, 0 to its length. */
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export interface Diagnostic extends Position {
  readonly severity: Severity;
  /** What kind of problem, for programs; a word that never changes meaning: `syntax`, `duplicate-key`. */
  readonly code: string;
  /** What happened and what to do, in one line. */
  readonly message: string;
}

/** `path:line:col: severity: message [code]`, the form that editors jump from. */
export function formatDiagnostic(path: string, { line, column, severity, message, code }: Diagnostic): string {
  return `${path}:${line}:${column}: ${severity}: ${message} [${code}]`;
}

/** A problem found in a decoded text, at an index of it in UTF-16 units. */
export interface Problem {
  readonly index: number;
  readonly code: string;
  readonly message: string;
  readonly severity?: Severity;
}

/** Thrown inside a parser and caught by its lens, which answers with the diagnostic. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(index: number, code: string, message: string) {
    super(message);
    this.problem = { index, code, message };
  }
}

/** Finds the positions of indices in one text. */
export class Positions {
  readonly #text: string;
  readonly #bom: number;
  #lineStarts: number[] | undefined;

  /** `text` as decoded; `bomBytes`: bytes of the file before it. */
  constructor(text: string, bomBytes = 0) {
    this.#text = text;
    this.#bom = bomBytes;
  }

  /** The position of an index in UTF-16 units; one outside the text is moved to its nearer end. */
  at(index: number): Position {
    const end = Math.max(0, Math.min(index, this.#text.length));
    this.#lineStarts ??= lineStartsOf(this.#text);
    const starts = this.#lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= end) low = middle;
      else high = middle - 1;
    }
    let column = 1;
    for (const _ of this.#text.slice(starts[low], end)) column++;
    return { offset: this.#bom + Buffer.byteLength(this.#text.slice(0, end)), line: low + 1, column };
  }

  diagnostic({ index, code, message, severity = 'error' }: Problem): Diagnostic {
    return { severity, code, message, ...this.at(index) };
  }
}

/** Indices at which lines begin; LF, CR LF and a lone CR end one. */
function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 10 || (unit === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
  }
  return starts;
}

/** A short name of a value's type for messages. */
export function kindOf(value: Value): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'bigint') return 'integer';
  if (typeof value !== 'object') return typeof value;
  if (Array.isArray(value)) return 'array';
  return value instanceof Map ? 'map' : value.constructor.name.toLowerCase();
}
