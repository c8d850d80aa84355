/**
 * What `mount.fxmount` does: the program that mount(8) calls for `-t fxmount` and `-t fuse.fxmount`, and for such lines of
 * /etc/fstab, as /sbin/mount.fxmount and /sbin/mount.fuse.fxmount (util-linux, libmount/src/context_mount.c):
 *
 *     mount.fxmount STORE MOUNTPOINT [-sfnv] [-N namespace] [-o options] [-t type]
 *
 * Without these two, mount(8) calls mount.fuse3 of libfuse for the type fuse.fxmount, which runs `fxmount STORE
 * MOUNTPOINT -o options`; see mount-fuse-call.ts.
 *
 * Exit codes are those of mount(8): 1 wrong usage, 2 a system error, 32 the mount failed.
 */
import { type Command, CommanderError } from 'commander';
import { failureOf } from '../daemon/failure.ts';
import { FxError } from '../errors.ts';
import { isMountFuseCall } from './mount-fuse-call.ts';
import { mountArguments } from './mount-options.ts';
import { printable } from './output.ts';
import { program } from './program.ts';

const EXIT = { usage: 1, system: 2, failed: 32 } as const;

interface Call {
  readonly places: readonly string[];
  readonly options: string;
  readonly sloppy: boolean;
  readonly fake: boolean;
}

/** INVALID for what mount(8) does not pass. */
function parse(args: readonly string[]): Call {
  const places: string[] = [];
  const options: string[] = [];
  let letters = '';
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const valued = /^-([otN])(.*)$/s.exec(arg);
    if (valued !== null) {
      const value = valued[2] === '' ? args[++i] : valued[2];
      if (value === undefined) throw new FxError('INVALID', `the option ${arg} needs a value`);
      if (valued[1] === 'o') options.push(value);
    } else if (/^-[sfnvrw]+$/.test(arg)) letters += arg.slice(1);
    else if (arg.startsWith('-')) throw new FxError('INVALID', `the option ${arg} is unknown`);
    else places.push(arg);
  }
  if (places.length !== 2)
    throw new FxError('INVALID', 'give a store and a mountpoint: mount.fxmount STORE MOUNTPOINT [-o options]');
  if (letters.includes('r')) options.push('ro');
  return { places, options: options.join(','), sloppy: letters.includes('s'), fake: letters.includes('f') };
}

async function mountBy(root: Command, args: readonly string[]): Promise<void> {
  const mount = root.commands.find((command) => command.name() === 'mount');
  if (mount === undefined) throw new Error('there is no command mount');
  const { places, options, sloppy, fake } = parse(args);
  // mount.fuse3 adds suid and dev unasked.
  const asked = isMountFuseCall(args) ? options.replace(/(?<=^|,)(suid|dev)(?=,|$)/g, '') : options;
  const given = mountArguments(mount, asked, sloppy);
  if (!fake) await root.parseAsync(['mount', ...given, '--', ...places], { from: 'user' });
}

/** Mounts as `args` say; sets the exit code. */
export async function mountHelper(args: readonly string[]): Promise<void> {
  try {
    await mountBy(program(), args);
  } catch (error) {
    const { code, message } = failureOf(error);
    const isUsage = error instanceof CommanderError || code === 'INVALID' || code === 'NOT_SUPPORTED';
    process.exitCode = isUsage ? EXIT.usage : code === 'FAULT' ? EXIT.system : EXIT.failed;
    process.stderr.write(`mount.fxmount: ${printable(message.replace(/^error: /, ''))}\n`);
  }
}
