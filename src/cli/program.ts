/**
 * The command line as a commander program: every command with its options and help.
 */
import { Command } from 'commander';
import { version } from '../version.ts';
import { addDoctorCommand } from './doctor.ts';
import { addDocumentCommands } from './documents.ts';
import { exitCodeHelp } from './exit-codes.ts';
import { addMountCommands } from './mount.ts';
import { addNodeCommands } from './nodes.ts';
import { addSettings } from './settings.ts';
import { addSignalCommands } from './signals.ts';
import { addStoreCommands } from './store.ts';
import { addSystemCommands } from './system.ts';
import { addTransferCommands } from './transfer.ts';
import { addViewCommands } from './views.ts';

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

export function program(): Command {
  const root = new Command('fxmount')
    .description('Mounts a tree of typed, versioned, reactive nodes as a drive.')
    .version(version)
    .configureOutput({ writeErr: () => {} })
    .exitOverride()
    .addHelpText('after', HELP);
  addMountCommands(root);
  addStoreCommands(root);
  addSettings(root);
  addTransferCommands(root);
  addNodeCommands(root);
  addDocumentCommands(root);
  addViewCommands(root);
  addSignalCommands(root);
  addDoctorCommand(root);
  addSystemCommands(root);
  return root;
}
