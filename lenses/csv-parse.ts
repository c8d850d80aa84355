/**
 * CSV texts (RFC 4180) as rows of cells with the places and the very text of each.
 *
 * Unlike the RFC it takes LF as well as CR LF, any one-character delimiter, and blank lines between rows. A quote
 * inside an unquoted cell, text behind a closing quote, and a lone CR are problems: tools disagree on what they mean.
 */
import type { Decoded } from './decode.ts';
import { type Problem, ProblemError } from './diagnostics.ts';

export interface CsvCell {
  /** What it says, without quotes. */
  readonly text: string;
  /** Its text in the file. */
  readonly raw: string;
  /** An unquoted empty cell says nothing; a quoted one says the empty string. */
  readonly quoted: boolean;
  readonly start: number;
}

export interface CsvRow {
  readonly cells: readonly CsvCell[];
  readonly start: number;
  /** The newline behind it, and the blank lines after that. */
  readonly ending: string;
}

export interface CsvTable {
  /** Blank lines before the header. */
  readonly lead: string;
  readonly header: CsvRow | undefined;
  readonly rows: readonly CsvRow[];
}

/** A text that is a table. */
export interface OpenedCsv {
  readonly ok: true;
  readonly decoded: Decoded;
  readonly table: CsvTable;
}

const LINE_END = /(?:\r?\n)(?:[ \t]*\r?\n)*(?:[ \t]+$(?![\s\S]))?/y;
const LEAD = /(?:[ \t]*\r?\n)*/y;

/** The rows of a text. Throws the problem `syntax`. */
export function parseCsv(text: string, delimiter: string): CsvTable {
  LEAD.lastIndex = 0;
  const lead = LEAD.exec(text)?.[0] ?? '';
  const rows: CsvRow[] = [];
  let at = lead.length;
  while (at < text.length) {
    const row = parseRow(text, at, delimiter);
    rows.push(row);
    const last = row.cells.at(-1) as CsvCell;
    at = last.start + last.raw.length + row.ending.length;
  }
  return { lead, header: rows.shift(), rows };
}

function parseRow(text: string, start: number, delimiter: string): CsvRow {
  const cells: CsvCell[] = [];
  let at = start;
  for (;;) {
    const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at, delimiter);
    cells.push(cell);
    at = cell.start + cell.raw.length;
    if (text[at] === delimiter) at++;
    else break;
  }
  if (at === text.length) return { cells, start, ending: '' };
  LINE_END.lastIndex = at;
  const ending = LINE_END.exec(text)?.[0];
  if (ending === undefined) {
    throw new ProblemError(at, 'syntax', 'a delimiter or a newline is expected behind the closing quote');
  }
  return { cells, start, ending };
}

function quotedCell(text: string, start: number): CsvCell {
  for (let at = start + 1; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) throw new ProblemError(start, 'syntax', 'the closing quote of this cell is missing');
    if (text[at + 1] === '"') at++;
    else {
      const raw = text.slice(start, at + 1);
      return { text: raw.slice(1, -1).replaceAll('""', '"'), raw, quoted: true, start };
    }
  }
}

function plainCell(text: string, start: number, delimiter: string): CsvCell {
  let end = start;
  for (; end < text.length; end++) {
    const char = text[end] as string;
    if (char === delimiter || char === '\n') break;
    if (char === '"')
      throw new ProblemError(end, 'syntax', 'a quote inside a cell: put the whole cell in quotes and double it');
    if (char === '\r') {
      if (text[end + 1] === '\n') break;
      throw new ProblemError(end, 'syntax', 'a carriage return inside a cell: put the cell in quotes');
    }
  }
  const raw = text.slice(start, end);
  return { text: raw, raw, quoted: false, start };
}

/** A cell that says `text`; undefined says nothing. */
export function printCell(text: string | undefined, delimiter: string): string {
  if (text === undefined) return '';
  const plain = text !== '' && !/["\r\n\ufeff]|^\s|\s$/.test(text) && !text.includes(delimiter);
  return plain ? text : `"${text.replaceAll('"', '""')}"`;
}

/** Problems told of one text. */
const PROBLEMS_MAX = 20;

/** Problems of the table as such: `header`, `duplicate-key`, `cells`. */
export function checkTable({ header, rows }: CsvTable): Problem[] {
  if (header === undefined) return [{ index: 0, code: 'header', message: 'the first line must name the columns' }];
  const problems: Problem[] = [];
  const names = new Set<string>();
  for (const { text, start } of header.cells) {
    if (text === '') problems.push({ index: start, code: 'header', message: 'a column has no name' });
    else if (names.has(text))
      problems.push({
        index: start,
        code: 'duplicate-key',
        message: `the column ${JSON.stringify(text)} is there already`,
      });
    names.add(text);
    if (problems.length >= PROBLEMS_MAX) return problems;
  }
  const width = header.cells.length;
  for (const { cells, start } of rows) {
    if (cells.length === width) continue;
    const extra = cells[width];
    const message = `the row has ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}, the header ${width}`;
    problems.push({ index: extra?.start ?? start, code: 'cells', message });
    if (problems.length >= PROBLEMS_MAX) break;
  }
  return problems;
}
