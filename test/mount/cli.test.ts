/**
 * The command line on real mounts: by example (golden/*.txt, rewritten with FXMOUNT_GOLDEN=rewrite), and what
 * needs signals, other users or a poorer system.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cleanUp, installPrograms, type Result, runGolden, runLine } from '../support/golden.ts';
import { canMount, hasCommand, onHost, temporaryDirectory } from '../support/mount.ts';

const scripts = new URL('golden/', import.meta.url);
const runs = canMount && !onHost;
const isRoot = process.getuid?.() === 0;

let directory = '';

beforeEach(() => {
  directory = temporaryDirectory('cli');
  mkdirSync(join(directory, 'm'));
  installPrograms(join(directory, 'bin'));
});

afterEach(() => cleanUp(directory));

function run(line: string): Promise<Result> {
  return runLine(line, directory, join(directory, 'bin'));
}

/** Runs a line that must succeed; resolves with its standard output. */
async function ok(line: string): Promise<string> {
  const { stdout, stderr, code } = await run(line);
  if (code !== 0) throw new Error(`exit code ${code}: ${line}\n${stdout}${stderr}`);
  return stdout;
}

/** Runs a line that must fail with one line of error and the code. */
async function refused(line: string, code: number, message: RegExp): Promise<void> {
  const result = await run(line);
  expect(result.stderr, line).toMatch(message);
  expect(result.stderr.trimEnd().split('\n'), line).toHaveLength(1);
  expect(result.code, line).toBe(code);
}

function isMounted(path = join(directory, 'm')): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${path} `);
}

/** Starts a mount in the foreground in the background of a shell, and waits for its ready line. */
const FOREGROUND =
  'fxmount mount -f store m > out & job=$!; while [ ! -s out ]; do sleep 0.05; done; pid=$(sed -n "s/.*(pid \\([0-9]*\\))/\\1/p" out)';

test.runIf(runs)('mounts.txt prints what it says', { timeout: 240_000 }, async () => {
  const { expected, actual } = await runGolden(new URL('mounts.txt', scripts).pathname);
  expect(actual).toBe(expected);
});

test.runIf(runs).each([
  ['TERM', 0],
  ['INT', 0],
  ['HUP', 0],
])('SIG%s unmounts in good order', async (signal, code) => {
  const out = await ok(`${FOREGROUND}; cat out; echo data > m/file; kill -${signal} $pid; wait $job; echo "code $?"`);
  expect(out).toMatch(new RegExp(`^mounted ${directory}/store at ${directory}/m \\(pid \\d+\\)\ncode ${code}\n$`));
  expect(isMounted()).toBe(false);
  expect(await ok('fxmount get store /file')).toBe('data\n');
  expect(existsSync(join(directory, 'store/daemon.sock'))).toBe(false);
});

test.runIf(runs)('SIGTERM unmounts a busy mount lazily, and what was written is kept', async () => {
  await ok(`${FOREGROUND}; exec 7> m/file; echo data >&7; kill -TERM $pid; wait $job; echo more >&7 || true`);
  expect(isMounted()).toBe(false);
  expect(await ok('fxmount get store /file')).toBe('data\n');
});

test.runIf(runs)('umount(8) and fusermount3 from outside end the daemon', async () => {
  const ends = 'for i in $(seq 200); do [ -e store/daemon.sock ] || exit 0; sleep 0.05; done; exit 1';
  await ok(`fxmount mount store m && echo 1 > m/a && umount m && ${ends}`);
  if (hasCommand('fusermount3')) await ok(`fxmount mount store m && echo 2 > m/b && fusermount3 -u m && ${ends}`);
  expect(await ok('fxmount ls store')).toBe(`a\n${hasCommand('fusermount3') ? 'b\n' : ''}`);
});

test.runIf(runs)('a daemon that was killed leaves nothing that the next command does not clean', async () => {
  await ok('fxmount mount store m && echo kept > m/file && kill -9 $(cat store/lock)');
  expect(isMounted()).toBe(true);
  expect(existsSync(join(directory, 'store/daemon.sock'))).toBe(true);
  expect(await ok('fxmount get store /file')).toBe('kept\n');
  await ok('fxmount mount store m');
  expect(await ok('cat m/file')).toBe('kept\n');
  await ok('kill -9 $(cat store/lock); fxmount umount m');
  expect(isMounted()).toBe(false);
});

test.runIf(runs)('two mounts of one store at once both succeed', async () => {
  await ok('mkdir m2; fxmount mount store m & job=$!; fxmount mount store m2; wait $job && echo x > m/x && cat m2/x');
  expect(await ok('fxmount status store | grep -c ^mount:')).toBe('2\n');
  await ok('fxmount umount m & job=$!; fxmount umount m2; wait $job');
  expect(isMounted()).toBe(false);
});

test.runIf(runs)('commands beside a store that opens and closes all succeed', async () => {
  await ok(
    'fxmount init store; for i in 1 2 3 4; do fxmount put store /$i $i & done; fxmount mount store m && fxmount put store /5 5 & wait',
  );
  expect((await ok('fxmount ls store | sort')).split('\n')).toEqual(['1', '2', '3', '4', '5', '']);
});

test.runIf(runs).each(['fsync', 'always', 'interval:50'])(
  'a store mounted with --sync %s keeps what was written',
  async (sync) => {
    await ok(
      `fxmount mount store m --sync ${sync} && cp -r /etc/fuse.conf m/a; mkdir m/d && echo x > m/d/x && sync m/d/x && fxmount umount m`,
    );
    expect(await ok('fxmount get store /d/x')).toBe('x\n');
  },
);

test.runIf(runs)('a second foreground mount joins the daemon and ends with its own mount', async () => {
  const out = await ok(
    `mkdir m2; fxmount mount store m; fxmount mount -f store m2 > out & job=$!; while [ ! -s out ]; do sleep 0.05; done; touch m2/x; ls m; fxmount umount m2; wait $job; echo "code $?"; fxmount umount m`,
  );
  expect(out).toBe('x\ncode 0\n');
});

test.runIf(runs)('a foreground mount that joined a daemon unmounts when it is interrupted', async () => {
  await ok(
    'mkdir m2; fxmount mount store m; fxmount mount -f store m2 > out & job=$!; while [ ! -s out ]; do sleep 0.05; done; kill -TERM $job; wait $job; fxmount umount m',
  );
  expect(isMounted(join(directory, 'm2'))).toBe(false);
});

test.runIf(runs)('an import through the daemon leaves its own mounts out, and does not wait for itself', async () => {
  await ok(
    'fxmount mount store m && echo x > m/x && mkdir src && echo y > src/y && fxmount import store src --at /in && cat m/in/y',
  );
  await refused('fxmount import store m --at /self', 2, /lies in the store or its mount/);
  await refused('fxmount export store m/x/y', 2, /lies in the store or its mount/);
  await ok('fxmount umount m');
});

// In a mount namespace of its own, with a /dev/fuse that everybody may open, as it is outside of containers.
const USER = 'setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all';
const USER_TOOLS = ['setpriv', 'unshare', 'fusermount3'];

function asUserOfFuse(script: string): string {
  const device = '[ -e fuse ] || mknod fuse c 10 229; chmod 666 fuse; mount --bind fuse /dev/fuse';
  return `chmod 777 .; mkdir -p mine && chown 65534 mine; exec unshare -m bash -c '${device}; ${script}'`;
}

test.runIf(runs && isRoot && USER_TOOLS.every(hasCommand))('an ordinary user mounts through fusermount3', async () => {
  const out = await ok(
    asUserOfFuse(
      `${USER} fx mount ustore mine && ${USER} bash -c "echo hi > mine/x && stat -c %u mine/x" && ${USER} fx get ustore /x && ` +
        `${USER} fx umount mine; ${USER} fx ls ustore`,
    ),
  );
  expect(out).toBe('65534\nhi\nx\n');
  await refused(asUserOfFuse(`${USER} fx mount ustore mine; fx get mine /x`), 5, /is a mount of user 65534/);
  await refused(asUserOfFuse(`${USER} fx mount ustore m`), 5, /mount on a directory that belongs to you/);
  await refused(asUserOfFuse(`${USER} fx mount ustore2 mine --allow-other`), 5, /user_allow_other/);
  await refused(asUserOfFuse(`fx init store; chmod 700 store; ${USER} fx ls store`), 5, /permission denied/);
  const without = `node=$(command -v node); PATH=/nonexistent; /usr/bin/${USER} $node $FX_CLI mount ustore3 mine`;
  await refused(asUserOfFuse(without), 10, /fusermount3 is not installed/);
});

test.runIf(runs && isRoot && hasCommand('unshare'))(
  'without /dev/fuse, or without the right to mount, the reason is told',
  async () => {
    const bare = 'mount -t tmpfs none /dev && mknod /dev/null c 1 3 && mknod /dev/urandom c 1 9 && mkdir /dev/shm';
    await refused(`unshare -m bash -c '${bare} && fx mount store m'`, 10, /there is no \/dev\/fuse/);
    if (hasCommand('setpriv')) {
      await refused('setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin fx mount store m', 5, /may not mount/);
    }
    expect(isMounted()).toBe(false);
  },
);

test.runIf(runs)('doctor mounts for a moment, names the features of the kernel, and leaves nothing', async () => {
  expect(await ok('mkdir tmp; TMPDIR=$PWD/tmp fxmount doctor --json | grep \'"mounting"\'')).toMatch(
    /"status":"ok","found":"works; FUSE 7\.\d+: .*do_readdirplus/,
  );
  expect(await ok('ls -A tmp; grep $PWD/tmp /proc/self/mountinfo || true')).toBe('');
});

test.runIf(runs)('a broken message closes one connection, and the daemon serves on', async () => {
  await ok('fxmount mount store m');
  const send = `require('net').connect('store/daemon.sock').on('close', () => process.exit()).on('data', () => {}).end('GET / HTTP/1.1\\r\\n\\r\\n')`;
  await ok(`node -e ${JSON.stringify(send)}`);
  await ok('fxmount ls store && touch m/x && fxmount umount m');
});

test.runIf(runs)('names of any bytes go through', async () => {
  writeFileSync(join(directory, 'src'), 'x');
  await ok("fxmount mount store m && cp src $'m/a b\\377\\n' && mkdir m/ü");
  expect(await ok('fxmount ls store')).toBe('a b\\xff\\x0a\nü/\n');
  const id = `$(fxmount stat --json store $'/a b\\377\\n' | sed 's/.*"id":"\\([^"]*\\).*/\\1/')`;
  expect(await ok(`fxmount get store n:${id}`)).toBe('x');
  await ok('fxmount umount m');
});
