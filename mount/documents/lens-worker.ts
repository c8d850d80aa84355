/**
 * Large documents, and all documents of a user's own lenses, are judged and rendered in a thread, one after the other, so
 * that whoever else uses the mount does not wait for them. A lens that takes too long there is ended, thread and all, and
 * told of like a problem of the text. The thread is started when it is first needed, and loads the user's module then.
 */
import { Worker } from 'node:worker_threads';
import type { Diagnostic } from '../../lenses/diagnostics.ts';
import type { Complement, LensOptions } from '../../lenses/lens.ts';
import type { Verdict } from './judge.ts';
import type { LensDescription, LensModule } from './module-lens.ts';

export type LensTask =
  | {
      readonly kind: 'judge';
      readonly lens: string;
      readonly options: LensOptions;
      readonly text: Uint8Array;
      readonly current: Uint8Array | null;
      readonly base: Uint8Array | null;
      readonly schema: string | null;
      readonly force?: boolean;
    }
  | {
      readonly kind: 'check';
      readonly lens: string;
      readonly options: LensOptions;
      readonly text: Uint8Array;
      readonly schema: string | null;
    }
  | { readonly kind: 'describe' }
  | {
      readonly kind: 'render';
      readonly lens: string;
      readonly options: LensOptions;
      readonly value: Uint8Array;
      readonly kept: Complement | undefined;
    };

export type LensReply =
  | { readonly kind: 'judge'; readonly verdict: Verdict }
  | { readonly kind: 'render'; readonly bytes: Uint8Array }
  | { readonly kind: 'check'; readonly diagnostics: readonly Diagnostic[] }
  /** The lenses of the user's module. */
  | { readonly kind: 'describe'; readonly lenses: readonly LensDescription[] }
  | { readonly kind: 'failed'; readonly message: string };

/** Longest that a lens may take for one document. */
const TASK_MS_MAX = 20_000;

/** The thread's program: a module of JavaScript, also when this one runs from its source. */
function threadUrl(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./lens-thread.js', import.meta.url);
  return new URL('../../dist/mount/documents/lens-thread.js', import.meta.url);
}

export class LensWorker {
  readonly #program: URL;
  readonly #taskMsMax: number;
  readonly #module: LensModule | null;
  #worker: Worker | undefined;
  /** Resolves when the tasks before have ended. */
  #last: Promise<unknown> = Promise.resolve();

  /** `module`: of the user's own lenses, if there are any. Another program and time are for tests. */
  constructor(module: LensModule | null = null, taskMsMax: number = TASK_MS_MAX, program: URL = threadUrl()) {
    this.#module = module;
    this.#program = program;
    this.#taskMsMax = taskMsMax;
  }

  /** Never rejects. */
  run(task: LensTask): Promise<LensReply> {
    const reply = this.#last.then(() => this.#run(task));
    this.#last = reply;
    return reply;
  }

  #run(task: LensTask): Promise<LensReply> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const who = task.kind === 'describe' ? 'loading the module' : `the lens "${task.lens}"`;
    return new Promise((resolve) => {
      const end = (reply: LensReply) => {
        clearTimeout(timer);
        worker.removeAllListeners();
        worker.unref();
        // What goes wrong with an idle thread is found when it is next asked.
        worker.on('error', () => {});
        if (reply.kind === 'failed' && this.#worker === worker) this.close();
        resolve(reply);
      };
      const fail = (message: string) => end({ kind: 'failed', message });
      const timer = setTimeout(() => fail(`${who} took over ${this.#taskMsMax / 1000} s`), this.#taskMsMax);
      worker.removeAllListeners();
      worker.on('message', end);
      worker.on('error', (error) => fail(String(error)));
      worker.on('exit', () => fail(`${who} ended its thread`));
      worker.ref();
      worker.postMessage(task);
    });
  }

  #start(): Worker {
    // A text of the greatest size takes a few hundred megabytes; more is a lens gone astray.
    return new Worker(this.#program, { workerData: this.#module, resourceLimits: { maxOldGenerationSizeMb: 1024 } });
  }

  close(): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
  }
}

/** What is told of a lens that gave no answer. */
export function faultOf(reply: LensReply): Diagnostic {
  const message = reply.kind === 'failed' ? reply.message : 'the lens gave no answer';
  return { severity: 'error', code: 'lens-fault', message, offset: 0, line: 1, column: 1 };
}
