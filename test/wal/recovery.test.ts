import { expect, test } from 'vitest';
import { FxError } from '../../src/errors.ts';
import { Log } from '../../src/wal/log.ts';
import { segmentName } from '../../src/wal/segment.ts';
import { verifyLog } from '../../src/wal/verify.ts';
import { appendModel, modelFrame, newModel, openModel, STORE_ID } from '../support/log-model.ts';
import { CRASH_MODES, SimDisk, seededRandom } from '../support/sim-disk.ts';

const random = seededRandom(5);
const SEGMENT_1 = segmentName(1);
const SEGMENT_2 = segmentName(2);
const SEGMENT_3 = segmentName(3);

/** Ten frames of 168 bytes, four in each segment; with `durableAfter`, that many are synced before the rest is written. */
async function tenFrames(durableAfter = 0): Promise<{ disk: SimDisk; frames: ReturnType<typeof modelFrame>[] }> {
  const { disk, log, frames } = await newModel([], random, 64 + 4 * 168);
  for (let seq = 1; seq <= 10; seq++) {
    const frame = modelFrame(seq, 50, 50, random);
    appendModel(log, frame);
    frames.push(frame);
    if (seq === durableAfter) await log.durable(seq);
  }
  expect(log.segments().map(({ firstSeq }) => firstSeq)).toEqual([1, 5, 9]);
  return { disk, frames };
}

function flip(disk: SimDisk, name: string, at: number): void {
  const bytes = disk.content(name);
  bytes[at] = (bytes[at] as number) ^ 0x10;
  disk.put(name, bytes);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    if (!(error instanceof FxError)) throw error;
    return error.code;
  }
}

test('a torn last frame is saved aside, cut and reported, and its seq used again', async () => {
  const { disk, frames } = await tenFrames();
  const bytes = disk.content(SEGMENT_3);
  disk.put(SEGMENT_3, bytes.subarray(0, bytes.length - 5));
  const { log, frames: found } = await openModel(disk);
  expect(found).toEqual(frames.slice(0, 9));
  expect(log.recovery.tail).toEqual({
    segment: 3,
    position: 64 + 168,
    bytes: 163,
    frames: 0,
    firstSeq: 10,
    reason: 'it is cut short',
    isCut: true,
    savedAs: ['torn-00000003-232'],
  });
  expect(disk.content('torn-00000003-232')).toEqual(bytes.subarray(232, -5));
  expect(disk.content(SEGMENT_3)).toEqual(bytes.subarray(0, 232));
  appendModel(log, modelFrame(10, 3, 3, random));
  expect(log.seq).toBe(10);
  expect((await openModel(disk)).log.recovery.tail).toBe(null);
});

test('a tail of zeros is cut and not kept', async () => {
  const { disk, frames } = await tenFrames();
  disk.put(SEGMENT_3, Buffer.concat([disk.content(SEGMENT_3), Buffer.alloc(5000)]));
  const { log, frames: found } = await openModel(disk);
  expect(found).toEqual(frames);
  expect(log.recovery.tail).toMatchObject({ bytes: 5000, savedAs: [], isCut: true });
  expect(disk.list().filter((name) => name.startsWith('torn'))).toEqual([]);
});

test('a hole that was never synced cuts everything after it, over several segments (I4)', async () => {
  const { disk, frames } = await tenFrames();
  flip(disk, SEGMENT_2, 64 + 168 + 100);
  const { log, frames: found } = await openModel(disk);
  expect(found).toEqual(frames.slice(0, 5));
  expect(log.readOnly).toBe(false);
  expect(log.recovery.tail).toMatchObject({
    segment: 2,
    position: 232,
    frames: 4,
    firstSeq: 6,
    bytes: 3 * 168 + 64 + 2 * 168,
    savedAs: ['torn-00000003-0', 'torn-00000002-232'],
  });
  expect(log.segments().map(({ segment }) => segment)).toEqual([1, 2]);
});

test('damage of durable frames opens the log read-only up to it, with every lost range (I7)', async () => {
  const { disk, frames } = await tenFrames(7);
  flip(disk, SEGMENT_1, 64 + 168 + 100);
  flip(disk, SEGMENT_2, 64 + 4);
  const before = disk.clone();
  const { log, frames: found } = await openModel(disk);
  expect(found).toEqual(frames.slice(0, 1));
  expect(log.recovery.damage).toEqual([
    { segment: 1, position: 232, bytes: 168, firstSeq: 2, lastSeq: 2, reason: 'its checksum is wrong' },
    { segment: 2, position: 64, bytes: 168, firstSeq: 5, lastSeq: 5, reason: 'its checksum is wrong' },
  ]);
  expect(log.readOnly).toBe(true);
  expect(() => appendModel(log, modelFrame(2, 1, 1, random))).toThrow(/damaged at 00000001.fxlog:232 \(seq 2\)/);
  expect(() => log.remove(1)).toThrow(/damaged/);
  expect(await codeOf(log.durable(2))).toBe('READ_ONLY');
  expect(log.durableSeq).toBe(1);
  for (const name of before.list()) expect(disk.content(name)).toEqual(before.content(name));
  expect(verifyLog(disk).problems.map(({ message }) => message)).toEqual([
    '00000001.fxlog:232: damage: its checksum is wrong; 168 bytes, seq 2 lost',
    '00000002.fxlog:64: damage: its checksum is wrong; 168 bytes, seq 5 lost',
  ]);
});

test('the header of a later segment proves what was synced, also without a later frame (I7)', async () => {
  const { disk, log } = await newModel([], random, 64 + 4 * 168);
  for (let seq = 1; seq <= 4; seq++) appendModel(log, modelFrame(seq, 50, 50, random));
  await log.durable(4);
  appendModel(log, modelFrame(5, 50, 50, random));
  disk.put(SEGMENT_2, disk.content(SEGMENT_2).subarray(0, 64));
  flip(disk, SEGMENT_1, 64 + 3 * 168 + 20);
  const opened = await openModel(disk);
  expect(opened.log.recovery.damage).toMatchObject([{ segment: 1, firstSeq: 4, lastSeq: 4 }]);
});

test('a missing segment whose frames were synced is damage; one never synced is a tail', async () => {
  const durable = await tenFrames(8);
  durable.disk.remove(SEGMENT_2);
  const damaged = await openModel(durable.disk);
  expect(damaged.frames).toEqual(durable.frames.slice(0, 4));
  expect(damaged.log.recovery.damage).toMatchObject([
    { segment: 2, firstSeq: 5, lastSeq: 8, reason: 'the segment is missing' },
  ]);
  const lost = await tenFrames(4);
  lost.disk.remove(SEGMENT_2);
  const cut = await openModel(lost.disk);
  expect(cut.frames).toEqual(lost.frames.slice(0, 4));
  expect(cut.log.recovery).toMatchObject({ damage: [], tail: { firstSeq: 5, frames: 2 } });
});

test('a segment whose end is missing tells which seqs are lost', async () => {
  const { disk, frames } = await tenFrames(8);
  disk.put(SEGMENT_1, disk.content(SEGMENT_1).subarray(0, 64 + 2 * 168));
  const { log, frames: found } = await openModel(disk);
  expect(found).toEqual(frames.slice(0, 2));
  expect(log.recovery.damage).toMatchObject([{ segment: 1, position: 400, bytes: 0, firstSeq: 3, lastSeq: 4 }]);
});

test('a damaged header of the first segment is damage, and the frames can still be visited', async () => {
  const { disk } = await tenFrames();
  flip(disk, SEGMENT_1, 20);
  const { log, frames } = await openModel(disk);
  expect(frames).toEqual([]);
  expect(log.recovery.damage).toMatchObject([{ segment: 1, position: 0, bytes: 64, lastSeq: 0 }]);
  expect(verifyLog(disk)).toMatchObject({ frames: 10, firstSeq: 1, lastSeq: 10 });
});

test('a segment that was being made when the process died is removed, whatever it holds', async () => {
  for (const bytes of [0, 1, 63, 64]) {
    const { disk, frames } = await tenFrames();
    disk.put(SEGMENT_3, disk.content(SEGMENT_3).subarray(0, bytes));
    const { log, frames: found } = await openModel(disk, { segmentBytesMax: 64 + 4 * 168 });
    expect(found).toEqual(frames.slice(0, 8));
    expect(log.position).toMatchObject({ segment: 2, seq: 8 });
    appendModel(log, frames[8] as never);
    expect((await openModel(disk)).frames).toEqual(frames.slice(0, 9));
  }
});

test('replay starts at a position that was kept, and the log goes on from there', async () => {
  const { disk, log, frames } = await newModel([[9, 9]], random, 64 + 300);
  const positions = [log.position];
  for (let seq = 2; seq <= 8; seq++) {
    const frame = modelFrame(seq, seq * 10, seq, random);
    appendModel(log, frame);
    frames.push(frame);
    positions.push(log.position);
  }
  for (const from of positions) {
    const kept = JSON.parse(JSON.stringify(from));
    const opened = await openModel(disk.clone(), { from: kept, segmentBytesMax: 64 + 300 });
    expect(opened.frames).toEqual(frames.slice(from.seq));
    expect(opened.log.durableSeq).toBeGreaterThanOrEqual(from.seq);
    expect(opened.log.position).toEqual(log.position);
  }
  const last = positions.at(-1) as (typeof positions)[0];
  const again = await openModel(disk, { from: last });
  appendModel(again.log, modelFrame(9, 3, 3, random));
  expect((await openModel(disk)).frames.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a log that ends before the checkpoint is damaged, not shortened', async () => {
  const { disk, log } = await newModel(
    [
      [9, 9],
      [9, 9],
    ],
    random,
  );
  const from = log.position;
  const bytes = disk.content(SEGMENT_1);
  disk.put(SEGMENT_1, bytes.subarray(0, bytes.length - 8));
  const opened = await openModel(disk, { from });
  expect(opened.log.readOnly).toBe(true);
  expect(opened.log.recovery.damage[0]?.reason).toMatch(/ends before 240/);
  disk.remove(SEGMENT_1);
  const gone = await openModel(disk, { from });
  expect(gone.log.recovery.damage).toMatchObject([{ segment: 1, firstSeq: 3, reason: 'the segment is missing' }]);
  expect(gone.log.readOnly).toBe(true);
});

test('opened to read only, a tail is reported and nothing is changed', async () => {
  const { disk, frames } = await tenFrames();
  flip(disk, SEGMENT_3, 64 + 168 + 70);
  const before = disk.clone();
  const { log, frames: found } = await openModel(disk, { readOnly: true });
  expect(found).toEqual(frames.slice(0, 9));
  expect(log.recovery.tail).toMatchObject({ isCut: false, savedAs: [], firstSeq: 10 });
  expect(() => appendModel(log, modelFrame(10, 1, 1, random))).toThrow(/opened to read only/);
  for (const name of before.list()) expect(disk.content(name)).toEqual(before.content(name));
});

test('a log copied as data inside a frame is not mistaken for frames (I5)', async () => {
  const { disk: source } = await tenFrames(7);
  const { disk, log } = await newModel([[5, 5]], random);
  // At every alignment, and also the segment itself, at a place where its own seqs would continue.
  const copy = Buffer.concat([
    source.content(SEGMENT_1),
    Buffer.alloc(3),
    source.content(SEGMENT_2),
    source.content(SEGMENT_3),
  ]);
  log.append(0, 0, 0, copy, 0, copy.length);
  const own = disk.content(SEGMENT_1);
  log.append(0, 0, 0, own, 0, own.length);
  const whole = disk.content(SEGMENT_1);
  for (const from of [64 + 80 + 4, 64 + 80 + 60]) {
    disk.put(SEGMENT_1, whole);
    flip(disk, SEGMENT_1, from);
    disk.put(SEGMENT_1, disk.content(SEGMENT_1).subarray(0, whole.length - 1));
    const opened = await Log.open(disk.clone(), { from: null });
    expect(opened.recovery).toMatchObject({ frames: 1, damage: [], tail: { firstSeq: 2, frames: 0 } });
  }
});

test('frames of another history do not continue a log, even with the right place and seq (I5)', async () => {
  const one = await newModel(
    [
      [8, 8],
      [8, 8],
      [8, 8],
    ],
    seededRandom(1),
  );
  const two = await newModel(
    [
      [8, 8],
      [8, 8],
      [8, 8],
    ],
    seededRandom(2),
  );
  const bytes = one.disk.content(SEGMENT_1);
  two.disk.content(SEGMENT_1).copy(bytes, 64 + 80, 64 + 80);
  one.disk.put(SEGMENT_1, bytes);
  const { log, frames } = await openModel(one.disk);
  expect(frames).toEqual(one.frames.slice(0, 1));
  expect(log.recovery.tail).toMatchObject({ firstSeq: 2, reason: 'it belongs to another history' });
});

test('an old copy of a segment put in the place of a later one is found out', async () => {
  const { disk, frames } = await tenFrames(9);
  const other = await tenFrames(9);
  disk.put(SEGMENT_2, other.disk.content(SEGMENT_2));
  const { log, frames: found } = await openModel(disk);
  expect(found).toEqual(frames.slice(0, 4));
  expect(log.readOnly).toBe(true);
});

test('another store’s segment, or a wrong store id, is refused', async () => {
  const { disk } = await tenFrames();
  const wrong = Uint8Array.from(STORE_ID, (byte) => byte ^ 1);
  expect(await codeOf(Log.open(disk, { storeId: wrong, from: null }))).toBe('DAMAGED');
  expect(await codeOf(Log.open(disk, { from: null }))).toBe('none');
  expect(await codeOf(Log.open(new SimDisk(), { from: null }))).toBe('NOT_A_STORE');
});

test('a search for frames in data that imitates frame headers ends', async () => {
  const { disk, log } = await newModel([[8, 8]], random);
  const header = disk.content(SEGMENT_1).subarray(64, 128);
  const data = Buffer.alloc(64 << 14);
  for (let at = 0; at < data.length; at += 64) header.copy(data, at);
  for (let at = 0; at < data.length; at += 64) {
    // Each claims to reach to the end, so that each must be checksummed to its end.
    data.writeUInt32LE(data.length - at, at + 8);
    data.writeUInt32LE(data.length - at - 64, at + 12);
    data.writeUInt32LE(0, at + 16);
    data.writeUInt32LE(9, at + 24);
  }
  log.append(0, 0, 0, data, 0, data.length);
  log.append(0, 0, 0, data, 0, 5);
  flip(disk, SEGMENT_1, 64 + 80 + 30);
  const opened = await Log.open(disk, { from: null });
  expect(opened.recovery.frames).toBe(1);
  expect(opened.readOnly).toBe(true);
});

test('what recovery cut is cut durably before anything is appended (I6)', async () => {
  const { disk, frames } = await tenFrames();
  disk.crash('keep', random);
  flip(disk, SEGMENT_2, 64 + 168 + 100);
  const { log } = await openModel(disk);
  disk.crash('drop', random);
  expect(disk.list().sort()).toEqual([SEGMENT_1, SEGMENT_2, 'torn-00000002-232', 'torn-00000003-0']);
  expect(disk.content(SEGMENT_2)).toHaveLength(232);
  expect(disk.content('torn-00000002-232')).toHaveLength(3 * 168);
  const again = await openModel(disk);
  expect(again.frames).toEqual(frames.slice(0, log.seq));
  expect(again.log.recovery.tail).toBe(null);
  // Also where only whole segments go.
  disk.put(SEGMENT_3, Buffer.alloc(10));
  await openModel(disk);
  disk.crash('drop', random);
  expect(disk.list()).not.toContain(SEGMENT_3);
});

test('recovery cut short by a crash at any call is done again with the same result (I8)', async () => {
  const { disk: original, frames } = await tenFrames();
  flip(original, SEGMENT_1, 64 + 2 * 168 + 9);
  for (const mode of CRASH_MODES) {
    for (let nth = 1, failed = true; failed; nth++) {
      const disk = original.clone();
      disk.failAt(nth);
      failed = (await codeOf(openModel(disk))) === 'IO';
      disk.crash(mode, seededRandom(nth));
      const { log, frames: found } = await openModel(disk);
      expect(found).toEqual(frames.slice(0, 2));
      expect(log.readOnly).toBe(false);
      expect(log.segments()).toHaveLength(1);
    }
  }
});
