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
import { FxError } from '../errors.ts';
import { graphFromFxd } from '../fxd/fxd.ts';
import { graphFromFxwal } from '../fxd/fxwal-graph.ts';
import { type PlanOptions, type PlanStep, planOf } from '../fxd/graph-plan.ts';
import { GraphMaking, type ImportGraphReport } from '../fxd/import-graph.ts';
import { planSteps } from '../fxd/plan-reader.ts';
import type { Ino } from '../ids.ts';
import type { StoreApi } from '../store/api.ts';
import { ROOT_INO } from '../store/node.ts';
import { described } from './address.ts';
import { Breather, hostError } from './host-io.ts';
import { importHost } from './import-host.ts';
import type { ImportCounts, ImportOptions, ImportResult } from './import-options.ts';
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
    return await importFxd(store, source, kind, at, options);
  } catch (error) {
    throw described(`import ${source} to`, at, hostError(source, error));
  }
}

async function importFxd(
  store: StoreApi,
  source: string,
  kind: 'fxwal' | 'fxd',
  at: string,
  options: ImportOptions,
): Promise<ImportResult> {
  // The target is made when the first steps are there: a damaged file leaves no trace.
  let making: GraphMaking | undefined;
  let ino = 0;
  const breather = new Breather(options.sliceMs ?? 4);
  const intoRoot = new Tree(store).exists(at) && new Tree(store).node(at).ino === ROOT_INO;
  for await (const steps of stepsOf(source, kind, intoRoot, options.blocking === true)) {
    if (options.signal?.aborted === true) throw new FxError('INTERRUPTED', 'stopped; what was imported stays');
    ino = making === undefined ? targetOf(store, at, options) : ino;
    making ??= new GraphMaking(store, ino, {});
    for (const step of steps) making.take(step);
    options.onProgress?.(countsOf(making.report));
    await breather.breathe();
  }
  if (making === undefined) throw new FxError('BAD_SOURCE', 'it has nothing to import');
  const notes = making.report.problems.map(({ code, message }) => `${message} [${code}]`);
  return { ...countsOf(making.report), ino, skipped: [], skippedCount: 0, xattrsLeftOut: 0, notes };
}

function targetOf(store: StoreApi, at: string, options: ImportOptions): Ino {
  const tree = new Tree(store);
  const target = tree.exists(at) ? tree.node(at) : tree.mkdir(at, { parents: options.parents !== false });
  return target.ino;
}

/** The steps of the file's plan, worked out here or in a thread. */
async function* stepsOf(
  source: string,
  kind: 'fxwal' | 'fxd',
  intoRoot: boolean,
  blocking: boolean,
): AsyncGenerator<PlanStep[], void, void> {
  const plan: PlanOptions = { intoRoot, roots: 'all', keepIntegerWidths: false };
  if (!blocking) {
    yield* planSteps({ source, kind, options: plan });
    return;
  }
  const bytes = await readFile(source);
  const graph = kind === 'fxwal' ? graphFromFxwal(bytes, source) : await graphFromFxd(bytes, source);
  for (const step of planOf(graph, plan)) yield [step];
}

function countsOf({ files, directories, links }: ImportGraphReport): ImportCounts {
  return { directories, files, symlinks: 0, specials: 0, links, xattrs: 0, bytes: 0 };
}
