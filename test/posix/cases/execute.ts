/** Programs and descriptors of special kinds: execve(2), ioctl(2), poll(2), file handles. */
import { ALICE, BOB } from '../directory.ts';
import type { Suite } from '../run.ts';

const SCRIPT = '#!/bin/sh\nexit 7\n';
/** Nobody has this request. */
const UNKNOWN_REQUEST = 0x5a_5a;

export const suite: Suite = {
  about: 'execute and control',
  cases: {
    async 'runs a script and a program'(d) {
      await d.file('script', { content: SCRIPT, mode: 0o755 });
      await d.gives(7, 'exec', './script');
      await d.file('plain', { content: SCRIPT, mode: 0o644 });
      await d.fails('EACCES', 'exec', './plain');
      await d.dir('x');
      await d.fails('EACCES', 'exec', './x');
      await d.file('empty', { mode: 0o755 });
      await d.fails('ENOEXEC', 'exec', './empty');
      await d.fails('ENOENT', 'exec', './missing');
    },
    async 'a program that runs cannot be written, and one that is written cannot run'(d) {
      const from = await d.do('open', '/bin/sleep', 'O_RDONLY');
      const { size } = await d.do('fstat', from);
      const to = await d.do('open', 'sleep', 'O_CREAT|O_RDWR', 0o755);
      await d.gives(size, 'sendfile', to, from, 0, size);
      await d.fails('ETXTBSY', 'exec', './sleep', '0');
      await d.do('close', to);
      await d.gives(0, 'exec', './sleep', '0');
      const pid = await d.ok('spawn', './sleep', '1000');
      await d.fails('ETXTBSY', 'open', 'sleep', 'O_RDWR');
      await d.fails('ETXTBSY', 'open', 'sleep', 'O_WRONLY|O_TRUNC');
      await d.fails('ETXTBSY', 'truncate', 'sleep', 0);
      await d.ok('open', 'sleep', 'O_RDONLY');
      await d.ok('rename', 'sleep', 'renamed');
      await d.ok('unlink', 'renamed');
      await d.ok('kill', pid);
    },
    async 'an unknown ioctl is ENOTTY'(d) {
      await d.file('f');
      const fd = await d.do('open', 'f', 'O_RDWR');
      await d.fails('ENOTTY', 'ioctl', fd, UNKNOWN_REQUEST);
      const directory = await d.do('open', '.', 'O_RDONLY');
      await d.fails('ENOTTY', 'ioctl', directory, UNKNOWN_REQUEST);
      await d.fails('EBADF', 'ioctl', 999, UNKNOWN_REQUEST);
    },
    async 'FIONREAD tells what is left to read'(d) {
      await d.file('f', { content: '0123456789' });
      const fd = await d.do('open', 'f', 'O_RDONLY');
      await d.gives(10, 'fionread', fd);
      await d.do('read', fd, 4);
      await d.gives(6, 'fionread', fd);
    },
    async 'a file is always ready'(d) {
      await d.file('f');
      const fd = await d.do('open', 'f', 'O_RDWR');
      await d.gives(5, 'poll', fd, 'POLLIN|POLLOUT');
    },
  },
  withUsers: {
    async 'running asks for permission to execute'(d) {
      await d.file('f', { content: SCRIPT, owner: ALICE, mode: 0o744 });
      await d.as(ALICE).gives(7, 'exec', './f');
      await d.as(BOB).fails('EACCES', 'exec', './f');
      await d.do('chmod', 'f', 0o645);
      await d.as(BOB).gives(7, 'exec', './f');
      await d.as(ALICE).fails('EACCES', 'exec', './f');
      await d.gives(7, 'exec', './f');
    },
    async 'a file handle opens the object wherever it is named'(d) {
      await d.file('f', { content: 'text' });
      await d.dir('x');
      const fd = await d.ok('openByHandle', 'f', 'O_RDONLY');
      await d.gives('text', 'read', fd, 10);
      const { ino } = await d.do('lstat', 'x');
      const directory = await d.ok('openByHandle', 'x', 'O_RDONLY|O_DIRECTORY');
      await d.fstat(directory, { ino });
      await d.fails('ENOENT', 'openByHandle', 'missing', 'O_RDONLY');
    },
  },
};
