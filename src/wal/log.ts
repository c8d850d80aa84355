/**
 * The write-ahead log: a sequence of frames in segments, which *is* the store.
 *
 * A frame is appended whole to the last segment, before the change it describes is acknowledged.
 * `frame.ts` and `segment.ts` describe the bytes, `recovery.ts` what is done about a log that is not
 * whole. What the payload of a frame means is not known here.
 *
 * What is assumed of the disk:
 *
 * - A1 Bytes that `append` wrote are read back, also after the process died, until the power fails.
 * - A2 When a file's `sync` resolves, all bytes written before the call and the file's length are durable.
 *   When `syncDirectory` resolves, so are all names created, removed and renamed before the call.
 * - A3 After a power failure, of what was not synced any 4 KiB page may hold its old or its new bytes or
 *   zeros, a file any length from the old to the new one, and a name may be there or not, in any
 *   combination. The last page may be torn at any byte.
 * - A4 Synced bytes stay. Where they do not, checksums find it; they are no defence against intent.
 * - A5 After a failed sync the page cache may show bytes that the medium lost. The log then refuses to
 *   write; whoever reopens it should have seen to the disk.
 *
 * What the log guarantees in turn:
 *
 * - I1 Frames have the seqs 1, 2, 3 and so on without gap, also across segments; segments are numbered
 *   without gap, and each starts with the seq after the last of the one before. (Compaction removes
 *   segments, but none from that on in which a durable checkpoint ends.)
 * - I2 A frame is there whole or not at all. When `append` returns it survives the death of the process.
 * - I3 `durableSeq` never passes what is synced: every segment with a frame up to it, and the names of
 *   those segments.
 * - I4 After a power failure recovery finds a prefix of the frames appended, with all up to `durableSeq`.
 * - I5 No bytes but those of a frame appended at that very place of that very history are ever taken for
 *   it (`frame.ts`: seed and link).
 * - I6 Bytes before the log's end never change. Only the bytes of an unsynced tail are cut, by recovery,
 *   which syncs the cut before anything is appended, or by an append that did not fit.
 * - I7 Damage of durable data is never skipped: frames before it are read, the log refuses to write, and
 *   every lost range is reported.
 * - I8 Recovery may be cut short anywhere and started again.
 * - I9 After a failed write or sync nothing more is appended, and after a failed sync no seq becomes
 *   durable any more; NO_SPACE alone leaves the log as it was before the append.
 */
import { align8, Writer } from '../bytes.ts';
import { FxError, invariant } from '../errors.ts';
import { FRAME_BYTES_MAX, SEGMENT_BYTES_MAX } from '../limits.ts';
import type { Disk } from './disk.ts';
import { FRAME_HEADER_BYTES, FRAME_RECORDS_MAX, FrameHeader, segmentSalt } from './frame.ts';
import { FrameSealer } from './frame-sealer.ts';
import { GroupCommit } from './group-commit.ts';
import { type Recovery, recover, refusalOf } from './recovery.ts';
import { SEGMENT_FIRST, SEGMENT_HEADER_BYTES, STORE_ID_BYTES, segmentName, segmentsAmong } from './segment.ts';
import { type SegmentFile, SegmentFiles, type SegmentInfo } from './segment-files.ts';
import { type FrameVisitor, type Position, walkLog } from './walk.ts';

export { FRAME_HEADER_BYTES } from './frame.ts';
export type { Recovery, Tail } from './recovery.ts';
export type { SegmentInfo } from './segment-files.ts';
export type { Frame, FrameVisitor, Gap, Position } from './walk.ts';

/** Room for a payload at first; it grows with the longest. */
const FRAME_BUFFER_BYTES = 64 << 10;

export interface LogOptions {
  /** Segments are closed before they pass this many bytes; a longer frame gets a segment of its own. */
  segmentBytesMax?: number;
  /** Sync every so many milliseconds what is not durable yet; 0 (the default) only on demand. */
  syncIntervalMs?: number;
}

export interface CreateOptions extends LogOptions {
  /** The time of creation, in seconds since 1970; now by default. */
  timeSec?: number;
}

export interface OpenOptions extends LogOptions {
  /** 16 bytes. Without it the log's own is taken. */
  storeId?: Uint8Array;
  /** Where replay starts, as `position` was when the checkpoint was made; null replays the whole log. */
  from: Position | null;
  /** Changes nothing on the disk; `append` throws READ_ONLY. */
  readOnly?: boolean;
}

interface LogState {
  storeId: Uint8Array;
  files: SegmentFiles;
  end: Position;
  lastSegment: number;
  durableSeq: number;
  recovery: Recovery;
  refusal: FxError | null;
}

/** Takes an appended frame: its payload is bytes[start, end) and the log's again when the call returns. Must not throw. */
export type FrameFollower = (
  seq: number,
  timeSec: number,
  timeNsec: number,
  bytes: Buffer,
  start: number,
  end: number,
) => void;

export class Log {
  /** Told of each frame once it survives the death of the process. */
  follower: FrameFollower | undefined;
  /**
   * Where the payload of the next frame is written, from FRAME_HEADER_BYTES on: `append` takes what lies
   * between there and `frame.position`, and resets it, also when it throws.
   */
  readonly frame = new Writer(FRAME_BUFFER_BYTES);
  /** The seq of the last frame; 0 when there is none. */
  seq: number;
  /** The segment of the last frame appended, and where it and its data start there, in bytes. */
  lastSegment = 0;
  lastFramePosition = 0;
  lastDataPosition = 0;
  /** Bytes added to the log since it was opened. */
  appendedBytes = 0;
  /** What `open` found. */
  readonly recovery: Recovery;
  readonly storeId: Uint8Array;
  readonly files: SegmentFiles;

  readonly #commit: GroupCommit;
  /** Segments are closed before they pass this many bytes. */
  segmentBytesMax: number;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #sealer = new FrameSealer();
  /** The header of the last frame; its link is that of the next one. */
  readonly #header = new FrameHeader();
  /** The segment that is appended to; null in a log that refuses to write from the start. */
  #current: SegmentFile | null = null;
  #salt: number;
  /** Where the next frame goes. */
  #position: number;
  /** The end of the last frame, while the segment appended to has none. */
  #endBefore: Position;
  /** Why the log refuses to write; null while it does not. */
  #refusal: FxError | null;

  private constructor(state: LogState, options: LogOptions) {
    this.storeId = state.storeId;
    this.recovery = state.recovery;
    this.seq = state.end.seq;
    this.files = state.files;
    this.segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX;
    this.#refusal = state.refusal;
    // The last segment may be there without a frame yet.
    const isInLast = state.lastSegment <= state.end.segment;
    this.#salt = segmentSalt(state.storeId, state.lastSegment);
    this.#position = isInLast ? state.end.position : SEGMENT_HEADER_BYTES;
    this.#endBefore = state.end;
    this.#header.link = state.end.link;
    if (state.refusal === null) this.#current = state.files.open(state.lastSegment, 'write');
    this.#commit = new GroupCommit(
      state.durableSeq,
      () => this.seq,
      () => this.#sync(),
    );
    this.frame.reset(FRAME_HEADER_BYTES);
    this.#timer = options.syncIntervalMs ? this.#syncEvery(options.syncIntervalMs) : undefined;
  }

  /**
   * Makes an empty log for the store `storeId` (16 bytes) in an empty directory. It is durable when the
   * promise resolves, once the directory itself is. Throws EXISTS when there is a log, NO_SPACE, IO.
   */
  static async create(disk: Disk, storeId: Uint8Array, options: CreateOptions = {}): Promise<Log> {
    invariant(storeId.length === STORE_ID_BYTES, 'a store id has 16 bytes');
    if (segmentsAmong(disk.list()).length > 0) throw new FxError('EXISTS', 'there is a log already: open it');
    const files = new SegmentFiles(disk, []);
    try {
      const timeSec = options.timeSec ?? Math.floor(Date.now() / 1000);
      files.create({ storeId, segment: SEGMENT_FIRST, firstSeq: 1, durableSeq: 0, timeSec });
      await files.sync();
    } catch (error) {
      files.close();
      throw error;
    }
    const end = { segment: SEGMENT_FIRST, position: SEGMENT_HEADER_BYTES, seq: 0, link: 0 };
    const recovery = { frames: 0, bytes: 0, tail: null, damage: [] };
    const lastSegment = SEGMENT_FIRST;
    return new Log({ storeId, files, end, lastSegment, durableSeq: 0, recovery, refusal: null }, options);
  }

  /**
   * Opens a log: calls `visit` for every frame after `options.from`, cuts an unsynced tail, and tells in
   * `recovery` what it found. With damage of durable data the log is read-only up to it. What `visit`
   * throws ends the opening. Throws NOT_A_STORE when there is no log, NEWER_FORMAT, DAMAGED when a segment
   * belongs to another store, NO_SPACE and IO.
   */
  static async open(disk: Disk, options: OpenOptions, visit?: FrameVisitor): Promise<Log> {
    const walk = walkLog(disk, { storeId: options.storeId ?? null, from: options.from, visit });
    const recovery = await recover(disk, walk, options.readOnly === true);
    const { storeId, end } = walk;
    const durableSeq = Math.min(walk.durableSeq, end.seq);
    const segments = segmentsAmong(disk.list());
    const files = new SegmentFiles(disk, segments);
    const lastSegment = Math.max(end.segment, segments.at(-1) ?? 0);
    const refusal = refusalOf(options.readOnly === true, recovery);
    try {
      if (refusal === null) {
        // Which of them hold frames that were never synced is not known: the next sync covers them all.
        for (const segment of segments) {
          if (segment >= (walk.segments[0] ?? 0)) files.open(segment, 'write').isDirty = durableSeq < end.seq;
        }
      }
      return new Log({ storeId, files, end, lastSegment, durableSeq, recovery, refusal }, options);
    } catch (error) {
      files.close();
      throw error;
    }
  }

  /** Whether `append` refuses: opened to read only, damaged, or failed since. */
  get readOnly(): boolean {
    return this.#refusal !== null;
  }

  /** The highest seq known to survive a power failure. */
  get durableSeq(): number {
    return this.#commit.durableSeq;
  }

  /** The end of the last frame. Await `durable(position.seq)` before a checkpoint keeps it. */
  get position(): Position {
    const current = this.#current;
    if (current === null || this.#position === SEGMENT_HEADER_BYTES) return { ...this.#endBefore };
    return { segment: current.segment, position: this.#position, seq: this.seq, link: this.#header.link };
  }

  /**
   * Appends one frame: the payload in `frame`, which holds `records` records, and `dataBytes` bytes of
   * `data` from `dataStart`, which are the caller's again when the call returns. The time is in seconds
   * since 1970 and nanoseconds. Allocates nothing. When it returns, the frame survives the death of the
   * process, and `seq`, `lastSegment`, `lastFramePosition` and `lastDataPosition` are the frame's.
   *
   * Throws TOO_BIG for a frame over FRAME_BYTES_MAX and NO_SPACE, after which the log is as before; IO,
   * after which it refuses to write; READ_ONLY when it refuses.
   */
  append(
    records: number,
    timeSec: number,
    timeNsec: number,
    data: Uint8Array | null,
    dataStart: number,
    dataBytes: number,
  ): void {
    invariant(data !== null || dataBytes === 0, 'a frame without data has no data bytes');
    const frame = this.frame;
    const payloadEnd = frame.position;
    const totalBytes = align8(payloadEnd + dataBytes);
    if (this.#refusal !== null || totalBytes > FRAME_BYTES_MAX || records > FRAME_RECORDS_MAX) {
      this.#refuse(totalBytes, records);
    }
    if (this.#position + totalBytes > this.segmentBytesMax) this.#roll(timeSec);

    const header = this.#header;
    header.totalBytes = totalBytes;
    header.payloadBytes = payloadEnd - FRAME_HEADER_BYTES;
    header.dataBytes = dataBytes;
    header.records = records;
    header.seq = this.seq + 1;
    header.timeSec = timeSec;
    header.timeNsec = timeNsec;
    header.durableSeq = this.#commit.durableSeq;
    const position = this.#position;
    this.#sealer.seal(frame, header, this.#salt, position, data, dataStart);

    const headBytes = totalBytes - dataBytes;
    const current = this.#current as SegmentFile;
    current.isDirty = true;
    try {
      current.file.append(position, frame.bytes, 0, headBytes, data, dataStart, dataBytes);
    } catch (error) {
      this.#fail(error);
    }
    this.seq = header.seq;
    header.link = header.crc;
    this.#position = position + totalBytes;
    this.appendedBytes += totalBytes;
    this.lastSegment = current.segment;
    this.lastFramePosition = position;
    this.lastDataPosition = position + headBytes;
    this.follower?.(header.seq, timeSec, timeNsec, frame.bytes, FRAME_HEADER_BYTES, payloadEnd);
    this.frame.reset(FRAME_HEADER_BYTES);
  }

  /**
   * Resolves when the frame `seq` is durable; one sync off the main thread serves all who wait. Rejects
   * with IO when the sync fails, after which the log refuses to write, and INVALID for a seq not written.
   */
  durable(seq: number): Promise<void> {
    if (seq > this.#commit.durableSeq && this.#refusal !== null) return Promise.reject(this.#refusal);
    return this.#commit.durable(seq);
  }

  /** What segments there are, rising. */
  segments(): SegmentInfo[] {
    return this.files.list(this.storeId);
  }

  /** A descriptor to read a segment by, valid in this turn, or while `files.hold` lasts. Throws NOT_FOUND, IO. */
  fd(segment: number): number {
    return this.files.open(segment, 'read').file.fd;
  }

  /** Ends the segment appended to: the next frame starts another. Does nothing while it has no frame. Throws NO_SPACE, IO. */
  roll(timeSec: number): void {
    if (this.#refusal !== null) throw this.#refusal;
    this.#roll(timeSec);
  }

  /** Reads bytes of a segment; returns how many, less than asked only at its end. Throws NOT_FOUND, IO. */
  read(segment: number, position: number, into: Uint8Array, start: number, bytes: number): number {
    return this.files.open(segment, 'read').file.read(position, into, start, bytes);
  }

  /**
   * Removes a segment that nothing refers to and no replay needs: it must lie before the segment in which a
   * durable checkpoint ends. Throws INVALID for the last one and for one that is not all synced, READ_ONLY, IO.
   */
  remove(segment: number): void {
    if (this.#refusal !== null) throw this.#refusal;
    if (segment >= this.position.segment || this.files.isUnsynced(segment)) {
      throw new FxError('INVALID', `segment ${segmentName(segment)} is still in use`);
    }
    this.files.remove(segment);
  }

  /** Waits for a sync that runs and closes all files. What is not durable stays so: await `durable` before. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#refusal ??= new FxError('READ_ONLY', 'the log is closed');
    await this.#commit.idle();
    this.files.close();
  }

  #roll(timeSec: number): void {
    if (this.#position === SEGMENT_HEADER_BYTES) return;
    const end = this.position;
    const segment = end.segment + 1;
    const { storeId, durableSeq } = this;
    try {
      this.#current = this.files.create({ storeId, segment, firstSeq: this.seq + 1, durableSeq, timeSec });
    } catch (error) {
      this.#fail(error);
    }
    this.#endBefore = end;
    this.#salt = segmentSalt(storeId, segment);
    this.#position = SEGMENT_HEADER_BYTES;
    this.appendedBytes += SEGMENT_HEADER_BYTES;
  }

  async #sync(): Promise<void> {
    try {
      await this.files.sync();
    } catch (error) {
      this.#poison(error, 'syncing');
      throw error;
    }
  }

  /** Ends a write that threw: NO_SPACE leaves the log usable. */
  #fail(error: unknown): never {
    this.frame.reset(FRAME_HEADER_BYTES);
    if (!(error instanceof FxError && error.code === 'NO_SPACE')) this.#poison(error, 'writing');
    throw error;
  }

  #poison(error: unknown, what: string): void {
    const segment = segmentName(this.#current?.segment ?? this.#endBefore.segment);
    const reason = error instanceof Error ? error.message : String(error);
    const message = `the log is read-only since ${what} ${segment} failed (${reason}): check the disk, then reopen`;
    this.#refusal ??= new FxError('READ_ONLY', message, { cause: error });
  }

  #refuse(totalBytes: number, records: number): never {
    this.frame.reset(FRAME_HEADER_BYTES);
    if (this.#refusal !== null) throw this.#refusal;
    throw new FxError(
      'TOO_BIG',
      `a change of ${records} records and ${totalBytes} bytes is over ${FRAME_RECORDS_MAX} records or ` +
        `${FRAME_BYTES_MAX} bytes: split it`,
    );
  }

  #syncEvery(ms: number): NodeJS.Timeout {
    return setInterval(() => {
      // A failure shows in the refusal of the next append.
      if (this.#refusal === null) this.durable(this.seq).catch(() => undefined);
    }, ms).unref();
  }
}
