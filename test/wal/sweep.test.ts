/**
 * Every single cut and every single flipped byte of a small log of two segments: what is found is a
 * prefix of whole frames, or a named error; never other data, and never silence about durable frames.
 */
import { expect, test } from 'vitest';
import { FxError } from '../../src/errors.ts';
import { segmentName } from '../../src/wal/segment.ts';
import { verifyLog } from '../../src/wal/verify.ts';
import { appendModel, type ModelFrame, modelFrame, newModel, openModel } from '../support/log-model.ts';
import { type SimDisk, seededRandom } from '../support/sim-disk.ts';

const NAMES = [segmentName(1), segmentName(2)] as const;

async function smallLog(durableAfter: number) {
  const random = seededRandom(11);
  const { disk, log, frames } = await newModel([], random, 64 + 330);
  for (let seq = 1; seq <= 6; seq++) {
    const frame = modelFrame(seq, 5 + seq * 3, seq % 2 === 0 ? 0 : 20 + seq, random);
    appendModel(log, frame);
    frames.push(frame);
    if (seq === durableAfter) await log.durable(seq);
  }
  expect(disk.list()).toEqual([...NAMES]);
  return { disk, frames };
}

/** Opens a changed copy and checks that what it holds is a prefix; returns its length, or the error's code. */
async function prefixOf(disk: SimDisk, frames: ModelFrame[], durableSeq: number): Promise<number | string> {
  try {
    const { log, frames: found } = await openModel(disk);
    expect(found).toEqual(frames.slice(0, found.length));
    expect(log.seq).toBe(found.length);
    if (found.length < durableSeq) {
      expect(log.readOnly).toBe(true);
      expect(log.recovery.damage.length).toBeGreaterThan(0);
      return found.length;
    }
    if (log.readOnly) return found.length;
    // What was cut is gone for good: the log goes on and is found so.
    expect((await openModel(disk)).log.recovery).toMatchObject({ tail: null, damage: [] });
    const next = modelFrame(log.seq + 1, 7, 7, seededRandom(1));
    appendModel(log, next);
    expect((await openModel(disk)).frames).toEqual([...found, next]);
    return found.length;
  } catch (error) {
    if (!(error instanceof FxError)) throw error;
    return error.code;
  }
}

test.each([0, 3, 5])('the last segment cut at every byte gives a prefix (%i of 6 frames synced)', async (durable) => {
  const { disk, frames } = await smallLog(durable);
  const bytes = disk.content(NAMES[1]);
  let last = 0;
  for (let end = 0; end <= bytes.length; end++) {
    const cut = disk.clone();
    cut.put(NAMES[1], bytes.subarray(0, end));
    const found = await prefixOf(cut, frames, 0);
    expect(found).toBeTypeOf('number');
    expect(found).toBeGreaterThanOrEqual(last);
    last = found as number;
  }
  expect(last).toBe(6);
});

test.each([0, 3, 5])(
  'the first segment cut at every byte gives a prefix or damage (%i of 6 synced)',
  async (durable) => {
    const { disk, frames } = await smallLog(durable);
    const bytes = disk.content(NAMES[0]);
    const firstOfSecond = (await openModel(disk.clone())).log.segments()[1]?.firstSeq as number;
    // What a later header or frame proves to be synced.
    const proven = durable < 6 ? durable : 5;
    for (let end = 0; end < bytes.length; end++) {
      const cut = disk.clone();
      cut.put(NAMES[0], bytes.subarray(0, end));
      const found = await prefixOf(cut, frames, Math.min(proven, firstOfSecond - 1));
      if (found !== 'DAMAGED') expect(found).toBeLessThan(firstOfSecond);
    }
  },
);

test.each([0, 3, 5])('any flipped byte gives a prefix or a named error (%i of 6 frames synced)', async (durable) => {
  const { disk, frames } = await smallLog(durable);
  for (const name of NAMES) {
    const bytes = disk.content(name);
    for (let at = 0; at < bytes.length; at++) {
      for (const mask of [1 << (at % 8), 0xff]) {
        const flipped = disk.clone();
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ mask;
        flipped.put(name, changed);
        expect(verifyLog(flipped).problems.length).toBeGreaterThan(0);
        // Frame 6 is the only one after which nothing can prove what was synced.
        expect(await prefixOf(flipped, frames, durable)).toBeLessThan(6);
      }
    }
  }
});
