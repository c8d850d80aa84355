/**
 * Walks the frames of a log in order, and on past damage.
 *
 * Frames are expected without gap in seq, position and link. Where one is not as expected the walk notes
 * a gap, looks for the next whole frame at steps of 8 bytes, and goes on from there. It changes nothing
 * and judges nothing: `recovery.ts` and `verify.ts` do.
 */
import { FxError } from '../errors.ts';
import type { Disk } from './disk.ts';
import { FRAME_HEADER_BYTES } from './frame.ts';
import { FrameScanner, ScanBuffers } from './frame-scanner.ts';
import {
  decodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentName,
  segmentsAmong,
} from './segment.ts';

/**
 * A place between two frames. Plain data: keep it whole, as JSON for instance. A checkpoint's position
 * must be durable (`Log.durable`) before the checkpoint is.
 */
export interface Position {
  segment: number;
  /** Bytes from the segment's start. */
  position: number;
  /** The seq of the last frame before this place; 0 at the start of a log. */
  seq: number;
  /** The CRC field of that frame; 0 at the start of a log. */
  link: number;
}

/** One frame as visitors get it. The object and its buffer are reused: valid during the call only. */
export interface Frame {
  seq: number;
  timeSec: number;
  timeNsec: number;
  records: number;
  /** The highest seq that was known to be synced when the frame was written. */
  durableSeq: number;
  /** The buffer that holds the payload, among other bytes. */
  bytes: Buffer;
  payloadStart: number;
  payloadBytes: number;
  segment: number;
  /** Where the frame starts in its segment, in bytes. */
  framePosition: number;
  /** Where its data starts in its segment, in bytes. */
  dataPosition: number;
  dataBytes: number;
}

export type FrameVisitor = (frame: Frame) => void;

/** Something that is not as a log should be. */
export interface Gap {
  segment: number;
  position: number;
  /** Bytes that hold no valid frame; 0 where something is missing altogether. */
  bytes: number;
  /** The seq that was expected there. */
  firstSeq: number;
  /** The last seq lost there: below `firstSeq` if none is, null if unknown because no valid frame follows. */
  lastSeq: number | null;
  /** What is wrong, as a sentence without its place. */
  reason: string;
}

export interface Walk {
  /** The segments walked, rising. */
  segments: number[];
  storeId: Uint8Array;
  /** Frames, and their bytes, before the first gap. */
  frames: number;
  bytes: number;
  /** The place after the last frame before the first gap. */
  end: Position;
  gaps: Gap[];
  /** Valid frames after the first gap. */
  framesBeyond: number;
  /** The highest seq that a valid frame or header says was synced. */
  durableSeq: number;
  /** The walk starts at a place that is not there, or whose segment has no valid header. */
  startIsLost: boolean;
  /** The search for frames after damage was given up: what follows is not known. */
  searchEnded: boolean;
}

export interface WalkOptions {
  /** The store whose log this is; null takes the id of the first segment with a whole header. */
  storeId: Uint8Array | null;
  /** Where to start; null starts with the first segment there is. */
  from: Position | null;
  /** Segments below this one may have been removed by compaction: that they are missing is no gap. */
  removedBelow?: number;
  /** Called for the frames before the first gap. */
  visit?: FrameVisitor | undefined;
  /** Called for valid frames after it. */
  visitBeyond?: FrameVisitor | undefined;
}

/**
 * Walks the log on `disk`. Throws NOT_A_STORE when it has no segment, NEWER_FORMAT when a segment or
 * frame is of a later format, DAMAGED when a segment belongs to another store, IO.
 */
export function walkLog(disk: Disk, options: WalkOptions): Walk {
  return new Walker(disk, options).run();
}

/** The header of a segment, or why it is damaged. Throws as `decodeSegmentHeader` does. */
export function readSegmentHeader(disk: Disk, segment: number, storeId: Uint8Array | null): SegmentHeader | string {
  const file = disk.open(segmentName(segment), 'read');
  try {
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
    return decodeSegmentHeader(bytes.subarray(0, file.read(0, bytes, 0, bytes.length)), segment, storeId);
  } finally {
    file.close();
  }
}

class Walker {
  readonly #disk: Disk;
  readonly #options: WalkOptions;
  readonly #buffers = new ScanBuffers();
  readonly #walk: Walk;
  readonly #frame: Frame;
  /** The seq expected next. */
  #seq: number;
  /** The link expected next, or null when the frame before is not known. */
  #link: number | null;
  #segment = 0;

  constructor(disk: Disk, options: WalkOptions) {
    this.#disk = disk;
    this.#options = options;
    const all = segmentsAmong(disk.list());
    const first = options.from?.segment ?? all[0];
    if (first === undefined) throw new FxError('NOT_A_STORE', 'the log has no segment: the directory holds no store');
    const segments = all.filter((segment) => segment >= first);
    const header = options.from === null ? readSegmentHeader(disk, first, options.storeId) : null;
    const firstSeq = header !== null && typeof header !== 'string' ? header.firstSeq : 1;
    const start = { segment: first, position: SEGMENT_HEADER_BYTES, seq: firstSeq - 1, link: 0 };
    const end = options.from ?? start;
    this.#seq = end.seq + 1;
    // After compaction the log starts with a frame whose predecessor is gone.
    this.#link = options.from === null && firstSeq > 1 ? null : end.link;
    this.#walk = {
      segments,
      storeId: options.storeId ?? this.#findStoreId(all),
      frames: 0,
      bytes: 0,
      end: { ...end },
      gaps: [],
      framesBeyond: 0,
      durableSeq: options.from?.seq ?? 0,
      startIsLost: false,
      searchEnded: false,
    };
    this.#frame = newFrame();
  }

  run(): Walk {
    const walk = this.#walk;
    const start = walk.end;
    this.#segment = start.segment;
    walk.startIsLost = walk.segments[0] !== start.segment;
    if (walk.segments.length === 0) this.#gap(start.segment, 0, 0, 'the segment is missing');
    for (const segment of walk.segments) {
      if (segment > this.#segment) this.#skipTo(segment);
      this.#walkSegment(segment, segment === start.segment ? start.position : SEGMENT_HEADER_BYTES);
      this.#segment = segment + 1;
    }
    walk.searchEnded = this.#buffers.searchEnded;
    return walk;
  }

  #skipTo(segment: number): void {
    const header = readSegmentHeader(this.#disk, segment, this.#walk.storeId);
    if (segment > (this.#options.removedBelow ?? 0) || typeof header === 'string' || header.firstSeq < this.#seq) {
      this.#gap(this.#segment, 0, 0, 'the segment is missing');
      return;
    }
    this.#seq = header.firstSeq;
    this.#link = null;
  }

  #walkSegment(segment: number, position: number): void {
    const walk = this.#walk;
    const file = this.#disk.open(segmentName(segment), 'read');
    try {
      const isStart = segment === this.#options.from?.segment;
      const scanner = new FrameScanner(file, walk.storeId, segment, this.#buffers);
      const headerIsGood = this.#checkHeader(segment, isStart, scanner.size);
      if (segment === walk.segments[0] && (!headerIsGood || position > scanner.size)) {
        if (headerIsGood)
          this.#gap(segment, scanner.size, 0, `it ends before ${position}, where frames were read before`);
        walk.startIsLost = true;
      }
      this.#scan(scanner, segment, position);
    } finally {
      file.close();
    }
  }

  /** Judges the segment's header against what came before; notes a gap and returns false if it does not fit. */
  #checkHeader(segment: number, isStart: boolean, size: number): boolean {
    const walk = this.#walk;
    const header = readSegmentHeader(this.#disk, segment, walk.storeId);
    if (typeof header === 'string') {
      this.#gap(segment, 0, Math.min(size, SEGMENT_HEADER_BYTES), header);
      return false;
    }
    if (header.durableSeq > walk.durableSeq) walk.durableSeq = header.durableSeq;
    const fits = isStart ? header.firstSeq <= this.#seq : header.firstSeq === this.#seq;
    if (fits) {
      this.#settle(header.firstSeq - 1);
      return true;
    }
    if (header.firstSeq < this.#seq) {
      this.#gap(segment, 0, SEGMENT_HEADER_BYTES, `it starts with seq ${header.firstSeq} again`);
      return isStart;
    }
    if (!this.#isOpen()) {
      const end = walk.gaps.length === 0 ? walk.end : { segment, position: 0 };
      this.#gap(end.segment, end.position, 0, 'frames are missing at the end of the segment');
    }
    this.#settle(header.firstSeq - 1);
    this.#seq = header.firstSeq;
    this.#link = null;
    return true;
  }

  #scan(scanner: FrameScanner, segment: number, start: number): void {
    let position = start;
    while (position < scanner.size) {
      const state = scanner.check(position);
      if (state === 'newer') throw newerFrame(segment, position);
      const { seq, link, totalBytes } = scanner.header;
      if (state === 'ok' && seq === this.#seq && (this.#link === null || link === this.#link)) {
        this.#take(scanner, segment, position);
        position += totalBytes;
        continue;
      }
      const isAhead = state === 'ok' && seq > this.#seq;
      const reason =
        state === 'bad' ? scanner.reason : isAhead ? 'frames are missing' : 'it belongs to another history';
      const next = scanner.find(isAhead ? position : position + 8, this.#seq);
      const end = next < 0 ? scanner.size : next;
      this.#gap(segment, position, end - position, reason);
      if (next >= 0) {
        this.#settle(scanner.header.seq - 1);
        this.#seq = scanner.header.seq;
        this.#link = null;
      }
      position = end;
    }
  }

  #take(scanner: FrameScanner, segment: number, position: number): void {
    const { header } = scanner;
    const walk = this.#walk;
    this.#settle(header.seq - 1);
    if (header.durableSeq > walk.durableSeq) walk.durableSeq = header.durableSeq;
    this.#seq = header.seq + 1;
    this.#link = header.crc;
    const isBeyond = walk.gaps.length > 0;
    if (isBeyond) {
      walk.framesBeyond++;
    } else {
      walk.frames++;
      walk.bytes += header.totalBytes;
      walk.end = { segment, position: position + header.totalBytes, seq: header.seq, link: header.crc };
    }
    const visit = isBeyond ? this.#options.visitBeyond : this.#options.visit;
    if (visit !== undefined) visit(fillFrame(this.#frame, scanner, segment, position));
  }

  #gap(segment: number, position: number, bytes: number, reason: string): void {
    this.#walk.gaps.push({ segment, position, bytes, firstSeq: this.#seq, lastSeq: null, reason });
  }

  #isOpen(): boolean {
    return this.#walk.gaps.at(-1)?.lastSeq === null;
  }

  /** Says of the gaps not yet closed that they end with `lastSeq`. */
  #settle(lastSeq: number): void {
    const { gaps } = this.#walk;
    for (let i = gaps.length - 1; i >= 0; i--) {
      const gap = gaps[i] as Gap;
      if (gap.lastSeq !== null) return;
      gap.lastSeq = lastSeq;
    }
  }

  #findStoreId(segments: number[]): Uint8Array {
    for (const segment of segments) {
      const header = readSegmentHeader(this.#disk, segment, null);
      if (typeof header !== 'string') return header.storeId;
    }
    throw new FxError('DAMAGED', 'no segment of the log has a whole header: the store id must be given to read it');
  }
}

function newFrame(): Frame {
  return {
    seq: 0,
    timeSec: 0,
    timeNsec: 0,
    records: 0,
    durableSeq: 0,
    bytes: Buffer.alloc(0),
    payloadStart: 0,
    payloadBytes: 0,
    segment: 0,
    framePosition: 0,
    dataPosition: 0,
    dataBytes: 0,
  };
}

function fillFrame(frame: Frame, scanner: FrameScanner, segment: number, position: number): Frame {
  const { header } = scanner;
  frame.seq = header.seq;
  frame.timeSec = header.timeSec;
  frame.timeNsec = header.timeNsec;
  frame.records = header.records;
  frame.durableSeq = header.durableSeq;
  frame.bytes = scanner.bytes;
  frame.payloadStart = scanner.start + FRAME_HEADER_BYTES;
  frame.payloadBytes = header.payloadBytes;
  frame.segment = segment;
  frame.framePosition = position;
  frame.dataPosition = position + header.totalBytes - header.dataBytes;
  frame.dataBytes = header.dataBytes;
  return frame;
}

function newerFrame(segment: number, position: number): FxError {
  return new FxError(
    'NEWER_FORMAT',
    `the frame at ${segmentName(segment)}:${position} has fields that this fxmount does not know: use a newer fxmount`,
  );
}
