/** open(2) with O_TMPFILE. */
import { ALICE, BOB } from '../directory.ts';
import type { Suite } from '../run.ts';

export const suite: Suite = {
  about: 'O_TMPFILE',
  cases: {
    async 'makes a file without a name'(d) {
      await d.dir('x');
      const fd = await d.ok('open', 'x', 'O_TMPFILE|O_RDWR', 0o640);
      await d.fstat(fd, { kind: 'file', mode: 0o640, nlink: 0, size: 0 });
      await d.names('x', []);
      await d.gives(4, 'write', fd, 'text');
      await d.gives('text', 'pread', fd, 10, 0);
      await d.ok('fchmod', fd, 0o600);
      await d.ok('fsync', fd);
      await d.ok('ftruncate', fd, 2);
      await d.fstat(fd, { size: 2, mode: 0o600, nlink: 0 });
      await d.ok('close', fd);
      await d.ok('rmdir', 'x');
    },
    async 'gets a name by link, once and more often'(d) {
      const fd = await d.do('open', '.', 'O_TMPFILE|O_RDWR', 0o644);
      await d.do('write', fd, 'text');
      await d.ok('linkat', `/proc/self/fd/${fd}`, 'f', 'AT_SYMLINK_FOLLOW');
      await d.stat('f', { nlink: 1, size: 4, mode: 0o644 });
      await d.content('f', 'text');
      await d.ok('link', 'f', 'g');
      await d.fstat(fd, { nlink: 2 });
      const { ino } = await d.do('fstat', fd);
      await d.stat('g', { ino });
      await d.fails('EEXIST', 'linkat', `/proc/self/fd/${fd}`, 'f', 'AT_SYMLINK_FOLLOW');
      await d.do('unlink', 'f');
      await d.do('unlink', 'g');
      await d.fstat(fd, { nlink: 0 });
    },
    async 'O_EXCL keeps it from ever getting a name'(d) {
      const fd = await d.ok('open', '.', 'O_TMPFILE|O_RDWR|O_EXCL', 0o644);
      await d.fails('ENOENT', 'linkat', `/proc/self/fd/${fd}`, 'f', 'AT_SYMLINK_FOLLOW');
      await d.names('.', []);
    },
    async 'applies the umask'(d) {
      await d.do('umask', 0o027);
      const fd = await d.ok('open', '.', 'O_TMPFILE|O_RDWR', 0o666);
      await d.fstat(fd, { mode: 0o640 });
    },
    async 'the times of the directory stay until it gets a name'(d) {
      await d.dir('x');
      const fd = await d.changes({ x: '' }, undefined, 'open', 'x', 'O_TMPFILE|O_RDWR', 0o644);
      await d.changes({ x: 'mc' }, undefined, 'linkat', `/proc/self/fd/${fd}`, 'x/f', 'AT_SYMLINK_FOLLOW');
    },
    async 'needs a directory, and to be opened for writing'(d) {
      await d.file('f');
      await d.fails('ENOTDIR', 'open', 'f', 'O_TMPFILE|O_RDWR', 0o644);
      await d.fails('ENOENT', 'open', 'missing', 'O_TMPFILE|O_RDWR', 0o644);
      await d.fails('EINVAL', 'open', '.', 'O_TMPFILE|O_RDONLY', 0o644);
      await d.ok('open', '.', 'O_TMPFILE|O_WRONLY', 0o644);
    },
    async 'several of them are several files'(d) {
      const fds: number[] = [];
      for (let i = 0; i < 5; i++) fds.push(await d.do('open', '.', 'O_TMPFILE|O_RDWR', 0o644));
      for (const [i, fd] of fds.entries()) await d.do('write', fd, `${i}`);
      for (const [i, fd] of fds.entries()) {
        await d.gives(`${i}`, 'pread', fd, 10, 0);
        await d.ok('linkat', `/proc/self/fd/${fd}`, `f${i}`, 'AT_SYMLINK_FOLLOW');
      }
      for (const i of fds.keys()) await d.content(`f${i}`, `${i}`);
    },
  },
  withUsers: {
    async 'needs permission to write in the directory'(d) {
      await d.dir('x', { owner: ALICE, mode: 0o755 });
      await d.as(BOB).fails('EACCES', 'open', 'x', 'O_TMPFILE|O_RDWR', 0o644);
      const fd = await d.as(ALICE).ok('open', 'x', 'O_TMPFILE|O_RDWR', 0o600);
      await d.fstat(fd, { uid: ALICE[0] as number, gid: ALICE[1] as number, mode: 0o600 });
    },
    async 'in a set-group-id directory it is of the directory’s group'(d) {
      await d.dir('x', { owner: ALICE });
      await d.do('chmod', 'x', 0o2777);
      const fd = await d.as(BOB).ok('open', 'x', 'O_TMPFILE|O_RDWR', 0o644);
      await d.fstat(fd, { uid: BOB[0] as number, gid: ALICE[1] as number });
    },
  },
};
