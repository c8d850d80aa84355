/**
 * Commands between the tree and the host: import, export.
 */
import type { Command } from 'commander';
import type { PlainMap } from '../daemon/plain.ts';
import type { Row } from '../daemon/verb.ts';
import { examples, hostPath, run } from './command.ts';
import { printable, printJson, printLine } from './output.ts';

interface TransferOptions {
  at: string;
  replace?: boolean;
  watch?: boolean;
  json?: boolean;
}

export function addTransferCommands(program: Command): void {
  program
    .command('import')
    .summary('bring files, a directory or an FXD file into the tree')
    .description(
      'Imports a host directory or file, or what an FXD project has: .fxd (SQLite), .fxwal (log).\n' +
        'What cannot be read is told and left out.',
    )
    .argument('<store>', 'directory of the store, or a mountpoint of it; made when it is absent')
    .argument('<source>', 'file or directory on this host')
    .option('--at <path>', 'node path to import to; a directory there is added to', '/')
    .option('--replace', 'replace what is there; without it a name that is taken is an error')
    .option('--watch', 'a directory: go on, and follow what changes in it until interrupted or unmounted')
    .option('--json', 'print what was done as one JSON object; with --watch one a line')
    .addHelpText(
      'after',
      examples(
        'fxmount import store project.fxd',
        'fxmount import store ~/notes --at /notes',
        'fxmount import --watch store ~/notes --at /notes',
      ),
    )
    .action(async (store: string, source: string, { at, replace, watch, json }: TransferOptions) => {
      const args = { source: hostPath(source), at, replace: replace === true };
      if (watch === true) return follow(store, args, json === true);
      await printReport((await run(store, 'import', args, { create: true })) as PlainMap, json === true);
    });
  program
    .command('export')
    .summary('write a subtree to the host')
    .description('Writes a node and all below it as files: bytes as they are, typed values as a mount would show them.')
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .argument('<destination>', 'path on this host; a directory there is added to')
    .option('--at <path>', 'node path to export', '/')
    .option('--replace', 'replace files that are there; without it a name that is taken is an error')
    .option('--json', 'print what was done as one JSON object')
    .addHelpText('after', examples('fxmount export store backup', 'fxmount export store config --at /config'))
    .action(async (store: string, destination: string, { at, replace, json }: TransferOptions) => {
      const args = { destination: hostPath(destination), at, replace: replace === true };
      await printReport((await run(store, 'export', args)) as PlainMap, json === true);
    });
}

/** Imports and follows; ends quietly on SIGINT and SIGTERM. */
async function follow(store: string, args: PlainMap, json: boolean): Promise<void> {
  const ends = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => ends.abort());
  const row = async (event: Row): Promise<void> => {
    if (json) return printLine(JSON.stringify(event));
    const { event: kind, path, from, reason, ...report } = event;
    if (kind === 'imported') await printReport(report as PlainMap, false);
    else await printLine(printable([kind, from, path, reason].filter((part) => part !== undefined).join(' ')));
  };
  try {
    await run(store, 'follow', args, { create: true, row, signal: ends.signal });
  } catch (error) {
    if (!ends.signal.aborted) throw error;
  }
}

/** Counts as `name: n` on one line; texts under `notes` as lines of their own. */
async function printReport(report: PlainMap, json: boolean): Promise<void> {
  if (json) return printJson(report);
  const { notes, ...counts } = report;
  await printLine(
    Object.entries(counts)
      .filter(([, value]) => value !== 0)
      .map(([key, value]) => `${key}: ${printable(String(value))}`)
      .join(', ') || 'nothing to do',
  );
  if (Array.isArray(notes)) for (const note of notes) await printLine(printable(String(note)));
}
