/**
 * Import of any source that fxmount knows, told apart by what it is, not by its name:
 *
 * | source                                  | imported as                      |
 * |-----------------------------------------|----------------------------------|
 * | directory                               | the directory, see import-host.ts |
 * | file that starts with `FXWAL`           | FXD's graph from its log         |
 * | file that starts with `SQLite format 3` | FXD's graph from its database    |
 * | any other file                          | a blob                           |
 */
import { open, readFile, stat } from 'node:fs/promises';
import { graphFromFxd } from '../fxd/fxd.ts';
import { graphFromFxwal } from '../fxd/fxwal-graph.ts';
import type { FxdGraph } from '../fxd/graph.ts';
import { importGraph } from '../fxd/import-graph.ts';
import type { StoreApi } from '../store/api.ts';
import { described } from './address.ts';
import { hostError } from './host-io.ts';
import { importHost } from './import-host.ts';
import type { ImportOptions, ImportResult } from './import-options.ts';
import { Tree } from './tree.ts';

export type SourceKind = 'host' | 'fxwal' | 'fxd';

const MAGICS: readonly (readonly [Buffer, SourceKind])[] = [
  [Buffer.from('FXWAL'), 'fxwal'],
  [Buffer.from('SQLite format 3\0'), 'fxd'],
];
const MAGIC_BYTES_MAX = Math.max(...MAGICS.map(([magic]) => magic.length));

/** What kind of source the host path is; `host` for what cannot be opened, so that the import says why. */
export async function sourceKind(source: string): Promise<SourceKind> {
  try {
    if (!(await stat(source)).isFile()) return 'host';
    const file = await open(source);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC_BYTES_MAX), 0, MAGIC_BYTES_MAX, 0);
      const head = buffer.subarray(0, bytesRead);
      return MAGICS.find(([magic]) => head.subarray(0, magic.length).equals(magic))?.[1] ?? 'host';
    } finally {
      await file.close();
    }
  } catch {
    return 'host';
  }
}

/**
 * Imports `source` at `at`. Errors as `importHost`, and BAD_SOURCE for a damaged FXD file. An FXD graph goes into the
 * directory `at`, which is made when missing; a name that is taken there is EXISTS, also with `existing: 'replace'`.
 */
export async function importSource(
  store: StoreApi,
  source: string,
  at: string,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const kind = await sourceKind(source);
  if (kind === 'host') return importHost(store, source, at, options);
  try {
    return importFxd(store, await readGraph(source, kind), at, options);
  } catch (error) {
    throw described(`import ${source} to`, at, hostError(source, error));
  }
}

async function readGraph(source: string, kind: 'fxwal' | 'fxd'): Promise<FxdGraph> {
  const bytes = await readFile(source);
  return kind === 'fxwal' ? graphFromFxwal(bytes, source) : graphFromFxd(bytes, source);
}

function importFxd(store: StoreApi, graph: FxdGraph, at: string, options: ImportOptions): ImportResult {
  const parents = options.parents !== false;
  const tree = new Tree(store);
  const target = tree.exists(at) ? tree.node(at) : tree.mkdir(at, { parents });
  const { files, directories, links, problems } = importGraph(graph, store, target.ino);
  const notes = problems.map(({ code, message }) => `${message} [${code}]`);
  const counts = { directories, files, symlinks: 0, specials: 0, links, bytes: 0 };
  options.onProgress?.(counts);
  return { ...counts, ino: target.ino, skipped: [], skippedCount: 0, xattrs: false, notes };
}
