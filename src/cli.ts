#!/usr/bin/env node
/**
 * The command `fxmount`. Each verb's options and output are in src/cli/, what it does in src/daemon/.
 *
 * Errors are one line on stderr, `fxmount: what: where; what to do`, with an exit code from
 * src/cli/exit-codes.ts. FXMOUNT_DEBUG=1 adds where in the code they come from.
 */
import { Command, CommanderError } from 'commander';
import { commandArguments } from './cli/arguments.ts';
import { exitCodeHelp } from './cli/exit-codes.ts';
import { addMountCommands } from './cli/mount.ts';
import { addNodeCommands } from './cli/nodes.ts';
import { endOnClosedPipe, fail } from './cli/output.ts';
import { addStoreCommands } from './cli/store.ts';
import { addTransferCommands } from './cli/transfer.ts';
import { FxError } from './errors.ts';
import { version } from './version.ts';

const HELP = `
Node paths are absolute: /config/port. n:<NodeID> names a node by its identity.
Every command works with the store mounted or not; STORE may be a mountpoint.
--json output is one JSON object, or one a line where there may be many.

Examples:
  $ fxmount mount store ~/tree     make and mount a store
  $ echo hello > ~/tree/greeting
  $ fxmount get store /greeting
  $ fxmount umount ~/tree

${exitCodeHelp()}
`;

function program(): Command {
  const root = new Command('fxmount')
    .description('Mounts a tree of typed, versioned, reactive nodes as a drive.')
    .version(version)
    .configureOutput({ writeErr: () => {} })
    .exitOverride()
    .addHelpText('after', HELP);
  addMountCommands(root);
  addStoreCommands(root);
  addTransferCommands(root);
  addNodeCommands(root);
  return root;
}

/** The error that stands for a wrong command line. */
function usageError(error: CommanderError, args: readonly string[]): FxError {
  const root = program();
  const command = root.commands.find((each) => each.name() === args[0]);
  const help = command === undefined ? 'fxmount --help' : `fxmount ${command.name()} --help`;
  const said = error.message
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .replace(/\n\(Did you mean (.*)\?\)$/, ' (did you mean $1?)');
  return new FxError('INVALID', `${said}; see "${help}"`);
}

async function main(args: string[]): Promise<void> {
  try {
    if (args.length === 0) throw new FxError('INVALID', 'a command is missing; see "fxmount --help"');
    await program().parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) fail(error);
    else if (error.exitCode !== 0) fail(usageError(error, args));
  }
}

endOnClosedPipe();
await main(commandArguments());
