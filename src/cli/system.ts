/**
 * Commands that make fxmount a part of the system: completion, man, install-system.
 */
import { Argument, type Command } from 'commander';
import { examples } from './command.ts';
import { completionScript, SHELLS, type Shell } from './completion.ts';
import { describe } from './describe.ts';
import { install, systemFiles, uninstall } from './install-files.ts';
import { manualPage } from './manual.ts';
import { print, printable, printLine } from './output.ts';

export function addSystemCommands(program: Command): void {
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .description('Prints the script that completes commands, options, host paths and paths of nodes.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', examples('source <(fxmount completion bash)', 'fxmount completion fish | source'))
    .action((shell: Shell) => print(completionScript(shell, describe(program))));
  program
    .command('man')
    .summary('print the manual page')
    .description('Prints the manual page fxmount(1) as man(7) source.')
    .addHelpText('after', examples('fxmount man | man -l -'))
    .action(() => print(manualPage(program, today())));
  program
    .command('install-system')
    .summary('install the mount helper, systemd unit, completions and manual page')
    .description(
      'Writes what mount(8), /etc/fstab, systemd, man(1) and shells look for, as root, and prints each path. What is ' +
        'there and was not written by this command is never replaced. Run it again after moving fxmount or Node.',
    )
    .option('--root <directory>', 'install below this directory, as for a package', '/')
    .option('--remove', 'remove what was installed')
    .addHelpText('after', examples('sudo fxmount install-system', 'sudo fxmount install-system --remove'))
    .action(async ({ root, remove }: { root: string; remove?: boolean }) => {
      const files = systemFiles(program, today());
      for (const path of remove === true ? uninstall(files, root) : install(files, root)) {
        await printLine(`${remove === true ? 'removed' : 'installed'} ${printable(path)}`);
      }
    });
}

/** The date of generation, or the one that a reproducible build asks for. */
function today(): string {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  return new Date(epoch === undefined ? Date.now() : Number(epoch) * 1000).toISOString().slice(0, 10);
}
