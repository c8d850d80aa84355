/**
 * Golden scripts: commands and what they print, in one file.
 *
 *     # a comment
 *     $ fxmount ls store          a line of bash, run in the script's own directory
 *     config/                     its output, standard error with "! " before each line
 *     [3]                         its exit code, when that is not 0
 *
 * What differs from run to run is replaced: the directory by DIR, times by TIME, NodeIDs by ID, store ids by
 * STOREID, process ids by PID, users and groups by OWNER, the version by VERSION. FXMOUNT_GOLDEN=rewrite writes the output into the files instead of comparing it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, temporaryDirectory, testEnvironment } from './mount.ts';

/** The command line under test: the build, unless FXMOUNT_CLI names another. */
export const CLI = process.env.FXMOUNT_CLI ?? join(root, 'dist/src/cli.js');

const COMMAND_TIMEOUT_MS = 30_000;

const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z/g, 'TIME'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME'],
  [/\b1[1-9A-HJ-NP-Za-km-z]{21}\b/g, 'ID'],
  [/\b([ug]id)([=": ]+)\d+/g, '$1$2OWNER'],
  [/^(\d{4}) \d+:\d+ +/, '$1 OWNER '],
  [/\b[0-9a-f]{32}\b/g, 'STOREID'],
  [/\b(pid|process) \d+/g, '$1 PID'],
  [/("since":)\d+/g, '$1TIME'],
  [/("daemon":|daemon: +)\d+/g, '$1PID'],
  [/\b(version|fxmount) ?("?:? *"?)\d+\.\d+\.\d+/g, '$1$2VERSION'],
];

export interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Makes the programs `fxmount` and `fx` in `directory`. */
export function installPrograms(directory: string): void {
  mkdirSync(directory);
  for (const name of ['fxmount', 'fx']) {
    writeFileSync(join(directory, name), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`, { mode: 0o755 });
  }
}

/** Runs a line of bash in `directory` with the programs in `programs` on its PATH. FX_CLI is the script. */
export function runLine(line: string, directory: string, programs: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', line], {
      cwd: directory,
      env: { ...testEnvironment, PATH: `${programs}:${process.env.PATH ?? ''}`, FX_CLI: CLI },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...output, code }));
  });
}

/** Runs the script in a fresh directory. Returns the script as it stands and as it should stand. */
export async function runGolden(path: string): Promise<{ expected: string; actual: string }> {
  const expected = readFileSync(path, 'utf8');
  const directory = temporaryDirectory('golden');
  mkdirSync(join(directory, 'd'));
  const work = join(directory, 'd');
  installPrograms(join(directory, 'bin'));
  try {
    const lines: string[] = [];
    for (const line of expected.split('\n')) {
      if (line.startsWith('$ ')) lines.push(line, ...(await outputOf(line.slice(2), work)));
      else if (line === '' || line.startsWith('#')) lines.push(line);
    }
    const actual = lines.join('\n');
    if (process.env.FXMOUNT_GOLDEN === 'rewrite') writeFileSync(path, actual);
    return { expected: process.env.FXMOUNT_GOLDEN === 'rewrite' ? actual : expected, actual };
  } finally {
    cleanUp(directory);
  }
}

/** Ends the daemons of stores below `directory`, detaches mounts there, and removes it. */
export function cleanUp(directory: string): void {
  const below = `${directory}/`;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const command = attempt(() => readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0')) ?? [];
    if (command.includes('daemon') && command.some((word) => word.startsWith(below))) {
      attempt(() => process.kill(Number(entry), 'SIGKILL'));
    }
  }
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n').reverse()) {
    const mountpoint = (line.split(' ')[4] ?? '').replaceAll('\\040', ' ');
    if (mountpoint.startsWith(below)) spawnSync('umount', ['-l', mountpoint], { stdio: 'ignore' });
  }
  rmSync(directory, { recursive: true, force: true });
}

function attempt<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch {
    return undefined;
  }
}

async function outputOf(line: string, directory: string): Promise<string[]> {
  const { stdout, stderr, code } = await runLine(line, directory, join(directory, '../bin'));
  const lines = [...linesOf(stdout), ...linesOf(stderr).map((text) => `! ${text}`)];
  if (code !== 0) lines.push(`[${code}]`);
  // A line that is empty, or that looks like a command or comment, would be read as such.
  return lines.map((text) => mask(text, directory)).map((text) => (/^($|[$#])/.test(text) ? `|${text}` : text));
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function mask(text: string, directory: string): string {
  let masked = text.replaceAll(directory, 'DIR');
  for (const [pattern, replacement] of REPLACED) masked = masked.replace(pattern, replacement);
  return masked;
}
