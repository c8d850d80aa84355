/** stat(2), lstat(2), fstat(2). */
import type { Suite } from '../run.ts';
import { type PathCall, pathCases, permissionCases } from './common.ts';

const stat: PathCall = { call: (path) => ['stat', path], follows: true };
const lstat: PathCall = { call: (path) => ['lstat', path] };

export const suite: Suite = {
  about: 'stat',
  cases: {
    ...pathCases('stat', stat),
    ...pathCases('lstat', lstat),
    async 'tells the kind, and one device for all'(d) {
      const { dev } = await d.do('lstat', '.');
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        await d.stat(kind, { kind, dev });
        const { ino } = await d.do('lstat', kind);
        d.is(ino > 0n, true, `the inode number of the ${kind} is above 0`);
        await d.stat(kind, { ino });
      }
    },
    async 'by a descriptor, by a name and by another name tell the same'(d) {
      await d.file('f', { content: 'text' });
      await d.do('link', 'f', 'g');
      const fd = await d.do('open', 'g', 'O_RDONLY');
      const { ino, mode, size, mtime, ctime, nlink } = await d.do('lstat', 'f');
      await d.stat('g', { ino, mode, size, mtime, ctime, nlink });
      await d.fstat(fd, { ino, mode, size, mtime, ctime, nlink });
    },
    async '"." and ".." are the directories themselves'(d) {
      await d.dir('x');
      const here = await d.do('lstat', '.');
      const there = await d.do('lstat', 'x');
      await d.stat('x/..', { ino: here.ino });
      await d.stat('x/.', { ino: there.ino });
      await d.stat('x/../x', { ino: there.ino });
      await d.stat('x/', { ino: there.ino, kind: 'directory' });
    },
    async 'size and blocks follow the content'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.fstat(fd, { size: 0, blocks: 0 });
      await d.do('fill', fd, 0, 100_000, 1);
      await d.do('fsync', fd);
      const { size, blocks, blockBytes } = await d.do('fstat', fd);
      d.is(size, 100_000, 'size is what was written');
      d.is(blocks * 512 >= 100_000, true, 'blocks hold it');
      d.is(blocks * 512 <= 200_000, true, 'and not much more');
      d.is(blockBytes >= 512, true, 'a block is not tiny');
      await d.do('ftruncate', fd, 0);
      await d.fstat(fd, { size: 0, blocks: 0 });
    },
    async 'an object of the same name that is new is another'(d) {
      await d.file('f');
      const before = await d.do('lstat', 'f');
      const fd = await d.do('open', 'f', 'O_RDONLY');
      await d.do('unlink', 'f');
      await d.file('f');
      const { ino } = await d.do('lstat', 'f');
      d.is(ino !== before.ino, true, 'the inode number is another while the old one is open');
      await d.fstat(fd, { ino: before.ino, nlink: 0 });
    },
    async 'a link at the end with a slash is followed'(d) {
      await d.dir('x');
      await d.do('symlink', 'x', 'link');
      await d.stat('link', { kind: 'symlink' });
      await d.stat('link/', { kind: 'directory' });
      await d.file('f');
      await d.do('symlink', 'f', 'to-f');
      await d.fails('ENOTDIR', 'lstat', 'to-f/');
      await d.fails('ENOTDIR', 'stat', 'f/');
    },
  },
  withUsers: {
    ...permissionCases('stat', stat),
    ...permissionCases('lstat', lstat),
  },
};
