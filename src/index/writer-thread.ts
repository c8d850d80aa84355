/**
 * The thread that writes checkpoints: one LMDB transaction for each, so that the loop that answers the
 * kernel never waits for the disk.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { type BatchTarget, replayChunk } from './batch.ts';
import { openEnvironment } from './environment.ts';

/** A checkpoint to commit. */
export interface CommitRequest {
  id: number;
  chunks: Uint8Array[];
}

/** The answer; `error` is the message of what went wrong, the index is then unchanged. */
export interface CommitReply {
  id: number;
  error?: string;
}

/** On Linux a priority is a thread's own: this one gives way to the threads that answer the kernel. */
const PRIORITY = 10;

function serve(directory: string): void {
  setPriority(PRIORITY);
  const environment = openEnvironment(directory);
  const target: BatchTarget = {
    put: (table, key, value) => void environment.tables[table].putSync(key, value),
    delete: (table, key) => void environment.tables[table].removeSync(key),
    deleteFrom(table, prefix, from) {
      const start = Buffer.concat([prefix, from]);
      const end = Buffer.concat([prefix, Buffer.alloc(from.length + 1, 0xff)]);
      const keys = [...environment.tables[table].getKeys({ start, end })];
      for (const key of keys) environment.tables[table].removeSync(key);
    },
  };
  parentPort?.on('message', (request: CommitRequest | 'close') => {
    if (request === 'close') {
      void environment.root.close().then(() => parentPort?.close());
      return;
    }
    const reply: CommitReply = { id: request.id };
    try {
      environment.root.transactionSync(() => {
        for (const chunk of request.chunks) replayChunk(chunk, target);
      });
    } catch (error) {
      reply.error = error instanceof Error ? error.message : String(error);
    }
    parentPort?.postMessage(reply);
  });
}

serve((workerData as { directory: string }).directory);
