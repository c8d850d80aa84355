/**
 * Verbs between the tree and the host: import, export.
 */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { KIND } from '../store/node.ts';
import { locate } from '../tree/address.ts';
import { exportHost } from '../tree/export-host.ts';
import { followHost } from '../tree/follow-host.ts';
import { importSource, sourceKind } from '../tree/import-source.ts';
import type { Skipped } from '../tree/skipped.ts';
import { defineVerb, type Row, type RowValue, type VerbContext } from './verb.ts';

interface Outcome {
  readonly skipped: readonly Skipped[];
  readonly skippedCount: number;
  readonly notes?: readonly string[];
}

/** Counts of what was done, and notes on what was not. */
function reportOf(outcome: Outcome): Row {
  const counts: Record<string, RowValue> = {};
  for (const [key, value] of Object.entries(outcome)) {
    if (typeof value === 'number' && key !== 'ino' && key !== 'skippedCount') counts[key] = value;
  }
  const { skipped, skippedCount } = outcome;
  const notes = [...(outcome.notes ?? []), ...skipped.map(({ path, reason }) => `left out ${path}: ${reason}`)];
  if (skippedCount > skipped.length) notes.push(`left out ${skippedCount - skipped.length} more`);
  return { ...counts, skipped: skippedCount, notes };
}

const TRANSFER = { replace: 'boolean?' } as const;

interface Options {
  exclude: string[];
  excludeMounts: string[];
  existing: 'error' | 'replace';
  blocking: boolean;
}

function optionsFor(context: VerbContext, replace: boolean): Options {
  const mounts = (context.mounts?.list() ?? []).filter(({ detached }) => !detached);
  return {
    exclude: [context.directory],
    excludeMounts: mounts.map(({ mountpoint }) => mountpoint),
    existing: replace ? 'replace' : 'error',
    // A process of its own has nothing else to do than this.
    blocking: context.mounts === undefined,
  };
}

export const importVerb = defineVerb(
  { access: 'write', output: 'none', arguments: { ...TRANSFER, source: 'string', at: 'string' } },
  async (context, { source, at, replace = false }, io) => {
    const result = await importSource(context.store, source, await targetOf(context, source, at), {
      ...optionsFor(context, replace),
      signal: io.signal,
      onProgress: (counts) => io.progress('importing files', counts.files, 0),
    });
    return reportOf(result);
  },
);

/**
 * Imports a directory and follows it, until the caller cancels, or the daemon ends. Rows: `imported` with what the
 * import did, then each change as it is made in the tree.
 */
export const followVerb = defineVerb(
  { access: 'write', output: 'rows', arguments: { ...TRANSFER, source: 'string', at: 'string' } },
  async (context, { source, at, replace = false }, io) => {
    // Rows leave in order, without holding up what they tell of; a caller that reads slower than changes come
    // is made to wait for.
    let told: Promise<void> = Promise.resolve();
    const tell = (row: Row): void => {
      told = told.then(() => io.row(row)).then(() => io.flush());
      told.catch(() => {});
    };
    const { blocking: _, ...options } = optionsFor(context, replace);
    await followHost(context.store, source, at, {
      ...options,
      signal: AbortSignal.any([io.signal, context.ending]),
      onProgress: (counts) => io.progress('importing files', counts.files, 0),
      onReady: (result) => tell({ event: 'imported', ...reportOf(result) }),
      onEvent: (event) => tell({ ...event }),
      settled: () => told,
    });
    await told.catch(() => {});
    return null;
  },
);

/** A single file goes into the directory at `at` under its own name, as with cp(1). */
async function targetOf(context: VerbContext, source: string, at: string): Promise<string> {
  const isDirectory = locate(context.store, at).node?.kind === KIND.directory;
  if (!isDirectory || (await sourceKind(source)) !== 'host') return at;
  const isFile = await stat(source).then(
    (stats) => !stats.isDirectory(),
    () => false,
  );
  return isFile ? `${at.replace(/\/+$/, '')}/${basename(source)}` : at;
}

export const exportVerb = defineVerb(
  { access: 'read', output: 'none', arguments: { ...TRANSFER, destination: 'string', at: 'string' } },
  async (context, { destination, at, replace = false }, io) => {
    const result = await exportHost(context.store, at, destination, {
      ...optionsFor(context, replace),
      render: (node) => context.documents.shown(node),
      signal: io.signal,
      onProgress: (counts) => io.progress('exporting files', counts.files, context.store.totals.nodes),
    });
    return reportOf(result);
  },
);
