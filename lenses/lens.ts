/**
 * What a lens is to the layers above: a pure function between a typed value and the bytes of a file. It
 * knows nothing of mounts, nodes or stores, and gives the same bytes for the same value every time.
 */
import type { Value } from '../src/uarr/value.ts';

export interface Lens {
  /** Name by which bindings and messages refer to the lens; never changes meaning. */
  readonly name: string;
  /**
   * The file's bytes for a value. Never throws for a value of the model. The caller must not change
   * the bytes: they may be a view of the value itself.
   */
  get(value: Value): Uint8Array;
}
