/**
 * Bytes of blobs: read through the store's pieces, written in transfers.
 */
import { constants } from 'node:buffer';
import { read, readSync } from 'node:fs';
import { FxError } from '../errors.ts';
import { TRANSFER_BYTES_MAX } from '../limits.ts';
import type { Piece, StoreApi } from '../store/api.ts';
import type { Node } from '../store/node.ts';
import { requireBlob } from './kinds.ts';

/** Bytes [offset, offset + bytes) of a blob, cut at its end. Blocks while the disk delivers what is not cached. */
export function readBytes(store: StoreApi, node: Node, offset = 0, bytes = Infinity): Buffer {
  const { pieces, buffer } = plan(store, node, offset, bytes);
  let at = 0;
  for (const piece of pieces) {
    for (let done = 0; piece.fd >= 0 && done < piece.bytes; ) {
      const got = readSync(piece.fd, buffer, at + done, piece.bytes - done, piece.position + done);
      if (got === 0) throw endsEarly();
      done += got;
    }
    if (piece.fd < 0) buffer.fill(0, at, at + piece.bytes);
    at += piece.bytes;
  }
  return buffer;
}

/** As `readBytes`, reading on the thread pool. What the blob holds when called, also if it changes meanwhile. */
export async function readBytesAsync(store: StoreApi, node: Node, offset = 0, bytes = Infinity): Promise<Buffer> {
  const release = store.holdPieces();
  try {
    return await readPlanned(plan(store, node, offset, bytes));
  } finally {
    release();
  }
}

async function readPlanned({ pieces, buffer }: { pieces: Piece[]; buffer: Buffer }): Promise<Buffer> {
  let at = 0;
  for (const piece of pieces) {
    for (let done = 0; piece.fd >= 0 && done < piece.bytes; ) {
      const got = await readAt(piece.fd, buffer, at + done, piece.bytes - done, piece.position + done);
      if (got === 0) throw endsEarly();
      done += got;
    }
    if (piece.fd < 0) buffer.fill(0, at, at + piece.bytes);
    at += piece.bytes;
  }
  return buffer;
}

function plan(store: StoreApi, node: Node, offset: number, bytes: number): { pieces: Piece[]; buffer: Buffer } {
  requireBlob(node);
  checkOffset(offset);
  const wanted = Math.max(0, Math.min(bytes, node.size - offset));
  if (wanted > constants.MAX_LENGTH) {
    throw new FxError('TOO_BIG', `${wanted} bytes do not fit a buffer; read it in ranges with readFile`);
  }
  const pieces: Piece[] = [];
  const covered = wanted === 0 ? 0 : store.pieces(node, offset, wanted, pieces);
  return { pieces, buffer: Buffer.allocUnsafe(covered) };
}

export function checkOffset(offset: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0) throw new FxError('INVALID', `${offset} is no offset`);
}

function endsEarly(): FxError {
  return new FxError('DAMAGED', 'the log is shorter than the content it should hold; run "fxmount verify"');
}

function readAt(fd: number, buffer: Buffer, start: number, bytes: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, start, bytes, position, (error, got) => (error ? reject(error) : resolve(got)));
  });
}

/** Writes `data` at `offset`, in transfers. */
export function writeBytes(store: StoreApi, node: Node, offset: number, data: Uint8Array): void {
  for (let at = 0; at < data.length; at += TRANSFER_BYTES_MAX) {
    store.write(node, offset + at, data, at, Math.min(TRANSFER_BYTES_MAX, data.length - at));
  }
}
