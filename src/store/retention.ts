/**
 * What the log keeps of what nobody needs for reading: the history that followers of the changes resume in.
 *
 * History is whole segments, from one on to the end of the log. A segment stays while it and all after it
 * hold no more bytes that are dead than `historyBytesMax`, and while something in it is younger than
 * `historyAgeMaxSec`. The segment that is appended to always stays. This is the one place that decides it.
 */

export interface RetentionPolicy {
  historyBytesMax: number;
  historyAgeMaxSec: number;
}

/** 64 MiB, 30 days. */
export const RETENTION: RetentionPolicy = { historyBytesMax: 64 << 20, historyAgeMaxSec: 30 * 86_400 };

/** A segment of the log as compaction sees it. */
export interface SegmentUse {
  segment: number;
  bytes: number;
  /** Bytes of content in it that files refer to, at most `bytes`. */
  liveBytes: number;
  firstSeq: number | null;
  timeSec: number;
}

/** Index in `segments` (rising, without the removed) of the first that history keeps. */
export function historyStart(segments: readonly SegmentUse[], policy: RetentionPolicy, nowSec: number): number {
  let deadBytes = 0;
  let start = segments.length - 1;
  for (; start > 0; start--) {
    const last = segments[start] as SegmentUse;
    const before = segments[start - 1] as SegmentUse;
    deadBytes += before.bytes - before.liveBytes;
    if (before.segment + 1 !== last.segment || deadBytes > policy.historyBytesMax) break;
    // The newest frame of a segment is about as old as the segment after it.
    if (last.timeSec < nowSec - policy.historyAgeMaxSec) break;
  }
  return start;
}
