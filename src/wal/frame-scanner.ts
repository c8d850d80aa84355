/**
 * Reads and checks frames of one segment in bounded memory.
 *
 * Headers and payloads pass through a window of 1 MiB that grows only for a longer payload; data is
 * checksummed in chunks and not kept. No length is believed before it is known to fit the file.
 */
import { native } from '../native.ts';
import type { DiskFile } from './disk.ts';
import {
  decodeFrameHeader,
  FRAME_CRC_START,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  FrameHeader,
  frameSeed,
  segmentSalt,
} from './frame.ts';

const WINDOW_BYTES = 1 << 20;
const CHUNK_BYTES = 256 << 10;
const PAGE_BYTES = 4096;
/**
 * Most bytes checksummed in search of whole frames after damage. File data may be made to look like
 * frame headers; this bounds what it can cost. Past it, what follows counts as damaged.
 */
const SEARCH_BYTES_MAX = 4 * 2 ** 30;

/** `bad`: no whole frame starts there, `reason` says why. `newer`: a whole one of a later format does. */
export type FrameState = 'ok' | 'bad' | 'newer';

/** Buffers that scanners of several segments share, one after the other. */
export class ScanBuffers {
  window: Buffer = Buffer.alloc(0);
  #chunk: Buffer | null = null;
  searchBytesLeft = SEARCH_BYTES_MAX;
  /** Whether a search gave up because of its bound. */
  searchEnded = false;

  get chunk(): Buffer {
    this.#chunk ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
    return this.#chunk;
  }

  /** Makes the window hold at least `bytes` bytes; what it held is lost if it grows. */
  reserve(bytes: number): void {
    if (bytes > this.window.length) this.window = Buffer.allocUnsafeSlow(Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES);
  }
}

export class FrameScanner {
  /** The fields of the frame last checked; of no meaning unless it was `ok` or `newer`. */
  readonly header = new FrameHeader();
  /** Why the last check said `bad`: a clause whose subject is the frame. */
  reason = '';
  /** Where in `bytes` the frame last checked starts; its header and payload are there. */
  start = 0;
  /** The segment's length in bytes. */
  readonly size: number;
  readonly #file: DiskFile;
  readonly #salt: number;
  readonly #buffers: ScanBuffers;
  #view: DataView;
  #windowPosition = 0;
  #windowBytes = 0;

  constructor(file: DiskFile, storeId: Uint8Array, segment: number, buffers: ScanBuffers) {
    this.#file = file;
    this.size = file.size();
    this.#salt = segmentSalt(storeId, segment);
    this.#buffers = buffers;
    this.#view = viewOf(buffers.window);
  }

  /** The buffer that holds the frame last checked, until the next call. */
  get bytes(): Buffer {
    return this.#buffers.window;
  }

  /** Checks the frame that should start at `position`. */
  check(position: number): FrameState {
    const room = this.size - position;
    if (room < FRAME_HEADER_BYTES) return this.#bad('its header is cut short');
    if (!this.#load(position, FRAME_HEADER_BYTES)) return this.#bad('its header cannot be read');
    const header = this.header;
    const reason = decodeFrameHeader(this.#view, this.start, room, header);
    if (reason !== null) return this.#bad(reason);
    const headBytes = header.totalBytes - header.dataBytes;
    if (!this.#load(position, headBytes)) return this.#bad('its payload cannot be read');
    const window = this.#buffers.window;
    let crc = frameSeed(this.#salt, position);
    crc = native.crc32c(crc, window, this.start + FRAME_CRC_START, headBytes - FRAME_CRC_START);
    if (header.dataBytes > 0) crc = this.#crcOfData(crc, position + headBytes, header.dataBytes);
    if (crc !== header.crc) return this.#bad('its checksum is wrong');
    if (header.flags !== 0 || !header.requestIsZero) return 'newer';
    for (let i = FRAME_HEADER_BYTES + header.payloadBytes; i < headBytes; i++) {
      if (window[this.start + i] !== 0) return this.#bad('its padding is not zero');
    }
    return 'ok';
  }

  /** The first position from `position` on at which a whole frame with a seq of at least `seqMin` starts, or -1. */
  find(position: number, seqMin: number): number {
    const buffers = this.#buffers;
    const header = this.header;
    for (let at = this.#findMagic(position); at >= 0; at = this.#findMagic(at + 8)) {
      const room = this.size - at;
      if (!this.#load(at, FRAME_HEADER_BYTES)) return -1;
      if (decodeFrameHeader(this.#view, this.start, room, header) !== null || header.seq < seqMin) continue;
      if (header.totalBytes > buffers.searchBytesLeft) {
        buffers.searchEnded = true;
        return -1;
      }
      buffers.searchBytesLeft -= header.totalBytes;
      if (this.check(at) !== 'bad') return at;
    }
    return -1;
  }

  /** The next multiple of 8 from `position` on where the magic stands and a header has room, or -1. */
  #findMagic(position: number): number {
    let at = position;
    while (this.size - at >= FRAME_HEADER_BYTES) {
      if (!this.#load(at, FRAME_HEADER_BYTES)) return -1;
      const end = this.#windowBytes - 4;
      for (let i = this.start; i <= end; i += 8, at += 8) {
        if (this.#view.getUint32(i, true) === FRAME_MAGIC) return this.size - at >= FRAME_HEADER_BYTES ? at : -1;
      }
    }
    return -1;
  }

  #bad(reason: string): FrameState {
    this.reason = reason;
    return 'bad';
  }

  /** Brings `bytes` bytes at `position`, which lie inside the file, into the window and sets `start`. */
  #load(position: number, bytes: number): boolean {
    const offset = position - this.#windowPosition;
    if (offset >= 0 && offset + bytes <= this.#windowBytes) {
      this.start = offset;
      return true;
    }
    const buffers = this.#buffers;
    buffers.reserve(Math.max(bytes, Math.min(WINDOW_BYTES, this.size)));
    if (this.#view.buffer !== buffers.window.buffer) this.#view = viewOf(buffers.window);
    const wanted = Math.min(buffers.window.length, this.size - position);
    this.#windowPosition = position;
    this.#windowBytes = this.#file.read(position, buffers.window, 0, wanted);
    this.start = 0;
    return bytes <= this.#windowBytes;
  }

  #crcOfData(seed: number, position: number, bytes: number): number {
    const offset = position - this.#windowPosition;
    if (offset + bytes <= this.#windowBytes) return native.crc32c(seed, this.#buffers.window, offset, bytes);
    const chunk = this.#buffers.chunk;
    let crc = seed;
    for (let done = 0; done < bytes; ) {
      const got = this.#file.read(position + done, chunk, 0, Math.min(chunk.length, bytes - done));
      if (got === 0) return -1; // No CRC: the file became shorter meanwhile.
      crc = native.crc32c(crc, chunk, 0, got);
      done += got;
    }
    return crc;
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
