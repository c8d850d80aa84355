/**
 * Where a blob has data and where it has holes, as lseek(2) with SEEK_DATA and SEEK_HOLE asks.
 */
import { type ExtentMap, firstEndingAfter, REGION_BYTES, RESERVED_SEGMENT, regionOf } from './extents.ts';

/** Data looked through for a hole before its end counts as far enough: a file may be shown with fewer holes than it has. */
export const SEEK_BYTES_MAX = 2 ** 34;

/** The first byte in [offset, size) that was written; undefined when there is none. */
export function nextData(extents: ExtentMap | null, offset: number, size: number): number | undefined {
  if (extents === null || offset >= size) return undefined;
  const end = regionOf(size - 1) + 1;
  for (let region: number | undefined = regionOf(offset); region !== undefined; ) {
    const list = extents.extents(region);
    for (let i = firstEndingAfter(list, offset); i < list.length; i++) {
      const extent = list[i];
      if (extent === undefined || extent.segment === RESERVED_SEGMENT) continue;
      const at = Math.max(offset, extent.offset);
      return at < size ? at : undefined;
    }
    region = extents.nextRegion(region + 1, end);
  }
  return undefined;
}

/** The first byte from `offset` on that was not written; `size` at the latest. */
export function nextHole(extents: ExtentMap | null, offset: number, size: number): number {
  if (extents === null) return offset;
  let at = offset;
  const end = Math.min(size, offset + SEEK_BYTES_MAX);
  while (at < end) {
    const region = regionOf(at);
    const list = extents.extents(region);
    for (let i = firstEndingAfter(list, at); i < list.length; i++) {
      const extent = list[i];
      if (extent === undefined || extent.offset > at || extent.segment === RESERVED_SEGMENT) break;
      at = extent.offset + extent.bytes;
    }
    if (at < (region + 1) * REGION_BYTES) return Math.min(at, size);
  }
  return size;
}
