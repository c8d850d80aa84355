/**
 * Commands on a store as a whole: init, status, checkpoint, compact, log, verify.
 */
import { statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Plain, PlainMap } from '../daemon/plain.ts';
import type { Row } from '../daemon/verb.ts';
import { FxError } from '../errors.ts';
import { initStore } from '../store/open.ts';
import { bytes, count, examples, hostPath, JSON_ROWS, maxSizeOption, run, runRows } from './command.ts';
import { allMounts } from './mounted.ts';
import { printable, printJson, printLine } from './output.ts';

export function addStoreCommands(program: Command): void {
  addInit(program);
  addStatus(program);
  addCheckpoint(program);
  addCompact(program);
  addLog(program);
  addVerify(program);
}

function addInit(program: Command): void {
  program
    .command('init')
    .summary('make an empty store')
    .description('Makes an empty store in a directory that is absent or empty.')
    .argument('<store>', 'directory of the store')
    .addOption(maxSizeOption())
    .addHelpText('after', examples('fxmount init store', 'fxmount init store --max-size 10G'))
    .action(async (store: string, { maxSize }: { maxSize?: number }) => {
      const directory = hostPath(store);
      if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === false) {
        throw new FxError('NOT_DIRECTORY', `${directory} is a file; name a new or empty directory`);
      }
      await initStore(directory, maxSize ?? null);
    });
}

function addStatus(program: Command): void {
  program
    .command('status')
    .summary('show a store and its mounts')
    .description('Shows a store, its daemon and its mounts. Without argument: every fxmount mount of this host.')
    .argument('[store]', 'directory of a store, or a mountpoint')
    .option('--json', 'print one JSON object, or one a line without argument')
    .addHelpText('after', examples('fxmount status', 'fxmount status store', 'fxmount status --json /mnt/tree'))
    .action(async (store: string | undefined, { json }: { json?: boolean }) => {
      if (store === undefined) {
        for (const mount of allMounts()) {
          await (json === true
            ? printJson(mount)
            : printLine(`${printable(mount.store)} at ${printable(mount.mountpoint)}`));
        }
        return;
      }
      const status = (await run(store, 'status', {})) as PlainMap;
      if (json === true) await printJson(status);
      else for (const line of statusLines(status)) await printLine(printable(line));
    });
}

function statusLines(status: PlainMap): string[] {
  const { mounts, report, ...facts } = status;
  const lines: string[] = [];
  for (const [key, value] of Object.entries(facts)) {
    if (value !== null) lines.push(`${`${key}:`.padEnd(18)} ${String(value)}`);
  }
  for (const line of listOf(report)) lines.push(`recovery:          ${String(line)}`);
  for (const mount of listOf(mounts) as PlainMap[]) {
    const options = [
      mount.readOnly === true ? 'read-only' : 'read-write',
      ...(mount.subtree === '/' ? [] : [`subtree ${String(mount.subtree)}`]),
      ...(mount.allowOther === true ? ['allow-other'] : []),
      ...(mount.detached === true ? ['detached'] : []),
    ];
    lines.push(`mount:             ${String(mount.mountpoint)} (${options.join(', ')})`);
  }
  return lines;
}

function listOf(value: Plain | undefined): readonly Plain[] {
  return Array.isArray(value) ? (value as readonly Plain[]) : [];
}

function addCheckpoint(program: Command): void {
  program
    .command('checkpoint')
    .summary('write the index, and make all changes durable')
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples('fxmount checkpoint store'))
    .action(async (store: string, { json }: { json?: boolean }) => {
      const result = (await run(store, 'checkpoint', {})) as PlainMap;
      await (json === true ? printJson(result) : printLine(`seq ${String(result.seq)} is durable`));
    });
}

function addCompact(program: Command): void {
  program
    .command('compact')
    .summary('give back the space of deleted and overwritten content')
    .description(
      'Moves live content out of mostly dead parts of the log and removes those. Mounts stay usable meanwhile. What was ' +
        'not moved when it is interrupted stays where it is. The store does this by itself, too, when more than half of its log is dead.',
    )
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .addOption(
      new Option(
        '--history <bytes>',
        'keep so much of what is dead at the end of the log, for followers of the changes; default 64M, or less where the store’s size is limited',
      ).argParser(bytes),
    )
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples('fxmount compact store', 'fxmount compact store --history 0'))
    .action(async (store: string, { history, json }: { history?: number; json?: boolean }) => {
      const result = (await run(store, 'compact', history === undefined ? {} : { history })) as PlainMap;
      if (json === true) return printJson(result);
      const { before, after, liveBytes } = result as Record<string, number>;
      await printLine(`the log has ${after} bytes, before ${before}; ${liveBytes} are live`);
    });
}

interface LogOptions {
  limit?: number;
  from?: number;
  json?: boolean;
}

function addLog(program: Command): void {
  program
    .command('log')
    .summary('show the log: every change, newest last')
    .description(
      'Shows the records of the log, oldest first; with a path only those of that node and of what is below it.',
    )
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .argument('[path]', 'node path, or n:<NodeID>')
    .addOption(new Option('-n, --limit <records>', 'show only so many of the newest').argParser(count))
    .addOption(new Option('--from <seq>', 'start at this sequence number').argParser(count))
    .option('--json', JSON_ROWS)
    .addHelpText(
      'after',
      examples('fxmount log store --limit 20', 'fxmount log store /config', 'fxmount log --json store --from 100'),
    )
    .action((store: string, path: string | undefined, { limit, from, json }: LogOptions) => {
      const args: Record<string, Plain> = {};
      if (path !== undefined) args.path = path;
      if (limit !== undefined) args.limit = limit;
      if (from !== undefined) args.from = from;
      return runRows(store, 'log', args, json === true, logLine);
    });
}

function logLine(row: Row): string {
  const { seq, time, type, id, path, ...rest } = row;
  const details = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}=${printable(typeof value === 'object' ? JSON.stringify(value) : String(value))}`);
  const where = path === null || path === undefined ? String(id ?? '-') : printable(String(path));
  return [String(seq).padStart(8), String(time), String(type).padEnd(11), where, ...details].join(' ').trimEnd();
}

function addVerify(program: Command): void {
  program
    .command('verify')
    .summary('check every frame of the log and every link of the tree')
    .description(
      'Reads the whole log and tree and checks them. Prints what is wrong, one finding a line; exits with 8 if anything is.',
    )
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .option('--json', JSON_ROWS)
    .addHelpText('after', examples('fxmount verify store'))
    .action((store: string, { json }: { json?: boolean }) =>
      runRows(store, 'verify', {}, json === true, (row) => printable(`${String(row.where)}: ${String(row.finding)}`)),
    );
}
