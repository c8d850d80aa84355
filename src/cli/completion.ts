/**
 * Shell completions, generated from the command line's own description: commands, options, choices, host paths,
 * and paths of nodes, which `fxmount ls` lists.
 */
import type { CommandDescription, OptionDescription, WordDescription, WordKind } from './describe.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, commands: readonly CommandDescription[]): string {
  return SCRIPTS[shell](commands);
}

function flagsOf(command: CommandDescription): string {
  return command.options.flatMap(({ flags }) => flags).join(' ');
}

function valued(command: CommandDescription): (OptionDescription & { value: WordDescription })[] {
  return command.options.filter((option) => option.value !== undefined) as (OptionDescription & {
    value: WordDescription;
  })[];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function head(shell: Shell): string {
  return `# ${shell} completion for fxmount; written by "fxmount completion ${shell}"`;
}

/** A statement that completes one word in bash. */
function bashWord({ kind, choices }: WordDescription): string {
  if (kind === 'choice') return `COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$cur"))`;
  return { directory: '_fxmount_host -d', file: '_fxmount_host -f', node: '_fxmount_node', other: ':' }[kind];
}

function bashCases(commands: readonly CommandDescription[]): string[] {
  return commands.flatMap((command) => [
    ...valued(command).map(
      ({ flags, value }) => `    ${flags.map((flag) => `${command.name}:${flag}:*`).join('|')}) ${bashWord(value)} ;;`,
    ),
    `    ${command.name}:*:-*) COMPREPLY=($(compgen -W ${quoted(flagsOf(command))} -- "$cur")) ;;`,
    ...command.words.map(
      (word, index) => `    ${command.name}:*:*) [[ $position -eq ${index + 1} ]] && ${bashWord(word)} ;;&`,
    ),
  ]);
}

/** Options of `command` that take the next word, as a bash pattern. */
function bashValued(commands: readonly CommandDescription[]): string {
  return [...new Set(commands.flatMap(valued).flatMap(({ flags }) => flags))].join('|');
}

function bash(commands: readonly CommandDescription[]): string {
  return `${head('bash')}
_fxmount_host() {
  compopt -o filenames 2>/dev/null
  local IFS=$'\\n'
  COMPREPLY=($(compgen "$1" -- "$cur"))
}

# Nodes below the directory that is typed so far; the store is the first word after the command.
_fxmount_node() {
  local directory=\${cur%/*}/ name IFS=$'\\n'
  [[ $cur == /* && -n $store ]] || { [[ -z $cur ]] && COMPREPLY=(/) && compopt -o nospace 2>/dev/null; return 0; }
  for name in $("\${COMP_WORDS[0]/#\\~/$HOME}" ls "$store" "$directory" 2>/dev/null); do
    [[ $directory$name == "$cur"* ]] && COMPREPLY+=("$directory$name")
  done
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
  return 0
}

_fxmount() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command='' store='' position=0 i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      -*) ;;
      *)
        if [[ -z $command ]]; then command=\${COMP_WORDS[i]}
        else
          case \${COMP_WORDS[i - 1]} in
            ${bashValued(commands)}) ;;
            *) position=$((position + 1)); [[ $position -eq 1 ]] && store=\${COMP_WORDS[i]} ;;
          esac
        fi ;;
    esac
  done
  position=$((position + 1))
  if [[ -z $command || $command == help ]]; then
    COMPREPLY=($(compgen -W ${quoted(`${commands.map(({ name }) => name).join(' ')} help --help --version`)} -- "$cur"))
    return 0
  fi
  case $command:$prev:$cur in
${bashCases(commands).join('\n')}
  esac
  return 0
}

complete -F _fxmount fxmount
`;
}

const ZSH_ACTIONS: Readonly<Record<Exclude<WordKind, 'choice'>, string>> = {
  directory: '_files -/',
  file: '_files',
  node: '_fxmount_node',
  other: ' ',
};

/** Text within a specification of _arguments: colon and brackets have a meaning there. */
function zshText(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\:[\]]/g, '\\$&');
}

function zshAction({ kind, choices }: WordDescription): string {
  return kind === 'choice' ? `(${choices.join(' ')})` : ZSH_ACTIONS[kind];
}

function zshArguments(command: CommandDescription): string {
  const options = command.options.flatMap(({ flags, description, value }) =>
    flags.map((flag) => {
      const wants = value === undefined ? '' : `:${zshText(value.name)}:${zshAction(value)}`;
      return quoted(`(${flags.join(' ')})${flag}[${zshText(description)}]${wants}`);
    }),
  );
  const words = command.words.map((word, index) =>
    quoted(`${index + 1}:${zshText(word.description || word.name)}:${zshAction(word)}`),
  );
  return `      ${command.name}) _arguments -S ${[...options, ...words].join(' \\\n        ')} ;;`;
}

function zsh(commands: readonly CommandDescription[]): string {
  return `#compdef fxmount
${head('zsh')}
_fxmount_node() {
  local store=\${(Q)words[2]} directory=\${PREFIX%/*}/
  if [[ $PREFIX != /* ]]; then compadd -S '' /; return; fi
  local -a nodes=(\${(f)"$(fxmount ls $store $directory 2>/dev/null)"})
  compadd -S '' -p $directory -- $nodes
}

_fxmount() {
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${zshText(summary)}`)}`).join('\n')}
    'help:show the help of a command'
  )
  _arguments -C '(- *)--help[show help]' '(- *)--version[show the version]' '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument) case $words[1] in
      help) _describe command commands ;;
${commands.map(zshArguments).join('\n')}
    esac ;;
  esac
}

if [[ $funcstack[1] == _fxmount ]]; then _fxmount "$@"; else compdef _fxmount fxmount; fi
`;
}

function fishWord({ kind, choices }: WordDescription): string {
  if (kind === 'choice') return ` -x -a ${quoted(choices.join(' '))}`;
  return {
    directory: " -x -a '(__fish_complete_directories)'",
    file: ' -r -F',
    node: " -x -a '(__fxmount_nodes)'",
    other: ' -x',
  }[kind];
}

function fish(commands: readonly CommandDescription[]): string {
  const lines = commands.flatMap(({ name, summary, options, words }) => [
    `complete -c fxmount -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
    ...options.map(({ flags, description, value }) => {
      const forms = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
      const wants = value === undefined ? ' -f' : fishWord(value);
      const about = quoted(description.replace(/\s+/g, ' '));
      return `complete -c fxmount -n '__fish_seen_subcommand_from ${name}' ${forms.join(' ')} -d ${about}${wants}`;
    }),
    ...words.map(
      (word, index) =>
        `complete -c fxmount -n '__fish_seen_subcommand_from ${name}; and __fxmount_at ${index + 1}'${fishWord(word)}`,
    ),
  ]);
  return `${head('fish')}
# Whether the word under the cursor is the given one after the command, options aside.
function __fxmount_at
    set -l words (string match -v -- '-*' (commandline -opc))
    test (count $words) -eq (math $argv[1] + 1)
end

function __fxmount_nodes
    set -l words (string match -v -- '-*' (commandline -opc))
    set -l typed (commandline -ct)
    set -l directory (string replace -r '[^/]*$' '' -- $typed)
    test -n "$directory"; or set directory /
    for name in (fxmount ls $words[3] $directory 2>/dev/null)
        echo $directory$name
    end
end

complete -c fxmount -f
${lines.join('\n')}
`;
}

const SCRIPTS: Readonly<Record<Shell, (commands: readonly CommandDescription[]) => string>> = { bash, zsh, fish };
