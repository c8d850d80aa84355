/**
 * Checks a whole log and says what is wrong with it, one problem a line. Changes nothing.
 */
import type { Disk } from './disk.ts';
import { isDamage } from './recovery.ts';
import { segmentName } from './segment.ts';
import { type FrameVisitor, type Gap, type Position, walkLog } from './walk.ts';

export interface Problem extends Gap {
  /** `damage`: durable data is lost. `tail`: never synced; the next opening cuts it. */
  kind: 'damage' | 'tail';
  /** One line: where, what, and which seqs are lost. */
  message: string;
}

export interface Verification {
  segments: number;
  /** Whole frames, and the records in them, also those after a problem. */
  frames: number;
  records: number;
  /** The first and last seq seen; 0 when there is no frame. */
  firstSeq: number;
  lastSeq: number;
  /** The highest seq that the log itself says was synced. */
  durableSeq: number;
  problems: Problem[];
}

export interface VerifyOptions {
  storeId?: Uint8Array;
  /** Where to start; null (the default) checks every segment from the first there is. */
  from?: Position | null;
  /** Called for every whole frame, also those after a problem: what can still be recovered. */
  visit?: FrameVisitor;
}

/** Walks the log on `disk`. Throws NOT_A_STORE, NEWER_FORMAT, IO, and DAMAGED for another store's segment. */
export function verifyLog(disk: Disk, options: VerifyOptions = {}): Verification {
  const seen = { frames: 0, records: 0, firstSeq: 0, lastSeq: 0 };
  const visit: FrameVisitor = (frame) => {
    seen.frames++;
    seen.records += frame.records;
    if (seen.firstSeq === 0) seen.firstSeq = frame.seq;
    seen.lastSeq = frame.seq;
    options.visit?.(frame);
  };
  const { storeId = null, from = null } = options;
  const walk = walkLog(disk, { storeId, from, visit, visitBeyond: visit });
  const kind = isDamage(walk) ? 'damage' : 'tail';
  const problems = walk.gaps.map((gap) => ({ ...gap, kind, message: describeGap(gap, kind) }) satisfies Problem);
  return { segments: walk.segments.length, ...seen, durableSeq: walk.durableSeq, problems };
}

/** A gap as one line: `00000001.fxlog:4096: damage: its checksum is wrong; 128 bytes, seq 17 to 18 lost`. */
export function describeGap(gap: Gap, kind: Problem['kind']): string {
  const { firstSeq, lastSeq } = gap;
  const noun = kind === 'damage' ? 'lost' : 'never synced';
  let seqs = `seq ${firstSeq} to ${lastSeq} ${noun}`;
  if (lastSeq === null) seqs = `seq ${firstSeq} and all after it ${noun}`;
  else if (lastSeq < firstSeq) seqs = 'no frame lost';
  else if (lastSeq === firstSeq) seqs = `seq ${firstSeq} ${noun}`;
  return `${segmentName(gap.segment)}:${gap.position}: ${kind}: ${gap.reason}; ${gap.bytes} bytes, ${seqs}`;
}
