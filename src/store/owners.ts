/**
 * The files whose content lies in given segments, as a stream from the thread that searches the index.
 */
import { Worker } from 'node:worker_threads';
import { FxError } from '../errors.ts';
import type { OwnersRequest } from './owners-thread.ts';

/** An owner is a row of five numbers: inode, offset in the file, bytes, segment, position in the segment. */
export const OWNER_FIELDS = 5;
/** No owner's bytes pass a multiple of this in their segment: longer extents are several owners. */
export const PART_BYTES = 1 << 20;

/** Where the thread's module is: beside this one, or in the build when this one runs as TypeScript. */
function threadUrl(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./owners-thread.js', import.meta.url);
  return new URL('../../dist/src/store/owners-thread.js', import.meta.url);
}

/**
 * Owners of content in `segments`, from the index in `directory`, in the order of the log and in groups that
 * share no bytes with each other. Rejects IO when the index cannot be read.
 */
export async function* findOwners(directory: string, segments: number[]): AsyncGenerator<Float64Array, void, void> {
  const workerData: OwnersRequest = { directory, segments };
  const worker = new Worker(threadUrl(), { workerData });
  try {
    for (;;) {
      const group = await next(worker);
      if (group === null) return;
      yield group;
    }
  } finally {
    await worker.terminate();
  }
}

/** The thread's next answer. Only its own listeners are taken off: the worker has others, without which it hears no more. */
function next(worker: Worker): Promise<Float64Array | null> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
    };
    const onMessage = (group: Float64Array | null): void => {
      settle();
      resolve(group);
    };
    const onError = (error: Error): void => {
      settle();
      reject(new FxError('IO', `the index could not be searched: ${error.message}`, { cause: error }));
    };
    const onExit = (): void => onError(new Error('the thread ended'));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
    worker.postMessage('next');
  });
}
