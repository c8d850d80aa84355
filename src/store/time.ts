/**
 * Comparing times, which are pairs of seconds and nanoseconds.
 */
import type { Time } from './api.ts';

/** The later of two times; the first when they are the same. */
export function laterOf(a: Time, b: Time): Time {
  return b[0] > a[0] || (b[0] === a[0] && b[1] > a[1]) ? b : a;
}
