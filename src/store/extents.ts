/**
 * Where the bytes of a file lie.
 *
 * A file is cut into regions of 4 MiB. Each region has a sorted list of *extents*, none of which crosses
 * its border: [offset, offset + bytes) of the file is at `position` of log segment `segment`. What no
 * extent covers reads as zeros. Regions come from the index when first touched; those of a small file
 * are all in memory (`complete`).
 */
import type { Piece } from './api.ts';

export const REGION_BYTES = 4 << 20;
/** Segment number of bytes that a transaction has not written yet; `position` is then their place in its data. */
export const STAGED_SEGMENT = 0;

export interface Extent {
  offset: number;
  bytes: number;
  segment: number;
  position: number;
}

/** Brings regions of one file from the index. */
export interface RegionSource {
  load(region: number): Extent[];
  /** Numbers of the regions from `first` on. */
  list(first: number): number[];
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

  /** Maps [offset, offset + bytes) to the log, in place of what was there. */
  insert(offset: number, bytes: number, segment: number, position: number): void {
    let at = offset;
    const end = offset + bytes;
    while (at < end) {
      const region = Math.floor(at / REGION_BYTES);
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
        kept.push({ offset: end, bytes: oldEnd - end, segment: old.segment, position: old.position + skip });
      }
      this.#onFree(old.segment, Math.min(oldEnd, end) - Math.max(old.offset, start));
    }
    if (fresh) kept.push(fresh);
    extents.splice(first, last - first, ...kept);
  }

  /** Drops everything from `size` on. */
  truncate(size: number): void {
    const border = Math.floor(size / REGION_BYTES);
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

  /** Numbers of all regions that have extents, from `first` on, ascending. */
  regionNumbers(first = 0): number[] {
    const numbers = new Set<number>();
    for (const region of this.#regions.keys()) if (region >= first) numbers.add(region);
    if (this.#source && first < this.#cutFrom) {
      for (const region of this.#source.list(first)) if (region < this.#cutFrom) numbers.add(region);
    }
    return [...numbers].sort((a, b) => a - b);
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
      const region = Math.floor(at / REGION_BYTES);
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
          out.push({ fd: locate(extent.segment), position: extent.position + skip, bytes: part });
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

/** Index of the first extent that ends after `offset`. */
function firstEndingAfter(extents: readonly Extent[], offset: number): number {
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
