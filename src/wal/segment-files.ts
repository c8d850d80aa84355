/**
 * The open files of a log's segments: which exist, which have unsynced bytes, where reads go.
 */
import { FxError } from '../errors.ts';
import type { Disk, DiskFile } from './disk.ts';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader, segmentName } from './segment.ts';
import { readSegmentHeader } from './walk.ts';

export interface SegmentInfo {
  segment: number;
  /** Length of the file, header included. */
  bytes: number;
  /** The seq of its first frame; null when its header is damaged. */
  firstSeq: number | null;
}

/** One segment in use. */
export interface SegmentFile {
  readonly segment: number;
  readonly file: DiskFile;
  /** Holds bytes that no sync has covered since they were written. */
  isDirty: boolean;
  /** A sync of it runs: the file must stay open. */
  isSyncing: boolean;
}

export class SegmentFiles {
  readonly #disk: Disk;
  readonly #numbers: Set<number>;
  readonly #open = new Map<number, SegmentFile>();
  /** Names may have been created or removed since the directory was last synced, by a process before too. */
  #directoryIsDirty = true;

  constructor(disk: Disk, segments: number[]) {
    this.#disk = disk;
    this.#numbers = new Set(segments);
  }

  /** Creates a segment and writes its header. On failure no such file is left; throws NO_SPACE, IO. */
  create(header: SegmentHeader): SegmentFile {
    const name = segmentName(header.segment);
    const file = this.#disk.create(name);
    try {
      file.append(0, encodeSegmentHeader(header), 0, SEGMENT_HEADER_BYTES, null, 0, 0);
    } catch (error) {
      file.close();
      this.#disk.remove(name);
      throw error;
    }
    const opened = { segment: header.segment, file, isDirty: true, isSyncing: false };
    this.#numbers.add(header.segment);
    this.#open.set(header.segment, opened);
    this.#directoryIsDirty = true;
    return opened;
  }

  /** Opens a segment, once. Throws NOT_FOUND, IO. */
  open(segment: number, mode: 'read' | 'write'): SegmentFile {
    let opened = this.#open.get(segment);
    if (opened === undefined) {
      if (!this.#numbers.has(segment)) throw new FxError('NOT_FOUND', `the log has no segment ${segmentName(segment)}`);
      opened = { segment, file: this.#disk.open(segmentName(segment), mode), isDirty: false, isSyncing: false };
      this.#open.set(segment, opened);
    }
    return opened;
  }

  /** Makes everything written so far durable: the oldest segments first, then their names. */
  async sync(): Promise<void> {
    const dirty = [...this.#open.values()].filter((opened) => opened.isDirty).sort((a, b) => a.segment - b.segment);
    for (const opened of dirty) {
      opened.isDirty = false;
      opened.isSyncing = true;
    }
    const directoryIsDirty = this.#directoryIsDirty;
    this.#directoryIsDirty = false;
    for (const opened of dirty) {
      await opened.file.sync();
      opened.isSyncing = false;
    }
    if (directoryIsDirty) await this.#disk.syncDirectory();
  }

  /** Whether a segment has bytes that are not known to be synced. */
  isUnsynced(segment: number): boolean {
    const opened = this.#open.get(segment);
    return opened !== undefined && (opened.isDirty || opened.isSyncing);
  }

  /** Removes a segment that has no unsynced bytes. The removal is durable with the next sync. */
  remove(segment: number): void {
    this.#disk.remove(segmentName(segment));
    this.#open.get(segment)?.file.close();
    this.#open.delete(segment);
    this.#numbers.delete(segment);
    this.#directoryIsDirty = true;
  }

  /** What segments there are, rising. Reads their headers. */
  list(storeId: Uint8Array): SegmentInfo[] {
    return [...this.#numbers]
      .sort((a, b) => a - b)
      .map((segment) => {
        const header = readSegmentHeader(this.#disk, segment, storeId);
        const bytes = this.open(segment, 'read').file.size();
        return { segment, bytes, firstSeq: typeof header === 'string' ? null : header.firstSeq };
      });
  }

  close(): void {
    for (const { file } of this.#open.values()) file.close();
    this.#open.clear();
  }
}
