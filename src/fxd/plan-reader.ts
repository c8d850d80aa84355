/**
 * Plans the import of an FXD file in a thread of its own: reading and decoding it may take seconds.
 */
import { Worker } from 'node:worker_threads';
import { type ErrorCode, FxError } from '../errors.ts';
import type { PlanOptions, PlanStep } from './graph-plan.ts';

export interface PlanJob {
  /** Host path. */
  source: string;
  kind: 'fxwal' | 'fxd';
  options: PlanOptions;
}

/** From the thread: the next steps, or an error; `isOperating` for an FxError. */
export interface PlanReply {
  steps?: PlanStep[];
  error?: { message: string; code: string | undefined; isOperating: boolean };
}

/** The thread's program: a module of JavaScript, also when this one runs from its source. */
function threadUrl(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./plan-thread.js', import.meta.url);
  return new URL('../../dist/src/fxd/plan-thread.js', import.meta.url);
}

/** The steps of the plan, some at a time. BAD_SOURCE, or the host's error with its code. */
export async function* planSteps(job: PlanJob): AsyncGenerator<PlanStep[], void, void> {
  const worker = new Worker(threadUrl(), { workerData: job });
  try {
    // The thread works on the next steps while these are followed.
    let next = ask(worker);
    for (;;) {
      const steps = await next;
      if (steps.length === 0) return;
      next = ask(worker);
      next.catch(() => {});
      yield steps;
    }
  } finally {
    await worker.terminate();
  }
}

function ask(worker: Worker): Promise<PlanStep[]> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
    };
    const onMessage = ({ steps, error }: PlanReply) => {
      settle();
      if (steps !== undefined) resolve(steps);
      else reject(errorOf(error));
    };
    const onError = (error: Error) => {
      settle();
      reject(error);
    };
    const onExit = () => onError(new Error('the planning thread ended'));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
    worker.postMessage(null);
  });
}

function errorOf(error: PlanReply['error']): Error {
  const { message = 'the planning thread failed', code, isOperating } = error ?? {};
  return isOperating ? new FxError(code as ErrorCode, message) : Object.assign(new Error(message), { code });
}
