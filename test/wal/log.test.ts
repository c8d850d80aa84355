import { expect, test } from 'vitest';
import { FRAME_BYTES_MAX } from '../../src/limits.ts';
import { Log } from '../../src/wal/log.ts';
import { segmentName } from '../../src/wal/segment.ts';
import { appendModel, contentOf, modelFrame, newModel, openModel, STORE_ID } from '../support/log-model.ts';
import { SimDisk, seededRandom } from '../support/sim-disk.ts';

const random = seededRandom(3);
const small = (seq: number) => modelFrame(seq, 20, 20, random);

test('what was appended is replayed, with and without data, over several segments', async () => {
  const sizes = Array.from({ length: 60 }, (_, i) => [i % 33, (i * 7) % 90] as [number, number]);
  const { disk, log, frames } = await newModel(sizes, random, 1000);
  expect(log.segments().length).toBeGreaterThan(5);
  const { log: again, frames: found } = await openModel(disk);
  expect(found).toEqual(frames);
  expect(again.recovery).toMatchObject({ frames: 60, tail: null, damage: [] });
  expect(again.segments()).toEqual(log.segments());
  expect(again.seq).toBe(60);
});

test('payloads and data larger than any read buffer are replayed', async () => {
  const { disk, log } = await newModel([], random);
  const large = Buffer.alloc(3 << 20, 'payload!');
  log.frame.raw(large);
  log.append(1, 1, 2, Buffer.alloc(5 << 20, 7), 3, (5 << 20) - 10);
  log.frame.latin1('after');
  log.append(1, 1, 2, large, 1, 700_001);
  const seen: unknown[] = [];
  const again = await Log.open(disk, { from: null }, (frame) => {
    seen.push([frame.payloadBytes, frame.dataBytes, frame.dataPosition]);
    const payload = frame.bytes.subarray(frame.payloadStart, frame.payloadStart + frame.payloadBytes);
    expect(payload.equals(frame.seq === 1 ? large : Buffer.from('after'))).toBe(true);
  });
  expect(again.recovery.tail).toBe(null);
  expect(seen).toEqual([
    [3 << 20, (5 << 20) - 10, 64 + 64 + (3 << 20) + 2],
    [5, 700_001, log.lastDataPosition],
  ]);
});

test('frames go on after a payload that outgrew the buffer', async () => {
  const { disk, frames } = await newModel(
    [
      [10, 10],
      [200_000, 0],
      [10, 10],
    ],
    random,
  );
  expect((await openModel(disk)).frames).toEqual(frames);
});

test('a frame longer than a segment may be gets one of its own', async () => {
  const { disk, log, frames } = await newModel(
    [
      [10, 10],
      [10, 900],
      [10, 10],
    ],
    random,
    300,
  );
  expect(log.segments().map(({ bytes, firstSeq }) => [bytes, firstSeq])).toEqual([
    [64 + 88, 1],
    [64 + 976, 2],
    [152, 3],
  ]);
  expect((await openModel(disk)).frames).toEqual(frames);
});

test('a frame over the limit is TOO_BIG and leaves no trace', async () => {
  const { disk, log } = await newModel([[10, 10]], random);
  log.frame.latin1('half a payload');
  expect(() => log.append(1, 0, 0, Buffer.alloc(FRAME_BYTES_MAX), 0, FRAME_BYTES_MAX)).toThrow(/split it/);
  expect(() => log.append(65_536, 0, 0, null, 0, 0)).toThrow(/65536 records/);
  appendModel(log, small(2));
  expect((await openModel(disk)).frames.map(({ seq }) => seq)).toEqual([1, 2]);
});

test('the fields after an append say where frame and data lie', async () => {
  const { disk, log } = await newModel([[10, 10]], random, 200);
  const frame = small(2);
  appendModel(log, frame);
  expect(log).toMatchObject({ seq: 2, lastSegment: 2, lastFramePosition: 64 });
  const file = disk.content(segmentName(2));
  expect(file.latin1Slice(log.lastDataPosition, log.lastDataPosition + 20)).toBe(frame.data);
  const into = Buffer.alloc(20);
  expect(log.read(2, log.lastDataPosition, into, 0, 20)).toBe(20);
  expect(into.latin1Slice()).toBe(frame.data);
  expect(log.fd(1)).not.toBe(log.fd(2));
  expect(() => log.fd(3)).toThrow(/no segment 00000003.fxlog/);
});

test('one sync serves all who wait, and one more those who came while it ran', async () => {
  const { disk, log } = await newModel(
    [
      [1, 1],
      [1, 1],
      [1, 1],
    ],
    random,
  );
  const syncs = () => disk.calls.sync ?? 0;
  const before = syncs();
  disk.holdSyncs();
  const first = [log.durable(1), log.durable(3), log.durable(2)];
  for (let seq = 4; seq <= 20; seq++) appendModel(log, small(seq));
  const second = [4, 9, 20, 12].map((seq) => log.durable(seq));
  expect(syncs()).toBe(before + 1);
  disk.releaseSyncs();
  await Promise.all(first);
  expect(log.durableSeq).toBe(3);
  await Promise.all(second);
  expect(syncs()).toBe(before + 2);
  expect(log.durableSeq).toBe(20);
  await log.durable(20);
  expect(syncs()).toBe(before + 2);
});

test('a sync covers sealed segments and the names of new ones (I3)', async () => {
  const { disk, log } = await newModel(
    [
      [50, 50],
      [50, 50],
      [50, 50],
    ],
    random,
    300,
  );
  const { sync = 0, syncDirectory = 0 } = disk.calls;
  await log.durable(3);
  expect(disk.calls).toMatchObject({ sync: sync + 3, syncDirectory: syncDirectory + 1 });
  disk.crash('drop', random);
  expect((await openModel(disk)).frames).toHaveLength(3);
});

test('a seq that has not been written cannot be durable', async () => {
  const { log } = await newModel([[1, 1]], random);
  await expect(log.durable(2)).rejects.toMatchObject({ code: 'INVALID' });
});

test('each frame tells what was durable when it was written', async () => {
  const { disk, log } = await newModel(
    [
      [1, 1],
      [1, 1],
    ],
    random,
  );
  await log.durable(2);
  appendModel(log, small(3));
  const durable: number[] = [];
  await Log.open(disk, { from: null }, (frame) => durable.push(frame.durableSeq));
  expect(durable).toEqual([0, 0, 2]);
});

test('a full disk refuses one frame and takes the next that fits (I9)', async () => {
  const { disk, log, frames } = await newModel([[10, 10]], random);
  disk.capacityBytes = 400;
  expect(() => appendModel(log, modelFrame(2, 300, 300, random))).toThrow(/NO_SPACE|free/);
  expect(log.readOnly).toBe(false);
  expect(log.seq).toBe(1);
  const next = small(2);
  appendModel(log, next);
  expect((await openModel(disk)).frames).toEqual([...frames, next]);
});

test('a disk that fills up while a segment is made leaves none behind (I9)', async () => {
  const { disk, log, frames } = await newModel([[10, 100]], random, 300);
  const used = disk.content(segmentName(1)).length;
  const next = modelFrame(2, 10, 100, random);
  for (const free of [10, 64, 100]) {
    disk.capacityBytes = used + free;
    expect(() => appendModel(log, next)).toThrow(/free/);
    // The position never names a segment that holds no frame yet.
    expect(log.position).toMatchObject({ segment: 1, seq: 1 });
    expect((await openModel(disk.clone())).frames).toEqual(frames);
  }
  disk.capacityBytes = 10_000;
  appendModel(log, next);
  expect((await openModel(disk)).frames).toEqual([...frames, next]);
  expect(log.segments()).toHaveLength(2);
});

test('after a failed write nothing more is appended (I9)', async () => {
  const { disk, log, frames } = await newModel([[10, 10]], random);
  disk.failAt(1, 'EIO', 'append');
  expect(() => appendModel(log, small(2))).toThrow(/append failed: EIO/);
  expect(log.readOnly).toBe(true);
  const why = /read-only since writing 00000001.fxlog failed \(append failed: EIO\): check the disk, then reopen/;
  expect(() => appendModel(log, small(2))).toThrow(why);
  await expect(log.durable(1)).rejects.toMatchObject({ code: 'READ_ONLY' });
  expect((await openModel(disk)).frames).toEqual(frames);
});

test('after a failed sync all who wait are told, and nothing more is appended (I9)', async () => {
  const { disk, log } = await newModel([[10, 10]], random);
  disk.failAt(1, 'EIO', 'sync');
  const waiting = [log.durable(1), log.durable(1)];
  appendModel(log, small(2));
  waiting.push(log.durable(2));
  for (const promise of waiting) await expect(promise).rejects.toMatchObject({ code: 'IO' });
  expect(() => appendModel(log, small(3))).toThrow(/since syncing 00000001.fxlog failed/);
  await expect(log.durable(2)).rejects.toMatchObject({ code: 'READ_ONLY' });
  expect(log.durableSeq).toBe(0);
});

test('a failed sync of the directory keeps new segments from being durable (I3)', async () => {
  const { disk, log } = await newModel(
    [
      [50, 50],
      [50, 50],
    ],
    random,
    200,
  );
  disk.failAt(1, 'EIO', 'syncDirectory');
  await expect(log.durable(2)).rejects.toMatchObject({ code: 'IO' });
  expect(log.durableSeq).toBe(0);
});

test('with an interval frames become durable by themselves', async () => {
  const disk = new SimDisk();
  const log = await Log.create(disk, STORE_ID, { syncIntervalMs: 1 });
  appendModel(log, small(1));
  while (log.durableSeq < 1) await new Promise((turn) => setImmediate(turn));
  await log.close();
});

test('a log reopened after its process died makes durable what it found (I3)', async () => {
  const { disk, frames } = await newModel(
    [
      [50, 50],
      [50, 50],
      [50, 50],
    ],
    random,
    300,
  );
  disk.crash('keep', random);
  // Nothing of it was ever synced as far as the new process knows.
  const { log } = await openModel(disk);
  expect(log.durableSeq).toBe(0);
  const before = disk.calls.sync ?? 0;
  await log.durable(3);
  expect(disk.calls.sync).toBe(before + 3);
  disk.crash('drop', random);
  expect((await openModel(disk)).frames).toEqual(frames);
});

test('a segment can be removed once it is synced and not the last', async () => {
  const { disk, log, frames } = await newModel(
    [
      [50, 50],
      [50, 50],
      [50, 50],
    ],
    random,
    300,
  );
  expect(() => log.remove(1)).toThrow(/still in use/);
  const syncing = log.durable(3);
  expect(() => log.remove(1)).toThrow(/still in use/);
  await syncing;
  const from = log.position;
  log.remove(1);
  expect(() => log.remove(3)).toThrow(/still in use/);
  expect(() => log.fd(1)).toThrow(/no segment/);
  const again = await openModel(disk, { from });
  expect(again.log.seq).toBe(3);
  expect(again.log.segments().map(({ segment }) => segment)).toEqual([2, 3]);
  // Without its checkpoint the log still replays what it has.
  const rest = await openModel(disk);
  expect(rest.frames).toEqual(frames.slice(1));
});

test('a log is not made over another, and not used after it was closed', async () => {
  const { disk, log } = await newModel([[1, 1]], random);
  await expect(Log.create(disk, STORE_ID)).rejects.toMatchObject({ code: 'EXISTS' });
  await log.close();
  expect(() => appendModel(log, small(2))).toThrow(/closed/);
});

test('what a visitor throws ends the opening and changes nothing', async () => {
  const { disk } = await newModel(
    [
      [1, 1],
      [2, 2],
    ],
    random,
  );
  const opening = Log.open(disk, { from: null }, (frame) => {
    contentOf(disk, frame);
    throw new Error('no such record');
  });
  await expect(opening).rejects.toThrow('no such record');
  expect((await openModel(disk)).frames).toHaveLength(2);
});
