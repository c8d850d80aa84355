/** link(2) and linkat(2). */
import { ALICE, BOB, CAROL } from '../directory.ts';
import type { Suite } from '../run.ts';
import { NAME_MAX, TOO_LONG } from './common.ts';

export const suite: Suite = {
  about: 'link',
  cases: {
    async 'the old path: missing, no directory, too long, in a circle'(d) {
      await d.file('file');
      await d.do('symlink', 'self', 'self');
      await d.fails('ENOENT', 'link', 'missing', 'x');
      await d.fails('ENOENT', 'link', 'missing/f', 'x');
      await d.fails('ENOENT', 'link', '', 'x');
      await d.fails('ENOTDIR', 'link', 'file/f', 'x');
      await d.fails('ENAMETOOLONG', 'link', TOO_LONG, 'x');
      await d.fails('ELOOP', 'link', 'self/f', 'x');
      await d.names('.', ['file', 'self']);
    },
    async 'the new path: missing, no directory, too long, in a circle'(d) {
      await d.file('file');
      await d.do('symlink', 'self', 'self');
      await d.fails('ENOENT', 'link', 'file', 'missing/x');
      await d.fails('ENOENT', 'link', 'file', '');
      await d.fails('ENOTDIR', 'link', 'file', 'file/x');
      await d.fails('ENAMETOOLONG', 'link', 'file', TOO_LONG);
      await d.fails('ELOOP', 'link', 'file', 'self/x');
      await d.ok('link', 'file', 'n'.repeat(NAME_MAX));
      await d.stat('file', { nlink: 2 });
    },
    async 'the new name is there already, of every kind'(d) {
      await d.file('f');
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        const { ino } = await d.do('lstat', kind);
        await d.fails('EEXIST', 'link', 'f', kind);
        await d.stat(kind, { kind, ino });
      }
      await d.fails('EEXIST', 'link', 'f', 'f');
      await d.fails('EEXIST', 'link', 'f', '.');
      await d.stat('f', { nlink: 1 });
    },
    async 'gives objects of every kind but directories another name'(d) {
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        if (kind === 'directory') {
          await d.fails('EPERM', 'link', kind, 'x');
          await d.fails('EPERM', 'link', '.', 'x');
          await d.absent('x');
          continue;
        }
        const { ino, mode, mtime } = await d.do('lstat', kind);
        await d.ok('link', kind, `${kind}2`);
        await d.stat(kind, { kind, nlink: 2 });
        await d.stat(`${kind}2`, { kind, ino, mode, mtime, nlink: 2 });
      }
    },
    async 'all names show one content, mode, size and count'(d) {
      await d.file('a', { content: 'one' });
      await d.dir('x');
      await d.ok('link', 'a', 'b');
      await d.ok('link', 'b', 'x/c');
      const fd = await d.do('open', 'x/c', 'O_WRONLY|O_APPEND');
      await d.do('write', fd, ' two');
      for (const name of ['a', 'b', 'x/c']) {
        await d.content(name, 'one two');
        await d.stat(name, { size: 7, nlink: 3 });
      }
      await d.do('chmod', 'b', 0o600);
      await d.stat('x/c', { mode: 0o600 });
      await d.do('truncate', 'a', 1);
      await d.stat('x/c', { size: 1 });
      await d.fstat(fd, { size: 1 });
    },
    async 'changes ctime of the object and the times of the new name’s directory'(d) {
      await d.file('f');
      await d.dir('x');
      await d.changes({ f: 'c', x: 'mc', '.': '' }, undefined, 'link', 'f', 'x/f');
      await d.changes({ f: '', x: '' }, 'EEXIST', 'link', 'f', 'x/f');
      await d.changes({ x: '' }, 'ENOENT', 'link', 'missing', 'x/g');
    },
    async 'does not follow a symbolic link, but with AT_SYMLINK_FOLLOW'(d) {
      await d.file('f');
      await d.do('symlink', 'f', 's');
      await d.do('symlink', 'nowhere', 'dangling');
      await d.ok('link', 's', 'a');
      await d.stat('a', { kind: 'symlink' });
      await d.ok('linkat', 's', 'b', 'AT_SYMLINK_FOLLOW');
      await d.stat('b', { kind: 'file', nlink: 2 });
      await d.ok('link', 'dangling', 'c');
      await d.fails('ENOENT', 'linkat', 'dangling', 'e', 'AT_SYMLINK_FOLLOW');
      await d.fails('EINVAL', 'linkat', 'f', 'g', 1);
    },
    async 'a file whose last name is gone gets none again'(d) {
      await d.file('f', { content: 'text' });
      const fd = await d.do('open', 'f', 'O_RDWR');
      await d.do('unlink', 'f');
      await d.fails('ENOENT', 'linkat', `/proc/self/fd/${fd}`, 'g', 'AT_SYMLINK_FOLLOW');
      await d.absent('g');
    },
    async 'many names of one file'(d) {
      await d.file('f');
      for (let i = 0; i < 200; i++) await d.do('link', 'f', `f${i}`);
      await d.stat('f', { nlink: 201 });
      for (let i = 0; i < 200; i += 2) await d.do('unlink', `f${i}`);
      await d.stat('f', { nlink: 101 });
      await d.stat('f199', { nlink: 101 });
    },
    async 'slashes at the end'(d) {
      await d.file('f');
      await d.fails('ENOTDIR', 'link', 'f/', 'x');
      await d.fails('ENOENT', 'link', 'f', 'x/');
      await d.dir('y');
      await d.ok('link', 'f', 'y/x');
    },
  },
  withUsers: {
    async 'the directories on the way must let the caller search'(d) {
      await d.dir('from', { owner: ALICE });
      await d.dir('to', { owner: ALICE });
      await d.file('from/f', { owner: ALICE });
      await d.do('chmod', 'from', 0o600);
      await d.as(ALICE).fails('EACCES', 'link', 'from/f', 'to/f');
      await d.do('chmod', 'from', 0o100);
      await d.do('chmod', 'to', 0o600);
      await d.as(ALICE).fails('EACCES', 'link', 'from/f', 'to/f');
      await d.do('chmod', 'to', 0o500);
      await d.as(ALICE).fails('EACCES', 'link', 'from/f', 'to/f');
      await d.do('chmod', 'to', 0o300);
      await d.as(ALICE).ok('link', 'from/f', 'to/f');
    },
    async 'writing where the name was is not needed'(d) {
      await d.dir('from', { mode: 0o555 });
      await d.dir('to', { mode: 0o777 });
      await d.file('from/f', { owner: BOB, mode: 0o666 });
      await d.as(BOB).ok('link', 'from/f', 'to/g');
      await d.stat('to/g', { nlink: 2, uid: BOB[0] as number });
      await d.as(CAROL).fails('EEXIST', 'link', 'from/f', 'to/g');
    },
  },
};
