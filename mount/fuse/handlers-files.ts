/**
 * Open files: CREATE, OPEN, READ, WRITE, FLUSH, RELEASE, FSYNC.
 */
import { FxError } from '../../src/errors.ts';
import { FILE_BYTES_MAX } from '../../src/limits.ts';
import type { Piece } from '../../src/store/api.ts';
import { MODE_MASK } from '../../src/store/node.ts';
import { type Created, NotReady, type Opened, type OpenFlags, type ReadResult } from '../operations.ts';
import { ERRNO } from './errno.ts';
import { after, type Exchange } from './exchange.ts';
import { unlockFlushed, unlockReleased } from './handlers-locks.ts';
import {
  BODY_WORD,
  CREATE_IN,
  ENTRY_BYTES,
  FLUSH_IN,
  FSYNC_IN,
  OPEN_IN,
  OPEN_OUT,
  OUT,
  OUT_WORD,
  READ_IN,
  RELEASE_IN,
  WRITE_IN,
  WRITE_OUT,
} from './layouts.ts';
import { FOPEN, OPEN, OPEN_KILL_SUIDGID, WRITE_CACHE, WRITE_KILL_SUIDGID } from './protocol.ts';

function openFlags(flags: number, killFlags: number): OpenFlags {
  const access = flags & OPEN.ACCESS_MODE;
  return {
    read: access !== OPEN.WRITE_ONLY,
    write: access !== OPEN.READ_ONLY,
    truncate: (flags & OPEN.TRUNCATE) !== 0,
    append: (flags & OPEN.APPEND) !== 0,
    clearSetId: (killFlags & OPEN_KILL_SUIDGID) !== 0,
  };
}

/** Writes OPEN_OUT at `word` and remembers the handle. */
function putOpened(x: Exchange, word: number, ino: number, opened: Opened): void {
  let flags = 0;
  if (opened.stream === true) flags |= FOPEN.STREAM | FOPEN.NONSEEKABLE;
  if (!opened.cacheable) flags |= FOPEN.DIRECT_IO;
  else if (x.timeoutSec > 0) flags |= FOPEN.KEEP_CACHE;
  if (x.operations.locks !== undefined) x.openCounts.opened(ino);
  else if (opened.flushless) flags |= FOPEN.NOFLUSH;
  x.put64(word + OPEN_OUT.word.fh, opened.handle);
  x.out[word + OPEN_OUT.word.open_flags] = flags;
  x.out[word + OPEN_OUT.word.padding] = 0;
  if (opened.handle !== 0) {
    x.handles.set(opened.handle, ino);
    x.openedHandle = opened.handle;
  }
}

/**
 * ENOSYS on purpose where files have no state of their own: a kernel that offers NO_OPEN_SUPPORT then opens
 * and closes files by itself, with KEEP_CACHE, and never sends OPEN, FLUSH or RELEASE again, not even of files
 * that are open (fs/fuse/file.c, fuse_file_open: `no_open`). Reading what is cached then costs no request at all.
 * As that cannot be taken back, it waits until a number of files were opened and none of them had state.
 */
export function open(x: Exchange): number {
  if (needsNoOpen(x)) return x.fail(ERRNO.ENOSYS);
  const flags = openFlags(x.u32(BODY_WORD + OPEN_IN.word.flags), x.u32(BODY_WORD + OPEN_IN.word.open_flags));
  if (x.readOnly && (flags.write || flags.truncate)) return x.fail(ERRNO.EROFS);
  putOpened(x, OUT_WORD, x.nodeid, x.operations.open(x.nodeid, flags, x.caller));
  x.held = flags.truncate;
  return OUT + OPEN_OUT.bytes;
}

function needsNoOpen(x: Exchange): boolean {
  if (!x.noOpen && --x.opensAnswered < 0 && !x.operations.hasHandles && x.handles.size === 0) x.noOpen = true;
  return x.noOpen;
}

/**
 * The kernel may still have cached a name as absent when another mount or the API created it. What it takes for
 * a new file it opens without asking for permission, so that an existing one must not be opened here: ESTALE
 * makes it look the name up and begin anew (fs/namei.c, do_filp_open: LOOKUP_REVAL).
 */
export function create(x: Exchange): number {
  const rawFlags = x.u32(BODY_WORD + CREATE_IN.word.flags);
  const flags = openFlags(rawFlags, x.u32(BODY_WORD + CREATE_IN.word.open_flags));
  if (x.noOpen) flags.withoutHandle = true;
  const mode = x.u32(BODY_WORD + CREATE_IN.word.mode) & MODE_MASK;
  const umask = x.u32(BODY_WORD + CREATE_IN.word.umask);
  const name = x.lastName(after(CREATE_IN));
  let created: Created;
  try {
    created = x.operations.create(x.nodeid, name, mode, flags, x.creator(umask));
  } catch (error) {
    const exists = error instanceof FxError && error.code === 'EXISTS';
    throw exists && !(rawFlags & OPEN.EXCLUSIVE) ? new FxError('STALE') : error;
  }
  return putCreated(x, created);
}

/** The name in the request is none. With O_EXCL the file must never get one. */
export function tmpfile(x: Exchange): number {
  const linkable = (x.u32(BODY_WORD + CREATE_IN.word.flags) & OPEN.EXCLUSIVE) === 0;
  const mode = x.u32(BODY_WORD + CREATE_IN.word.mode) & MODE_MASK;
  x.lastName(after(CREATE_IN));
  const maker = x.creator(x.u32(BODY_WORD + CREATE_IN.word.umask));
  return putCreated(x, x.operations.tmpfile(x.nodeid, mode, linkable, maker));
}

function putCreated(x: Exchange, created: Created): number {
  x.opensAnswered--;
  x.entry(created.attributes);
  putOpened(x, OUT_WORD + (ENTRY_BYTES >> 2), created.attributes.ino, created.opened);
  return OUT + ENTRY_BYTES + OPEN_OUT.bytes;
}

export function read(x: Exchange): number {
  const { word } = READ_IN;
  const offset = x.u64(BODY_WORD + word.offset);
  const bytes = Math.min(x.u32(BODY_WORD + word.size), x.output.length - OUT);
  if (offset > FILE_BYTES_MAX) return OUT;
  let result: ReadResult;
  try {
    result = x.operations.read(x.nodeid, x.u64(BODY_WORD + word.fh), offset, bytes);
  } catch (error) {
    const mayWait = (x.u32(BODY_WORD + word.flags) & OPEN.NONBLOCK) === 0;
    throw mayWait || !(error instanceof NotReady) || error.giveUp === undefined ? error : new FxError('WOULD_BLOCK');
  }
  if (Array.isArray(result)) return readPieces(x, result, bytes);
  if (result.length > bytes) throw new Error(`a read of ${bytes} bytes gave ${result.length}`);
  x.output.set(result, OUT);
  return OUT + result.length;
}

/** Hands the pieces to the loop, which sends them without a copy through this process's memory. */
function readPieces(x: Exchange, list: Piece[], bytesMax: number): number {
  const { pieces } = x;
  if (list.length * 3 > pieces.length) return copyPieces(x, list, bytesMax);
  let count = 0;
  let total = 0;
  for (let i = 0; i < list.length; i++) {
    const piece = list[i] as Piece;
    if (piece.bytes === 0) continue;
    pieces[count * 3] = piece.fd;
    pieces[count * 3 + 1] = piece.position;
    pieces[count * 3 + 2] = piece.bytes;
    count++;
    total += piece.bytes;
  }
  if (total > bytesMax) throw new Error(`a read of ${bytesMax} bytes gave pieces of ${total}`);
  return count === 0 ? OUT : -count;
}

/** Copies the first `count` pieces of a reply into it, for a reply that the loop does not send. Returns its length. */
export function joinPieces(x: Exchange, count: number): number {
  const list: Piece[] = [];
  let bytes = 0;
  for (let i = 0; i < count * 3; i += 3) {
    const [fd = -1, position = 0, length = 0] = x.pieces.subarray(i, i + 3);
    list.push({ fd, position, bytes: length });
    bytes += length;
  }
  return copyPieces(x, list, bytes);
}

/** More pieces than the loop takes, as in a file written a few bytes at a time. A short reply would mean end of file. */
function copyPieces(x: Exchange, list: Piece[], bytesMax: number): number {
  if (x.readPiece === undefined) throw new Error(`${list.length} pieces do not fit, and there is no way to read them`);
  let at = OUT;
  for (const piece of list) {
    if (at + piece.bytes > OUT + bytesMax) throw new Error(`a read of ${bytesMax} bytes gave more in pieces`);
    const target = x.output.subarray(at, at + piece.bytes);
    if (piece.fd < 0) target.fill(0);
    else x.readPiece(piece.fd, piece.position, target);
    at += piece.bytes;
  }
  return at;
}

/** Hands on the bytes where they lie in the request. */
export function write(x: Exchange): number {
  const { word } = WRITE_IN;
  const bytes = x.u32(BODY_WORD + word.size);
  const start = after(WRITE_IN);
  if (bytes > x.end - start) x.malformed('WRITE tells of more bytes than it brings');
  const writeFlags = x.u32(BODY_WORD + word.write_flags);
  let offset = x.u64(BODY_WORD + word.offset);
  if (x.u32(BODY_WORD + word.flags) & OPEN.APPEND && !(writeFlags & WRITE_CACHE)) {
    offset = x.operations.appendOffset(x.nodeid, x.u64(BODY_WORD + word.fh), offset);
  }
  if (offset + bytes > FILE_BYTES_MAX) return x.fail(ERRNO.EFBIG);
  const clearSetId = (writeFlags & WRITE_KILL_SUIDGID) !== 0;
  x.operations.write(x.nodeid, x.u64(BODY_WORD + word.fh), offset, x.input, start, bytes, clearSetId);
  x.out[OUT_WORD + WRITE_OUT.word.size] = bytes;
  x.out[OUT_WORD + WRITE_OUT.word.padding] = 0;
  return OUT + WRITE_OUT.bytes;
}

export function flush(x: Exchange): number {
  if (x.noOpen) return x.fail(ERRNO.ENOSYS);
  unlockFlushed(x);
  x.operations.flush(x.nodeid, x.u64(BODY_WORD + FLUSH_IN.word.fh));
  return OUT;
}

/** Nobody sees this reply's error: close(2) has returned. */
export function release(x: Exchange): number {
  const handle = x.u64(BODY_WORD + RELEASE_IN.word.fh);
  x.handles.delete(handle);
  unlockReleased(x);
  x.operations.release(x.nodeid, handle);
  return OUT;
}

/** FSYNC and FSYNCDIR, with or without FDATASYNC: what the log holds of a file, it holds whole. */
export function fsync(x: Exchange): number {
  return x.replier.defer(x.operations.fsync(x.nodeid, x.u64(BODY_WORD + FSYNC_IN.word.fh)));
}

/** The log holds the whole store: what is durable of one file is so of all. */
export function syncfs(x: Exchange): number {
  return x.replier.defer(x.operations.fsync(x.nodeid, 0));
}
