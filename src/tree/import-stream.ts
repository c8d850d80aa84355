/**
 * Streams one long host file into a node. Holes are found by SEEK_DATA and SEEK_HOLE (lseek(2)) and cost nothing, however
 * long they are; of what a sparse file has allocated, blocks of zeros are left out too. A filesystem that does not
 * know its holes calls everything data.
 */
import { constants } from 'node:os';
import type { Ino } from '../ids.ts';
import type { StoreApi } from '../store/api.ts';
import { type HostIo, hostPath } from './host-io.ts';
import { READ_FLAGS, readFully } from './import-read.ts';

const CHUNK_BYTES = 256 << 10;
/** Zeros are looked for in blocks of this size, aligned in the file. */
const BLOCK_BYTES = 4096;
const ZEROS = Buffer.alloc(BLOCK_BYTES);
const STAT_BLOCK_BYTES = 512n;

export interface StreamTarget {
  store: StoreApi;
  ino: Ino;
  /** Told after each chunk; may throw to stop, or return what to wait for. */
  onBytes(bytes: number): Promise<void> | undefined;
}

/** Copies the whole content, each chunk in a frame of its own. Ends early, without error, when someone removes the node. */
export async function streamFile(io: HostIo, path: string, target: StreamTarget): Promise<void> {
  const fd = await io.open(hostPath(path), READ_FLAGS, 0);
  try {
    const stats = await io.fstat(fd);
    if (!stats.isFile()) throw new Error('it is no regular file any more');
    const sparse = stats.blocks * STAT_BLOCK_BYTES < stats.size;
    const size = Number(stats.size);
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let end = 0;
    for await (const [start, bytes] of sparse ? dataOf(io, fd, size) : [[0, size] as const]) {
      for (end = start; end < start + bytes; ) {
        const part = buffer.subarray(0, Math.min(CHUNK_BYTES, start + bytes - end));
        const got = await readFully(io, fd, part, end);
        const node = target.store.node(target.ino);
        if (node === undefined) return;
        // Cut meanwhile.
        if (got === 0) break;
        for (const [at, length] of sparse ? dataRanges(part, got) : [[0, got] as const]) {
          target.store.write(node, end + at, part, at, length);
        }
        end += got;
        await target.onBytes(got);
      }
    }
    const node = target.store.node(target.ino);
    const length = sparse ? Number((await io.fstat(fd)).size) : end;
    if (node !== undefined && node.size < length) target.store.patch(node, { size: length });
  } finally {
    await io.close(fd);
  }
}

/** [start, bytes] of what a file has between its holes. */
async function* dataOf(io: HostIo, fd: number, size: number): AsyncGenerator<readonly [number, number], void, void> {
  for (let at = 0; at < size; ) {
    const start = await io.seekData(fd, at);
    if (start === -constants.errno.ENXIO) return;
    if (start < 0) return yield [at, size - at];
    const found = await io.seekHole(fd, start);
    const end = found < 0 ? size : Math.min(found, size);
    if (end > start) yield [start, end - start];
    at = Math.max(end, start + 1);
  }
}

/** [start, bytes] of the parts of a chunk that are not zeros, in whole blocks. */
export function dataRanges(chunk: Buffer, bytes: number): [number, number][] {
  const ranges: [number, number][] = [];
  for (let at = 0; at < bytes; at += BLOCK_BYTES) {
    const end = Math.min(at + BLOCK_BYTES, bytes);
    if (chunk.compare(ZEROS, 0, end - at, at, end) === 0) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[0] + last[1] === at) last[1] = end - last[0];
    else ranges.push([at, end - at]);
  }
  return ranges;
}
