/** truncate(2) and ftruncate(2). */
import { ALICE, BOB } from '../directory.ts';
import type { Suite } from '../run.ts';
import { type PathCall, pathCases, permissionCases } from './common.ts';

const truncate: PathCall = { call: (path) => ['truncate', path, 0], follows: true };
const TEXT = '0123456789';

export const suite: Suite = {
  about: 'truncate',
  cases: {
    ...pathCases('truncate', truncate),
    async 'cuts and extends'(d) {
      await d.file('f', { content: TEXT });
      const fd = await d.do('open', 'f', 'O_RDWR');
      for (const [bytes, content] of [
        [10, TEXT],
        [4, '0123'],
        [8, '0123\0\0\0\0'],
        [1, '0'],
        [3, '0\0\0'],
        [0, ''],
        [2, '\0\0'],
      ] as const) {
        await d.ok('truncate', 'f', bytes);
        await d.stat('f', { size: bytes });
        await d.content('f', content);
      }
      await d.do('pwrite', fd, TEXT, 0);
      for (const bytes of [5, 0, 7]) {
        await d.ok('ftruncate', fd, bytes);
        await d.fstat(fd, { size: bytes });
      }
      await d.gives('\0'.repeat(7), 'pread', fd, 10, 0);
    },
    async 'across pages: what was cut off comes back as zeros'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      for (const bytes of [4095, 4096, 4097, 8192, 65_536, 131_073]) {
        await d.do('fill', fd, 0, 200_000, 1);
        await d.ok('ftruncate', fd, bytes);
        await d.gives(-1, 'verify', fd, 0, bytes, 1);
        await d.gives('', 'pread', fd, 10, bytes);
        await d.ok('ftruncate', fd, 200_000);
        await d.gives(-1, 'verify', fd, 0, bytes, 1);
        await d.gives(-1, 'verifyZeros', fd, bytes, 200_000 - bytes);
      }
    },
    async 'an extended file has a hole'(d) {
      await d.file('f');
      for (const bytes of [1, 1_000_000, 2 ** 31, 2 ** 32 + 1, 2 ** 40]) {
        await d.ok('truncate', 'f', bytes);
        await d.stat('f', { size: bytes, blocks: 0 });
      }
      await d.ok('truncate', 'f', 100);
      await d.stat('f', { size: 100, blocks: 0 });
    },
    async 'changes mtime and ctime, also when the size is as before'(d) {
      await d.file('f', { content: TEXT });
      await d.changes({ f: 'mc', '.': '' }, undefined, 'truncate', 'f', 5);
      await d.changes({ f: 'mc' }, undefined, 'truncate', 'f', 5);
      const fd = await d.do('open', 'f', 'O_RDWR');
      await d.changes({ f: 'mc' }, undefined, 'ftruncate', fd, 9);
      await d.changes({ f: 'mc' }, undefined, 'ftruncate', fd, 9);
      await d.changes({ f: '' }, 'EINVAL', 'truncate', 'f', -1);
    },
    async 'refuses what is no file, and sizes that are none'(d) {
      for (const kind of d.kinds) {
        if (kind === 'char' || kind === 'block' || kind === 'symlink') continue;
        await d.make(kind, kind);
        if (kind === 'directory') await d.fails('EISDIR', 'truncate', kind, 0);
        else if (kind !== 'file') await d.fails('EINVAL', 'truncate', kind, 0);
      }
      await d.fails('EINVAL', 'truncate', 'file', -1);
      await d.fails('EINVAL', 'truncate', 'file', -9_000_000_000);
      const fd = await d.do('open', 'file', 'O_RDONLY');
      await d.fails('EINVAL', 'ftruncate', fd, 0);
      await d.fails('EBADF', 'ftruncate', 999, 0);
      await d.do('symlink', 'missing', 'dangling');
      await d.fails('ENOENT', 'truncate', 'dangling', 0);
      await d.do('symlink', 'file', 'link');
      await d.ok('truncate', 'link', 3);
      await d.stat('file', { size: 3 });
    },
    async 'the limit on sizes of the process holds'(d) {
      await d.file('f', { content: TEXT });
      const fd = await d.do('open', 'f', 'O_RDWR');
      await d.do('limitFileSize', 8192);
      await d.fails('EFBIG', 'truncate', 'f', 8193);
      await d.fails('EFBIG', 'ftruncate', fd, 10_000);
      await d.ok('truncate', 'f', 8192);
      await d.fails('EFBIG', 'pwrite', fd, 'x', 8192);
      await d.gives(2, 'pwrite', fd, 'xxx', 8190);
      await d.stat('f', { size: 8192 });
    },
    async 'an open file sees the new size at once'(d) {
      await d.file('f', { content: TEXT });
      const reader = await d.do('open', 'f', 'O_RDONLY');
      await d.gives(TEXT, 'pread', reader, 20, 0);
      await d.do('truncate', 'f', 4);
      await d.gives('0123', 'pread', reader, 20, 0);
      await d.gives('', 'pread', reader, 20, 4);
      await d.gives(4, 'lseek', reader, 0, 'SEEK_END');
    },
  },
  withUsers: {
    ...permissionCases('truncate', truncate),
    async 'needs permission to write, by path; a descriptor has it'(d) {
      await d.file('f', { owner: ALICE, mode: 0o644, content: TEXT });
      await d.as(BOB).changes({ f: '' }, 'EACCES', 'truncate', 'f', 0);
      await d.as(ALICE).ok('truncate', 'f', 5);
      const fd = await d.as(ALICE).do('open', 'f', 'O_RDWR');
      await d.do('chmod', 'f', 0o444);
      await d.as(ALICE).fails('EACCES', 'truncate', 'f', 0);
      await d.as(ALICE).ok('ftruncate', fd, 2);
      await d.stat('f', { size: 2 });
      await d.do('chmod', 'f', 0o242);
      await d.as(BOB).ok('truncate', 'f', 1);
    },
  },
};
