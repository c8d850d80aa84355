/**
 * Reading of host files for an import: in this thread, or in one of its own, so that neither a slow disk
 * nor a mount that this very process serves can hold the event loop.
 */
import { Worker } from 'node:worker_threads';
import type { Excluded } from './excluded.ts';
import type { HostIo } from './host-io.ts';
import { type Chunk, DirectoryReader } from './import-read.ts';

export interface HostReader {
  /** The source of an import itself, in a chunk of its own. Rejects with what the host says. */
  source(path: string): Promise<Chunk>;
  /** Entries of a directory; several directories may be read in turns. */
  chunks(path: string): AsyncIterable<Chunk>;
  close(): Promise<void>;
}

/** To the thread: the next chunk of a reading. The first request of a reading has its path, and what to read there. */
export interface ChunkRequest {
  id: number;
  path?: string;
  isSource?: boolean;
}

/** From the thread: the chunk, or the host's error with its code. */
export interface ChunkReply {
  id: number;
  chunk?: Chunk;
  error?: { message: string; code: string | undefined };
}

/** Reads in this thread. */
export function directReader(io: HostIo, excluded: Excluded): HostReader {
  const reader = new DirectoryReader(io, excluded);
  return {
    source: (path) => reader.source(path),
    chunks: (path) => reader.chunks(path),
    close: async () => {},
  };
}

/** The thread's program: a module of JavaScript, also when this one runs from its source. */
function threadUrl(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./import-thread.js', import.meta.url);
  return new URL('../../dist/src/tree/import-thread.js', import.meta.url);
}

export class ThreadReader implements HostReader {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (chunk: Chunk) => void; reject: (error: Error) => void }>();
  #nextId = 1;
  #failure: Error | undefined;

  constructor(excluded: Excluded) {
    this.#worker = new Worker(threadUrl(), { workerData: { excluded } });
    this.#worker.on('message', ({ id, chunk, error }: ChunkReply) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (chunk !== undefined) waiting?.resolve(chunk);
      else
        waiting?.reject(Object.assign(new Error(error?.message ?? 'the reading thread failed'), { code: error?.code }));
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the reading thread ended')));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }

  source(path: string): Promise<Chunk> {
    return this.#ask({ id: this.#nextId++, path, isSource: true });
  }

  async *chunks(path: string): AsyncGenerator<Chunk, void, void> {
    const id = this.#nextId++;
    let next = this.#ask({ id, path });
    for (;;) {
      const chunk = await next;
      // The thread reads on while this chunk is worked off.
      if (!chunk.last) next = this.#ask({ id });
      yield chunk;
      if (chunk.last) return;
    }
  }

  #ask(request: ChunkRequest): Promise<Chunk> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const answer = new Promise<Chunk>((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
      this.#worker.postMessage(request);
    });
    // Nobody waits for it any more when an import is stopped.
    answer.catch(() => {});
    return answer;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
