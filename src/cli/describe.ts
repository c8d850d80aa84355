/**
 * The command line described for what is generated from it: completions and the manual.
 */
import type { EventEmitter } from 'node:events';
import type { Command } from 'commander';

/** What a word of the command line stands for. */
export type WordKind = 'directory' | 'file' | 'node' | 'choice' | 'other';

export interface WordDescription {
  readonly name: string;
  readonly description: string;
  readonly kind: WordKind;
  readonly choices: readonly string[];
}

export interface OptionDescription {
  /** As written: "-l", "--long". */
  readonly flags: readonly string[];
  readonly description: string;
  /** Its value; undefined for a flag. */
  readonly value: WordDescription | undefined;
}

export interface CommandDescription {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly usage: string;
  readonly options: readonly OptionDescription[];
  readonly words: readonly WordDescription[];
  /** Lines of shell. */
  readonly examples: readonly string[];
  /** Commands of its own, as of `fxmount cursor`; their names are its first word. */
  readonly commands: readonly CommandDescription[];
}

/** By the names of arguments and of options' values. */
const KINDS: Readonly<Record<string, WordKind>> = {
  store: 'directory',
  mountpoint: 'directory',
  destination: 'directory',
  directory: 'directory',
  source: 'file',
  path: 'node',
  from: 'node',
  to: 'node',
};

function word(name: string, description: string, choices: readonly string[] | undefined): WordDescription {
  const kind = choices !== undefined ? 'choice' : (KINDS[name] ?? 'other');
  return { name, description, kind, choices: choices ?? [] };
}

/** What `addHelpText('after', ...)` adds to a command's help. */
function textAfter(command: Command): string {
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  // Commander's types do not say that a command is an emitter; its documentation does.
  (command as unknown as EventEmitter).emit('afterHelp', { error: false, command, write });
  return text;
}

function describeCommand(command: Command): CommandDescription {
  const help = command.createHelp();
  const commands = describe(command);
  const names = commands.map(({ name }) => name);
  return {
    commands,
    name: command.name(),
    summary: command.summary(),
    description: command.description(),
    usage: `${command.name()} ${command.usage()}`,
    options: help.visibleOptions(command).map((option) => {
      const value = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1];
      return {
        flags: [option.short, option.long].filter((flag) => flag !== undefined),
        description: help.optionDescription(option),
        value: value === undefined ? undefined : word(value, option.description, option.argChoices),
      };
    }),
    words:
      names.length > 0
        ? [word('command', 'what to do', names)]
        : command.registeredArguments.map((argument) =>
            word(argument.name(), argument.description, argument.argChoices),
          ),
    examples: [...textAfter(command).matchAll(/^ {2}\$ (.*)$/gm)].map(([, line]) => line ?? ''),
  };
}

/** Every command of a command that its help lists, but for `help` itself. */
export function describe(command: Command): CommandDescription[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help')
    .map(describeCommand);
}
