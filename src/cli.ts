#!/usr/bin/env node
/**
 * The command `fxmount`. Each verb's options and output are in src/cli/, what it does in src/daemon/.
 *
 * Errors are one line on stderr, `fxmount: what: where; what to do`, with an exit code from
 * src/cli/exit-codes.ts. FXMOUNT_DEBUG=1 adds where in the code they come from. `doctor` is loaded apart: it
 * must run where nothing else can.
 */
import { Command, CommanderError } from 'commander';
import { commandArguments } from './cli/arguments.ts';
import { addDoctorCommand } from './cli/doctor.ts';
import { isMountFuseCall } from './cli/mount-fuse-call.ts';
import { endOnClosedPipe, fail } from './cli/output.ts';
import { FxError } from './errors.ts';

async function program(args: readonly string[]): Promise<Command> {
  if (args[0] !== 'doctor') return (await import('./cli/program.ts')).program();
  const root = new Command('fxmount').configureOutput({ writeErr: () => {} }).exitOverride();
  addDoctorCommand(root);
  return root;
}

/** The error that stands for a wrong command line. */
function usageError(error: CommanderError, args: readonly string[], root: Command): FxError {
  const command = root.commands.find((each) => each.name() === args[0]);
  const help = command === undefined ? 'fxmount --help' : `fxmount ${command.name()} --help`;
  const said = error.message
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .replace(/\n\(Did you mean (.*)\?\)$/, ' (did you mean $1?)');
  return new FxError('INVALID', `${said}; see "${help}"`);
}

async function main(args: string[]): Promise<void> {
  let root: Command | undefined;
  try {
    if (args.length === 0) throw new FxError('INVALID', 'a command is missing; see "fxmount --help"');
    if (isMountFuseCall(args)) return (await import('./cli/mount-helper.ts')).mountHelper(args);
    root = await program(args);
    await root.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || root === undefined) fail(error);
    else if (error.exitCode !== 0) fail(usageError(error, args, root));
  }
}

endOnClosedPipe();
await main(commandArguments());
