/**
 * From what callers ask of a node to the fields of its record.
 */
import { FxError } from '../errors.ts';
import { SYMLINK_BYTES_MAX } from '../limits.ts';
import type { Name } from '../names.ts';
import type { Changes, NewNode, Time } from './api.ts';
import type { Fields } from './records.ts';

/** With the time that "now" stands for. */
export function timed(changes: Changes, now: Time): Fields {
  const { atime, mtime } = changes;
  if (atime !== 'now' && mtime !== 'now') return changes as Fields;
  const fields = { ...changes } as Fields;
  if (atime === 'now') fields.atime = now;
  if (mtime === 'now') fields.mtime = now;
  return fields;
}

/** Fields that a new node does not need are left out. NOT_FOUND, NAME_TOO_LONG: the target of a symlink. */
export function createFields(fresh: NewNode): Fields {
  const { mode, uid, gid, rdev, target, value, meta, xattrs, atime, mtime } = fresh;
  if (target !== undefined) checkTarget(target);
  const fields: Fields = { mode, uid, gid };
  if (atime) fields.atime = atime;
  if (mtime) fields.mtime = mtime;
  if (rdev) fields.rdev = rdev;
  if (target !== undefined) fields.target = target;
  if (value) fields.value = value;
  if (meta) fields.meta = meta;
  if (xattrs && xattrs.size > 0) fields.xattrs = xattrs;
  return fields;
}

function checkTarget(target: Name): void {
  if (target.length === 0) throw new FxError('NOT_FOUND', 'a symbolic link needs a target');
  if (target.length > SYMLINK_BYTES_MAX)
    throw new FxError('NAME_TOO_LONG', `a symbolic link’s target has at most ${SYMLINK_BYTES_MAX} bytes`);
}

/** What a change adds to the log beside its record. */
export function addedBytes({ value, meta, xattrs }: Changes): number {
  let bytes = (value?.length ?? 0) + (meta?.length ?? 0);
  for (const xattr of xattrs?.values() ?? []) bytes += xattr?.length ?? 0;
  return bytes;
}
