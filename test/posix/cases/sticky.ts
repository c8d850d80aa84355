/** Directories with the sticky bit: who may remove and rename what. */
import type { Kind } from '../calls.ts';
import { ALICE, BOB, CAROL, type Directory, ROOT, type User } from '../directory.ts';
import type { Case, Suite } from '../run.ts';

const WHO: readonly (readonly [string, User])[] = [
  ['root', ROOT],
  ['Alice', ALICE],
  ['Bob', BOB],
];

/** In a sticky directory of `holder`, may `caller` remove what belongs to `owner`? */
function may(caller: User, holder: User, owner: User): boolean {
  return caller === ROOT || caller === holder || caller === owner;
}

async function remove(d: Directory, kind: Kind, caller: User, allowed: boolean): Promise<void> {
  const call = kind === 'directory' ? 'rmdir' : 'unlink';
  if (allowed) await d.as(caller).ok(call, 'x/object');
  else {
    await d.as(caller).fails('EPERM', call, 'x/object');
    await d.stat('x/object', { kind });
  }
}

async function rename(d: Directory, caller: User, allowed: boolean): Promise<void> {
  await d.do('chmod', 'out', 0o777);
  if (allowed) {
    await d.as(caller).ok('rename', 'x/object', 'x/other');
    await d.as(caller).ok('rename', 'x/other', 'x/object');
  } else {
    await d.as(caller).fails('EPERM', 'rename', 'x/object', 'x/other');
    await d.as(caller).fails('EPERM', 'rename', 'x/object', 'out/object');
  }
}

async function replace(d: Directory, caller: User, allowed: boolean): Promise<void> {
  await d.as(caller).do('open', 'x/mine', 'O_CREAT|O_RDWR', 0o644);
  if (allowed) await d.as(caller).ok('rename', 'x/mine', 'x/object');
  else {
    await d.as(caller).fails('EPERM', 'rename', 'x/mine', 'x/object');
    await d.as(caller).do('unlink', 'x/mine');
  }
}

const cases: Record<string, Case> = {};
for (const [holderName, holder] of WHO) {
  for (const [ownerName, owner] of WHO) {
    cases[`a directory of ${holderName} with objects of ${ownerName}`] = async (d) => {
      await d.dir('out', { mode: 0o777 });
      await d.dir('x', { owner: holder });
      await d.do('chmod', 'x', 0o1777);
      for (const [, caller] of WHO) {
        const allowed = may(caller, holder, owner);
        for (const kind of ['file', 'symlink', 'fifo', 'directory'] as const) {
          await d.make(kind, 'x/object', owner);
          // Another's directory cannot move between directories anyway.
          if (kind !== 'directory') await rename(d, caller, allowed);
          if (kind === 'file') await replace(d, caller, allowed);
          else await remove(d, kind, caller, allowed);
          if (!allowed) await d.remove(kind, 'x/object');
          else if (kind === 'file') await d.do('unlink', 'x/object');
        }
      }
    };
  }
}

export const suite: Suite = {
  about: 'sticky',
  cases: {},
  withUsers: {
    ...cases,
    async 'a group does not help'(d) {
      await d.dir('x', { owner: ALICE });
      await d.do('chmod', 'x', 0o1777);
      await d.file('x/f', { owner: ALICE, mode: 0o666 });
      await d.as(CAROL).fails('EPERM', 'unlink', 'x/f');
      await d.as(CAROL).fails('EPERM', 'rename', 'x/f', 'x/g');
      await d.as(CAROL).ok('open', 'x/f', 'O_RDWR');
    },
    async 'without the sticky bit everybody who may write may remove'(d) {
      await d.dir('x', { owner: ALICE, mode: 0o777 });
      await d.file('x/f', { owner: ALICE });
      await d.file('x/g');
      await d.as(BOB).ok('unlink', 'x/f');
      await d.as(BOB).ok('rename', 'x/g', 'x/h');
    },
    async 'exchanging needs the right to both'(d) {
      await d.dir('x', { mode: 0o777 });
      await d.do('chmod', 'x', 0o1777);
      await d.file('x/a', { owner: ALICE });
      await d.file('x/b', { owner: BOB });
      await d.as(ALICE).fails('EPERM', 'renameat2', 'x/a', 'x/b', 'RENAME_EXCHANGE');
      await d.as(BOB).fails('EPERM', 'renameat2', 'x/a', 'x/b', 'RENAME_EXCHANGE');
      await d.ok('renameat2', 'x/a', 'x/b', 'RENAME_EXCHANGE');
    },
  },
};
