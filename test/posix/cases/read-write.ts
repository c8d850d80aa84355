/** read(2), write(2) and their kin: positions, ends, appending, holes, several descriptors and processes. */
import type { Suite } from '../run.ts';

export const suite: Suite = {
  about: 'read and write',
  cases: {
    async 'what is written is read, at any offset and length'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      let seed = 0;
      for (const offset of [0, 1, 4095, 4096, 65_535, 1_048_575]) {
        for (const bytes of [1, 4096, 4097, 131_073]) {
          await d.gives(bytes, 'fill', fd, offset, bytes, ++seed);
          await d.gives(-1, 'verify', fd, offset, bytes, seed);
        }
      }
      await d.gives(2_500_001, 'fill', fd, 5, 2_500_001, 99);
      await d.gives(-1, 'verify', fd, 5, 2_500_001, 99);
    },
    async 'through another descriptor, and in another process, at once'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      const reader = await d.do('open', 'f', 'O_RDONLY');
      const other = d.other();
      const far = await other.do('open', 'f', 'O_RDWR');
      for (let i = 1; i <= 20; i++) {
        await d.do('fill', fd, i * 1000, 5000, i);
        await d.gives(-1, 'verify', reader, i * 1000, 5000, i);
        await other.gives(-1, 'verify', far, i * 1000, 5000, i);
        await other.do('fill', far, i * 1000, 5000, i + 100);
        await d.gives(-1, 'verify', fd, i * 1000, 5000, i + 100);
      }
    },
    async 'reading past the end gives what is there, then nothing'(d) {
      await d.file('f', { content: 'abcdef' });
      const fd = await d.do('open', 'f', 'O_RDONLY');
      await d.gives('abcd', 'read', fd, 4);
      await d.gives('ef', 'read', fd, 4);
      await d.gives('', 'read', fd, 4);
      await d.gives('f', 'pread', fd, 100, 5);
      await d.gives('', 'pread', fd, 100, 6);
      await d.gives('', 'pread', fd, 100, 1_000_000_000_000);
      await d.gives('', 'pread', fd, 0, 0);
      await d.fails('EINVAL', 'pread', fd, 1, -1);
    },
    async 'positions go on with what is read and written'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.gives(6, 'write', fd, 'abcdef');
      await d.gives(6, 'lseek', fd, 0, 'SEEK_CUR');
      await d.gives(2, 'lseek', fd, 2, 'SEEK_SET');
      await d.gives('cd', 'read', fd, 2);
      await d.gives(1, 'write', fd, 'E');
      await d.gives('f', 'read', fd, 9);
      await d.gives(4, 'lseek', fd, -2, 'SEEK_END');
      await d.gives('Ef', 'read', fd, 9);
      await d.gives('abc', 'pread', fd, 3, 0);
      await d.gives(6, 'lseek', fd, 0, 'SEEK_CUR');
      await d.fails('EINVAL', 'lseek', fd, -1, 'SEEK_SET');
      await d.fails('EINVAL', 'lseek', fd, 0, 99);
      await d.gives(100, 'lseek', fd, 100, 'SEEK_SET');
      await d.fstat(fd, { size: 6 });
    },
    async 'writing past the end leaves a hole of zeros'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.gives(1, 'pwrite', fd, 'x', 10_000_000);
      await d.fstat(fd, { size: 10_000_001 });
      await d.gives(-1, 'verifyZeros', fd, 0, 1_000_000);
      await d.gives('\0\0x', 'pread', fd, 10, 9_999_998);
      const { blocks } = await d.do('fstat', fd);
      d.is(blocks * 512 < 100_000, true, 'the hole takes no room');
      await d.gives(4, 'pwrite', fd, 'last', 2 ** 40);
      await d.gives('\0last', 'pread', fd, 10, 2 ** 40 - 1);
    },
    async 'vectors are one call'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.gives(6, 'writev', fd, 'abc', 'def');
      await d.gives(0, 'lseek', fd, 0, 'SEEK_SET');
      await d.gives('abcdef', 'readv', fd, 2, 10);
      await d.content('f', 'abcdef');
    },
    async 'writing changes mtime and ctime, reading does not, nor does writing nothing'(d) {
      await d.file('f', { content: 'text' });
      const fd = await d.do('open', 'f', 'O_RDWR');
      await d.changes({ f: 'mc', '.': '' }, undefined, 'write', fd, 'x');
      await d.changes({ f: 'mc' }, undefined, 'pwrite', fd, 'x', 100);
      await d.changes({ f: '' }, undefined, 'pread', fd, 10, 0);
      await d.changes({ f: '' }, undefined, 'write', fd, '');
      const reader = await d.do('open', 'f', 'O_RDONLY');
      await d.changes({ f: '' }, 'EBADF', 'write', reader, 'x');
      await d.changes({ f: '' }, undefined, 'close', fd);
    },
    async 'appends of several processes do not overwrite each other'(d) {
      await d.file('f');
      const others = [d.other(), d.other(), d.other()];
      const fds: number[] = [];
      for (const other of others) fds.push(await other.do('open', 'f', 'O_WRONLY|O_APPEND'));
      const rounds: Promise<number>[] = [];
      for (let i = 0; i < 50; i++) {
        for (const [k, other] of others.entries()) rounds.push(other.do('write', fds[k] as number, `${k}`.repeat(100)));
      }
      await Promise.all(rounds);
      await d.stat('f', { size: 15_000 });
      const fd = await d.do('open', 'f', 'O_RDONLY');
      const text = await d.do('read', fd, 20_000);
      const whole = text.match(/.{100}/g)?.filter((piece) => piece === (piece[0] as string).repeat(100)).length;
      d.is(whole, 150, 'each append is whole');
      for (const k of ['0', '1', '2']) d.is(text.split(k).length - 1, 5000, `all of process ${k} is there`);
    },
    async 'RWF_APPEND appends once'(d) {
      await d.file('f', { content: 'abc' });
      const fd = await d.do('open', 'f', 'O_WRONLY');
      await d.gives(1, 'pwritev2', fd, 'd', 0, 'RWF_APPEND');
      await d.gives(1, 'pwritev2', fd, 'A', 0, 'RWF_DSYNC');
      await d.content('f', 'Abcd');
    },
    async 'kernel copies: sendfile and splice'(d) {
      const from = await d.do('open', 'from', 'O_CREAT|O_RDWR', 0o644);
      const to = await d.do('open', 'to', 'O_CREAT|O_RDWR', 0o644);
      await d.do('fill', from, 0, 100_000, 3);
      await d.gives(50_000, 'sendfile', to, from, 0, 50_000);
      await d.gives(50_000, 'sendfile', to, from, 50_000, 80_000);
      await d.gives(-1, 'verify', to, 0, 100_000, 3);
      const spliced = await d.do('open', 'spliced', 'O_CREAT|O_RDWR', 0o644);
      await d.gives(10_000, 'splice', from, spliced, 10_000);
      await d.gives(-1, 'verify', spliced, 0, 10_000, 3);
    },
    async 'O_DIRECT and buffered access see one content'(d) {
      const buffered = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      const direct = await d.ok('open', 'f', 'O_RDWR|O_DIRECT');
      for (let i = 1; i <= 5; i++) {
        await d.do('fill', buffered, 0, 65_536, i);
        await d.gives(-1, 'verify', direct, 0, 65_536, i);
        await d.gives(8192, 'fill', direct, 4096, 8192, i + 10);
        await d.gives(-1, 'verify', buffered, 4096, 8192, i + 10);
        await d.gives(-1, 'verify', buffered, 0, 4096, i);
        await d.gives(-1, 'verify', buffered, 12_288, 4096, i);
      }
    },
    async 'the size of a hole file is exact to 8 EiB less one where the filesystem reaches'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.ok('ftruncate', fd, 2 ** 43);
      await d.fstat(fd, { size: 2 ** 43, blocks: 0 });
      await d.gives('\0\0', 'pread', fd, 10, 2 ** 43 - 2);
      await d.failsWithOneOf(['EFBIG', 'EINVAL'], 'pwrite', fd, 'xx', 9_223_372_036_854_775_806n);
    },
    async 'hints change nothing'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.do('fill', fd, 0, 100_000, 1);
      for (let advice = 0; advice <= 5; advice++) await d.ok('fadvise', fd, 0, 100_000, advice);
      await d.gives(-1, 'verify', fd, 0, 100_000, 1);
    },
  },
};
