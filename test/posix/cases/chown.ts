/** chown(2), lchown(2) and fchown(2). */
import { ALICE, BOB, CAROL } from '../directory.ts';
import type { Suite } from '../run.ts';
import { type PathCall, pathCases, permissionCases } from './common.ts';

const chown: PathCall = { call: (path) => ['chown', path, -1, -1], follows: true };
const lchown: PathCall = { call: (path) => ['lchown', path, -1, -1] };
const [alice, aliceGroup] = ALICE as [number, number];
const [bob, bobGroup] = BOB as [number, number];
const carol = CAROL[0] as number;

export const suite: Suite = {
  about: 'chown',
  cases: {
    ...pathCases('chown', chown),
    ...pathCases('lchown', lchown),
    async 'to the owner and group that it has'(d) {
      const [uid, gid] = (await d.do('ids')).map(Number) as [number, number];
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        await d.ok('lchown', kind, uid, gid);
        await d.stat(kind, { kind, uid, gid });
        await d.ok('lchown', kind, -1, gid);
        await d.ok('lchown', kind, uid, -1);
        await d.stat(kind, { uid, gid });
      }
    },
    async 'changes ctime when it sets an id, and nothing else'(d) {
      const [uid, gid] = (await d.do('ids')).map(Number) as [number, number];
      await d.file('f');
      await d.changes({ f: 'c', '.': '' }, undefined, 'chown', 'f', uid, gid);
      await d.changes({ f: 'c' }, undefined, 'chown', 'f', -1, gid);
      const fd = await d.do('open', 'f', 'O_RDONLY');
      await d.changes({ f: 'c' }, undefined, 'fchown', fd, uid, -1);
    },
  },
  withUsers: {
    ...permissionCases('chown', chown),
    async 'root gives every kind to anybody'(d) {
      for (const kind of d.kinds) {
        await d.make(kind, kind);
        await d.ok('lchown', kind, alice, bobGroup);
        await d.stat(kind, { kind, uid: alice, gid: bobGroup });
        await d.ok('lchown', kind, bob, -1);
        await d.stat(kind, { uid: bob, gid: bobGroup });
        await d.ok('lchown', kind, -1, aliceGroup);
        await d.stat(kind, { uid: bob, gid: aliceGroup });
        await d.ok('lchown', kind, 0, 0);
        await d.stat(kind, { uid: 0, gid: 0 });
        await d.ok('lchown', kind, 4_294_967_294, 65_536);
        await d.stat(kind, { uid: 4_294_967_294, gid: 65_536 });
      }
    },
    async 'chown follows symbolic links, lchown does not'(d) {
      await d.file('f');
      await d.do('symlink', 'f', 'link');
      await d.ok('chown', 'link', alice, aliceGroup);
      await d.stat('f', { uid: alice, gid: aliceGroup });
      await d.stat('link', { uid: 0, gid: 0 });
      await d.ok('lchown', 'link', bob, bobGroup);
      await d.stat('link', { uid: bob, gid: bobGroup });
      await d.stat('f', { uid: alice, gid: aliceGroup });
    },
    async 'an owner cannot give his file away'(d) {
      await d.file('f', { owner: ALICE });
      await d.as(ALICE).changes({ f: '' }, 'EPERM', 'chown', 'f', bob, -1);
      await d.as(ALICE).fails('EPERM', 'chown', 'f', bob, aliceGroup);
      await d.as(ALICE).fails('EPERM', 'chown', 'f', 0, 0);
      await d.as(ALICE).ok('chown', 'f', alice, aliceGroup);
      await d.as(ALICE).ok('chown', 'f', alice, -1);
      await d.stat('f', { uid: alice, gid: aliceGroup });
    },
    async 'an owner may give his file to any of his groups, and no other'(d) {
      await d.file('f', { owner: CAROL });
      await d.as(CAROL).ok('chown', 'f', -1, aliceGroup);
      await d.stat('f', { uid: carol, gid: aliceGroup });
      await d.as(CAROL).ok('chown', 'f', carol, CAROL[1] as number);
      await d.stat('f', { uid: carol, gid: CAROL[1] as number });
      await d.as(CAROL).fails('EPERM', 'chown', 'f', -1, bobGroup);
      const fd = await d.as(CAROL).do('open', 'f', 'O_RDONLY');
      await d.as(CAROL).ok('fchown', fd, -1, aliceGroup);
      await d.as(CAROL).fails('EPERM', 'fchown', fd, -1, bobGroup);
      await d.stat('f', { gid: aliceGroup });
    },
    async 'others cannot change owner or group, not even to what they are'(d) {
      await d.file('f', { owner: ALICE, mode: 0o666 });
      await d.as(BOB).fails('EPERM', 'chown', 'f', bob, -1);
      await d.as(BOB).fails('EPERM', 'chown', 'f', -1, bobGroup);
      await d.as(BOB).fails('EPERM', 'chown', 'f', alice, aliceGroup);
      await d.as(CAROL).fails('EPERM', 'chown', 'f', -1, aliceGroup);
      await d.stat('f', { uid: alice, gid: aliceGroup });
    },
    async 'takes the set-id bits of files away, from whoever calls'(d) {
      for (const [mode, after] of [
        [0o4755, 0o755],
        [0o2755, 0o755],
        [0o6711, 0o711],
        [0o6777, 0o777],
        [0o1755, 0o1755],
      ] as const) {
        const name = mode.toString(8);
        await d.file(name, { owner: CAROL });
        await d.do('chmod', name, mode);
        await d.as(CAROL).ok('chown', name, -1, aliceGroup);
        await d.stat(name, { mode: after });
        await d.do('chmod', name, mode);
        await d.ok('chown', name, bob, bobGroup);
        await d.stat(name, { mode: after });
      }
    },
    async 'leaves the set-group-id bit where the group may not execute: it means locking'(d) {
      await d.file('f', { owner: CAROL });
      await d.do('chmod', 'f', 0o2705);
      await d.ok('chown', 'f', alice, -1);
      await d.stat('f', { mode: 0o2705 });
    },
    async 'leaves the set-id bits of directories'(d) {
      await d.dir('x');
      await d.do('chmod', 'x', 0o6755);
      await d.ok('chown', 'x', alice, aliceGroup);
      await d.stat('x', { mode: 0o6755 });
    },
    async 'with -1 for both changes no ids, but ctime and the set-id bits of files'(d) {
      await d.file('f', { owner: ALICE });
      await d.changes({ f: 'c' }, undefined, 'chown', 'f', -1, -1);
      await d.do('chmod', 'f', 0o6755);
      await d.as(ALICE).ok('chown', 'f', -1, -1);
      await d.stat('f', { uid: alice, gid: aliceGroup, mode: 0o755 });
      await d.dir('x', { owner: ALICE });
      await d.do('chmod', 'x', 0o6755);
      await d.ok('chown', 'x', -1, -1);
      await d.stat('x', { mode: 0o6755 });
    },
    async 'the new owner has what the mode gives, the old one not any more'(d) {
      await d.file('f', { owner: ALICE, mode: 0o600, content: 'text' });
      await d.as(ALICE).ok('open', 'f', 'O_RDWR');
      await d.do('chown', 'f', bob, bobGroup);
      await d.as(ALICE).fails('EACCES', 'open', 'f', 'O_RDONLY');
      await d.as(BOB).ok('open', 'f', 'O_RDWR');
    },
  },
};
