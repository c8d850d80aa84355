/** mknod(2), mkfifo(3), and sockets that are bound to a path. */
import { ALICE } from '../directory.ts';
import type { Suite } from '../run.ts';
import { existingCases, type PathCall, pathCases, permissionCases } from './common.ts';

const mkfifo: PathCall = { call: (path) => ['mkfifo', path, 0o644], creates: true, changesDirectory: true };
const mknod: PathCall = {
  call: (path) => ['mknod', path, 'S_IFREG|420', 0, 0],
  creates: true,
  changesDirectory: true,
};

export const suite: Suite = {
  about: 'mknod',
  cases: {
    ...pathCases('mkfifo', mkfifo),
    ...pathCases('mknod', mknod),
    ...existingCases('mkfifo', mkfifo.call),
    ...existingCases('mknod', mknod.call),
    async 'makes a fifo with the mode asked for, less the umask'(d) {
      for (const [mask, mode, expected] of [
        [0, 0o644, 0o644],
        [0, 0o151, 0o151],
        [0, 0, 0],
        [0o022, 0o777, 0o755],
        [0o077, 0o666, 0o600],
      ] as const) {
        await d.do('umask', mask);
        await d.ok('mkfifo', `${mask}-${mode}`, mode);
        await d.stat(`${mask}-${mode}`, { kind: 'fifo', mode: expected, nlink: 1, size: 0 });
      }
    },
    async 'makes files, fifos and sockets'(d) {
      for (const [kind, type] of [
        ['file', 'S_IFREG'],
        ['fifo', 'S_IFIFO'],
        ['socket', 'S_IFSOCK'],
      ] as const) {
        await d.ok('mknod', kind, `${type}|${0o640}`, 0, 0);
        await d.stat(kind, { kind, mode: 0o640, nlink: 1, size: 0, major: 0, minor: 0 });
      }
      await d.ok('mknod', 'plain', 0o600, 0, 0);
      await d.stat('plain', { kind: 'file', mode: 0o600 });
      await d.fails('EPERM', 'mknod', 'x', 'S_IFDIR|493', 0, 0);
      await d.fails('EINVAL', 'mknod', 'x', 'S_IFLNK|493', 0, 0);
    },
    async 'changes the times of the directory'(d) {
      await d.dir('place');
      await d.changes({ place: 'mc' }, undefined, 'mkfifo', 'place/x', 0o644);
      await d.changes({ place: 'mc' }, undefined, 'mknod', 'place/y', 'S_IFREG|420', 0, 0);
      await d.changes({ place: '', 'place/x': '' }, 'EEXIST', 'mkfifo', 'place/x', 0o644);
    },
    async 'a fifo passes bytes between processes and has no size'(d) {
      await d.do('mkfifo', 'x', 0o600);
      await d.fails('ENXIO', 'open', 'x', 'O_WRONLY|O_NONBLOCK');
      const reader = await d.ok('open', 'x', 'O_RDONLY|O_NONBLOCK');
      const other = d.other();
      const writer = await other.ok('open', 'x', 'O_WRONLY');
      await other.gives(5, 'write', writer, 'bytes');
      await d.gives('bytes', 'read', reader, 100);
      await d.fails('EAGAIN', 'read', reader, 100);
      await other.end();
      await d.gives('', 'read', reader, 100);
      await d.fails('ESPIPE', 'lseek', reader, 0, 'SEEK_SET');
      await d.stat('x', { size: 0, kind: 'fifo' });
    },
    async 'fifos of two names are one'(d) {
      await d.do('mkfifo', 'x', 0o600);
      await d.ok('link', 'x', 'y');
      const fd = await d.do('open', 'x', 'O_RDWR|O_NONBLOCK');
      const same = await d.do('open', 'y', 'O_RDWR|O_NONBLOCK');
      await d.do('write', fd, 'text');
      await d.gives('text', 'read', same, 10);
      await d.stat('y', { nlink: 2 });
    },
    async 'a socket is made by bind, and processes meet there'(d) {
      await d.ok('bind', 'x');
      await d.stat('x', { kind: 'socket', nlink: 1 });
      await d.fails('EADDRINUSE', 'bind', 'x');
      await d.gives(1, 'exchangeOverSocket', 'y');
      await d.stat('y', { kind: 'socket' });
      await d.fails('ENXIO', 'open', 'y', 'O_RDONLY');
      await d.fails('ENOENT', 'bind', 'missing/x');
    },
  },
  withUsers: {
    ...permissionCases('mkfifo', mkfifo),
    ...permissionCases('mknod', mknod),
    async 'devices keep their numbers, and only root makes them'(d) {
      await d.dir('place', { mode: 0o777 });
      for (const [kind, type] of [
        ['char', 'S_IFCHR'],
        ['block', 'S_IFBLK'],
      ] as const) {
        for (const [major, minor] of [
          [1, 3],
          [0, 0],
          [255, 255],
          [256, 65_535],
          [4095, 1_048_575],
        ] as const) {
          const name = `place/${kind}-${major}-${minor}`;
          await d.ok('mknod', name, `${type}|384`, major, minor);
          await d.stat(name, { kind, mode: 0o600, major, minor, size: 0 });
        }
        await d.as(ALICE).fails('EPERM', 'mknod', `place/${kind}`, `${type}|384`, 1, 3);
      }
      await d.as(ALICE).ok('mkfifo', 'place/fifo', 0o600);
      await d.stat('place/fifo', { uid: ALICE[0] as number, gid: ALICE[1] as number });
    },
  },
};
