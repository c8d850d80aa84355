/**
 * The package fuse-native as this driver uses it (its README and index.js), and finding it.
 *
 * It is no dependency: it needs libfuse 2, and is of use only where nothing better is there. FXMOUNT_FUSE_NATIVE names
 * its directory when it is installed elsewhere.
 */
import { createRequire } from 'node:module';
import { FxError } from '../../src/errors.ts';

/** Gets 0 and results, or a negated errno. */
export type Done = (result: number, ...results: unknown[]) => void;

/** Callbacks by path; `fd` is what `open` and `create` gave. Times are milliseconds since 1970. */
export interface Callbacks {
  getattr(path: string, done: Done): void;
  fgetattr(path: string, fd: number, done: Done): void;
  readdir(path: string, done: Done): void;
  readlink(path: string, done: Done): void;
  statfs(path: string, done: Done): void;
  open(path: string, flags: number, done: Done): void;
  create(path: string, mode: number, done: Done): void;
  read(path: string, fd: number, buffer: Buffer, bytes: number, position: number, done: Done): void;
  write(path: string, fd: number, buffer: Buffer, bytes: number, position: number, done: Done): void;
  truncate(path: string, size: number, done: Done): void;
  ftruncate(path: string, fd: number, size: number, done: Done): void;
  flush(path: string, fd: number, done: Done): void;
  fsync(path: string, dataOnly: number, fd: number, done: Done): void;
  fsyncdir(path: string, dataOnly: number, fd: number, done: Done): void;
  release(path: string, fd: number, done: Done): void;
  mknod(path: string, mode: number, device: number, done: Done): void;
  mkdir(path: string, mode: number, done: Done): void;
  symlink(target: string, path: string, done: Done): void;
  link(from: string, path: string, done: Done): void;
  unlink(path: string, done: Done): void;
  rmdir(path: string, done: Done): void;
  rename(from: string, to: string, done: Done): void;
  chmod(path: string, mode: number, done: Done): void;
  chown(path: string, uid: number, gid: number, done: Done): void;
  utimens(path: string, atime: number, mtime: number, done: Done): void;
  setxattr(path: string, name: string, value: Buffer, position: number, flags: number, done: Done): void;
  getxattr(path: string, name: string, position: number, done: Done): void;
  listxattr(path: string, done: Done): void;
  removexattr(path: string, name: string, done: Done): void;
}

export interface FuseNative {
  mount(done: (error: Error | null) => void): void;
  unmount(done: (error: Error | null) => void): void;
}

export type FuseNativeConstructor = new (
  mountpoint: string,
  callbacks: Callbacks,
  options: Record<string, unknown>,
) => FuseNative;

/** NOT_SUPPORTED, with the command that installs it, when it cannot be loaded. */
export function loadFuseNative(): FuseNativeConstructor {
  try {
    return createRequire(import.meta.url)(process.env.FXMOUNT_FUSE_NATIVE ?? 'fuse-native') as FuseNativeConstructor;
  } catch (error) {
    const why = (error as Error).message.split('\n')[0] ?? '';
    const advice = /libfuse/.test(why)
      ? 'it needs libfuse 2: apt-get install -y libfuse2'
      : 'in the fxmount directory, run: npm install --no-save fuse-native@2.2.6';
    throw new FxError('NOT_SUPPORTED', `the driver fuse-native cannot be used (${why}); ${advice}`);
  }
}
