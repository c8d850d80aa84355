/**
 * A saved table as edits of the collection's nodes.
 */
import { FxError } from '../src/errors.ts';
import { checkName, nameFromText } from '../src/names.ts';
import { equal, type Value, type ValueMap } from '../src/uarr/value.ts';
import type { CsvCell, CsvRow, OpenedCsv } from './csv-parse.ts';
import { type CsvOptions, cellOf, cellText, columnsOf, columnType, readCell, VALUE_COLUMN } from './csv-table.ts';
import { identityCell, identityOf, saidBy } from './csv-text.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { Edit, Handle } from './edits.ts';
import { guardCount, guardDeletions } from './guard.ts';
import { type PutOptions, type PutResult, type Refused, refused, type Tombstone } from './lens.ts';
import { leaf, type SourceNode } from './source.ts';

interface Line {
  readonly row: CsvRow;
  readonly identity: string;
}

const PROBLEMS_MAX = 20;

/** Reads the lines of a table and collects what is wrong with them. */
class Reader {
  readonly problems: Diagnostic[] = [];
  readonly names: readonly string[];
  readonly lines: readonly Line[];
  readonly options: CsvOptions;
  readonly #opened: OpenedCsv;
  readonly #types = new Map<string, Value>();
  readonly #base: readonly SourceNode[];

  constructor(opened: OpenedCsv, options: CsvOptions, base: readonly SourceNode[]) {
    this.#opened = opened;
    this.options = options;
    this.#base = base;
    this.names = (opened.table.header?.cells ?? []).map(({ text }) => text);
    this.lines = this.#readLines();
  }

  problem(index: number, code: string, message: string): void {
    if (this.problems.length < PROBLEMS_MAX)
      this.problems.push(this.#opened.decoded.positions.diagnostic({ index, code, message }));
  }

  #readLines(): Line[] {
    const { key, id, columns } = this.options;
    const first = key ?? (id as string);
    for (const name of [first, ...(columns ?? [])]) {
      if (!this.names.includes(name)) this.problem(0, 'header', `the column ${JSON.stringify(name)} is missing`);
    }
    if (columns !== undefined) {
      const unknown = this.names.find((name) => name !== first && !columns.includes(name));
      if (unknown !== undefined) this.problem(0, 'header', `there is no column ${JSON.stringify(unknown)}`);
    }
    if (this.problems.length > 0) return [];
    const seen = new Set<string>();
    const lines: Line[] = [];
    for (const row of this.#opened.table.rows) {
      const { text: identity, start } = identityCell(row, this.names, this.options) as CsvCell;
      if (identity === '') this.problem(start, 'key', `the cell "${first}" is empty: each row needs one`);
      else if (seen.has(identity))
        this.problem(start, 'duplicate-key', `the ${first} ${JSON.stringify(identity)} is there already`);
      else this.#checkKey(identity, start);
      seen.add(identity);
      lines.push({ row, identity });
    }
    return lines;
  }

  #checkKey(identity: string, start: number): void {
    try {
      checkName(nameFromText(identity));
    } catch (error) {
      if (this.options.key === undefined && this.#base.some((row) => identityOf(row, this.options) === identity))
        return;
      this.problem(start, 'key', error instanceof FxError ? error.message : 'this can be no name of a node');
    }
  }

  /** A value of the column's type. */
  typeOf(column: string): Value {
    if (!this.#types.has(column)) this.#types.set(column, columnType(this.#base, column, this.options));
    return this.#types.get(column);
  }

  /** The value of a cell over what was there, and whether it is another. */
  cell(row: CsvRow, i: number, before: Value): { readonly value: Value; readonly changed: boolean } {
    const cell = row.cells[i] as CsvCell;
    const said = readCell(
      saidBy(cell),
      before,
      before === undefined ? this.typeOf(this.names[i] as string) : undefined,
    );
    if (said.ok) return { value: said.value, changed: !equal(said.value, before) };
    this.problem(cell.start, 'type', `${said.message}, as the column "${this.names[i]}" has it`);
    return { value: before, changed: false };
  }

  /** Columns of the text beside the key's, with their indices. */
  *fields(): Generator<[string, number]> {
    for (const [i, name] of this.names.entries()) if (name !== this.options.key) yield [name, i];
  }

  mapOf(row: CsvRow, old: ValueMap = new Map()): ValueMap {
    const map: ValueMap = new Map(old);
    for (const [name, i] of this.fields()) {
      const { value } = this.cell(row, i, old.get(name));
      if (value === undefined) map.delete(name);
      else map.set(name, value);
    }
    return map;
  }
}

/** New rows from the text alone. */
export function rowSource(
  opened: OpenedCsv,
  options: CsvOptions,
): { readonly ok: true; readonly rows: readonly SourceNode[] } | Refused {
  const reader = new Reader(opened, options, []);
  const rows = reader.lines.map(({ row, identity }) => leaf(identity, reader.mapOf(row)));
  return reader.problems.length > 0 ? refused(...reader.problems) : { ok: true, rows };
}

export function putCsv(opened: OpenedCsv, base: SourceNode, options: CsvOptions, putOptions: PutOptions): PutResult {
  const reader = new Reader(opened, options, base.children ?? []);
  if (reader.problems.length > 0) return refused(...reader.problems);
  const differ = new RowDiffer(reader, base, putOptions.tombstones ?? []);
  differ.run();
  if (reader.problems.length > 0) return refused(...reader.problems);
  const { positions } = opened.decoded;
  const lost = putOptions.force
    ? undefined
    : guardCount(differ.lost, differ.lost, 'fields of columns that are gone', positions);
  const guard = guardDeletions(base, differ.edits, putOptions, positions) ?? lost;
  return guard === undefined ? { ok: true, edits: differ.edits, warnings: [] } : refused(guard);
}

class RowDiffer {
  readonly edits: Edit[] = [];
  /** Values in columns that the text no longer has. */
  lost = 0;
  readonly #reader: Reader;
  readonly #base: SourceNode;
  readonly #rows: readonly SourceNode[];
  readonly #tombstones: readonly Tombstone[];
  readonly #handles: Handle[] = [];
  #created = 0;

  constructor(reader: Reader, base: SourceNode, tombstones: readonly Tombstone[]) {
    this.#reader = reader;
    this.#base = base;
    this.#rows = base.children ?? [];
    this.#tombstones = tombstones;
  }

  run(): void {
    const pairs = this.#align();
    const kept = new Set(pairs.values());
    for (const row of this.#rows) if (!kept.has(row)) this.edits.push({ op: 'delete', node: row.id as Handle });
    const gone = columnsOf(this.#rows, this.#reader.options).filter((name) => !this.#reader.names.includes(name));
    const { lines } = this.#reader;
    const befores = this.#befores(lines, pairs);
    for (const [i, line] of lines.entries()) {
      const row = pairs.get(line);
      if (row === undefined) this.#handles.push(this.#create(line, befores[i] as Handle | null));
      else {
        this.#handles.push(row.id as Handle);
        this.#change(row, line, gone);
      }
    }
    this.#order(pairs);
  }

  /** For each line the node of the next line that is there already, before which a new row goes. */
  #befores(lines: readonly Line[], pairs: ReadonlyMap<Line, SourceNode>): (Handle | null)[] {
    const befores: (Handle | null)[] = [];
    let next: Handle | null = null;
    for (let i = lines.length - 1; i >= 0; i--) {
      befores[i] = next;
      next = pairs.get(lines[i] as Line)?.id ?? next;
    }
    return befores;
  }

  /** Lines and their rows: by key; then, of those left over, by equal content; then by place, if half of it is equal. */
  #align(): Map<Line, SourceNode> {
    const { lines, options } = this.#reader;
    const pairs = new Map<Line, SourceNode>();
    const byKey = new Map(this.#rows.map((row) => [identityOf(row, options), row]));
    for (const line of lines) {
      const row = byKey.get(line.identity);
      if (row !== undefined) pairs.set(line, row);
    }
    const kept = new Set(pairs.values());
    const left = this.#rows.filter((row) => !kept.has(row));
    const fresh = lines.filter((line) => !pairs.has(line) && this.#tombstoneOf(line) === undefined);
    if (left.length === 0 || fresh.length === 0) return pairs;
    const byContent = new Map(left.map((row) => [this.#contentOfRow(row), row]));
    for (const line of fresh) {
      const content = this.#contentOfLine(line);
      const row = byContent.get(content);
      if (row === undefined || content === '') continue;
      pairs.set(line, row);
      byContent.delete(content);
    }
    this.#alignByPlace(pairs);
    return pairs;
  }

  /** A line right after a paired one continues the row right after that one's. */
  #alignByPlace(pairs: Map<Line, SourceNode>): void {
    const places = new Map(this.#rows.map((row, i) => [row, i]));
    const taken = new Set(pairs.values());
    let at = 0;
    for (const line of this.#reader.lines) {
      const known = pairs.get(line);
      const row = known ?? this.#rows[at];
      if (row === undefined) continue;
      if (known === undefined) {
        if (taken.has(row) || this.#tombstoneOf(line) !== undefined || !this.#half(row, line)) continue;
        pairs.set(line, row);
        taken.add(row);
      }
      at = (places.get(row) as number) + 1;
    }
  }

  #contents(says: (name: string, i: number) => string | undefined): string[] {
    const { options } = this.#reader;
    const fields = [...this.#reader.fields()].filter(([name]) => name !== options.id);
    return fields.map(([name, i]) => says(name, i) ?? '');
  }

  #rowTexts(row: SourceNode): string[] {
    return this.#contents((name) => cellText(cellOf(row, name).value));
  }

  #lineTexts({ row }: Line): string[] {
    return this.#contents((_, i) => saidBy(row.cells[i] as CsvCell));
  }

  #contentOfRow(row: SourceNode): string {
    return this.#rowTexts(row).join('\0').replace(/^\0*$/, '');
  }

  #contentOfLine(line: Line): string {
    return this.#lineTexts(line).join('\0').replace(/^\0*$/, '');
  }

  /** Whether at least half of what either says is the same, over the columns of both. */
  #half(row: SourceNode, { row: line }: Line): boolean {
    const { names, options } = this.#reader;
    const columns = new Set([...names, ...columnsOf(this.#rows, options)]);
    let same = 0;
    let before = 0;
    let after = 0;
    for (const name of columns) {
      if (name === options.key || name === options.id) continue;
      const known = cellText(cellOf(row, name).value) ?? '';
      const at = names.indexOf(name);
      const said = (at < 0 ? undefined : saidBy(line.cells[at] as CsvCell)) ?? '';
      before += Number(known !== '');
      after += Number(said !== '');
      same += Number(said !== '' && said === known);
    }
    return same > 0 && same * 2 >= Math.max(before, after);
  }

  #tombstoneOf({ identity }: Line): (SourceNode & { readonly id: string }) | undefined {
    const { options } = this.#reader;
    return this.#tombstones.findLast(
      ({ node, parent }) => parent === this.#base.id && identityOf(node, options) === identity,
    )?.node;
  }

  #change(row: SourceNode, { row: line, identity }: Line, gone: readonly string[]): void {
    const { options } = this.#reader;
    if (options.key !== undefined && row.key !== identity) {
      this.edits.push({ op: 'rename', node: row.id as Handle, parent: this.#base.id as Handle, key: identity });
    }
    for (const [name, i] of this.#reader.fields()) {
      const place = cellOf(row, name);
      const { value, changed } = this.#reader.cell(line, i, place.value);
      if (changed) this.#set(row, name, value);
    }
    for (const name of gone) {
      if (cellOf(row, name).value === undefined) continue;
      this.lost++;
      this.#set(row, name, undefined);
    }
  }

  #set(row: SourceNode, name: string, value: Value): void {
    const { node, path, missingChild } = cellOf(row, name);
    const id = node as Handle;
    if (row.children !== null && !(row.value instanceof Map)) {
      if (missingChild) this.edits.push(this.#child(id, name, value));
      else if (value === undefined) this.edits.push({ op: 'delete', node: id });
      else this.edits.push({ op: 'set', node: id, part: 'value', path, value });
      return;
    }
    if (value === undefined) this.edits.push({ op: 'unset', node: id, part: 'value', path });
    else if (path.length === 0 && name !== VALUE_COLUMN) {
      // A row that was a scalar, or nothing, gets a field: it becomes a map.
      const map: ValueMap = new Map(row.value === undefined ? [] : [[VALUE_COLUMN, row.value]]);
      this.edits.push({ op: 'set', node: id, part: 'value', path, value: map.set(name, value) });
    } else this.edits.push({ op: 'set', node: id, part: 'value', path, value });
  }

  #child(parent: Handle, key: string, value: Value): Edit {
    return {
      op: 'create',
      node: `+${++this.#created}`,
      parent,
      key,
      value,
      meta: null,
      directory: false,
      before: null,
    };
  }

  #create(line: Line, before: Handle | null): Handle {
    const old = this.#tombstoneOf(line);
    const parent = this.#base.id as Handle;
    const style = old ?? this.#rows[0];
    const node = old?.id ?? `+${++this.#created}`;
    const directory = style !== undefined && style.children !== null && !(style.value instanceof Map);
    const key = old !== undefined && this.#reader.options.key === undefined ? old.key : line.identity;
    const op = old === undefined ? 'create' : 'revive';
    const value = directory ? old?.value : this.#newValue(line, style, old);
    this.edits.push({ op, node, parent, key, value, meta: old?.meta ?? null, directory, before });
    if (directory) this.#createChildren(node, line, old);
    return node;
  }

  #newValue({ row }: Line, style: SourceNode | undefined, old: SourceNode | undefined): Value {
    const scalar =
      style !== undefined && style.children === null && !(style.value instanceof Map) && style.value !== undefined;
    const names = [...this.#reader.fields()];
    const [only] = names;
    if (scalar && names.length === 1 && only?.[0] === VALUE_COLUMN)
      return this.#reader.cell(row, only[1], old?.value).value;
    return this.#reader.mapOf(row, old?.value instanceof Map ? old.value : new Map());
  }

  #createChildren(parent: Handle, { row }: Line, old: SourceNode | undefined): void {
    const shown = new Set<string>();
    for (const [name, i] of this.#reader.fields()) {
      shown.add(name);
      const child = old?.children?.find(({ key }) => key === name);
      const { value } = this.#reader.cell(row, i, child?.value);
      if (value === undefined) continue;
      if (child?.id === undefined || child.id === null) this.edits.push(this.#child(parent, name, value));
      else
        this.edits.push({
          ...(this.#child(parent, name, value) as Extract<Edit, { op: 'create' }>),
          op: 'revive',
          node: child.id,
          meta: child.meta,
        });
    }
    for (const child of old?.children ?? []) if (!shown.has(child.key)) this.#reviveHidden(parent, child);
  }

  /** What a table does not show comes back with its row. */
  #reviveHidden(parent: Handle, child: SourceNode): void {
    const { key, value, meta, children } = child;
    const node = child.id as Handle;
    this.edits.push({ op: 'revive', node, parent, key, value, meta, directory: children !== null, before: null });
    for (const below of children ?? []) this.#reviveHidden(node, below);
  }

  #order(pairs: ReadonlyMap<Line, SourceNode>): void {
    const places = new Map(this.#rows.map((row, i) => [row, i]));
    let last = -1;
    for (const line of this.#reader.lines) {
      const row = pairs.get(line);
      if (row === undefined) continue;
      const place = places.get(row) as number;
      if (place < last) {
        this.edits.push({ op: 'order', node: this.#base.id as Handle, children: this.#handles });
        return;
      }
      last = place;
    }
  }
}
