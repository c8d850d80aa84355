/**
 * Commands about documents: bind, unbind, bindings, problems, lens ls, lens check.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { formatDiagnostic } from '../../lenses/diagnostics.ts';
import type { Lens } from '../../lenses/lens.ts';
import { LensRegistry } from '../../lenses/registry.ts';
import { AUTO, MODES } from '../../mount/documents/bindings.ts';
import { LensChecker, lensesOf } from '../../mount/documents/own-lenses.ts';
import type { PlainMap } from '../daemon/plain.ts';
import type { Row } from '../daemon/verb.ts';
import { lensesFor } from '../daemon/verbs-settings.ts';
import { FxError } from '../errors.ts';
import { examples, hostPath, JSON_ROWS, run, runRows, storePath } from './command.ts';
import { exitCodeOf } from './exit-codes.ts';
import { note, printable, printJson, printLine } from './output.ts';
import { PLACE, placeOf } from './place.ts';

export function addDocumentCommands(program: Command): void {
  addBind(program);
  addUnbind(program);
  addLists(program);
  addLens(program);
}

interface BindOptions {
  lens: string;
  schema?: string;
  mode: string;
  json?: boolean;
}

function addBind(program: Command): void {
  program
    .command('bind')
    .summary('make documents of the files of a directory')
    .description(
      'Binds a rule to a directory and all below it: files that a lens knows become typed nodes, and every save is ' +
        'checked. The nearest rule above a file holds. Files that are there already are checked at once.',
    )
    .argument('<store>', PLACE)
    .argument('[path]', 'node path of the directory')
    .option('--lens <name>', 'the lens for every file, or "auto": by the ends of their names', AUTO)
    .option('--schema <file>', 'JSON Schema that every document must hold to')
    .addOption(
      new Option('--mode <mode>', 'strict refuses a save that is not valid; lenient keeps it as a draft')
        .choices(MODES)
        .default('strict'),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        'fxmount bind store /config',
        'fxmount bind ~/tree/config --lens yaml --schema service.schema.json',
        'fxmount bind store /drafts --mode lenient',
      ),
    )
    .action(async (store: string, path: string | undefined, { lens, schema, mode, json }: BindOptions) => {
      const place = await placeOf(store, path);
      const text = schema === undefined ? undefined : readFileSync(hostPath(schema), 'utf8');
      const args = { path: place.path, lens, mode, ...(text === undefined ? {} : { schema: text }) };
      const result = (await run(place.store, 'bind', args)) as PlainMap;
      if (json === true) return printJson(result);
      await printLine(`bound ${printable(place.path)}: lens ${lens}, ${mode}; documents: ${String(result.documents)}`);
      if (Number(result.problems) > 0) {
        await printLine(
          `files with problems: ${String(result.problems)}; "fxmount problems ${printable(store)}" lists them`,
        );
      }
      for (const mountpoint of result.deafMounts as string[]) {
        await printLine(
          `${printable(mountpoint)} was mounted when nothing was bound: mount it again, or saves there are kept but not refused`,
        );
      }
    });
}

function addUnbind(program: Command): void {
  program
    .command('unbind')
    .summary('take the rule of a directory away')
    .description('Files that are typed nodes stay so; new ones are plain files.')
    .argument('<store>', PLACE)
    .argument('[path]', 'node path of the directory')
    .addHelpText('after', examples('fxmount unbind store /config', 'fxmount unbind ~/tree/config'))
    .action(async (store: string, path: string | undefined) => {
      const place = await placeOf(store, path);
      await run(place.store, 'unbind', { path: place.path });
    });
}

function addLists(program: Command): void {
  program
    .command('bindings')
    .summary('list the rules of a store')
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .option('--json', `${JSON_ROWS}, with its schema`)
    .addHelpText('after', examples('fxmount bindings store'))
    .action((store: string, { json }: { json?: boolean }) =>
      runRows(store, 'bindings', {}, json === true, ({ path, lens, mode, schema }) => {
        return `${printable(String(path))}  lens ${String(lens)}, ${String(mode)}${schema === null ? '' : ', with a schema'}`;
      }),
    );
  program
    .command('problems')
    .summary('list documents whose last save was not accepted')
    .description('Prints path:line:column: severity: message [code], a form that editors jump from.')
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .option('--json', JSON_ROWS)
    .addHelpText('after', examples('fxmount problems store', 'vim -q <(fxmount problems ~/tree)'))
    .action((store: string, { json }: { json?: boolean }) =>
      runRows(store, 'problems', {}, json === true, ({ text }) => String(text).split('\n').map(printable).join('\n')),
    );
}

interface CheckOptions {
  lens?: string;
  schema?: string;
  store?: string;
}

function addLens(program: Command): void {
  const lens = program.command('lens').summary('list lenses, and check files with them');
  lens
    .command('ls')
    .summary('list the lenses')
    .description(
      'Lists the lenses of fxmount; with a store, its own too (fxmount settings), and why they are not loaded.',
    )
    .argument('[store]', 'directory of a store, or a mountpoint of it')
    .option('--json', JSON_ROWS)
    .addHelpText('after', examples('fxmount lens ls', 'fxmount lens ls store'))
    .action(async (store: string | undefined, { json }: { json?: boolean }) => {
      const print = (row: Row): Promise<void> => printLine(json === true ? JSON.stringify(row) : lensLine(row));
      if (store === undefined) {
        for (const { name, extensions, scope, mediaType } of new LensRegistry())
          await print({ name, extensions, scope, mediaType });
        return;
      }
      const { problem } = (await run(store, 'lenses', {}, { row: print })) as PlainMap;
      if (problem === null) return;
      note(storePath(store), [`its own lenses are not loaded: ${String(problem)}`]);
      process.exitCode = exitCodeOf('BAD_CONTENT');
    });
  lens
    .command('check')
    .summary('check files of this host')
    .description('Prints what is wrong, a line for each problem, and exits with 14 if anything is.')
    .argument('<file...>', 'files of this host')
    .option('--lens <name>', 'the lens; by default the one for the end of the file’s name')
    .option('--schema <file>', 'JSON Schema that the files must hold to')
    .option('--store <store>', 'a store whose own lenses count too')
    .addHelpText(
      'after',
      examples('fxmount lens check app.json', 'fxmount lens check --lens json --schema s.json *.conf'),
    )
    .action(async (files: string[], { lens: name, schema, store }: CheckOptions) => {
      const schemaText = schema === undefined ? null : readFileSync(hostPath(schema), 'utf8');
      const { registry, module, problem } =
        store === undefined ? await lensesOf(null) : await lensesFor(storePath(store));
      if (problem !== null) note(storePath(String(store)), [`its own lenses are not loaded: ${problem}`]);
      const checker = new LensChecker(module);
      let errors = 0;
      try {
        for (const file of files) {
          const chosen = name === undefined ? lensFor(registry, file) : registry.get(name);
          for (const diagnostic of await checker.check(chosen, readFileSync(hostPath(file)), schemaText)) {
            if (diagnostic.severity === 'error') errors++;
            await printLine(printable(formatDiagnostic(file, diagnostic)));
          }
        }
      } finally {
        checker.close();
      }
      if (errors > 0) process.exitCode = exitCodeOf('BAD_CONTENT');
    });
}

function lensLine({ name, scope, extensions }: Row): string {
  const line = `${String(name).padEnd(12)} ${String(scope).padEnd(12)} ${(extensions as readonly string[]).join(' ')}`;
  return printable(line.trimEnd());
}

function lensFor(registry: LensRegistry, file: string): Lens {
  const lens = registry.forFileName(basename(file));
  if (lens !== undefined) return lens;
  throw new FxError('INVALID', `${file}: no lens knows a file of that name; name one with --lens ("fxmount lens ls")`);
}
