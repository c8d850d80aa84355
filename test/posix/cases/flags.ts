/** Flags of files by ioctl(2), and RENAME_WHITEOUT. */
import type { Suite } from '../run.ts';

export const suite: Suite = {
  about: 'flags',
  cases: {
    async 'FS_IOC_GETFLAGS and FS_IOC_FSGETXATTR answer on files and directories'(d) {
      await d.file('f');
      await d.dir('x');
      for (const path of ['f', 'x']) {
        const fd = await d.do('open', path, 'O_RDONLY');
        await d.ok('getflags', fd);
        await d.ok('getfsxattr', fd);
      }
    },
  },
  withUsers: {
    async 'RENAME_WHITEOUT leaves a device 0, 0 in the old place'(d) {
      await d.file('f', { content: 'text' });
      await d.ok('renameat2', 'f', 'g', 'RENAME_WHITEOUT');
      await d.content('g', 'text');
      await d.stat('f', { kind: 'char', major: 0, minor: 0 });
      await d.file('h', { content: 'new' });
      await d.ok('renameat2', 'h', 'g', 'RENAME_WHITEOUT');
      await d.content('g', 'new');
      await d.stat('h', { kind: 'char', major: 0, minor: 0 });
      await d.fails('EINVAL', 'renameat2', 'g', 'h', 'RENAME_WHITEOUT|RENAME_EXCHANGE');
    },
  },
};
