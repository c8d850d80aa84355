/**
 * Locks: GETLK, SETLK, SETLKW. Asked for where a mount shares its locks with others; else the kernel's own do, and
 * these requests do not come.
 *
 * The kernel names the owner: for `fcntl` the process's table of files, for `flock` the open file. It tells when an
 * owner lets go of a file by FLUSH (each close, `fcntl` locks) and RELEASE (the last close, `flock` locks), so that
 * files must be opened and flushed for real. Of locks of open file descriptions (F_OFD_SETLK) it tells nothing then
 * (fs/fuse/file.c): they end when nobody has the file open any more.
 */
import type { Lock, LockKind } from '../locks.ts';
import type { FileLocks } from '../operations.ts';
import { ERRNO } from './errno.ts';
import type { Exchange } from './exchange.ts';
import { BODY_WORD, FLUSH_IN, LK_IN, LK_OUT, OUT, OUT_WORD, RELEASE_IN } from './layouts.ts';
import { LOCK, LOCK_IS_FLOCK, RELEASE_FLOCK_UNLOCK } from './protocol.ts';

function kindOf(x: Exchange): LockKind {
  return x.u32(BODY_WORD + LK_IN.word.lk_flags) & LOCK_IS_FLOCK ? 'flock' : 'posix';
}

function ownerAt(x: Exchange, word: number): string {
  return x.bigU64(word).toString(16);
}

/** The lock asked for; undefined when a lock is to be given up. INVALID for what is neither. */
function wantedLock(x: Exchange): Lock | undefined {
  const { word } = LK_IN;
  const type = x.u32(BODY_WORD + word.type);
  if (type === LOCK.UNLOCK) return undefined;
  if (type !== LOCK.READ && type !== LOCK.WRITE) x.malformed(`there is no lock type ${type}`);
  const start = x.bigU64(BODY_WORD + word.start);
  const end = x.bigU64(BODY_WORD + word.end);
  if (end < start) x.malformed('a lock ends before it starts');
  return {
    owner: ownerAt(x, BODY_WORD + word.owner),
    pid: x.u32(BODY_WORD + word.pid),
    type: type === LOCK.READ ? 'read' : 'write',
    start,
    end,
  };
}

/** The first lock in the way, or UNLOCK: it could be had. */
export function getlk(x: Exchange): number {
  const { locks } = x.operations;
  if (locks === undefined) return x.fail(ERRNO.ENOSYS);
  const wanted = wantedLock(x);
  const found = wanted && locks.find(kindOf(x), x.nodeid, wanted);
  const { word } = LK_OUT;
  x.out.fill(0, OUT_WORD, OUT_WORD + (LK_OUT.bytes >> 2));
  x.out[OUT_WORD + word.type] = LOCK.UNLOCK;
  if (found !== undefined) {
    x.putBig64(OUT_WORD + word.start, found.start);
    x.putBig64(OUT_WORD + word.end, found.end);
    x.out[OUT_WORD + word.type] = found.type === 'read' ? LOCK.READ : LOCK.WRITE;
    x.out[OUT_WORD + word.pid] = found.pid;
  }
  return OUT + LK_OUT.bytes;
}

export function setlk(x: Exchange): number {
  const { locks } = x.operations;
  if (locks === undefined) return x.fail(ERRNO.ENOSYS);
  const wanted = wantedLock(x);
  if (wanted === undefined) return unlock(x, locks);
  locks.take(kindOf(x), x.nodeid, wanted);
  return OUT;
}

/** Answered when the lock is held, or with EINTR when the kernel gives up. */
export function setlkw(x: Exchange): number {
  const { locks } = x.operations;
  if (locks === undefined) return x.fail(ERRNO.ENOSYS);
  const wanted = wantedLock(x);
  if (wanted === undefined) return unlock(x, locks);
  const wait = locks.wait(kindOf(x), x.nodeid, wanted);
  return wait === undefined ? OUT : x.replier.defer(wait.granted, wait.giveUp);
}

function unlock(x: Exchange, locks: FileLocks): number {
  const { word } = LK_IN;
  const start = x.bigU64(BODY_WORD + word.start);
  const end = x.bigU64(BODY_WORD + word.end);
  locks.drop(kindOf(x), x.nodeid, ownerAt(x, BODY_WORD + word.owner), start, end);
  return OUT;
}

/** The owner closes the file, or a copy of its descriptor. */
export function unlockFlushed(x: Exchange): void {
  x.operations.locks?.drop('posix', x.nodeid, ownerAt(x, BODY_WORD + FLUSH_IN.word.lock_owner));
}

export function unlockReleased(x: Exchange): void {
  const { locks } = x.operations;
  if (locks === undefined) return;
  const { word } = RELEASE_IN;
  const ends = (x.u32(BODY_WORD + word.release_flags) & RELEASE_FLOCK_UNLOCK) !== 0;
  if (ends) locks.drop('flock', x.nodeid, ownerAt(x, BODY_WORD + word.lock_owner));
  if (x.openCounts.released(x.nodeid)) locks.dropFile(x.nodeid);
}
