/**
 * INIT: what driver and kernel agree on.
 */
import { TRANSFER_BYTES_MAX } from '../../src/limits.ts';
import { ERRNO } from './errno.ts';
import type { Exchange } from './exchange.ts';
import { BODY_WORD, INIT_IN, INIT_OUT, INIT_OUT_BYTES, OUT, OUT_WORD } from './layouts.ts';
import { FUSE_MAJOR, FUSE_MINOR, FUSE_MINOR_MIN, INIT, INIT2 } from './protocol.ts';

/** What was agreed on; enough to go on serving the same connection from another process. */
export interface Negotiated {
  /** The smaller of the kernel's minor version and ours. */
  minor: number;
  /** Flags that both sides have: bits of INIT, and of INIT2. */
  flags: number;
  flags2: number;
}

/**
 * Flags asked for when the kernel offers them. Left out on purpose:
 * - AUTO_INVAL_DATA: pages are dropped exactly when told (EXPLICIT_INVAL_DATA), not whenever mtime moves;
 * - WRITEBACK_CACHE: a write must reach the log before it is acknowledged;
 * - POSIX_LOCKS, FLOCK_LOCKS: the kernel's own locks do, and cost no request, unless several mounts share theirs.
 */
export const WANTED_FLAGS =
  INIT.ASYNC_READ |
  INIT.ATOMIC_O_TRUNC |
  INIT.EXPORT_SUPPORT |
  INIT.BIG_WRITES |
  // The umask comes beside the mode, as a default access list may replace it.
  INIT.DONT_MASK |
  INIT.DO_READDIRPLUS |
  INIT.READDIRPLUS_AUTO |
  INIT.ASYNC_DIO |
  INIT.PARALLEL_DIROPS |
  INIT.MAX_PAGES |
  INIT.CACHE_SYMLINKS |
  INIT.NO_OPENDIR_SUPPORT |
  INIT.NO_OPEN_SUPPORT |
  INIT.EXPLICIT_INVAL_DATA |
  // With it the kernel leaves set-id bits to us and may skip GETXATTR security.capability before a write.
  INIT.HANDLE_KILLPRIV_V2 |
  INIT.SETXATTR_EXT |
  INIT.INIT_EXT;
export const WANTED_FLAGS2 =
  INIT2.CREATE_SUPP_GROUP |
  INIT2.HAS_EXPIRE_ONLY |
  INIT2.HAS_RESEND |
  // Files that bypass the page cache, as they show one version each time they are opened, can still be mapped.
  INIT2.DIRECT_IO_ALLOW_MMAP;

/** Caching that must not outlive a request goes with the timeouts. */
const CACHING_FLAGS = INIT.CACHE_SYMLINKS | INIT.NO_OPENDIR_SUPPORT | INIT.NO_OPEN_SUPPORT;

/** Pages of 4096 bytes in one transfer: 1 MiB. */
const MAX_PAGES = TRANSFER_BYTES_MAX / 4096;
/** Requests that the kernel has under way for readahead and direct I/O, and when it calls that congested. */
const MAX_BACKGROUND = 64;
const CONGESTION_THRESHOLD = 48;

export interface Wishes {
  /** The kernel may cache. */
  caching: boolean;
  /** Files must be opened, flushed and released from the start. */
  opens: boolean;
  /** Locks are asked of the driver. */
  locks: boolean;
  /** The kernel enforces access lists, and with them all permissions. */
  accessLists: boolean;
}

/**
 * The flags that come of an offer. A kernel that needs no OPEN cuts an opened file by SETATTR, which it
 * leaves out once it has ATOMIC_O_TRUNC.
 */
export function agree(minor: number, offered: number, offered2: number, wishes: Wishes): Negotiated {
  let wanted = wishes.caching ? WANTED_FLAGS : WANTED_FLAGS & ~CACHING_FLAGS;
  if (wishes.locks) wanted |= INIT.POSIX_LOCKS | INIT.FLOCK_LOCKS;
  if (wishes.accessLists) wanted |= INIT.POSIX_ACL;
  if (wishes.opens) wanted &= ~INIT.NO_OPEN_SUPPORT;
  let flags = offered & wanted;
  if (flags & INIT.NO_OPEN_SUPPORT) flags &= ~INIT.ATOMIC_O_TRUNC;
  return { minor: Math.min(minor, FUSE_MINOR), flags, flags2: flags & INIT.INIT_EXT ? offered2 & WANTED_FLAGS2 : 0 };
}

/**
 * Answers INIT. Returns the reply's length and what was agreed on: nothing when the kernel's major version
 * is larger (it then asks again with ours), or when the kernel is too old (EPROTO, and the mount fails).
 */
export function negotiate(x: Exchange, wishes: Wishes): { length: number; agreed: Negotiated | undefined } {
  const { word } = INIT_IN;
  const major = x.u32(BODY_WORD + word.major);
  const minor = x.u32(BODY_WORD + word.minor);
  x.out.fill(0, OUT_WORD, OUT_WORD + (INIT_OUT_BYTES >> 2));
  x.out[OUT_WORD + INIT_OUT.word.major] = FUSE_MAJOR;
  x.out[OUT_WORD + INIT_OUT.word.minor] = FUSE_MINOR;
  if (major > FUSE_MAJOR) return { length: OUT + INIT_OUT_BYTES, agreed: undefined };
  if (major < FUSE_MAJOR || minor < FUSE_MINOR_MIN) return { length: x.fail(ERRNO.EPROTO), agreed: undefined };

  const offered = x.u32(BODY_WORD + word.flags);
  const hasFlags2 = (offered & INIT.INIT_EXT) !== 0 && x.end >> 2 > BODY_WORD + word.flags2;
  const agreed = agree(minor, offered, hasFlags2 ? x.u32(BODY_WORD + word.flags2) : 0, wishes);
  const out = INIT_OUT.word;
  x.out[OUT_WORD + out.minor] = agreed.minor;
  // The kernel takes the smaller of this and the device's own read_ahead_kb.
  x.out[OUT_WORD + out.max_readahead] = TRANSFER_BYTES_MAX;
  x.out[OUT_WORD + out.flags] = agreed.flags;
  x.put16s(OUT_WORD + out.max_background, MAX_BACKGROUND, CONGESTION_THRESHOLD);
  x.out[OUT_WORD + out.max_write] = TRANSFER_BYTES_MAX;
  x.out[OUT_WORD + out.time_gran] = 1;
  x.put16s(OUT_WORD + out.max_pages, agreed.flags & INIT.MAX_PAGES ? MAX_PAGES : 0, 0);
  x.out[OUT_WORD + out.flags2] = agreed.flags2;
  return { length: OUT + INIT_OUT_BYTES, agreed };
}
