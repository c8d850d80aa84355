/**
 * Attributes: GETATTR, SETATTR, ACCESS, STATFS.
 */
import { FILE_BYTES_MAX, NAME_BYTES_MAX } from '../../src/limits.ts';
import type { Time } from '../../src/store/api.ts';
import { MODE_MASK } from '../../src/store/node.ts';
import type { AttributeChanges } from '../operations.ts';
import { ERRNO } from './errno.ts';
import { BLOCK_BYTES, type Exchange, modeWithType, SECTOR_BYTES, shownLinks } from './exchange.ts';
import {
  ACCESS_IN,
  BODY_WORD,
  OUT,
  OUT_WORD,
  SETATTR_IN,
  STATFS_OUT,
  STATX,
  STATX_ANSWER_BYTES,
  STATX_OUT,
} from './layouts.ts';
import { FATTR, STATX_MASK } from './protocol.ts';

const ASKED = FATTR.MODE | FATTR.SIZE | FATTR.ATIME | FATTR.MTIME | FATTR.CTIME;
const SECOND_NSEC = 1_000_000_000;

/** Asked when someone wants the birth time, once for each inode (fs/fuse/dir.c, fuse_update_get_attr). */
export function statx(x: Exchange): number {
  const file = x.operations.attributes(x.nodeid);
  const start = OUT_WORD + (STATX_OUT.bytes >> 2);
  const { word } = STATX;
  const { out } = x;
  out.fill(0, OUT_WORD, OUT_WORD + (STATX_ANSWER_BYTES >> 2));
  x.put64(OUT_WORD + STATX_OUT.word.attr_valid, x.timeoutSec);
  out[start + word.mask] = STATX_MASK.BASIC_STATS | STATX_MASK.BTIME;
  out[start + word.blksize] = BLOCK_BYTES;
  out[start + word.nlink] = shownLinks(file);
  out[start + word.uid] = file.uid;
  out[start + word.gid] = file.gid;
  x.put16s(start + word.mode, modeWithType(file), 0);
  x.put64(start + word.ino, file.ino);
  x.put64(start + word.size, file.size);
  x.put64(start + word.blocks, Math.ceil(file.storedBytes / SECTOR_BYTES));
  x.put64(start + word.atime, file.atimeSec);
  x.put64(start + word.btime, file.btimeSec);
  x.put64(start + word.ctime, file.ctimeSec);
  x.put64(start + word.mtime, file.mtimeSec);
  out[start + word.atimensec] = file.atimeNsec;
  out[start + word.btimensec] = file.btimeNsec;
  out[start + word.ctimensec] = file.ctimeNsec;
  out[start + word.mtimensec] = file.mtimeNsec;
  // As new_decode_dev of linux/kdev_t.h.
  out[start + word.rdev_major] = (file.rdev >>> 8) & 0xfff;
  out[start + word.rdev_minor] = (file.rdev & 0xff) | ((file.rdev >>> 12) & 0xfff00);
  return OUT + STATX_ANSWER_BYTES;
}

/** The handle that may come along adds nothing: an open file's inode lives on while the kernel knows it. */
export function getattr(x: Exchange): number {
  return x.attributes(x.operations.attributes(x.nodeid));
}

/**
 * A chown comes without KILL_SUIDGID: with HANDLE_KILLPRIV_V2 set-id bits always fall with the owner
 * (the driver's duty, whoever asks), while for a new size the kernel says whether the caller must lose them.
 * A request that names no field is a chown of neither owner nor group.
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
  if (valid & (FATTR.KILL_SUIDGID | FATTR.UID | FATTR.GID) || !(valid & ASKED)) changes.clearSetId = true;
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
