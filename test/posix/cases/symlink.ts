/** symlink(2) and readlink(2). */
import { ALICE, BOB } from '../directory.ts';
import type { Suite } from '../run.ts';
import { existingCases, type PathCall, pathCases, permissionCases } from './common.ts';

const symlink: PathCall = { call: (path) => ['symlink', 'target', path], creates: true, changesDirectory: true };
const TARGET_BYTES_MAX = 4095;

export const suite: Suite = {
  about: 'symlink',
  cases: {
    ...pathCases('symlink', symlink),
    ...existingCases('symlink', symlink.call),
    async 'keeps any target'(d) {
      const targets = ['x', '.', '..', '/', '/absent/x', 'a b', 'a//b/', '\xff\xfe', 'line\nbreak', 'é'];
      for (const [i, target] of targets.entries()) {
        await d.ok('symlink', target, `${i}`);
        await d.gives(target, 'readlink', `${i}`);
        await d.stat(`${i}`, { kind: 'symlink', size: target.length, nlink: 1, mode: 0o777 });
      }
    },
    async 'keeps targets of every length up to 4095 bytes'(d) {
      for (const bytes of [59, 60, 61, 127, 128, 255, 256, 1023, 1024, 4094, TARGET_BYTES_MAX]) {
        const target = 't'.repeat(bytes);
        await d.ok('symlink', target, `${bytes}`);
        await d.gives(target, 'readlink', `${bytes}`);
        await d.stat(`${bytes}`, { size: bytes });
      }
      await d.fails('ENAMETOOLONG', 'symlink', 't'.repeat(TARGET_BYTES_MAX + 1), 'x');
      await d.fails('ENOENT', 'symlink', '', 'x');
    },
    async 'changes the times of the directory, and sets those of the link'(d) {
      await d.dir('place');
      await d.changes({ place: 'mc' }, undefined, 'symlink', 'target', 'place/x');
      await d.changes({ place: '', 'place/x': '' }, 'EEXIST', 'symlink', 'target', 'place/x');
      const { mtime, ctime } = await d.do('lstat', 'place/x');
      d.is(mtime, ctime, 'mtime and ctime are the same');
    },
    async 'is followed by stat and open, and not by lstat'(d) {
      await d.file('f', { content: 'text' });
      await d.do('symlink', 'f', 'a');
      await d.do('symlink', 'a', 'b');
      const { ino } = await d.do('lstat', 'f');
      const { ino: followed, kind } = await d.do('stat', 'b');
      d.is(followed, ino, 'stat gives the inode at the end');
      d.is(kind, 'file', 'which is a file');
      await d.stat('b', { kind: 'symlink' });
      await d.content('b', 'text');
      await d.do('unlink', 'f');
      await d.fails('ENOENT', 'stat', 'b');
      await d.stat('b', { kind: 'symlink' });
    },
    async 'a target is looked up from the link’s own directory'(d) {
      await d.dir('x');
      await d.file('x/f', { content: 'right' });
      await d.file('f', { content: 'wrong' });
      await d.do('symlink', 'f', 'x/link');
      await d.content('x/link', 'right');
      await d.do('symlink', '../f', 'x/up');
      await d.content('x/up', 'wrong');
    },
    async 'readlink cuts to the buffer, and takes symbolic links only'(d) {
      await d.do('symlink', 'target', 'x');
      await d.gives('tar', 'readlink', 'x', 3);
      await d.gives('target', 'readlink', 'x', 6);
      await d.fails('EINVAL', 'readlink', 'x', 0);
      for (const kind of d.kinds) {
        if (kind === 'symlink') continue;
        await d.make(kind, kind);
        await d.fails('EINVAL', 'readlink', kind);
      }
      await d.fails('ENOENT', 'readlink', 'missing');
      await d.fails('ENOTDIR', 'readlink', 'file/x');
      await d.fails('ENAMETOOLONG', 'readlink', 'n'.repeat(256));
    },
    async 'links and their targets go their own ways'(d) {
      await d.do('symlink', 'f', 'x');
      await d.ok('link', 'x', 'y');
      await d.stat('y', { kind: 'symlink', nlink: 2 });
      await d.ok('rename', 'x', 'z');
      await d.gives('f', 'readlink', 'z');
      await d.ok('unlink', 'y');
      await d.stat('z', { nlink: 1 });
    },
  },
  withUsers: {
    ...permissionCases('symlink', symlink),
    async 'belongs to the user who makes it, and is read by all'(d) {
      await d.dir('place', { mode: 0o777 });
      await d.as(ALICE).ok('symlink', 'target', 'place/x');
      await d.stat('place/x', { uid: ALICE[0] as number, gid: ALICE[1] as number });
      await d.as(BOB).gives('target', 'readlink', 'place/x');
      await d.do('chmod', 'place', 0o600);
      await d.as(BOB).fails('EACCES', 'readlink', 'place/x');
    },
  },
};
