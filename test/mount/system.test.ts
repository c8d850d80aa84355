/**
 * mount(8) and /etc/fstab, in a mount namespace of its own where the helpers lie in /sbin.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cleanUp, installPrograms, type Result, runLine } from '../support/golden.ts';
import { canMount, hasCommand, onHost, temporaryDirectory } from '../support/mount.ts';

const runs = canMount && !onHost && process.getuid?.() === 0 && hasCommand('unshare');

let directory = '';

beforeEach(() => {
  directory = temporaryDirectory('system');
  mkdirSync(join(directory, 'm'));
  installPrograms(join(directory, 'bin'));
});

afterEach(() => cleanUp(directory));

/** Runs a script in a namespace where `fxmount install-system` has been done, `fstab` is /etc/fstab. */
function run(script: string, fstab = ''): Promise<Result> {
  writeFileSync(join(directory, 'fstab'), fstab);
  writeFileSync(
    join(directory, 'script'),
    `set -e; fx install-system --root r > out
    mount -t overlay none -o lowerdir=$PWD/r/sbin:/usr/sbin /usr/sbin
    mount -t overlay none -o lowerdir=$PWD/r/usr/local/bin:/usr/local/bin /usr/local/bin
    touch /etc/fstab; mount --bind fstab /etc/fstab
    flags() { awk -v m="$PWD/m" '$5 == m { sub(",(no|rel)atime", "", $6); print $6 }' /proc/self/mountinfo; }
    ${script}`,
  );
  return runLine('exec unshare -m bash script', directory, join(directory, 'bin'));
}

test.runIf(runs).each(['fxmount', 'fuse.fxmount'])('mount -t %s mounts, with the options of mount(8)', async (type) => {
  const { stdout, stderr, code } = await run(`
    mount -t ${type} $PWD/store $PWD/m; flags; echo data > m/x; umount m
    mount -t ${type} $PWD/store $PWD/m -o ro,noexec,nofail,x-systemd.automount,allow_suid; flags; cat m/x; umount m
    mount -t ${type} $PWD/store $PWD/m -o bogus || echo code $?`);
  expect(stderr).toMatch(/^mount\.fxmount: the mount option bogus is unknown; /);
  expect(stdout).toBe('rw,nosuid,nodev\nro,nodev,noexec\ndata\ncode 1\n');
  expect(code).toBe(0);
});

test.runIf(runs)('lines of /etc/fstab are mounted by their mountpoints', async () => {
  const { stdout, stderr } = await run(
    'mkdir m2; mount -a -t fxmount; flags; echo 1 > m/x; mount $PWD/m2; cat m2/x; ! touch m2/y 2> err; cat err; umount m m2',
    `${directory}/store ${directory}/m fxmount allow_other,nofail 0 0\n${directory}/store ${directory}/m2 fuse.fxmount ro,noauto 0 0\n`,
  );
  expect(stderr).toBe('');
  expect(stdout).toBe("rw,nosuid,nodev\n1\ntouch: cannot touch 'm2/y': Read-only file system\n");
});

test.runIf(runs && hasCommand('mount.fuse3'))('mount.fuse3 mounts where the helper is missing', async () => {
  const { stdout } = await run(`
    umount /usr/sbin; mount -t fuse.fxmount $PWD/store $PWD/m -o ro; flags; umount m
    mount -t fuse fxmount#$PWD/store $PWD/m; flags; umount m
    mount -t fuse.fxmount $PWD/store $PWD/m -o bogus 2> err || echo code $?; cat err`);
  expect(stdout).toMatch(/^ro,nosuid,nodev\nrw,nosuid,nodev\ncode 1\nmount\.fxmount: the mount option bogus/);
});

test.runIf(runs && hasCommand('systemd-notify'))('a service manager is told when the mount is ready', async () => {
  const listen = `import socket, os
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("notify"); s.settimeout(20); print("listening", flush=True)
print(s.recv(4096).decode())`;
  writeFileSync(join(directory, 'listen.py'), listen);
  const { stdout } = await runLine(
    'python3 listen.py > heard & listener=$!; until [ -s heard ]; do sleep 0.05; done; NOTIFY_SOCKET=$PWD/notify fxmount mount -f store m > out & job=$!; wait $listener; grep -c " $PWD/m " /proc/self/mountinfo; cat heard; kill $job; wait $job',
    directory,
    join(directory, 'bin'),
  );
  expect(stdout).toMatch(/^1\nlistening\n.*READY=1/s);
});
