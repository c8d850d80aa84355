/**
 * Runs a step of steps.ts in a directory.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { hasCommand, root, shell } from '../support/mount.ts';
import type { Step } from './steps.ts';

const TIMEOUT_MS = 10 * 60_000;

/** Why the step cannot run here, with the command that mends it; undefined when it can. */
export function obstacle(step: Step): string | undefined {
  if (step.asRoot === true && process.getuid?.() !== 0) return 'it needs root';
  const missing = step.needs.filter((name) => !(name.includes('*') ? hasPath(name) : hasCommand(name)));
  if (missing.length === 0) return undefined;
  return `it needs ${missing.join(', ')}: apt-get install -y ${step.packages}`;
}

function hasPath(pattern: string): boolean {
  return hasCommand(`$(ls -d ${pattern} 2> /dev/null | head -1)`);
}

export interface Ran {
  readonly output: string;
  readonly seconds: number;
}

/** Runs the script in a fresh directory below `directory`. Rejects with all output when it fails. */
export async function runStep(
  step: Step,
  size: number,
  directory: string,
  scratch: string,
  name: string,
): Promise<Ran> {
  const here = join(directory, name);
  const beside = join(scratch, name);
  await shell(`mkdir '${here}'`);
  mkdirSync(beside);
  const begun = performance.now();
  const env = { ROOT: root, SCRATCH: beside, HERE: here, SIZE: String(size) };
  const output = await shell(`cd "$HERE"\n${step.script}`, { cwd: '/', env, timeoutMs: TIMEOUT_MS });
  return { output, seconds: (performance.now() - begun) / 1000 };
}
