/**
 * Names: LOOKUP, creating, linking, renaming and removing entries, symlinks.
 */
import type { RenameOptions } from '../../src/store/api.ts';
import { MODE_MASK } from '../../src/store/node.ts';
import { ERRNO } from './errno.ts';
import { after, type Exchange, kindOfMode } from './exchange.ts';
import { BODY, BODY_WORD, LINK_IN, MKDIR_IN, MKNOD_IN, OUT, RENAME_IN, RENAME2_IN } from './layouts.ts';
import { RENAME } from './protocol.ts';

/** Also of "." and "..", which NFS and open_by_handle_at(2) ask for by nodeid (EXPORT_SUPPORT). */
export function lookup(x: Exchange): number {
  const found = x.operations.lookup(x.nodeid, x.lastName(BODY));
  return found === undefined ? x.noEntry() : x.entry(found);
}

/** The mode comes with the caller's umask applied, since DONT_MASK is not asked for. */
export function mknod(x: Exchange): number {
  const mode = x.u32(BODY_WORD + MKNOD_IN.word.mode);
  const rdev = x.u32(BODY_WORD + MKNOD_IN.word.rdev);
  const name = x.lastName(after(MKNOD_IN));
  const kind = kindOfMode(mode);
  if (kind === undefined) return x.fail(ERRNO.EINVAL);
  return x.entry(x.operations.mknod(x.nodeid, name, kind, mode & MODE_MASK, rdev, x.caller));
}

export function mkdir(x: Exchange): number {
  const mode = x.u32(BODY_WORD + MKDIR_IN.word.mode) & MODE_MASK;
  return x.entry(x.operations.mkdir(x.nodeid, x.lastName(after(MKDIR_IN)), mode, x.caller));
}

export function symlink(x: Exchange): number {
  const name = x.firstName(BODY);
  const target = x.lastName(BODY + name.length + 1);
  return x.entry(x.operations.symlink(x.nodeid, name, target, x.caller));
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

type ExactRename = Required<RenameOptions>;
const REPLACE: ExactRename = { noReplace: false, exchange: false };
const NO_REPLACE: ExactRename = { noReplace: true, exchange: false };
const EXCHANGE: ExactRename = { noReplace: false, exchange: true };

export function rename(x: Exchange): number {
  return renameNames(x, x.u64(BODY_WORD + RENAME_IN.word.newdir), after(RENAME_IN), REPLACE);
}

/** NOREPLACE or EXCHANGE; both, WHITEOUT and what is unknown are EINVAL, as in renameat2(2). */
export function rename2(x: Exchange): number {
  const flags = x.u32(BODY_WORD + RENAME2_IN.word.flags);
  let options = REPLACE;
  if (flags === RENAME.NOREPLACE) options = NO_REPLACE;
  else if (flags === RENAME.EXCHANGE) options = EXCHANGE;
  else if (flags !== 0) return x.fail(ERRNO.EINVAL);
  return renameNames(x, x.u64(BODY_WORD + RENAME2_IN.word.newdir), after(RENAME2_IN), options);
}

function renameNames(x: Exchange, toParent: number, start: number, options: ExactRename): number {
  const from = x.firstName(start);
  const to = x.lastName(start + from.length + 1);
  x.operations.rename(x.nodeid, from, toParent, to, options);
  return OUT;
}

export function readlink(x: Exchange): number {
  const target = x.operations.readlink(x.nodeid);
  if (OUT + target.length > x.output.length) return x.fail(ERRNO.EIO);
  x.output.latin1Write(target, OUT);
  return OUT + target.length;
}
