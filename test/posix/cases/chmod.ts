/** chmod(2) and fchmod(2). */
import { ALICE, BOB, CAROL } from '../directory.ts';
import type { Suite } from '../run.ts';
import { type PathCall, pathCases, permissionCases } from './common.ts';

const chmod: PathCall = { call: (path) => ['chmod', path, 0o600], follows: true, ownerOnly: true };
const [alice, aliceGroup] = ALICE as [number, number];

export const suite: Suite = {
  about: 'chmod',
  cases: {
    ...pathCases('chmod', chmod),
    async 'sets every mode on every kind'(d) {
      for (const kind of d.kinds) {
        if (kind === 'symlink') continue;
        await d.make(kind, kind);
        const { nlink, size } = await d.do('lstat', kind);
        for (const mode of [0o777, 0o644, 0o111, 0, 0o1751, 0o7777, 0o4711, 0o2755]) {
          await d.ok('chmod', kind, mode);
          await d.stat(kind, { kind, mode, nlink, size });
        }
      }
    },
    async 'follows symbolic links'(d) {
      await d.file('f');
      await d.do('symlink', 'f', 'link');
      await d.ok('chmod', 'link', 0o600);
      await d.stat('f', { mode: 0o600 });
      await d.stat('link', { kind: 'symlink', mode: 0o777 });
      await d.do('symlink', 'missing', 'dangling');
      await d.fails('ENOENT', 'chmod', 'dangling', 0o600);
    },
    async 'changes ctime alone, also when the mode is as before'(d) {
      await d.file('f');
      await d.dir('x');
      await d.changes({ f: 'c', '.': '' }, undefined, 'chmod', 'f', 0o600);
      await d.changes({ f: 'c' }, undefined, 'chmod', 'f', 0o600);
      await d.changes({ x: 'c', '.': '' }, undefined, 'chmod', 'x', 0o700);
      const fd = await d.do('open', 'f', 'O_RDONLY');
      await d.changes({ f: 'c' }, undefined, 'fchmod', fd, 0o640);
    },
    async 'fchmod works on any descriptor of the owner'(d) {
      await d.file('f');
      for (const flags of ['O_RDONLY', 'O_WRONLY', 'O_RDWR']) {
        const fd = await d.do('open', 'f', flags);
        await d.ok('fchmod', fd, 0o640);
        await d.fstat(fd, { mode: 0o640 });
        await d.ok('fchmod', fd, 0o666);
      }
      const directory = await d.do('open', '.', 'O_RDONLY');
      await d.ok('fchmod', directory, 0o700);
      await d.stat('.', { mode: 0o700 });
    },
    async 'all names of a file have one mode'(d) {
      await d.file('a');
      await d.do('link', 'a', 'b');
      await d.ok('chmod', 'a', 0o4711);
      await d.stat('b', { mode: 0o4711 });
    },
    async 'a file whose mode gives nothing can be given a mode again'(d) {
      await d.file('f', { mode: 0 });
      await d.dir('x', { mode: 0 });
      await d.ok('chmod', 'f', 0o600);
      await d.ok('chmod', 'x', 0o700);
      await d.ok('mkdir', 'x/y', 0o755);
    },
  },
  withUsers: {
    ...permissionCases('chmod', chmod),
    async 'changes no times when it is refused'(d) {
      await d.file('f', { owner: ALICE });
      await d.as(BOB).changes({ f: '' }, 'EPERM', 'chmod', 'f', 0o777);
      await d.stat('f', { mode: 0o644 });
    },
    async 'takes the set-group-id bit away from who is not in the group'(d) {
      await d.file('f', { owner: [alice, BOB[1] as number] });
      await d.as(ALICE).ok('chmod', 'f', 0o2755);
      await d.stat('f', { mode: 0o755 });
      await d.as(ALICE).ok('chmod', 'f', 0o6777);
      await d.stat('f', { mode: 0o4777 });
      await d.ok('chmod', 'f', 0o2755);
      await d.stat('f', { mode: 0o2755 });
      const fd = await d.as(ALICE).do('open', 'f', 'O_RDONLY');
      await d.as(ALICE).ok('fchmod', fd, 0o2711);
      await d.stat('f', { mode: 0o711 });
    },
    async 'leaves the set-group-id bit to who is in the group by any of his groups'(d) {
      await d.file('f', { owner: [CAROL[0] as number, aliceGroup] });
      await d.as(CAROL).ok('chmod', 'f', 0o2755);
      await d.stat('f', { mode: 0o2755 });
      await d.dir('x', { owner: [CAROL[0] as number, aliceGroup] });
      await d.as(CAROL).ok('chmod', 'x', 0o2755);
      await d.stat('x', { mode: 0o2755 });
      await d.dir('y', { owner: [alice, BOB[1] as number] });
      await d.as(ALICE).ok('chmod', 'y', 0o2755);
      await d.stat('y', { mode: 0o755 });
    },
    async 'any owner may set the sticky bit'(d) {
      await d.file('f', { owner: ALICE });
      await d.dir('x', { owner: ALICE });
      await d.as(ALICE).ok('chmod', 'f', 0o1644);
      await d.stat('f', { mode: 0o1644 });
      await d.as(ALICE).ok('chmod', 'x', 0o1777);
      await d.stat('x', { mode: 0o1777 });
    },
  },
};
