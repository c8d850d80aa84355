/** Set-id bits: inherited by what is made in a directory, and taken away when a file changes. */
import { ALICE, BOB, CAROL } from '../directory.ts';
import type { Suite } from '../run.ts';

const [alice, aliceGroup] = ALICE as [number, number];
const [bob, bobGroup] = BOB as [number, number];

export const suite: Suite = {
  about: 'set-id',
  cases: {},
  withUsers: {
    async 'what is made in a set-group-id directory is of its group; directories pass the bit on'(d) {
      await d.dir('x', { owner: [alice, aliceGroup] });
      await d.do('chmod', 'x', 0o2777);
      for (const kind of ['file', 'directory', 'symlink', 'fifo', 'socket'] as const) {
        await d.as(BOB).make(kind, `x/${kind}`);
        await d.stat(`x/${kind}`, { kind, uid: bob, gid: aliceGroup });
      }
      await d.as(BOB).ok('mkdir', 'x/made', 0o755);
      await d.stat('x/made', { mode: 0o2755, gid: aliceGroup });
      await d.as(BOB).ok('mkdir', 'x/made/deep', 0o700);
      await d.stat('x/made/deep', { mode: 0o2700, gid: aliceGroup });
      await d.as(BOB).ok('open', 'x/made/deep/f', 'O_CREAT|O_RDWR', 0o644);
      await d.stat('x/made/deep/f', { mode: 0o644, gid: aliceGroup });
    },
    async 'a file made there loses the set-group-id bit that its maker may not give'(d) {
      await d.dir('x', { owner: [alice, aliceGroup] });
      await d.do('chmod', 'x', 0o2777);
      await d.as(BOB).ok('open', 'x/f', 'O_CREAT|O_RDWR', 0o2775);
      await d.stat('x/f', { mode: 0o775, gid: aliceGroup });
      await d.as(CAROL).ok('open', 'x/g', 'O_CREAT|O_RDWR', 0o2775);
      await d.stat('x/g', { mode: 0o2775, gid: aliceGroup });
      await d.as(BOB).ok('open', 'x/h', 'O_CREAT|O_RDWR', 0o2745);
      await d.stat('x/h', { gid: aliceGroup, uid: bob });
    },
    async 'without the bit, the group is the maker’s'(d) {
      await d.dir('x', { owner: [alice, aliceGroup], mode: 0o777 });
      await d.as(BOB).ok('mkdir', 'x/a', 0o755);
      await d.stat('x/a', { gid: bobGroup, mode: 0o755 });
      await d.dir('y', { owner: [alice, aliceGroup] });
      await d.do('chmod', 'y', 0o4777);
      await d.as(BOB).ok('mkdir', 'y/a', 0o755);
      await d.stat('y/a', { gid: bobGroup, mode: 0o755 });
    },
    async 'writing takes set-id bits away, unless root writes'(d) {
      for (const [mode, after] of [
        [0o4777, 0o777],
        [0o2777, 0o777],
        [0o6777, 0o777],
        [0o1777, 0o1777],
      ] as const) {
        const name = mode.toString(8);
        await d.file(name, { owner: ALICE, content: 'text' });
        for (const write of ['write', 'truncate', 'O_TRUNC', 'ftruncate'] as const) {
          await d.do('chmod', name, mode);
          const fd = await d.as(BOB).do('open', name, write === 'O_TRUNC' ? 'O_RDWR|O_TRUNC' : 'O_RDWR');
          if (write === 'write') await d.as(BOB).ok('write', fd, 'x');
          if (write === 'truncate') await d.as(BOB).ok('truncate', name, 1);
          if (write === 'ftruncate') await d.as(BOB).ok('ftruncate', fd, 1);
          await d.stat(name, { mode: after });
          await d.do('close', fd);
        }
        await d.do('chmod', name, mode);
        const fd = await d.do('open', name, 'O_RDWR');
        await d.ok('write', fd, 'x');
        await d.stat(name, { mode });
      }
    },
    async 'writing nothing, reading and opening leave them'(d) {
      await d.file('f', { owner: ALICE, content: 'text' });
      await d.do('chmod', 'f', 0o6777);
      const fd = await d.as(BOB).do('open', 'f', 'O_RDWR');
      await d.as(BOB).gives('text', 'read', fd, 10);
      await d.as(BOB).ok('fsync', fd);
      await d.stat('f', { mode: 0o6777 });
      await d.as(BOB).ok('utimesNow', 'f');
      await d.stat('f', { mode: 0o6777 });
      await d.as(BOB).do('pwrite', fd, 'T', 0);
      await d.stat('f', { mode: 0o777 });
    },
    async 'direct writing takes them away, too'(d) {
      await d.file('f', { owner: ALICE });
      await d.do('chmod', 'f', 0o6777);
      const fd = await d.as(BOB).do('open', 'f', 'O_RDWR|O_DIRECT');
      await d.as(BOB).gives(4096, 'fill', fd, 0, 4096, 1);
      await d.stat('f', { mode: 0o777 });
    },
  },
};
