/**
 * Environment files (`.env`): `KEY=value` lines, with `#` comments and an optional `export`.
 *
 * | value          | text                                                                       |
 * |----------------|----------------------------------------------------------------------------|
 * | plain text     | as it is                                                                   |
 * | other text     | in single quotes, as it is; with a quote or newline in double ones         |
 * | other scalars  | their text; the field keeps its type                                       |
 *
 * In double quotes `\n`, `\r`, `\t`, `\"`, `\\`, `\$` and a backquote are escapes. Quoted text may have newlines.
 * Caveats: variables (`$X`) are kept as text, not expanded. Keys are letters, digits, `_`, `.` and `-`.
 */
import { type Problem, ProblemError } from './diagnostics.ts';
import { addPair, isWellFormed, newPairs, pairLens } from './pair-lines.ts';
import { nextLine } from './replacements.ts';

const LINE = /[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*/y;
const BLANK = /[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/y;
const UNQUOTED = /[^\n\r#'"`]?(?:[^\n\r#]|(?<=[^\s])#)*/y;
const REST = /[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function parse(text: string) {
  const root = newPairs(0);
  const problems: Problem[] = [];
  for (let at = 0; at < text.length; ) {
    const blank = match(BLANK, text, at);
    if (blank !== null) {
      at += Math.max(1, blank[0].length);
      continue;
    }
    const pair = match(LINE, text, at);
    if (pair === null) throw new ProblemError(at, 'syntax', 'a line KEY=value, a comment or a blank line is expected');
    const key = pair[1] as string;
    const start = at + pair[0].lastIndexOf(key, pair[0].indexOf('='));
    const valueStart = at + pair[0].length;
    const { value, end } = readValue(text, valueStart);
    if (match(REST, text, end) === null)
      throw new ProblemError(
        end,
        'syntax',
        'only a comment may follow the value: put a text with spaces before # in quotes',
      );
    addPair(root, key, { start, keyEnd: start + key.length, valueStart, end }, value, problems);
    at = nextLine(text, end);
  }
  return { root, problems };
}

function readValue(text: string, start: number): { value: string; end: number } {
  const quote = text[start];
  if (quote === "'") {
    const end = text.indexOf("'", start + 1);
    if (end < 0) throw new ProblemError(start, 'syntax', 'the closing quote is missing');
    return { value: text.slice(start + 1, end), end: end + 1 };
  }
  if (quote === '"') return readDouble(text, start);
  const raw = (match(UNQUOTED, text, start)?.[0] ?? '').trimEnd();
  return { value: raw, end: start + raw.length };
}

function readDouble(text: string, start: number): { value: string; end: number } {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '"') return { value, end: at + 1 };
    if (char !== '\\') value += char;
    else {
      const next = text[++at] ?? '';
      value += ESCAPES[next] ?? (/["\\$`]/.test(next) ? next : `\\${next}`);
    }
  }
  throw new ProblemError(start, 'syntax', 'the closing quote is missing');
}

function printText(text: string, style?: string): string {
  if (style === undefined && /^[\w/.:@%+,=?&~^!*()[\]{}|;<>-]*$/.test(text)) return text;
  if (style !== '"' && !/['\n\r\t]/.test(text)) return `'${text}'`;
  const escaped = text
    .replace(/[\\"$`]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
}

export const env = pairLens({
  name: 'env',
  extensions: ['.env', '.env.local', '.env.example', '.env.development', '.env.production', '.env.test'],
  mediaType: 'text/x-env',
  sections: false,
  refusesKey: (key) => (/^[A-Za-z_][\w.-]*$/.test(key) ? undefined : 'a key is letters, digits, _, . and -'),
  refusesText: (text) =>
    text.includes('\0')
      ? 'a NUL cannot be in an environment'
      : isWellFormed(text)
        ? undefined
        : 'it has a lone surrogate',
  parse,
  printPair: (key, text) => `${key}=${printText(text)}`,
  printValue: (text, there) => printText(text, /^['"]/.exec(there)?.[0]),
  equivalences: [{ name: 'quotes', meaning: 'kinds of quotes', canonize: (text) => text }],
});
