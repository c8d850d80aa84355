import { expect, test } from 'vitest';
import { containingMount, findMount, fxmountMounts, parseMountinfo } from '../../mount/fuse/mountinfo.ts';

const TEXT = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
  '30 22 0:40 / /mnt/tree rw,nosuid,nodev,relatime shared:9 master:2 - fuse.fxmount /var/lib/my\\040store rw,user_id=1000,group_id=1000,default_permissions',
  '31 22 0:41 /sub /mnt/a\\040b\\011c\\012d\\134e ro - fuse.fxmount /s rw,user_id=0,group_id=0',
  '32 22 0:42 / /mnt/caf\\303\\251 rw - tmpfs none rw',
  '33 30 0:43 / /mnt/tree/inner rw - tmpfs tmpfs rw',
  '34 22 0:44 / /mnt/tree rw - fuse.sshfs host:/ ro',
  '',
].join('\n');

test('fields are decoded, optional fields skipped', () => {
  const mounts = parseMountinfo(TEXT);
  expect(mounts.map((mount) => mount.mountpoint)).toEqual([
    '/',
    '/mnt/tree',
    '/mnt/a b\tc\nd\\e',
    '/mnt/café',
    '/mnt/tree/inner',
    '/mnt/tree',
  ]);
  expect(mounts[1]).toEqual({
    id: 30,
    parentId: 22,
    device: '0:40',
    mountpoint: '/mnt/tree',
    type: 'fuse.fxmount',
    source: '/var/lib/my store',
    readOnly: false,
    uid: 1000,
  });
  expect(mounts.map((mount) => mount.readOnly)).toEqual([false, false, true, false, false, true]);
});

test('the topmost mount of a path is found', () => {
  const mounts = parseMountinfo(TEXT);
  expect(findMount('/mnt/tree', mounts)?.type).toBe('fuse.sshfs');
  expect(findMount('/mnt', mounts)).toBeUndefined();
  expect(fxmountMounts(mounts).map((mount) => mount.source)).toEqual(['/var/lib/my store', '/s']);
});

test('the fxmount mount that a path lies in is found, unless another mount hides it', () => {
  const mounts = parseMountinfo(TEXT);
  expect(containingMount('/mnt/a b\tc\nd\\e/x/y', mounts)?.source).toBe('/s');
  expect(containingMount('/mnt/a b\tc\nd\\ex', mounts)).toBeUndefined();
  expect(containingMount('/mnt/tree/file', mounts)).toBeUndefined();
  expect(containingMount('/mnt/tree/inner/file', mounts)).toBeUndefined();
  expect(containingMount('/etc', mounts)).toBeUndefined();
});

test('lines of another form are skipped', () => {
  const odd = [
    '',
    ' ',
    '-',
    '1 2',
    '1 2 0:3 / /x rw',
    '1 2 0:3 / /x rw -',
    '1 2 0:3 / /x rw - t',
    'a 2 0:3 / /x rw - t s o',
  ];
  expect(parseMountinfo(odd.join('\n'))).toEqual([]);
  expect(parseMountinfo('1 2 0:3 / /x rw - t s o')).toHaveLength(1);
  expect(parseMountinfo('1 2 0:3 / /x\\400\\9 rw - t s o')[0]?.mountpoint).toBe('/x\\400\\9');
});
