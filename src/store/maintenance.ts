/**
 * What the store does by itself between operations: checkpoints, and letting go of nodes in memory.
 *
 * A checkpoint is taken when the store was quiet for a while, so that it does not compete with work, or
 * when so much has changed since the last that recovery would take long. Memory is given back in steps.
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

export class Maintenance {
  readonly #state: State;
  readonly #log: Log;
  readonly #checkpointer: Checkpointer;
  #immediate: NodeJS.Immediate | null = null;
  #quietTimer: NodeJS.Timeout | null = null;
  #appendedAtCheckpoint = 0;
  #appendedAtTimer = 0;

  constructor(state: State, log: Log, checkpointer: Checkpointer) {
    this.#state = state;
    this.#log = log;
    this.#checkpointer = checkpointer;
  }

  /** To be called after each frame. */
  appended(): void {
    if (this.#quietTimer === null) this.#watchQuiet();
    if (this.#isDue() && this.#checkpointer.isIdle) this.#schedule();
  }

  /** To be called when nodes came into memory. */
  loaded(): void {
    if (this.#state.cachedNodes > CACHED_NODES_MAX) this.#schedule();
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
      if (this.#state.cachedNodes > CACHED_NODES_MAX) this.#state.evict(EVICTION_STEP);
      if (this.#isDue() && this.#checkpointer.isIdle) this.#checkpointInBackground();
    });
  }

  #checkpointInBackground(): void {
    // A log that failed or was closed cannot be synced any more: there is nothing to wait for.
    if (this.#log.readOnly) return;
    this.checkpoint().catch((error: unknown) => {
      // The log still has everything; the next checkpoint tries again.
      process.emitWarning(`checkpoint failed: ${(error as Error).message}`, 'FxmountCheckpoint');
    });
  }
}
