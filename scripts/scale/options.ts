/**
 * The command line of the scale test.
 */
import { parseArgs } from 'node:util';

export const PARTS = ['tree', 'import', 'directory'] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  parts: Part[];
  /** Nodes of the tree. */
  nodes: number;
  /** How many of them are made through the store, and not straight in its index. */
  made: number;
  /** Files to import. */
  imported: number;
  /** Entries of the one directory. */
  entries: number;
  /** Where the stores and mountpoints go; they are removed at the end. */
  directory: string;
  /** Where the files to import are made. */
  source: string;
}

const HELP = `npm run test:scale -- [options]

Builds stores of many nodes, mounts them, and prints what opening, finding, looking up, removing and importing cost.
The bars: opening under 1 s, memory after opening under 300 MB and after "find" under 1 GB, no pause over 50 ms.

  --parts a,b         of ${PARTS.join(', ')} (default: all)
  --nodes N           nodes of the tree (default 10000000, about 5 GB of disk)
  --made N            how many of them are made through the store; the others straight in its index (default 1000000)
  --import N          files to import (default 1000000)
  --entries N         entries of one directory (default 1000000)
  --directory DIR     where stores go (default: a temporary directory)
  --source DIR        where the files to import are made (default: /dev/shm)
  --help`;

function whole(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`"${text}" is no whole number from 1`);
  return value;
}

/** The options, or undefined after printing the help. Throws on an unknown option or value. */
export function parseOptions(argv: readonly string[], temporary: string): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      parts: { type: 'string' },
      nodes: { type: 'string' },
      made: { type: 'string' },
      import: { type: 'string' },
      entries: { type: 'string' },
      directory: { type: 'string', default: temporary },
      source: { type: 'string', default: '/dev/shm' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return undefined;
  }
  const parts = values.parts?.split(',') ?? [...PARTS];
  for (const part of parts)
    if (!PARTS.includes(part as Part)) throw new Error(`"${part}" is none of ${PARTS.join(', ')}`);
  return {
    parts: parts as Part[],
    nodes: whole(values.nodes, 10_000_000),
    made: whole(values.made, 1_000_000),
    imported: whole(values.import, 1_000_000),
    entries: whole(values.entries, 1_000_000),
    directory: values.directory,
    source: values.source,
  };
}
