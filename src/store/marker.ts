/**
 * The file that makes a directory a store: `fxmount.json`, JSON of one line.
 *
 *     {"format":"fxmount store","version":2,"id":"<32 hex digits>","maxBytes":<bytes>,"lenses":<path>}
 *
 * `maxBytes`, the most the store may take on its disk, and `lenses`, the absolute path of a module of the user's
 * own lenses, may be left out.
 *
 * A store directory holds
 *
 *     fxmount.json   this file
 *     log/           the log (`src/wal/log.ts`)
 *     index/         the checkpointed index (`src/index/index.ts`); made anew from the log when it is lost
 *     lock           held by the process that has the store open (`lock.ts`)
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { FxError } from '../errors.ts';
import { LOCK_NAME } from './lock.ts';

export const MARKER_NAME = 'fxmount.json';
const FORMAT = 'fxmount store';
const VERSION = 2;

export interface Marker {
  /** 16 bytes. */
  storeId: Uint8Array;
  /** The most the store may take on its disk, in bytes; null: no limit. */
  maxBytes: number | null;
  /** Absolute path of the module that has the user's own lenses; null: none. */
  lenses: string | null;
}

function syncPath(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeDurably(path: string, text: string): void {
  const fd = openSync(path, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** What may be in a directory where a store is being made, or whose making was ended half-way. */
const BEGINNINGS: readonly string[] = [LOCK_NAME, `${MARKER_NAME}.new`];

/** Whether nothing but the beginnings of a store is in the directory, or it is absent. */
export function isVacant(directory: string): boolean {
  try {
    return readdirSync(directory).every((name) => BEGINNINGS.includes(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}

/** Makes the directory of a new store, and sees to it that nothing else is in it: EXISTS, NOT_EMPTY. */
export function prepareDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true });
  if (isVacant(directory)) return;
  if (existsSync(join(directory, MARKER_NAME))) throw new FxError('EXISTS', `${directory} is an fxmount store already`);
  throw new FxError('NOT_EMPTY', `${directory} is not empty and no fxmount store; name a new or empty directory`);
}

/** Makes the marker of a new store, durably, in a directory that was prepared; the caller holds the lock. */
export function createMarker(directory: string, maxBytes: number | null): Marker {
  const storeId = randomBytes(16);
  const marker = { storeId, maxBytes, lenses: null };
  writeMarker(directory, marker);
  syncPath(dirname(directory));
  return marker;
}

/** Replaces the marker, durably and at once. */
export function writeMarker(directory: string, { storeId, maxBytes, lenses }: Marker): void {
  const path = join(directory, MARKER_NAME);
  const settings = { ...(maxBytes === null ? {} : { maxBytes }), ...(lenses === null ? {} : { lenses }) };
  try {
    writeDurably(
      `${path}.new`,
      `${JSON.stringify({ format: FORMAT, version: VERSION, id: Buffer.from(storeId).toString('hex'), ...settings })}\n`,
    );
    renameSync(`${path}.new`, path);
  } catch (error) {
    // Else the directory would not be empty when it is tried again.
    rmSync(`${path}.new`, { force: true });
    throw error;
  }
  syncPath(directory);
}

/** Reads the marker. NOT_A_STORE, NEWER_FORMAT, DAMAGED. */
export function readMarker(directory: string): Marker {
  let text: string;
  try {
    text = readFileSync(join(directory, MARKER_NAME), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES')
      throw new FxError('ACCESS_DENIED', `${directory}: permission denied; only the store’s owner may open it`);
    throw new FxError(
      'NOT_A_STORE',
      `${directory} is not an fxmount store (it has no ${MARKER_NAME}); make one with "fxmount init"`,
      {
        cause: error,
      },
    );
  }
  const marker = parse(text);
  if (marker?.format !== FORMAT) {
    throw new FxError('DAMAGED', `${join(directory, MARKER_NAME)} is damaged; restore it from a backup of the store`);
  }
  if (marker.version === 1) {
    throw new FxError(
      'NOT_A_STORE',
      `${directory} has store format 1, of a trial version; export it with the fxmount that made it, and import that`,
    );
  }
  if (marker.version !== VERSION) {
    throw new FxError(
      'NEWER_FORMAT',
      `${directory} has store format ${String(marker.version)}, this fxmount reads ${VERSION}; use a newer fxmount`,
    );
  }
  if (typeof marker.id !== 'string' || !/^[0-9a-f]{32}$/.test(marker.id)) {
    throw new FxError(
      'DAMAGED',
      `${join(directory, MARKER_NAME)} has no valid id; restore it from a backup of the store`,
    );
  }
  const { maxBytes = null, lenses = null } = marker;
  if (maxBytes !== null && !(typeof maxBytes === 'number' && Number.isSafeInteger(maxBytes) && maxBytes > 0)) {
    throw new FxError('DAMAGED', `${join(directory, MARKER_NAME)} has no valid maxBytes; correct it or take it out`);
  }
  if (lenses !== null && !(typeof lenses === 'string' && lenses.startsWith('/'))) {
    throw new FxError('DAMAGED', `${join(directory, MARKER_NAME)} has no valid lenses; correct it or take it out`);
  }
  return { storeId: Buffer.from(marker.id, 'hex'), maxBytes, lenses };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
