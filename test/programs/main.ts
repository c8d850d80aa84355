/**
 * Real programs on the host and on a mount, long form: prints each step with its times. Arguments: parts of names of
 * steps; all when none. Exit code 1 when a step failed.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MountedStore } from '../support/mount.ts';
import { obstacle, runStep } from './run.ts';
import { STEPS, type Step } from './steps.ts';

const LONG = 10;

const count = { passed: 0, failed: 0, skipped: 0 };

async function check(step: Step, index: number): Promise<void> {
  const why = obstacle(step);
  if (why !== undefined) {
    count.skipped++;
    console.log(`skipped: ${step.name}: ${why}`);
    return;
  }
  const mount = new MountedStore('programs');
  // Other users work in it, too.
  for (const path of [mount.directory, mount.scratch]) chmodSync(path, 0o755);
  const host = join(mount.directory, 'host');
  mkdirSync(host);
  try {
    await mount.mount('--allow-other', '--dev', '--suid');
    const name = `step-${index}`;
    const proof = await runStep(step, LONG, host, mount.scratch, `${name}-host`).catch((error: Error) => {
      throw new Error(`on the host: ${error.message}`);
    });
    const ran = await runStep(step, LONG, mount.path, mount.scratch, name);
    if (ran.output !== proof.output) {
      throw new Error(`printed on the host:\n${proof.output}\nprinted on the mount:\n${ran.output}`);
    }
    count.passed++;
    const ratio = (ran.seconds / proof.seconds).toFixed(2);
    console.log(
      `ok: ${step.name}: host ${proof.seconds.toFixed(1)} s, mount ${ran.seconds.toFixed(1)} s, ${ratio} times`,
    );
  } catch (error) {
    count.failed++;
    console.log(`FAILED: ${step.name}: ${(error as Error).message}`);
    if (mount.log !== '') console.log(`The daemon said:\n${mount.log.slice(-4000)}`);
  } finally {
    await mount.dispose();
  }
}

const wanted = process.argv.slice(2);
for (const [index, step] of STEPS.entries()) {
  if (wanted.length === 0 || wanted.some((part) => step.name.includes(part))) await check(step, index);
}
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed > 0 ? 1 : 0;
