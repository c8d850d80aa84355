/**
 * Removal of subtrees by a process that has other things to do meanwhile.
 */
import { FxError } from '../errors.ts';
import type { StoreApi } from '../store/api.ts';
import { described, locateNamed } from './address.ts';
import { Breather } from './host-io.ts';
import { type RemovalStep, removalSteps, removeSome } from './walk.ts';

/** Time for the unlinks of one frame; making the frame takes about as long again. */
const SLICE_MS = 2;
/** Bounds a slice where time alone might not: the frame's size. */
const SLICE_NAMES_MAX = 1000;

export interface RemoveOptions {
  /** Told how many names went so far. */
  onProgress?: (removed: number) => void;
  /** Stops with INTERRUPTED. */
  signal?: AbortSignal;
}

/**
 * As `Tree.remove` with `recursive`, but in frames of about SLICE_MS, leaves first, between which the event loop runs:
 * a subtree that takes longer is not removed in one frame. NOT_EMPTY when entries are added faster or behind
 * it; INTERRUPTED; what was removed by then is gone.
 */
export async function removeTree(store: StoreApi, path: string, options: RemoveOptions = {}): Promise<number> {
  try {
    const { parent, name, node } = locateNamed(store, path);
    return await removeInSlices(store, removalSteps(store, parent.ino, name, node), options);
  } catch (error) {
    throw described('remove', path, error);
  }
}

/** Does all steps; returns how many. */
export async function removeInSlices(
  store: StoreApi,
  steps: Iterator<RemovalStep, void, void>,
  { onProgress, signal }: RemoveOptions = {},
): Promise<number> {
  const breather = new Breather(0);
  for (let removed = 0; ; ) {
    if (signal?.aborted === true) throw new FxError('INTERRUPTED', `stopped; ${removed} names are removed`);
    const until = performance.now() + SLICE_MS;
    const { done, ended } = store.transaction(() => removeSome(store, steps, SLICE_NAMES_MAX, until));
    removed += done;
    onProgress?.(removed);
    if (ended) return removed;
    await breather.breathe();
  }
}
