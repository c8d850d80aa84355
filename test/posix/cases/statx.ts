/** statx(2): birth times, and what else it tells. */
import type { Suite } from '../run.ts';

const BTIME = 0x800n;

export const suite: Suite = {
  about: 'statx',
  cases: {
    async 'every kind has a birth time, which is when it was made'(d) {
      for (const kind of d.kinds) {
        const [before = 0n] = await d.do('now', 1);
        await d.make(kind, kind);
        const [after = 0n] = await d.do('now');
        const [mask = 0n, btime = 0n] = await d.do('statx', kind, 'AT_SYMLINK_NOFOLLOW', 'STATX_ALL');
        d.is((mask & BTIME) !== 0n, true, `the ${kind} has a birth time`);
        d.is(btime >= before && btime <= after, true, `the birth time of the ${kind} is between before and after`);
      }
    },
    async 'the birth time never changes'(d) {
      await d.file('f', { content: 'text' });
      const [, btime] = await d.do('statx', 'f', 0, 'STATX_ALL');
      const same = async (what: string): Promise<void> => {
        const [, now] = await d.do('statx', 'f', 0, 'STATX_ALL');
        d.is(now, btime, `the birth time is as before after ${what}`);
      };
      await d.do('tick');
      await d.do('chmod', 'f', 0o600);
      await same('chmod');
      await d.do('truncate', 'f', 1);
      await same('truncate');
      await d.do('utimensat', 'f', 1, 0, 1, 0, 0);
      await same('utimensat');
      await d.do('link', 'f', 'g');
      await same('link');
      await d.do('rename', 'f', 'h');
      await d.do('rename', 'g', 'f');
      await same('rename');
    },
    async 'tells the same as stat'(d) {
      await d.file('f', { content: 'text', mode: 0o640 });
      const { mtime } = await d.do('lstat', 'f');
      const [, , , , mode, size, time] = await d.do('statx', 'f', 0, 'STATX_BASIC_STATS');
      d.is([mode, size, time], [0o100640n, 4n, mtime], 'mode, size and mtime');
      await d.fails('ENOENT', 'statx', 'missing', 0, 'STATX_ALL');
      await d.fails('EINVAL', 'statx', 'f', 1, 'STATX_ALL');
    },
  },
};
