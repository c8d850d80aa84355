/**
 * Extended attributes: GETXATTR, LISTXATTR, SETXATTR, REMOVEXATTR.
 *
 * A request with size 0 asks how many bytes there are; one whose size is too small is ERANGE.
 *
 * A kernel that does not check access lists does not remember either that a file has none. While nothing in the store has
 * one, it is told that they are not supported: `ls -l` then asks once and not for every file, `cp`, `tar` and `rsync` take
 * it for no list, and setting one works.
 */
import { XATTR_LIST_BYTES_MAX } from '../../src/limits.ts';
import { ACCESS_LISTS } from '../../src/store/access-lists.ts';
import { ERRNO } from './errno.ts';
import { after, type Exchange } from './exchange.ts';
import {
  BODY,
  BODY_WORD,
  GETXATTR_IN,
  GETXATTR_OUT,
  OUT,
  OUT_WORD,
  SETXATTR_IN,
  SETXATTR_IN_BYTES_SHORT,
} from './layouts.ts';
import { SETXATTR_ACL_KILL_SGID, XATTR } from './protocol.ts';

function sizeAnswer(x: Exchange, bytes: number): number {
  x.out[OUT_WORD + GETXATTR_OUT.word.size] = bytes;
  x.out[OUT_WORD + GETXATTR_OUT.word.padding] = 0;
  return OUT + GETXATTR_OUT.bytes;
}

export function getxattr(x: Exchange): number {
  const size = x.u32(BODY_WORD + GETXATTR_IN.word.size);
  const name = x.lastName(after(GETXATTR_IN));
  const value = x.operations.getXattr(x.nodeid, name);
  if (value === undefined) {
    const areUnknown = !x.checksLists && !x.operations.hasAccessLists && ACCESS_LISTS.includes(name);
    return x.fail(areUnknown ? ERRNO.EOPNOTSUPP : ERRNO.ENODATA);
  }
  if (size === 0) return sizeAnswer(x, value.length);
  if (size < value.length) return x.fail(ERRNO.ERANGE);
  return x.data(value);
}

export function listxattr(x: Exchange): number {
  const size = x.u32(BODY_WORD + GETXATTR_IN.word.size);
  const names = x.operations.listXattrs(x.nodeid);
  let bytes = 0;
  for (const name of names) bytes += name.length + 1;
  if (size === 0) return sizeAnswer(x, bytes);
  if (size < bytes || bytes > XATTR_LIST_BYTES_MAX || OUT + bytes > x.output.length) return x.fail(ERRNO.ERANGE);
  let at = OUT;
  for (const name of names) {
    at += x.output.latin1Write(name, at);
    x.output[at++] = 0;
  }
  return at;
}

/** The value is copied out of the request, since the tree keeps it. */
export function setxattr(x: Exchange): number {
  const size = x.u32(BODY_WORD + SETXATTR_IN.word.size);
  const flags = x.u32(BODY_WORD + SETXATTR_IN.word.flags);
  const start = BODY + (x.setxattrExt ? SETXATTR_IN.bytes : SETXATTR_IN_BYTES_SHORT);
  const name = x.firstName(start);
  const valueStart = start + name.length + 1;
  if (size !== x.end - valueStart) x.malformed('SETXATTR tells of another size than it brings');
  const create = (flags & XATTR.CREATE) !== 0;
  const replace = (flags & XATTR.REPLACE) !== 0;
  if (create && replace) return x.fail(ERRNO.EINVAL);
  const value = Uint8Array.prototype.slice.call(x.input, valueStart, valueStart + size);
  const more = x.setxattrExt ? x.u32(BODY_WORD + SETXATTR_IN.word.setxattr_flags) : 0;
  const clearSetGid = (more & SETXATTR_ACL_KILL_SGID) !== 0;
  const meaning = { create, replace, clearSetGid, refetchesMode: x.checksLists };
  x.operations.setXattr(x.nodeid, name, value, meaning, x.caller);
  return OUT;
}

export function removexattr(x: Exchange): number {
  x.operations.removeXattr(x.nodeid, x.lastName(BODY), x.caller);
  return OUT;
}
