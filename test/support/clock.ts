/**
 * A clock for tests: starts at a fixed time and goes on by one microsecond with each look at it.
 */
import type { Time } from '../../src/store/api.ts';

export function tickingClock(startSec = 1_700_000_000): () => Time {
  let ticks = 0;
  return () => {
    ticks++;
    return [startSec + Math.floor(ticks / 1_000_000), (ticks % 1_000_000) * 1000];
  };
}
