/**
 * SQLite through sql.js (SQLite compiled to WebAssembly), loaded when it is first needed, and the tables of
 * FXD's `.fxd` file.
 */
import { FxError } from '../errors.ts';

export type Cell = string | number | Uint8Array | null;
export type Row = Map<string, Cell>;

/** What this project uses of sql.js's database. */
export interface Sqlite {
  exec(sql: string): { columns: string[]; values: Cell[][] }[];
  run(sql: string, parameters?: Cell[]): unknown;
  export(): Uint8Array;
  close(): void;
}

interface SqlJs {
  Database: new (bytes?: Uint8Array) => Sqlite;
}

let loaded: Promise<SqlJs> | undefined;

/** A database in memory, from a file's bytes or empty. */
export async function openSqlite(bytes?: Uint8Array): Promise<Sqlite> {
  loaded ??= loadSqlJs();
  return new (await loaded).Database(bytes);
}

async function loadSqlJs(): Promise<SqlJs> {
  const name = 'sql.js';
  const module = (await import(name)) as { default: () => Promise<SqlJs> };
  return await module.default();
}

const HEADER_BYTES = 100;

/**
 * Checks what the header says against the bytes at hand, and returns them so that SQLite opens them alone: a file in
 * WAL mode is marked as not being so. BAD_SOURCE.
 */
export function checkSqliteFile(bytes: Uint8Array, what: string): Uint8Array {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEADER_BYTES));
  if (header.length < HEADER_BYTES || header.latin1Slice(0, 16) !== 'SQLite format 3\0') {
    throw new FxError('BAD_SOURCE', `${what} is no .fxd file (SQLite 3): name a file that FXD wrote`);
  }
  const pageSize = header.readUInt16BE(16) === 1 ? 65536 : header.readUInt16BE(16);
  const pages = header.readUInt32BE(28);
  const isCountValid = header.readUInt32BE(24) === header.readUInt32BE(92);
  if (isCountValid && pages * pageSize > bytes.length) {
    const missing = pages * pageSize - bytes.length;
    throw new FxError('BAD_SOURCE', `${what} is cut short by ${missing} bytes: copy it again from where FXD saved it`);
  }
  if (header[18] === 1 && header[19] === 1) return bytes;
  const copy = new Uint8Array(bytes);
  copy[18] = 1;
  copy[19] = 1;
  return copy;
}

/** The rows of a table in the order they were written; none when the table is not there. */
export function readTable(database: Sqlite, table: string, orderBy = 'rowid'): Row[] {
  const known = database.exec(`SELECT name FROM sqlite_master WHERE type = 'table' AND name = '${table}'`);
  if (known.length === 0) return [];
  const [result] = database.exec(`SELECT * FROM "${table}" ORDER BY ${orderBy}`);
  if (result === undefined) return [];
  return result.values.map((values) => new Map(result.columns.map((column, i) => [column, values[i] ?? null])));
}

const NOW = 'DATETIME DEFAULT CURRENT_TIMESTAMP';

/** The tables that FXD makes. */
export const FXD_SCHEMA = `
CREATE TABLE project_metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL, created_at ${NOW}, modified_at ${NOW});
CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at ${NOW});
CREATE TABLE nodes (
  id TEXT PRIMARY KEY, parent_id TEXT REFERENCES nodes(id) ON DELETE CASCADE, key_name TEXT,
  node_type TEXT NOT NULL DEFAULT 'raw', value_json TEXT, prototypes_json TEXT, meta_json TEXT,
  created_at ${NOW}, modified_at ${NOW}, checksum TEXT, is_dirty BOOLEAN DEFAULT 0);
CREATE TABLE snippets (
  id TEXT PRIMARY KEY, node_id TEXT NOT NULL REFERENCES nodes(id) ON DELETE CASCADE, snippet_id TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL, lang TEXT DEFAULT 'js', file_path TEXT, order_index INTEGER DEFAULT 0, version INTEGER DEFAULT 1,
  checksum TEXT, created_at ${NOW}, modified_at ${NOW}, is_dirty BOOLEAN DEFAULT 0);
CREATE TABLE views (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, anchor_node_id TEXT REFERENCES nodes(id) ON DELETE SET NULL,
  selectors_json TEXT, render_options_json TEXT, created_at ${NOW}, modified_at ${NOW}, is_dirty BOOLEAN DEFAULT 0);
CREATE TABLE view_components (
  id INTEGER PRIMARY KEY AUTOINCREMENT, view_id TEXT NOT NULL REFERENCES views(id) ON DELETE CASCADE,
  snippet_id TEXT NOT NULL REFERENCES snippets(snippet_id) ON DELETE CASCADE, order_index INTEGER DEFAULT 0);
INSERT INTO schema_version(version) VALUES (1);
`;
