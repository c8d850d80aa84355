/**
 * The thread that reads host directories: answers each request with one chunk; see import-reader.ts.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { blockingIo } from './host-io.ts';
import { type Chunk, DirectoryReader } from './import-read.ts';
import type { ChunkReply, ChunkRequest } from './import-reader.ts';

const { excluded } = workerData as { excluded: ReadonlySet<string> };
const reader = new DirectoryReader(blockingIo, excluded);
const readings = new Map<number, AsyncGenerator<Chunk, void, void>>();

async function nextChunk({ id, path }: ChunkRequest): Promise<ChunkReply> {
  try {
    if (path !== undefined) readings.set(id, reader.chunks(path));
    const next = await readings.get(id)?.next();
    if (next === undefined || next.done === true) return { id, error: 'a reading went past its end' };
    if (next.value.last) readings.delete(id);
    return { id, chunk: next.value };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', async (request: ChunkRequest) => {
  const reply = await nextChunk(request);
  parentPort?.postMessage(reply, reply.chunk === undefined ? [] : [reply.chunk.data.buffer as ArrayBuffer]);
});
