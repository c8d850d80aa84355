/**
 * Names: LOOKUP, creating, linking, renaming and removing entries, symlinks.
 */
import { MODE_MASK } from '../../src/store/node.ts';
import type { RenameFlags } from '../operations.ts';
import { ERRNO } from './errno.ts';
import { after, type Exchange, kindOfMode } from './exchange.ts';
import { BODY, BODY_WORD, LINK_IN, MKDIR_IN, MKNOD_IN, OUT, RENAME_IN, RENAME2_IN } from './layouts.ts';
import { RENAME } from './protocol.ts';

/** Also of "." and "..", which NFS and open_by_handle_at(2) ask for by nodeid (EXPORT_SUPPORT). */
export function lookup(x: Exchange): number {
  const found = x.operations.lookup(x.nodeid, x.lastName(BODY));
  return found === undefined ? x.noEntry() : x.entry(found);
}

/** Modes come with the caller's umask beside them (DONT_MASK): a directory's default access list may replace it. */
export function mknod(x: Exchange): number {
  const mode = x.u32(BODY_WORD + MKNOD_IN.word.mode);
  const rdev = x.u32(BODY_WORD + MKNOD_IN.word.rdev);
  const umask = x.u32(BODY_WORD + MKNOD_IN.word.umask);
  const name = x.lastName(after(MKNOD_IN));
  const kind = kindOfMode(mode);
  if (kind === undefined) return x.fail(ERRNO.EINVAL);
  return x.entry(x.operations.mknod(x.nodeid, name, kind, mode & MODE_MASK, rdev, x.creator(umask)));
}

export function mkdir(x: Exchange): number {
  const mode = x.u32(BODY_WORD + MKDIR_IN.word.mode) & MODE_MASK;
  const umask = x.u32(BODY_WORD + MKDIR_IN.word.umask);
  return x.entry(x.operations.mkdir(x.nodeid, x.lastName(after(MKDIR_IN)), mode, x.creator(umask)));
}

export function symlink(x: Exchange): number {
  const name = x.firstName(BODY);
  const target = x.lastName(BODY + name.length + 1);
  return x.entry(x.operations.symlink(x.nodeid, name, target, x.creator(0)));
}

export function link(x: Exchange): number {
  const ino = x.u64(BODY_WORD + LINK_IN.word.oldnodeid);
  return x.entry(x.operations.link(ino, x.nodeid, x.lastName(after(LINK_IN))));
}

export function unlink(x: Exchange): number {
  x.operations.unlink(x.nodeid, x.lastName(BODY));
  return OUT;
}

export function rmdir(x: Exchange): number {
  x.operations.rmdir(x.nodeid, x.lastName(BODY));
  return OUT;
}

const REPLACE: RenameFlags = { noReplace: false, exchange: false, whiteout: false };
const RENAME_KNOWN = RENAME.NOREPLACE | RENAME.EXCHANGE | RENAME.WHITEOUT;

export function rename(x: Exchange): number {
  return renameNames(x, x.u64(BODY_WORD + RENAME_IN.word.newdir), after(RENAME_IN), REPLACE);
}

/** EXCHANGE with another flag and what is unknown are EINVAL, as in renameat2(2). */
export function rename2(x: Exchange): number {
  const flags = x.u32(BODY_WORD + RENAME2_IN.word.flags);
  if (flags & ~RENAME_KNOWN) return x.fail(ERRNO.EINVAL);
  const noReplace = (flags & RENAME.NOREPLACE) !== 0;
  const exchange = (flags & RENAME.EXCHANGE) !== 0;
  const whiteout = (flags & RENAME.WHITEOUT) !== 0;
  if (exchange && (noReplace || whiteout)) return x.fail(ERRNO.EINVAL);
  const options = { noReplace, exchange, whiteout };
  return renameNames(x, x.u64(BODY_WORD + RENAME2_IN.word.newdir), after(RENAME2_IN), options);
}

function renameNames(x: Exchange, toParent: number, start: number, options: RenameFlags): number {
  const from = x.firstName(start);
  const to = x.lastName(start + from.length + 1);
  x.operations.rename(x.nodeid, from, toParent, to, options, x.caller);
  return OUT;
}

export function readlink(x: Exchange): number {
  const target = x.operations.readlink(x.nodeid);
  if (OUT + target.length > x.output.length) return x.fail(ERRNO.EIO);
  x.output.latin1Write(target, OUT);
  return OUT + target.length;
}
