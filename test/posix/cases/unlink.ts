/** unlink(2), and files that are open while their last name goes. */
import type { Suite } from '../run.ts';
import { type PathCall, pathCases, permissionCases } from './common.ts';

const unlink: PathCall = { call: (path) => ['unlink', path], changesDirectory: true };

export const suite: Suite = {
  about: 'unlink',
  cases: {
    ...pathCases('unlink', unlink),
    async 'removes objects of every kind but directories'(d) {
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        if (kind === 'directory') {
          await d.fails('EISDIR', 'unlink', kind);
          await d.stat(kind, { kind });
          continue;
        }
        await d.ok('unlink', kind);
        await d.absent(kind);
        await d.fails('ENOENT', 'unlink', kind);
      }
    },
    async 'does not follow symbolic links'(d) {
      await d.file('f');
      await d.do('symlink', 'f', 'link');
      await d.ok('unlink', 'link');
      await d.stat('f', { kind: 'file', nlink: 1 });
      await d.dir('x');
      await d.do('symlink', 'x', 'to-x');
      await d.fails('ENOTDIR', 'unlink', 'to-x/');
      await d.ok('unlink', 'to-x');
      await d.stat('x', { kind: 'directory' });
    },
    async 'refuses a slash after a file, and dots'(d) {
      await d.file('f');
      await d.fails('ENOTDIR', 'unlink', 'f/');
      await d.fails('EISDIR', 'unlink', '.');
      await d.fails('EISDIR', 'unlink', '..');
      await d.stat('f', { kind: 'file' });
    },
    async 'removes one link and leaves the others'(d) {
      await d.file('a', { content: 'text' });
      await d.do('link', 'a', 'b');
      await d.do('link', 'a', 'c');
      await d.stat('a', { nlink: 3 });
      await d.changes({ b: 'c', c: 'c', '.': 'mc' }, undefined, 'unlink', 'a');
      await d.stat('b', { nlink: 2 });
      await d.stat('c', { nlink: 2 });
      await d.ok('unlink', 'b');
      await d.stat('c', { nlink: 1, size: 4 });
      await d.content('c', 'text');
    },
    async 'changes no times when it fails'(d) {
      await d.dir('place');
      await d.dir('place/x');
      await d.changes({ place: '', 'place/x': '' }, 'EISDIR', 'unlink', 'place/x');
      await d.changes({ place: '' }, 'ENOENT', 'unlink', 'place/missing');
    },
    async 'an open file lives on without a name'(d) {
      await d.file('f', { content: 'content' });
      const fd = await d.do('open', 'f', 'O_RDWR');
      await d.ok('unlink', 'f');
      await d.names('.', []);
      await d.fstat(fd, { kind: 'file', nlink: 0, size: 7 });
      await d.gives('content', 'pread', fd, 100, 0);
      await d.gives(3, 'pwrite', fd, 'new', 7);
      await d.gives('contentnew', 'pread', fd, 100, 0);
      await d.ok('ftruncate', fd, 3);
      await d.fstat(fd, { size: 3, nlink: 0 });
      await d.ok('fchmod', fd, 0o600);
      await d.fstat(fd, { mode: 0o600 });
      await d.ok('fsync', fd);
      await d.ok('futimens', fd, 1, 0, 2, 0);
      await d.fstat(fd, { atime: 1_000_000_000n, mtime: 2_000_000_000n });
      await d.ok('close', fd);
    },
    async 'an open file without a name is another than a new one of that name'(d) {
      await d.file('f', { content: 'old' });
      const old = await d.do('open', 'f', 'O_RDWR');
      await d.do('unlink', 'f');
      await d.file('f', { content: 'new' });
      await d.gives('old', 'pread', old, 10, 0);
      await d.content('f', 'new');
      const { ino } = await d.do('fstat', old);
      const { ino: other } = await d.do('lstat', 'f');
      d.is(ino !== other, true, 'the inode numbers differ');
      await d.do('pwrite', old, 'OLD', 0);
      await d.content('f', 'new');
    },
    async 'a directory with open files without names can be removed'(d) {
      await d.dir('x');
      for (let i = 0; i < 5; i++) {
        await d.file(`x/${i}`);
        await d.do('open', `x/${i}`, 'O_RDWR');
        await d.do('unlink', `x/${i}`);
      }
      await d.names('x', []);
      await d.ok('rmdir', 'x');
    },
    async 'a fifo and a socket that are open lose their name only'(d) {
      await d.do('mkfifo', 'fifo', 0o600);
      const fd = await d.do('open', 'fifo', 'O_RDWR|O_NONBLOCK');
      await d.ok('unlink', 'fifo');
      await d.gives(4, 'write', fd, 'text');
      await d.gives('text', 'read', fd, 10);
      await d.fstat(fd, { kind: 'fifo', nlink: 0 });
    },
  },
  withUsers: permissionCases('unlink', unlink),
};
