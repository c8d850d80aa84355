/** mmap(2), msync(2). */
import type { Suite } from '../run.ts';

const PAGE = 4096;

export const suite: Suite = {
  about: 'mmap',
  cases: {
    async 'a shared map shows the file, and the file shows the map'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.do('ftruncate', fd, 4 * PAGE);
      await d.do('pwrite', fd, 'start', 0);
      const map = await d.ok('mmap', fd, 0, 4 * PAGE, 'PROT_READ|PROT_WRITE', 'MAP_SHARED');
      await d.gives('start\0', 'mread', map, 0, 6);
      await d.ok('mwrite', map, 2 * PAGE - 2, 'across');
      await d.gives('across', 'pread', fd, 6, 2 * PAGE - 2);
      await d.do('pwrite', fd, 'later', 3 * PAGE);
      await d.gives('later', 'mread', map, 3 * PAGE, 5);
      await d.ok('msync', map);
      await d.ok('munmap', map);
      await d.gives('across', 'pread', fd, 6, 2 * PAGE - 2);
    },
    async 'a map outlives its descriptor and its name'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.do('ftruncate', fd, PAGE);
      const map = await d.do('mmap', fd, 0, PAGE, 'PROT_READ|PROT_WRITE', 'MAP_SHARED');
      await d.do('close', fd);
      await d.ok('mwrite', map, 0, 'one');
      await d.ok('msync', map);
      const again = await d.do('open', 'f', 'O_RDONLY');
      await d.gives('one', 'pread', again, 3, 0);
      await d.do('unlink', 'f');
      await d.ok('mwrite', map, 0, 'two');
      await d.gives('two', 'pread', again, 3, 0);
      await d.ok('munmap', map);
      await d.gives('two', 'pread', again, 3, 0);
    },
    async 'what a map wrote is there after everything is closed'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.do('ftruncate', fd, 3 * PAGE);
      const map = await d.do('mmap', fd, 0, 3 * PAGE, 'PROT_READ|PROT_WRITE', 'MAP_SHARED');
      for (const at of [0, 100, PAGE, 3 * PAGE - 4]) await d.do('mwrite', map, at, 'mark');
      await d.do('munmap', map);
      await d.do('close', fd);
      const buffered = await d.do('open', 'f', 'O_RDONLY');
      for (const at of [0, 100, PAGE, 3 * PAGE - 4]) await d.gives('mark', 'pread', buffered, 4, at);
    },
    async 'a private map keeps its changes to itself'(d) {
      await d.file('f', { content: 'content' });
      const fd = await d.do('open', 'f', 'O_RDONLY');
      const map = await d.ok('mmap', fd, 0, PAGE, 'PROT_READ|PROT_WRITE', 'MAP_PRIVATE');
      await d.ok('mwrite', map, 0, 'CON');
      await d.gives('CONtent\0', 'mread', map, 0, 8);
      await d.content('f', 'content');
    },
    async 'two processes share a map'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.do('ftruncate', fd, PAGE);
      const other = d.other();
      const far = await other.do('open', 'f', 'O_RDWR');
      const here = await d.do('mmap', fd, 0, PAGE, 'PROT_READ|PROT_WRITE', 'MAP_SHARED');
      const there = await other.do('mmap', far, 0, PAGE, 'PROT_READ|PROT_WRITE', 'MAP_SHARED');
      await d.do('mwrite', here, 10, 'ping');
      await other.gives('ping', 'mread', there, 10, 4);
      await other.do('mwrite', there, 20, 'pong');
      await d.gives('pong', 'mread', here, 20, 4);
    },
    async 'the last page is filled with zeros, and beyond it there is nothing'(d) {
      await d.file('f', { content: 'short' });
      const fd = await d.do('open', 'f', 'O_RDWR');
      const map = await d.do('mmap', fd, 0, 2 * PAGE, 'PROT_READ|PROT_WRITE', 'MAP_SHARED');
      await d.gives('short\0\0\0', 'mread', map, 0, 8);
      await d.gives('\0'.repeat(16), 'mread', map, PAGE - 16, 16);
      await d.fails('SIGBUS', 'mread', map, PAGE, 1);
      await d.fails('SIGBUS', 'mwrite', map, PAGE, 'x');
      await d.do('ftruncate', fd, 2 * PAGE);
      await d.gives('\0\0', 'mread', map, PAGE, 2);
      await d.do('ftruncate', fd, 3);
      await d.gives('sho\0\0', 'mread', map, 0, 5);
      await d.fails('SIGBUS', 'mread', map, PAGE, 1);
    },
    async 'what is written past the end in the last page never comes into the file'(d) {
      await d.file('f', { content: 'abc' });
      const fd = await d.do('open', 'f', 'O_RDWR');
      const map = await d.do('mmap', fd, 0, PAGE, 'PROT_READ|PROT_WRITE', 'MAP_SHARED');
      await d.do('mwrite', map, 3, 'beyond');
      await d.do('msync', map);
      await d.content('f', 'abc');
      await d.do('munmap', map);
      await d.do('ftruncate', fd, 9);
      await d.content('f', 'abc\0\0\0\0\0\0');
    },
    async 'writing through a map changes mtime and ctime'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.do('ftruncate', fd, PAGE);
      const map = await d.do('mmap', fd, 0, PAGE, 'PROT_READ|PROT_WRITE', 'MAP_SHARED');
      const before = await d.do('fstat', fd);
      await d.do('tick');
      await d.do('mwrite', map, 0, 'x');
      await d.do('msync', map);
      const after = await d.do('fstat', fd);
      d.is(after.mtime > before.mtime, true, 'mtime is later');
      d.is(after.ctime > before.ctime, true, 'ctime is later');
    },
    async 'protection must suit the descriptor'(d) {
      await d.file('f', { content: 'text' });
      const reader = await d.do('open', 'f', 'O_RDONLY');
      const writer = await d.do('open', 'f', 'O_WRONLY');
      await d.fails('EACCES', 'mmap', reader, 0, PAGE, 'PROT_WRITE', 'MAP_SHARED');
      await d.fails('EACCES', 'mmap', writer, 0, PAGE, 'PROT_READ', 'MAP_SHARED');
      await d.fails('EINVAL', 'mmap', reader, 0, 0, 'PROT_READ', 'MAP_SHARED');
      await d.fails('EINVAL', 'mmap', reader, 1, PAGE, 'PROT_READ', 'MAP_SHARED');
      const map = await d.ok('mmap', reader, 0, PAGE, 'PROT_READ', 'MAP_SHARED');
      await d.fails('SIGSEGV', 'mwrite', map, 0, 'x');
      const directory = await d.do('open', '.', 'O_RDONLY');
      await d.fails('ENODEV', 'mmap', directory, 0, PAGE, 'PROT_READ', 'MAP_SHARED');
    },
    async 'a file larger than memory pages maps anywhere'(d) {
      const fd = await d.do('open', 'f', 'O_CREAT|O_RDWR', 0o644);
      await d.do('ftruncate', fd, 2 ** 33);
      const map = await d.ok('mmap', fd, 2 ** 32, PAGE, 'PROT_READ|PROT_WRITE', 'MAP_SHARED');
      await d.ok('mwrite', map, 7, 'far');
      await d.ok('msync', map);
      await d.gives('\0far\0', 'pread', fd, 5, 2 ** 32 + 6);
    },
  },
};
