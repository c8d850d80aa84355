/**
 * Import of any source that fxmount knows, told apart by what it is, not by its name:
 *
 * | source                                  | imported as                      |
 * |-----------------------------------------|----------------------------------|
 * | directory                               | the directory, see import-host.ts |
 * | file that starts with `FXWAL`           | FXD's graph from its log         |
 * | file that starts with `SQLite format 3` | FXD's graph from its database    |
 * | any other file                          | a blob                           |
 */
import { open, stat } from 'node:fs/promises';
import type { StoreApi } from '../store/api.ts';
import { importHost } from './import-host.ts';
import type { ImportOptions, ImportResult } from './import-options.ts';

export type SourceKind = 'host' | 'fxwal' | 'fxd';

const MAGICS: readonly (readonly [Buffer, SourceKind])[] = [
  [Buffer.from('FXWAL'), 'fxwal'],
  [Buffer.from('SQLite format 3\0'), 'fxd'],
];
const MAGIC_BYTES_MAX = Math.max(...MAGICS.map(([magic]) => magic.length));

/** What kind of source the host path is; `host` for what cannot be opened, so that the import says why. */
export async function sourceKind(source: string): Promise<SourceKind> {
  try {
    if (!(await stat(source)).isFile()) return 'host';
    const file = await open(source);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC_BYTES_MAX), 0, MAGIC_BYTES_MAX, 0);
      const head = buffer.subarray(0, bytesRead);
      return MAGICS.find(([magic]) => head.subarray(0, magic.length).equals(magic))?.[1] ?? 'host';
    } finally {
      await file.close();
    }
  } catch {
    return 'host';
  }
}

/** Imports `source` at `at`. Errors as `importHost`, and BAD_SOURCE for a damaged FXD file. */
export async function importSource(store: StoreApi, source: string, at: string, options: ImportOptions = {}): Promise<ImportResult> {
  return importHost(store, source, at, options);
}
