/** rename(2) and renameat2(2). */
import type { Kind } from '../calls.ts';
import { ALICE, BOB } from '../directory.ts';
import type { Case, Suite } from '../run.ts';
import { LONG, type PathCall, pathCases, permissionCases, TOO_LONG } from './common.ts';

/** The old name varies; where it goes does not. */
const rename: PathCall = { call: (path) => ['rename', path, 'renamed'] };

/** What renaming one kind over another gives. */
function outcome(from: Kind, to: Kind): string | undefined {
  if (from === 'directory' && to !== 'directory') return 'ENOTDIR';
  if (from !== 'directory' && to === 'directory') return 'EISDIR';
  return undefined;
}

const overEveryKind: Case = async (d) => {
  for (const from of d.kinds) {
    for (const to of d.kinds) {
      await d.make(from, 'a');
      await d.make(to, 'b');
      const { ino } = await d.do('lstat', 'a');
      const error = outcome(from, to);
      if (error === undefined) {
        await d.ok('rename', 'a', 'b');
        await d.absent('a');
        await d.stat('b', { kind: from, ino });
      } else {
        await d.fails(error, 'rename', 'a', 'b');
        await d.stat('a', { kind: from });
        await d.stat('b', { kind: to });
        await d.remove(from, 'a');
      }
      await d.remove(error === undefined ? from : to, 'b');
    }
  }
};

const exchangeKinds: Case = async (d) => {
  await d.dir('x');
  for (const [i, from] of d.kinds.entries()) {
    const to = d.kinds[(i + 1) % d.kinds.length] as Kind;
    await d.make(from, 'a');
    await d.make(to, 'x/b');
    const a = await d.do('lstat', 'a');
    const b = await d.do('lstat', 'x/b');
    await d.ok('renameat2', 'a', 'x/b', 'RENAME_EXCHANGE');
    await d.stat('a', { kind: to, ino: b.ino });
    await d.stat('x/b', { kind: from, ino: a.ino });
    await d.remove(to, 'a');
    await d.remove(from, 'x/b');
  }
};

const flags: Readonly<Record<string, Case>> = {
  async 'RENAME_NOREPLACE refuses a name of any kind that is there'(d) {
    await d.file('a');
    for (const kind of d.kinds) {
      await d.make(kind, kind);
      await d.fails('EEXIST', 'renameat2', 'a', kind, 'RENAME_NOREPLACE');
      await d.stat(kind, { kind });
    }
    await d.fails('EEXIST', 'renameat2', 'a', 'a', 'RENAME_NOREPLACE');
    await d.ok('renameat2', 'a', 'b', 'RENAME_NOREPLACE');
    await d.absent('a');
    await d.fails('ENOENT', 'renameat2', 'a', 'c', 'RENAME_NOREPLACE');
  },
  'RENAME_EXCHANGE exchanges objects of any kinds': exchangeKinds,
  async 'RENAME_EXCHANGE exchanges directories with what they hold, and counts their links'(d) {
    for (const path of ['p', 'q', 'p/x', 'q/y', 'q/y/deep']) await d.dir(path);
    await d.file('p/x/f');
    await d.ok('renameat2', 'p/x', 'q/y', 'RENAME_EXCHANGE');
    await d.names('p/x', ['deep']);
    await d.names('q/y', ['f']);
    await d.stat('p', { nlink: 3 });
    await d.stat('q', { nlink: 3 });
    await d.file('plain');
    await d.ok('renameat2', 'plain', 'p/x', 'RENAME_EXCHANGE');
    await d.stat('p', { nlink: 2 });
    await d.names('plain', ['deep']);
    await d.fails('EINVAL', 'renameat2', 'plain', 'plain/deep', 'RENAME_EXCHANGE');
  },
  async 'RENAME_EXCHANGE needs both names'(d) {
    await d.file('a');
    await d.fails('ENOENT', 'renameat2', 'a', 'missing', 'RENAME_EXCHANGE');
    await d.fails('ENOENT', 'renameat2', 'missing', 'a', 'RENAME_EXCHANGE');
    await d.ok('renameat2', 'a', 'a', 'RENAME_EXCHANGE');
  },
  async 'RENAME_EXCHANGE changes ctime of both and the times of their directories'(d) {
    await d.dir('x');
    await d.dir('y');
    await d.file('x/a');
    await d.file('y/b');
    await d.do('renameat2', 'x/a', 'y/b', 'RENAME_EXCHANGE');
    await d.changes({ x: 'mc', y: 'mc' }, undefined, 'renameat2', 'x/a', 'y/b', 'RENAME_EXCHANGE');
  },
  async 'flags that contradict each other or are unknown'(d) {
    await d.file('a');
    await d.file('b');
    await d.fails('EINVAL', 'renameat2', 'a', 'b', 'RENAME_NOREPLACE|RENAME_EXCHANGE');
    await d.fails('EINVAL', 'renameat2', 'a', 'b', 128);
    await d.ok('renameat2', 'a', 'b', 0);
  },
};

export const suite: Suite = {
  about: 'rename',
  cases: {
    ...pathCases('rename', rename),
    'renames over every kind that may be replaced, and refuses the others': overEveryKind,
    ...flags,
    async 'keeps the object: inode, content, mode, times'(d) {
      for (const kind of d.kinds) {
        await d.make(kind, 'a');
        const { ino, mode, mtime, atime, size } = await d.do('lstat', 'a');
        await d.ok('rename', 'a', kind);
        await d.stat(kind, { kind, ino, mode, mtime, atime, size, nlink: kind === 'directory' ? 2 : 1 });
        await d.absent('a');
      }
      await d.file('b', { content: 'text' });
      await d.do('rename', 'b', 'c');
      await d.content('c', 'text');
    },
    async 'the new path: missing, no directory, too long, in a circle'(d) {
      await d.file('f');
      await d.file('a');
      await d.do('symlink', 'self', 'self');
      await d.fails('ENOENT', 'rename', 'a', 'missing/x');
      await d.fails('ENOENT', 'rename', 'a', '');
      await d.fails('ENOTDIR', 'rename', 'a', 'f/x');
      await d.fails('ENAMETOOLONG', 'rename', 'a', TOO_LONG);
      await d.fails('ELOOP', 'rename', 'a', 'self/x');
      await d.ok('rename', 'a', LONG);
      await d.ok('rename', LONG, 'a');
    },
    async 'does not follow symbolic links at either end'(d) {
      await d.file('f', { content: 'f' });
      await d.do('symlink', 'f', 's');
      await d.ok('rename', 's', 't');
      await d.gives('f', 'readlink', 't');
      await d.file('g', { content: 'g' });
      await d.ok('rename', 'g', 't');
      await d.stat('t', { kind: 'file' });
      await d.content('f', 'f');
    },
    async 'a directory goes over an empty one only'(d) {
      await d.dir('a');
      await d.file('a/f');
      await d.dir('full');
      await d.file('full/g');
      await d.dir('empty');
      await d.fails('ENOTEMPTY', 'rename', 'a', 'full');
      await d.names('full', ['g']);
      await d.ok('rename', 'a', 'empty');
      await d.names('empty', ['f']);
      await d.absent('a');
    },
    async 'a directory cannot go into itself, nor over what holds it'(d) {
      await d.dir('a');
      await d.dir('a/b');
      await d.dir('a/b/c');
      await d.fails('EINVAL', 'rename', 'a', 'a/x');
      await d.fails('EINVAL', 'rename', 'a', 'a/b/x');
      await d.fails('EINVAL', 'rename', 'a', 'a/b/c/x');
      await d.fails('ENOTEMPTY', 'rename', 'a/b/c', 'a');
      await d.fails('ENOTEMPTY', 'rename', 'a/b/c', 'a/b');
      await d.names('a/b', ['c']);
    },
    async 'dots and slashes'(d) {
      await d.dir('a');
      await d.file('f');
      await d.fails('EBUSY', 'rename', '.', 'x');
      await d.fails('EBUSY', 'rename', 'a/.', 'x');
      await d.fails('EBUSY', 'rename', 'a/..', 'x');
      await d.fails('EBUSY', 'rename', 'a', 'a/.');
      await d.fails('EBUSY', 'rename', 'a', '..');
      await d.ok('rename', 'a/', 'b/');
      await d.fails('ENOTDIR', 'rename', 'f/', 'g');
      await d.fails('ENOTDIR', 'rename', 'f', 'g/');
      await d.stat('f', { kind: 'file' });
    },
    async 'moves directories between directories and counts their links'(d) {
      for (const path of ['p', 'q', 'p/x', 'p/x/y']) await d.dir(path);
      await d.stat('p', { nlink: 3 });
      await d.ok('rename', 'p/x', 'q/x');
      await d.stat('p', { nlink: 2 });
      await d.stat('q', { nlink: 3 });
      await d.stat('q/x', { nlink: 3 });
      const { ino } = await d.do('lstat', 'q');
      await d.stat('q/x/..', { ino });
      await d.dir('p/x');
      await d.ok('rename', 'q/x/y', 'p/x');
      await d.stat('q/x', { nlink: 2 });
      await d.stat('p', { nlink: 3 });
    },
    async 'two names of one object: nothing happens'(d) {
      await d.file('a');
      await d.do('link', 'a', 'b');
      await d.changes({ a: '', '.': '' }, undefined, 'rename', 'a', 'b');
      await d.stat('a', { nlink: 2 });
      await d.stat('b', { nlink: 2 });
      await d.ok('rename', 'a', 'a');
      await d.stat('a', { nlink: 2 });
    },
    async 'an object that is replaced loses a link'(d) {
      await d.file('a', { content: 'a' });
      await d.file('b', { content: 'b' });
      await d.do('link', 'b', 'c');
      const fd = await d.do('open', 'b', 'O_RDONLY');
      await d.changes({ c: 'c' }, undefined, 'rename', 'a', 'b');
      await d.stat('c', { nlink: 1 });
      await d.content('b', 'a');
      await d.content('c', 'b');
      await d.do('unlink', 'c');
      await d.fstat(fd, { nlink: 0 });
      await d.gives('b', 'read', fd, 10);
    },
    async 'an open directory that is replaced is empty and gone'(d) {
      await d.dir('a');
      await d.dir('b');
      const fd = await d.do('open', 'b', 'O_RDONLY|O_DIRECTORY');
      await d.do('rename', 'a', 'b');
      await d.fstat(fd, { nlink: 0, kind: 'directory' });
      await d.fails('ENOENT', 'openat', fd, 'f', 'O_CREAT|O_RDWR', 0o644);
    },
    async 'changes the times of both directories, and none when it fails'(d) {
      await d.dir('x');
      await d.dir('y');
      await d.file('x/f');
      await d.changes({ x: 'mc', y: 'mc' }, undefined, 'rename', 'x/f', 'y/f');
      await d.dir('y/full');
      await d.file('y/full/g');
      await d.dir('x/dir');
      await d.changes({ x: '', y: '', 'x/dir': '', 'y/full': '' }, 'ENOTEMPTY', 'rename', 'x/dir', 'y/full');
      await d.changes({ x: '', y: '' }, 'ENOENT', 'rename', 'x/missing', 'y/f');
    },
    async 'changes ctime of what is renamed, and nothing else of it'(d) {
      for (const kind of d.kinds) {
        await d.make(kind, 'a');
        const before = await d.do('lstat', 'a');
        await d.do('tick');
        await d.do('rename', 'a', kind);
        const after = await d.do('lstat', kind);
        d.is(after.ctime > before.ctime, true, `ctime of the ${kind} is later`);
        d.is(after.mtime, before.mtime, `mtime of the ${kind} is as before`);
      }
    },
    async 'an open file keeps its content under the new name'(d) {
      await d.file('a', { content: 'old' });
      const fd = await d.do('open', 'a', 'O_RDWR|O_APPEND');
      await d.do('rename', 'a', 'b');
      await d.do('write', fd, ' and new');
      await d.content('b', 'old and new');
      await d.fstat(fd, { nlink: 1, size: 11 });
    },
  },
  withUsers: {
    ...permissionCases('rename', { call: (path) => ['rename', path, `${path}-renamed`], changesDirectory: true }),
    async 'both directories must let the caller write'(d) {
      await d.dir('from', { owner: ALICE });
      await d.dir('to', { owner: BOB });
      await d.file('from/f', { owner: ALICE });
      await d.as(ALICE).fails('EACCES', 'rename', 'from/f', 'to/f');
      await d.do('chmod', 'to', 0o777);
      await d.as(BOB).fails('EACCES', 'rename', 'from/f', 'to/f');
      await d.as(ALICE).ok('rename', 'from/f', 'to/f');
      await d.stat('to/f', { uid: ALICE[0] as number });
    },
    async 'a directory that changes its parent must itself be writable'(d) {
      await d.dir('p', { mode: 0o777 });
      await d.dir('q', { mode: 0o777 });
      await d.dir('p/x', { owner: BOB, mode: 0o755 });
      await d.as(ALICE).ok('rename', 'p/x', 'p/y');
      await d.as(ALICE).fails('EACCES', 'rename', 'p/y', 'q/x');
      await d.as(BOB).ok('rename', 'p/y', 'q/x');
    },
  },
};
