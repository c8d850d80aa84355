/**
 * What an import or export could not carry over.
 */
import { nameToText } from '../names.ts';

export interface Skipped {
  /** Host path or node path, as text. */
  path: string;
  reason: string;
}

/** Most entries of a result's `skipped`; `skippedCount` goes on. */
export const SKIPPED_MAX = 1000;

/** `path` is a byte string. */
export function skippedAt(path: string, error: unknown): Skipped {
  return { path: nameToText(path), reason: error instanceof Error ? error.message : String(error) };
}
