/**
 * System calls on host files that Node has no function for. All are optional: what is missing is done as
 * well as Node can, or reported.
 *
 * Paths are the raw bytes of a path without NUL. Each returns 0 or a negated errno; none
 * follows a symlink at the end of the path.
 */
import type { Name } from '../names.ts';

export interface HostCalls {
  /** utimensat(2) with AT_SYMLINK_NOFOLLOW. Without it times are kept to about a microsecond. */
  setTimes?(path: Uint8Array, atimeSec: number, atimeNsec: number, mtimeSec: number, mtimeNsec: number): number;
  /** mknod(2); `mode` with the file type. Without it fifos, sockets and devices are not exported. */
  makeNode?(path: Uint8Array, mode: number, rdev: number): number;
  /** llistxattr(2) and lgetxattr(2): all attributes, or a negated errno. Without it none are imported. */
  getXattrs?(path: Uint8Array): Map<Name, Uint8Array> | number | Promise<Map<Name, Uint8Array> | number>;
  /** lsetxattr(2). Without it none are exported. */
  setXattr?(path: Uint8Array, name: Name, value: Uint8Array): number;
}

/** Something that could not be carried over, and why. */
export interface Skipped {
  /** Host path or node path, as text. */
  path: string;
  reason: string;
}

/** Most entries of a result's `skipped`; `skippedCount` goes on. */
export const SKIPPED_MAX = 1000;
