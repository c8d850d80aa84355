/**
 * What is measured: a host directory, fxmount, and an in-memory filesystem over fuse-native. Each target
 * gives a directory to work in and, for operations that must find nothing in the kernel's caches, a way to
 * see the same files through a mount that the kernel knows nothing of yet.
 */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mode, Options, TargetName } from './options.ts';
import { call, Daemon, placed } from './process.ts';

// The build lies in dist/scripts/bench.
const root = fileURLToPath(new URL('../../../', import.meta.url));
const CLI = join(root, 'dist/src/cli.js');
const FUSE_NATIVE_VERSION = '2.2.6';

export interface Target {
  readonly name: TargetName;
  /** Where to work. */
  readonly path: string;
  /** Runs the body on a path that shows the same files and of which the kernel has nothing cached. */
  fresh<T>(body: (path: string) => T): Promise<T>;
  /** Ends the daemon and unmounts. */
  stop(): Promise<void>;
}

function detach(path: string): void {
  try {
    call(process.getuid?.() === 0 ? ['umount', '-l', path] : ['fusermount3', '-u', '-z', path]);
  } catch {
    // It is not mounted any more.
  }
}

function hostTarget(directory: string): Target {
  mkdirSync(directory, { recursive: true });
  return { name: 'host', path: directory, fresh: async (body) => body(directory), stop: async () => {} };
}

async function fxmountTarget(directory: string, mode: Mode, options: Options): Promise<Target> {
  if (!existsSync(CLI)) throw new Error(`${CLI} is missing: run "npm run build" first`);
  const [store, path, second] = ['store', 'mnt', 'second'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const mountpoint of [path, second]) mkdirSync(mountpoint, { recursive: true });
  call([process.execPath, CLI, 'init', store]);
  const mount = [process.execPath, CLI, 'mount', store, path, '-f', ...options.mountArguments];
  const daemon = new Daemon(placed(mode, mount));
  const stop = await started(daemon, path);
  return {
    name: 'fxmount',
    path,
    // A second mount of the same daemon: its caches are warm, the kernel's are empty.
    async fresh(body) {
      call([process.execPath, CLI, 'mount', store, second]);
      try {
        return body(second);
      } finally {
        call([process.execPath, CLI, 'umount', second]);
      }
    },
    stop,
  };
}

/**
 * Installs fuse-native into a directory of its own. It is no dependency of the project: its install script
 * tries to compile, and it needs libfuse 2, which comes here from the package fuse-shared-library-linux.
 * Returns the environment in which node finds both.
 */
export function installFuseNative(prefix: string): NodeJS.ProcessEnv {
  const modules = join(prefix, 'node_modules');
  if (!existsSync(join(modules, 'fuse-native'))) {
    mkdirSync(prefix, { recursive: true });
    writeFileSync(join(prefix, 'package.json'), '{ "private": true }\n');
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    call(['npm', 'install', '--prefix', prefix, ...quiet, `fuse-native@${FUSE_NATIVE_VERSION}`]);
  }
  const libraries = join(prefix, 'lib');
  mkdirSync(libraries, { recursive: true });
  const link = join(libraries, 'libfuse.so.2');
  if (!existsSync(link)) symlinkSync(join(modules, 'fuse-shared-library-linux/libfuse/lib/libfuse.so'), link);
  return { LD_LIBRARY_PATH: libraries, FUSE_NATIVE: join(modules, 'fuse-native') };
}

/** Waits until the mount at `path` is served. Returns what ends it; it is ended when it does not start. */
async function started(daemon: Daemon, path: string): Promise<() => Promise<void>> {
  const stop = async (): Promise<void> => {
    await daemon.stop();
    detach(path);
  };
  try {
    await daemon.ready();
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

async function fuseNativeTarget(directory: string, mode: Mode): Promise<Target> {
  const environment = installFuseNative(join(root, '.bench'));
  const path = join(directory, 'mnt');
  mkdirSync(path, { recursive: true });
  const program = fileURLToPath(new URL('memory-fs.js', import.meta.url));
  const daemon = new Daemon(placed(mode, [process.execPath, program, path]), environment);
  const stop = await started(daemon, path);
  return {
    name: 'fuse-native',
    path,
    async fresh(body) {
      const lines = daemon.lines;
      daemon.signal('SIGUSR1');
      await daemon.ready(lines + 1);
      return body(path);
    },
    stop,
  };
}

/** Starts a target below `directory`. */
export function startTarget(name: TargetName, directory: string, mode: Mode, options: Options): Promise<Target> {
  const own = join(directory, `${name}-${mode}`);
  if (name === 'fxmount') return fxmountTarget(own, mode, options);
  if (name === 'fuse-native') return fuseNativeTarget(own, mode);
  return Promise.resolve(hostTarget(own));
}
