/** Extended attributes. */
import { ALICE, BOB } from '../directory.ts';
import type { Suite } from '../run.ts';
import { type PathCall, pathCases, permissionCases } from './common.ts';

const set: PathCall = { call: (path) => ['setxattr', path, 'user.x', 'value', 0], follows: true };
const list: PathCall = { call: (path) => ['listxattr', path], follows: true };

export const suite: Suite = {
  about: 'xattr',
  cases: {
    ...pathCases('setxattr', set),
    ...pathCases('listxattr', list),
    async 'keeps values of any bytes on files and directories'(d) {
      await d.file('file');
      await d.dir('directory');
      const bytes = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('');
      for (const path of ['file', 'directory']) {
        for (const [i, value] of ['', 'x', 'a\0b', bytes, 'v'.repeat(2000)].entries()) {
          await d.ok('setxattr', path, `user.n${i}`, value, 0);
          await d.gives(value, 'getxattr', path, `user.n${i}`);
          await d.gives(value.length, 'getxattrSize', path, `user.n${i}`, 0);
          await d.do('removexattr', path, `user.n${i}`);
        }
      }
    },
    async 'XATTR_CREATE and XATTR_REPLACE'(d) {
      await d.file('f');
      await d.fails('ENODATA', 'setxattr', 'f', 'user.x', 'a', 'XATTR_REPLACE');
      await d.ok('setxattr', 'f', 'user.x', 'a', 'XATTR_CREATE');
      await d.fails('EEXIST', 'setxattr', 'f', 'user.x', 'b', 'XATTR_CREATE');
      await d.gives('a', 'getxattr', 'f', 'user.x');
      await d.ok('setxattr', 'f', 'user.x', 'bb', 'XATTR_REPLACE');
      await d.gives('bb', 'getxattr', 'f', 'user.x');
      await d.ok('setxattr', 'f', 'user.x', 'c', 0);
      await d.gives('c', 'getxattr', 'f', 'user.x');
      await d.fails('EINVAL', 'setxattr', 'f', 'user.x', 'd', 8);
    },
    async 'lists and removes'(d) {
      await d.file('f');
      await d.gives([], 'listxattr', 'f');
      await d.do('setxattr', 'f', 'user.a', '1', 0);
      await d.do('setxattr', 'f', 'user.b', '2', 0);
      d.is((await d.do('listxattr', 'f')).sort(), ['user.a', 'user.b'], 'both are listed');
      await d.gives(14, 'listxattrSize', 'f', 0);
      await d.fails('ERANGE', 'listxattrSize', 'f', 13);
      await d.ok('removexattr', 'f', 'user.a');
      await d.gives(['user.b'], 'listxattr', 'f');
      await d.fails('ENODATA', 'getxattr', 'f', 'user.a');
      await d.fails('ENODATA', 'removexattr', 'f', 'user.a');
    },
    async 'a buffer that is too small'(d) {
      await d.file('f');
      await d.do('setxattr', 'f', 'user.x', 'value', 0);
      await d.fails('ERANGE', 'getxattrSize', 'f', 'user.x', 4);
      await d.gives(5, 'getxattrSize', 'f', 'user.x', 5);
      await d.gives(5, 'getxattrSize', 'f', 'user.x', 100);
    },
    async 'names: too long, without a namespace, of a namespace that nobody knows'(d) {
      await d.file('f');
      await d.ok('setxattr', 'f', `user.${'n'.repeat(250)}`, 'x', 0);
      await d.gives('x', 'getxattr', 'f', `user.${'n'.repeat(250)}`);
      await d.fails('ERANGE', 'setxattr', 'f', `user.${'n'.repeat(251)}`, 'x', 0);
      await d.fails('ERANGE', 'setxattr', 'f', '', 'x', 0);
      await d.fails('EOPNOTSUPP', 'setxattr', 'f', 'x', 'x', 0);
      await d.fails('EOPNOTSUPP', 'setxattr', 'f', 'nobody.x', 'x', 0);
      await d.fails('EOPNOTSUPP', 'getxattr', 'f', 'nobody.x');
    },
    async 'user attributes belong to files and directories only'(d) {
      for (const kind of d.kinds) {
        if (kind === 'file' || kind === 'directory') continue;
        await d.make(kind, kind);
        await d.fails('EPERM', 'lsetxattr', kind, 'user.x', 'x', 0);
        await d.failsWithOneOf(['ENODATA', 'EPERM'], 'lgetxattr', kind, 'user.x');
        await d.gives([], 'llistxattr', kind);
      }
    },
    async 'follows symbolic links, and lets the l forms not'(d) {
      await d.file('f');
      await d.do('symlink', 'f', 'link');
      await d.ok('setxattr', 'link', 'user.x', 'v', 0);
      await d.gives('v', 'getxattr', 'f', 'user.x');
      await d.gives(['user.x'], 'listxattr', 'link');
      await d.gives([], 'llistxattr', 'link');
      await d.ok('removexattr', 'link', 'user.x');
      await d.gives([], 'listxattr', 'f');
    },
    async 'by descriptor, also of a file without a name'(d) {
      await d.file('f');
      const fd = await d.do('open', 'f', 'O_RDONLY');
      await d.ok('fsetxattr', fd, 'user.x', 'v', 0);
      await d.do('unlink', 'f');
      await d.gives('v', 'fgetxattr', fd, 'user.x');
      await d.gives(['user.x'], 'flistxattr', fd);
      await d.ok('fremovexattr', fd, 'user.x');
      await d.fails('ENODATA', 'fgetxattr', fd, 'user.x');
      const path = await d.do('open', '.', 'O_PATH');
      await d.fails('EBADF', 'fsetxattr', path, 'user.x', 'v', 0);
    },
    async 'go with the object: renamed, linked, replaced'(d) {
      await d.file('f');
      await d.do('setxattr', 'f', 'user.x', 'f', 0);
      await d.do('rename', 'f', 'g');
      await d.gives('f', 'getxattr', 'g', 'user.x');
      await d.do('link', 'g', 'h');
      await d.gives('f', 'getxattr', 'h', 'user.x');
      await d.file('i');
      await d.do('rename', 'i', 'g');
      await d.fails('ENODATA', 'getxattr', 'g', 'user.x');
      await d.file('j');
      await d.gives([], 'listxattr', 'j');
    },
    async 'setting and removing change ctime alone'(d) {
      await d.file('f');
      await d.changes({ f: 'c', '.': '' }, undefined, 'setxattr', 'f', 'user.x', 'v', 0);
      await d.changes({ f: 'c' }, undefined, 'removexattr', 'f', 'user.x');
      await d.changes({ f: '' }, 'ENODATA', 'removexattr', 'f', 'user.x');
      await d.changes({ f: '' }, undefined, 'listxattr', 'f');
    },
  },
  withUsers: {
    ...permissionCases('setxattr', set),
    async 'user attributes are read and written as the content is'(d) {
      await d.file('f', { owner: ALICE, mode: 0o644 });
      await d.as(ALICE).ok('setxattr', 'f', 'user.x', 'v', 0);
      await d.as(BOB).gives('v', 'getxattr', 'f', 'user.x');
      await d.as(BOB).fails('EACCES', 'setxattr', 'f', 'user.x', 'w', 0);
      await d.as(BOB).fails('EACCES', 'removexattr', 'f', 'user.x');
      await d.do('chmod', 'f', 0o602);
      await d.as(BOB).fails('EACCES', 'getxattr', 'f', 'user.x');
      await d.as(BOB).ok('setxattr', 'f', 'user.x', 'w', 0);
      await d.do('chmod', 'f', 0o400);
      await d.as(ALICE).fails('EACCES', 'setxattr', 'f', 'user.x', 'v', 0);
      await d.as(ALICE).gives('w', 'getxattr', 'f', 'user.x');
    },
    async 'in a sticky directory only the owner writes user attributes of the directory'(d) {
      await d.dir('x', { owner: ALICE });
      await d.do('chmod', 'x', 0o1777);
      await d.as(BOB).fails('EPERM', 'setxattr', 'x', 'user.x', 'v', 0);
      await d.as(ALICE).ok('setxattr', 'x', 'user.x', 'v', 0);
      await d.as(BOB).gives('v', 'getxattr', 'x', 'user.x');
    },
    async 'trusted attributes are root’s alone'(d) {
      await d.file('f', { owner: ALICE, mode: 0o666 });
      await d.ok('setxattr', 'f', 'trusted.x', 'v', 0);
      await d.gives('v', 'getxattr', 'f', 'trusted.x');
      await d.as(ALICE).fails('EPERM', 'setxattr', 'f', 'trusted.y', 'v', 0);
      await d.as(ALICE).fails('ENODATA', 'getxattr', 'f', 'trusted.x');
      await d.as(ALICE).fails('EPERM', 'removexattr', 'f', 'trusted.x');
    },
    async 'a capability of a file is cleared when it is written, cut or given away'(d) {
      // Version 2, effective, CAP_NET_RAW.
      const capability = `\x01\0\0\x02\0\x20${'\0'.repeat(14)}`;
      for (const [i, change] of [
        (fd: number) => d.do('write', fd, 'x'),
        (fd: number) => d.do('ftruncate', fd, 0),
        (fd: number) => d.do('fchown', fd, 0, 0),
      ].entries()) {
        await d.file(`f${i}`, { content: 'text' });
        const fd = await d.do('open', `f${i}`, 'O_RDWR');
        await d.ok('setxattr', `f${i}`, 'security.capability', capability, 0);
        await d.gives(capability, 'getxattr', `f${i}`, 'security.capability');
        await change(fd);
        await d.fails('ENODATA', 'getxattr', `f${i}`, 'security.capability');
      }
    },
  },
};
