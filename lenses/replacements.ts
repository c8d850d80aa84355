/**
 * Changes of ranges of a text, gathered and then made at once.
 */

export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The text with all replacements made. Those at one place keep their order; a removed range takes ranges
 * that it overlaps with it. Undefined when two that put text in overlap.
 */
export function replaceAll(text: string, replacements: readonly Replacement[]): string | undefined {
  const sorted = replacements
    .map((replacement, index) => ({ ...replacement, index }))
    .sort((a, b) => a.start - b.start || Number(a.end > a.start) - Number(b.end > b.start) || a.index - b.index);
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, text: put } of sorted) {
    if (start < at) {
      if (put !== '' && end > start) return undefined;
      if (put !== '') parts.push(put);
      at = Math.max(at, end);
      continue;
    }
    parts.push(text.slice(at, start), put);
    at = Math.max(at, end);
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/** Start of the line that `index` is in. */
export function lineStart(text: string, index: number): number {
  return text.lastIndexOf('\n', index - 1) + 1;
}

/** End of the line that `index` is in, before its newline; the text's end on the last line. */
export function lineEnd(text: string, index: number): number {
  const at = text.indexOf('\n', index);
  if (at < 0) return text.length;
  return at > 0 && text.charCodeAt(at - 1) === 13 && at - 1 >= index ? at - 1 : at;
}

/** Start of the line after the one that `index` is in; the text's end on the last line. */
export function nextLine(text: string, index: number): number {
  const at = text.indexOf('\n', index);
  return at < 0 ? text.length : at + 1;
}

/** The white space before `index` on its line, when nothing else is there. */
export function indentAt(text: string, index: number): string | undefined {
  const before = text.slice(lineStart(text, index), index);
  return /^[ \t]*$/.test(before) ? before : undefined;
}
