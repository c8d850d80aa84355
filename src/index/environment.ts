/**
 * The LMDB environment behind the index, opened alike by the thread that reads and the one that writes.
 */
import { type Database, open, type RootDatabase } from 'lmdb';
import { TABLES, type Table } from './batch.ts';

export type BinaryTable = Database<Buffer, Buffer>;

export interface Environment {
  root: RootDatabase<Buffer, Buffer>;
  tables: Record<Table, BinaryTable>;
}

/** Opens the environment in `directory`, creating it when it is missing. */
export function openEnvironment(directory: string): Environment {
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const root = open<Buffer, Buffer>({
    path: directory,
    // A directory path ending in an extension would be taken for a file.
    noSubdir: false,
    maxDbs: TABLES.length + 2,
    cache: false,
    ...binary,
  });
  const tables = {} as Record<Table, BinaryTable>;
  for (const name of TABLES) tables[name] = root.openDB<Buffer, Buffer>({ name, cache: false, ...binary });
  return { root, tables };
}
