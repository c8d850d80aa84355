/**
 * Where the bytes of a file lie.
 *
 * A file is cut into regions of 4 MiB. Each region has a sorted list of *extents*, none of which crosses
 * its border: [offset, offset + bytes) of the file is at `position` of log segment `segment`. What no
 * extent covers reads as zeros. Regions come from the index when first touched; those of a small file
 * are all in memory.
 *
 * An extent of the segment `RESERVED_SEGMENT` stands for bytes that were allocated and never written: it
 * counts as room taken, reads as zeros, and may lie beyond the end of the file.
 *
 * Several files may refer to the same bytes of the log, and one file several times; each reference counts as
 * live bytes of the segment.
 */
import type { ByteRange, Piece } from './api.ts';
import type { Place } from './records.ts';

export const REGION_BYTES = 4 << 20;
/** Segment number of bytes that a transaction has not written yet; `position` is then their place in its data. */
export const STAGED_SEGMENT = 0;
/** Segment number of bytes that were allocated and never written; `position` is then 0. */
export const RESERVED_SEGMENT = 0xffff_ffff;

/** So many extents in a row are rewritten as one when they span no more than so many bytes, without a hole of a block. */
export const CROWD_EXTENTS = 128;
export const CROWD_BYTES = 128 << 10;
const REGION_EXTENTS_MAX = 8192;
const BLOCK_BYTES = 4096;

export interface Extent {
  offset: number;
  bytes: number;
  segment: number;
  position: number;
}

/** Brings regions of one file from the index. */
export interface RegionSource {
  load(region: number): Extent[];
  /** Numbers of the regions in [first, end), at most `limit`. */
  list(first: number, end: number, limit?: number): number[];
}

/** Told of bytes of the log that no file refers to any more. */
export type OnFree = (segment: number, bytes: number) => void;

export class ExtentMap {
  #regions = new Map<number, Extent[]>();
  /** Regions changed since the last checkpoint took them. */
  #dirty = new Set<number>();
  /** Regions from here on are not to be taken from the index: they were cut off. */
  #cutFrom = Number.POSITIVE_INFINITY;
  /** The cut that the index has not seen yet. */
  #unsavedCut = Number.POSITIVE_INFINITY;
  readonly #source: RegionSource | null;
  readonly #onFree: OnFree;

  /** `source` is null for a file all of whose extents are in memory. */
  constructor(source: RegionSource | null, onFree: OnFree) {
    this.#source = source;
    this.#onFree = onFree;
  }

  /** Puts a region that came with the node's record, or a decoded one. */
  restore(region: number, extents: Extent[]): void {
    this.#regions.set(region, extents);
  }

  #region(region: number): Extent[] | undefined {
    const extents = this.#regions.get(region);
    if (extents !== undefined || this.#source === null || region >= this.#cutFrom) return extents;
    const loaded = this.#source.load(region);
    if (loaded.length > 0) this.#regions.set(region, loaded);
    return loaded.length > 0 ? loaded : undefined;
  }

  /**
   * Maps [offset, offset + bytes) to the log, in place of what was there. What goes on from the extent before,
   * in the file and in the log, becomes part of it.
   */
  insert(offset: number, bytes: number, segment: number, position: number): void {
    let at = offset;
    const end = offset + bytes;
    while (at < end) {
      const region = regionOf(at);
      const part = Math.min(end, (region + 1) * REGION_BYTES) - at;
      const fresh = { offset: at, bytes: part, segment, position: position + (at - offset) };
      const extents = this.#region(region);
      if (extents === undefined) this.#regions.set(region, [fresh]);
      else this.#replace(extents, at, at + part, fresh);
      this.#dirty.add(region);
      at += part;
    }
  }

  /** Takes [start, end) out of a region and puts `fresh` there. */
  #replace(extents: Extent[], start: number, end: number, fresh: Extent | null): void {
    const first = firstEndingAfter(extents, start);
    let last = first;
    const kept: Extent[] = [];
    const before = extents[first - 1];
    if (fresh && before && continues(before, fresh)) {
      before.bytes += fresh.bytes;
      fresh = null;
    }
    for (; last < extents.length; last++) {
      const old = extents[last] as Extent;
      if (old.offset >= end) break;
      const oldEnd = old.offset + old.bytes;
      if (old.offset < start) kept.push({ ...old, bytes: start - old.offset });
      if (fresh) {
        kept.push(fresh);
        fresh = null;
      }
      if (oldEnd > end) {
        const skip = end - old.offset;
        const position = old.segment === RESERVED_SEGMENT ? 0 : old.position + skip;
        kept.push({ offset: end, bytes: oldEnd - end, segment: old.segment, position });
      }
      this.#onFree(old.segment, Math.min(oldEnd, end) - Math.max(old.offset, start));
    }
    if (fresh) kept.push(fresh);
    extents.splice(first, last - first, ...kept);
  }

  /** Whether any of [offset, offset + bytes) lies where it would if all of it lay at `position` of `segment`. */
  refersTo(offset: number, bytes: number, segment: number, position: number): boolean {
    for (const _part of this.#partsAt(offset, bytes, segment, position)) return true;
    return false;
  }

  /** Maps what `refersTo` speaks of to another place; the rest stays. Returns how many bytes that were. */
  move(offset: number, bytes: number, from: Place, to: Place): number {
    let moved = 0;
    for (const { region, start, end } of [...this.#partsAt(offset, bytes, from.segment, from.position)]) {
      const position = to.position + (start - offset);
      const fresh = { offset: start, bytes: end - start, segment: to.segment, position };
      this.#replace(this.#region(region) as Extent[], start, end, fresh);
      this.#dirty.add(region);
      moved += end - start;
    }
    return moved;
  }

  *#partsAt(
    offset: number,
    bytes: number,
    segment: number,
    position: number,
  ): Generator<{ region: number; start: number; end: number }> {
    const last = offset + bytes;
    for (let region = Math.floor(offset / REGION_BYTES); region * REGION_BYTES < last; region++) {
      const extents = this.#region(region) ?? [];
      for (let i = firstEndingAfter(extents, offset); i < extents.length; i++) {
        const extent = extents[i] as Extent;
        if (extent.offset >= last) break;
        if (extent.segment !== segment || extent.position - extent.offset !== position - offset) continue;
        const end = Math.min(extent.offset + extent.bytes, last);
        yield { region, start: Math.max(extent.offset, offset), end };
      }
    }
  }

  /** Drops everything from `size` on. */
  truncate(size: number): void {
    const border = regionOf(size);
    const inside = this.#region(border);
    if (inside && size > border * REGION_BYTES) {
      this.#replace(inside, size, (border + 1) * REGION_BYTES, null);
      this.#dirty.add(border);
    }
    const firstGone = size > border * REGION_BYTES ? border + 1 : border;
    for (const region of this.regionNumbers(firstGone)) {
      for (const extent of this.#region(region) ?? []) this.#onFree(extent.segment, extent.bytes);
      this.#regions.delete(region);
      this.#dirty.delete(region);
    }
    this.#cutFrom = Math.min(this.#cutFrom, firstGone);
    this.#unsavedCut = Math.min(this.#unsavedCut, firstGone);
  }

  /** Makes [offset, offset + bytes) a hole. */
  punch(offset: number, bytes: number): void {
    const end = offset + bytes;
    for (const region of this.regionNumbers(regionOf(offset), regionOf(end - 1) + 1)) {
      const extents = this.#region(region);
      if (extents === undefined || extents.length === 0) continue;
      const start = region * REGION_BYTES;
      this.#replace(extents, Math.max(offset, start), Math.min(end, start + REGION_BYTES), null);
      this.#dirty.add(region);
    }
  }

  /** Allocates what is a hole in [offset, offset + bytes). Returns how many bytes that is. */
  reserve(offset: number, bytes: number): number {
    let reserved = 0;
    let at = offset;
    for (const end = offset + bytes; at < end; ) {
      const part = Math.min(end, (regionOf(at) + 1) * REGION_BYTES) - at;
      for (const gap of gaps(this.extents(regionOf(at)), at, at + part)) {
        this.insert(gap.offset, gap.bytes, RESERVED_SEGMENT, 0);
        reserved += gap.bytes;
      }
      at += part;
    }
    return reserved;
  }

  /** Copies of the extents that cover [offset, offset + bytes), cut to it, ascending. */
  slice(offset: number, bytes: number): Extent[] {
    const end = offset + bytes;
    const found: Extent[] = [];
    for (const region of this.regionNumbers(regionOf(offset), regionOf(end - 1) + 1)) {
      const extents = this.extents(region);
      for (let i = firstEndingAfter(extents, offset); i < extents.length; i++) {
        const extent = extents[i] as Extent;
        if (extent.offset >= end) break;
        const skip = Math.max(0, offset - extent.offset);
        const position = extent.segment === RESERVED_SEGMENT ? 0 : extent.position + skip;
        const part = Math.min(extent.offset + extent.bytes, end) - extent.offset - skip;
        found.push({ offset: extent.offset + skip, bytes: part, segment: extent.segment, position });
      }
    }
    return found;
  }

  /**
   * The range of the `CROWD_EXTENTS` extents up to `end`, when they should be one; else null. None may be larger than an
   * eighth of them all, so that bytes are in a piece eight times as large each time they are written again; but
   * where there are too many pieces in a region, that does not count.
   */
  crowdedBefore(end: number): ByteRange | null {
    const extents = this.extents(regionOf(end - 1));
    const last = firstEndingAfter(extents, end - 1);
    const start = extents[last - CROWD_EXTENTS + 1]?.offset;
    const tail = extents[last];
    if (start === undefined || tail === undefined) return null;
    const bytes = tail.offset + tail.bytes - start;
    if (bytes > CROWD_BYTES) return null;
    const largestMax = extents.length > REGION_EXTENTS_MAX ? CROWD_BYTES : bytes / 8;
    let at = start;
    for (let i = last - CROWD_EXTENTS + 1; i <= last; i++) {
      const { offset, bytes: length } = extents[i] as Extent;
      if (length > largestMax || offset - at >= BLOCK_BYTES) return null;
      at = offset + length;
    }
    return { offset: start, bytes };
  }

  /** Numbers of all regions in [first, end) that may have extents, ascending. */
  regionNumbers(first = 0, end = Number.POSITIVE_INFINITY): number[] {
    const numbers = new Set<number>();
    for (const region of this.#regions.keys()) if (region >= first && region < end) numbers.add(region);
    const listed = Math.min(end, this.#cutFrom);
    if (this.#source && first < listed) for (const region of this.#source.list(first, listed)) numbers.add(region);
    return [...numbers].sort((a, b) => a - b);
  }

  /** The first region in [first, end) that has extents; undefined when there is none. */
  nextRegion(first: number, end: number): number | undefined {
    let next = end;
    for (const [region, extents] of this.#regions) {
      if (region >= first && region < next && extents.length > 0) next = region;
    }
    // What the index has may have been emptied since.
    const listedEnd = Math.min(next, this.#cutFrom);
    for (let from = first; this.#source && from < listedEnd; from++) {
      from = this.#source.list(from, listedEnd, 1)[0] ?? listedEnd;
      if (from < listedEnd && this.extents(from).length > 0) return from;
    }
    return next < end ? next : undefined;
  }

  /** Extents of one region, ascending; not to be changed. */
  extents(region: number): readonly Extent[] {
    return this.#region(region) ?? [];
  }

  /** Appends to `out` what covers [offset, offset + bytes); `locate` gives a segment's descriptor. */
  pieces(offset: number, bytes: number, locate: (segment: number) => number, out: Piece[]): void {
    let at = offset;
    const end = offset + bytes;
    while (at < end) {
      const region = regionOf(at);
      const regionEnd = Math.min(end, (region + 1) * REGION_BYTES);
      const extents = this.#region(region);
      if (extents !== undefined) {
        for (let i = firstEndingAfter(extents, at); i < extents.length && at < regionEnd; i++) {
          const extent = extents[i] as Extent;
          if (extent.offset >= regionEnd) break;
          if (extent.offset > at) {
            out.push({ fd: -1, position: 0, bytes: extent.offset - at });
            at = extent.offset;
          }
          const skip = at - extent.offset;
          const part = Math.min(extent.bytes - skip, regionEnd - at);
          if (extent.segment === RESERVED_SEGMENT) out.push({ fd: -1, position: 0, bytes: part });
          else out.push({ fd: locate(extent.segment), position: extent.position + skip, bytes: part });
          at += part;
        }
      }
      if (at < regionEnd) {
        out.push({ fd: -1, position: 0, bytes: regionEnd - at });
        at = regionEnd;
      }
    }
  }

  /** Gives the staged extents of a transaction their place in the log. */
  settle(segment: number, dataPosition: number): void {
    for (const region of this.#dirty) {
      for (const extent of this.#regions.get(region) ?? []) {
        if (extent.segment !== STAGED_SEGMENT) continue;
        extent.segment = segment;
        extent.position += dataPosition;
      }
    }
  }

  /** What a checkpoint must write: regions to put, and from which region on to delete first. Marks them as taken. */
  takeChanges(): { cutFrom: number; dirty: number[] } {
    const changes = { cutFrom: this.#unsavedCut, dirty: [...this.#dirty] };
    this.#dirty.clear();
    this.#unsavedCut = Number.POSITIVE_INFINITY;
    return changes;
  }

  /** A copy that shares nothing that changes. */
  clone(): ExtentMap {
    const copy = new ExtentMap(this.#source, this.#onFree);
    for (const [region, extents] of this.#regions)
      copy.#regions.set(
        region,
        extents.map((extent) => ({ ...extent })),
      );
    copy.#dirty = new Set(this.#dirty);
    copy.#cutFrom = this.#cutFrom;
    copy.#unsavedCut = this.#unsavedCut;
    return copy;
  }
}

/** Number of the region that a byte of the file lies in. */
export function regionOf(offset: number): number {
  return Math.floor(offset / REGION_BYTES);
}

/** Whether `next` goes on where `extent` ends, in the file and in the log. */
function continues(extent: Extent, next: Extent): boolean {
  if (extent.segment !== next.segment || extent.offset + extent.bytes !== next.offset) return false;
  return extent.segment === RESERVED_SEGMENT || extent.position + extent.bytes === next.position;
}

/** What no extent covers of [start, end). */
function gaps(extents: readonly Extent[], start: number, end: number): { offset: number; bytes: number }[] {
  const found: { offset: number; bytes: number }[] = [];
  let at = start;
  for (let i = firstEndingAfter(extents, start); i < extents.length && at < end; i++) {
    const extent = extents[i] as Extent;
    if (extent.offset > at) found.push({ offset: at, bytes: Math.min(extent.offset, end) - at });
    at = extent.offset + extent.bytes;
  }
  if (at < end) found.push({ offset: at, bytes: end - at });
  return found;
}

/** Index of the first extent that ends after `offset`. */
export function firstEndingAfter(extents: readonly Extent[], offset: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const extent = extents[middle] as Extent;
    if (extent.offset + extent.bytes <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
