import { expect, test } from 'vitest';
import { Vfs } from '../../mount/vfs.ts';
import { type AtimePolicy, parseAtime } from '../../mount/vfs-atime.ts';
import { tickingClock } from '../support/clock.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { NO_TOTALS, outcomeOf, readAll, VfsPaths } from '../support/paths.ts';

/** A store whose clock is right, as a policy asks for the day. */
function presentStore(): MemoryStore {
  return new MemoryStore({ now: tickingClock(Math.floor(Date.now() / 1000)) });
}

/** How many of `reads` in turn change the access time, of a file, a directory and a symlink. */
function moves(atime: AtimePolicy, readOnly = false): number[] {
  const store = presentStore();
  const writer = new VfsPaths(new Vfs(store, { totals: NO_TOTALS }));
  writer.create('f', 0o644);
  writer.write('f', 0, Buffer.from('abc'));
  writer.mkdir('d', 0o755);
  writer.symlink('l', 'f');
  const vfs = new Vfs(store, { totals: NO_TOTALS, atime, readOnly });
  const reads: [string, (ino: number) => unknown][] = [
    ['f', (ino) => readAll(vfs, ino)],
    ['d', (ino) => vfs.readdir(ino, 0, () => true)],
    ['l', (ino) => vfs.readlink(ino)],
  ];
  return reads.map(([path, read]) => {
    const { ino } = writer.find(path);
    let count = 0;
    for (let i = 0; i < 3; i++) {
      const before = { ...vfs.attributes(ino) };
      read(ino);
      const after = vfs.attributes(ino);
      if (after.atimeSec !== before.atimeSec || after.atimeNsec !== before.atimeNsec) count++;
      const rest = { atimeSec: 0, atimeNsec: 0 };
      expect({ ...after, ...rest, version: 0, seq: 0 }).toEqual({ ...before, ...rest, version: 0, seq: 0 });
    }
    return count;
  });
}

test('reading changes the access time as the policy says, and nothing else', () => {
  expect(moves('noatime')).toEqual([0, 0, 0]);
  expect(moves('relatime')).toEqual([1, 1, 1]);
  expect(moves('strictatime')).toEqual([3, 3, 3]);
  expect(moves('strictatime', true)).toEqual([0, 0, 0]);
});

test('an access time of a day ago moves again, and one that was set stays till then', () => {
  const store = presentStore();
  const vfs = new Vfs(store, { totals: NO_TOTALS, atime: 'relatime' });
  const paths = new VfsPaths(vfs);
  paths.create('f', 0o644);
  const { ino } = paths.find('f');
  const now = Math.floor(Date.now() / 1000);
  const set = (atime: number) => vfs.setAttributes(ino, { atime: [atime, 0], mtime: [1, 0], ctime: [2, 0] });
  set(now - 86_000);
  readAll(vfs, ino);
  expect(vfs.attributes(ino).atimeSec).toBe(now - 86_000);
  set(now - 86_500);
  readAll(vfs, ino);
  expect(vfs.attributes(ino).atimeSec).not.toBe(now - 86_500);
});

test('a policy that does not exist is refused', () => {
  expect(outcomeOf(() => void parseAtime('sometimes'))).toBe('INVALID');
  expect(parseAtime('relatime')).toBe('relatime');
});
