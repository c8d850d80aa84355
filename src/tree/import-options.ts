/**
 * What an import is asked to do, and what it reports.
 */
import type { Ino } from '../ids.ts';
import type { ExcludeOptions } from './excluded.ts';
import type { HostIo } from './host-io.ts';
import type { Skipped } from './skipped.ts';

/** INVALID when the source lies in what is excluded; what of the source does is left out and reported. */
export interface ImportOptions extends ExcludeOptions {
  /**
   * What to do with names that are taken. `error` (the default): EXISTS before anything is changed. `replace`: a file takes
   * the content and keeps its identity, directories are merged, anything else is removed and made anew.
   */
  existing?: 'error' | 'replace';
  /** Makes missing directories on the way to the target; true by default. */
  parents?: boolean;
  /** Reads the host in this thread instead of one of its own: for a process that has nothing else to do. */
  blocking?: boolean;
  /** Longest time without letting the event loop run, in milliseconds; 4 by default. */
  sliceMs?: number;
  /** Stands in for the operations on the host that `blocking` chooses; the host is then read in this thread. */
  io?: HostIo;
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
  /** Extended attributes. */
  xattrs: number;
  /** Content. */
  bytes: number;
}

export interface ImportResult extends ImportCounts {
  /** Inode number of the node at the target. */
  ino: Ino;
  /** The first SKIPPED_MAX source paths that were left out. */
  skipped: Skipped[];
  skippedCount: number;
  /** Extended attributes that were left out; see host-xattrs.ts. */
  xattrsLeftOut: number;
  /**
   * Lines on what was not plain: the names of attributes that were left out; of an FXD file damage,
   * duplicates and further links.
   */
  notes: string[];
}
