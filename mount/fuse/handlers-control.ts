/**
 * The conversation itself: INIT, DESTROY, FORGET, BATCH_FORGET, INTERRUPT.
 */
import type { Ino } from '../../src/ids.ts';
import type { Exchange } from './exchange.ts';
import { BATCH_FORGET_IN, BODY_WORD, FORGET_IN, FORGET_ONE, INTERRUPT_IN, OUT } from './layouts.ts';
import { ROOT_NODEID } from './protocol.ts';

export function init(x: Exchange): number {
  return x.replier.negotiate();
}

export function destroy(x: Exchange): number {
  x.replier.destroyed();
  return OUT;
}

/** The root is never forgotten. */
function forgetOne(x: Exchange, ino: Ino, times: number): void {
  if (ino !== ROOT_NODEID && x.lookups.forget(ino, times)) x.operations.reclaim(ino);
}

export function forget(x: Exchange): number {
  forgetOne(x, x.nodeid, x.u64(BODY_WORD + FORGET_IN.word.nlookup));
  return 0;
}

/** A count over what the message holds is cut to it. One inode that cannot be reclaimed does not keep the others. */
export function batchForget(x: Exchange): number {
  const bodyEnd = x.end >> 2;
  const step = FORGET_ONE.bytes >> 2;
  let word = BODY_WORD + (BATCH_FORGET_IN.bytes >> 2);
  let failure: unknown;
  for (let left = x.u32(BODY_WORD + BATCH_FORGET_IN.word.count); left > 0 && word + step <= bodyEnd; left--) {
    try {
      forgetOne(x, x.u64(word + FORGET_ONE.word.nodeid), x.u64(word + FORGET_ONE.word.nlookup));
    } catch (error) {
      failure ??= error;
    }
    word += step;
  }
  if (failure !== undefined) throw failure;
  return 0;
}

export function interrupt(x: Exchange): number {
  x.replier.interrupt(x.u32(BODY_WORD + INTERRUPT_IN.word.unique), x.u32(BODY_WORD + INTERRUPT_IN.word.unique + 1));
  return 0;
}

/** NOTIFY_REPLY answers a NOTIFY_RETRIEVE, which is never sent. */
export function ignore(): number {
  return 0;
}
