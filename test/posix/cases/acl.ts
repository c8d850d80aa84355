/** POSIX access lists: acl(5), as extended attributes. */
import { ALICE, BOB, CAROL, type Directory } from '../directory.ts';
import type { Suite } from '../run.ts';

const ACCESS = 'system.posix_acl_access';
const DEFAULT = 'system.posix_acl_default';
const [bob, bobGroup] = BOB as [number, number];
const aliceGroup = ALICE[1] as number;

/** Tags of entries, as in the kernel's include/uapi/linux/posix_acl.h. */
const TAG = { owner: 1, user: 2, group: 4, namedGroup: 8, mask: 16, other: 32 } as const;
type Entry = readonly [tag: keyof typeof TAG, permissions: number, id?: number];

/** The attribute's value: version 2, then tag u16, permissions u16, id u32 of each entry, little-endian. */
function list(...entries: readonly Entry[]): string {
  const bytes = Buffer.alloc(4 + entries.length * 8);
  bytes.writeUInt32LE(2, 0);
  for (const [i, [tag, permissions, id = 0xffff_ffff]] of entries.entries()) {
    bytes.writeUInt16LE(TAG[tag], 4 + i * 8);
    bytes.writeUInt16LE(permissions, 6 + i * 8);
    bytes.writeUInt32LE(id, 8 + i * 8);
  }
  return bytes.toString('latin1');
}

/** The owner may do everything, Bob what is given, and nobody else anything. */
const forBob = (permissions: number, mask = 7): string =>
  list(['owner', 7], ['user', permissions, bob], ['group', 0], ['mask', mask], ['other', 0]);

async function opens(d: Directory, path: string, flags: string, allowed: boolean): Promise<void> {
  if (allowed) await d.ok('open', path, flags);
  else await d.fails('EACCES', 'open', path, flags);
}

export const suite: Suite = {
  about: 'ACL',
  cases: {},
  withUsers: {
    async 'an entry for a user gives him what it says, under the mask'(d) {
      await d.file('f', { owner: ALICE, mode: 0o600 });
      for (const [given, mask] of [
        [4, 7],
        [6, 7],
        [6, 4],
        [2, 2],
        [7, 0],
        [0, 7],
      ] as const) {
        await d.as(ALICE).ok('setxattr', 'f', ACCESS, forBob(given, mask), 0);
        const may = given & mask;
        await opens(d.as(BOB), 'f', 'O_RDONLY', (may & 4) !== 0);
        await opens(d.as(BOB), 'f', 'O_WRONLY', (may & 2) !== 0);
        await opens(d.as(BOB), 'f', 'O_RDWR', (may & 6) === 6);
        await opens(d.as(CAROL), 'f', 'O_RDONLY', false);
        await opens(d.as(ALICE), 'f', 'O_RDWR', true);
        await d.stat('f', { mode: 0o700 | (mask << 3) });
      }
    },
    async 'entries for groups'(d) {
      await d.file('f', { owner: [0, 0], mode: 0o600 });
      const entries = list(['owner', 6], ['group', 0], ['namedGroup', 4, aliceGroup], ['mask', 6], ['other', 2]);
      await d.ok('setxattr', 'f', ACCESS, entries, 0);
      await opens(d.as(ALICE), 'f', 'O_RDONLY', true);
      await opens(d.as(ALICE), 'f', 'O_WRONLY', false);
      await opens(d.as(CAROL), 'f', 'O_RDONLY', true);
      await opens(d.as(CAROL), 'f', 'O_WRONLY', false);
      await opens(d.as(BOB), 'f', 'O_RDONLY', false);
      await opens(d.as(BOB), 'f', 'O_WRONLY', true);
      await d.as(CAROL).ok('access', 'f', 'R_OK');
      await d.as(CAROL).fails('EACCES', 'access', 'f', 'W_OK');
    },
    async 'directories: searching and writing by an entry'(d) {
      await d.dir('x', { owner: ALICE, mode: 0o700 });
      await d.file('x/f', { mode: 0o666 });
      await d.as(BOB).fails('EACCES', 'lstat', 'x/f');
      await d.ok('setxattr', 'x', ACCESS, forBob(1), 0);
      await d.as(BOB).ok('lstat', 'x/f');
      await d.as(BOB).fails('EACCES', 'list', 'x');
      await d.as(BOB).fails('EACCES', 'mkdir', 'x/y', 0o755);
      await d.ok('setxattr', 'x', ACCESS, forBob(7), 0);
      await d.as(BOB).names('x', ['f']);
      await d.as(BOB).ok('mkdir', 'x/y', 0o755);
      await d.as(CAROL).fails('EACCES', 'lstat', 'x/f');
      await d.ok('removexattr', 'x', ACCESS);
      await d.as(BOB).fails('EACCES', 'lstat', 'x/f');
    },
    async 'is read back as it was set, listed, and removed'(d) {
      await d.file('f', { owner: ALICE, mode: 0o640 });
      await d.fails('ENODATA', 'getxattr', 'f', ACCESS);
      await d.ok('setxattr', 'f', ACCESS, forBob(5, 5), 0);
      await d.gives(forBob(5, 5), 'getxattr', 'f', ACCESS);
      await d.gives([ACCESS], 'listxattr', 'f');
      await d.stat('f', { mode: 0o750 });
      await d.ok('removexattr', 'f', ACCESS);
      await d.fails('ENODATA', 'getxattr', 'f', ACCESS);
      await d.gives([], 'listxattr', 'f');
    },
    async 'chmod changes the mask, the owner’s and the others’ entries'(d) {
      await d.file('f', { owner: ALICE, mode: 0o600 });
      await d.do('setxattr', 'f', ACCESS, forBob(7, 7), 0);
      await d.ok('chmod', 'f', 0o614);
      const changed = list(['owner', 6], ['user', 7, bob], ['group', 0], ['mask', 1], ['other', 4]);
      await d.gives(changed, 'getxattr', 'f', ACCESS);
      await opens(d.as(BOB), 'f', 'O_RDONLY', false);
      await opens(d.as(CAROL), 'f', 'O_RDONLY', false);
      await d.ok('chmod', 'f', 0o664);
      await opens(d.as(BOB), 'f', 'O_RDWR', true);
    },
    async 'a list that says no more than a mode becomes the mode'(d) {
      await d.file('f', { owner: ALICE, mode: 0o600 });
      await d.ok('setxattr', 'f', ACCESS, list(['owner', 6], ['group', 4], ['other', 0]), 0);
      await d.stat('f', { mode: 0o640 });
      await d.fails('ENODATA', 'getxattr', 'f', ACCESS);
    },
    async 'only the owner and root set lists'(d) {
      await d.file('f', { owner: ALICE, mode: 0o666 });
      await d.dir('x', { owner: ALICE, mode: 0o777 });
      await d.as(BOB).fails('EPERM', 'setxattr', 'f', ACCESS, forBob(7), 0);
      await d.as(BOB).fails('EPERM', 'setxattr', 'x', DEFAULT, forBob(7), 0);
      await d.as(BOB).fails('EPERM', 'removexattr', 'f', ACCESS);
      await d.as(ALICE).ok('setxattr', 'f', ACCESS, forBob(7), 0);
      await d.ok('setxattr', 'f', ACCESS, forBob(6), 0);
    },
    async 'lists that are none are refused'(d) {
      await d.file('f');
      for (const value of [
        list(['owner', 7]).slice(0, 10),
        list(['owner', 7]),
        list(['owner', 7], ['group', 0]),
        list(['owner', 7], ['user', 7, bob], ['group', 0], ['other', 0]),
        list(['owner', 9], ['group', 0], ['other', 0]),
        list(['owner', 7], ['owner', 7], ['group', 0], ['other', 0]),
      ]) {
        await d.fails('EINVAL', 'setxattr', 'f', ACCESS, value, 0);
      }
      await d.fails('ENODATA', 'getxattr', 'f', ACCESS);
      await d.fails('EACCES', 'setxattr', 'f', DEFAULT, forBob(7), 0);
      await d.do('symlink', 'f', 'link');
      await d.fails('EOPNOTSUPP', 'lsetxattr', 'link', ACCESS, forBob(7), 0);
    },
    async 'a default list gives what is made in the directory its list, in place of the umask'(d) {
      await d.dir('x', { owner: ALICE, mode: 0o777 });
      await d.ok('setxattr', 'x', DEFAULT, forBob(6, 7), 0);
      await d.stat('x', { mode: 0o777 });
      await d.do('umask', 0o077);
      await d.as(ALICE).ok('open', 'x/f', 'O_CREAT|O_RDWR', 0o664);
      await d.stat('x/f', { mode: 0o660 });
      const inherited = list(['owner', 6], ['user', 6, bob], ['group', 0], ['mask', 6], ['other', 0]);
      await d.gives(inherited, 'getxattr', 'x/f', ACCESS);
      await opens(d.as(BOB), 'x/f', 'O_RDWR', true);
      await d.fails('EACCES', 'setxattr', 'x/f', DEFAULT, forBob(7), 0);
      await d.as(ALICE).ok('mkfifo', 'x/fifo', 0o644);
      await d.stat('x/fifo', { mode: 0o640 });
      await d.as(ALICE).ok('mkdir', 'x/y', 0o775);
      await d.stat('x/y', { mode: 0o770 });
      await d.gives(forBob(6, 7), 'getxattr', 'x/y', DEFAULT);
      await d.as(ALICE).ok('open', 'x/y/g', 'O_CREAT|O_RDWR', 0o600);
      await d.stat('x/y/g', { mode: 0o600 });
      await opens(d.as(BOB), 'x/y/g', 'O_RDONLY', false);
      await d.as(ALICE).ok('symlink', 'f', 'x/link');
      await d.stat('x/link', { kind: 'symlink', mode: 0o777 });
    },
    async 'a default list and O_TMPFILE'(d) {
      await d.dir('x', { owner: ALICE, mode: 0o777 });
      await d.do('setxattr', 'x', DEFAULT, forBob(4, 7), 0);
      const fd = await d.as(ALICE).ok('open', 'x', 'O_TMPFILE|O_RDWR', 0o660);
      const inherited = list(['owner', 6], ['user', 4, bob], ['group', 0], ['mask', 6], ['other', 0]);
      await d.gives(inherited, 'fgetxattr', fd, ACCESS);
      await d.fstat(fd, { mode: 0o660 });
    },
    async 'a default list that says no more than a mode gives modes'(d) {
      await d.dir('x', { owner: ALICE, mode: 0o777 });
      await d.do('setxattr', 'x', DEFAULT, list(['owner', 7], ['group', 5], ['other', 1]), 0);
      await d.do('umask', 0o777);
      await d.as(ALICE).ok('open', 'x/f', 'O_CREAT|O_RDWR', 0o666);
      await d.stat('x/f', { mode: 0o640 });
      await d.fails('ENODATA', 'getxattr', 'x/f', ACCESS);
      await d.ok('removexattr', 'x', DEFAULT);
      await d.fails('ENODATA', 'getxattr', 'x', DEFAULT);
    },
    async 'setting a list takes the set-group-id bit from who is not in the group'(d) {
      await d.file('f', { owner: [ALICE[0] as number, bobGroup] });
      await d.do('chmod', 'f', 0o2755);
      await d.as(ALICE).ok('setxattr', 'f', ACCESS, forBob(7, 7), 0);
      await d.stat('f', { mode: 0o770 });
      await d.do('chmod', 'f', 0o2770);
      await d.ok('setxattr', 'f', ACCESS, forBob(6, 7), 0);
      await d.stat('f', { mode: 0o2770 });
    },
    async 'setting a list changes ctime alone'(d) {
      await d.file('f', { owner: ALICE });
      await d.changes({ f: 'c' }, undefined, 'setxattr', 'f', ACCESS, forBob(7), 0);
      await d.changes({ f: 'c' }, undefined, 'removexattr', 'f', ACCESS);
    },
  },
};
