/** mkdir(2). */
import { ALICE, BOB } from '../directory.ts';
import type { Suite } from '../run.ts';
import { existingCases, type PathCall, pathCases, permissionCases } from './common.ts';

const mkdir: PathCall = { call: (path) => ['mkdir', path, 0o755], creates: true, changesDirectory: true };

export const suite: Suite = {
  about: 'mkdir',
  cases: {
    ...pathCases('mkdir', mkdir),
    ...existingCases('mkdir', mkdir.call),
    async 'makes an empty directory with the mode asked for'(d) {
      for (const mode of [0o755, 0o700, 0o000, 0o151, 0o777, 0o1777, 0o311]) {
        const name = mode.toString(8);
        await d.ok('mkdir', name, mode);
        await d.stat(name, { kind: 'directory', mode, nlink: 2 });
        if (mode & 0o400) await d.names(name, []);
      }
    },
    async 'applies the umask'(d) {
      for (const [mask, mode, expected] of [
        [0o022, 0o777, 0o755],
        [0o077, 0o777, 0o700],
        [0o777, 0o777, 0o000],
        [0o070, 0o345, 0o305],
        [0o501, 0o345, 0o244],
      ] as const) {
        const name = `${mask}-${mode}`;
        await d.do('umask', mask);
        await d.ok('mkdir', name, mode);
        await d.stat(name, { mode: expected });
      }
    },
    async 'gives the directory to the caller'(d) {
      const [uid, gid] = await d.do('ids');
      await d.ok('mkdir', 'x', 0o755);
      await d.stat('x', { uid: Number(uid), gid: Number(gid) });
    },
    async 'changes the times of the directory that holds it, and sets its own'(d) {
      await d.dir('place');
      const [before = 0n] = await d.do('now', 1);
      await d.changes({ place: 'mc' }, undefined, 'mkdir', 'place/x', 0o755);
      const { atime, mtime, ctime } = await d.do('lstat', 'place/x');
      d.is(mtime === ctime && atime === mtime, true, 'all three times are the same');
      d.is(mtime >= before, true, 'they are not before the call');
      await d.changes({ place: '', 'place/x': '' }, 'EEXIST', 'mkdir', 'place/x', 0o755);
    },
    async 'counts the link from ".." of each directory in it'(d) {
      await d.dir('place');
      for (let i = 0; i < 5; i++) {
        await d.ok('mkdir', `place/${i}`, 0o755);
        await d.stat('place', { nlink: 3 + i });
      }
      await d.file('place/f');
      await d.stat('place', { nlink: 7 });
    },
    async 'accepts slashes at the end'(d) {
      await d.ok('mkdir', 'x/', 0o755);
      await d.ok('mkdir', 'x//y///', 0o755);
      await d.stat('x/y', { kind: 'directory' });
      await d.fails('EEXIST', 'mkdir', 'x/', 0o755);
    },
    async 'does not follow a dangling symbolic link'(d) {
      await d.do('symlink', 'absent', 'link');
      await d.fails('EEXIST', 'mkdir', 'link', 0o755);
      await d.fails('EEXIST', 'mkdir', 'link/', 0o755);
      await d.absent('absent');
    },
  },
  withUsers: {
    ...permissionCases('mkdir', mkdir),
    async 'gives the directory to the user who makes it'(d) {
      await d.dir('place', { mode: 0o777 });
      for (const user of [ALICE, BOB]) {
        const name = `place/${user[0]}`;
        await d.as(user).ok('mkdir', name, 0o700);
        await d.stat(name, { uid: user[0] as number, gid: user[1] as number, mode: 0o700 });
      }
    },
    async 'a directory whose mode lacks the owner’s permissions is made, and closed to its owner'(d) {
      await d.dir('place', { mode: 0o777 });
      await d.as(ALICE).ok('mkdir', 'place/x', 0o000);
      await d.as(ALICE).fails('EACCES', 'mkdir', 'place/x/y', 0o755);
      await d.as(ALICE).fails('EACCES', 'list', 'place/x');
      await d.as(ALICE).ok('rmdir', 'place/x');
    },
  },
};
