import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FxError } from '../../src/errors.ts';
import type { Log, Position } from '../../src/wal/log.ts';
import { appendModel, type ModelFrame, modelFrame, newModel, openModel } from '../support/log-model.ts';
import { CRASH_MODES, type CrashMode, type SimDisk, seededRandom } from '../support/sim-disk.ts';

type Step =
  | { do: 'append'; payloadBytes: number; dataBytes: number }
  | { do: 'sync' }
  | { do: 'start sync' }
  | { do: 'turn' }
  | { do: 'checkpoint' }
  | { do: 'reopen' }
  | { do: 'fail'; nth: number; fault: 'EIO' | 'ENOSPC' }
  | { do: 'crash'; mode: CrashMode; seed: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      payloadBytes: fc.nat(120),
      dataBytes: fc.oneof(fc.constant(0), fc.nat(300), fc.nat(3000)),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'sync' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'start sync' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'turn' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'checkpoint' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      nth: fc.integer({ min: 1, max: 6 }),
      fault: fc.constantFrom('EIO' as const, 'ENOSPC' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('crash' as const), mode: fc.constantFrom(...CRASH_MODES), seed: fc.nat() }),
  },
);

/** A log, what must be in it, and what may be. */
class Run {
  readonly disk: SimDisk;
  log: Log;
  frames: ModelFrame[] = [];
  /** The highest seq that was told to be durable. */
  promised = 0;
  checkpoint: Position | null = null;
  readonly random = seededRandom(1);
  readonly segmentBytesMax: number;

  constructor(disk: SimDisk, log: Log, segmentBytesMax: number) {
    this.disk = disk;
    this.log = log;
    this.segmentBytesMax = segmentBytesMax;
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'append':
        return this.append(step.payloadBytes, step.dataBytes);
      case 'sync':
        return this.sync(this.log.seq);
      case 'start sync':
        void this.sync(this.log.seq);
        return;
      case 'turn':
        return new Promise((turn) => setImmediate(turn));
      case 'checkpoint':
        return this.keep();
      case 'reopen':
        return this.reopen('keep', 0);
      case 'fail':
        return this.disk.failAt(step.nth, step.fault);
      case 'crash':
        return this.reopen(step.mode, step.seed);
    }
  }

  append(payloadBytes: number, dataBytes: number): void {
    const frame = modelFrame(this.frames.length + 1, payloadBytes, dataBytes, this.random);
    try {
      appendModel(this.log, frame);
      this.frames.push(frame);
    } catch (error) {
      if (!(error instanceof FxError)) throw error;
    }
  }

  async sync(seq: number): Promise<void> {
    const { log } = this;
    try {
      await log.durable(seq);
    } catch (error) {
      if (!(error instanceof FxError)) throw error;
      return;
    }
    if (log === this.log) this.promised = Math.max(this.promised, seq);
  }

  async keep(): Promise<void> {
    const position = this.log.position;
    await this.sync(position.seq);
    if (this.promised >= position.seq) this.checkpoint = position;
  }

  /** The process dies, and in all modes but `keep` the machine; then the log is opened, once or with a crash in between. */
  async reopen(mode: CrashMode, seed: number): Promise<void> {
    const random = seededRandom(seed);
    this.disk.crash(mode, random);
    if (seed % 3 === 0) {
      this.disk.failAt(1 + random(30));
      await openModel(this.disk).catch((error: unknown) => {
        if (!(error instanceof FxError)) throw error;
      });
      this.disk.crash(mode, random);
    }
    const appended = this.frames.length;
    const { segmentBytesMax } = this;
    const { log, frames } = await openModel(this.disk, { segmentBytesMax });
    expect(frames).toEqual(this.frames.slice(0, frames.length));
    expect(frames.length).toBeGreaterThanOrEqual(mode === 'keep' ? appended : this.promised);
    expect(log.readOnly).toBe(false);
    expect(log.durableSeq).toBeLessThanOrEqual(Math.max(this.promised, 0));
    if (this.checkpoint !== null) {
      const part = await openModel(this.disk, { from: this.checkpoint, segmentBytesMax });
      expect(part.frames).toEqual(frames.slice(this.checkpoint.seq));
      expect(part.log.recovery).toMatchObject({ tail: null, damage: [] });
      this.log = part.log;
    } else {
      this.log = log;
    }
    this.frames = frames;
  }
}

async function run(steps: Step[], segmentBytesMax: number, pageBytes: number): Promise<void> {
  const { disk, log } = await newModel([], seededRandom(2), segmentBytesMax);
  disk.pageBytes = pageBytes;
  const world = new Run(disk, log, segmentBytesMax);
  for (const step of steps) await world.take(step);
  await world.reopen('reorder', 1);
}

test('after any crash the log is a prefix of what was appended, with all that was durable (I4, I5, I8)', async () => {
  const segmentBytesMax = fc.constantFrom(400, 1500, 20_000);
  const pageBytes = fc.constantFrom(16, 512, 4096);
  const steps = fc.array(step, { minLength: 5, maxLength: 60 });
  await fc.assert(fc.asyncProperty(steps, segmentBytesMax, pageBytes, run), { numRuns: 400 });
});
