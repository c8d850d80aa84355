/**
 * The POSIX suite everywhere: first on a host directory, which proves the cases, then on mounts with the kernel's
 * caches and without, as root beside other users, as root alone, and wholly as another user.
 *
 * Prints one line for each run and what failed in it; the last line counts assertions. Exits with 1 when one failed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hasCommand, MountedStore, root, temporaryDirectory, testEnvironment } from '../support/mount.ts';
import { NOBODY } from '../support/trivial-mount-process.ts';
import { compileCaller } from './caller.ts';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
const RUN_TIMEOUT_MS = 180_000;
/** ext4 and XFS, which do what POSIX says. */
const PROVING_FILESYSTEMS = [0xef53, 0x58465342];
/** Tells a run that was started for it to mount as the user it runs as, and nothing else. */
const OWN_MOUNT = '--own-mount';

const totals = { passed: 0, failed: 0 };
const asRoot = process.getuid?.() === 0;

/** Runs the suite in a directory and counts. */
async function suite(what: string, directory: string, caller: string, ...options: string[]): Promise<void> {
  const startMs = Date.now();
  const child = spawn(process.execPath, [MAIN, directory, '--caller', caller, ...options], {
    env: testEnvironment,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: RUN_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const tap = new Tap();
  for await (const line of createInterface({ input: child.stdout })) tap.take(line);
  const status = await ended;
  // A run that ends early has failed, whatever it has said before.
  if (tap.total === 0 || (status !== 0 && tap.failed === 0)) tap.failed++;
  totals.passed += tap.total - Math.min(tap.failed, tap.total);
  totals.failed += tap.failed;
  const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
  console.log(`${tap.failed === 0 ? 'ok' : 'FAILED'}: POSIX suite ${what}: ${tap.total} assertions (${seconds} s)`);
  for (const line of tap.failures) console.log(line);
}

/** Reads TAP: the counts of the last comment, and what belongs to each assertion that failed. */
class Tap {
  total = 0;
  failed = 0;
  readonly failures: string[] = [];
  #isInFailure = false;

  take(line: string): void {
    const counts = /^# \{ total: (\d+)(?:, pass: \d+)?(?:, fail: (\d+))?/.exec(line);
    if (counts !== null) {
      this.total = Number(counts[1]);
      this.failed = Number(counts[2] ?? 0);
    }
    if (/^ *(not )?ok \d/.test(line)) this.#isInFailure = line.trimStart().startsWith('not');
    if (this.#isInFailure || /^Bail out!/.test(line)) this.failures.push(line);
  }
}

/** A directory on a filesystem that proves cases. Undefined when there is none. */
function provingDirectory(): string | undefined {
  return [tmpdir(), '/var/tmp', root].find((path) => PROVING_FILESYSTEMS.includes(statfsSync(path).type));
}

async function onHost(caller: string): Promise<void> {
  const parent = provingDirectory();
  if (parent === undefined) {
    console.log('the POSIX suite is not run on the host: neither ext4 nor XFS is there to prove the cases');
    return;
  }
  const directory = mkdtempSync(join(parent, `fxmount-test-${testEnvironment.FXMOUNT_TEST_RUN}-posix-host-`));
  try {
    chmodSync(directory, 0o755);
    await suite('on the host', directory, caller);
    if (asRoot) await suite('on the host as another user', directory, caller, '--as', String(NOBODY));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface MountRun {
  readonly what: string;
  readonly options: readonly string[];
}

async function onMount(
  label: string,
  caller: string,
  mountOptions: string[],
  runs: readonly MountRun[],
): Promise<void> {
  const mount = new MountedStore(label);
  try {
    chmodSync(mount.directory, 0o755);
    await mount.mount(...mountOptions);
    for (const { what, options } of runs) await suite(what, mount.path, caller, ...options);
    if (totals.failed > 0 && mount.log !== '') console.log(mount.log);
  } finally {
    await mount.dispose();
  }
}

async function onMounts(caller: string): Promise<void> {
  if (!asRoot) {
    await onMount('posix', caller, [], [{ what: 'on a mount', options: [] }]);
    await onMount('posix', caller, ['--no-caching'], [{ what: 'on a mount without caches', options: [] }]);
    return;
  }
  const as = ['--as', String(NOBODY)];
  await onMount(
    'posix',
    caller,
    ['--allow-other'],
    [
      { what: 'on a mount', options: [] },
      { what: 'on a mount as another user', options: as },
    ],
  );
  await onMount(
    'posix',
    caller,
    ['--allow-other', '--no-caching'],
    [{ what: 'on a mount without caches', options: [] }],
  );
  await onMount('posix', caller, [], [{ what: 'on a mount of root alone', options: ['--alone'] }]);
  onMountOfUser(caller);
}

/**
 * Mounts as another user, by fusermount3: in a mount namespace where every user may open /dev/fuse, as udev sets it
 * up and minimal machines do not.
 */
function onMountOfUser(caller: string): void {
  const why = reasonAgainstUserMount();
  if (why !== undefined) {
    console.log(`the POSIX suite is not run on a mount of another user: ${why}`);
    return;
  }
  const directory = temporaryDirectory('posix-user');
  chmodSync(directory, 0o755);
  const script =
    'mknod -m 666 "$0/fuse" c 10 229 && mount --bind "$0/fuse" /dev/fuse && user=$1 && shift && ' +
    'exec setpriv --reuid="$user" --regid="$user" --clear-groups "$@"';
  const user = [String(NOBODY), process.execPath, fileURLToPath(import.meta.url), OWN_MOUNT, caller];
  const { status, stdout } = spawnSync('unshare', ['--mount', 'bash', '-c', script, directory, ...user], {
    env: testEnvironment,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    timeout: RUN_TIMEOUT_MS,
  });
  const lines = stdout.trimEnd().split('\n');
  const counts = /^(\d+) passed, (\d+) failed$/.exec(lines.pop() ?? '');
  console.log(lines.join('\n'));
  totals.passed += Number(counts?.[1] ?? 0);
  totals.failed += Number(counts?.[2] ?? (status === 0 ? 0 : 1));
  rmSync(directory, { recursive: true });
}

function reasonAgainstUserMount(): string | undefined {
  for (const name of ['fusermount3', 'unshare', 'setpriv']) if (!hasCommand(name)) return `there is no ${name}`;
  const canRead = ['--reuid', String(NOBODY), '--clear-groups', 'test', '-r', MAIN];
  const { status } = spawnSync('setpriv', canRead, { stdio: 'ignore' });
  return status === 0 ? undefined : `other users cannot read ${root}`;
}

async function main(): Promise<void> {
  if (process.argv[2] === OWN_MOUNT) {
    const what = 'on a mount of another user';
    await onMount('posix', process.argv[3] as string, [], [{ what, options: [] }]);
    return;
  }
  const scratch = temporaryDirectory('posix');
  chmodSync(scratch, 0o755);
  try {
    const caller = await compileCaller(scratch);
    await onHost(caller);
    await onMounts(caller);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

await main();
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 ? 1 : 0;
