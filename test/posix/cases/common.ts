/**
 * What holds for every call that takes a path: cases made from one description of the call.
 */
import type { CallName } from '../calls.ts';
import { ALICE, BOB, CAROL, type Directory, type User } from '../directory.ts';
import type { Case } from '../run.ts';

/** A call with its arguments, of any name. */
export type AnyCall = readonly [name: CallName, ...args: unknown[]];

export const NAME_MAX = 255;
export const LONG = 'n'.repeat(NAME_MAX);
export const TOO_LONG = 'n'.repeat(NAME_MAX + 1);
/** PATH_MAX counts the NUL: 4,095 bytes are the longest. */
export const PATH_BYTES_MAX = 4095;

/** A path of that many bytes that leads to `end` in the current directory. */
export function longPath(bytes: number, end: string): string {
  return `./${'/'.repeat(bytes - 2 - end.length)}${end}`;
}

// The types of `ok` and `fails` belong to one name; here it is any.
export function okay(d: Directory, [name, ...args]: AnyCall): Promise<unknown> {
  return d.ok(name as 'unlink', ...(args as [string]));
}

export function refused(d: Directory, error: string, [name, ...args]: AnyCall): Promise<void> {
  return d.fails(error, name as 'unlink', ...(args as [string]));
}

export interface PathCall {
  /** The call on a path. */
  readonly call: (path: string) => AnyCall;
  /** It makes what is at the path, which must be absent; else it needs an object there. */
  readonly creates?: boolean;
  /** It makes a change in the directory: needs permission to write there. */
  readonly changesDirectory?: boolean;
  /** It follows a symbolic link at the end of the path. */
  readonly follows?: boolean;
  /** It works on directories, not on files. */
  readonly onDirectory?: boolean;
  /** It is allowed to the owner only: others get EPERM. */
  readonly ownerOnly?: boolean;
}

async function target(d: Directory, c: PathCall, path: string, owner?: User): Promise<void> {
  if (c.creates) return;
  const made = { mode: 0o777, ...(owner === undefined ? {} : { owner }) };
  await (c.onDirectory ? d.dir(path, made) : d.file(path, made));
}

/** What any user can see. */
export function pathCases(about: string, c: PathCall): Record<string, Case> {
  return {
    async [`${about}: a part of the path that is missing`](d) {
      await refused(d, 'ENOENT', c.call('missing/x'));
      await refused(d, 'ENOENT', c.call('missing/../x'));
      await refused(d, 'ENOENT', c.call(''));
      if (!c.creates) await refused(d, 'ENOENT', c.call('missing'));
    },
    async [`${about}: a part of the path that is no directory`](d) {
      for (const kind of d.kinds) {
        if (kind === 'directory') continue;
        await d.make(kind, kind);
        await refused(d, kind === 'symlink' ? 'ENOENT' : 'ENOTDIR', c.call(`${kind}/x`));
        await refused(d, kind === 'symlink' ? 'ENOENT' : 'ENOTDIR', c.call(`${kind}/x/y`));
      }
      await d.do('symlink', 'file', 'link');
      await refused(d, 'ENOTDIR', c.call('link/x'));
    },
    async [`${about}: names and paths that are too long`](d) {
      await refused(d, 'ENAMETOOLONG', c.call(TOO_LONG));
      await refused(d, 'ENAMETOOLONG', c.call(`${TOO_LONG}/x`));
      await refused(d, 'ENAMETOOLONG', c.call(longPath(PATH_BYTES_MAX + 1, 'x')));
      await target(d, c, LONG);
      await okay(d, c.call(LONG));
      await target(d, c, 'x');
      await okay(d, c.call(longPath(PATH_BYTES_MAX, 'x')));
    },
    async [`${about}: symbolic links that lead to each other`](d) {
      await d.do('symlink', 'b', 'a');
      await d.do('symlink', 'a', 'b');
      await d.do('symlink', 'self', 'self');
      await refused(d, 'ELOOP', c.call('a/x'));
      await refused(d, 'ELOOP', c.call('self/x'));
      if (c.follows) await refused(d, 'ELOOP', c.call('a'));
    },
    async [`${about}: through symbolic links to directories, up to forty`](d) {
      await d.dir('real');
      await d.do('symlink', 'real', 'l1');
      for (let i = 2; i <= 41; i++) await d.do('symlink', `l${i - 1}`, `l${i}`);
      await target(d, c, 'real/x');
      await okay(d, c.call('l40/x'));
      await refused(d, 'ELOOP', c.call('l41/y'));
    },
  };
}

/** What it takes several users to see. */
export function permissionCases(about: string, c: PathCall): Record<string, Case> {
  return {
    async [`${about}: without permission to search a directory of the path`](d) {
      await d.dir('top', { owner: ALICE });
      await d.dir('top/mid', { owner: ALICE, mode: 0o777 });
      await target(d, c, 'top/mid/x', ALICE);
      for (const [mode, user] of [
        [0o677, ALICE],
        [0o600, ALICE],
        [0o766, BOB],
        [0o770, BOB],
        [0o767, CAROL],
      ] as const) {
        await d.do('chmod', 'top', mode);
        await refused(d.as(user), 'EACCES', c.call('top/mid/x'));
        await refused(d.as(user), 'EACCES', c.call('top/missing/x'));
      }
      await d.do('chmod', 'top', 0o711);
      await d.do('chmod', 'top/mid', 0o700);
      await refused(d.as(BOB), 'EACCES', c.call('top/mid/x'));
      await d.do('chmod', 'top/mid', 0o777);
      await okay(d.as(ALICE), c.call('top/mid/x'));
    },
    ...(c.changesDirectory ? writeCases(about, c) : {}),
    ...(c.ownerOnly ? ownerCases(about, c) : {}),
  };
}

function writeCases(about: string, c: PathCall): Record<string, Case> {
  return {
    async [`${about}: without permission to write in the directory`](d) {
      await d.dir('place', { owner: ALICE });
      await target(d, c, 'place/x', ALICE);
      for (const [mode, user] of [
        [0o577, ALICE],
        [0o500, ALICE],
        [0o775, BOB],
        [0o771, BOB],
        [0o757, CAROL],
      ] as const) {
        await d.do('chmod', 'place', mode);
        await refused(d.as(user), 'EACCES', c.call('place/x'));
      }
      await d.do('chmod', 'place', 0o070);
      await okay(d.as(CAROL), c.call('place/x'));
    },
  };
}

function ownerCases(about: string, c: PathCall): Record<string, Case> {
  return {
    async [`${about}: only by the owner`](d) {
      await target(d, c, 'x', ALICE);
      await refused(d.as(BOB), 'EPERM', c.call('x'));
      await refused(d.as(CAROL), 'EPERM', c.call('x'));
      await okay(d.as(ALICE), c.call('x'));
      await okay(d, c.call('x'));
    },
  };
}

/** Making something where there is something already. */
export function existingCases(about: string, call: (path: string) => AnyCall): Record<string, Case> {
  return {
    async [`${about}: where something is already, of every kind`](d) {
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        const { ino } = await d.do('lstat', kind);
        await refused(d, 'EEXIST', call(kind));
        await d.stat(kind, { kind, ino });
      }
      await refused(d, 'EEXIST', call('.'));
      await refused(d, 'EEXIST', call('..'));
      await d.do('symlink', 'directory', 'link');
      await refused(d, 'EEXIST', call('link'));
    },
  };
}
