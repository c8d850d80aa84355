/**
 * The program of the thread in which large documents are judged and rendered: see `lens-worker.ts`.
 */
import { parentPort } from 'node:worker_threads';
import { LensRegistry } from '../../lenses/registry.ts';
import { decode } from '../../src/uarr/v2.ts';
import { judge, sourceOf } from './judge.ts';
import type { LensReply, LensTask } from './lens-worker.ts';

const registry = new LensRegistry();

function answer(task: LensTask): LensReply {
  try {
    const lens = registry.get(task.lens, task.options);
    if (task.kind === 'judge') return { kind: 'judge', verdict: judge({ ...task, lens }) };
    return { kind: 'render', bytes: Uint8Array.from(lens.get(sourceOf(decode(task.value)), task.kept)) };
  } catch (error) {
    return { kind: 'failed', message: String(error) };
  }
}

parentPort?.on('message', (task: LensTask) => parentPort?.postMessage(answer(task)));
