/**
 * The benchmark: see `--help` in options.ts. Prepares what all work on, starts every target of a
 * mode, measures them in turns (each repeat in another order), and cleans up whatever happens.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mode, type Options, parseOptions } from './options.ts';
import { type Prepared, prepare } from './prepare.ts';
import { markdown, Results } from './report.ts';
import { startTarget, type Target } from './targets.ts';
import { runRound } from './workloads.ts';

const RUN_ID = process.env.FXMOUNT_TEST_RUN ?? String(process.pid);
/** Rounds of the micro operations before anything is measured: daemons run for days, compilers warm up in seconds. */
const WARM_UP_ROUNDS = 2;

async function runMode(directory: string, mode: Mode, options: Options, prepared: Prepared, results: Results) {
  const targets: Target[] = [];
  try {
    for (const name of options.targets) targets.push(await startTarget(name, directory, mode, options));
    const warmUp = { ...options, only: ['create'], dropCaches: false };
    for (const target of targets) {
      for (let i = 0; i < WARM_UP_ROUNDS; i++) {
        await runRound({ target, mode, options: warmUp, prepared, name: `warm-up${i}`, record: () => {} });
      }
    }
    for (let repeat = 0; repeat < options.repeats; repeat++) {
      const order = targets.map((_, i) => targets[(i + repeat) % targets.length] as Target);
      for (const target of order) {
        process.stderr.write(`${mode}, repeat ${repeat + 1} of ${options.repeats}: ${target.name}\n`);
        const record = (workload: string, value: number) => results.record(workload, mode, target.name, value);
        await runRound({ target, mode, options, prepared, name: `round${repeat}`, record });
      }
    }
  } finally {
    for (const target of targets) await target.stop();
  }
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) return;
  const directory = mkdtempSync(join(tmpdir(), `fxmount-test-${RUN_ID}-bench-`));
  try {
    const results = new Results();
    const prepared = prepare(directory, options);
    for (const mode of options.modes) await runMode(directory, mode, options, prepared, results);
    const report = results.report(options);
    const json = `${JSON.stringify(report, null, 2)}\n`;
    if (options.json === '-') process.stdout.write(json);
    else console.log(markdown(report, options));
    if (options.json !== undefined && options.json !== '-') writeFileSync(options.json, json);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

// A terminal's interrupt ends the caller that is being measured, which ends the run through `finally`.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
