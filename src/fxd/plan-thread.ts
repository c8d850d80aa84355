/**
 * The thread that reads an FXD file and plans its import: answers each request with some steps; see
 * plan-reader.ts.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { graphFromFxd } from './fxd.ts';
import { graphFromFxwal } from './fxwal-graph.ts';
import { type PlanStep, planOf } from './graph-plan.ts';
import type { PlanJob, PlanReply } from './plan-reader.ts';

const STEPS_MAX = 64;
const BYTES_MAX = 256 << 10;

const { source, kind, options } = workerData as PlanJob;
let steps: Generator<PlanStep, void, void> | undefined;

async function start(): Promise<Generator<PlanStep, void, void>> {
  const bytes = readFileSync(source);
  const graph = kind === 'fxwal' ? graphFromFxwal(bytes, source) : await graphFromFxd(bytes, source);
  return planOf(graph, options);
}

/** Bytes in a buffer of their own: a view would take all of its buffer along to the other thread. */
function apart(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null || bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}

async function nextSteps(): Promise<PlanReply> {
  try {
    steps ??= await start();
    const some: PlanStep[] = [];
    for (let bytes = 0; some.length < STEPS_MAX && bytes < BYTES_MAX; ) {
      const next = steps.next();
      if (next.done === true) break;
      some.push(next.value);
      const holder = next.value.kind === 'node' ? next.value.node : next.value.kind === 'start' && next.value.target;
      if (!holder) continue;
      holder.value = apart(holder.value);
      holder.meta = apart(holder.meta);
      bytes += (holder.value?.length ?? 0) + (holder.meta?.length ?? 0);
    }
    return { steps: some };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return { error: { message: message ?? String(error), code, isOperating: (error as Error).name === 'FxError' } };
  }
}

parentPort?.on('message', async () => parentPort?.postMessage(await nextSteps()));
