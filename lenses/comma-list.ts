/**
 * Changes to a bracketed list whose members are separated by commas: JSON's objects and arrays, YAML's flow
 * collections, TOML's inline ones. Comments and the layout of members that stay are kept.
 */
import { lineEnd, lineStart, nextLine, type Replacement } from './replacements.ts';

export interface CommaList {
  /** Index of the opening bracket, and of the closing one. */
  readonly open: number;
  readonly close: number;
  /** Members in the order of the text; `comma`: index of the comma after it, -1 without. */
  readonly members: readonly { readonly start: number; readonly end: number; readonly comma: number }[];
}

export interface CommaListStyle {
  readonly newline: string;
  /** What one level is indented by, where the list is empty and gives no example. */
  readonly indentUnit: string;
  /** Spaces inside the brackets of a list on one line: `{ a }`. */
  readonly padding: string;
  /** A run of white space and comments up to the end of a line, anchored at its start. */
  readonly restOfLine: RegExp;
  /** An empty list is filled on lines of its own. */
  readonly breakEmpty: boolean;
}

export interface ListChange {
  readonly removed: ReadonlySet<number>;
  /** New members by the index of the member before which they stand (count of members: at the end). `print` gets the indent. */
  readonly inserted: ReadonlyMap<number, readonly ((indent: string) => string)[]>;
}

/** The replacements that make the change. */
export function changeCommaList(
  text: string,
  list: CommaList,
  change: ListChange,
  style: CommaListStyle,
): Replacement[] {
  const { members } = list;
  const kept = members.map((_, i) => i).filter((i) => !change.removed.has(i));
  const last = kept.at(-1) ?? -1;
  const replacements: Replacement[] = [];
  for (const i of change.removed) replacements.push(removal(text, list, i, last, style));
  const addsLast = [...change.inserted.keys()].some((at) => at > last);
  const comma = members[last]?.comma ?? -1;
  const keepsTrailing = (members.at(-1)?.comma ?? -1) >= 0;
  if (comma >= 0 && last < members.length - 1 && !keepsTrailing && !addsLast) {
    replacements.push({ start: comma, end: comma + 1, text: '' });
  }
  for (const [at, prints] of [...change.inserted].sort((a, b) => a[0] - b[0])) {
    const previous = kept.findLast((i) => i < at);
    replacements.push(...insertion(text, list, { previous, isLast: last < at, noneKept: last < 0, prints }, style));
  }
  return replacements;
}

/** Whether only white space and comments follow `index` on its line. */
function endsLine(text: string, index: number, style: CommaListStyle): boolean {
  return style.restOfLine.test(text.slice(index, lineEnd(text, index)));
}

function ownLines(text: string, list: CommaList, i: number, style: CommaListStyle): boolean {
  const { start, end, comma } = list.members[i] as { start: number; end: number; comma: number };
  const after = comma >= 0 ? comma + 1 : end;
  return (
    /^[ \t]*$/.test(text.slice(lineStart(text, start), start)) &&
    endsLine(text, after, style) &&
    nextLine(text, after) <= list.close
  );
}

function removal(text: string, list: CommaList, i: number, lastKept: number, style: CommaListStyle): Replacement {
  const { members } = list;
  const { start, end, comma } = members[i] as { start: number; end: number; comma: number };
  if (ownLines(text, list, i, style)) {
    return { start: lineStart(text, start), end: nextLine(text, comma >= 0 ? comma : end), text: '' };
  }
  const next = members[i + 1];
  if (i < lastKept && next !== undefined) return { start, end: next.start, text: '' };
  const previous = members[i - 1];
  return { start: previous?.end ?? start, end: lastKept < 0 && comma >= 0 ? comma + 1 : end, text: '' };
}

interface Insertion {
  /** Index of the member after which it goes, among those that stay. */
  readonly previous: number | undefined;
  readonly isLast: boolean;
  readonly noneKept: boolean;
  readonly prints: readonly ((indent: string) => string)[];
}

function insertion(text: string, list: CommaList, change: Insertion, style: CommaListStyle): Replacement[] {
  if (list.members.length === 0) return fillEmpty(text, list, change.prints, style);
  const example = list.members.find((_, i) => ownLines(text, list, i, style));
  if (example === undefined) return [insertInline(list, change)];
  return insertLines(text, list, change, style, text.slice(lineStart(text, example.start), example.start));
}

function insertInline({ members }: CommaList, { previous, noneKept, prints }: Insertion): Replacement {
  const joined = prints.map((print) => print('')).join(', ');
  const start = (previous === undefined ? members[0]?.start : members[previous]?.end) as number;
  if (previous !== undefined) return { start, end: start, text: `, ${joined}` };
  return { start, end: start, text: noneKept ? joined : `${joined}, ` };
}

function insertLines(
  text: string,
  { members, open, close }: CommaList,
  { previous, isLast, prints }: Insertion,
  style: CommaListStyle,
  indent: string,
): Replacement[] {
  const lines = prints.map((print) => style.newline + indent + print(indent)).join(',') + (isLast ? '' : ',');
  if (previous === undefined) {
    const at = endsLine(text, open + 1, style) ? lineEnd(text, open + 1) : open + 1;
    return [{ start: at, end: at, text: lines }];
  }
  const { end, comma } = members[previous] as { end: number; comma: number };
  const after = comma >= 0 ? comma + 1 : end;
  const at = endsLine(text, after, style) && lineEnd(text, after) < close ? lineEnd(text, after) : after;
  const trailing = isLast && (members.at(-1)?.comma ?? -1) >= 0 ? ',' : '';
  const replacements: Replacement[] = [{ start: at, end: at, text: lines + trailing }];
  if (comma < 0) replacements.unshift({ start: end, end, text: ',' });
  return replacements;
}

function fillEmpty(
  text: string,
  { open, close }: CommaList,
  prints: readonly ((indent: string) => string)[],
  { newline, indentUnit, padding, breakEmpty }: CommaListStyle,
): Replacement[] {
  const blank = /^\s*$/.test(text.slice(open + 1, close));
  if (!breakEmpty) {
    const joined = prints.map((print) => print('')).join(', ');
    return blank
      ? [{ start: open + 1, end: close, text: padding + joined + padding }]
      : [{ start: close, end: close, text: joined }];
  }
  const outer = /^[ \t]*/.exec(text.slice(lineStart(text, open)))?.[0] ?? '';
  const indent = outer + indentUnit;
  const body = prints.map((print) => newline + indent + print(indent)).join(',') + newline + outer;
  return blank ? [{ start: open + 1, end: close, text: body }] : [{ start: close, end: close, text: body }];
}
