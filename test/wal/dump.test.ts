import { expect, test } from 'vitest';
import { dumpSegment } from '../../src/wal/dump.ts';
import { Log } from '../../src/wal/log.ts';
import { segmentName } from '../../src/wal/segment.ts';
import { verifyLog } from '../../src/wal/verify.ts';
import { STORE_ID, TIME_SEC } from '../support/log-model.ts';
import { SimDisk } from '../support/sim-disk.ts';

/** Three frames: without data, with data, with data too long to print. `npx vitest run -u` rewrites the goldens. */
async function threeFrames(): Promise<SimDisk> {
  const disk = new SimDisk();
  const log = await Log.create(disk, STORE_ID, { timeSec: TIME_SEC });
  log.frame.latin1('first payload');
  log.append(1, TIME_SEC, 1, null, 0, 0);
  await log.durable(1);
  log.frame.latin1('second');
  log.append(2, TIME_SEC + 1, 999_999_999, Buffer.from('file bytes\n'), 0, 11);
  log.frame.latin1('third');
  log.append(1, TIME_SEC + 2, 0, Buffer.alloc(100, 'abc'), 0, 100);
  return disk;
}

const lines = (disk: SimDisk) => `${[...dumpSegment(disk, 1, { storeId: STORE_ID })].join('\n')}\n`;

test('a dump shows offset, hex and meaning of everything in a segment', async () => {
  const disk = await threeFrames();
  expect(verifyLog(disk)).toEqual({
    segments: 1,
    frames: 3,
    records: 4,
    firstSeq: 1,
    lastSeq: 3,
    durableSeq: 1,
    problems: [],
  });
  await expect(lines(disk)).toMatchFileSnapshot('golden/segment.txt');
});

test('a dump shows where a damaged segment holds no frames', async () => {
  const disk = await threeFrames();
  const bytes = disk.content(segmentName(1));
  bytes[20] = 0xee;
  bytes[64 + 80 + 33] = 0xee;
  disk.put(segmentName(1), bytes.subarray(0, -2));
  await expect(lines(disk)).toMatchFileSnapshot('golden/damaged-segment.txt');
});

test('a dump of a segment cut within its header shows what there is', async () => {
  const disk = await threeFrames();
  disk.put(segmentName(1), disk.content(segmentName(1)).subarray(0, 20));
  expect(lines(disk)).toContain('its header has 20 of 64 bytes');
  expect(lines(disk)).toContain('header, cut short "FXMLOG');
});
