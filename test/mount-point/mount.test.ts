import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fusermountMount, mountOption } from '../../mount/fuse/fusermount.ts';
import { findMount, parseMountinfo } from '../../mount/fuse/mountinfo.ts';
import { checkMountpoint, resolveMountpoint } from '../../mount/fuse/mountpoint.ts';
import { probeMount } from '../../mount/fuse/probe.ts';
import { processesUsing } from '../../mount/fuse/processes.ts';
import { unmountFuse } from '../../mount/fuse/unmount.ts';
import { NOBODY, run, TrivialMount } from '../support/trivial-mount-process.ts';

const ENODEV = 19;
const isRoot = process.getuid?.() === 0;
const canMount = existsSync('/dev/fuse') && isRoot;
const hasFusermount = (await run('sh', ['-c', 'command -v fusermount3'])).status === 0;
/** Whether another user may read this checkout and run this node. */
const nobodyReads =
  isRoot &&
  (
    await run('setpriv', [
      `--reuid=${NOBODY}`,
      '--clear-groups',
      process.execPath,
      '-e',
      `require('fs').readdirSync('${process.cwd()}')`,
    ])
  ).status === 0;

let directory = '';
let mount: TrivialMount | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-test-mountpoint-'));
});
afterEach(() => {
  mount?.dispose();
  mount = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const inDirectory = (name: string) => join(directory, name);

describe('a mountpoint that cannot be used', () => {
  test('is missing', async () => {
    await expect(checkMountpoint(inDirectory('none'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `${inDirectory('none')}: there is no such directory; create it first: mkdir -p ${inDirectory('none')}`,
    });
  });

  test('is a file, or lies below one', async () => {
    writeFileSync(inDirectory('file'), '');
    await expect(checkMountpoint(inDirectory('file'))).rejects.toMatchObject({ code: 'NOT_DIRECTORY' });
    await expect(checkMountpoint(inDirectory('file/x'))).rejects.toMatchObject({ code: 'NOT_DIRECTORY' });
  });

  test('has entries', async () => {
    mkdirSync(inDirectory('full/entry'), { recursive: true });
    await expect(checkMountpoint(inDirectory('full'))).rejects.toMatchObject({
      code: 'NOT_EMPTY',
      message: expect.stringContaining('"entry"'),
    });
  });

  test('is the store, lies in it, or has the store inside, also through links', async () => {
    mkdirSync(inDirectory('store/inner'), { recursive: true });
    symlinkSync('store', inDirectory('link'));
    const cases = [
      ['store', 'store'],
      ['store/inner', 'store'],
      ['link/inner', 'store'],
      ['store/inner', 'link'],
      ['store', 'store/inner/new/store'],
    ] as const;
    for (const [mountpoint, store] of cases) {
      await expect(checkMountpoint(inDirectory(mountpoint), inDirectory(store))).rejects.toMatchObject({
        code: 'INVALID',
      });
    }
  });
});

test('a path is resolved through links', async () => {
  mkdirSync(inDirectory('a/b'), { recursive: true });
  symlinkSync('a', inDirectory('link'));
  symlinkSync('a/b', inDirectory('last'));
  expect(await resolveMountpoint(inDirectory('link/b'))).toBe(inDirectory('a/b'));
  expect(await resolveMountpoint(inDirectory('last/'))).toBe(inDirectory('a/b'));
});

test('without fusermount3 the message names its package', async () => {
  const { PATH } = process.env;
  try {
    process.env.PATH = inDirectory('nothing');
    await expect(fusermountMount(directory, ['ro'])).rejects.toMatchObject({
      code: 'MOUNT_FAILED',
      message: expect.stringContaining('apt-get install -y fuse3'),
    });
  } finally {
    process.env.PATH = PATH;
  }
});

test('values of options are escaped', () => {
  expect([mountOption('ro'), mountOption('fsname', 'a,b\\c=d')]).toEqual(['ro', 'fsname=a\\,b\\\\c=d']);
});

test('unmounting what is not mounted says so', async () => {
  await expect(unmountFuse(directory, false)).rejects.toThrow(/nothing|not found|not mounted/);
});

describe.skipIf(!canMount)('a mount', () => {
  test('shows its source, refuses a second one, and is unmounted by its own process', async () => {
    mount = await TrivialMount.start();
    expect(findMount(mount.mountpoint)).toMatchObject({ type: 'fuse.fxmount', source: mount.source, uid: 0 });
    await expect(checkMountpoint(mount.mountpoint)).rejects.toMatchObject({ code: 'BUSY' });
    mount.child.stdin?.write('unmount\n');
    expect(await mount.exited).toBe(0);
    expect(findMount(mount.mountpoint)).toBeUndefined();
    expect(await checkMountpoint(mount.mountpoint)).toBe(mount.mountpoint);
  });

  test('that died is found out and cleaned away', async () => {
    mount = await TrivialMount.start();
    expect(await probeMount(mount.mountpoint)).toBe('alive');
    mount.child.kill('SIGKILL');
    await mount.exited;
    expect(await probeMount(mount.mountpoint)).toBe('dead');
    expect(await checkMountpoint(mount.mountpoint)).toBe(mount.mountpoint);
    expect(findMount(mount.mountpoint)).toBeUndefined();
  });

  test('whose daemon is stuck is told apart in bounded time', async () => {
    mount = await TrivialMount.start();
    mount.child.kill('SIGSTOP');
    expect(await probeMount(mount.mountpoint, 300)).toBe('unresponsive');
    mount.child.kill('SIGCONT');
    expect(await probeMount(mount.mountpoint)).toBe('alive');
  });

  test('that is in use is busy, names who uses it, and goes lazily', async () => {
    mount = await TrivialMount.start();
    const user = spawn('sleep', ['60'], { cwd: mount.mountpoint, stdio: 'ignore' });
    try {
      await once(user, 'spawn');
      expect(await mount.ask('unmount')).toMatchObject({ error: expect.stringContaining('a process uses it') });
      const users = await processesUsing(mount.mountpoint);
      expect(users).toContainEqual({ pid: user.pid, name: 'sleep', how: 'working directory', path: mount.mountpoint });
      await unmountFuse(mount.mountpoint, true);
      expect(findMount(mount.mountpoint)).toBeUndefined();
    } finally {
      user.kill('SIGKILL');
    }
    expect(await mount.exited).toBe(0);
  });
});

describe.skipIf(!canMount || !hasFusermount || !nobodyReads)('a mount of an ordinary user', () => {
  test('is made and unmounted through fusermount3', async () => {
    mount = await TrivialMount.start(Buffer.from('mine\n'), NOBODY);
    const { mountpoint, child } = mount;
    const found = () => findMount(mountpoint, parseMountinfo(readFileSync(`/proc/${child.pid}/mountinfo`, 'latin1')));
    expect(found()).toMatchObject({ type: 'fuse.fxmount', source: mount.source, uid: NOBODY, readOnly: false });
    const asNobody = [
      '-t',
      String(child.pid),
      '-m',
      'setpriv',
      `--reuid=${NOBODY}`,
      `--regid=${NOBODY}`,
      '--clear-groups',
    ];
    expect(await run('nsenter', [...asNobody, 'cat', mount.path('file')])).toMatchObject({ out: 'mine\n', status: 0 });
    child.stdin?.write('unmount\n');
    const said = [await mount.next(), await mount.next()];
    expect(said).toContainEqual({ ended: ENODEV });
    expect(said).toContain('unmount');
    expect(await mount.exited).toBe(0);
  });
});
