/**
 * Ranges of a file's bytes: FALLOCATE, LSEEK, COPY_FILE_RANGE.
 *
 * None of them says whether set-id bits must go: they do unless root asks.
 */
import { FILE_BYTES_MAX } from '../../src/limits.ts';
import type { Allocation } from '../operations.ts';
import { ERRNO } from './errno.ts';
import type { Exchange } from './exchange.ts';
import {
  BODY_WORD,
  COPY_FILE_RANGE_IN,
  COPY_FILE_RANGE_OUT,
  FALLOCATE_IN,
  LSEEK_IN,
  LSEEK_OUT,
  OUT,
  OUT_WORD,
  WRITE_OUT,
} from './layouts.ts';
import { FALLOCATE, SEEK } from './protocol.ts';

/** The modes of fallocate(2) but for KEEP_SIZE, which goes with those that may move the end of the file. */
const ALLOCATIONS: ReadonlyMap<number, Allocation> = new Map([
  [0, 'allocate'],
  [FALLOCATE.PUNCH_HOLE, 'punch'],
  [FALLOCATE.ZERO_RANGE, 'zero'],
  [FALLOCATE.COLLAPSE_RANGE, 'collapse'],
  [FALLOCATE.INSERT_RANGE, 'insert'],
]);

/**
 * EOPNOTSUPP for modes that are not served. The kernel itself refuses COLLAPSE_RANGE and INSERT_RANGE so on FUSE
 * (fs/fuse/file.c, fuse_file_fallocate, up to 6.18 at least), together with what else it does not know.
 */
export function fallocate(x: Exchange): number {
  const { word } = FALLOCATE_IN;
  const mode = x.u32(BODY_WORD + word.mode);
  const keepSize = (mode & FALLOCATE.KEEP_SIZE) !== 0;
  const how = ALLOCATIONS.get(mode & ~FALLOCATE.KEEP_SIZE);
  const mayKeepSize = how === 'allocate' || how === 'zero';
  if (how === undefined || (!mayKeepSize && keepSize !== (how === 'punch'))) return x.fail(ERRNO.EOPNOTSUPP);
  const offset = x.u64(BODY_WORD + word.offset);
  const bytes = x.u64(BODY_WORD + word.length);
  if (bytes === 0) return x.fail(ERRNO.EINVAL);
  if (offset + bytes > FILE_BYTES_MAX) return x.fail(ERRNO.EFBIG);
  const at = { ino: x.nodeid, handle: x.u64(BODY_WORD + word.fh), offset };
  x.operations.allocate(at, bytes, how, keepSize, x.caller);
  return OUT;
}

/** SEEK_DATA and SEEK_HOLE; the kernel does the others. ENXIO past the last byte, and where no data follows. */
export function lseek(x: Exchange): number {
  const { word } = LSEEK_IN;
  const whence = x.u32(BODY_WORD + word.whence);
  if (whence !== SEEK.DATA && whence !== SEEK.HOLE) return x.fail(ERRNO.EINVAL);
  const at = { ino: x.nodeid, handle: x.u64(BODY_WORD + word.fh), offset: x.u64(BODY_WORD + word.offset) };
  const found = x.operations.seek(at, whence === SEEK.DATA ? 'data' : 'hole');
  if (found === undefined) return x.fail(ERRNO.ENXIO);
  x.put64(OUT_WORD + LSEEK_OUT.word.offset, found);
  return OUT + LSEEK_OUT.bytes;
}

export function copyFileRange(x: Exchange): number {
  x.out[OUT_WORD + WRITE_OUT.word.size] = copied(x);
  x.out[OUT_WORD + WRITE_OUT.word.padding] = 0;
  return OUT + WRITE_OUT.bytes;
}

/** The same for more than 4 GiB at a time. */
export function copyFileRange64(x: Exchange): number {
  x.put64(OUT_WORD + COPY_FILE_RANGE_OUT.word.bytes_copied, copied(x));
  return OUT + COPY_FILE_RANGE_OUT.bytes;
}

function copied(x: Exchange): number {
  const { word } = COPY_FILE_RANGE_IN;
  const u64 = (at: number) => x.u64(BODY_WORD + at);
  const from = { ino: x.nodeid, handle: u64(word.fh_in), offset: u64(word.off_in) };
  const to = { ino: u64(word.nodeid_out), handle: u64(word.fh_out), offset: u64(word.off_out) };
  return x.operations.copyRange(from, to, u64(word.len), x.caller);
}
