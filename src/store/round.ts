/**
 * A round of changes on its way to the index: see `state.ts`.
 */
import type { Ino, NodeId } from '../ids.ts';
import type { Batch } from '../index/batch.ts';
import type { Node, Slot } from './node.ts';
import type { NumberedMap } from './numbered-map.ts';

/** What became of the slots of one cookie in a round: the one the index may have, and the one it must have. */
export interface SlotChange {
  removed: Slot | null;
  added: Slot | null;
}

/** A round set aside for the index. */
export interface FrozenRound {
  round: number;
  /** Nodes that are not encoded yet. */
  nodes: Set<Node>;
  slots: NumberedMap<SlotChange>;
  deleted: Map<Ino, NodeId>;
  cookieEnd: number;
  batch: Batch;
  /** Why it cannot be committed: a node could not be encoded. Undefined while it can. */
  failure: unknown;
}
