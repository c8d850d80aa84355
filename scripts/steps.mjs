/**
 * The steps that `npm start` and `npm test` share: run a command, install the dependencies, build.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

const OUTPUT_BYTES_MAX = 256 << 20;

/**
 * Runs a command in the repository and waits for it. Quiet: its output is shown only when it fails.
 * Returns { ok, stdout, stderr, seconds }.
 */
export function run(command, args, { quiet = true, env = {}, timeoutMs } = {}) {
  const startMs = Date.now();
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    maxBuffer: OUTPUT_BYTES_MAX,
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const ok = result.status === 0;
  const seconds = (Date.now() - startMs) / 1000;
  if (quiet && !ok) {
    process.stderr.write(result.stdout ?? '');
    process.stderr.write(result.stderr ?? '');
  }
  if (!ok) {
    const why = result.error?.message ?? (result.signal ? `ended by ${result.signal}` : `exit code ${result.status}`);
    console.error(`${[command, ...args].join(' ')} failed: ${why}`);
  }
  return { ok, stdout: result.stdout ?? '', stderr: result.stderr ?? '', seconds };
}

/** Whether node_modules holds what package-lock.json asks for, judged by their times. */
function installed() {
  const marker = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(marker)) return false;
  return statSync(marker).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

/** Installs the dependencies when they are missing or older than the lock file. */
export function installDependencies() {
  if (installed()) return true;
  console.log('Installing dependencies ...');
  return run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']).ok;
}

/** Builds the addon and the TypeScript. */
export function build() {
  console.log('Building ...');
  return (
    run(process.execPath, ['scripts/build-native.mjs']).ok &&
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']).ok
  );
}
