import { execFile } from 'node:child_process';
import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { examine, type Finding } from '../../src/cli/doctor/checks.ts';
import type { Machine } from '../../src/cli/doctor/machine.ts';
import { root, temporaryDirectory } from '../support/mount.ts';

const FILES: Record<string, string> = {
  '/proc/sys/kernel/osrelease': '6.1.0\n',
  '/etc/os-release': 'ID=debian\n',
  '/etc/fuse.conf': '# mount_max = 1000\nuser_allow_other\n',
  '/proc/self/status': 'CapEff:\t000001ffffffffff\n',
  '/proc/self/limits': 'Max open files            1024                 1048576              files\n',
  '/proc/sys/fs/inotify/max_user_watches': '524288\n',
  '/proc/sys/fs/inotify/max_user_instances': '128\n',
};

/** A machine that has everything, but for what is given. */
function machine(changes: Partial<Machine> = {}, files: Record<string, string> = {}): Machine {
  return {
    platform: 'linux',
    nodeVersion: '20.19.0',
    uid: 1000,
    read: (path) => ({ ...FILES, ...files })[path],
    stat: (path) => (path === '/usr/bin/fusermount3' ? { mode: 0o104755, uid: 0 } : undefined),
    refusal: () => undefined,
    find: (program) => `/usr/bin/${program}`,
    addon: async () => undefined,
    packageAddon: () => undefined,
    trial: async () => ({ minor: 38, features: ['passthrough'] }),
    ...changes,
  };
}

async function finding(check: string, changes: Partial<Machine>, files: Record<string, string> = {}): Promise<Finding> {
  const found = (await examine(machine(changes, files))).filter((each) => each.status !== 'ok');
  return found.find((each) => each.check === check) ?? ({ found, check: 'none' } as unknown as Finding);
}

test.each([0, 1000])('user %i of a machine that has everything is told so', async (uid) => {
  const findings = await examine(machine({ uid }));
  expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(findings.every(({ remedy }) => remedy === undefined)).toBe(true);
});

test.each<[string, 'advice' | 'problem', RegExp, Partial<Machine>, Record<string, string>?]>([
  ['system', 'problem', /Linux 4\.20/, { platform: 'darwin' }],
  ['node', 'problem', /^nvm install 22$/, { nodeVersion: '20.18.3' }],
  ['addon', 'problem', /^npm run build:native$/, { addon: async () => 'wrong ELF class' }],
  ['lmdb', 'problem', /npm install/, { packageAddon: () => 'no prebuild' }],
  [
    'toolchain',
    'advice',
    /^sudo apt-get install -y make python3$/,
    { find: (name) => (/^(make|python3)$/.test(name) ? undefined : `/usr/bin/${name}`) },
  ],
  ['toolchain', 'problem', /g\+\+/, { find: () => undefined, addon: async () => 'not built' }],
  ['/dev/fuse', 'problem', /^sudo chmod 666 \/dev\/fuse$/, { refusal: () => 'EACCES' }],
  ['/dev/fuse', 'problem', /^sudo modprobe fuse$/, { refusal: () => 'ENOENT' }],
  ['/dev/fuse', 'problem', /--device \/dev\/fuse/, { refusal: () => 'ENOENT', stat: () => ({ mode: 0, uid: 0 }) }],
  [
    'fusermount3',
    'problem',
    /^sudo apt-get install -y fuse3$/,
    { find: (name) => (name === 'fusermount3' ? undefined : name) },
  ],
  ['fusermount3', 'problem', /chmod 4755 \/usr\/bin\/fusermount3/, { stat: () => ({ mode: 0o100755, uid: 0 }) }],
  [
    'right to mount',
    'problem',
    /cap-add SYS_ADMIN/,
    { uid: 0 },
    { '/proc/self/status': 'CapEff:\t00000000a80425fb\n' },
  ],
  [
    'mounts of ordinary users',
    'advice',
    /^apt-get install -y fuse3$/,
    { uid: 0, find: (name) => (name === 'fusermount3' ? undefined : name) },
  ],
  ['--allow-other', 'advice', /user_allow_other \| sudo tee -a/, {}, { '/etc/fuse.conf': '#user_allow_other\n' }],
  ['mounting', 'problem', /run fxmount doctor again/, { trial: () => Promise.reject(new Error('refused')) }],
  ['mounting', 'problem', /kernel from 4\.20/, { trial: async () => ({ minor: 27, features: [] }) }],
  ['open files', 'advice', /nofile/, {}, { '/proc/self/limits': 'Max open files 1024 1024 files\n' }],
  [
    'inotify max_user_watches',
    'advice',
    /^sudo sysctl -w fs\.inotify\.max_user_watches=\d+$/,
    {},
    { '/proc/sys/fs/inotify/max_user_watches': '8192\n' },
  ],
])(
  'a machine that lacks %s is told the command that mends it (%s, %s)',
  async (check, status, remedy, changes, files) => {
    const found = await finding(check, changes, files);
    expect(found).toMatchObject({ check, status });
    expect(found.remedy).toMatch(remedy);
  },
);

test.each([
  ['ID=fedora', 'sudo dnf install -y gcc-c++ make python3'],
  ['ID=endeavouros\nID_LIKE="arch"', 'sudo pacman -S --needed gcc make python'],
  ['ID=unheard-of', 'sudo apt-get install -y g++ make python3'],
])('packages are named as the distribution names them: %j', async (release, remedy) => {
  const found = await finding('toolchain', { find: () => undefined }, { '/etc/os-release': release });
  expect(found.remedy).toBe(remedy);
});

test('an installation without its addon still tells what it lacks, and ends with 13', async () => {
  const directory = temporaryDirectory('doctor');
  try {
    for (const name of ['package.json', 'dist']) cpSync(join(root, name), join(directory, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    const run = (...args: string[]) =>
      new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
        execFile(process.execPath, [join(directory, 'dist/src/cli.js'), ...args], (error, stdout, stderr) =>
          resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
        );
      });
    const { code, stdout } = await run('doctor', '--json');
    const findings = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Finding);
    expect(findings.find(({ check }) => check === 'addon')).toMatchObject({
      status: 'problem',
      remedy: 'npm run build:native',
    });
    expect(code).toBe(13);
    expect((await run('ls', directory)).stderr).toMatch(/fxmount doctor/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
