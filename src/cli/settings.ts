/**
 * The command settings: reads and sets what a store's marker says.
 */
import type { Command } from 'commander';
import type { Plain, PlainMap } from '../daemon/plain.ts';
import { FxError } from '../errors.ts';
import { bytes, examples, hostPath, run } from './command.ts';
import { printable, printJson, printLine } from './output.ts';

const NONE = 'none';

interface Setting {
  /** The verb's field for it. */
  readonly field: string;
  /** Sets it; null: to none. */
  set(store: string, value: string | null): Promise<void>;
}

const SETTINGS: Readonly<Record<string, Setting>> = {
  'max-size': {
    field: 'maxBytes',
    async set(store, value) {
      await run(store, 'setMaxBytes', value === null ? {} : { maxBytes: sizeOf(value) });
    },
  },
  lenses: {
    field: 'lenses',
    async set(store, value) {
      const result = await run(store, 'setLenses', value === null ? {} : { lenses: hostPath(value) });
      if ((result as PlainMap).isLater !== true) return;
      await printLine(
        'the store is mounted: the lenses change when all its mounts were unmounted and it is mounted again',
      );
    },
  },
};

function sizeOf(value: string): number {
  try {
    return bytes(value);
  } catch (error) {
    throw new FxError('INVALID', `"${value}" is no size. ${(error as Error).message}, or "${NONE}"`);
  }
}

export function addSettings(program: Command): void {
  program
    .command('settings')
    .summary('show or set the settings of a store')
    .description(
      'Without a value, prints them. max-size: the most that the store may take on its disk. lenses: a module of ' +
        'JavaScript that exports lenses of your own; it must be yours or root’s, and not writable by others.',
    )
    .argument('<store>', 'directory of the store, or a mountpoint of it')
    .argument('[key]', Object.keys(SETTINGS).join(' or '))
    .argument('[value]', `the new value, or "${NONE}"`)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        'fxmount settings store',
        'fxmount settings store max-size 10G',
        'fxmount settings store lenses ~/lenses/dimensions.mjs',
        'fxmount settings store lenses none',
      ),
    )
    .action(async (store: string, key: string | undefined, value: string | undefined, { json }: { json?: boolean }) => {
      if (key !== undefined && !Object.hasOwn(SETTINGS, key)) {
        throw new FxError('INVALID', `there is no setting "${key}"; there are ${Object.keys(SETTINGS).join(', ')}`);
      }
      if (key !== undefined && value !== undefined) return SETTINGS[key]?.set(store, value === NONE ? null : value);
      const fields = (await run(store, 'settings', {})) as PlainMap;
      const shown = Object.entries(SETTINGS)
        .filter(([name]) => key === undefined || name === key)
        .map(([name, { field }]): [string, Plain] => [name, fields[field] ?? null]);
      if (json === true) return printJson(Object.fromEntries(shown));
      for (const [name, each] of shown) {
        const text = printable(String(each ?? NONE));
        await printLine(key === undefined ? `${`${name}:`.padEnd(10)} ${text}` : text);
      }
    });
}
