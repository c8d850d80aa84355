/**
 * The process of a daemon: signals, faults, exit codes.
 *
 * SIGTERM, SIGINT and SIGHUP checkpoint and unmount, lazily where the mount is busy; a second signal forces: lazily at
 * once, without waiting for requests. A fault (anything uncaught) is logged, everything unmounted, and the exit
 * code is 70, as what state the process is in is not known; the log of the store has every acknowledged change.
 */
import { Daemon } from '../daemon/daemon.ts';
import type { MountRequest } from '../daemon/mount-control.ts';
import { parseSync } from '../daemon/sync-policy.ts';
import { limitStore, openStore } from '../store/open.ts';
import { EXIT_FAULT } from './exit-codes.ts';

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
/** How long a forced end may take before the process just ends. */
const FORCE_TIMEOUT_MS = 3000;

export interface ServeOptions {
  readonly directory: string;
  readonly sync: string;
  readonly request: MountRequest;
  /** The most that the store may take on its disk from now on; undefined: as before. */
  readonly maxSize: number | undefined;
  readonly log: (text: string) => void;
  /** Takes what is worth telling only in a log. */
  readonly note: (text: string) => void;
  readonly onReady: (report: readonly string[]) => void | Promise<void>;
}

/** Serves until the last mount is gone. Rejects when the store or the first mount cannot be had. */
export async function serve(options: ServeOptions): Promise<void> {
  const { directory, sync, request, log, note } = options;
  let daemon: Daemon | undefined;
  let signals = 0;
  let isEnding = false;
  const end = (force: boolean): void => {
    isEnding = true;
    if (force) setTimeout(() => process.exit(), FORCE_TIMEOUT_MS).unref();
    daemon?.shutdown(force).catch((error: Error) => log(`ending failed: ${error.stack ?? error.message}`));
  };
  const onSignal = (signal: keyof typeof SIGNALS): void => {
    note(`${signal}: unmounting`);
    process.exitCode = signals === 0 ? 0 : 128 + SIGNALS[signal];
    end(signals++ > 0);
  };
  const onFault = (error: unknown): void => {
    log(`fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exitCode = EXIT_FAULT;
    end(true);
  };
  for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) process.on(signal, onSignal);
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);

  const store = await openStore(directory, { create: true, sync: parseSync(sync) });
  if (options.maxSize !== undefined) limitStore(store, directory, options.maxSize);
  for (const line of store.report) log(`${directory}: ${line}`);
  daemon = await Daemon.start(store, { directory, sync, log, note }, request);
  await options.onReady(store.report);
  // What came while there was nothing to end yet.
  if (isEnding) end(process.exitCode !== 0);
  await daemon.finished;
}
