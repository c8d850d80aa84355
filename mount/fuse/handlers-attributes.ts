/**
 * Attributes: GETATTR, SETATTR, ACCESS, STATFS.
 */
import { FILE_BYTES_MAX, NAME_BYTES_MAX } from '../../src/limits.ts';
import type { Time } from '../../src/store/api.ts';
import { MODE_MASK } from '../../src/store/node.ts';
import type { AttributeChanges } from '../operations.ts';
import { ERRNO } from './errno.ts';
import type { Exchange } from './exchange.ts';
import { ACCESS_IN, BODY_WORD, OUT, OUT_WORD, SETATTR_IN, STATFS_OUT } from './layouts.ts';
import { FATTR } from './protocol.ts';

const BLOCK_BYTES = 4096;
const SECOND_NSEC = 1_000_000_000;

/** The handle that may come along adds nothing: an open file's inode lives on while the kernel knows it. */
export function getattr(x: Exchange): number {
  return x.attributes(x.operations.attributes(x.nodeid));
}

/**
 * A chown comes without KILL_SUIDGID: with HANDLE_KILLPRIV_V2 set-id bits always fall with the owner
 * (the driver's duty, whoever asks), while for a new size the kernel says whether the caller must lose them.
 */
export function setattr(x: Exchange): number {
  const { word } = SETATTR_IN;
  const valid = x.u32(BODY_WORD + word.valid);
  const changes: AttributeChanges = {};
  if (valid & FATTR.MODE) changes.mode = x.u32(BODY_WORD + word.mode) & MODE_MASK;
  if (valid & FATTR.UID) changes.uid = x.u32(BODY_WORD + word.uid);
  if (valid & FATTR.GID) changes.gid = x.u32(BODY_WORD + word.gid);
  if (valid & FATTR.SIZE) {
    const size = x.u64(BODY_WORD + word.size);
    if (size > FILE_BYTES_MAX) return x.fail(ERRNO.EFBIG);
    changes.size = size;
    if (valid & FATTR.FH) changes.handle = x.u64(BODY_WORD + word.fh);
  }
  if (valid & FATTR.ATIME_NOW) changes.atime = 'now';
  else if (valid & FATTR.ATIME) changes.atime = time(x, word.atime, word.atimensec);
  if (valid & FATTR.MTIME_NOW) changes.mtime = 'now';
  else if (valid & FATTR.MTIME) changes.mtime = time(x, word.mtime, word.mtimensec);
  if (valid & FATTR.CTIME) changes.ctime = time(x, word.ctime, word.ctimensec);
  if (valid & (FATTR.KILL_SUIDGID | FATTR.UID | FATTR.GID)) changes.clearSetId = true;
  return x.attributes(x.operations.setAttributes(x.nodeid, changes, x.caller));
}

function time(x: Exchange, secWord: number, nsecWord: number): Time {
  const nsec = x.u32(BODY_WORD + nsecWord);
  if (nsec >= SECOND_NSEC) x.malformed(`${nsec} nanoseconds are over a second`);
  return [x.i64(BODY_WORD + secWord), nsec];
}

export function access(x: Exchange): number {
  x.operations.access(x.nodeid, x.u32(BODY_WORD + ACCESS_IN.word.mask), x.caller);
  return OUT;
}

export function statfs(x: Exchange): number {
  const totals = x.operations.statfs();
  const { word } = STATFS_OUT;
  const free = Math.floor(totals.freeBytes / BLOCK_BYTES);
  x.out.fill(0, OUT_WORD, OUT_WORD + (STATFS_OUT.bytes >> 2));
  x.put64(OUT_WORD + word.blocks, Math.floor(totals.totalBytes / BLOCK_BYTES));
  x.put64(OUT_WORD + word.bfree, free);
  x.put64(OUT_WORD + word.bavail, free);
  x.put64(OUT_WORD + word.files, totals.inodes);
  x.put64(OUT_WORD + word.ffree, totals.freeInodes);
  x.out[OUT_WORD + word.bsize] = BLOCK_BYTES;
  x.out[OUT_WORD + word.namelen] = NAME_BYTES_MAX;
  x.out[OUT_WORD + word.frsize] = BLOCK_BYTES;
  return OUT + STATFS_OUT.bytes;
}
