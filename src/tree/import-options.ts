/**
 * What an import is asked to do, and what it reports.
 */
import type { Ino } from '../ids.ts';
import type { HostCalls, Skipped } from './host-calls.ts';

export interface ImportOptions {
  /**
   * What to do with names that are taken. `error` (the default): EXISTS before anything is changed. `replace`: a file takes
   * the content and keeps its identity, directories are merged, anything else is removed and made anew.
   */
  existing?: 'error' | 'replace';
  /** Makes missing directories on the way to the target; true by default. */
  parents?: boolean;
  /** Host directories that are not entered: the store itself and its mounts. INVALID when the source lies in one. */
  exclude?: readonly string[];
  /** Reads the host in this thread instead of one of its own: for a process that has nothing else to do. */
  blocking?: boolean;
  /** Longest time without letting the event loop run, in milliseconds; 4 by default. */
  sliceMs?: number;
  calls?: HostCalls;
  onProgress?: (counts: Readonly<ImportCounts>) => void;
  /** Stops the import with INTERRUPTED. */
  signal?: AbortSignal;
}

export interface ImportCounts {
  directories: number;
  files: number;
  symlinks: number;
  /** Fifos, sockets and devices. */
  specials: number;
  /** Further names of files with several. */
  links: number;
  /** Content. */
  bytes: number;
}

export interface ImportResult extends ImportCounts {
  /** Inode number of the node at the target. */
  ino: Ino;
  /** The first SKIPPED_MAX source paths that were left out. */
  skipped: Skipped[];
  skippedCount: number;
  /** Whether extended attributes were read. */
  xattrs: boolean;
  /** Lines on what an FXD file had that is not plain: damage, duplicates, further links. Empty for host files. */
  notes: string[];
}
