/**
 * Looks names up on a mount, from outside.
 *
 *     node probe.js pause DIR              until SIGTERM: a name that does not exist, every 2 ms
 *     node probe.js lookup DIR FILES N     N files at random, of a tree of FILES files
 *
 * Prints one JSON object: how often, and the percentiles of how long the answers took, in microseconds.
 */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { filePath } from './build.ts';

const INTERVAL_MS = 2;

function summary(times: number[]): object {
  times.sort((a, b) => a - b);
  const at = (share: number): number => Math.round(1000 * (times[Math.floor((times.length - 1) * share)] ?? 0));
  return { count: times.length, p50Us: at(0.5), p99Us: at(0.99), p999Us: at(0.999), maxUs: at(1) };
}

function timeOf(path: string): number {
  const start = performance.now();
  lstatSync(path, { throwIfNoEntry: false });
  return performance.now() - start;
}

const [what, directory = '', files = '0', count = '0'] = process.argv.slice(2);
const times: number[] = [];
if (what === 'pause') {
  let going = true;
  process.on('SIGTERM', () => {
    going = false;
  });
  console.log('ready');
  for (let i = 0; going; i++) {
    times.push(timeOf(join(directory, `.absent-${process.pid}-${i}`)));
    await delay(INTERVAL_MS);
  }
} else {
  // A multiplicative generator: the same files in every run.
  let state = 12_345;
  for (let i = 0; i < Number(count); i++) {
    state = (state * 48_271) % 0x7fff_ffff;
    times.push(timeOf(join(directory, filePath(state % Number(files)))));
  }
}
console.log(JSON.stringify(summary(times)));
