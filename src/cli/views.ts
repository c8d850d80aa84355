/**
 * Commands about views: view add, view ls, view show, view rm.
 */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { PlainMap } from '../daemon/plain.ts';
import { FxError } from '../errors.ts';
import { count, examples, hostPath, JSON_ROWS, run, runBytes, runRows } from './command.ts';
import { printable, printLine } from './output.ts';
import { PLACE, placeOf } from './place.ts';

const PATH = 'node path of the view';

interface AddOptions {
  from?: string;
  select?: string;
  fields?: string[];
  sort?: string[];
  limit?: number;
  lens?: string;
  file?: string;
}

function names(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

export function addViewCommands(program: Command): void {
  const view = program.command('view').summary('files that are made from other nodes');
  addAdd(view);
  view
    .command('ls')
    .summary('list the views of a store')
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .option('--json', JSON_ROWS)
    .addHelpText('after', examples('fxmount view ls store'))
    .action((store: string, { json }: { json?: boolean }) =>
      runRows(store, 'views', {}, json === true, ({ path, kind, from, error }) => {
        const what = `${printable(String(path))}  ${String(kind)} of ${from === null ? 'its directory' : printable(String(from))}`;
        return error === null ? what : `${what}: ${printable(String(error))}`;
      }),
    );
  view
    .command('show')
    .summary('print what a view shows')
    .argument('<store>', PLACE)
    .argument('[path]', PATH)
    .option('--definition', 'print its definition instead')
    .addHelpText(
      'after',
      examples('fxmount view show store /people.csv', 'fxmount view show ~/tree/people.csv --definition'),
    )
    .action(async (store: string, path: string | undefined, { definition = false }: { definition?: boolean }) => {
      const place = await placeOf(store, path);
      await runBytes(place.store, 'showView', { path: place.path, definition });
    });
  view
    .command('rm')
    .summary('remove a view')
    .description('The nodes that it shows stay as they are.')
    .argument('<store>', PLACE)
    .argument('[path]', PATH)
    .addHelpText('after', examples('fxmount view rm store /people.csv'))
    .action(async (store: string, path: string | undefined) => {
      const place = await placeOf(store, path);
      await run(place.store, 'removeView', { path: place.path });
    });
}

function addAdd(view: Command): void {
  view
    .command('add')
    .summary('make a file that shows other nodes')
    .description(
      'The file shows the nodes of a directory as one document, by the lens for the end of its name, and follows ' +
        'them. It cannot be written. A view that is there already gets the new definition.',
    )
    .argument('<store>', PLACE)
    .argument('[path]', PATH)
    .option('--from <directory>', 'node path of the directory, or its path in a mount; default: the view’s own')
    .option('--select <selector>', 'nodes anywhere below it, instead of its children')
    .option('--fields <names>', 'show these fields only, in this order', names)
    .option('--sort <names>', 'order by these fields; "-" before one turns it round', names)
    .option('--limit <count>', 'show no more than so many', count)
    .option('--lens <name>', 'the lens ("fxmount lens ls")')
    .option('--file <file>', 'file of this host with a whole definition, as JSON or YAML')
    .addHelpText(
      'after',
      examples(
        'fxmount view add store /people.csv --from /people --sort name',
        'fxmount view add ~/tree/adults.jsonl --from ~/tree/people --select "[age>=18]" --fields name,age',
        'fxmount view add store /cities.csv --file cities.yaml',
      ),
    )
    .action(async (store: string, path: string | undefined, { file, from, ...options }: AddOptions) => {
      const place = await placeOf(store, path);
      const hasOptions = from !== undefined || Object.values(options).some((value) => value !== undefined);
      if (file !== undefined && hasOptions) {
        throw new FxError('INVALID', 'with --file the definition is in the file: give no other option');
      }
      const directory = from === undefined || path !== undefined ? from : (await placeOf(from, undefined)).path;
      const definition =
        file === undefined ? JSON.stringify({ from: directory, ...options }) : readFileSync(hostPath(file), 'utf8');
      const result = (await run(place.store, 'addView', { path: place.path, definition })) as PlainMap;
      if (result.error !== null)
        await printLine(`${printable(place.path)} shows nothing yet: ${printable(String(result.error))}`);
    });
}
