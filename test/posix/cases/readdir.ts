/** readdir(3), telldir(3), seekdir(3), getdents64(2). */
import { ALICE } from '../directory.ts';
import type { Suite } from '../run.ts';

const TYPES = { fifo: 1, char: 2, directory: 4, block: 6, file: 8, symlink: 10, socket: 12 } as const;
/** More than one buffer of the C library. */
const MANY = 1500;

export const suite: Suite = {
  about: 'readdir',
  cases: {
    async 'lists each entry with its type and inode number, and "." and ".."'(d) {
      await d.dir('x');
      for (const kind of d.kinds) await d.make(kind, `x/${kind}`);
      const entries = await d.do('list', 'x');
      const found = new Map<string, string[]>();
      for (let i = 0; i < entries.length; i += 3) found.set(entries[i] as string, entries.slice(i + 1, i + 3));
      d.is(found.size, d.kinds.length + 2, 'there are as many entries as objects, and two');
      for (const kind of d.kinds) {
        const { ino } = await d.do('lstat', `x/${kind}`);
        d.is(found.get(kind), [String(TYPES[kind]), String(ino)], `the entry of the ${kind}`);
      }
      const { ino } = await d.do('lstat', 'x');
      d.is(found.get('.'), ['4', String(ino)], 'the entry "."');
      const { ino: parent } = await d.do('lstat', '.');
      d.is(found.get('..'), ['4', String(parent)], 'the entry ".."');
    },
    async 'follows every change at once'(d) {
      await d.names('.', []);
      await d.file('a');
      await d.names('.', ['a']);
      await d.do('link', 'a', 'b');
      await d.names('.', ['a', 'b']);
      await d.do('rename', 'a', 'c');
      await d.names('.', ['b', 'c']);
      await d.do('rename', 'b', 'c');
      await d.names('.', ['b', 'c']);
      await d.do('unlink', 'b');
      await d.names('.', ['c']);
      await d.dir('x');
      await d.do('rename', 'c', 'x/c');
      await d.names('.', ['x']);
      await d.names('x', ['c']);
      await d.do('unlink', 'x/c');
      await d.do('rmdir', 'x');
      await d.names('.', []);
    },
    async 'lists names of any bytes and lengths'(d) {
      const names = ['\xff\xfe', ' ', '\n', '%', 'é', '...', '-', '\x01', 'n'.repeat(255), '\x80'.repeat(255)];
      for (const name of names) await d.file(name);
      await d.names('.', names);
    },
    async 'a large directory comes whole, each entry once'(d) {
      await d.dir('x');
      await d.do('populate', 'x', MANY);
      await d.gives([BigInt(MANY), 0n], 'count', 'x');
      await d.gives([BigInt(MANY), 0n], 'count', 'x');
      for (let i = 0; i < MANY; i += 3) await d.do('unlink', `x/f${i}`);
      await d.gives([BigInt(MANY - MANY / 3), 0n], 'count', 'x');
    },
    async 'entries that stay come once while others come and go'(d) {
      await d.dir('x');
      await d.do('populate', 'x', MANY);
      const stream = await d.do('opendir', 'x');
      const seen = new Map<string, number>();
      let removed = 1;
      for (;;) {
        const names = await d.do('readdir', stream, 100);
        for (const name of names) seen.set(name, (seen.get(name) ?? 0) + 1);
        if (names.length < 100) break;
        for (let i = 0; i < 20; i++, removed += 2) await d.do('unlink', `x/f${removed}`);
        await d.file(`x/new${removed}`);
      }
      let missing = 0;
      let twice = 0;
      for (let i = 0; i < MANY; i += 2) if (!seen.has(`f${i}`)) missing++;
      for (const times of seen.values()) if (times > 1) twice++;
      d.is(missing, 0, 'no entry that stayed is missing');
      d.is(twice, 0, 'no entry came twice');
    },
    async 'removing what was listed, batch by batch, empties the directory'(d) {
      await d.dir('x');
      await d.do('populate', 'x', MANY);
      const stream = await d.do('opendir', 'x');
      for (;;) {
        const names = await d.do('readdir', stream, 64);
        for (const name of names) if (!name.startsWith('.')) await d.do('unlink', `x/${name}`);
        if (names.length < 64) break;
      }
      await d.names('x', []);
      await d.ok('rmdir', 'x');
    },
    async 'telldir and seekdir come back to the same place'(d) {
      await d.dir('x');
      await d.do('populate', 'x', 500);
      const stream = await d.do('opendir', 'x');
      const places: { position: bigint; next: string }[] = [];
      for (;;) {
        const [position = 0n] = await d.do('telldir', stream);
        const [next] = await d.do('readdir', stream, 1);
        if (next === undefined) break;
        places.push({ position, next });
      }
      d.is(places.length, 502, 'all entries came');
      for (const k of [0, 1, 2, 100, 250, 499, 501, 3]) {
        const place = places[k] as (typeof places)[number];
        await d.do('seekdir', stream, place.position);
        await d.gives([place.next], 'readdir', stream, 1);
      }
      await d.ok('rewinddir', stream);
      await d.gives([places[0]?.next as string], 'readdir', stream, 1);
    },
    async 'positions stay right when entries before them go'(d) {
      await d.dir('x');
      await d.do('populate', 'x', 300);
      const stream = await d.do('opendir', 'x');
      const early = await d.do('readdir', stream, 100);
      const [position = 0n] = await d.do('telldir', stream);
      const [next] = await d.do('readdir', stream, 1);
      await d.do('readdir', stream, 100);
      for (const name of early) if (!name.startsWith('.')) await d.do('unlink', `x/${name}`);
      await d.do('seekdir', stream, position);
      await d.gives([next as string], 'readdir', stream, 1);
      const rest = await d.do('readdir', stream, 1000);
      d.is(rest.length, 302 - 101, 'the rest follows');
      d.is(rest.filter((name) => early.includes(name)).length, 0, 'without any that went');
    },
    async 'rewinddir sees what is new'(d) {
      await d.dir('x');
      await d.file('x/a');
      const stream = await d.do('opendir', 'x');
      const before = await d.do('readdir', stream, 10);
      d.is(before.length, 3, 'two dots and one entry');
      await d.file('x/b');
      await d.do('rewinddir', stream);
      const after = await d.do('readdir', stream, 10);
      d.is(after.sort(), ['.', '..', 'a', 'b'], 'the new entry is there');
    },
    async 'two streams of one directory have their own places'(d) {
      await d.dir('x');
      await d.do('populate', 'x', 200);
      const a = await d.do('opendir', 'x');
      const b = await d.do('opendir', 'x');
      const first = await d.do('readdir', a, 50);
      const same = await d.do('readdir', b, 50);
      d.is(same, first, 'both begin at the start');
      const rest = await d.do('readdir', a, 500);
      d.is(rest.length, 152, 'one goes on');
      d.is((await d.do('readdir', b, 500)).length, 152, 'and so does the other');
    },
    async 'a directory that was removed while open lists nothing'(d) {
      await d.dir('x');
      const stream = await d.do('opendir', 'x');
      await d.do('rmdir', 'x');
      await d.gives([], 'readdir', stream, 10);
    },
    async 'a stream follows a directory that is renamed'(d) {
      await d.dir('x');
      await d.file('x/a');
      const stream = await d.do('opendir', 'x');
      await d.do('rename', 'x', 'y');
      const names = await d.do('readdir', stream, 10);
      d.is(names.sort(), ['.', '..', 'a'], 'it lists the same entries');
    },
    async errors(d) {
      await d.file('f');
      await d.dir('x');
      await d.fails('ENOTDIR', 'opendir', 'f');
      await d.fails('ENOENT', 'opendir', 'missing');
      const fd = await d.do('open', 'f', 'O_RDONLY');
      await d.fails('ENOTDIR', 'getdents', fd, 4096);
      const directory = await d.do('open', 'x', 'O_RDONLY');
      await d.fails('EINVAL', 'getdents', directory, 8);
      const bytes = await d.ok('getdents', directory, 4096);
      d.is(bytes > 0, true, 'a buffer that is large enough takes entries');
      await d.gives(0, 'getdents', directory, 4096);
    },
  },
  withUsers: {
    async 'reading needs permission to read, and no more'(d) {
      await d.dir('x', { owner: ALICE });
      await d.file('x/f');
      await d.do('chmod', 'x', 0o300);
      await d.as(ALICE).fails('EACCES', 'opendir', 'x');
      await d.do('chmod', 'x', 0o400);
      await d.as(ALICE).names('x', ['f']);
      await d.as(ALICE).fails('EACCES', 'lstat', 'x/f');
      await d.do('chmod', 'x', 0);
      await d.as(ALICE).fails('EACCES', 'opendir', 'x');
      await d.names('x', ['f']);
    },
    async 'a stream that is open goes on without permission'(d) {
      await d.dir('x', { owner: ALICE });
      await d.file('x/f');
      const stream = await d.as(ALICE).do('opendir', 'x');
      await d.do('chmod', 'x', 0);
      const names = await d.as(ALICE).do('readdir', stream, 10);
      d.is(names.sort(), ['.', '..', 'f'], 'it lists the entries');
    },
  },
};
