/**
 * The settings of a store, as verbs: what its marker says (`src/store/marker.ts`).
 */
import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { lensesOf, type StoreLenses } from '../../mount/documents/own-lenses.ts';
import { FxError } from '../errors.ts';
import { readMarker } from '../store/marker.ts';
import { limitStore, nameLenses } from '../store/open.ts';
import { defineVerb } from './verb.ts';

/** The lenses that a store's settings name, and those of fxmount. Never rejects for a module that cannot be had. */
export function lensesFor(directory: string, path: string | null = readMarker(directory).lenses): Promise<StoreLenses> {
  return lensesOf(path === null ? null : { path, uid: statSync(directory).uid });
}

export const settings = defineVerb({ access: 'read', output: 'none', arguments: {} }, async ({ directory }) => {
  const { maxBytes, lenses } = readMarker(directory);
  return { maxBytes, lenses };
});

/** An absent argument: no limit. */
export const setMaxBytes = defineVerb(
  { access: 'write', output: 'none', arguments: { maxBytes: 'count?' } },
  async ({ store, directory }, { maxBytes = null }) => {
    limitStore(store, directory, maxBytes);
    return null;
  },
);

/**
 * An absent argument: no module. One that cannot be had is refused. `isLater`: a daemon serves the store, and takes
 * the lenses up when it is started next.
 */
export const setLenses = defineVerb(
  { access: 'write', output: 'none', arguments: { lenses: 'string?' } },
  async ({ directory, mounts }, { lenses = null }) => {
    if (lenses !== null && !isAbsolute(lenses)) throw new FxError('INVALID', `${lenses} is no absolute path`);
    const { problem } = await lensesFor(directory, lenses);
    if (problem !== null) throw new FxError('INVALID', problem);
    nameLenses(directory, lenses);
    return { isLater: mounts !== undefined };
  },
);
