/**
 * An FXD file on the host, of either kind, told apart by its first bytes and not by its name.
 */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { FxError } from '../errors.ts';
import { graphFromFxd } from './fxd.ts';
import { graphFromFxwal } from './fxwal-graph.ts';
import type { FxdGraph } from './graph.ts';

const CHUNK_BYTES = 1 << 20;
/** A database is read into memory as a whole. */
const DATABASE_BYTES_MAX = 1 << 30;

/**
 * The graph of the `.fxd` or `.fxwal` file at `path`, which also names it in messages. BAD_SOURCE: neither, cut
 * short, damaged, or over 1 GiB for a `.fxd`. Errors of the host's filesystem pass as they are.
 */
export async function graphFromFile(path: string): Promise<FxdGraph> {
  const file = openSync(path, 'r');
  try {
    const magic = Buffer.alloc(5);
    readSync(file, magic, 0, magic.length, 0);
    if (magic.latin1Slice() === 'FXWAL') return graphFromFxwal(chunksOf(file), path);
    if (statSync(path).size > DATABASE_BYTES_MAX) {
      throw new FxError('BAD_SOURCE', `${path} is over 1 GiB: export it in parts from FXD`);
    }
    const graph = await graphFromFxd(readFileSync(file), path);
    if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
      const message = `${path}-wal holds changes that are not in ${path}: they are left out; close FXD, then import again`;
      graph.problems.push({ code: 'unsaved-log', message });
    }
    return graph;
  } finally {
    closeSync(file);
  }
}

function* chunksOf(file: number): Generator<Uint8Array> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let position = 0; ; ) {
    const bytes = readSync(file, chunk, 0, chunk.length, position);
    if (bytes === 0) return;
    position += bytes;
    yield chunk.subarray(0, bytes);
  }
}
