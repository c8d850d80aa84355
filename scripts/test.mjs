/**
 * `npm test`: installs, builds and runs everything. The last line says how many checks passed and failed.
 *
 * What counts: each tidy rule, the linter, the build with its type check, each test, each assertion of
 * the POSIX suite in each of its runs, each part of the short stress test, the short benchmark, and that
 * no mount or process is left behind. Exit code 0 when nothing failed, 1 when something did, 2 when a
 * prerequisite is missing.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLeftovers, RUN_VARIABLE, removeLeftovers, removeStaleLeftovers } from './leftovers.mjs';
import { checkPrerequisites } from './prerequisites.mjs';
import { build, installDependencies, root, run } from './steps.mjs';

const UNIT_TIMEOUT_MS = 15 * 60_000;
const POSIX_TIMEOUT_MS = 5 * 60_000;
const STRESS_TIMEOUT_MS = 5 * 60_000;
const BENCH_TIMEOUT_MS = 5 * 60_000;

const totals = { passed: 0, failed: 0, skipped: 0 };
const runId = String(process.pid);

function count(ok, what, seconds) {
  if (ok) totals.passed++;
  else totals.failed++;
  const time = seconds === undefined ? '' : ` (${seconds.toFixed(1)} s)`;
  console.log(`${ok ? 'ok' : 'FAILED'}: ${what}${time}`);
}

function finish(exitCode) {
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
  console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
  process.exitCode = exitCode ?? (totals.failed > 0 ? 1 : 0);
}

function tidy() {
  const result = run(process.execPath, ['dist/scripts/tidy/main.js']);
  const counts = /(\d+) rules kept, (\d+) broken/.exec(result.stdout);
  totals.passed += Number(counts?.[1] ?? 0);
  totals.failed += Number(counts?.[2] ?? 1);
  console.log(`${result.ok ? 'ok' : 'FAILED'}: tidy (${result.seconds.toFixed(1)} s)`);
}

/** Runs one vitest project and adds its counts; a file that could not be loaded counts as a failed test. */
function vitest(project) {
  const directory = mkdtempSync(join(tmpdir(), `fxmount-test-${runId}-report-`));
  const report = join(directory, 'report.json');
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...reporters];
  const { ok, seconds } = run(process.execPath, args, {
    quiet: false,
    env: { [RUN_VARIABLE]: runId },
    timeoutMs: UNIT_TIMEOUT_MS,
  });
  const results = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  rmSync(directory, { recursive: true });
  const unloaded = (results?.testResults ?? []).filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  ).length;
  const failed = (results?.numFailedTests ?? 0) + unloaded;
  totals.passed += results?.numPassedTests ?? 0;
  totals.failed += ok ? failed : Math.max(1, failed);
  totals.skipped += (results?.numPendingTests ?? 0) + (results?.numTodoTests ?? 0);
  console.log(`${ok ? 'ok' : 'FAILED'}: ${project} tests (${seconds.toFixed(1)} s)`);
}

/**
 * Runs a program that tells of its parts and ends with a line of counts: "<n> passed, <n> failed". Adds them. What
 * it says is shown either way.
 */
function counting(what, args, timeoutMs) {
  const { ok, stdout, seconds } = run(process.execPath, args, { env: { [RUN_VARIABLE]: runId }, timeoutMs });
  if (ok) process.stdout.write(stdout.replace(/[^\n]*\n$/, ''));
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(stdout);
  const failed = Number(counts?.[2] ?? 0);
  totals.passed += Number(counts?.[1] ?? 0);
  totals.failed += ok ? failed : Math.max(1, failed);
  console.log(`${ok ? 'ok' : 'FAILED'}: ${what} (${seconds.toFixed(1)} s)`);
}

function bench() {
  const { ok, seconds } = run(process.execPath, ['dist/scripts/bench/main.js', '--quick'], {
    quiet: false,
    env: { [RUN_VARIABLE]: runId },
    timeoutMs: BENCH_TIMEOUT_MS,
  });
  count(ok, 'short benchmark', seconds);
}

function leftovers() {
  const mine = (id) => id === runId;
  const left = findLeftovers(mine);
  for (const line of left) console.error(`left behind: ${line}`);
  removeLeftovers(mine);
  count(left.length === 0, 'nothing left behind');
}

function main() {
  if (!checkPrerequisites()) {
    totals.failed++;
    finish(2);
    return;
  }
  process.chdir(root);
  removeStaleLeftovers();
  if (!installDependencies()) count(false, 'npm ci');
  else if (!build()) count(false, 'build and types');
  else {
    count(true, 'build and types');
    tidy();
    const lint = run(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']);
    count(lint.ok, 'lint', lint.seconds);
    vitest('unit');
    vitest('mount');
    counting('POSIX suite', ['dist/test/posix/all.js'], POSIX_TIMEOUT_MS);
    counting('stress', ['dist/test/stress/main.js', '--short'], STRESS_TIMEOUT_MS);
    bench();
    leftovers();
  }
  finish();
}

main();
