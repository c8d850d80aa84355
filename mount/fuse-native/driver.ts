/**
 * The driver fuse-native: libfuse 2 by way of the package fuse-native, for systems that have nothing newer.
 *
 * What it cannot do, and mount/fuse can: it never learns who calls, so that new files belong to the daemon's user;
 * times are exact to the millisecond, not before 1970, and setting them sets both to the access time (a fault of
 * fuse-native 2.2.6); names must be UTF-8; no fallocate, holes, copies of ranges, locks between mounts, rename without
 * replacing, or file-change events. An open file that is removed is renamed to .fuse_hidden... by libfuse until it is
 * closed. It cannot tell the kernel of changes from elsewhere, so the kernel keeps no names and attributes, and pages only
 * while a file is open. It is two to four times slower.
 */
import { FxError } from '../../src/errors.ts';
import { findMount } from '../fuse/mountinfo.ts';
import { processesUsing } from '../fuse/processes.ts';
import type { Operations } from '../operations.ts';
import { callbacksOf } from './callbacks.ts';
import { loadFuseNative } from './library.ts';
import { OpenFiles } from './open-files.ts';

/** How often the mount table is asked whether someone else has unmounted: fuse-native does not tell. */
const LOOK_MS = 500;

export interface FuseNativeOptions {
  readonly operations: Operations;
  /** Absolute, an empty directory. */
  readonly mountpoint: string;
  /** Shown as the mount's source. */
  readonly source: string;
  readonly readOnly: boolean;
  readonly allowOther: boolean;
  readonly suid: boolean;
  readonly dev: boolean;
  readonly exec: boolean;
  readonly onFault: (error: unknown) => void;
  /** What each answer waits for. */
  readonly durable: () => Promise<void> | undefined;
}

export interface FuseNativeMount {
  /** Resolves when it is unmounted, by whomever. */
  readonly ended: Promise<void>;
  /** Unmounts; open files end with it. MOUNT_FAILED; BUSY unless `lazy`, when processes use it. */
  unmount(lazy: boolean): Promise<void>;
}

/** Options for libfuse. fuse-native knows only some: those after a comma in fsname reach libfuse as they are. */
function optionsOf(options: FuseNativeOptions): Record<string, unknown> {
  const source = options.source.replace(/[\\,]/g, '\\$&');
  const more = [
    'use_ino',
    'big_writes',
    'entry_timeout=0',
    'attr_timeout=0',
    'negative_timeout=0',
    'ac_attr_timeout=0',
  ];
  more.push(options.readOnly ? 'ro' : 'rw', options.suid ? 'suid' : 'nosuid', options.dev ? 'dev' : 'nodev');
  if (!options.exec) more.push('noexec');
  return {
    fsname: [source, ...more].join(','),
    subtype: 'fxmount',
    defaultPermissions: true,
    allowOther: options.allowOther,
    timeout: false,
  };
}

/** Mounts and serves. NOT_SUPPORTED when fuse-native is not there; MOUNT_FAILED. */
export async function mountFuseNative(options: FuseNativeOptions): Promise<FuseNativeMount> {
  const { operations, mountpoint, onFault, durable } = options;
  const FuseNative = loadFuseNative();
  const files = new OpenFiles(operations);
  const caller = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, pid: process.pid };
  const fuse = new FuseNative(mountpoint, callbacksOf(operations, files, caller, onFault, durable), optionsOf(options));
  await new Promise<void>((resolve, reject) => {
    fuse.mount((error) => (error === null ? resolve() : reject(error)));
  }).catch((error: Error) => {
    files.close();
    throw new FxError('MOUNT_FAILED', `${mountpoint}: fuse-native could not mount: ${error.message}`);
  });
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const timer = setInterval(() => findMount(mountpoint) === undefined && end(), LOOK_MS);
  void ended.then(() => {
    clearInterval(timer);
    files.close();
  });
  return {
    ended,
    async unmount(lazy) {
      // libfuse unmounts lazily whatever it is asked.
      if (!lazy && (await processesUsing(mountpoint)).length > 0) throw new FxError('BUSY', `${mountpoint} is in use`);
      await new Promise<void>((resolve, reject) => {
        fuse.unmount((error) => (error === null ? resolve() : reject(error)));
      }).catch((error: Error) => {
        throw new FxError('MOUNT_FAILED', `${mountpoint}: fuse-native could not unmount: ${error.message}`);
      });
      end();
    },
  };
}
