/**
 * Making and opening stores: lock, index, log, recovery.
 */
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FxError } from '../errors.ts';
import { Index } from '../index/index.ts';
import { HostDisk } from '../wal/host-disk.ts';
import { Log, type OpenOptions as LogOpenOptions, type Recovery } from '../wal/log.ts';
import { SEGMENT_FIRST, segmentName, segmentsAmong } from '../wal/segment.ts';
import { type CheckpointRecord, decodeCheckpoint } from './checkpoint-record.ts';
import { coveredBy } from './checkpointer.ts';
import { type Lock, lockStore } from './lock.ts';
import { createMarker, MARKER_NAME, prepareDirectory, readMarker, writeMarker } from './marker.ts';
import { replay } from './replay.ts';
import { STORE_BYTES_MIN } from './space.ts';
import { State } from './state.ts';
import { Store } from './store.ts';

/**
 * When changes reach the disk for sure: `fsync` only when someone asks (they survive the death of the
 * process in any case), `interval` every `ms` milliseconds too. Acknowledging only what is durable
 * (`always`) is done by the drivers, who answer after `durable`.
 */
export type SyncPolicy = { kind: 'fsync' } | { kind: 'always' } | { kind: 'interval'; ms: number };

export interface OpenStoreOptions {
  /** Makes the store when the directory is missing or empty. */
  create?: boolean;
  readOnly?: boolean;
  sync?: SyncPolicy;
  /** The most that the store may take on its disk, in bytes; as its marker says when absent, null: no limit. */
  maxBytes?: number | null;
  /** Smaller segments, for tests. */
  segmentBytesMax?: number;
  /** Fewer nodes in memory, for tests. */
  cachedNodesMax?: number;
}

/**
 * Makes a store in a new or empty directory, owned by the caller; `maxBytes`: the most it may take on its disk. EXISTS,
 * NOT_EMPTY, ACCESS_DENIED, NO_SPACE, IO; LOCKED while another process makes it.
 */
export async function initStore(directory: string, maxBytes: number | null = null): Promise<void> {
  const path = resolve(directory);
  checkLimit(maxBytes);
  hostErrors(path, () => prepareDirectory(path));
  const lock = hostErrors(path, () => lockStore(path));
  try {
    // Whoever had the lock before may have made it.
    hostErrors(path, () => prepareDirectory(path));
    const { storeId } = hostErrors(path, () => createMarker(path, maxBytes));
    await createLog(path, storeId);
    const store = await openLocked(path, storeId, { maxBytes }, lock);
    await store.close();
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function createLog(path: string, storeId: Uint8Array): Promise<void> {
  try {
    const log = await Log.create(HostDisk.create(join(path, 'log')), storeId);
    await log.close();
  } catch (error) {
    // Without a log it could be neither opened nor made again.
    rmSync(join(path, 'log'), { recursive: true, force: true });
    rmSync(join(path, MARKER_NAME), { force: true });
    throw error;
  }
}

/** Sets the most that an open store may take on its disk, from now on; null: no limit. INVALID when it is too small, IO. */
export function limitStore(store: Store, directory: string, maxBytes: number | null): void {
  checkLimit(maxBytes);
  const path = resolve(directory);
  hostErrors(path, () => writeMarker(path, { ...readMarker(path), maxBytes }));
  store.upkeep.limit(maxBytes);
}

/** Names the module of the user's own lenses, from the next opening on; null: none. IO. */
export function nameLenses(directory: string, lenses: string | null): void {
  const path = resolve(directory);
  hostErrors(path, () => writeMarker(path, { ...readMarker(path), lenses }));
}

function checkLimit(maxBytes: number | null): void {
  if (maxBytes === null || maxBytes >= STORE_BYTES_MIN) return;
  throw new FxError(
    'INVALID',
    `a store of at most ${maxBytes} bytes is too small; give it at least ${STORE_BYTES_MIN}`,
  );
}

/**
 * Opens a store and recovers it: what the log has after the last checkpoint is applied again.
 * NOT_A_STORE, NEWER_FORMAT, LOCKED (names the process that has it), DAMAGED, ACCESS_DENIED, IO.
 * With damage in the log the store is read-only, and `report` says what is lost.
 */
export async function openStore(directory: string, options: OpenStoreOptions = {}): Promise<Store> {
  const path = resolve(directory);
  if (options.create && !existsSync(join(path, MARKER_NAME))) await initStore(path, options.maxBytes);
  const { storeId, maxBytes } = hostErrors(path, () => readMarker(path));
  const lock = hostErrors(path, () => lockStore(path));
  try {
    return await openLocked(path, storeId, { maxBytes, ...options }, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openLocked(path: string, storeId: Uint8Array, options: OpenStoreOptions, lock: Lock): Promise<Store> {
  const report: string[] = [];
  const disk = new HostDisk(join(path, 'log'));
  const { index, checkpoint } = await openIndex(join(path, 'index'), disk, report);
  try {
    checkWhole(disk, checkpoint, path);
    const state = new State(index);
    if (checkpoint) state.restore(checkpoint);
    const time = { sec: 0, nsec: 0 };
    const logOptions: LogOpenOptions = { storeId, from: checkpoint?.log ?? null, readOnly: options.readOnly === true };
    if (options.sync?.kind === 'interval') logOptions.syncIntervalMs = options.sync.ms;
    if (options.segmentBytesMax !== undefined) logOptions.segmentBytesMax = options.segmentBytesMax;
    const log = await Log.open(disk, logOptions, (frame) => {
      time.sec = frame.timeSec;
      time.nsec = frame.timeNsec;
      replay(state, frame);
    });
    report.push(...describe(log.recovery));
    const lost = lostSegments(disk, checkpoint);
    if (lost.length > 0) report.push(`files of the log are missing: ${lost.join(', ')}; put them back from a backup`);
    const store = new Store({
      state,
      log,
      index,
      readOnly: options.readOnly === true || log.readOnly || lost.length > 0,
      covered: coveredBy(checkpoint),
      maxBytes: options.maxBytes ?? null,
      cachedNodesMax: options.cachedNodesMax,
      report,
      time,
      onClose: () => lock.release(),
    });
    if (!store.readOnly) prepare(store);
    return store;
  } catch (error) {
    await index.close();
    throw error;
  }
}

function prepare(store: Store): void {
  if (store.seq === 0) store.createRoot(process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  store.reclaimAll();
}

/** Whether the log still has every frame since the first. */
function isWhole(disk: HostDisk): boolean {
  return segmentsAmong(disk.list()).every((segment, index) => segment === index + SEGMENT_FIRST);
}

/** DAMAGED when there is no checkpoint and compaction has removed what would have to be replayed instead. */
function checkWhole(disk: HostDisk, checkpoint: CheckpointRecord | null, path: string): void {
  if (checkpoint !== null || isWhole(disk)) return;
  throw new FxError(
    'DAMAGED',
    `the index of ${path} is lost, and its log was compacted, so that it cannot be made anew: restore "index" from a backup of the store`,
  );
}

/** Names of segments with live content that are not there. Those to be replayed are missed by the log itself. */
function lostSegments(disk: HostDisk, checkpoint: CheckpointRecord | null): string[] {
  const there = new Set(segmentsAmong(disk.list()));
  const live = checkpoint?.liveBytes ?? [];
  return live.filter(([segment, bytes]) => bytes > 0 && !there.has(segment)).map(([segment]) => segmentName(segment));
}

/** Opens the index. One that cannot be read is made anew, if the log has everything that was in it. */
async function openIndex(
  path: string,
  disk: HostDisk,
  report: string[],
): Promise<{ index: Index; checkpoint: CheckpointRecord | null }> {
  let index: Index | null = null;
  try {
    index = new Index(path);
    const bytes = index.checkpoint();
    return { index, checkpoint: bytes ? decodeCheckpoint(bytes) : null };
  } catch (error) {
    await index?.close();
    if (!(error instanceof FxError) || error.code !== 'DAMAGED' || !isWhole(disk)) throw error;
    report.push(`the index was damaged and is made anew from the log (${error.message})`);
    rmSync(path, { recursive: true, force: true });
    return { index: new Index(path), checkpoint: null };
  }
}

function describe(recovery: Recovery): string[] {
  const lines: string[] = [];
  const { tail } = recovery;
  if (tail) {
    const kept = tail.savedAs.length > 0 ? `, kept in log/${tail.savedAs.join(', log/')}` : '';
    lines.push(
      `the end of the log was incomplete (${tail.reason}): ${tail.bytes} bytes from seq ${tail.firstSeq} on were ` +
        `${tail.isCut ? 'cut off' : 'left out'}${kept}; they had never been synced`,
    );
  }
  for (const gap of recovery.damage) {
    lines.push(
      `the log is damaged at segment ${gap.segment}, byte ${gap.position} (${gap.reason}): changes from seq ${gap.firstSeq}` +
        `${gap.lastSeq === null ? ' on' : ` to ${gap.lastSeq}`} are lost; the store is read-only; run "fxmount verify"`,
    );
  }
  return lines;
}

/** Turns errors of the host's file system into one-line errors of ours. */
function hostErrors<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof FxError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new FxError('ACCESS_DENIED', `${path}: permission denied; only the store’s owner may open it`, {
        cause: error,
      });
    }
    if (code === 'ENOTDIR')
      throw new FxError('NOT_DIRECTORY', `${path}: a part of the path is not a directory`, { cause: error });
    if (code === 'ENOSPC') throw new FxError('NO_SPACE', `${path}: no space left on the disk`, { cause: error });
    if (code === 'EROFS') throw new FxError('READ_ONLY', `${path}: the disk is read-only`, { cause: error });
    throw new FxError('IO', `${path}: ${(error as Error).message}`, { cause: error });
  }
}
