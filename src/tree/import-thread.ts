/**
 * The thread that reads host files: answers each request with one chunk; see import-reader.ts.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Excluded } from './excluded.ts';
import { blockingIo } from './host-io.ts';
import { type Chunk, DirectoryReader } from './import-read.ts';
import type { ChunkReply, ChunkRequest } from './import-reader.ts';

const { excluded } = workerData as { excluded: Excluded };
const reader = new DirectoryReader(blockingIo, excluded);
const readings = new Map<number, AsyncGenerator<Chunk, void, void>>();

async function nextChunk({ id, path, isSource }: ChunkRequest): Promise<ChunkReply> {
  try {
    if (path !== undefined && isSource === true) return { id, chunk: await reader.source(path) };
    if (path !== undefined) readings.set(id, reader.chunks(path));
    const next = await readings.get(id)?.next();
    if (next === undefined || next.done === true) throw new Error('a reading went past its end');
    if (next.value.last) readings.delete(id);
    return { id, chunk: next.value };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return { id, error: { message: message ?? String(error), code } };
  }
}

parentPort?.on('message', async (request: ChunkRequest) => {
  const reply = await nextChunk(request);
  parentPort?.postMessage(reply, reply.chunk === undefined ? [] : [reply.chunk.data.buffer as ArrayBuffer]);
});
