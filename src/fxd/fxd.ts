/**
 * FXD's project file, `.fxd`: a SQLite 3 database.
 *
 * Tables: `nodes` (id, parent_id, key_name, node_type, value_json, prototypes_json, meta_json, created_at,
 * modified_at), `snippets`, `views`, `view_components`, `project_metadata`. A node's value is its `value_json`;
 * SQL NULL is no value. `snippets.body` counts only where the node has no value, and never when it is the text
 * `[object Object]`, which FXD writes by mistake. Views become entries of the list `fxd.views` in the metadata of their
 * anchor (else of the root), project metadata the map `fxd.project` of the root's.
 *
 * Damage: a file that is no SQLite database, is cut short, or has no table `nodes` is refused with BAD_SOURCE.
 * JSON that does not parse is kept as text, and reported.
 */
import { FxError } from '../errors.ts';
import { fromJs, toJs, type Value, type ValueMap } from '../uarr/value.ts';
import { checkSqliteFile, FXD_SCHEMA, openSqlite, type Row, readTable, type Sqlite } from './fxd-tables.ts';
import { type FxdGraph, type FxdNode, GraphBuilder } from './graph.ts';

/** The graph of a `.fxd` file. `what` names it in messages. BAD_SOURCE. */
export async function graphFromFxd(bytes: Uint8Array, what = 'the file'): Promise<FxdGraph> {
  const checked = checkSqliteFile(bytes, what);
  let database: Sqlite | undefined;
  try {
    database = await openSqlite(checked);
    const [check] = database.exec('PRAGMA quick_check(1)');
    const verdict = check?.values[0]?.[0];
    if (verdict !== 'ok') throw new Error(String(verdict));
    return readGraph(database, what);
  } catch (error) {
    if (error instanceof FxError) throw error;
    const why = error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error);
    throw new FxError(
      'BAD_SOURCE',
      `${what} is damaged (${why}): restore a copy, or repair it with "sqlite3 FILE .recover"`,
    );
  } finally {
    database?.close();
  }
}

function readGraph(database: Sqlite, what: string): FxdGraph {
  const builder = new GraphBuilder();
  const rows = readTable(database, 'nodes');
  if (database.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'nodes'").length === 0) {
    throw new FxError('BAD_SOURCE', `${what} is a SQLite database without FXD's table "nodes": name an FXD project`);
  }
  const snippets = readTable(database, 'snippets');
  const byNode = new Map(snippets.map((row) => [text(row, 'node_id'), row]));
  for (const row of rows) defineNode(builder, row, byNode.get(text(row, 'id')));
  for (const row of snippets) if (!builder.has(text(row, 'node_id') ?? '')) defineLostSnippet(builder, row);
  const graph = builder.finish();
  attachViews(graph, readTable(database, 'views'), readTable(database, 'view_components', 'order_index, rowid'));
  attachProject(graph, readTable(database, 'project_metadata'));
  return graph;
}

function text(row: Row, column: string): string | null {
  const cell = row.get(column) ?? null;
  if (cell === null) return null;
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('utf8') : String(cell);
}

/** SQLite's `YYYY-MM-DD HH:MM:SS`, in UTC, as ns since 1970. */
function time(row: Row, column: string): bigint | null {
  const ms = Date.parse(`${text(row, column)?.replace(' ', 'T')}Z`);
  return Number.isNaN(ms) || ms < 0 ? null : BigInt(ms) * 1_000_000n;
}

/** The value of a column of JSON text; the text itself when it is none. */
function json(builder: GraphBuilder, row: Row, column: string): Value {
  const source = text(row, column);
  if (source === null) return undefined;
  try {
    return fromJs(JSON.parse(source));
  } catch {
    const id = text(row, 'id') ?? '';
    builder.problem('bad-json', `${column} of ${id} is no JSON: it is kept as text`, id);
    return source;
  }
}

function defineNode(builder: GraphBuilder, row: Row, snippet: Row | undefined): void {
  const id = text(row, 'id');
  if (id === null) return builder.problem('unknown-node', 'a row of "nodes" has no id: it is left out');
  let value = json(builder, row, 'value_json');
  const meta = json(builder, row, 'meta_json');
  if (value === undefined && snippet !== undefined) value = snippetBody(builder, snippet, id);
  builder.define({
    id,
    parentId: text(row, 'parent_id'),
    key: text(row, 'key_name'),
    type: text(row, 'node_type') ?? 'raw',
    value,
    meta: meta instanceof Map ? meta : snippet ? snippetMeta(snippet) : null,
    proto: json(builder, row, 'prototypes_json'),
    createdNs: time(row, 'created_at'),
    modifiedNs: time(row, 'modified_at'),
  });
}

/** Text of a snippet whose node has no value of its own. */
function snippetBody(builder: GraphBuilder, row: Row, id: string): Value {
  const body = text(row, 'body');
  if (body !== '[object Object]') return body ?? undefined;
  builder.problem(
    'bad-snippet',
    `snippet ${text(row, 'snippet_id')} of node ${id} has lost its text: FXD saved "[object Object]"`,
    id,
  );
  return undefined;
}

function snippetMeta(row: Row): ValueMap {
  return fromJs({
    lang: text(row, 'lang') ?? 'js',
    file: text(row, 'file_path') ?? '',
    id: text(row, 'snippet_id') ?? '',
    order: row.get('order_index') ?? 0,
    version: row.get('version') ?? 1,
  }) as ValueMap;
}

/** A snippet whose node is not in the file becomes a node of its own, with the missing node as parent. */
function defineLostSnippet(builder: GraphBuilder, row: Row): void {
  const nodeId = text(row, 'node_id') ?? '';
  const id = nodeId || (text(row, 'id') ?? '');
  builder.problem(
    'bad-snippet',
    `snippet ${text(row, 'snippet_id')} belongs to node ${nodeId}, which is not there`,
    id,
  );
  builder.define({
    id,
    parentId: `missing parent of ${id}`,
    key: text(row, 'snippet_id') ?? id,
    type: 'snippet',
    value: snippetBody(builder, row, id),
    meta: snippetMeta(row),
    createdNs: time(row, 'created_at'),
  });
}

function setMeta(node: FxdNode, key: string, value: Value): void {
  node.meta = new Map([...(node.meta ?? []), [key, value]]);
}

function attachViews(graph: FxdGraph, views: Row[], components: Row[]): void {
  const byAnchor = new Map<FxdNode, Value[]>();
  for (const row of views) {
    const anchor = graph.nodes.get(text(row, 'anchor_node_id') ?? '') ?? graph.roots.at(-1);
    if (anchor === undefined) continue;
    const id = text(row, 'id');
    const parts = components.filter((component) => text(component, 'view_id') === id);
    const view = {
      id,
      name: text(row, 'name'),
      selectors: parsed(text(row, 'selectors_json')),
      renderOptions: parsed(text(row, 'render_options_json')),
      snippets: parts.map((component) => text(component, 'snippet_id')),
    };
    byAnchor.set(anchor, [...(byAnchor.get(anchor) ?? []), fromJs(view)]);
  }
  for (const [anchor, list] of byAnchor) setMeta(anchor, 'fxd.views', list);
}

function parsed(source: string | null): unknown {
  if (source === null) return null;
  try {
    return JSON.parse(source);
  } catch {
    return source;
  }
}

function attachProject(graph: FxdGraph, rows: Row[]): void {
  const root = graph.roots.at(-1);
  if (root === undefined || rows.length === 0) return;
  setMeta(
    root,
    'fxd.project',
    new Map(rows.map((row): [string, Value] => [text(row, 'key') ?? '', text(row, 'value')])),
  );
}

/** A `.fxd` file of the graph, as FXD would save it: one row of `nodes` each, snippet rows for nodes of that type. */
export async function graphToFxd(graph: FxdGraph): Promise<Uint8Array> {
  const database = await openSqlite();
  try {
    database.run(FXD_SCHEMA);
    for (const node of graph.nodes.values()) {
      const meta = node.meta && toJs(new Map([...node.meta].filter(([key]) => !key.startsWith('fxd.'))));
      database.run(
        `INSERT INTO nodes(id, parent_id, key_name, node_type, value_json, prototypes_json, meta_json, created_at,
          modified_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          node.id,
          node.parentId,
          node.key,
          node.type,
          node.value === undefined ? null : jsonText(toJs(node.value)),
          node.proto === undefined ? null : jsonText(toJs(node.proto)),
          meta === null ? null : jsonText(meta),
          sqlTime(node.createdNs),
          sqlTime(node.modifiedNs ?? node.createdNs),
        ],
      );
      if (node.type === 'snippet') insertSnippet(database, node);
    }
    return database.export();
  } finally {
    database.close();
  }
}

/** JSON as JavaScript writes it; a bigint, which it refuses, as the number it is nearest to. */
function jsonText(js: unknown): string {
  return JSON.stringify(js, (_, member: unknown) => (typeof member === 'bigint' ? Number(member) : member)) ?? 'null';
}

function sqlTime(ns: bigint | null): string {
  return new Date(Number((ns ?? 0n) / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ');
}

function insertSnippet(database: Sqlite, node: FxdNode): void {
  const meta = toJs(node.meta ?? new Map()) as Record<string, unknown>;
  database.run(
    'INSERT INTO snippets(id, node_id, snippet_id, body, lang, file_path, order_index, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [
      `s-${node.id}`,
      node.id,
      typeof meta.id === 'string' ? meta.id : node.id,
      typeof node.value === 'string' ? node.value : '',
      typeof meta.lang === 'string' ? meta.lang : 'js',
      typeof meta.file === 'string' && meta.file !== '' ? meta.file : null,
      typeof meta.order === 'number' ? meta.order : 0,
      typeof meta.version === 'number' ? meta.version : 1,
    ],
  );
}
