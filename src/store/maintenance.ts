/**
 * What the store does by itself between operations: checkpoints, and letting go of nodes in memory.
 *
 * A checkpoint is taken when the store was quiet for a while, so that it does not compete with work, or
 * when so much has changed since the last that recovery would take long. Memory is given back in steps, and
 * bounded: when changes come faster than the index takes them, they are slowed down.
 */
import type { Log } from '../wal/log.ts';
import type { Checkpointer } from './checkpointer.ts';
import type { State } from './state.ts';

/** Time without a frame after which the store counts as quiet, in milliseconds. */
const QUIET_MS = 1_000;
/** A checkpoint is due after this many bytes of log, or this many changed things: about a second of recovery. */
const DUE_LOG_BYTES = 1 << 30;
const DUE_CHANGES = 250_000;
/** Nodes kept in memory, and how many are dropped at a time when there are more. */
const CACHED_NODES_MAX = 200_000;
const EVICTION_STEP = 2_000;

/** From so many changes that wait for the index on, each costs time: PACE_MS at twice as many, and so on. */
const PACED_CHANGES = 600_000;
const PACE_MS = 0.05;
/** Longest wait in one turn, in milliseconds. */
const PACE_MS_MAX = 5;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

export class Maintenance {
  readonly #state: State;
  readonly #log: Log;
  readonly #checkpointer: Checkpointer;
  #immediate: NodeJS.Immediate | null = null;
  #quietTimer: NodeJS.Timeout | null = null;
  #appendedAtCheckpoint = 0;
  #appendedAtTimer = 0;
  #changesBefore = 0;
  #owedMs = 0;

  readonly #onCheckpoint: () => void;
  readonly #cachedNodesMax: number;

  /** `onCheckpoint` is called after each checkpoint taken in the background. */
  constructor(
    state: State,
    log: Log,
    checkpointer: Checkpointer,
    onCheckpoint: () => void,
    cachedNodesMax = CACHED_NODES_MAX,
  ) {
    this.#cachedNodesMax = cachedNodesMax;
    this.#state = state;
    this.#log = log;
    this.#checkpointer = checkpointer;
    this.#onCheckpoint = onCheckpoint;
  }

  /** To be called after each frame. Waits, for at most PACE_MS_MAX, when changes come faster than the index takes them. */
  appended(): void {
    const changes = this.#state.dirtyCount;
    if (changes > PACED_CHANGES) this.#pace(changes);
    this.#changesBefore = changes;
    if (this.#quietTimer === null) this.#watchQuiet();
    if (this.#isDue() && this.#checkpointer.isIdle) this.#schedule();
  }

  /** To be called when nodes came into memory. */
  loaded(): void {
    if (this.#state.cachedNodes > this.#cachedNodesMax) this.#schedule();
  }

  /** Brings the index up to date. Rejects IO. */
  async checkpoint(): Promise<void> {
    this.#appendedAtCheckpoint = this.#log.appendedBytes;
    await this.#checkpointer.run();
  }

  stop(): void {
    if (this.#immediate) clearImmediate(this.#immediate);
    if (this.#quietTimer) clearTimeout(this.#quietTimer);
    this.#immediate = null;
    this.#quietTimer = null;
  }

  /** Memory would grow without bound: who changes the tree gets as slow as the disk, in steps too short to be noticed. */
  #pace(changes: number): void {
    const excess = changes / PACED_CHANGES - 1;
    const made = Math.max(1, changes - this.#changesBefore);
    const waitMs = Math.min(PACE_MS_MAX, made * excess * PACE_MS);
    this.#owedMs += waitMs;
    // Shorter waits cost more than they are worth.
    if (this.#owedMs < 0.1) return;
    const start = performance.now();
    Atomics.wait(NEVER, 0, 0, Math.min(PACE_MS_MAX, this.#owedMs));
    this.#owedMs = Math.max(0, this.#owedMs - (performance.now() - start));
  }

  #isDue(): boolean {
    const logBytes = this.#log.appendedBytes - this.#appendedAtCheckpoint;
    return this.#state.dirtyCount > DUE_CHANGES || logBytes > DUE_LOG_BYTES;
  }

  #watchQuiet(): void {
    this.#appendedAtTimer = this.#log.appendedBytes;
    this.#quietTimer = setTimeout(() => {
      this.#quietTimer = null;
      if (this.#log.appendedBytes !== this.#appendedAtTimer) this.#watchQuiet();
      else if (this.#checkpointer.isIdle) this.#checkpointInBackground();
    }, QUIET_MS).unref();
  }

  #schedule(): void {
    this.#immediate ??= setImmediate(() => {
      this.#immediate = null;
      if (this.#state.cachedNodes > this.#cachedNodesMax) this.#state.evict(EVICTION_STEP);
      if (this.#isDue() && this.#checkpointer.isIdle) this.#checkpointInBackground();
    });
  }

  #checkpointInBackground(): void {
    // A log that failed or was closed cannot be synced any more: there is nothing to wait for.
    if (this.#log.readOnly) return;
    this.checkpoint()
      .then(() => this.#onCheckpoint())
      .catch((error: unknown) => {
        // The log still has everything; the next checkpoint tries again.
        process.emitWarning(`checkpoint failed: ${(error as Error).message}`, 'FxmountCheckpoint');
      });
  }
}
