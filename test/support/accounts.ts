/**
 * Whether what a closed store counts is what it holds: bytes of each file, live bytes of each segment.
 */
import { join } from 'node:path';
import { Index } from '../../src/index/index.ts';
import { decodeCheckpoint } from '../../src/store/checkpoint-record.ts';
import { RESERVED_SEGMENT } from '../../src/store/extents.ts';
import { decodeNode, decodeRegion } from '../../src/store/node-record.ts';

/** What is wrong in the store in `directory`, which must be closed, in lines; empty when nothing is. */
export async function wrongAccounts(directory: string): Promise<string[]> {
  const index = new Index(join(directory, 'index'));
  const wrong: string[] = [];
  try {
    const record = decodeCheckpoint(index.checkpoint() as Buffer);
    const live = new Map<number, number>();
    let content = 0;
    for (let ino = 1; ino < record.nextIno; ino++) {
      const bytes = index.node(ino);
      if (bytes === undefined) continue;
      const regions = () => ({
        load: (region: number) => decodeRegion(index.region(ino, region) ?? Buffer.alloc(0)),
        list: (first: number, end: number) => index.regions(ino, first, end),
      });
      const { extents, storedBytes } = decodeNode(ino, bytes, { regions, onFree: () => {} });
      let stored = 0;
      let end = 0;
      for (const extent of extents?.slice(0, Number.MAX_SAFE_INTEGER) ?? []) {
        if (extent.offset < end || extent.bytes === 0) wrong.push(`inode ${ino}: extents overlap at ${extent.offset}`);
        end = extent.offset + extent.bytes;
        stored += extent.bytes;
        if (extent.segment !== RESERVED_SEGMENT) {
          live.set(extent.segment, (live.get(extent.segment) ?? 0) + extent.bytes);
        }
      }
      content += stored;
      if (stored !== storedBytes) wrong.push(`inode ${ino}: ${storedBytes} bytes counted, ${stored} there`);
    }
    if (content !== record.contentBytes)
      wrong.push(`${record.contentBytes} bytes of content counted, ${content} there`);
    for (const [segment, bytes] of record.liveBytes) {
      const there = live.get(segment) ?? 0;
      live.delete(segment);
      if (bytes !== there) wrong.push(`segment ${segment}: ${bytes} live bytes counted, ${there} there`);
    }
    for (const segment of live.keys()) wrong.push(`segment ${segment} has live bytes and is not counted`);
  } finally {
    await index.close();
  }
  return wrong;
}
