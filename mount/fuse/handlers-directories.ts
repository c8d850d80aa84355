/**
 * Directories: OPENDIR, READDIR, READDIRPLUS, RELEASEDIR.
 *
 * Listing is stateless: each request goes on after the cookie of the last entry it got.
 */
import type { Ino } from '../../src/ids.ts';
import type { Name } from '../../src/names.ts';
import type { Attributes, Kind } from '../../src/store/node.ts';
import { ERRNO } from './errno.ts';
import { direntType, type Exchange } from './exchange.ts';
import { BODY_WORD, DIRENT, ENTRY_BYTES, OPEN_OUT, OUT, OUT_WORD, READ_IN } from './layouts.ts';
import { FOPEN } from './protocol.ts';

/**
 * ENOSYS on purpose: a kernel that offers NO_OPENDIR_SUPPORT then opens directories by itself, with
 * KEEP_CACHE and CACHE_DIR, and never sends OPENDIR or RELEASEDIR again (fs/fuse/file.c, fuse_file_open:
 * `no_opendir`). With caching off, or without that offer, there is a real answer.
 */
export function opendir(x: Exchange): number {
  if (x.noOpendir) return x.fail(ERRNO.ENOSYS);
  x.put64(OUT_WORD + OPEN_OUT.word.fh, 0);
  x.out[OUT_WORD + OPEN_OUT.word.open_flags] = x.timeoutSec > 0 ? FOPEN.KEEP_CACHE | FOPEN.CACHE_DIR : 0;
  x.out[OUT_WORD + OPEN_OUT.word.padding] = 0;
  return OUT + OPEN_OUT.bytes;
}

export function releasedir(): number {
  return OUT;
}

export function readdir(x: Exchange): number {
  return list(x, false);
}

export function readdirplus(x: Exchange): number {
  return list(x, true);
}

function isDots(name: Name): boolean {
  return name === '.' || name === '..';
}

/**
 * Fills the reply. An error after some entries is kept for the next request, which comes upon it again: the
 * kernel must hear of the entries that were counted as looked up.
 */
function list(x: Exchange, plus: boolean): number {
  const cookie = x.u64(BODY_WORD + READ_IN.word.offset);
  const limit = OUT + Math.min(x.u32(BODY_WORD + READ_IN.word.size), x.output.length - OUT);
  const headBytes = DIRENT.bytes + (plus ? ENTRY_BYTES : 0);
  let at = OUT;
  let full = false;
  if (cookie > Number.MAX_SAFE_INTEGER) return OUT;
  try {
    x.operations.readdir(x.nodeid, cookie, (name, next, ino, kind, load) => {
      const bytes = (headBytes + name.length + 7) & ~7;
      if (at + bytes > limit) {
        full = true;
        return false;
      }
      if (plus) putPlus(x, at >> 2, name, load);
      putDirent(x, at + headBytes - DIRENT.bytes, name, next, ino, kind);
      at += bytes;
      return true;
    });
  } catch (error) {
    if (at === OUT) throw error;
  }
  // An empty reply would mean the end of the directory.
  if (full && at === OUT) return x.fail(ERRNO.EINVAL);
  return at;
}

function putDirent(x: Exchange, at: number, name: Name, cookie: number, ino: Ino, kind: Kind): void {
  const word = at >> 2;
  x.put64(word + DIRENT.word.ino, ino);
  x.put64(word + DIRENT.word.off, cookie);
  x.out[word + DIRENT.word.namelen] = name.length;
  x.out[word + DIRENT.word.type] = direntType(kind);
  const start = at + DIRENT.bytes;
  const end = start + name.length;
  x.output.latin1Write(name, start);
  for (let i = end; i & 7; i++) x.output[i] = 0;
}

/** With nodeid 0 the kernel takes the name and looks it up when asked; it always ignores the entries of "." and "..". */
function putPlus(x: Exchange, word: number, name: Name, load: () => Attributes | undefined): void {
  const attributes = isDots(name) ? undefined : loaded(load);
  if (attributes === undefined) x.out.fill(0, word, word + (ENTRY_BYTES >> 2));
  else x.putEntry(word, attributes);
}

/** An entry that cannot be described now is still listed. */
function loaded(load: () => Attributes | undefined): Attributes | undefined {
  try {
    return load();
  } catch {
    return undefined;
  }
}
