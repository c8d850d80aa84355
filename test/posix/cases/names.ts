/** Which names there can be. */
import type { Suite } from '../run.ts';

export const suite: Suite = {
  about: 'names',
  cases: {
    async 'any bytes but "/" and NUL'(d) {
      for (let byte = 1; byte < 256; byte++) {
        if (byte === 0x2f || byte === 0x2e) continue;
        const name = String.fromCharCode(byte);
        await d.ok('mkdir', name, 0o755);
        await d.ok('symlink', name, `${name}/${name}`);
        await d.gives(name, 'readlink', `${name}/${name}`);
      }
      for (let byte = 1; byte < 256; byte += 50) {
        const name = String.fromCharCode(byte);
        await d.names(name, [name]);
        await d.do('unlink', `${name}/${name}`);
        await d.ok('rmdir', name);
      }
    },
    async 'names that look alike are others'(d) {
      const names = ['a', 'A', 'é', 'e\u0301'.normalize('NFD'), 'a ', 'a.', 'a~', '.a', '..a', '...'].map((name) =>
        Buffer.from(name).toString('latin1'),
      );
      for (const [i, name] of names.entries()) await d.file(name, { content: `${i}` });
      await d.names('.', names);
      for (const [i, name] of names.entries()) await d.content(name, `${i}`);
    },
    async 'names of every length up to 255 bytes'(d) {
      for (const bytes of [1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 200, 254, 255]) {
        const name = 'n'.repeat(bytes);
        await d.ok('mkdir', name, 0o755);
        await d.stat(name, { kind: 'directory' });
        await d.ok('rename', name, `m${name.slice(1)}`);
        await d.ok('rmdir', `m${name.slice(1)}`);
      }
      for (const bytes of [256, 300, 1000, 4000]) {
        const name = 'n'.repeat(bytes);
        await d.fails('ENAMETOOLONG', 'lstat', name);
        await d.fails('ENAMETOOLONG', 'open', name, 'O_CREAT|O_RDWR', 0o644);
        await d.fails('ENAMETOOLONG', 'mkdir', name, 0o755);
        await d.fails('ENAMETOOLONG', 'mkfifo', name, 0o755);
        await d.fails('ENAMETOOLONG', 'symlink', 'x', name);
        await d.fails('ENAMETOOLONG', 'unlink', name);
        await d.fails('ENAMETOOLONG', 'rmdir', name);
      }
    },
    async 'paths of 4095 bytes through real directories'(d) {
      const parts: string[] = [];
      let left = 4095 - 'f'.length;
      for (; left > 256; left -= 256) parts.push('d'.repeat(255));
      parts.push('d'.repeat(left - 1));
      const path = (name: string): string => `${parts.join('/')}/${name}`;
      for (let i = 1; i <= parts.length; i++) await d.ok('mkdir', parts.slice(0, i).join('/'), 0o755);
      d.is(path('f').length, 4095, 'the path is as long as can be');
      await d.fails('ENAMETOOLONG', 'open', path('ff'), 'O_CREAT|O_RDWR', 0o644);
      await d.ok('open', path('f'), 'O_CREAT|O_RDWR', 0o644);
      await d.ok('chmod', path('f'), 0o600);
      await d.ok('truncate', path('f'), 10);
      await d.ok('link', path('f'), 'g');
      await d.ok('rename', path('f'), path('h'));
      await d.ok('symlink', path('h'), 's');
      await d.gives(path('h'), 'readlink', 's');
      await d.stat(path('h'), { kind: 'file', mode: 0o600, nlink: 2, size: 10 });
      await d.ok('utimesNow', path('h'));
      await d.ok('unlink', path('h'));
      await d.ok('mkdir', path('x'), 0o755);
      await d.ok('rmdir', path('x'));
      await d.ok('mkfifo', path('p'), 0o644);
      await d.ok('unlink', path('p'));
      for (let i = parts.length; i > 0; i--) await d.ok('rmdir', parts.slice(0, i).join('/'));
    },
    async 'trees deeper than a path can be long'(d) {
      const name = 'd'.repeat(200);
      for (let i = 0; i < 30; i++) {
        await d.do('mkdir', name, 0o755);
        await d.do('chdir', name);
      }
      await d.ok('open', 'bottom', 'O_CREAT|O_RDWR', 0o644);
      await d.stat('bottom', { kind: 'file' });
      await d.do('unlink', 'bottom');
      for (let i = 0; i < 30; i++) {
        await d.do('chdir', '..');
        await d.do('rmdir', name);
      }
      await d.names('.', []);
    },
  },
};
