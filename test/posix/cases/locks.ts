/** flock(2), and record locks of processes and of open files by fcntl(2). */
import type { Suite } from '../run.ts';

export const suite: Suite = {
  about: 'locks',
  cases: {
    async 'flock: exclusive and shared, between descriptors and processes'(d) {
      await d.file('f');
      const a = await d.do('open', 'f', 'O_RDWR');
      const b = await d.do('open', 'f', 'O_RDONLY');
      await d.ok('flock', a, 'LOCK_EX');
      await d.fails('EAGAIN', 'flock', b, 'LOCK_SH|LOCK_NB');
      await d.fails('EAGAIN', 'flock', b, 'LOCK_EX|LOCK_NB');
      await d.ok('flock', a, 'LOCK_SH');
      await d.ok('flock', b, 'LOCK_SH|LOCK_NB');
      await d.fails('EAGAIN', 'flock', a, 'LOCK_EX|LOCK_NB');
      await d.ok('flock', b, 'LOCK_UN');
      await d.ok('flock', a, 'LOCK_EX|LOCK_NB');
      const other = d.other();
      const far = await other.do('open', 'f', 'O_RDWR');
      await other.fails('EAGAIN', 'flock', far, 'LOCK_EX|LOCK_NB');
      await d.do('close', a);
      await other.ok('flock', far, 'LOCK_EX|LOCK_NB');
      await d.fails('EAGAIN', 'flock', b, 'LOCK_SH|LOCK_NB');
    },
    async 'flock: who waits gets the lock when it is free'(d) {
      await d.file('f');
      const fd = await d.do('open', 'f', 'O_RDWR');
      const other = d.other();
      const far = await other.do('open', 'f', 'O_RDWR');
      await d.ok('flock', fd, 'LOCK_EX');
      const pid = await other.do('getpid');
      const waiting = other.ok('flock', far, 'LOCK_EX');
      await d.do('awaitLockWaiter', pid);
      await d.ok('flock', fd, 'LOCK_UN');
      await waiting;
      await d.fails('EAGAIN', 'flock', fd, 'LOCK_EX|LOCK_NB');
    },
    async 'flock: a duplicate shares the lock, and the last close frees it'(d) {
      await d.file('f');
      const a = await d.do('open', 'f', 'O_RDWR');
      const copy = await d.do('dup', a);
      const b = await d.do('open', 'f', 'O_RDWR');
      await d.ok('flock', a, 'LOCK_EX');
      await d.ok('flock', copy, 'LOCK_EX|LOCK_NB');
      await d.do('close', a);
      await d.fails('EAGAIN', 'flock', b, 'LOCK_EX|LOCK_NB');
      await d.do('close', copy);
      await d.ok('flock', b, 'LOCK_EX|LOCK_NB');
    },
    async 'flock: on directories, and on what was unlinked'(d) {
      await d.dir('x');
      const a = await d.do('open', 'x', 'O_RDONLY');
      const b = await d.do('open', 'x', 'O_RDONLY');
      await d.ok('flock', a, 'LOCK_EX|LOCK_NB');
      await d.fails('EAGAIN', 'flock', b, 'LOCK_EX|LOCK_NB');
      await d.file('f');
      const c = await d.do('open', 'f', 'O_RDWR');
      const e = await d.do('open', 'f', 'O_RDWR');
      await d.do('unlink', 'f');
      await d.ok('flock', c, 'LOCK_EX|LOCK_NB');
      await d.fails('EAGAIN', 'flock', e, 'LOCK_EX|LOCK_NB');
    },
    async 'record locks: ranges of two processes'(d) {
      await d.file('f', { content: '0123456789' });
      const fd = await d.do('open', 'f', 'O_RDWR');
      const other = d.other();
      const far = await other.do('open', 'f', 'O_RDWR');
      const pid = BigInt(await d.do('getpid'));
      await d.ok('lock', fd, 'F_SETLK', 'F_WRLCK', 10, 10);
      await other.fails('EAGAIN', 'lock', far, 'F_SETLK', 'F_WRLCK', 15, 1);
      await other.fails('EAGAIN', 'lock', far, 'F_SETLK', 'F_RDLCK', 0, 11);
      await other.ok('lock', far, 'F_SETLK', 'F_WRLCK', 0, 10);
      await other.ok('lock', far, 'F_SETLK', 'F_WRLCK', 20, 0);
      await other.gives([1n, 10n, 10n, pid], 'getlk', far, 'F_GETLK', 'F_WRLCK', 0, 0);
      await d.fails('EAGAIN', 'lock', fd, 'F_SETLK', 'F_WRLCK', 1_000_000, 1);
      await d.ok('lock', fd, 'F_SETLK', 'F_UNLCK', 12, 3);
      await other.ok('lock', far, 'F_SETLK', 'F_WRLCK', 12, 3);
      await other.gives([1n, 10n, 2n, pid], 'getlk', far, 'F_GETLK', 'F_RDLCK', 10, 10);
      await other.gives([1n, 15n, 5n, pid], 'getlk', far, 'F_GETLK', 'F_RDLCK', 14, 6);
      await other.gives([2n, 0n, 0n, 0n], 'getlk', far, 'F_GETLK', 'F_RDLCK', 12, 3);
    },
    async 'record locks: shared ones live together'(d) {
      await d.file('f');
      const fd = await d.do('open', 'f', 'O_RDWR');
      const other = d.other();
      const far = await other.do('open', 'f', 'O_RDWR');
      await d.ok('lock', fd, 'F_SETLK', 'F_RDLCK', 0, 100);
      await other.ok('lock', far, 'F_SETLK', 'F_RDLCK', 50, 100);
      await d.fails('EAGAIN', 'lock', fd, 'F_SETLK', 'F_WRLCK', 60, 1);
      await d.ok('lock', fd, 'F_SETLK', 'F_WRLCK', 0, 50);
      await other.fails('EAGAIN', 'lock', far, 'F_SETLK', 'F_RDLCK', 49, 1);
    },
    async 'record locks: who waits gets the lock when it is free'(d) {
      await d.file('f');
      const fd = await d.do('open', 'f', 'O_RDWR');
      const other = d.other();
      const far = await other.do('open', 'f', 'O_RDWR');
      await d.ok('lock', fd, 'F_SETLK', 'F_WRLCK', 0, 0);
      const pid = await other.do('getpid');
      const waiting = other.ok('lock', far, 'F_SETLKW', 'F_WRLCK', 5, 5);
      await d.do('awaitLockWaiter', pid);
      await d.ok('lock', fd, 'F_SETLK', 'F_UNLCK', 0, 0);
      await waiting;
      await d.fails('EAGAIN', 'lock', fd, 'F_SETLK', 'F_WRLCK', 0, 0);
    },
    async 'record locks: waiting for each other is refused'(d) {
      await d.file('f');
      const fd = await d.do('open', 'f', 'O_RDWR');
      const other = d.other();
      const far = await other.do('open', 'f', 'O_RDWR');
      await d.do('lock', fd, 'F_SETLK', 'F_WRLCK', 0, 1);
      await other.do('lock', far, 'F_SETLK', 'F_WRLCK', 1, 1);
      const pid = await other.do('getpid');
      const waiting = other.ok('lock', far, 'F_SETLKW', 'F_WRLCK', 0, 1);
      await d.do('awaitLockWaiter', pid);
      await d.fails('EDEADLK', 'lock', fd, 'F_SETLKW', 'F_WRLCK', 1, 1);
      await d.do('lock', fd, 'F_SETLK', 'F_UNLCK', 0, 1);
      await waiting;
    },
    async 'record locks: any close of the file, and the end of the process, free them'(d) {
      await d.file('f');
      const fd = await d.do('open', 'f', 'O_RDWR');
      const second = await d.do('open', 'f', 'O_RDONLY');
      const other = d.other();
      const far = await other.do('open', 'f', 'O_RDWR');
      await d.ok('lock', fd, 'F_SETLK', 'F_WRLCK', 0, 0);
      await d.do('close', second);
      await other.ok('lock', far, 'F_SETLK', 'F_WRLCK', 0, 0);
      await d.fails('EAGAIN', 'lock', fd, 'F_SETLK', 'F_WRLCK', 0, 0);
      await other.end();
      await d.ok('lock', fd, 'F_SETLK', 'F_WRLCK', 0, 0);
    },
    async 'record locks: need the access that they are about'(d) {
      await d.file('f');
      const reader = await d.do('open', 'f', 'O_RDONLY');
      const writer = await d.do('open', 'f', 'O_WRONLY');
      await d.fails('EBADF', 'lock', reader, 'F_SETLK', 'F_WRLCK', 0, 1);
      await d.fails('EBADF', 'lock', writer, 'F_SETLK', 'F_RDLCK', 0, 1);
      await d.ok('lock', reader, 'F_SETLK', 'F_RDLCK', 0, 1);
      await d.fails('EINVAL', 'lock', reader, 'F_SETLK', 'F_RDLCK', -5, 1);
      await d.fails('EINVAL', 'lock', reader, 'F_SETLK', 99, 0, 1);
    },
    async 'locks of open files belong to the open file'(d) {
      await d.file('f');
      const a = await d.do('open', 'f', 'O_RDWR');
      const b = await d.do('open', 'f', 'O_RDWR');
      await d.ok('lock', a, 'F_OFD_SETLK', 'F_WRLCK', 0, 10);
      await d.fails('EAGAIN', 'lock', b, 'F_OFD_SETLK', 'F_WRLCK', 5, 1);
      await d.fails('EAGAIN', 'lock', b, 'F_SETLK', 'F_WRLCK', 5, 1);
      await d.ok('lock', b, 'F_OFD_SETLK', 'F_WRLCK', 10, 1);
      const third = await d.do('open', 'f', 'O_RDONLY');
      await d.do('close', third);
      await d.fails('EAGAIN', 'lock', b, 'F_OFD_SETLK', 'F_WRLCK', 5, 1);
      await d.do('close', a);
      await d.ok('lock', b, 'F_OFD_SETLK', 'F_WRLCK', 5, 1);
    },
    async 'flock and record locks know nothing of each other'(d) {
      await d.file('f');
      const fd = await d.do('open', 'f', 'O_RDWR');
      const other = d.other();
      const far = await other.do('open', 'f', 'O_RDWR');
      await d.ok('flock', fd, 'LOCK_EX');
      await other.ok('lock', far, 'F_SETLK', 'F_WRLCK', 0, 0);
      await other.fails('EAGAIN', 'flock', far, 'LOCK_SH|LOCK_NB');
    },
  },
};
