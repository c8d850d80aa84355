/** rmdir(2). */
import type { Suite } from '../run.ts';
import { type PathCall, pathCases, permissionCases } from './common.ts';

const rmdir: PathCall = { call: (path) => ['rmdir', path], onDirectory: true, changesDirectory: true };

export const suite: Suite = {
  about: 'rmdir',
  cases: {
    ...pathCases('rmdir', rmdir),
    async 'removes an empty directory'(d) {
      await d.dir('x');
      await d.ok('rmdir', 'x');
      await d.absent('x');
      await d.fails('ENOENT', 'rmdir', 'x');
      await d.dir('y', { mode: 0 });
      await d.ok('rmdir', 'y');
      await d.dir('z');
      await d.ok('rmdir', 'z/');
    },
    async 'refuses a directory that holds anything'(d) {
      for (const kind of d.kinds) {
        await d.dir(`in-${kind}`);
        await d.make(kind, `in-${kind}/x`);
        await d.fails('ENOTEMPTY', 'rmdir', `in-${kind}`);
        await d.stat(`in-${kind}/x`, { kind });
        await d.remove(kind, `in-${kind}/x`);
        await d.ok('rmdir', `in-${kind}`);
      }
    },
    async 'refuses what is no directory'(d) {
      for (const kind of d.kinds) {
        if (kind === 'directory') continue;
        await d.make(kind, kind);
        await d.fails('ENOTDIR', 'rmdir', kind);
        await d.stat(kind, { kind });
      }
      await d.dir('x');
      await d.do('symlink', 'x', 'link');
      await d.fails('ENOTDIR', 'rmdir', 'link');
      await d.fails('ENOTDIR', 'rmdir', 'link/');
    },
    async 'refuses paths that end in dots'(d) {
      await d.dir('x');
      await d.fails('EINVAL', 'rmdir', '.');
      await d.fails('EINVAL', 'rmdir', 'x/.');
      await d.fails('ENOTEMPTY', 'rmdir', '..');
      await d.fails('ENOTEMPTY', 'rmdir', 'x/..');
    },
    async 'changes the times of the directory that held it, but not when it fails'(d) {
      await d.dir('place');
      await d.dir('place/x');
      await d.changes({ place: 'mc' }, undefined, 'rmdir', 'place/x');
      await d.dir('place/y');
      await d.file('place/y/f');
      await d.changes({ place: '', 'place/y': '' }, 'ENOTEMPTY', 'rmdir', 'place/y');
    },
    async 'takes the link from ".." away'(d) {
      await d.dir('place');
      for (const name of ['a', 'b', 'c']) await d.dir(`place/${name}`);
      await d.stat('place', { nlink: 5 });
      await d.do('rmdir', 'place/b');
      await d.stat('place', { nlink: 4 });
      await d.fails('ENOTEMPTY', 'rmdir', 'place');
    },
    async 'a directory that is open or current can be removed, and nothing can be made in it'(d) {
      await d.dir('x');
      const fd = await d.do('open', 'x', 'O_RDONLY|O_DIRECTORY');
      await d.ok('rmdir', 'x');
      await d.fstat(fd, { kind: 'directory', nlink: 0 });
      await d.fails('ENOENT', 'openat', fd, 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.fails('ENOENT', 'openat', fd, 'f', 'O_RDONLY');
      await d.do('mkdir', 'x', 0o755);
      await d.fails('ENOENT', 'openat', fd, 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.do('chdir', 'x');
      await d.ok('rmdir', '../x');
      await d.fails('ENOENT', 'mkdir', 'y', 0o755);
      await d.fails('ENOENT', 'getcwd');
    },
    async 'unlinkat with AT_REMOVEDIR does the same'(d) {
      await d.dir('x');
      await d.file('f');
      await d.fails('EISDIR', 'unlinkat', 'x', 0);
      await d.fails('ENOTDIR', 'unlinkat', 'f', 'AT_REMOVEDIR');
      await d.ok('unlinkat', 'x', 'AT_REMOVEDIR');
      await d.ok('unlinkat', 'f', 0);
      await d.fails('EINVAL', 'unlinkat', 'f', 1);
    },
  },
  withUsers: permissionCases('rmdir', rmdir),
};
