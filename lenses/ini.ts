/**
 * INI files: `key = value` lines in sections `[name]`, with `;` and `#` comments on lines of their own.
 *
 * | value                                        | text                                          |
 * |----------------------------------------------|-----------------------------------------------|
 * | map                                          | a section                                     |
 * | text                                         | up to the end of the line, as it is           |
 * | text with white space at an end or a newline | in double quotes, with the escapes of JSON    |
 * | other scalars                                | their text; the field keeps its type          |
 *
 * A section that begins again goes on. Keys end at the first `=` or `:`. Caveats: a comment behind a value is part
 * of the value. A key without a separator, and one that is given twice, are errors.
 */
import { type Problem, ProblemError } from './diagnostics.ts';
import { addPair, isWellFormed, newPairs, type PairNode, pairLens } from './pair-lines.ts';

const QUOTED = /^"[\s\S]*"$/;

function parse(text: string) {
  const root = newPairs(0);
  const problems: Problem[] = [];
  let pairs: PairNode = root;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const next = newline < 0 ? text.length : newline + 1;
    const line = text.slice(at, next).trimEnd();
    const start = at + (line.length - line.trimStart().length);
    const content = line.trimStart();
    if (content.startsWith('[')) pairs = section(root, content, start, problems);
    else if (content !== '' && !/^[;#]/.test(content)) pair(pairs, content, start, problems);
    at = next;
  }
  return { root, problems };
}

function section(root: PairNode, content: string, start: number, problems: Problem[]): PairNode {
  const name = /^\[([^\]]*)\]$/.exec(content)?.[1]?.trim();
  if (!name) throw new ProblemError(start, 'syntax', 'a section is [name], alone on its line');
  const known = root.members?.find(({ step }) => step === name);
  if (known?.node.members !== undefined) return known.node;
  if (known !== undefined) {
    problems.push({ index: start, code: 'duplicate-key', message: `the key ${JSON.stringify(name)} is there already` });
    return newPairs(start, start);
  }
  const made = newPairs(start, start);
  (root.value as Map<string, unknown>).set(name, made.value);
  root.members?.push({ step: name, start, end: start + content.length, keyEnd: start + content.length, node: made });
  return made;
}

function pair(pairs: PairNode, content: string, start: number, problems: Problem[]): void {
  const separator = content.search(/[=:]/);
  const key = content.slice(0, Math.max(0, separator)).trimEnd();
  if (key === '')
    throw new ProblemError(start, 'syntax', 'a line key = value, [section], a comment or a blank line is expected');
  const raw = content.slice(separator + 1).trimStart();
  const valueStart = start + content.length - raw.length;
  const place = { start, keyEnd: start + key.length, valueStart, end: start + content.length };
  addPair(pairs, key, place, readText(raw, valueStart), problems);
}

function readText(raw: string, index: number): string {
  if (!QUOTED.test(raw)) return raw;
  try {
    return JSON.parse(raw) as string;
  } catch {
    throw new ProblemError(
      index,
      'syntax',
      'a text in quotes has the escapes of JSON: write \\" for a quote and \\\\ for a backslash',
    );
  }
}

function printText(text: string): string {
  const plain = text.trim() === text && !/[\r\n\0]/.test(text) && !QUOTED.test(text) && isWellFormed(text);
  return plain ? text : JSON.stringify(text);
}

function refusesKey(key: string): string | undefined {
  const fits = key !== '' && key.trim() === key && !/[=:\r\n]/.test(key) && !/^[[;#]/.test(key) && isWellFormed(key);
  return fits ? undefined : 'this can be no key';
}

export const ini = pairLens({
  name: 'ini',
  extensions: ['.ini', '.cfg', '.conf', '.editorconfig', '.gitconfig', '.npmrc', '.service', '.desktop'],
  mediaType: 'text/x-ini',
  sections: true,
  refusesKey,
  refusesText: () => undefined,
  parse,
  printPair: (key, text) => `${key} = ${printText(text)}`.trimEnd(),
  printValue: (text, there) => (QUOTED.test(there) ? JSON.stringify(text) : printText(text)),
  equivalences: [{ name: 'quotes', meaning: 'quotes that a text does not need', canonize: (text) => text }],
});
