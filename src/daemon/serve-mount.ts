/**
 * One mount, served: a Vfs of the store, a session that speaks FUSE, and the device that joins it with the
 * kernel.
 */
import { readSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Documents } from '../../mount/documents/documents.ts';
import { FuseDevice } from '../../mount/fuse/device.ts';
import { type FuseMount, mountChecksAccess, mountFuse } from '../../mount/fuse/mount.ts';
import { findMount, MOUNT_TYPE } from '../../mount/fuse/mountinfo.ts';
import { checkMountpoint } from '../../mount/fuse/mountpoint.ts';
import { raiseReadAhead } from '../../mount/fuse/read-ahead.ts';
import { Replay } from '../../mount/fuse/replay.ts';
import { type Replayer, startReplayer } from '../../mount/fuse/replayer.ts';
import { Session } from '../../mount/fuse/session.ts';
import { mountFuseNative } from '../../mount/fuse-native/driver.ts';
import type { Locks } from '../../mount/locks.ts';
import type { SignalStreams } from '../../mount/streams.ts';
import { hostTotals } from '../../mount/totals.ts';
import { Vfs } from '../../mount/vfs.ts';
import { ATIME_DEFAULT } from '../../mount/vfs-atime.ts';
import { FxError } from '../errors.ts';
import type { Ino } from '../ids.ts';
import type { Feed } from '../signals/feed.ts';
import { KIND } from '../store/node.ts';
import type { Store } from '../store/store.ts';
import { resolve } from '../tree/address.ts';
import { controlCommands } from './control-commands.ts';
import type { MountRequest } from './mount-control.ts';
import type { ServedMount } from './mounts.ts';
import { SignalLines } from './signal-lines.ts';

/** As long as no file was a document, so many are opened before the kernel is told that it need not ask. */
const OPENS_ANSWERED = 512;
/** The kernel sends its first request as soon as it has mounted. */
const READY_TIMEOUT_MS = 10_000;

export interface ServeMountOptions extends MountRequest {
  readonly documents: Documents;
  readonly feed: Feed;
  /** Of all the store's mounts that share theirs. */
  readonly locks: Locks;
  /** The store's directory. */
  readonly store: string;
  readonly log: (text: string) => void;
}

/**
 * Mounts and serves; resolves when the kernel and the session have agreed. Rejects NOT_FOUND and
 * NOT_DIRECTORY about the subtree, and as `mountFuse` does. Nothing stays mounted when it rejects.
 */
export async function serveMount(store: Store, options: ServeMountOptions): Promise<ServedMount> {
  const { mountpoint, readOnly, allowOther, suid, dev, exec, log } = options;
  const totals = await hostTotals(store, options.store);
  const root = subtreeOf(store, options.subtree);
  // Before mounting: what fails, fails with nothing mounted, and the subtree's directory is held from here on.
  const { documents, atime = ATIME_DEFAULT } = options;
  const locks = options.sharesLocks === true ? options.locks : undefined;
  const native = options.driver === 'fuse-native';
  // libfuse's callbacks cannot be interrupted, nor its files be streams.
  const signals: SignalStreams | undefined = native ? undefined : (...at) => new SignalLines(options.feed, ...at);
  const vfs = new Vfs(store, {
    totals,
    readOnly,
    root,
    documents,
    locks,
    atime,
    signals,
    commands: controlCommands(store),
  });
  if (native) return serveFuseNative(store, vfs, options);
  const replay =
    options.events === false ? undefined : new Replay({ tree: vfs, start: () => startReplayerAt(mountpoint) });
  const session = new Session(vfs, {
    readPiece,
    opensAnswered: OPENS_ANSWERED,
    ...(replay === undefined ? {} : { replay }),
    ...(options.caching === undefined ? {} : { caching: options.caching }),
    checksAccess: mountChecksAccess({ allowOther }),
    ...(options.durableReplies ? { durableReplies: () => undurable(store) } : {}),
    onFault: (error, operation) =>
      log(`${mountpoint}: fault in ${operation}: ${error instanceof Error ? error.stack : String(error)}`),
  });
  let mount: FuseMount;
  try {
    const noAtime = atime === 'noatime';
    mount = await mountFuse({ mountpoint, source: options.store, readOnly, allowOther, suid, dev, exec, noAtime });
  } catch (error) {
    session.destroyed();
    vfs.close();
    throw error;
  }
  const device = new FuseDevice({
    fd: mount.fd,
    session,
    onFault: (errno) => log(`${mountpoint}: the kernel refused a reply (errno ${errno})`),
  });
  const ended = device.ended.then(() => {
    vfs.close();
    mount.close();
  });
  device.start();
  const served: ServedMount = {
    ended,
    unmount: mount.unmount,
    stop: () => device.stop(),
    get checksSaves() {
      return session.hearsOpens;
    },
  };
  await agreed(session, served, mount);
  await raiseReadAhead(mount.mountpoint);
  return served;
}

async function serveFuseNative(store: Store, vfs: Vfs, options: ServeMountOptions): Promise<ServedMount> {
  const { mountpoint, log } = options;
  try {
    const mount = await mountFuseNative({
      ...options,
      operations: vfs,
      source: options.store,
      mountpoint: await checkMountpoint(mountpoint, options.store),
      durable: () => (options.durableReplies ? undurable(store) : undefined),
      onFault: (error) => log(`${mountpoint}: fault: ${error instanceof Error ? error.stack : String(error)}`),
    });
    const ended = mount.ended.then(() => vfs.close());
    // libfuse sends a flush for each close.
    return { ended, unmount: mount.unmount, stop: async () => {}, checksSaves: true };
  } catch (error) {
    vfs.close();
    throw error;
  }
}

/** For the mount that is there now; the helper itself takes care that it is still the same later. */
function startReplayerAt(mountpoint: string): Replayer | undefined {
  const mounted = findMount(mountpoint);
  return mounted?.type === MOUNT_TYPE ? startReplayer(mounted.mountpoint, mounted.device) : undefined;
}

/** Inode number of the directory to be shown. */
function subtreeOf(store: Store, path: string): Ino {
  const node = resolve(store, path);
  if (node.kind !== KIND.directory)
    throw new FxError('NOT_DIRECTORY', `${path} is no directory of the tree; --subtree needs one`);
  return node.ino;
}

async function agreed(session: Session, served: ServedMount, mount: FuseMount): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  let isOver = false;
  void served.ended.then(() => {
    isOver = true;
  });
  while (session.negotiated === undefined) {
    if (isOver || performance.now() > deadline) {
      await mount.unmount(true).catch(() => {});
      await served.stop();
      throw new FxError(
        'MOUNT_FAILED',
        `${mount.mountpoint}: the kernel and fxmount did not agree on a protocol; is the kernel older than 4.20?`,
      );
    }
    await delay(1);
  }
}

/** What a reply waits for with `--sync always`. */
function undurable(store: Store): Promise<void> | undefined {
  return store.seq > store.totals.durableSeq ? store.durable() : undefined;
}

function readPiece(fd: number, position: number, target: Uint8Array): void {
  for (let done = 0; done < target.length; ) {
    const got = readSync(fd, target, done, target.length - done, position + done);
    if (got === 0) throw new FxError('IO', 'the log is shorter than the content it should hold; run "fxmount verify"');
    done += got;
  }
}
