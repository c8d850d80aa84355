/**
 * Mounts and processes that a test run left behind.
 *
 * Each run has an id, the process id of the one who started it, in FXMOUNT_TEST_RUN; every process
 * started by a test inherits it, and every temporary directory of a test is named
 * `fxmount-test-<id>-...` in the system's temporary directory. So what belongs to a run is known by its
 * environment or its path, and a mount or daemon of anybody else is never touched.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const RUN_VARIABLE = 'FXMOUNT_TEST_RUN';
const DIRECTORY = /^fxmount-test-(\d+)-/;

function readText(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function isAlive(id) {
  return existsSync(`/proc/${id}`);
}

/** [{ pid, id, command }] of the processes that carry a run id, other than this one and its runner. */
function runProcesses() {
  const found = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const entry = readText(`/proc/${pid}/environ`)
      .split('\0')
      .find((line) => line.startsWith(`${RUN_VARIABLE}=`));
    if (entry === undefined) continue;
    const command = readText(`/proc/${pid}/cmdline`).split('\0').join(' ').trim();
    found.push({ pid: Number(pid), id: entry.slice(RUN_VARIABLE.length + 1), command });
  }
  return found;
}

/** [{ path, id }] of the mounts in test directories, innermost first. */
function runMounts() {
  const prefix = `${tmpdir()}/`;
  return readText('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((path) => path.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((path) => path.startsWith(prefix))
    .map((path) => ({ path, id: DIRECTORY.exec(path.slice(prefix.length))?.[1] }))
    .filter(({ id }) => id !== undefined)
    .reverse();
}

const GRACE_MS = 5000;
const PAUSE_MS = 50;

/** What belongs to the runs that `matches(id)`, as one line each; processes get a few seconds to end. */
export function findLeftovers(matches) {
  const deadlineMs = Date.now() + GRACE_MS;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let found = listLeftovers(matches);
  while (found.length > 0 && Date.now() < deadlineMs) {
    Atomics.wait(pause, 0, 0, PAUSE_MS);
    found = listLeftovers(matches);
  }
  return found;
}

function listLeftovers(matches) {
  return [
    ...runProcesses()
      .filter(({ id }) => matches(id))
      .map(({ pid, command }) => `process ${pid}: ${command}`),
    ...runMounts()
      .filter(({ id }) => matches(id))
      .map(({ path }) => `mount ${path}`),
  ];
}

/** Ends the processes, mounts and directories of every run that `matches(id)`. */
export function removeLeftovers(matches) {
  for (const { path, id } of runMounts()) if (matches(id)) unmount(path);
  for (const { pid, id } of runProcesses()) {
    if (!matches(id)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  for (const { path, id } of runMounts()) if (matches(id)) unmount(path);
  for (const name of readdirSync(tmpdir())) {
    const id = DIRECTORY.exec(name)?.[1];
    if (id !== undefined && matches(id)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Detaches a mount whatever state its daemon is in. */
export function unmount(path) {
  const asRoot = process.getuid() === 0;
  spawnSync(asRoot ? 'umount' : 'fusermount3', asRoot ? ['-l', path] : ['-u', '-z', path], { stdio: 'ignore' });
}

/** Removes what finished runs left; a run whose starter still lives is let be. */
export function removeStaleLeftovers() {
  removeLeftovers((id) => !isAlive(id));
}
