/**
 * Who may do what, as POSIX has it for the mode bits, and what a change of a file takes from its mode.
 *
 * Permission and sticky checks are the kernel's where a driver asks it to make them. `checkAccess` is for
 * drivers whose kernel makes none. Dropping set-id bits is always ours.
 */
import { FxError } from '../src/errors.ts';
import type { Name } from '../src/names.ts';
import type { Changes } from '../src/store/api.ts';
import { type Attributes, KIND, type Node } from '../src/store/node.ts';
import type { Caller } from './operations.ts';

export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
export const S_IXGRP = 0o010;
const ANY_EXECUTE = 0o111;
const EXECUTE = 1;
const EVERYTHING = 7;

/** File capabilities: gone after any write, truncation or change of owner, whoever does it. */
const CAPABILITY_XATTR: Name = 'security.capability';
export const NO_CAPABILITY: ReadonlyMap<Name, null> = new Map([[CAPABILITY_XATTR, null]]);

/**
 * The mode once set-id bits are dropped: set-user-ID always, set-group-ID where the group may execute
 * (without that the bit meant mandatory locking). As `should_remove_suid` of Linux's fs/inode.c.
 */
export function withoutSetId(mode: number): number {
  return mode & ~S_ISUID & (mode & S_IXGRP ? ~S_ISGID : ~0);
}

export function hasCapability(node: Node): boolean {
  return node.xattrs?.has(CAPABILITY_XATTR) ?? false;
}

/** What goes with a file's content when it is written to: capabilities, and set-id bits with `clearSetId`. Mostly nothing: undefined. */
export function lostByWriting(node: Node, clearSetId: boolean): Changes | undefined {
  const mode = clearSetId ? withoutSetId(node.mode) : node.mode;
  if (mode === node.mode && node.xattrs === null) return undefined;
  const lost: Changes = {};
  if (mode !== node.mode) lost.mode = mode;
  if (hasCapability(node)) lost.xattrs = new Map(NO_CAPABILITY);
  return lost;
}

/** ACCESS_DENIED unless the caller may do everything in `mask` (R 4, W 2, X 1) by owner, group and mode. */
export function checkAccess(file: Attributes, mask: number, caller: Caller): void {
  const wanted = mask & EVERYTHING;
  if ((permitted(file, caller) & wanted) !== wanted) throw new FxError('ACCESS_DENIED');
}

function permitted({ mode, uid, gid, kind }: Attributes, caller: Caller): number {
  if (caller.uid === 0) return kind === KIND.directory || mode & ANY_EXECUTE ? EVERYTHING : EVERYTHING & ~EXECUTE;
  if (caller.uid === uid) return mode >> 6;
  return caller.gid === gid ? mode >> 3 : mode;
}
