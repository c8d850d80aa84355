/**
 * Completes a frame in its buffer: padding, header, checksum. The counterpart of `frame-scanner.ts`.
 */
import type { Writer } from '../bytes.ts';
import { native } from '../native.ts';
import { encodeFrameHeader, FRAME_CRC_START, type FrameHeader, frameSeed } from './frame.ts';

export class FrameSealer {
  #bytes: Buffer | null = null;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /**
   * Seals the frame whose payload `writer` holds, for `position` in the segment of `salt`. All fields of
   * `header` but the CRC are given; it is set. The data is `header.dataBytes` bytes of `data` from
   * `dataStart`. Allocates nothing unless the buffer has changed.
   */
  seal(
    writer: Writer,
    header: FrameHeader,
    salt: number,
    position: number,
    data: Uint8Array | null,
    dataStart: number,
  ): void {
    const payloadEnd = writer.position;
    const headBytes = header.totalBytes - header.dataBytes;
    if (headBytes > payloadEnd) writer.reserve(headBytes - payloadEnd);
    const bytes = writer.bytes;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    for (let i = payloadEnd; i < headBytes; i++) bytes[i] = 0;
    encodeFrameHeader(this.#view, 0, header);
    const seed = frameSeed(salt, position);
    let crc = native.crc32c(seed, bytes, FRAME_CRC_START, headBytes - FRAME_CRC_START);
    if (data !== null && header.dataBytes > 0) crc = native.crc32c(crc, data, dataStart, header.dataBytes);
    this.#view.setUint32(4, crc, true);
    header.crc = crc;
  }
}
