/**
 * Takes checkpoints: brings the index up to the log, in the background, so that opening the store reads
 * little of the log and memory can let go of what is in the index.
 *
 * The loop is never held longer than a slice. The index may only know what the log keeps for sure: the
 * log is synced before the index commits. A checkpoint that fails is kept and goes along with the next. One
 * that could not be encoded whole, as the index is damaged, is the last: what it lacks, the next would lack
 * too, and the log has everything.
 */
import type { Index } from '../index/index.ts';
import type { Log } from '../wal/log.ts';
import { type CheckpointRecord, encodeCheckpoint } from './checkpoint-record.ts';
import type { FrozenRound } from './round.ts';
import type { State } from './state.ts';

/** Longest stretch of encoding before other work gets its turn, in milliseconds. */
const SLICE_MS = 2;
/** Steps between two looks at the clock. */
const STEPS = 64;

/** What a checkpoint covers: frames up to `seq`, which ends in `segment`; and segments with content that was live then. */
export interface Covered {
  seq: number;
  segment: number;
  liveBytes: ReadonlyMap<number, number>;
}

export class Checkpointer {
  readonly #state: State;
  readonly #log: Log;
  readonly #index: Index;
  #running: Promise<void> | null = null;
  /** Rounds that the index refused, oldest first. */
  #unsaved: FrozenRound[] = [];
  /** Why no checkpoint can be taken until the store is opened again. */
  #failure: unknown;
  /** The last checkpoint in the index. */
  covered: Covered;

  constructor(state: State, log: Log, index: Index, covered: Covered) {
    this.#state = state;
    this.#log = log;
    this.#index = index;
    this.covered = covered;
  }

  /** Whether a new one would be of use now: none is under way, and none failed for good. */
  get isIdle(): boolean {
    return this.#running === null && this.#failure === undefined;
  }

  /** Checkpoints everything up to now. Rejects IO when the log or the index could not be written. */
  async run(): Promise<void> {
    while (this.#running) await this.#running.catch(() => {});
    if (this.#failure !== undefined) throw this.#failure;
    const isCovered = this.covered.seq === this.#log.seq;
    if (isCovered && this.#state.dirtyCount === 0 && this.#unsaved.length === 0) return;
    this.#running = this.#take().finally(() => {
      this.#running = null;
    });
    await this.#running;
  }

  #record(): CheckpointRecord {
    const { nextIno, nextCookie, nodeCount, contentBytes, orphans, liveBytes, hasTypedFiles, hasAccessLists } =
      this.#state;
    return {
      log: this.#log.position,
      nextIno,
      nextCookie,
      nodeCount,
      contentBytes,
      orphans: [...orphans],
      liveBytes: [...liveBytes].filter(([, bytes]) => bytes > 0),
      hasTypedFiles,
      hasAccessLists,
    };
  }

  async #take(): Promise<void> {
    const record = this.#record();
    const frozen = this.#state.freeze();
    const steps = this.#state.encodeFrozen(frozen);
    let sliceEnd = performance.now() + SLICE_MS;
    for (let i = 1; !steps.next().done; i++) {
      if (i % STEPS !== 0 || performance.now() < sliceEnd) continue;
      await new Promise((resolve) => setImmediate(resolve));
      sliceEnd = performance.now() + SLICE_MS;
    }
    this.#failure = frozen.failure;
    if (this.#failure !== undefined) throw this.#failure;
    this.#unsaved.push(frozen);
    await this.#log.durable(record.log.seq);
    await this.#index.commit(
      this.#unsaved.map((round) => round.batch),
      encodeCheckpoint(record),
    );
    this.#unsaved = [];
    this.#state.saved(frozen);
    this.covered = coveredBy(record);
  }
}

/** What the checkpoint of a record covers; null: there is none. */
export function coveredBy(record: CheckpointRecord | null): Covered {
  if (record === null) return { seq: 0, segment: 0, liveBytes: new Map() };
  return { seq: record.log.seq, segment: record.log.segment, liveBytes: new Map(record.liveBytes) };
}
