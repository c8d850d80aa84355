/**
 * `--sync` as text and as the store's policy: `fsync`, `always`, `interval:MS`.
 */
import { FxError } from '../errors.ts';
import type { SyncPolicy } from '../store/open.ts';

export const SYNC_DEFAULT = 'fsync';
const INTERVAL_MS_MAX = 3_600_000;

/** INVALID for anything else. */
export function parseSync(text: string): SyncPolicy {
  if (text === 'fsync' || text === 'always') return { kind: text };
  const ms = Number(/^interval:([1-9][0-9]{0,6})$/.exec(text)?.[1]);
  if (ms <= INTERVAL_MS_MAX) return { kind: 'interval', ms };
  throw new FxError(
    'INVALID',
    `--sync ${text}: give fsync, always, or interval:MS with 1 to ${INTERVAL_MS_MAX} milliseconds`,
  );
}
