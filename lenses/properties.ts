/**
 * Java properties (java.util.Properties.load), in UTF-8: `key=value` lines, `#` and `!` comments, escapes with a
 * backslash, a backslash at the end of a line to go on.
 *
 * All values are texts; other scalars keep their type by the field. Characters that need it are written as escapes;
 * `\uXXXX` is a UTF-16 unit, so that any text has a form. Equal: `:`, `=` or white space as separator, escapes.
 */
import type { Problem } from './diagnostics.ts';
import { ProblemError } from './diagnostics.ts';
import { addPair, newPairs, pairLens } from './pair-lines.ts';

/** A natural line, and what continues it. */
const LOGICAL = /(?:[^\\\n]+|\\(?:\r?\n|[^\n]))*\\?/y;
const SEPARATOR = /^((?:[^\\=: \t\f\r\n]+|\\[\s\S])*)([ \t\f]*(?:[=:][ \t\f]*)?)/;
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function parse(text: string) {
  const root = newPairs(0);
  const problems: Problem[] = [];
  for (let at = 0; at < text.length; ) {
    const blank = /[ \t\f]*(?:[#!][^\n]*)?\r?(?:\n|$)/y;
    blank.lastIndex = at;
    const skipped = blank.exec(text)?.[0];
    if (skipped !== undefined) {
      at += Math.max(1, skipped.length);
      continue;
    }
    while (/[ \t\f]/.test(text[at] as string)) at++;
    LOGICAL.lastIndex = at;
    const line = (LOGICAL.exec(text)?.[0] ?? '').replace(/\r$/, '');
    const [, key = '', separator = ''] = SEPARATOR.exec(line) ?? [];
    const valueStart = at + key.length + separator.length;
    const end = at + line.length;
    const place = { start: at, keyEnd: at + key.length, valueStart, end };
    addPair(root, unescaped(key, at), place, unescaped(text.slice(valueStart, end), valueStart), problems);
    const newline = text.indexOf('\n', end);
    at = newline < 0 ? text.length : newline + 1;
  }
  return { root, problems };
}

function unescaped(raw: string, index: number): string {
  return raw.replace(
    /\\(?:\r?\n[ \t\f]*|u([0-9a-fA-F]{4})|([\s\S])|$)/g,
    (whole: string, hex: string | undefined, char: string | undefined, offset: number) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (char === 'u')
        throw new ProblemError(index + offset, 'syntax', 'after \\u four hexadecimal digits are expected');
      return char === undefined || /^\\\r?\n/.test(whole) ? '' : (ESCAPES[char] ?? char);
    },
  );
}

const UNITS = /[\0-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]/g;

function escapeUnits(text: string): string {
  const named: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f' };
  return text.replace(UNITS, (unit) => named[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function printKey(key: string): string {
  return escapeUnits(key.replaceAll('\\', '\\\\').replace(/[=: ]/g, '\\$&').replace(/^[#!]/, '\\$&'));
}

function printText(text: string): string {
  return escapeUnits(text.replaceAll('\\', '\\\\').replace(/^ /, '\\ '));
}

export const properties = pairLens({
  name: 'properties',
  extensions: ['.properties'],
  mediaType: 'text/x-java-properties',
  sections: false,
  refusesKey: () => undefined,
  refusesText: () => undefined,
  parse,
  printPair: (key, text) => `${printKey(key)}=${printText(text)}`,
  printValue: printText,
  equivalences: [{ name: 'spelling', meaning: 'separators and escapes', canonize: (text) => text }],
});
