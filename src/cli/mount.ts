/**
 * Commands on mounts: mount, umount, and the hidden daemon, which `mount` starts in the background.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import { checkMountpoint } from '../../mount/fuse/mountpoint.ts';
import { ATIME_DEFAULT, ATIME_POLICIES, type AtimePolicy } from '../../mount/vfs-atime.ts';
import type { DaemonClient } from '../daemon/client.ts';
import { failureOf } from '../daemon/failure.ts';
import { launch, tellReadiness } from '../daemon/launch.ts';
import { DRIVERS, type DriverName, type MountRequest } from '../daemon/mount-control.ts';
import type { PlainMap } from '../daemon/plain.ts';
import { connectDaemon, LOCK_RETRY_MS, LOCK_WAIT_MS } from '../daemon/reach.ts';
import { parseSync, SYNC_DEFAULT } from '../daemon/sync-policy.ts';
import { FxError } from '../errors.ts';
import { examples, maxSizeOption, storePath } from './command.ts';
import { EXIT_FAULT, exitCodeOf } from './exit-codes.ts';
import { unmountCommand } from './mounted.ts';
import { tellSystemd } from './notify.ts';
import { fail, note, printable, printLine } from './output.ts';
import { serve } from './serve.ts';
import { checkStore } from './store-check.ts';

interface MountOptions {
  foreground?: boolean;
  readOnly?: boolean;
  allowOther?: boolean;
  suid?: boolean;
  dev?: boolean;
  exec: boolean;
  subtree: string;
  sync?: string;
  maxSize?: number;
  caching: boolean;
  events: boolean;
  locks: 'local' | 'shared';
  atime: AtimePolicy;
  driver: DriverName;
}

export function addMountCommands(program: Command): void {
  withMountOptions(
    program
      .command('mount')
      .summary('mount a store')
      .description(
        'Mounts a store, making it when it is absent, and returns when the mount is ready. A store may be mounted at ' +
          'several places; one daemon serves them all and ends with the last. Its messages are in STORE/daemon.log.',
      )
      .option('-f, --foreground', 'stay in the foreground until unmounted'),
  )
    .addHelpText(
      'after',
      examples(
        'fxmount mount store /mnt/tree',
        'fxmount mount store /mnt/config --subtree /config --read-only',
        'fxmount mount -f store /mnt/tree --sync interval:1000',
      ),
    )
    .action(mountCommand);
  withMountOptions(program.command('daemon', { hidden: true })).action(daemonCommand);
  program
    .command('umount')
    .summary('unmount')
    .description('Checkpoints the store and unmounts. A busy mount stays, and is told with the processes that hold it.')
    .argument('<mountpoint>', 'directory where a store is mounted')
    .option('--lazy', 'unmount a busy mount too: it vanishes now, open files end with it')
    .addHelpText('after', examples('fxmount umount /mnt/tree', 'fxmount umount --lazy /mnt/tree'))
    .action((mountpoint: string, { lazy }: { lazy?: boolean }) => unmountCommand(mountpoint, lazy === true));
}

function withMountOptions(command: Command): Command {
  return command
    .argument('<store>', 'directory of the store; made when it is absent or empty')
    .argument('<mountpoint>', 'empty directory')
    .option('--read-only', 'refuse every change through this mount')
    .option('--allow-other', 'let other users in, as permissions allow')
    .option('--suid', 'honour set-id programs; root only')
    .option('--dev', 'honour device nodes; root only')
    .option('--no-exec', 'let no program on it be run')
    .addOption(
      new Option('--driver <name>', 'what speaks to the kernel; fuse-native is for libfuse 2, and has its limits')
        .choices(DRIVERS)
        .default('fuse'),
    )
    .option('--subtree <path>', 'show only what is below this node', '/')
    .option('--no-events', 'raise no file-change events for changes that come from elsewhere')
    .addOption(
      new Option(
        '--locks <where>',
        'local: locks hold among the users of this mount; shared: also against other mounts of the store that share theirs, at a request for each open and close',
      )
        .choices(['local', 'shared'])
        .default('local'),
    )
    .addOption(
      new Option('--atime <policy>', 'when reading changes access times; what the kernel has cached is read unseen')
        .choices(ATIME_POLICIES)
        .default(ATIME_DEFAULT),
    )
    .addOption(maxSizeOption())
    .addOption(new Option('--no-caching', 'let the kernel cache nothing').hideHelp())
    .addOption(
      new Option(
        '--sync <policy>',
        'when changes are synced to disk: fsync (when asked), always (before each reply), interval:MS (also that often); default fsync',
      ).argParser((text: string) => {
        parseSync(text);
        return text;
      }),
    );
}

async function mountCommand(storeArgument: string, mountpointArgument: string, options: MountOptions): Promise<void> {
  const directory = storePath(storeArgument);
  const mountpoint = await checkMountpoint(mountpointArgument, directory);
  await checkStore(directory);
  const request = requestOf(mountpoint, options);
  const args = daemonArguments(directory, request, options);
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      const client = await connectDaemon(directory);
      if (client !== undefined) return await joinDaemon(client, directory, request, options);
      if (options.foreground === true) return await serveHere(directory, request, options);
      return note(directory, await launch(directory, fileURLToPath(new URL('../cli.js', import.meta.url)), args));
    } catch (error) {
      // Between a daemon that ends and one that starts, or beside a command that holds the store for a moment.
      const retried = error instanceof FxError && (error.code === 'LOCKED' || error.code === 'NO_DAEMON');
      if (!retried || Date.now() > deadline) throw error;
      await delay(LOCK_RETRY_MS);
    }
  }
}

function requestOf(mountpoint: string, options: MountOptions): MountRequest {
  return {
    mountpoint,
    readOnly: options.readOnly === true,
    allowOther: options.allowOther === true,
    suid: options.suid === true,
    dev: options.dev === true,
    exec: options.exec,
    subtree: options.subtree,
    durableReplies: options.sync === 'always',
    caching: options.caching,
    events: options.events,
    sharesLocks: options.locks === 'shared',
    atime: options.atime,
    driver: options.driver,
  };
}

function daemonArguments(directory: string, request: MountRequest, options: MountOptions): string[] {
  return [
    'daemon',
    ...(request.readOnly ? ['--read-only'] : []),
    ...(request.allowOther ? ['--allow-other'] : []),
    ...(options.caching ? [] : ['--no-caching']),
    ...(options.events ? [] : ['--no-events']),
    ...(request.suid ? ['--suid'] : []),
    ...(request.dev ? ['--dev'] : []),
    ...(request.exec ? [] : ['--no-exec']),
    '--locks',
    options.locks,
    '--atime',
    options.atime,
    '--driver',
    options.driver,
    '--subtree',
    request.subtree,
    '--sync',
    options.sync ?? SYNC_DEFAULT,
    ...(options.maxSize === undefined ? [] : ['--max-size', String(options.maxSize)]),
    '--',
    directory,
    request.mountpoint,
  ];
}

async function tellReady(directory: string, mountpoint: string, pid: number): Promise<void> {
  await tellSystemd();
  await printLine(`mounted ${printable(directory)} at ${printable(mountpoint)} (pid ${pid})`);
}

/** Mounts through the daemon that serves the store; in the foreground until the mount is gone, or a signal asks to end it. */
async function joinDaemon(
  client: DaemonClient,
  directory: string,
  request: MountRequest,
  options: MountOptions,
): Promise<void> {
  const { mountpoint, durableReplies: _, ...asked } = request;
  try {
    const args = {
      mountpoint,
      ...asked,
      ...(options.sync === undefined ? {} : { sync: options.sync }),
      ...(options.maxSize === undefined ? {} : { maxSize: options.maxSize }),
    };
    const { pid } = (await client.call('mount', args)) as PlainMap;
    if (options.foreground !== true) return;
    await tellReady(directory, mountpoint, Number(pid));
    let signals = 0;
    const end = (): void => {
      client.call('umount', { mountpoint, lazy: signals++ > 0 }).catch(fail);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
    await client.call('wait', { mountpoint });
  } finally {
    client.close();
  }
}

function serveHere(directory: string, request: MountRequest, { sync, maxSize }: MountOptions): Promise<void> {
  return serve({
    directory,
    request,
    sync: sync ?? SYNC_DEFAULT,
    maxSize,
    log: (text) => void process.stderr.write(`fxmount: ${printable(text)}\n`),
    note: () => {},
    onReady: () => tellReady(directory, request.mountpoint, process.pid),
  });
}

async function daemonCommand(directory: string, mountpoint: string, options: MountOptions): Promise<void> {
  const log = (text: string): void => void process.stderr.write(`${new Date().toISOString()} ${process.pid} ${text}\n`);
  let isReady = false;
  try {
    await serve({
      directory,
      request: requestOf(mountpoint, options),
      sync: options.sync ?? SYNC_DEFAULT,
      maxSize: options.maxSize,
      log,
      note: log,
      onReady: (report) => {
        isReady = true;
        tellReadiness({ ready: true, report: [...report] });
      },
    });
  } catch (error) {
    const { code, message, stack } = failureOf(error);
    log(code === 'FAULT' ? stack : message);
    if (!isReady) tellReadiness({ ready: false, code, message });
    process.exitCode = code === 'FAULT' ? EXIT_FAULT : exitCodeOf(code);
  }
}
