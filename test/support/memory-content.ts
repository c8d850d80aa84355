/**
 * Content of files in pages, for the store in memory. Pages that were never written are holes.
 */
import { closeSync, mkdtempSync, openSync, rmdirSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Piece } from '../../src/store/api.ts';

const PAGE_BYTES = 4096;

export class MemoryContent {
  readonly #pages = new Map<number, Buffer>();

  write(offset: number, data: Uint8Array, start: number, bytes: number): void {
    for (let done = 0; done < bytes; ) {
      const index = Math.floor((offset + done) / PAGE_BYTES);
      const within = (offset + done) % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - within, bytes - done);
      const page = this.#pages.get(index) ?? Buffer.alloc(PAGE_BYTES);
      this.#pages.set(index, page);
      page.set(data.subarray(start + done, start + done + count), within);
      done += count;
    }
  }

  /** Makes [offset, offset + bytes) the same as those of `source` from `fromOffset` on, as they are now. */
  copy(source: MemoryContent, fromOffset: number, offset: number, bytes: number): void {
    const taken: [at: number, data: Buffer][] = [];
    for (const [index, page] of source.#pages) {
      const pageOffset = index * PAGE_BYTES;
      const start = Math.max(0, fromOffset - pageOffset);
      const end = Math.min(PAGE_BYTES, fromOffset + bytes - pageOffset);
      if (start < end) taken.push([pageOffset + start - fromOffset, Buffer.from(page.subarray(start, end))]);
    }
    this.zero(offset, bytes);
    for (const [at, data] of taken) this.write(offset + at, data, 0, data.length);
  }

  zero(offset: number, bytes: number): void {
    for (const [index, page] of this.#pages) {
      const start = Math.max(0, offset - index * PAGE_BYTES);
      const end = Math.min(PAGE_BYTES, offset + bytes - index * PAGE_BYTES);
      if (start < end) page.fill(0, start, end);
    }
  }

  /** Drops everything from `size` on. */
  truncate(size: number): void {
    const border = Math.floor(size / PAGE_BYTES);
    for (const index of this.#pages.keys()) if (index > border) this.#pages.delete(index);
    this.#pages.get(border)?.fill(0, size % PAGE_BYTES);
  }

  /** Appends the pieces that make up [offset, end) to `out`. */
  pieces(offset: number, end: number, arena: Arena, out: Piece[]): void {
    let at = offset;
    while (at < end) {
      const page = this.#pages.get(Math.floor(at / PAGE_BYTES));
      const within = at % PAGE_BYTES;
      const bytes = Math.min(PAGE_BYTES - within, end - at);
      if (page === undefined) out.push({ fd: -1, position: 0, bytes });
      else out.push(arena.store(page.subarray(within, within + bytes)));
      at += bytes;
    }
  }

  /** The first `size` bytes. */
  bytes(size: number): Buffer {
    const whole = Buffer.alloc(size);
    for (const [index, page] of this.#pages) page.copy(whole, index * PAGE_BYTES);
    return whole;
  }

  clone(): MemoryContent {
    const copy = new MemoryContent();
    for (const [index, page] of this.#pages) copy.#pages.set(index, Buffer.from(page));
    return copy;
  }
}

/** A file, unlinked from the start, that bytes are put into so that a piece can refer to them. */
export class Arena {
  #fd = -1;
  #bytes = 0;

  store(bytes: Buffer): Piece {
    if (this.#fd < 0) {
      const directory = mkdtempSync(join(tmpdir(), 'fxmount-arena-'));
      this.#fd = openSync(join(directory, 'arena'), 'w+');
      unlinkSync(join(directory, 'arena'));
      rmdirSync(directory);
    }
    const position = this.#bytes;
    this.#bytes += writeSync(this.#fd, bytes, 0, bytes.length, position);
    return { fd: this.#fd, position, bytes: bytes.length };
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
    this.#bytes = 0;
  }
}
