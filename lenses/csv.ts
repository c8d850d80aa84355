/**
 * CSV: the children of a directory as the rows of a table (RFC 4180; `csv-parse.ts` tells what differs).
 *
 * | node                                   | in the table                                             |
 * |----------------------------------------|----------------------------------------------------------|
 * | key of a child                         | the first column, `key` or as the option `key` says      |
 * | scalar field of its map, or child node | a column                                                 |
 * | scalar that is its value               | the column `value`                                       |
 * | field that holds a structure           | no column: it is kept, unseen                            |
 * | field that is not there                | an empty cell; the empty string is `""`                  |
 *
 * Types come from the nodes (a new row's from its column's other cells, or the option `types`), never from what a cell
 * looks like. Rows are known by the key, or by the field that the option `id` names; one whose key changed by what is
 * in it. Options: `key`, `id`, `columns`, `delimiter`, `types`.
 *
 * Caveats: in a column of strings a null shows as `null` and is not told from that text once it is edited. All rows of
 * a new column, or of a new collection, are strings unless `types` says otherwise.
 */
import { csvOptions, csvTypesOf } from './csv-options.ts';
import { type CsvRow, checkTable, type OpenedCsv, parseCsv } from './csv-parse.ts';
import { putCsv, rowSource } from './csv-put.ts';
import { type CsvOptions, columnsOf } from './csv-table.ts';
import { printTable, spliceCsv } from './csv-text.ts';
import { decodeText, encodeText } from './decode.ts';
import { type Diagnostic, ProblemError } from './diagnostics.ts';
import { currentText } from './document.ts';
import type { Equivalence, Lens, Reading, Refused } from './lens.ts';
import { refused } from './lens.ts';
import { branch, type SourceNode } from './source.ts';
import { isScalar } from './text.ts';

function open(bytes: Uint8Array, { delimiter }: CsvOptions): OpenedCsv | Refused {
  const decoded = decodeText(bytes);
  if ('severity' in decoded) return refused(decoded);
  try {
    const table = parseCsv(decoded.text, delimiter);
    const problems = checkTable(table).map((problem) => decoded.positions.diagnostic(problem));
    return problems.length > 0 ? refused(...problems) : { ok: true, decoded, table };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return refused(decoded.positions.diagnostic(error.problem));
  }
}

function canonize(text: string, delimiter: string): string {
  try {
    const { header, rows } = parseCsv(text.replace(/^\ufeff/, ''), delimiter);
    if (header === undefined) return '[]';
    const order = header.cells
      .map((_, i) => i)
      .sort((a, b) => ((header.cells[a]?.text ?? '') < (header.cells[b]?.text ?? '') ? -1 : 1));
    const textsOf = ({ cells }: CsvRow): (string | null | undefined)[] =>
      order.map((i) => (cells[i]?.quoted || cells[i]?.text !== '' ? cells[i]?.text : null));
    return JSON.stringify([header, ...rows].map(textsOf));
  } catch {
    return text;
  }
}

function equivalences(delimiter: string): readonly Equivalence[] {
  return [
    { name: 'bom', meaning: 'a byte order mark', canonize: (text) => text.replace(/^\ufeff/, '') },
    { name: 'quotes', meaning: 'quotes that a cell does not need', canonize: (text) => canonize(text, delimiter) },
    {
      name: 'line-ends',
      meaning: 'LF or CR LF between rows, blank lines, the last newline',
      canonize: (text) => canonize(text, delimiter),
    },
  ];
}

function refusesTable(source: SourceNode, options: CsvOptions): string | undefined {
  const { children } = source;
  if (children === null) return 'it is no directory: a table shows the children of one';
  const columns = columnsOf(children, options);
  const keys = new Set<string>();
  for (const row of children) {
    const key = options.id === undefined ? row.key : csvTypesOf(row, options.id);
    if (key === undefined || key === '') return `the row "${row.key}" has no ${options.id ?? 'key'}`;
    if (keys.has(key)) return `two rows have the ${options.id ?? 'key'} "${key}"`;
    keys.add(key);
    if (row.children === null && row.value !== undefined && !(row.value instanceof Map) && !isScalar(row.value)) {
      return `the row "${row.key}" is neither a map nor a scalar`;
    }
    if (options.key !== undefined && row.value instanceof Map && row.value.has(options.key)) {
      return `the row "${row.key}" has a field "${options.key}", which is the name of the key's column: set the option key or id`;
    }
    const bad = columns.find((column) => ill(csvTypesOf(row, column)));
    if (bad !== undefined || ill(row.key))
      return `the row "${row.key}" has a lone surrogate, which no UTF-8 text can hold`;
  }
  return columns.some(ill) ? 'the name of a field has a lone surrogate, which no UTF-8 text can hold' : undefined;
}

function ill(text: string | undefined): boolean {
  return text !== undefined && !(text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

function csvLens(options: CsvOptions): Lens {
  const { delimiter } = options;
  return {
    name: 'csv',
    version: 1,
    extensions: ['.csv'],
    mediaType: delimiter === '\t' ? 'text/tab-separated-values' : 'text/csv',
    scope: 'collection',
    equivalences: equivalences(delimiter),
    refuses: (source) => refusesTable(source, options),
    get(source, complement) {
      const current = currentText(source, complement);
      if (current !== undefined) return current;
      const kept = complement && open(complement.text, options);
      const spliced = kept?.ok ? spliceCsv(kept.table, source, options) : undefined;
      return kept?.ok && spliced !== undefined
        ? encodeText(spliced, kept.decoded.bom)
        : encodeText(printTable(source, options), false);
    },
    validate(bytes): readonly Diagnostic[] {
      const opened = open(bytes, options);
      if (!opened.ok) return opened.diagnostics;
      const made = rowSource(opened, options);
      return made.ok ? [] : made.diagnostics;
    },
    put(bytes, base, putOptions = {}) {
      const opened = open(bytes, options);
      return opened.ok ? putCsv(opened, base, options, putOptions) : opened;
    },
    create(bytes) {
      const opened = open(bytes, options);
      if (!opened.ok) return opened;
      const made = rowSource(opened, options);
      return made.ok ? { ok: true, source: branch('', made.rows), warnings: [] } : made;
    },
    read(bytes) {
      const opened = open(bytes, options);
      if (!opened.ok) return opened;
      const made = rowSource(opened, options);
      return made.ok ? { ok: true, warnings: [], ...reading(opened, made.rows) } : made;
    },
    configure: (given) => csvLens(csvOptions(given)),
  };
}

/** The rows as an array of maps, each cell at its place. */
function reading({ table, decoded }: OpenedCsv, rows: readonly SourceNode[]): Reading {
  const names = (table.header?.cells ?? []).map(({ text }) => text);
  return {
    value: rows.map(({ value }) => value),
    locate([row, column], part = 'value') {
      const index = names.indexOf(String(column));
      const line = typeof row === 'number' ? table.rows[row] : undefined;
      if (line === undefined) return decoded.positions.at(0);
      const cell = index < 0 ? undefined : part === 'key' ? table.header?.cells[index] : line.cells[index];
      return decoded.positions.at(cell?.start ?? line.start);
    },
  };
}

export const csv: Lens = csvLens(csvOptions({}));
