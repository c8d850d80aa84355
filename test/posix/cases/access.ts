/** access(2) and faccessat(2). */
import { ALICE, BOB, CAROL, type User } from '../directory.ts';
import type { Suite } from '../run.ts';
import { type PathCall, pathCases, permissionCases } from './common.ts';

const access: PathCall = { call: (path) => ['access', path, 'F_OK'], follows: true };

/** "R_OK|W_OK" and the like. */
function names(bits: number): string {
  const list = [...(bits & 4 ? ['R_OK'] : []), ...(bits & 2 ? ['W_OK'] : []), ...(bits & 1 ? ['X_OK'] : [])];
  return list.length === 0 ? 'F_OK' : list.join('|');
}

const CLASSES: readonly (readonly [User, number])[] = [
  [ALICE, 6],
  [CAROL, 3],
  [BOB, 0],
];

export const suite: Suite = {
  about: 'access',
  cases: {
    ...pathCases('access', access),
    async 'finds objects of every kind'(d) {
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        if (kind === 'symlink') {
          await d.fails('ENOENT', 'access', kind, 'F_OK');
          await d.ok('faccessat', kind, 'F_OK', 'AT_SYMLINK_NOFOLLOW');
          continue;
        }
        await d.ok('access', kind, 'F_OK');
        await d.ok('access', kind, 'R_OK');
        await d.ok('access', kind, 'W_OK');
      }
      await d.ok('access', 'directory', 'X_OK');
      await d.fails('EACCES', 'access', 'file', 'X_OK');
      await d.fails('EINVAL', 'access', 'file', 8);
    },
  },
  withUsers: {
    ...permissionCases('access', access),
    async 'gives each class what its bits give, and root nearly everything'(d) {
      for (const kind of ['file', 'directory'] as const) {
        for (const [user, shift] of CLASSES) {
          for (const given of [0, 1, 2, 4, 5, 6, 7]) {
            const mode = (0o777 & ~(7 << shift)) | (given << shift);
            const name = `${kind}-${shift}-${given}`;
            await (kind === 'file' ? d.file(name, { mode, owner: ALICE }) : d.dir(name, { mode, owner: ALICE }));
            for (const asked of [1, 2, 4, 6, 7]) {
              if ((given & asked) === asked) await d.as(user).ok('access', name, names(asked));
              else await d.as(user).fails('EACCES', 'access', name, names(asked));
            }
            await d.as(user).ok('access', name, 'F_OK');
            await d.ok('access', name, 'R_OK|W_OK');
          }
        }
      }
    },
    async 'root may execute what anybody may'(d) {
      await d.file('none', { mode: 0o666 });
      await d.fails('EACCES', 'access', 'none', 'X_OK');
      for (const mode of [0o100, 0o010, 0o001]) {
        await d.file(`f${mode}`, { mode });
        await d.ok('access', `f${mode}`, 'X_OK');
      }
      await d.dir('x', { mode: 0 });
      await d.ok('access', 'x', 'R_OK|W_OK|X_OK');
    },
    async 'AT_EACCESS asks for the effective user'(d) {
      await d.file('f', { owner: ALICE, mode: 0o600 });
      await d.as(ALICE).ok('faccessat', 'f', 'R_OK', 'AT_EACCESS');
      await d.as(BOB).fails('EACCES', 'faccessat', 'f', 'R_OK', 'AT_EACCESS');
    },
  },
};
