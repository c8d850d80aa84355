/** open(2): flags, creation, permissions. */
import { ALICE, BOB, CAROL } from '../directory.ts';
import type { Suite } from '../run.ts';
import { type PathCall, pathCases, permissionCases } from './common.ts';

const create: PathCall = { call: (path) => ['open', path, 'O_CREAT|O_RDWR', 0o644], creates: true, follows: true };
const open: PathCall = { call: (path) => ['open', path, 'O_RDONLY'], follows: true };

export const suite: Suite = {
  about: 'open',
  cases: {
    ...pathCases('open', open),
    ...pathCases('open with O_CREAT', create),
    async 'O_CREAT makes a file with the mode asked for, less the umask'(d) {
      for (const [mask, mode, expected] of [
        [0, 0o644, 0o644],
        [0, 0o755, 0o755],
        [0, 0o151, 0o151],
        [0, 0o4755, 0o4755],
        [0, 0, 0],
        [0o022, 0o666, 0o644],
        [0o077, 0o151, 0o100],
        [0o070, 0o345, 0o305],
        [0o777, 0o777, 0],
      ] as const) {
        const name = `${mask}-${mode}`;
        await d.do('umask', mask);
        await d.ok('open', name, 'O_CREAT|O_WRONLY', mode);
        await d.stat(name, { kind: 'file', mode: expected, size: 0, nlink: 1 });
      }
    },
    async 'the descriptor that creates may do what was asked, whatever the mode'(d) {
      const fd = await d.ok('open', 'f', 'O_CREAT|O_RDWR', 0);
      await d.gives(4, 'write', fd, 'text');
      await d.gives('text', 'pread', fd, 10, 0);
      await d.fstat(fd, { mode: 0, size: 4 });
    },
    async 'O_CREAT changes the times of the directory only when it creates'(d) {
      await d.dir('place');
      await d.changes({ place: 'mc' }, undefined, 'open', 'place/f', 'O_CREAT|O_RDWR', 0o644);
      await d.changes({ place: '', 'place/f': '' }, undefined, 'open', 'place/f', 'O_CREAT|O_RDWR', 0o600);
      await d.stat('place/f', { mode: 0o644 });
      await d.changes({ place: '', 'place/f': '' }, 'EEXIST', 'open', 'place/f', 'O_CREAT|O_EXCL', 0o644);
    },
    async 'O_EXCL refuses what is there, of every kind'(d) {
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        await d.fails('EEXIST', 'open', kind, 'O_CREAT|O_EXCL|O_RDWR', 0o644);
        await d.stat(kind, { kind });
      }
      await d.absent('nowhere');
      await d.ok('open', 'f', 'O_CREAT|O_EXCL|O_RDWR', 0o644);
    },
    async 'O_CREAT follows a dangling symbolic link'(d) {
      await d.do('symlink', 'f', 'link');
      await d.ok('open', 'link', 'O_CREAT|O_WRONLY', 0o640);
      await d.stat('f', { kind: 'file', mode: 0o640 });
      await d.stat('link', { kind: 'symlink' });
    },
    async 'O_TRUNC empties a file, and sets its times'(d) {
      await d.file('f', { content: 'content' });
      await d.changes({ f: 'mc' }, undefined, 'open', 'f', 'O_WRONLY|O_TRUNC');
      await d.stat('f', { size: 0, blocks: 0 });
      await d.file('g', { content: 'content' });
      await d.ok('open', 'g', 'O_WRONLY|O_CREAT|O_TRUNC', 0o600);
      await d.stat('g', { size: 0, mode: 0o644 });
      await d.file('h', { content: 'content' });
      await d.changes({ h: '' }, undefined, 'open', 'h', 'O_WRONLY');
      await d.stat('h', { size: 7 });
    },
    async 'O_APPEND writes at the end wherever the position is'(d) {
      await d.file('f', { content: '12345' });
      const fd = await d.do('open', 'f', 'O_RDWR|O_APPEND');
      await d.gives(0, 'lseek', fd, 0, 'SEEK_CUR');
      await d.gives(3, 'write', fd, '678');
      await d.gives(8, 'lseek', fd, 0, 'SEEK_CUR');
      await d.gives(2, 'lseek', fd, 2, 'SEEK_SET');
      await d.gives(1, 'write', fd, '9');
      await d.content('f', '123456789');
      await d.gives(1, 'pwrite', fd, '0', 0);
      await d.content('f', '1234567890');
      await d.gives(1, 'hasfl', fd, 'O_APPEND');
      await d.ok('setfl', fd, 0);
      await d.gives(1, 'pwrite', fd, 'x', 0);
      await d.content('f', 'x234567890');
    },
    async 'O_NOFOLLOW refuses a symbolic link at the end, and only there'(d) {
      await d.dir('x');
      await d.file('x/f');
      await d.do('symlink', 'x', 'link');
      await d.do('symlink', 'f', 'x/link');
      await d.fails('ELOOP', 'open', 'x/link', 'O_RDONLY|O_NOFOLLOW');
      await d.fails('ELOOP', 'open', 'link', 'O_RDONLY|O_NOFOLLOW');
      await d.fails('ELOOP', 'open', 'x/link', 'O_RDWR|O_CREAT|O_NOFOLLOW', 0o644);
      await d.ok('open', 'link/f', 'O_RDONLY|O_NOFOLLOW');
    },
    async 'O_DIRECTORY takes directories only'(d) {
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        if (kind === 'directory') await d.ok('open', kind, 'O_RDONLY|O_DIRECTORY');
        else await d.fails(kind === 'symlink' ? 'ENOENT' : 'ENOTDIR', 'open', kind, 'O_RDONLY|O_DIRECTORY');
      }
      await d.do('symlink', 'directory', 'link');
      await d.ok('open', 'link', 'O_RDONLY|O_DIRECTORY');
      await d.fails('ENOTDIR', 'open', 'file/', 'O_RDONLY');
      await d.fails('EISDIR', 'open', 'new/', 'O_RDWR|O_CREAT', 0o644);
      await d.fails('EINVAL', 'open', 'new', 'O_RDWR|O_CREAT|O_DIRECTORY', 0o644);
      await d.absent('new');
    },
    async 'a directory cannot be opened for writing or made'(d) {
      await d.dir('x');
      await d.fails('EISDIR', 'open', 'x', 'O_WRONLY');
      await d.fails('EISDIR', 'open', 'x', 'O_RDWR');
      await d.fails('EISDIR', 'open', 'x', 'O_RDONLY|O_TRUNC');
      await d.fails('EISDIR', 'open', 'x', 'O_RDONLY|O_CREAT', 0o644);
      await d.fails('EISDIR', 'open', '.', 'O_RDWR');
      const fd = await d.ok('open', 'x', 'O_RDONLY');
      await d.fails('EISDIR', 'read', fd, 10);
      await d.fails('EBADF', 'write', fd, 'x');
      await d.fails('EINVAL', 'ftruncate', fd, 0);
    },
    async 'O_PATH opens anything for naming only'(d) {
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        const fd = await d.ok('open', kind, 'O_PATH|O_NOFOLLOW');
        await d.fstat(fd, { kind });
        await d.fails('EBADF', 'read', fd, 1);
        await d.fails('EBADF', 'fchmod', fd, 0o600);
        await d.do('close', fd);
      }
      await d.fails('ENOENT', 'open', 'symlink', 'O_PATH');
      const directory = await d.do('open', 'directory', 'O_PATH');
      await d.ok('openat', directory, 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.stat('directory/f', { kind: 'file' });
    },
    async 'a descriptor does what it was opened for'(d) {
      await d.file('f', { content: 'text' });
      const reader = await d.do('open', 'f', 'O_RDONLY');
      await d.gives('text', 'read', reader, 10);
      await d.fails('EBADF', 'write', reader, 'x');
      await d.fails('EINVAL', 'ftruncate', reader, 0);
      const writer = await d.do('open', 'f', 'O_WRONLY');
      await d.fails('EBADF', 'read', writer, 1);
      await d.gives(1, 'write', writer, 'T');
      await d.do('close', writer);
      await d.fails('EBADF', 'write', writer, 'x');
      await d.fails('EBADF', 'close', writer);
    },
    async 'a fifo opens without waiting where it may'(d) {
      await d.do('mkfifo', 'x', 0o600);
      await d.ok('open', 'x', 'O_RDONLY|O_NONBLOCK');
      await d.ok('open', 'x', 'O_RDWR');
      await d.ok('open', 'x', 'O_WRONLY|O_NONBLOCK');
    },
    async 'each open has its own position, and a duplicate shares it'(d) {
      await d.file('f', { content: 'abcdef' });
      const a = await d.do('open', 'f', 'O_RDONLY');
      const b = await d.do('open', 'f', 'O_RDONLY');
      const copy = await d.do('dup', a);
      await d.gives('ab', 'read', a, 2);
      await d.gives('a', 'read', b, 1);
      await d.gives('cd', 'read', copy, 2);
      await d.gives('ef', 'read', a, 2);
      await d.gives('', 'read', a, 2);
    },
    async 'files of /proc/self/fd are the open ones'(d) {
      await d.file('f', { content: 'text' });
      const fd = await d.do('open', 'f', 'O_PATH');
      const again = await d.ok('open', `/proc/self/fd/${fd}`, 'O_RDWR');
      await d.gives('text', 'read', again, 10);
      await d.gives(1, 'write', again, 's');
      await d.content('f', 'texts');
    },
    async 'a synchronous file takes what is written'(d) {
      for (const flag of ['O_SYNC', 'O_DSYNC']) {
        const fd = await d.ok('open', flag, `O_CREAT|O_RDWR|${flag}`, 0o644);
        await d.gives(4, 'write', fd, 'text');
        await d.content(flag, 'text');
      }
    },
  },
  withUsers: {
    ...permissionCases('open', open),
    ...permissionCases('open with O_CREAT', { ...create, changesDirectory: true }),
    async 'the first class that the caller belongs to decides'(d) {
      await d.dir('place', { mode: 0o755 });
      const access = [
        ['O_RDONLY', 4],
        ['O_WRONLY', 2],
        ['O_RDWR', 6],
        ['O_RDONLY|O_TRUNC', 6],
      ] as const;
      for (const [who, shift] of [
        [ALICE, 6],
        [CAROL, 3],
        [BOB, 0],
      ] as const) {
        for (const bits of [0, 2, 4, 6, 7]) {
          const name = `place/f${shift}${bits}`;
          // All others may do everything, and only what is not asked of this class is refused.
          await d.file(name, { owner: ALICE, mode: (0o777 & ~(7 << shift)) | (bits << shift) });
          for (const [flags, need] of access) {
            if ((bits & need) === need) await d.as(who).ok('open', name, flags);
            else await d.as(who).fails('EACCES', 'open', name, flags);
          }
        }
      }
    },
    async 'a new file belongs to its maker'(d) {
      await d.dir('place', { mode: 0o777 });
      for (const user of [ALICE, BOB, CAROL]) {
        await d.as(user).ok('open', `place/${user[0]}`, 'O_CREAT|O_RDWR', 0o640);
        await d.stat(`place/${user[0]}`, { uid: user[0] as number, gid: user[1] as number, mode: 0o640 });
      }
    },
    async 'O_CREAT without permission to write in the directory opens only what is there'(d) {
      await d.dir('place', { mode: 0o755 });
      await d.file('place/f', { mode: 0o666 });
      await d.as(ALICE).ok('open', 'place/f', 'O_CREAT|O_RDWR', 0o644);
      await d.as(ALICE).fails('EACCES', 'open', 'place/g', 'O_CREAT|O_RDWR', 0o644);
      await d.as(ALICE).fails('EEXIST', 'open', 'place/f', 'O_CREAT|O_EXCL|O_RDWR', 0o644);
    },
    async 'O_NOATIME is for the owner'(d) {
      await d.file('f', { owner: ALICE, mode: 0o666 });
      await d.as(ALICE).ok('open', 'f', 'O_RDONLY|O_NOATIME');
      await d.as(BOB).fails('EPERM', 'open', 'f', 'O_RDONLY|O_NOATIME');
      await d.ok('open', 'f', 'O_RDONLY|O_NOATIME');
    },
    async 'what is open stays open when permissions go'(d) {
      await d.file('f', { owner: ALICE, content: 'text', mode: 0o600 });
      const fd = await d.as(ALICE).do('open', 'f', 'O_RDWR');
      await d.do('chmod', 'f', 0);
      await d.do('chown', 'f', 0, 0);
      await d.as(ALICE).gives('text', 'pread', fd, 10, 0);
      await d.as(ALICE).gives(1, 'pwrite', fd, 'T', 0);
      await d.as(ALICE).fails('EACCES', 'open', 'f', 'O_RDONLY');
      await d.as(ALICE).fails('EPERM', 'fchmod', fd, 0o777);
    },
    async 'a fifo asks for the permission of its mode'(d) {
      await d.do('mkfifo', 'x', 0o600);
      await d.do('chown', 'x', ...([ALICE[0], ALICE[1]] as [number, number]));
      await d.as(ALICE).ok('open', 'x', 'O_RDWR|O_NONBLOCK');
      await d.as(BOB).fails('EACCES', 'open', 'x', 'O_RDONLY|O_NONBLOCK');
      await d.do('chmod', 'x', 0o604);
      await d.as(BOB).ok('open', 'x', 'O_RDONLY|O_NONBLOCK');
      await d.as(BOB).fails('EACCES', 'open', 'x', 'O_WRONLY|O_NONBLOCK');
    },
  },
};
