/**
 * The open files of a log's segments: which exist, which have unsynced bytes, where reads go.
 */
import { FxError } from '../errors.ts';
import type { Disk, DiskFile } from './disk.ts';
import {
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentName,
  segmentsAmong,
} from './segment.ts';
import { readSegmentHeader } from './walk.ts';

export interface SegmentInfo {
  segment: number;
  /** Length of the file, header included. */
  bytes: number;
  /** The seq of its first frame; null when its header is damaged. */
  firstSeq: number | null;
  /** When it was made, in seconds since 1970; 0 when its header is damaged. */
  timeSec: number;
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
  /** What is known of segments that grow no more. */
  readonly #sealed = new Map<number, SegmentInfo>();
  /** Removed files that someone may still read, and how many such readers there are. */
  readonly #removed: DiskFile[] = [];
  #readers = 0;

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
    // Open, so that only its name goes now, and its blocks when it is closed, on another thread.
    this.#removed.push(this.open(segment, 'read').file);
    this.#disk.remove(segmentName(segment));
    this.#open.delete(segment);
    this.#numbers.delete(segment);
    this.#sealed.delete(segment);
    this.#directoryIsDirty = true;
    if (this.#readers === 0) this.#closeRemoved();
  }

  /** Keeps every descriptor given out valid until the function that it returns is called, also of removed segments. */
  hold(): () => void {
    this.#readers++;
    return () => {
      if (--this.#readers === 0) this.#closeRemoved();
    };
  }

  #closeRemoved(): void {
    for (const file of this.#removed.splice(0)) file.closeAsync();
  }

  /** What segments there are, rising. Reads the headers that it has not read before. */
  list(storeId: Uint8Array): SegmentInfo[] {
    const numbers = [...this.#numbers].sort((a, b) => a - b);
    return numbers.map((segment) => {
      const known = this.#sealed.get(segment);
      if (known !== undefined) return known;
      const header = readSegmentHeader(this.#disk, segment, storeId);
      const isWhole = typeof header !== 'string';
      const bytes = this.open(segment, 'read').file.size();
      const info = {
        segment,
        bytes,
        firstSeq: isWhole ? header.firstSeq : null,
        timeSec: isWhole ? header.timeSec : 0,
      };
      if (segment !== numbers.at(-1)) this.#sealed.set(segment, info);
      return info;
    });
  }

  /** The numbers of the segments whose files are there, rising. */
  onDisk(): number[] {
    return segmentsAmong(this.#disk.list());
  }

  close(): void {
    this.#readers = 0;
    this.#closeRemoved();
    for (const { file } of this.#open.values()) file.close();
    this.#open.clear();
  }
}
