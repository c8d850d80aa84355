/**
 * What keeps a store in shape between operations, joined: checkpoints, memory, compaction, and the limit of space.
 */
import type { Index } from '../index/index.ts';
import type { Log } from '../wal/log.ts';
import { Checkpointer, type Covered } from './checkpointer.ts';
import { Compactor } from './compactor.ts';
import type { Frames } from './frames.ts';
import { Maintenance } from './maintenance.ts';
import { Space } from './space.ts';
import type { State } from './state.ts';

export interface UpkeepParts {
  state: State;
  log: Log;
  index: Index;
  /** What the index had when it was opened. */
  covered: Covered;
  /** The most it may take on its disk, in bytes; null: no limit. */
  maxBytes: number | null;
  /** Most nodes kept in memory beside those that changed; undefined: the usual number. */
  cachedNodesMax?: number | undefined;
}

export class Upkeep {
  readonly checkpointer: Checkpointer;
  readonly compactor: Compactor;
  readonly maintenance: Maintenance;
  readonly space: Space;
  readonly #log: Log;
  /** Bytes of the log when it was opened. */
  readonly #bytesAtOpen: number;

  constructor({ state, log, index, covered, maxBytes, cachedNodesMax }: UpkeepParts, frames: Frames) {
    this.#log = log;
    this.#bytesAtOpen = log.segments().reduce((sum, segment) => sum + segment.bytes, 0);
    this.checkpointer = new Checkpointer(state, log, index, covered);
    const consider = () => this.compactor.consider();
    this.maintenance = new Maintenance(state, log, this.checkpointer, consider, cachedNodesMax);
    this.compactor = new Compactor({
      state,
      log,
      frames,
      index: index.directory,
      checkpoint: () => this.maintenance.checkpoint(),
      covered: () => this.checkpointer.covered,
    });
    const usedBytes = () => this.logBytes + index.bytes;
    this.space = new Space(maxBytes, usedBytes, () => this.compactor.consider(true));
    this.compactor.limit(maxBytes);
  }

  /** Bytes of all segments. */
  get logBytes(): number {
    return this.#bytesAtOpen + this.#log.appendedBytes - this.compactor.removedBytes;
  }

  /** Sets the most that the store may take on its disk, in bytes, until it is closed; null: no limit. */
  limit(maxBytes: number | null): void {
    this.space.maxBytes = maxBytes;
    this.compactor.limit(maxBytes);
  }

  /** Starts nothing more, and ends what is under way. */
  async stop(): Promise<void> {
    this.maintenance.stop();
    await this.compactor.stop();
  }
}
