/** fsync(2), fdatasync(2), sync_file_range(2), syncfs(2). */
import type { Suite } from '../run.ts';

export const suite: Suite = {
  about: 'fsync',
  cases: {
    async 'syncs files, however they were opened'(d) {
      await d.file('f');
      for (const flags of ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_RDWR|O_APPEND']) {
        const fd = await d.do('open', 'f', flags);
        await d.ok('fsync', fd);
        await d.ok('fdatasync', fd);
        if (flags !== 'O_RDONLY') await d.do('write', fd, 'x');
        await d.ok('fsync', fd);
        await d.ok('fdatasync', fd);
      }
      await d.content('f', 'xx');
    },
    async 'syncs directories'(d) {
      await d.dir('x');
      const fd = await d.do('open', 'x', 'O_RDONLY|O_DIRECTORY');
      await d.ok('fsync', fd);
      await d.file('x/f');
      await d.ok('fsync', fd);
      await d.ok('fdatasync', fd);
      await d.do('unlink', 'x/f');
      await d.do('rmdir', 'x');
      await d.ok('fsync', fd);
    },
    async 'syncs the whole filesystem'(d) {
      await d.file('f', { content: 'text' });
      const fd = await d.do('open', 'f', 'O_RDONLY');
      await d.ok('syncfs', fd);
      await d.content('f', 'text');
    },
    async 'syncs ranges, and what a map wrote'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.do('fill', fd, 0, 100_000, 1);
      await d.ok('syncFileRange', fd, 0, 50_000);
      const map = await d.do('mmap', fd, 0, 4096, 'PROT_READ|PROT_WRITE', 'MAP_SHARED');
      await d.do('mwrite', map, 0, 'mapped');
      await d.ok('fsync', fd);
      await d.gives('mapped', 'pread', fd, 6, 0);
    },
    async 'changes no times'(d) {
      await d.file('f', { content: 'text' });
      const fd = await d.do('open', 'f', 'O_RDWR');
      await d.do('pwrite', fd, 'T', 0);
      await d.changes({ f: '' }, undefined, 'fsync', fd);
      await d.changes({ f: '' }, undefined, 'fdatasync', fd);
    },
    async 'refuses what cannot be synced'(d) {
      await d.fails('EBADF', 'fsync', 999);
      await d.fails('EBADF', 'fdatasync', 999);
      await d.do('mkfifo', 'x', 0o600);
      const fd = await d.do('open', 'x', 'O_RDWR');
      await d.fails('EINVAL', 'fsync', fd);
      await d.file('f');
      const path = await d.do('open', 'f', 'O_PATH');
      await d.fails('EBADF', 'fsync', path);
    },
  },
};
