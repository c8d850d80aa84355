/**
 * The benchmark's command line.
 */
import { parseArgs } from 'node:util';

export const TARGETS = ['host', 'fxmount', 'fuse-native'] as const;
export type TargetName = (typeof TARGETS)[number];
export const MODES = ['free', 'pinned'] as const;
export type Mode = (typeof MODES)[number];

export interface Options {
  targets: TargetName[];
  modes: Mode[];
  repeats: number;
  /** Files of the micro operations. */
  files: number;
  /** Files of the tree. */
  treeFiles: number;
  /** Length of the streams. */
  streamBytes: number;
  /** Only workloads whose name contains one of these; empty: all. */
  only: string[];
  /** Where the JSON goes, "-" for standard output instead of the table. */
  json: string | undefined;
  dropCaches: boolean;
  /** Also install packages. */
  npm: boolean;
  /** Extra arguments of `fxmount mount`. */
  mountArguments: string[];
}

const HELP = `npm run bench -- [options]

Measures operations on files on a host directory, on fxmount and on a small in-memory filesystem over
fuse-native 2.2.6, in one run, and prints a Markdown table with ratios. Needs an otherwise idle machine.

  --quick            small counts, one repeat, without fuse-native: shows that everything works
  --targets a,b      of ${TARGETS.join(', ')} (default: all)
  --modes a,b        of free (the scheduler places the processes) and pinned (all on CPU 0) (default: both)
  --repeats N        the median of N is shown (default 3)
  --stream-mib N     length of the sequential streams (default 256)
  --only a,b         only workloads whose name contains one of the words
  --json FILE        also write the results as JSON; "-" prints the JSON instead of the table
  --npm              also npm ci of this project's packages, from npm's cache: takes minutes
  --drop-caches      root only: drop the kernel's caches before the first stat and the first reads
  --mount-args "..." extra arguments of fxmount mount
  --help`;

function choose<T extends string>(text: string | undefined, known: readonly T[]): T[] {
  if (text === undefined) return [...known];
  return text.split(',').map((word) => {
    const found = known.find((name) => name === word);
    if (found === undefined) throw new Error(`"${word}" is none of ${known.join(', ')}`);
    return found;
  });
}

/** Whether a workload, or any whose name begins so, is to be measured. */
export function isWanted(workload: string, options: Options): boolean {
  return options.only.length === 0 || options.only.some((word) => workload.includes(word) || word.startsWith(workload));
}

/** The options, or undefined after printing the help. Throws on an unknown option or value. */
export function parseOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      targets: { type: 'string' },
      modes: { type: 'string' },
      repeats: { type: 'string' },
      only: { type: 'string' },
      'stream-mib': { type: 'string' },
      json: { type: 'string' },
      npm: { type: 'boolean', default: false },
      'drop-caches': { type: 'boolean', default: false },
      'mount-args': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return undefined;
  }
  const { quick } = values;
  const repeats = Number(values.repeats ?? (quick ? 1 : 3));
  if (!Number.isInteger(repeats) || repeats < 1) throw new Error('--repeats must be a whole number from 1');
  const streamMib = Number(values['stream-mib'] ?? (quick ? 16 : 256));
  if (!Number.isInteger(streamMib) || streamMib < 1) throw new Error('--stream-mib must be a whole number from 1');
  const dropCaches = values['drop-caches'];
  if (dropCaches && process.getuid?.() !== 0) throw new Error('--drop-caches needs root');
  return {
    targets: choose(values.targets ?? (quick ? 'host,fxmount' : undefined), TARGETS),
    modes: choose(values.modes, MODES),
    repeats,
    files: quick ? 500 : 10_000,
    treeFiles: quick ? 300 : 5000,
    streamBytes: streamMib * 2 ** 20,
    only: values.only?.split(',') ?? [],
    json: values.json,
    dropCaches,
    npm: values.npm,
    mountArguments: values['mount-args']?.split(' ').filter((word) => word !== '') ?? [],
  };
}
