/**
 * The program of the thread in which large documents, and all documents of a user's own lenses, are judged and
 * rendered: see `lens-worker.ts`.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { raw } from '../../lenses/raw.ts';
import { LensRegistry } from '../../lenses/registry.ts';
import { decode } from '../../src/uarr/v2.ts';
import { checkText, judge, sourceOf } from './judge.ts';
import type { LensReply, LensTask } from './lens-worker.ts';
import { loadModule } from './load-module.ts';
import type { LensDescription, LensModule } from './module-lens.ts';

const registry = new LensRegistry();
const module = workerData as LensModule | null;
/** What the module has; a rejected one is told of by each task. */
const own = module === null ? Promise.resolve([]) : load(module);
own.catch(() => {});

async function load(from: LensModule): Promise<LensDescription[]> {
  const lenses = await loadModule(from);
  for (const lens of lenses) registry.add(lens);
  return lenses.map(({ name, version, extensions, mediaType, scope }) => ({
    name,
    version,
    extensions,
    mediaType,
    scope,
  }));
}

async function answer(task: LensTask): Promise<LensReply> {
  try {
    const lenses = await own;
    if (task.kind === 'describe') return { kind: 'describe', lenses };
    const lens = registry.get(task.lens, task.options);
    if (task.kind === 'check') return { kind: 'check', diagnostics: checkText(lens, task.text, task.schema) };
    const value = task.kind === 'judge' ? task.current : task.value;
    const source = value === null ? undefined : sourceOf(decode(value));
    // A value that the lens cannot show is shown by raw, and saved so.
    const chosen = source !== undefined && lens.refuses(source) !== undefined ? raw : lens;
    if (task.kind === 'judge') return { kind: 'judge', verdict: judge({ ...task, lens: chosen }) };
    return { kind: 'render', bytes: Uint8Array.from(chosen.get(sourceOf(decode(task.value)), task.kept)) };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', async (task: LensTask) => parentPort?.postMessage(await answer(task)));
