/**
 * The manual page fxmount(1), generated from the command line's own description, in the macros of man(7).
 */
import type { Command } from 'commander';
import { version } from '../version.ts';
import { type CommandDescription, describe } from './describe.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';
import { FSTAB_OPTIONS } from './mount-options.ts';

const FILES: readonly (readonly [string, string])[] = [
  ['STORE/daemon.log', 'What the daemon of a store has to say.'],
  ['STORE/daemon.sock', 'The daemon listens here for commands.'],
  ['/sbin/mount.fxmount, /sbin/mount.fuse.fxmount', 'Called by mount(8).'],
  ['/etc/fxmount/NAME.conf', 'STORE, MOUNTPOINT and OPTIONS of the unit fxmount@NAME.service.'],
  ['/etc/fuse.conf', 'With the line user_allow_other, ordinary users may use --allow-other.'],
];

const FSTAB_EXAMPLES: readonly string[] = [
  '/var/lib/tree  /srv/tree  fxmount  allow_other,sync=interval:1000,nofail  0 0',
  '/var/lib/tree  /srv/web   fxmount  ro,subtree=/web,noauto,x-systemd.automount  0 0',
];

const LINE_CHARACTERS_MAX = 76;

/** A line that troff reads as it stands. */
function line(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&');
}

/** Words at most LINE_CHARACTERS_MAX characters a line: a page is also read, and compared, as source. */
function wrapped(plain: string): string[] {
  const lines: string[] = [''];
  for (const word of plain.trim().split(/\s+/)) {
    const last = lines.at(-1) as string;
    if (last !== '' && last.length + word.length >= LINE_CHARACTERS_MAX) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** Running text; its lines begin lines of the page. */
function text(plain: string): string {
  return plain
    .split('\n')
    .filter((each) => each.trim() !== '')
    .map((each) => wrapped(each).map(line).join('\n'))
    .join('\n.br\n');
}

function section(name: string, ...lines: string[]): string[] {
  return [`.SH ${name}`, ...lines];
}

/** A paragraph under a tag in bold. */
function tagged(tag: string, body: string): string[] {
  return ['.TP', `\\fB${line(tag)}\\fR`, text(body) || '\\&'];
}

function example(lines: readonly string[]): string[] {
  return ['.PP', '.nf', '.RS', ...lines.map(line), '.RE', '.fi'];
}

function commandLines(command: CommandDescription, within = 'fxmount'): string[] {
  return [
    `.SS ${line(`${within} ${command.usage}`)}`,
    text(command.description || command.summary),
    ...command.options.flatMap(({ flags, description, value }) =>
      tagged(`${flags.join(', ')}${value === undefined ? '' : ` ${value.name.toUpperCase()}`}`, description),
    ),
    ...(command.examples.length === 0 ? [] : example(command.examples)),
    ...command.commands.flatMap((each) => commandLines(each, `${within} ${command.name}`)),
  ];
}

function mountOptionLines(): string[] {
  return [
    ...section(
      'MOUNT OPTIONS',
      text(
        'mount(8) and /etc/fstab mount a store with the type fxmount or fuse.fxmount: the source is the store, and the options of "fxmount mount" are written without dashes, as in allow_other, subtree=/path or sync=always. An unknown option is an error. Set-id programs and device nodes are ignored unless suid and dev are given.',
      ),
    ),
    ...example(FSTAB_EXAMPLES),
    ...Object.entries(FSTAB_OPTIONS).flatMap(([name, { meaning }]) => tagged(name, `${meaning}.`)),
    ...tagged('x-*, X-*, comment=', 'left to systemd.mount(5) and mount(8).'),
  ];
}

/** `date`: as YYYY-MM-DD. */
export function manualPage(program: Command, date: string): string {
  const lines = [
    `.TH FXMOUNT 1 ${date} "fxmount ${version}" "User Commands"`,
    ...section('NAME', 'fxmount \\- mount a tree of typed, versioned, reactive nodes as a drive'),
    ...section('SYNOPSIS', '.B fxmount', '.I command', '.RI [ options ]', '.RI [ arguments ]'),
    ...section(
      'DESCRIPTION',
      text(program.description()),
      '.PP',
      text(
        'Files and directories on the drive are nodes. Every change is one atomic record in a write-ahead log before it is acknowledged. What a call on the mount has done survives the death of the daemon; after fsync(2) it survives power loss.',
      ),
      '.PP',
      text(
        'Node paths are absolute: /config/port. n:<NodeID> names a node by its identity. Every command works with the store mounted or not; STORE may be a mountpoint. With --json a command prints one JSON object, or one a line where there may be many.',
      ),
    ),
    ...section('COMMANDS', ...describe(program).flatMap((command) => commandLines(command))),
    ...mountOptionLines(),
    ...section(
      'EXIT STATUS',
      ...Object.entries(EXIT_MEANINGS).flatMap(([code, meaning]) => tagged(code, `${meaning}.`)),
    ),
    ...section(
      'ENVIRONMENT',
      ...tagged('FXMOUNT_DEBUG', 'Set to 1, an error is followed by where in the code it comes from.'),
    ),
    ...section('FILES', ...FILES.flatMap(([name, meaning]) => tagged(name, meaning))),
    ...section('SEE ALSO', '.BR mount (8),', '.BR fstab (5),', '.BR fuse (4),', '.BR systemd.unit (5)'),
  ];
  return `${lines.join('\n')}\n`;
}
