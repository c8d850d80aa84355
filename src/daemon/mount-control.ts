/**
 * What verbs may ask of a daemon's mounts.
 */

import type { AtimePolicy } from '../../mount/vfs-atime.ts';
export const DRIVERS = ['fuse', 'fuse-native'] as const;
export type DriverName = (typeof DRIVERS)[number];

export interface MountRequest {
  /** Absolute path of the mountpoint. */
  readonly mountpoint: string;
  readonly readOnly: boolean;
  readonly allowOther: boolean;
  /** Set-id programs and device nodes are honoured. Root only. */
  readonly suid: boolean;
  readonly dev: boolean;
  /** Programs may be run. */
  readonly exec: boolean;
  /** What speaks to the kernel; `fuse` when absent. */
  readonly driver?: DriverName;
  /** Path of the node whose subtree is shown. */
  readonly subtree: string;
  /** Replies to changes wait until they survive power loss (`--sync always`). */
  readonly durableReplies: boolean;
  /** False: no file-change events for changes that do not come through this mount. */
  readonly events?: boolean;
  /** False: the kernel keeps no entries, attributes or pages. True unless told, and meant for tests. */
  readonly caching?: boolean;
  /** Locks hold against those of the store's other mounts that share them. Else the kernel keeps them, for this mount alone. */
  readonly sharesLocks?: boolean;
  /** When reading changes the access time. */
  readonly atime?: AtimePolicy;
}

export interface MountInfo extends MountRequest {
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Unmounted lazily, and served until its last open file is closed. */
  readonly detached: boolean;
  /** Whether its kernel tells of files that are opened and closed: what is saved there can be refused. */
  readonly checksSaves: boolean;
}

export interface MountControl {
  list(): MountInfo[];
  /** Resolves when the mount is ready. Rejects as mounting does; EXISTS when it is mounted already. */
  add(request: MountRequest): Promise<MountInfo>;
  /** Checkpoints, unmounts, and resolves when the mount is gone, or detached: when lazy, or when another mount namespace keeps it. NOT_FOUND, BUSY (unless lazy), MOUNT_FAILED. True when it was the last: the daemon ends. */
  remove(mountpoint: string, lazy: boolean): Promise<boolean>;
  /** Resolves when the mount is gone, whoever unmounted it. Rejects when `signal` is aborted. */
  ended(mountpoint: string, signal: AbortSignal): Promise<void>;
  /** The daemon's `--sync` as text. */
  readonly sync: string;
}
