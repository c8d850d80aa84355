/** fallocate(2), and holes found by lseek(2). */
import { ALICE, BOB, type Directory } from '../directory.ts';
import type { Suite } from '../run.ts';

const BLOCK = 4096;
const BYTES = 16 * BLOCK;

/** A file that is full of the pattern of seed 1. Its descriptor. */
async function full(d: Directory, path: string): Promise<number> {
  const fd = await d.do('open', path, 'O_CREAT|O_RDWR', 0o644);
  await d.do('fill', fd, 0, BYTES, 1);
  await d.do('fsync', fd);
  return fd;
}

export const suite: Suite = {
  about: 'fallocate',
  cases: {
    async 'extends a file with zeros, and leaves what is there'(d) {
      const fd = await full(d, 'f');
      await d.ok('fallocate', fd, 0, 0, BYTES);
      await d.gives(-1, 'verify', fd, 0, BYTES, 1);
      await d.fstat(fd, { size: BYTES });
      await d.ok('fallocate', fd, 0, BYTES - 100, 1000);
      await d.fstat(fd, { size: BYTES + 900 });
      await d.gives(-1, 'verify', fd, 0, BYTES, 1);
      await d.gives(-1, 'verifyZeros', fd, BYTES, 900);
      await d.ok('fallocate', fd, 0, 10 * BYTES, 1);
      await d.fstat(fd, { size: 10 * BYTES + 1 });
    },
    async 'KEEP_SIZE leaves the size'(d) {
      const fd = await full(d, 'f');
      await d.ok('fallocate', fd, 'FALLOC_FL_KEEP_SIZE', 0, 2 * BYTES);
      await d.fstat(fd, { size: BYTES });
      await d.gives('', 'pread', fd, 10, BYTES);
      await d.ok('ftruncate', fd, 2 * BYTES);
      await d.gives(-1, 'verifyZeros', fd, BYTES, BYTES);
    },
    async 'punches holes of any range, and no further'(d) {
      for (const [offset, bytes] of [
        [0, BLOCK],
        [BLOCK, 2 * BLOCK],
        [100, 50],
        [BLOCK - 1, 2],
        [3 * BLOCK + 7, 5 * BLOCK],
        [BYTES - BLOCK, BLOCK],
        [0, BYTES],
      ] as const) {
        const fd = await full(d, `${offset}-${bytes}`);
        await d.ok('fallocate', fd, 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE', offset, bytes);
        await d.fstat(fd, { size: BYTES });
        await d.gives(-1, 'verify', fd, 0, offset, 1);
        await d.gives(-1, 'verifyZeros', fd, offset, bytes);
        await d.gives(-1, 'verify', fd, offset + bytes, BYTES - offset - bytes, 1);
      }
    },
    async 'a hole past the end changes nothing, one across it ends there'(d) {
      const fd = await full(d, 'f');
      await d.ok('fallocate', fd, 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE', 2 * BYTES, BYTES);
      await d.ok('fallocate', fd, 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE', BYTES - BLOCK, BYTES);
      await d.fstat(fd, { size: BYTES });
      await d.gives(-1, 'verify', fd, 0, BYTES - BLOCK, 1);
      await d.gives(-1, 'verifyZeros', fd, BYTES - BLOCK, BLOCK);
    },
    async 'a hole gives its room back'(d) {
      const fd = await full(d, 'f');
      const before = await d.do('fstat', fd);
      await d.do('fallocate', fd, 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE', 0, BYTES / 2);
      const after = await d.do('fstat', fd);
      d.is(after.blocks < before.blocks, true, 'fewer blocks are in use');
      await d.do('fallocate', fd, 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE', 0, BYTES);
      await d.fstat(fd, { blocks: 0 });
    },
    async 'ZERO_RANGE writes zeros, within the file and past its end'(d) {
      const fd = await full(d, 'f');
      await d.ok('fallocate', fd, 'FALLOC_FL_ZERO_RANGE', 100, 2 * BLOCK);
      await d.gives(-1, 'verify', fd, 0, 100, 1);
      await d.gives(-1, 'verifyZeros', fd, 100, 2 * BLOCK);
      await d.gives(-1, 'verify', fd, 100 + 2 * BLOCK, BYTES - 100 - 2 * BLOCK, 1);
      await d.ok('fallocate', fd, 'FALLOC_FL_ZERO_RANGE|FALLOC_FL_KEEP_SIZE', BYTES - 10, 1000);
      await d.fstat(fd, { size: BYTES });
      await d.gives(-1, 'verifyZeros', fd, BYTES - 10, 10);
      await d.ok('fallocate', fd, 'FALLOC_FL_ZERO_RANGE', BYTES - 10, 1000);
      await d.fstat(fd, { size: BYTES + 990 });
    },
    async 'changes mtime and ctime when it changes the file'(d) {
      const fd = await full(d, 'f');
      await d.changes({ f: 'mc' }, undefined, 'fallocate', fd, 0, 0, 2 * BYTES);
      const hole = 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE';
      await d.changes({ f: 'mc' }, undefined, 'fallocate', fd, hole, 0, BLOCK);
      await d.changes({ f: 'mc' }, undefined, 'fallocate', fd, 'FALLOC_FL_ZERO_RANGE', 0, BLOCK);
      await d.changes({ f: '' }, 'EINVAL', 'fallocate', fd, 0, 0, 0);
    },
    async 'refuses ranges, modes and files that are none'(d) {
      const fd = await full(d, 'f');
      await d.fails('EINVAL', 'fallocate', fd, 0, 0, 0);
      await d.fails('EINVAL', 'fallocate', fd, 0, -1, 10);
      await d.fails('EINVAL', 'fallocate', fd, 0, 0, -10);
      await d.fails('EOPNOTSUPP', 'fallocate', fd, 'FALLOC_FL_PUNCH_HOLE', 0, 10);
      await d.fails('EOPNOTSUPP', 'fallocate', fd, 0x1000_0000, 0, 10);
      await d.fails('EFBIG', 'fallocate', fd, 0, 9_223_372_036_854_775_807n, 10);
      const reader = await d.do('open', 'f', 'O_RDONLY');
      await d.fails('EBADF', 'fallocate', reader, 0, 0, 10);
      await d.do('mkfifo', 'fifo', 0o600);
      const fifo = await d.do('open', 'fifo', 'O_RDWR');
      await d.fails('ESPIPE', 'fallocate', fifo, 0, 0, 10);
      await d.stat('f', { size: BYTES });
    },
    async 'the limit on sizes of the process holds'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.do('limitFileSize', BLOCK);
      await d.fails('EFBIG', 'fallocate', fd, 0, 0, BLOCK + 1);
      await d.ok('fallocate', fd, 0, 0, BLOCK);
      await d.stat('f', { size: BLOCK });
    },
    async 'maps and other descriptors see holes at once'(d) {
      const fd = await full(d, 'f');
      const map = await d.do('mmap', fd, 0, BYTES, 'PROT_READ', 'MAP_SHARED');
      const reader = await d.do('open', 'f', 'O_RDONLY');
      await d.do('mread', map, BLOCK, 4);
      await d.gives(-1, 'verify', reader, 0, BYTES, 1);
      await d.do('fallocate', fd, 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE', BLOCK, BLOCK);
      await d.gives('\0\0\0\0', 'mread', map, BLOCK, 4);
      await d.gives(-1, 'verifyZeros', reader, BLOCK, BLOCK);
    },
    async 'SEEK_DATA and SEEK_HOLE: a file without holes, and one that is a hole'(d) {
      const fd = await full(d, 'f');
      await d.gives(0, 'lseek', fd, 0, 'SEEK_DATA');
      await d.gives(BYTES, 'lseek', fd, 0, 'SEEK_HOLE');
      await d.gives(BYTES - 1, 'lseek', fd, BYTES - 1, 'SEEK_DATA');
      await d.gives(BYTES, 'lseek', fd, BYTES - 1, 'SEEK_HOLE');
      for (const offset of [BYTES, BYTES + 1, 10 * BYTES]) {
        await d.fails('ENXIO', 'lseek', fd, offset, 'SEEK_DATA');
        await d.fails('ENXIO', 'lseek', fd, offset, 'SEEK_HOLE');
      }
      await d.fails('ENXIO', 'lseek', fd, -1, 'SEEK_DATA');
      const hole = await d.do('open', 'hole', 'O_CREAT|O_RDWR', 0o644);
      await d.do('ftruncate', hole, 1_000_000);
      await d.fails('ENXIO', 'lseek', hole, 0, 'SEEK_DATA');
      await d.gives(0, 'lseek', hole, 0, 'SEEK_HOLE');
      await d.gives(5000, 'lseek', hole, 5000, 'SEEK_HOLE');
      const empty = await d.do('open', 'empty', 'O_CREAT|O_RDWR', 0o644);
      await d.fails('ENXIO', 'lseek', empty, 0, 'SEEK_DATA');
      await d.fails('ENXIO', 'lseek', empty, 0, 'SEEK_HOLE');
    },
    async 'SEEK_DATA and SEEK_HOLE: holes between data, and the position moves'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      const unit = 1 << 20;
      await d.do('fill', fd, unit, BLOCK, 1);
      await d.do('fill', fd, 4 * unit, BLOCK, 2);
      await d.do('ftruncate', fd, 8 * unit);
      await d.do('fsync', fd);
      await d.gives(unit, 'lseek', fd, 0, 'SEEK_DATA');
      await d.gives(unit, 'lseek', fd, 0, 'SEEK_CUR');
      await d.gives(unit + BLOCK, 'lseek', fd, unit, 'SEEK_HOLE');
      await d.gives(4 * unit, 'lseek', fd, unit + BLOCK, 'SEEK_DATA');
      await d.gives(4 * unit + 10, 'lseek', fd, 4 * unit + 10, 'SEEK_DATA');
      await d.gives(0, 'lseek', fd, 0, 'SEEK_HOLE');
      await d.gives(4 * unit + BLOCK, 'lseek', fd, 4 * unit, 'SEEK_HOLE');
      await d.fails('ENXIO', 'lseek', fd, 4 * unit + BLOCK, 'SEEK_DATA');
      await d.do('fallocate', fd, 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE', unit, BLOCK);
      await d.gives(4 * unit, 'lseek', fd, 0, 'SEEK_DATA');
    },
  },
  withUsers: {
    async 'takes set-id bits away'(d) {
      for (const [name, mode] of [
        ['plain', 0],
        ['hole', 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE'],
        ['zero', 'FALLOC_FL_ZERO_RANGE'],
      ] as const) {
        await d.file(name, { owner: ALICE, content: 'text' });
        await d.do('chmod', name, 0o6777);
        const fd = await d.as(BOB).do('open', name, 'O_RDWR');
        await d.as(BOB).ok('fallocate', fd, mode, 0, 100);
        await d.stat(name, { mode: 0o777 });
      }
    },
  },
};
