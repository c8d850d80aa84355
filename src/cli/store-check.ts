/**
 * A look at a store's directory before a daemon is started for it, so that what is wrong is said at once
 * and nothing is left behind.
 */
import { readdirSync } from 'node:fs';
import { FxError } from '../errors.ts';
import { readMarker } from '../store/marker.ts';
import { initStore } from '../store/open.ts';

/** Makes an absent store. NOT_A_STORE when the directory holds something else; NEWER_FORMAT, DAMAGED, ACCESS_DENIED. */
export async function checkStore(directory: string): Promise<void> {
  try {
    readMarker(directory);
  } catch (error) {
    if (!(error instanceof FxError) || error.code !== 'NOT_A_STORE' || !isVacant(directory)) throw error;
    await initStore(directory).catch((failure: unknown) => {
      // Another command made it meanwhile.
      if (!(failure instanceof FxError) || failure.code !== 'EXISTS') throw failure;
    });
  }
}

/** Absent, or an empty directory. */
function isVacant(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
