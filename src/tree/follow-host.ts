/**
 * Import of a host directory that goes on: afterwards the tree follows what changes on the host.
 *
 * chokidar tells which paths may have changed; it sees names as UTF-8, so that a name of other bytes is looked for by
 * comparing its directory. Changes are gathered for `windowMs`, each path once. When more come than the queue holds,
 * everything is compared. A limit of inotify that is reached ends the following: it would miss changes.
 */
import { basename, join, relative } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { FxError } from '../errors.ts';
import { nameFromText, nameToText } from '../names.ts';
import type { StoreApi } from '../store/api.ts';
import { resolve } from './address.ts';
import { excludedBy, liesIn } from './excluded.ts';
import { type FollowEvent, Mirror } from './follow-mirror.ts';
import { FollowQueue } from './follow-queue.ts';
import { hostPath, realPath, threadedIo } from './host-io.ts';
import { importHost } from './import-host.ts';
import type { ImportOptions, ImportResult } from './import-options.ts';

/** Long enough for a save of an editor to be one change, short enough not to be noticed. */
const WINDOW_MS = 20;
/** What fs.watch makes of bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd';

export interface FollowOptions extends Omit<ImportOptions, 'io' | 'blocking' | 'signal'> {
  /** Ends the following; it then resolves. */
  signal: AbortSignal;
  /** The directory is imported, and followed from here on. */
  onReady(result: ImportResult): void;
  onEvent(event: FollowEvent | { readonly event: 'rescanned' }): void;
  /** What the next batch waits for: that those who are told keep up. */
  settled?: () => Promise<void>;
  windowMs?: number;
  /** Paths kept apart before everything is compared. */
  queuePathsMax?: number;
}

/**
 * Imports `source`, a directory, at `at`, and follows it until `signal` is aborted. Rejects as `importHost` does, and
 * NOT_DIRECTORY; NOT_FOUND: source or node was removed meanwhile; NO_SPACE also for a limit of inotify.
 */
export async function followHost(store: StoreApi, source: string, at: string, options: FollowOptions): Promise<void> {
  const { signal, onReady, onEvent, settled, windowMs = WINDOW_MS, queuePathsMax, ...importing } = options;
  const path = await realPath(threadedIo, source);
  if (!(await threadedIo.lstat(hostPath(path))).isDirectory()) {
    throw new FxError('NOT_DIRECTORY', `${source} is not a directory; only directories are followed`);
  }
  const excluded = await excludedBy(threadedIo, importing);
  const queue = new FollowQueue(queuePathsMax);
  const ends = new AbortController();
  const end = (): void => ends.abort(new FxError('INTERRUPTED', 'stopped following'));
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const text = nameToText(path);
  const isExcluded = (each: string): boolean => liesIn(nameFromText(each), excluded);
  const onProblem = (reason: string): void => onEvent({ event: 'problem', path: text, reason });
  const watcher = watchDirectory(text, isExcluded, queue, ends, onProblem);
  try {
    await ready(watcher, ends.signal);
    const result = await importHost(store, source, at, { ...importing, signal: ends.signal });
    const { ino } = resolve(store, at);
    const root = at.replace(/\/+$/, '');
    const mirror = new Mirror({
      store,
      io: threadedIo,
      excluded,
      source: path,
      at: root,
      ino,
      signal: ends.signal,
      onEvent,
    });
    await mirror.rescan();
    onReady(result);
    for (;;) {
      await settled?.();
      const batch = await queue.take(windowMs, ends.signal);
      if (batch === 'everything') {
        await mirror.rescan();
        onEvent({ event: 'rescanned' });
      } else await mirror.sync(batch);
    }
  } catch (error) {
    if (signal.aborted) return;
    throw ends.signal.aborted ? ends.signal.reason : error;
  } finally {
    signal.removeEventListener('abort', end);
    await watcher.close();
  }
}

/** Watches, and queues paths relative to `directory`; a limit that is reached aborts `ends`. */
function watchDirectory(
  directory: string,
  isExcluded: (path: string) => boolean,
  queue: FollowQueue,
  ends: AbortController,
  onProblem: (reason: string) => void,
): FSWatcher {
  const watcher = watch(directory, {
    ignoreInitial: true,
    followSymlinks: false,
    atomic: false,
    ignorePermissionErrors: true,
    ignored: isExcluded,
  });
  const changed = (path: string): void => {
    const inside = relative(directory, path);
    if (inside.startsWith('..')) return;
    const name = inside.includes(REPLACEMENT) ? cleanParent(inside) : inside;
    queue.add(nameFromText(name));
  };
  watcher.on('all', (_event, path) => changed(path));
  // chokidar passes over changes of attributes alone; what it is told itself has them.
  watcher.on('raw', (_event, name: unknown, details) => {
    const { watchedPath } = details as { watchedPath?: string };
    if (watchedPath === undefined) return;
    if (typeof name !== 'string' || basename(watchedPath) === name) changed(watchedPath);
    if (typeof name === 'string') changed(join(watchedPath, name));
  });
  watcher.on('error', (error) => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EMFILE') return onProblem(message);
    const advice = 'a limit of inotify is reached; "fxmount doctor" tells how to raise it';
    ends.abort(new FxError('NO_SPACE', `${directory} cannot be watched: ${advice}`));
  });
  return watcher;
}

/** The directory that holds a name of other bytes than UTF-8, with a closing slash: its entries are to be compared. */
function cleanParent(path: string): string {
  const clean = path.slice(0, path.indexOf(REPLACEMENT));
  return clean.slice(0, clean.lastIndexOf('/') + 1) || '/';
}

/** Resolves when everything is watched. */
async function ready(watcher: FSWatcher, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    watcher.once('ready', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  signal.throwIfAborted();
}
