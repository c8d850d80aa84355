/**
 * The disk as the log sees it: one flat directory of files.
 *
 * All disk access of `src/wal` goes through these two interfaces, so that tests can put a disk
 * underneath that loses, tears, reorders, fills up and fails (`test/support/sim-disk.ts`).
 * `host-disk.ts` is the real one.
 *
 * Calls are synchronous and reach the page cache only, except the two `sync` calls and `readAsync`, which wait
 * for the medium and therefore run off the main thread. What a disk is assumed to keep is stated in `log.ts`.
 *
 * Errors: `FxError` NO_SPACE when the medium or a quota is full, NOT_FOUND and EXISTS about names, IO
 * for everything else, with name and system error in the message.
 */

export interface Disk {
  /** Names in the directory, in no particular order. */
  list(): string[];
  /** Opens an existing file. Throws NOT_FOUND. */
  open(name: string, mode: 'read' | 'write'): DiskFile;
  /** Creates an empty file for reading and writing. Throws EXISTS. Its name is durable after `syncDirectory`. */
  create(name: string): DiskFile;
  /** Removes a name. Durable after `syncDirectory`. */
  remove(name: string): void;
  /** Renames a file, replacing `to`. Durable after `syncDirectory`. */
  rename(from: string, to: string): void;
  /** Resolves when all creations, removals and renames made before the call are durable. */
  syncDirectory(): Promise<void>;
}

export interface DiskFile {
  /** The descriptor, for reads of the driver that copy nothing. Valid until `close`. */
  readonly fd: number;
  /**
   * Writes `headBytes` bytes of `head` from `headStart`, then `bodyBytes` bytes of `body` from
   * `bodyStart`, at `position`, which is the file's end. Either all bytes are written, or the file is cut
   * back to `position` and NO_SPACE is thrown; any other failure throws IO and leaves the file's end
   * undefined. The buffers are the caller's again when the call returns.
   */
  append(
    position: number,
    head: Uint8Array,
    headStart: number,
    headBytes: number,
    body: Uint8Array | null,
    bodyStart: number,
    bodyBytes: number,
  ): void;
  /** Reads up to `bytes` bytes at `position`; returns how many, less than asked only at the file's end. */
  read(position: number, into: Uint8Array, start: number, bytes: number): number;
  /** As `read`, without holding the caller's thread. */
  readAsync(position: number, into: Uint8Array, start: number, bytes: number): Promise<number>;
  /** The file's length in bytes. */
  size(): number;
  /** Cuts the file to `bytes`. Durable after `sync`. */
  truncate(bytes: number): void;
  /** Resolves when all bytes written before the call, and the file's length, are durable. */
  sync(): Promise<void>;
  close(): void;
  /** As `close`, on another thread: the last descriptor of a removed file frees its blocks, which takes time. */
  closeAsync(): void;
}
