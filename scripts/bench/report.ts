/**
 * Results of a run, as JSON and as Markdown.
 */
import { cpus, loadavg, release } from 'node:os';
import { isWanted, type Mode, type Options, type TargetName } from './options.ts';
import { type Unit, WORKLOADS } from './workloads.ts';

export interface Row {
  workload: string;
  mode: Mode;
  unit: Unit;
  /** Median by target, in `unit`. */
  medians: Partial<Record<TargetName, number>>;
  /** Every measured value by target, in the order measured. */
  values: Partial<Record<TargetName, number[]>>;
  /** How many times as fast fxmount is as the other: over 1 is faster. */
  ratios: Partial<Record<TargetName, number>>;
}

export interface Report {
  system: { kernel: string; node: string; cpus: number; cpu: string; loadBefore: number };
  options: Pick<Options, 'files' | 'treeFiles' | 'streamBytes' | 'repeats' | 'dropCaches'>;
  rows: Row[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function ratiosOf(unit: Unit, medians: Row['medians']): Row['ratios'] {
  const ratios: Row['ratios'] = {};
  const { fxmount } = medians;
  if (fxmount === undefined) return ratios;
  for (const name of ['host', 'fuse-native'] as const) {
    const other = medians[name];
    if (other !== undefined) ratios[name] = unit === 's' ? other / fxmount : fxmount / other;
  }
  return ratios;
}

/** Collects single measurements and turns them into rows. */
export class Results {
  readonly #values = new Map<string, number[]>();
  readonly #loadBefore = loadavg()[0] ?? 0;

  record(workload: string, mode: Mode, target: TargetName, value: number): void {
    const key = `${workload} ${mode} ${target}`;
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, [value]);
    else values.push(value);
  }

  report(options: Options): Report {
    const rows: Row[] = [];
    for (const mode of options.modes) {
      for (const { name: workload, unit } of WORKLOADS) {
        if (!isWanted(workload, options)) continue;
        const values: Row['values'] = {};
        const medians: Row['medians'] = {};
        for (const target of options.targets) {
          const measured = this.#values.get(`${workload} ${mode} ${target}`) ?? [];
          values[target] = measured;
          medians[target] = median(measured);
        }
        if (Object.values(values).every((measured) => measured.length === 0)) continue;
        rows.push({ workload, mode, unit, medians, values, ratios: ratiosOf(unit, medians) });
      }
    }
    const processors = cpus();
    const { files, treeFiles, streamBytes, repeats, dropCaches } = options;
    return {
      system: {
        kernel: release(),
        node: process.versions.node,
        cpus: processors.length,
        cpu: processors[0]?.model ?? 'unknown',
        loadBefore: this.#loadBefore,
      },
      options: { files, treeFiles, streamBytes, repeats, dropCaches },
      rows,
    };
  }
}

function shown(value: number | undefined, unit: Unit): string {
  if (value === undefined || Number.isNaN(value)) return '';
  if (unit === 's') return `${value.toPrecision(3)} s`;
  if (unit === 'B/s') return value >= 1e9 ? `${(value / 1e9).toFixed(1)} GB/s` : `${(value / 1e6).toFixed(0)} MB/s`;
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)}M/s` : `${(value / 1e3).toFixed(1)}k/s`;
}

function shownRatio(ratio: number | undefined): string {
  if (ratio === undefined || Number.isNaN(ratio)) return '';
  return ratio >= 10 ? ratio.toFixed(0) : ratio >= 1 ? ratio.toFixed(1) : ratio.toFixed(2);
}

function table(report: Report, mode: Mode, targets: readonly TargetName[]): string[] {
  const others = targets.includes('fxmount') ? targets.filter((name) => name !== 'fxmount') : [];
  const heads = ['operation', ...targets, ...others.map((name) => `fxmount : ${name}`)];
  const lines = [`| ${heads.join(' | ')} |`, `|${heads.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`];
  for (const row of report.rows.filter((candidate) => candidate.mode === mode)) {
    const label = WORKLOADS.find(({ name }) => name === row.workload)?.label ?? row.workload;
    const values = targets.map((name) => shown(row.medians[name], row.unit));
    const ratios = others.map((name) => shownRatio(row.ratios[name]));
    lines.push(`| ${[label, ...values, ...ratios].join(' | ')} |`);
  }
  return lines;
}

const MODE_TITLES: Readonly<Record<Mode, string>> = {
  free: 'Processes placed by the scheduler',
  pinned: 'Daemon and caller on one CPU',
};

/** One table for each mode, and what it was measured on. */
export function markdown(report: Report, options: Options): string {
  const { system } = report;
  const { files, treeFiles, streamBytes, repeats } = report.options;
  const lines = [
    `Linux ${system.kernel}, Node ${system.node}, ${system.cpus} CPUs (${system.cpu}), load ${system.loadBefore.toFixed(2)} at the start.`,
    `${files} files, a tree of ${treeFiles} files, streams of ${streamBytes / 2 ** 20} MiB; median of ${repeats}.`,
    'A ratio over 1 means that fxmount is faster.',
  ];
  for (const mode of options.modes)
    lines.push('', `**${MODE_TITLES[mode]}**`, '', ...table(report, mode, options.targets));
  return lines.join('\n');
}
