/** copy_file_range(2). */
import { ALICE, BOB, type Directory } from '../directory.ts';
import type { Suite } from '../run.ts';

const BYTES = 300_000;

/** A file of the pattern of seed 1, and an empty one. */
async function pair(d: Directory): Promise<[number, number]> {
  const from = await d.do('open', 'from', 'O_CREAT|O_RDWR', 0o644);
  await d.do('fill', from, 0, BYTES, 1);
  return [from, await d.do('open', 'to', 'O_CREAT|O_RDWR', 0o644)];
}

export const suite: Suite = {
  about: 'copy_file_range',
  cases: {
    async 'copies a whole file, and no more than there is'(d) {
      const [from, to] = await pair(d);
      await d.gives(BYTES, 'copyFileRange', from, 0, to, 0, BYTES);
      await d.gives(-1, 'verify', to, 0, BYTES, 1);
      await d.fstat(to, { size: BYTES });
      await d.gives(BYTES, 'copyFileRange', from, 0, to, 0, 10 * BYTES);
      await d.gives(0, 'copyFileRange', from, BYTES, to, 0, 10);
      await d.gives(0, 'copyFileRange', from, 2 * BYTES, to, 0, 10);
      await d.gives(0, 'copyFileRange', from, 0, to, 0, 0);
      await d.fstat(to, { size: BYTES });
    },
    async 'copies any range to any place'(d) {
      const [from, to] = await pair(d);
      for (const [offset, at, bytes] of [
        [0, 1, 10],
        [4096, 0, 4096],
        [1, 4095, 8193],
        [BYTES - 5, 100, 5],
        [77, 1_000_000, 100_000],
      ] as const) {
        await d.do('ftruncate', to, 0);
        await d.gives(bytes, 'copyFileRange', from, offset, to, at, bytes);
        await d.fstat(to, { size: at + bytes });
        const text = await d.do('pread', from, Math.min(bytes, 1000), offset);
        await d.gives(text, 'pread', to, text.length, at);
        const [tail, last] = [offset + bytes - 3, at + bytes - 3];
        await d.gives(await d.do('pread', from, 3, tail), 'pread', to, 3, last);
        if (at > 0) await d.gives(-1, 'verifyZeros', to, 0, at);
      }
    },
    async 'without offsets the positions are used and go on'(d) {
      const [from, to] = await pair(d);
      await d.do('lseek', from, 1000, 'SEEK_SET');
      await d.gives(500, 'copyFileRange', from, -1, to, -1, 500);
      await d.gives(1500, 'lseek', from, 0, 'SEEK_CUR');
      await d.gives(500, 'lseek', to, 0, 'SEEK_CUR');
      await d.gives(200, 'copyFileRange', from, 0, to, -1, 200);
      await d.gives(1500, 'lseek', from, 0, 'SEEK_CUR');
      await d.gives(700, 'lseek', to, 0, 'SEEK_CUR');
    },
    async 'within one file, where the ranges do not overlap'(d) {
      const [from] = await pair(d);
      await d.gives(BYTES, 'copyFileRange', from, 0, from, BYTES, BYTES);
      await d.gives(-1, 'verify', from, 0, BYTES, 1);
      await d.fstat(from, { size: 2 * BYTES });
      const text = await d.do('pread', from, 100, 0);
      await d.gives(text, 'pread', from, 100, BYTES);
      await d.fails('EINVAL', 'copyFileRange', from, 0, from, 100, 200);
      await d.fails('EINVAL', 'copyFileRange', from, 100, from, 0, 200);
    },
    async 'the copy and what was copied go their own ways'(d) {
      const [from, to] = await pair(d);
      await d.do('copyFileRange', from, 0, to, 0, BYTES);
      await d.do('fill', from, 0, BYTES, 2);
      await d.gives(-1, 'verify', to, 0, BYTES, 1);
      await d.do('fill', to, 0, 1000, 3);
      await d.gives(-1, 'verify', from, 0, BYTES, 2);
      await d.do('ftruncate', from, 0);
      await d.do('unlink', 'from');
      await d.do('close', from);
      await d.gives(-1, 'verify', to, 0, 1000, 3);
      await d.gives(await d.do('pread', to, 100, 1000), 'pread', to, 100, 1000);
    },
    async 'what was read of the target before is read anew'(d) {
      const [from, to] = await pair(d);
      await d.do('fill', to, 0, BYTES, 5);
      await d.gives(-1, 'verify', to, 0, BYTES, 5);
      const map = await d.do('mmap', to, 0, 4096, 'PROT_READ', 'MAP_SHARED');
      await d.do('mread', map, 0, 10);
      await d.do('copyFileRange', from, 0, to, 0, BYTES);
      await d.gives(-1, 'verify', to, 0, BYTES, 1);
      await d.gives(await d.do('pread', from, 10, 0), 'mread', map, 0, 10);
    },
    async 'what was written through a map of the source is copied'(d) {
      const [from, to] = await pair(d);
      const map = await d.do('mmap', from, 0, 4096, 'PROT_READ|PROT_WRITE', 'MAP_SHARED');
      await d.do('mwrite', map, 10, 'mapped');
      await d.do('copyFileRange', from, 0, to, 0, 4096);
      await d.gives('mapped', 'pread', to, 6, 10);
    },
    async 'changes the times of the target alone'(d) {
      const [from, to] = await pair(d);
      await d.changes({ from: '', to: 'mc' }, undefined, 'copyFileRange', from, 0, to, 0, 1000);
    },
    async 'refuses what cannot be copied'(d) {
      const [from, to] = await pair(d);
      const reader = await d.do('open', 'to', 'O_RDONLY');
      const writer = await d.do('open', 'from', 'O_WRONLY');
      const append = await d.do('open', 'to', 'O_WRONLY|O_APPEND');
      const directory = await d.do('open', '.', 'O_RDONLY');
      await d.fails('EBADF', 'copyFileRange', from, 0, reader, 0, 10);
      await d.fails('EBADF', 'copyFileRange', writer, 0, to, 0, 10);
      await d.fails('EBADF', 'copyFileRange', from, 0, append, 0, 10);
      await d.fails('EISDIR', 'copyFileRange', directory, 0, to, 0, 10);
      await d.fails('EINVAL', 'copyFileRange', from, 0, to, 0, 10, 1);
      await d.do('mkfifo', 'fifo', 0o600);
      const fifo = await d.do('open', 'fifo', 'O_RDWR');
      await d.fails('EINVAL', 'copyFileRange', fifo, -1, to, 0, 10);
      await d.stat('to', { size: 0 });
    },
  },
  withUsers: {
    async 'takes set-id bits of the target away'(d) {
      await d.file('from', { content: 'text', mode: 0o644 });
      await d.file('to', { owner: ALICE });
      await d.do('chmod', 'to', 0o6777);
      const from = await d.as(BOB).do('open', 'from', 'O_RDONLY');
      const to = await d.as(BOB).do('open', 'to', 'O_WRONLY');
      await d.as(BOB).gives(4, 'copyFileRange', from, 0, to, 0, 100);
      await d.stat('to', { mode: 0o777 });
    },
  },
};
