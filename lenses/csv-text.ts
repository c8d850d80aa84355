/**
 * Tables as text: canonical, or with what differs changed in the text that there is.
 */
import { equal } from '../src/uarr/value.ts';
import { type CsvCell, type CsvRow, type CsvTable, printCell } from './csv-parse.ts';
import { type CsvOptions, cellOf, cellText, columnsOf, columnType, readCell } from './csv-table.ts';
import type { SourceNode } from './source.ts';

/** What a cell of the text says; undefined for nothing. */
export function saidBy({ text, quoted }: CsvCell): string | undefined {
  return text === '' && !quoted ? undefined : text;
}

/** The text of a row's cell; the column of keys has the row's key. */
function shownAt(row: SourceNode, column: string, { key }: CsvOptions): string | undefined {
  return column === key ? row.key : cellText(cellOf(row, column).value);
}

function printRow(row: SourceNode, columns: readonly string[], options: CsvOptions): string {
  return columns.map((column) => printCell(shownAt(row, column, options), options.delimiter)).join(options.delimiter);
}

/** The canonical text of a collection. */
export function printTable({ children }: SourceNode, options: CsvOptions): string {
  const rows = children ?? [];
  const columns = columnsOf(rows, options);
  const header = columns.map((column) => printCell(column, options.delimiter)).join(options.delimiter);
  return [header, ...rows.map((row) => printRow(row, columns, options)), ''].join('\n');
}

/** The text that identifies a row. */
export function identityOf(row: SourceNode, { key, id }: CsvOptions): string | undefined {
  return id === undefined || key !== undefined ? row.key : cellText(cellOf(row, id).value);
}

/** Text of the cell that identifies a row of the table. */
export function identityCell(row: CsvRow, names: readonly string[], { key, id }: CsvOptions): CsvCell | undefined {
  return row.cells[names.indexOf(key ?? (id as string))];
}

interface Splice {
  readonly names: readonly string[];
  /** Columns to leave out, by index, and to add. */
  readonly dropped: ReadonlySet<number>;
  readonly added: readonly string[];
  readonly newline: string;
  readonly options: CsvOptions;
  readonly rows: readonly SourceNode[];
}

/** The text with what differs from the source changed; undefined when the text lacks the identifying column. */
export function spliceCsv(
  { lead, header, rows: lines }: CsvTable,
  source: SourceNode,
  options: CsvOptions,
): string | undefined {
  if (header === undefined) return undefined;
  const rows = source.children ?? [];
  const names = header.cells.map(({ text }) => text);
  if (!names.includes(options.key ?? (options.id as string))) return undefined;
  const columns = columnsOf(rows, options);
  const used = new Set(columns);
  const dropped = new Set(
    names.flatMap((name, i) =>
      !used.has(name) && lines.some(({ cells }) => saidBy(cells[i] as CsvCell) !== undefined) ? [i] : [],
    ),
  );
  const added = columns.filter((name) => !names.includes(name));
  const newline = header.ending.startsWith('\r\n') ? '\r\n' : '\n';
  const splice: Splice = { names, dropped, added, newline, options, rows };
  const byKey = new Map(lines.map((line) => [identityCell(line, names, options)?.text, line]));
  const shown = rows.map((row) => lineFor(row, byKey.get(identityOf(row, options)), splice));
  const head = joinCells(
    header,
    splice,
    (cell) => cell.raw,
    added.map((name) => printCell(name, options.delimiter)),
  );
  const whole = [{ text: head, ending: header.ending }, ...shown];
  const ended = (lines.at(-1) ?? header).ending !== '';
  return (
    lead + whole.map(({ text, ending }, i) => text + endingOf(ending, i === whole.length - 1, ended, newline)).join('')
  );
}

/** Rows that moved from or to the end keep the text's last newline, or its lack, where it was. */
function endingOf(ending: string, last: boolean, ended: boolean, newline: string): string {
  if (!last) return ending === '' ? newline : ending;
  if (!ended) return '';
  return ending === '' ? newline : ending;
}

function lineFor(row: SourceNode, line: CsvRow | undefined, splice: Splice): { text: string; ending: string } {
  const { names, options, added, dropped } = splice;
  const fresh = added.map((name) => printCell(shownAt(row, name, options), options.delimiter));
  if (line === undefined) {
    const cells = names
      .filter((_, i) => !dropped.has(i))
      .map((name) => printCell(shownAt(row, name, options), options.delimiter));
    return { text: [...cells, ...fresh].join(options.delimiter), ending: splice.newline };
  }
  const text = joinCells(line, splice, (cell, i) => cellFor(row, cell, names[i] as string, splice), fresh);
  return { text, ending: line.ending };
}

function joinCells(
  line: CsvRow,
  { dropped, options }: Splice,
  print: (cell: CsvCell, i: number) => string,
  fresh: readonly string[],
): string {
  const cells = line.cells
    .map((cell, i) => (dropped.has(i) ? undefined : print(cell, i)))
    .filter((cell) => cell !== undefined);
  return [...cells, ...fresh].join(options.delimiter);
}

/** The cell as it is while it says the value, else the value in the cell's own manner of quoting. */
function cellFor(row: SourceNode, cell: CsvCell, column: string, { options, rows }: Splice): string {
  if (column === options.key) return cell.text === row.key ? cell.raw : printCell(row.key, options.delimiter);
  const { value } = cellOf(row, column);
  const said = readCell(saidBy(cell), value, value === undefined ? columnType(rows, column, options) : undefined);
  if (said.ok && equal(said.value, value)) return cell.raw;
  const text = cellText(value);
  const printed = printCell(text, options.delimiter);
  return cell.quoted && text !== undefined && !printed.startsWith('"') ? `"${printed}"` : printed;
}
