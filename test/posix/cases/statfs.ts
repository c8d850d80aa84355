/** statvfs(3) and pathconf(3). */
import type { Suite } from '../run.ts';

export const suite: Suite = {
  about: 'statfs',
  cases: {
    async 'tells sizes that can be true'(d) {
      const values = await d.do('statvfs', '.');
      const [blockBytes, fragmentBytes, blocks, free, available, files, freeFiles, , nameMax] = values.map(Number) as [
        ...[number, number, number, number, number, number, number, number, number],
      ];
      d.is(blockBytes > 0 && fragmentBytes > 0, true, 'blocks have a size');
      d.is(blocks > 0, true, 'there are blocks');
      d.is(free > 0 && free <= blocks, true, 'some of them are free');
      d.is(available <= free, true, 'no more are available than are free');
      d.is(files > 0 && freeFiles > 0 && freeFiles <= files, true, 'there is room for files');
      d.is(nameMax, 255, 'names have up to 255 bytes');
    },
    async 'is the same for every object, by path and by descriptor'(d) {
      const all = async (path: string): Promise<number[]> => (await d.do('statvfs', path)).map(Number);
      const [, fragmentBytes, blocks] = await all('.');
      await d.file('f');
      await d.dir('x');
      for (const path of ['f', 'x']) {
        const [, bytes, count] = await all(path);
        d.is([bytes, count], [fragmentBytes, blocks], `the same for ${path}`);
        const fd = await d.do('open', path, 'O_RDONLY');
        const [, openBytes, openCount] = (await d.do('fstatvfs', fd)).map(Number);
        d.is([openBytes, openCount], [fragmentBytes, blocks], `the same for a descriptor of ${path}`);
      }
      await d.fails('ENOENT', 'statvfs', 'missing');
      await d.fails('ENOTDIR', 'statvfs', 'f/x');
    },
    async 'limits of names, paths and links'(d) {
      await d.gives(255, 'pathconf', '.', '_PC_NAME_MAX');
      await d.gives(4096, 'pathconf', '.', '_PC_PATH_MAX');
      await d.gives(1, 'pathconf', '.', '_PC_NO_TRUNC');
      await d.gives(1, 'pathconf', '.', '_PC_CHOWN_RESTRICTED');
    },
  },
};
