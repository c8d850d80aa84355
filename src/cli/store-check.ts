/**
 * A look at a store's directory before a daemon is started for it, so that what is wrong is said at once
 * and nothing is left behind.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LOCK_RETRY_MS, LOCK_WAIT_MS } from '../daemon/reach.ts';
import { FxError } from '../errors.ts';
import { isVacant, readMarker } from '../store/marker.ts';
import { initStore } from '../store/open.ts';

/**
 * Makes an absent store, or waits until another command that is at it has made it. NOT_A_STORE when the directory holds
 * something else; NEWER_FORMAT, DAMAGED, ACCESS_DENIED.
 */
export async function checkStore(directory: string): Promise<void> {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      readMarker(directory);
      return;
    } catch (error) {
      if (!(error instanceof FxError) || error.code !== 'NOT_A_STORE' || !isVacant(directory)) throw error;
    }
    try {
      await initStore(directory);
      return;
    } catch (error) {
      const made = error instanceof FxError && error.code === 'EXISTS';
      const making = error instanceof FxError && error.code === 'LOCKED';
      if (!made && (!making || Date.now() > deadline)) throw error;
    }
    await delay(LOCK_RETRY_MS);
  }
}
