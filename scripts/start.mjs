/**
 * `npm start [-- DIRECTORY]`: installs and builds, makes a sample store, mounts it and says what to try.
 *
 * The store and the mountpoint are DIRECTORY/store and DIRECTORY/mnt; DIRECTORY is ~/fxmount-sample
 * unless given. A store that is there is kept, a mount that is there is used.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { unmount } from './leftovers.mjs';
import { checkPrerequisites } from './prerequisites.mjs';
import { writeSample } from './sample.mjs';
import { build, installDependencies, root, run } from './steps.mjs';

const MOUNT_TIMEOUT_MS = 30_000;

const directory = resolve(process.argv[2] ?? join(homedir(), 'fxmount-sample'));
const store = join(directory, 'store');
const mountpoint = join(directory, 'mnt');

function isMounted() {
  const escaped = mountpoint.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === escaped);
}

/** Whether the mount answers; one whose daemon is gone does not. */
function isAlive() {
  try {
    return existsSync(join(mountpoint, '.'));
  } catch {
    return false;
  }
}

function fxmount(...args) {
  return run(process.execPath, ['dist/src/cli.js', ...args], { timeoutMs: MOUNT_TIMEOUT_MS }).ok;
}

function mountSample() {
  if (isMounted()) {
    if (isAlive()) return true;
    unmount(mountpoint);
  }
  const fresh = !existsSync(store);
  mkdirSync(mountpoint, { recursive: true });
  if (!fxmount('mount', store, mountpoint)) return false;
  if (fresh) writeSample(mountpoint);
  return true;
}

function tellWhatToTry() {
  const here = relative(process.cwd(), root);
  const cli = `node ${join(here, 'dist/src/cli.js')}`;
  console.log(`
The sample store ${store}
is mounted at    ${mountpoint}

Try:
  ls -l ${mountpoint}
  cat ${mountpoint}/config/server.json
  vim ${mountpoint}/notes/today.txt
  make -C ${mountpoint}/src hello && ${mountpoint}/src/hello
  ${cli} --help

Unmount with:
  ${cli} umount ${mountpoint}`);
}

function main() {
  if (!checkPrerequisites()) {
    process.exitCode = 2;
    return;
  }
  if (installDependencies() && build() && mountSample()) tellWhatToTry();
  else process.exitCode = 1;
}

main();
