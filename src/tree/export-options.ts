/**
 * What an export is asked to do, and what it reports.
 */
import type { Node } from '../store/node.ts';
import type { ExcludeOptions } from './excluded.ts';
import type { HostIo } from './host-io.ts';
import type { Skipped } from './skipped.ts';

export interface ExportOptions extends ExcludeOptions {
  /**
   * What to do with names that are taken on the host. `error` (the default): EXISTS before anything is written. `replace`:
   * directories are merged, other files removed and made anew; a directory is never removed.
   */
  existing?: 'error' | 'replace';
  /** Bytes of a typed value; the raw lens by default. */
  render?: (node: Node) => Uint8Array;
  /** Sets owners too; by default when running as root. */
  owners?: boolean;
  /** Works at once instead of on the thread pool: faster, for a process that has nothing else to do. */
  blocking?: boolean;
  /** Longest time without letting the event loop run, in milliseconds; 4 by default. */
  sliceMs?: number;
  /** Stands in for the operations on the host that `blocking` chooses. */
  io?: HostIo;
  onProgress?: (counts: Readonly<ExportCounts>) => void;
  /** Stops the export with INTERRUPTED. */
  signal?: AbortSignal;
}

export interface ExportCounts {
  directories: number;
  /** Blobs and typed values, and the values of directories. */
  files: number;
  symlinks: number;
  /** Fifos, sockets and devices. */
  specials: number;
  /** Further names of files with several. */
  links: number;
  /** Content. */
  bytes: number;
}

export interface ExportResult extends ExportCounts {
  /** The first SKIPPED_MAX host paths that were left out, or lost something. */
  skipped: Skipped[];
  skippedCount: number;
}
