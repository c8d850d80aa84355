/** utimensat(2) and futimens(3). */
import { ALICE, BOB } from '../directory.ts';
import type { Suite } from '../run.ts';
import { type PathCall, pathCases, permissionCases } from './common.ts';

const set: PathCall = { call: (path) => ['utimensat', path, 1, 0, 2, 0, 0], follows: true, ownerOnly: true };
const SECOND = 1_000_000_000n;

export const suite: Suite = {
  about: 'utimensat',
  cases: {
    ...pathCases('utimensat', set),
    async 'sets both times of every kind, to the nanosecond'(d) {
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        await d.ok('utimensat', kind, 1_000_000_001, 123_456_789, 1_500_000_002, 987_654_321, 'AT_SYMLINK_NOFOLLOW');
        await d.stat(kind, {
          atime: 1_000_000_001n * SECOND + 123_456_789n,
          mtime: 1_500_000_002n * SECOND + 987_654_321n,
        });
      }
    },
    async 'sets times at and before 1970, and far away'(d) {
      await d.file('f');
      for (const sec of [0, -1, -86_400, -2_147_483_647, 2_147_483_647, 4_294_967_296, 9_000_000_000]) {
        await d.ok('utimensat', 'f', sec, 5, sec, 999_999_999, 0);
        await d.stat('f', { atime: BigInt(sec) * SECOND + 5n, mtime: BigInt(sec) * SECOND + 999_999_999n });
      }
    },
    async 'changes ctime'(d) {
      await d.file('f');
      await d.changes({ f: 'mc', '.': '' }, undefined, 'utimesNow', 'f');
      await d.do('utimensat', 'f', 5, 0, 5, 0, 0);
      await d.changes({ f: 'c', '.': '' }, undefined, 'utimensat', 'f', 9, 0, 5, 0, 0);
      const fd = await d.do('open', 'f', 'O_RDONLY');
      await d.changes({ f: 'c' }, undefined, 'futimens', fd, 7, 7, 5, 0);
      await d.stat('f', { atime: 7n * SECOND + 7n, mtime: 5n * SECOND });
    },
    async 'UTIME_OMIT leaves a time'(d) {
      await d.file('f');
      await d.do('utimensat', 'f', 100, 1, 200, 2, 0);
      await d.ok('utimensat', 'f', 0, 'UTIME_OMIT', 300, 3, 0);
      await d.stat('f', { atime: 100n * SECOND + 1n, mtime: 300n * SECOND + 3n });
      await d.ok('utimensat', 'f', 400, 4, 0, 'UTIME_OMIT', 0);
      await d.stat('f', { atime: 400n * SECOND + 4n, mtime: 300n * SECOND + 3n });
      await d.changes({ f: '' }, undefined, 'utimensat', 'f', 0, 'UTIME_OMIT', 0, 'UTIME_OMIT', 0);
      await d.stat('f', { atime: 400n * SECOND + 4n });
    },
    async 'UTIME_NOW takes the clock'(d) {
      await d.file('f');
      await d.do('utimensat', 'f', 1, 0, 2, 0, 0);
      const [before = 0n] = await d.do('now', 1);
      await d.ok('utimensat', 'f', 0, 'UTIME_NOW', 77, 0, 0);
      const one = await d.do('lstat', 'f');
      d.is(one.atime >= before, true, 'atime is now');
      d.is(one.mtime, 77n * SECOND, 'mtime is what was set');
      await d.ok('utimensat', 'f', 0, 'UTIME_OMIT', 0, 'UTIME_NOW', 0);
      const two = await d.do('lstat', 'f');
      d.is(two.mtime >= before, true, 'mtime is now');
      d.is(two.atime, one.atime, 'atime is as before');
      await d.ok('utimesNow', 'f');
      const three = await d.do('lstat', 'f');
      d.is(three.atime >= before && three.mtime >= before, true, 'both are now');
      d.is(three.atime, three.mtime, 'both are the same');
      const [after = 0n] = await d.do('now');
      d.is(three.mtime <= after && three.ctime <= after, true, 'and not in the future');
    },
    async 'refuses nanoseconds that are none'(d) {
      await d.file('f');
      await d.fails('EINVAL', 'utimensat', 'f', 1, 1_000_000_000, 1, 0, 0);
      await d.fails('EINVAL', 'utimensat', 'f', 1, 0, 1, -1, 0);
      await d.fails('EINVAL', 'utimensat', 'f', 1, 0, 1, 0, 1);
    },
    async 'follows a symbolic link unless told not to'(d) {
      await d.file('f');
      await d.do('symlink', 'f', 'link');
      await d.do('symlink', 'missing', 'dangling');
      await d.do('utimensat', 'f', 1, 0, 1, 0, 0);
      await d.ok('utimensat', 'link', 5, 0, 6, 0, 'AT_SYMLINK_NOFOLLOW');
      await d.stat('link', { mtime: 6n * SECOND });
      await d.stat('f', { atime: SECOND, mtime: SECOND });
      await d.ok('utimensat', 'link', 7, 0, 8, 0, 0);
      await d.stat('f', { atime: 7n * SECOND, mtime: 8n * SECOND });
      await d.stat('link', { mtime: 6n * SECOND });
      await d.fails('ENOENT', 'utimensat', 'dangling', 1, 0, 1, 0, 0);
      await d.ok('utimensat', 'dangling', 1, 0, 1, 0, 'AT_SYMLINK_NOFOLLOW');
    },
    async 'a time that was set stays until the content changes'(d) {
      await d.file('f', { content: 'text' });
      const fd = await d.do('open', 'f', 'O_RDWR');
      await d.do('utimensat', 'f', 10, 0, 20, 0, 0);
      await d.do('fsync', fd);
      await d.stat('f', { mtime: 20n * SECOND });
      await d.do('chmod', 'f', 0o600);
      await d.do('rename', 'f', 'g');
      await d.stat('g', { mtime: 20n * SECOND });
      await d.do('pwrite', fd, 'T', 0);
      await d.do('close', fd);
      const { mtime } = await d.do('lstat', 'g');
      d.is(mtime > 20n * SECOND, true, 'mtime is later after a write');
      const writer = await d.do('open', 'g', 'O_WRONLY');
      await d.do('pwrite', writer, 'X', 0);
      await d.do('futimens', writer, 30, 0, 40, 0);
      await d.do('close', writer);
      await d.stat('g', { mtime: 40n * SECOND });
    },
  },
  withUsers: {
    ...permissionCases('utimensat', set),
    async 'who may write may set the time to now, and to nothing else'(d) {
      await d.file('f', { owner: ALICE, mode: 0o666 });
      await d.as(BOB).ok('utimesNow', 'f');
      await d.as(BOB).ok('utimensat', 'f', 0, 'UTIME_NOW', 0, 'UTIME_NOW', 0);
      await d.as(BOB).fails('EPERM', 'utimensat', 'f', 1, 0, 1, 0, 0);
      await d.as(BOB).fails('EPERM', 'utimensat', 'f', 0, 'UTIME_NOW', 0, 'UTIME_OMIT', 0);
      await d.as(BOB).fails('EPERM', 'utimensat', 'f', 0, 'UTIME_OMIT', 0, 'UTIME_NOW', 0);
      await d.as(BOB).fails('EPERM', 'utimensat', 'f', 5, 0, 0, 'UTIME_NOW', 0);
      await d.as(BOB).changes({ f: '' }, undefined, 'utimensat', 'f', 0, 'UTIME_OMIT', 0, 'UTIME_OMIT', 0);
    },
    async 'who may not write may set nothing'(d) {
      await d.file('f', { owner: ALICE, mode: 0o644 });
      await d.as(BOB).changes({ f: '' }, 'EACCES', 'utimesNow', 'f');
      await d.as(BOB).fails('EACCES', 'utimensat', 'f', 0, 'UTIME_NOW', 0, 'UTIME_NOW', 0);
      await d.as(BOB).fails('EPERM', 'utimensat', 'f', 1, 0, 1, 0, 0);
      await d.do('chmod', 'f', 0o444);
      await d.as(ALICE).ok('utimesNow', 'f');
      await d.as(ALICE).ok('utimensat', 'f', 1, 0, 1, 0, 0);
    },
  },
};
