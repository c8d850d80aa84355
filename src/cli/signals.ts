/**
 * Commands on the changefeed: watch, signal emit, cursor ls and rm.
 */
import { type Command, Option } from 'commander';
import { parseJson } from '../daemon/json-value.ts';
import type { Plain } from '../daemon/plain.ts';
import type { Row } from '../daemon/verb.ts';
import { writeCursor } from '../signals/cursors.ts';
import { SIGNAL_KINDS } from '../signals/signal.ts';
import { decode, encode } from '../uarr/v2.ts';
import { toJsonText } from '../uarr/value.ts';
import { count, examples, JSON_ROWS, run, runRows, storePath } from './command.ts';
import { printable, printLine } from './output.ts';

const STORE = 'directory of the store, or a mountpoint of it';

export function addSignalCommands(program: Command): void {
  addWatch(program);
  const signal = program.command('signal').summary('emit signals of your own');
  addEmit(signal);
  const cursor = program.command('cursor').summary('list and remove named cursors');
  addCursors(cursor);
}

interface WatchOptions {
  from?: number;
  cursor?: string;
  kind?: string[];
  window?: number;
  select?: string;
  follow: boolean;
  json?: boolean;
}

function addWatch(program: Command): void {
  program
    .command('watch')
    .summary('follow the changes of a store, as signals')
    .description(
      'Prints a line for each signal: what changed, from which version to which. Ends when interrupted; at the ' +
        'last frame with --no-follow, and where no daemon serves the store, as nobody changes it then.\n' +
        'With --cursor it starts where the cursor of that name is, and moves it as lines are printed.',
    )
    .argument('<store>', STORE)
    .argument('[path]', 'only what is at or below this node')
    .addOption(new Option('--from <seq>', 'give what came after this sequence number').argParser(count))
    .option('--cursor <name>', 'a place in the feed that the store keeps')
    .addOption(new Option('--kind <kind...>', 'only these kinds').choices([...SIGNAL_KINDS]))
    .option('--select <selector>', 'only nodes that it means; see "fxmount select --help"')
    .addOption(new Option('--window <ms>', 'merge what tells of the same within so many milliseconds').argParser(count))
    .option('--no-follow', 'end at the last frame')
    .option('--json', JSON_ROWS)
    .addHelpText(
      'after',
      examples(
        'fxmount watch store',
        'fxmount watch store /config --kind VALUE',
        'fxmount watch --json store --from 0',
      ),
    )
    .action((store: string, path: string | undefined, options: WatchOptions) => watch(store, path, options));
}

async function watch(store: string, path: string | undefined, options: WatchOptions): Promise<void> {
  const { from, cursor, kind, select, window, follow, json } = options;
  const args: Record<string, Plain> = { follow };
  if (path !== undefined) args.under = path;
  if (from !== undefined) args.from = from;
  if (cursor !== undefined) args.cursor = cursor;
  if (kind !== undefined) args.kinds = kind.join(',');
  if (select !== undefined) args.select = select;
  if (window !== undefined) args.windowMs = window;
  await run(store, 'signals', args, {
    row: async (row) => {
      if (!('cursor' in row)) await printLine(json === true ? jsonLine(row) : signalLine(row));
      else if (cursor !== undefined) await writeCursor(storePath(store), cursor, Number(row.cursor));
    },
  });
}

/** A custom signal's payload travels as UArr. */
function jsonLine(row: Row): string {
  const line = JSON.stringify(row);
  return row.kind === 'CUSTOM' ? line.replace(/"payload":"[^"]*"/, () => `"payload":${payloadOf(row)}`) : line;
}

/** The payload as JSON on one line. */
function payloadOf(row: Row): string {
  return toJsonText(decode(Buffer.from(String((row.delta as Row).payload), 'base64'))).replace(/\n */g, ' ');
}

function signalLine(row: Row): string {
  const where = row.path === null ? `n:${row.id}` : printable(String(row.path));
  const versions = row.base === row.version ? `v${row.version}` : `v${row.base}>${row.version}`;
  return [String(row.seq).padStart(8), row.time, String(row.kind).padEnd(8), where, versions, deltaText(row)]
    .join(' ')
    .trimEnd();
}

function deltaText(row: Row): string {
  const delta = row.delta as Row;
  switch (row.kind) {
    case 'VALUE':
      if (delta.created === true) return 'created';
      return delta.bytes === null ? '' : `bytes ${delta.offset}+${delta.bytes}`;
    case 'CHILDREN':
      return `${delta.action} ${printable(String(delta.name))}`;
    case 'META':
      if (delta.deleted === true) return 'deleted';
      return [...(delta.fields as string[]), ...(delta.xattrs as string[])].map(printable).join(' ');
    default:
      return `${printable(String(delta.name))} ${printable(payloadOf(row))}`;
  }
}

function addEmit(signal: Command): void {
  signal
    .command('emit')
    .summary('emit a CUSTOM signal about a node')
    .description('Logs a signal and tells all who follow. It changes nothing. The payload is JSON.')
    .argument('<store>', STORE)
    .argument('<path>', 'node path, or n:<NodeID>')
    .argument('<name>', 'name of the signal')
    .argument('[payload]', 'JSON', 'null')
    .addHelpText('after', examples(`fxmount signal emit store /site deployed '{"by":"ci"}'`))
    .action(async (store: string, ref: string, name: string, payload: string) => {
      await run(store, 'emit', { ref, name, payload: encode(parseJson(payload)) });
    });
}

function addCursors(cursor: Command): void {
  cursor
    .command('ls')
    .summary('list the named cursors')
    .argument('<store>', STORE)
    .option('--json', JSON_ROWS)
    .action((store: string, { json }: { json?: boolean }) =>
      runRows(
        store,
        'cursors',
        {},
        json === true,
        ({ name, seq, behind }) => `${name}  seq ${seq}, ${behind} frames behind`,
      ),
    );
  cursor
    .command('rm')
    .summary('remove a named cursor')
    .argument('<store>', STORE)
    .argument('<name>', 'name of the cursor')
    .action(async (store: string, name: string) => {
      await run(store, 'removeCursor', { name });
    });
}
