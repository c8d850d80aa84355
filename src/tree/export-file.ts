/**
 * Writes one node that is no directory to the host.
 */
import { constants } from 'node:fs';
import { FxError } from '../errors.ts';
import { TRANSFER_BYTES_MAX } from '../limits.ts';
import { nameToText } from '../names.ts';
import type { Piece, StoreApi } from '../store/api.ts';
import { KIND, type Kind, type Node } from '../store/node.ts';
import { publicAttributes } from '../store/private.ts';
import { type HostIo, hostPath } from './host-io.ts';

const CREATE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

const TYPE_BITS: { readonly [K in Kind]: number } = {
  [KIND.file]: constants.S_IFREG,
  [KIND.directory]: constants.S_IFDIR,
  [KIND.symlink]: constants.S_IFLNK,
  [KIND.fifo]: constants.S_IFIFO,
  [KIND.socket]: constants.S_IFSOCK,
  [KIND.charDevice]: constants.S_IFCHR,
  [KIND.blockDevice]: constants.S_IFBLK,
};

export interface HostTarget {
  io: HostIo;
  owners: boolean;
  /** Told of what was lost though the file was made. */
  onLost(path: string, reason: string): void;
  /** Told of content written; may throw to stop, or return what to wait for. */
  onBytes(bytes: number): Promise<void> | undefined;
}

/** Makes a file that must not exist, with all attributes. On an error nothing is left of it. */
export async function writeFileNode(
  target: HostTarget,
  store: StoreApi,
  path: string,
  node: Node,
  rendered: Uint8Array | undefined,
): Promise<void> {
  const { io } = target;
  const bytes = hostPath(path);
  const fd = await io.open(bytes, CREATE_FLAGS, 0o600);
  try {
    try {
      if (rendered === undefined) await copyHeld(target, store, fd, node);
      else await writeAll(target, fd, Buffer.from(rendered.buffer, rendered.byteOffset, rendered.byteLength), 0);
      if (target.owners) await io.fchown(fd, node.uid, node.gid);
      if (node.kind !== KIND.directory) await setXattrs(target, path, node);
      // After the owner, whose change clears the set-id bits. A directory's value is a file that nobody executes.
      await io.fchmod(fd, node.kind === KIND.directory ? node.mode & 0o666 : node.mode);
    } finally {
      await io.close(fd);
    }
    await io.setTimes(bytes, node);
  } catch (error) {
    await io.unlink(bytes);
    throw error;
  }
}

async function copyHeld(target: HostTarget, store: StoreApi, fd: number, node: Node): Promise<void> {
  const release = store.holdPieces();
  try {
    await copyContent(target, store, fd, node);
  } finally {
    release();
  }
}

async function copyContent(target: HostTarget, store: StoreApi, fd: number, node: Node): Promise<void> {
  const { size } = node;
  const buffer = Buffer.allocUnsafe(Math.min(size, TRANSFER_BYTES_MAX));
  let written = 0;
  for (let offset = 0; offset < size; ) {
    const pieces: Piece[] = [];
    // A hole is one step, however long it is.
    const covered = store.pieces(node, offset, buffer.length, pieces);
    if (covered === 0) break;
    for (const piece of pieces) {
      if (piece.fd >= 0) {
        const part = buffer.subarray(0, piece.bytes);
        await readAll(target.io, piece, part);
        await writeAll(target, fd, part, offset);
        written = offset + piece.bytes;
      }
      offset += piece.bytes;
    }
  }
  if (written < size) await target.io.ftruncate(fd, size);
}

async function readAll(io: HostIo, piece: Piece, part: Buffer): Promise<void> {
  for (let done = 0; done < part.length; ) {
    const got = await io.read(piece.fd, part, done, part.length - done, piece.position + done);
    if (got === 0)
      throw new FxError('DAMAGED', 'the log is shorter than the content it should hold; run "fxmount verify"');
    done += got;
  }
}

async function writeAll(target: HostTarget, fd: number, data: Buffer, position: number): Promise<void> {
  for (let done = 0; done < data.length; ) {
    done += await target.io.write(fd, data, done, data.length - done, position + done);
  }
  await target.onBytes(data.length);
}

/** Makes a symlink, fifo, socket or device. */
export async function writeSpecialNode(target: HostTarget, path: string, node: Node): Promise<void> {
  const { io } = target;
  const bytes = hostPath(path);
  if (node.kind === KIND.symlink) await io.symlink(hostPath(node.target), bytes);
  else await io.makeNode(bytes, TYPE_BITS[node.kind] | node.mode, node.rdev);
  try {
    if (target.owners) await io.lchown(bytes, node.uid, node.gid);
    await setXattrs(target, path, node);
    // After the umask, and after the owner, whose change clears the set-id bits.
    if (node.kind !== KIND.symlink) await io.setMode(bytes, node.mode);
    await io.setTimes(bytes, node);
  } catch (error) {
    await io.unlink(bytes);
    throw error;
  }
}

/** Owner, mode, xattrs and times of a directory whose entries are all there. */
export async function finishDirectory(target: HostTarget, path: string, node: Node): Promise<void> {
  const bytes = hostPath(path);
  if (target.owners) await target.io.lchown(bytes, node.uid, node.gid);
  await setXattrs(target, path, node);
  await target.io.setMode(bytes, node.mode);
  await target.io.setTimes(bytes, node);
}

/** After the owner, whose change clears capabilities; before the mode, which may forbid it. */
async function setXattrs(target: HostTarget, path: string, node: Node): Promise<void> {
  for (const [name, value] of publicAttributes(node.xattrs)) {
    try {
      await target.io.setXattr(hostPath(path), name, value);
    } catch (error) {
      target.onLost(path, `extended attribute ${nameToText(name)}: ${(error as Error).message}`);
    }
  }
}
