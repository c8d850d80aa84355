import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mountArguments } from '../../src/cli/mount-options.ts';
import { program } from '../../src/cli/program.ts';
import { installPrograms, runLine } from '../support/golden.ts';
import { hasCommand, temporaryDirectory } from '../support/mount.ts';

let directory = '';

beforeEach(() => {
  directory = temporaryDirectory('system');
  installPrograms(join(directory, 'bin'));
});

afterEach(() => rmSync(directory, { recursive: true }));

/** Runs a line of bash that must succeed and say nothing on stderr. */
async function ok(line: string): Promise<string> {
  const result = await runLine(line, directory, join(directory, 'bin'));
  expect(result, line).toMatchObject({ stderr: '', code: 0 });
  return result.stdout;
}

test.each(['bash', 'zsh', 'fish'])('%s finds no fault in its completion', async (shell) => {
  const script = await ok(`fxmount completion ${shell} | tee script`);
  for (const word of ['install-system', 'allow-other', 'blob']) expect(script).toContain(word);
  if (hasCommand(shell)) await ok(`${shell} -n script`);
});

/** What a real bash offers after `words`; the last is the one under the cursor. */
async function offered(...words: string[]): Promise<string[]> {
  const list = words.map((word) => `'${word}'`).join(' ');
  const out = await ok(
    `[ -e script ] || fxmount completion bash > script; source ./script; COMP_WORDS=(fxmount ${list}); COMP_CWORD=${words.length}; _fxmount; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
  return out.split('\n').filter((each) => each !== '');
}

test('a real bash completes commands, options, choices, host paths and paths of nodes', async () => {
  expect(await offered('')).toEqual(expect.arrayContaining(['mount', 'umount', 'doctor', 'help']));
  expect(await offered('um')).toEqual(['umount']);
  expect(await offered('mount', '--al')).toEqual(['--allow-other']);
  expect(await offered('put', 'store', '/a', 'x', '--type', 'j')).toEqual(['json']);
  expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  mkdirSync(join(directory, 'one two'));
  writeFileSync(join(directory, 'one file'), '');
  expect(await offered('ls', 'one')).toEqual(['one two']);
  expect(await offered('import', 'store', 'one')).toEqual(expect.arrayContaining(['one two', 'one file']));
  await ok('fxmount init store && fxmount put -p store /config/port 1 && fxmount put store /config/host x');
  expect(await offered('get', 'store', '/con')).toEqual(['/config/']);
  expect(await offered('get', 'store', '/config/')).toEqual(['/config/port', '/config/host']);
  expect(await offered('import', 'store', 'one', '--at', '/config/p')).toEqual(['/config/port']);
});

test.runIf(hasCommand('fish'))('a real fish completes commands, options and paths of nodes', async () => {
  const fish = (line: string) =>
    ok(`HOME=$PWD fish -N -c 'source (fxmount completion fish | psub); complete -C "${line}"'`);
  expect(await fish('fxmount um')).toMatch(/^umount\t/);
  expect(await fish('fxmount mount --al')).toMatch(/^--allow-other\t/);
  expect(await fish('fxmount put --type j')).toMatch(/^json/);
  await ok('fxmount init store && fxmount put -p store /config/port 1');
  expect(await fish('fxmount get store /config/')).toMatch(/^\/config\/port/);
});

test('the manual has every command, option and exit code, and is well-formed', async () => {
  const page = await ok('SOURCE_DATE_EPOCH=0 fxmount man | tee fxmount.1');
  expect(page).toMatch(/^\.TH FXMOUNT 1 1970-01-01 /);
  for (const command of program().commands.filter((each) => each.name() !== 'daemon')) {
    expect(page).toContain(`.SS fxmount ${command.name().replaceAll('-', '\\-')}`);
  }
  for (const word of ['\\fB\\-\\-allow\\-other\\fR', '.TP\n\\fB13\\fR', 'x\\-systemd.automount'])
    expect(page).toContain(word);
  if (hasCommand('mandoc')) expect(await ok('mandoc -T lint -W warning fxmount.1')).toBe('');
  if (hasCommand('man') && hasCommand('groff'))
    await ok('LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z fxmount.1 > /dev/null');
});

test('install-system writes its files again, leaves others alone, and removes its own only', async () => {
  const paths = (await ok('fxmount install-system --root r'))
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[1] as string);
  expect(paths).toHaveLength(8);
  expect(statSync(join(directory, 'r/sbin/mount.fuse.fxmount')).mode & 0o777).toBe(0o755);
  expect(await ok('r/usr/local/bin/fxmount --version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  await ok('fxmount install-system --root r');
  // What a package manager put there does the same.
  await ok(
    'rm r/usr/local/bin/fxmount && ln -s elsewhere r/usr/local/bin/fxmount && fxmount install-system --root r | grep -vc bin/fxmount',
  );
  writeFileSync(join(directory, 'r/sbin/mount.fxmount'), 'of somebody else');
  await ok('rm r/sbin/mount.fuse.fxmount');
  expect(await runLine('fxmount install-system --root r', directory, join(directory, 'bin'))).toMatchObject({
    code: 4,
  });
  expect(await ok('ls r/sbin')).toBe('mount.fxmount\n');
  expect((await ok('fxmount install-system --root r --remove')).trim().split('\n')).toHaveLength(5);
  expect(await ok('find r ! -type d | sort')).toBe('r/sbin/mount.fxmount\nr/usr/local/bin/fxmount\n');
});

test.runIf(hasCommand('systemd-analyze'))('systemd finds no fault in the unit', async () => {
  await ok('fxmount install-system --root r');
  const unit = readFileSync(join(directory, 'r/etc/systemd/system/fxmount@.service'), 'utf8');
  expect(unit).toContain('ExecStart=/usr/local/bin/fxmount mount -f $OPTIONS -- ');
  writeFileSync(join(directory, 'fxmount@.service'), unit.replace('/usr/local/bin/fxmount', '/bin/true'));
  await ok('systemd-analyze verify --man=no ./fxmount@.service');
});

const mount = program().commands.find((command) => command.name() === 'mount');

test.each([
  ['', ''],
  ['defaults,noauto,_netdev,nofail,user,x-systemd.automount,comment=a b,user=me', ''],
  ['ro,allow_other', '--read-only --allow-other'],
  ['ro,rw', ''],
  ['suid,dev,nodev', '--suid'],
  ['allow_suid,allow_dev', '--suid --dev'],
  ['noexec', '--no-exec'],
  ['sync', '--sync always'],
  ['relatime', '--atime relatime'],
  ['noatime,atime=strictatime', '--atime strictatime'],
  ['sync=interval:50,subtree=/a', '--sync interval:50 --subtree /a'],
  ['subtree=/a\\,b', '--subtree /a,b'],
  ['subtree="/a,b"', '--subtree /a,b'],
])('the mount options %j mean %j', (list, args) => {
  expect(mountArguments(mount as never, list, false).join(' ')).toBe(args);
});

test.each(['bogus', 'bogus=1', 'ro=1', 'sync=', 'subtree', 'foreground', 'help', 'remount'])(
  'the mount option %s is refused',
  (item) => {
    const run = () => mountArguments(mount as never, `ro,${item}`, false);
    if (item === 'sync=') expect(run()).toEqual(['--read-only', '--sync', '']);
    else expect(run).toThrow(item === 'remount' ? /unmount it, and mount/ : /is unknown/);
  },
);

test('mount -s leaves unknown options out', () => {
  expect(mountArguments(mount as never, 'bogus,ro', true)).toEqual(['--read-only']);
});
