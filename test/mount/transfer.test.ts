/** Import from the host and export to it: all that a tree of files has comes along both ways. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { graphToFxwal } from '../../src/fxd/fxwal-graph.ts';
import { sampleGraph } from '../../src/fxd/sample.ts';
import { canMount, hasCommand, type MountedStore, onHost, root, shell, withMount } from '../support/mount.ts';

const isRoot = process.getuid?.() === 0;
const HOST_TREE = join(root, 'test/support/host-tree.py');

function fxmount(words: string): Promise<string> {
  return shell(`'${process.execPath}' dist/src/cli.js ${words}`);
}

async function makeTree(path: string): Promise<void> {
  await shell(`python3 '${HOST_TREE}' make '${path}'`);
}

/** One line for each file, in the form that the script describes. */
async function listing(path: string): Promise<string[]> {
  return (await shell(`python3 '${HOST_TREE}' list '${path}'`)).trim().split('\n');
}

/** Compares contents with another tool; it cannot compare what is no file, directory or symlink. */
async function expectNoDifference(a: string, b: string): Promise<void> {
  const special = ["'a fifo'", "'fifo again'", "'a socket'", "'[ab] device'"].map((name) => `-x ${name}`).join(' ');
  expect(await shell(`diff -r --no-dereference ${special} '${a}' '${b}'`)).toBe('');
}

async function expectSame(path: string, source: string): Promise<void> {
  const expected = await listing(source);
  expect(expected.length).toBeGreaterThan(300);
  expect(await listing(path)).toEqual(expected);
  await expectNoDifference(source, path);
}

const REPORT = { files: 321, links: 7, symlinks: 3, specials: isRoot ? 4 : 2, skipped: 0 };

async function expectImport(store: string, source: string): Promise<void> {
  const report = JSON.parse(await fxmount(`import '${store}' '${source}' --at /in/here --json`));
  expect(report).toMatchObject({ ...REPORT, xattrsLeftOut: 0, notes: [] });
}

async function expectExport(store: string, target: string, source: string): Promise<void> {
  const report = JSON.parse(await fxmount(`export '${store}' '${target}' --at /in/here --json`));
  expect(report).toMatchObject({ ...REPORT, notes: [] });
  await expectSame(target, source);
}

describe.skipIf(!canMount || onHost || !hasCommand('python3'))('host trees', () => {
  test('a tree imported and exported by the daemon is the same on the mount, after a restart, and on the host', () =>
    withMount('transfer', async (mount) => {
      const source = join(mount.scratch, 'source');
      await makeTree(source);
      await expectImport(mount.store, source);
      await expectSame(join(mount.path, 'in/here'), source);
      await expectExport(mount.path, join(mount.scratch, 'out'), source);
      await mount.remount();
      await expectSame(join(mount.path, 'in/here'), source);
      await fxmount(`rm -r '${mount.store}' /in`);
      expect(await mount.sh('ls -A')).toBe('');
    }));

  test('a tree imported and exported without a daemon is the same on a mount and on the host', () =>
    withMount('transfer-alone', async (mount) => {
      const source = join(mount.scratch, 'source');
      await makeTree(source);
      await mount.unmount();
      await expectImport(mount.store, source);
      await mount.mount();
      await expectSame(join(mount.path, 'in/here'), source);
      await mount.unmount();
      await expectExport(mount.store, join(mount.scratch, 'out'), source);
    }));

  test('a tree replaced by another is that other one, with its attributes and no others', () =>
    withMount('transfer-replace', async (mount) => {
      const source = join(mount.scratch, 'source');
      await makeTree(source);
      await mount.sh(
        'mkdir -p in/plain/full/of; touch in/plain/full/of/entries; echo old > in/set-id; echo f > in/many',
      );
      if (hasCommand('setfattr')) await mount.sh('setfattr -n user.old -v old in/set-id');
      await fxmount(`import '${mount.store}' '${source}' --at /in --replace`);
      // The directory itself was there before and keeps its own.
      const below = (lines: string[]) => lines.slice(1);
      expect(below(await listing(join(mount.path, 'in')))).toEqual(below(await listing(source)));
    }));
});

const INTO_ITSELF = 'the source lies in the store or its mount';
const ONTO_ITSELF = 'the target lies in the store or its mount';

async function expectRefused(mount: MountedStore, path: string): Promise<void> {
  await expect(fxmount(`import '${mount.store}' '${path}' --at /again`)).rejects.toThrow(INTO_ITSELF);
  await expect(fxmount(`import '${mount.store}' '${path}/file' --at /again`)).rejects.toThrow(INTO_ITSELF);
  await expect(fxmount(`export '${mount.store}' '${path}/out' --at /d`)).rejects.toThrow(ONTO_ITSELF);
  await expect(fxmount(`export '${mount.store}' '${path}' --at /d --replace`)).rejects.toThrow(ONTO_ITSELF);
}

describe.skipIf(!canMount || onHost)('the mount of the daemon that imports or exports', () => {
  test('is refused as source and as target, by its path, a symlink and a bind mount', () =>
    withMount('transfer-itself', async (mount) => {
      await mount.sh('mkdir d; echo file | tee file d/file');
      await expectRefused(mount, mount.path);
      await expectRefused(mount, join(mount.path, 'd'));
      await shell(`ln -s '${mount.path}' '${mount.scratch}/symlink'`);
      await expectRefused(mount, join(mount.scratch, 'symlink'));
      if (isRoot) {
        const bind = join(mount.scratch, 'bind');
        await shell(`mkdir '${bind}'; mount --bind '${mount.path}/d' '${bind}'`);
        try {
          await expectRefused(mount, bind);
        } finally {
          await shell(`umount -l '${bind}'`);
        }
      }
      expect(await mount.sh('ls; ls d')).toBe('d\nfile\nfile\n');
    }));

  test('is left out, like the store, when the directory around it is imported or exported onto', () =>
    withMount('transfer-around', async (mount) => {
      await shell(`echo beside > '${mount.scratch}/beside'`);
      await mount.sh('mkdir -p out/mnt; echo f > out/mnt/f; echo g > out/g');
      const report = JSON.parse(await fxmount(`import '${mount.store}' '${mount.directory}' --at /in --json`));
      expect(report).toMatchObject({ files: 1, skipped: 2 });
      expect(await mount.sh('ls in; cat in/scratch/beside')).toBe('scratch\nbeside\n');
      const words = `export '${mount.store}' '${mount.directory}' --at /out --replace --json`;
      expect(JSON.parse(await fxmount(words))).toMatchObject({ files: 1, skipped: 1 });
      expect(await shell(`cat '${mount.directory}/g'`)).toBe('g\n');
      expect(await mount.sh('ls')).toBe('in\nout\n');
    }));

  test('may hold an FXD file that is imported', () =>
    withMount('transfer-fxd', async (mount) => {
      const file = join(mount.scratch, 'p.fxwal');
      writeFileSync(file, graphToFxwal(sampleGraph()));
      await mount.sh(`cp '${file}' p.fxwal`);
      const report = JSON.parse(await fxmount(`import '${mount.store}' '${mount.path}/p.fxwal' --at /fxd --json`));
      expect(report.files + report.directories).toBe(40);
      expect(await mount.sh('cat fxd/app/version')).toBe('1.2.0');
    }));
});
