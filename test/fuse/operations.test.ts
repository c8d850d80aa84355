/** Opcodes that carry more than a name: groups, whiteouts, files without a name, ioctl, birth times. */
import { expect, test } from 'vitest';
import { ERRNO } from '../../mount/fuse/errno.ts';
import type { Caller } from '../../mount/operations.ts';
import { ACCESS_ACL } from '../../src/store/access-lists.ts';
import { KIND } from '../../src/store/node.ts';
import { Kernel } from '../support/fuse-kernel.ts';
import { struct } from '../support/fuse-requests.ts';
import { MemoryOperations } from '../support/memory-operations.ts';

const EXT_SECCTX = 1;
const EXT_GROUPS = 32;

class Watching extends MemoryOperations {
  readonly makers: Caller[] = [];

  override mkdir(...args: Parameters<MemoryOperations['mkdir']>) {
    this.makers.push({ ...args[3] });
    return super.mkdir(...args);
  }
}

test('who makes something comes with umask and the groups that an extension tells', () => {
  const operations = new Watching();
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  kernel.expect(r.mkdir(1, 'none'));
  r.extensions = struct([32, 16], [32, EXT_GROUPS], [32, 1], [32, 77]);
  kernel.expect(r.mkdir(1, 'odd'));
  kernel.expect(r.mkdir(1, 'even'));
  r.extensions = Buffer.concat([
    struct([32, 12], [32, EXT_SECCTX], [32, 9], [32, 0]),
    struct([32, 24], [32, EXT_GROUPS], [32, 3], [32, 5], [32, 6], [32, 7]),
  ]);
  kernel.expect(r.mkdir(1, 'two'));
  expect(operations.makers.map(({ umask, groups }) => [umask, groups])).toEqual([
    [0o022, []],
    [0o022, [77]],
    [0o022, [77]],
    [0o022, [5, 6, 7]],
  ]);
});

test('groups are unknown where the kernel does not tell them', () => {
  const operations = new Watching();
  const kernel = new Kernel(operations);
  kernel.expect(kernel.requests.init(0xffff_ffff, 0));
  kernel.expect(kernel.requests.mkdir(1, 'd'));
  expect(operations.makers[0]?.groups).toBeUndefined();
});

test('extensions that do not add up are refused', () => {
  const kernel = Kernel.ready(new MemoryOperations());
  const { requests: r } = kernel;
  for (const [size, count] of [
    [0, 1],
    [7, 1],
    [24, 1],
    [16, 2],
    [16, 0xffff_ffff],
    [8, 0],
    [0xffff_fff0, 1],
  ] as const) {
    r.extensions = struct([32, size], [32, EXT_GROUPS], [32, count], [32, 1]);
    expect.soft(kernel.errno(r.mkdir(1, 'd')), `size ${size}, ${count} groups`).toBe(ERRNO.EIO);
  }
  expect(kernel.faults).toEqual([]);
});

test('RENAME2 leaves a whiteout, also where it must not replace', () => {
  const operations = new MemoryOperations();
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  kernel.expect(r.create(1, 'a'));
  kernel.expect(r.rename2(1, 'a', 1, 'b', 4));
  expect(operations.lookup(1, 'a')).toMatchObject({ kind: KIND.charDevice, mode: 0, rdev: 0 });
  kernel.expect(r.create(1, 'c'));
  expect(kernel.errno(r.rename2(1, 'b', 1, 'c', 5))).toBe(ERRNO.EEXIST);
  for (const flags of [3, 6, 7, 8]) expect(kernel.errno(r.rename2(1, 'b', 1, 'd', flags))).toBe(ERRNO.EINVAL);
});

test('a file without a name has no links and goes when the kernel forgets it', () => {
  const operations = new MemoryOperations();
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  const reply = kernel.expect(r.tmpfile(1));
  const ino = Number(reply.readBigUInt64LE(0));
  expect(operations.node(ino)).toMatchObject({ nlink: 0, mode: 0o644 });
  kernel.call(r.forget(ino, 1));
  expect(operations.reclaimed).toEqual([ino]);
});

test('flags of a file read as none and may be set to none', () => {
  const kernel = Kernel.ready(new MemoryOperations());
  const { requests: r } = kernel;
  const none = Buffer.alloc(0);
  for (const [command, bytes] of [
    [0x8008_6601, 4],
    [0x8004_6601, 4],
    [0x8008_7601, 8],
    [0x801c_581f, 28],
  ] as const) {
    const answer = kernel.expect(r.ioctl(1, command, none, bytes));
    expect(answer.equals(Buffer.alloc(16 + bytes)), String(command)).toBe(true);
  }
  expect(kernel.expect(r.ioctl(1, 0x4008_6602, struct([32, 0]), 0)).length).toBe(16);
  expect(kernel.errno(r.ioctl(1, 0x4008_6602, struct([32, 0x10]), 0))).toBe(ERRNO.EOPNOTSUPP);
  expect(kernel.errno(r.ioctl(1, 0x401c_5820, Buffer.alloc(28, 1), 0))).toBe(ERRNO.EOPNOTSUPP);
  expect(kernel.errno(r.ioctl(1, 0x5401, none, 36))).toBe(ERRNO.ENOTTY);
  expect(kernel.errno(r.ioctl(99, 0x8008_6601, none, 4))).toBe(ERRNO.ESTALE);
  expect(kernel.errno(r.ioctl(1, 0x8008_6601, none, 0xffff_ffff))).toBe(ERRNO.EINVAL);
});

test('STATX tells the birth time and a device’s numbers', () => {
  const operations = new MemoryOperations({ now: () => [5, 6] });
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  const rdev = (259 << 8) | (70000 & 0xff) | ((70000 & ~0xff) << 12);
  kernel.expect(r.mknod(1, 'device', 0o060644, rdev));
  operations.node(2).mtimeSec = 99;
  const stat = kernel.expect(r.statx(2)).subarray(32);
  expect([stat.readBigInt64LE(80), stat.readUInt32LE(88)]).toEqual([5n, 6]);
  expect([stat.readUInt32LE(128), stat.readUInt32LE(132)]).toEqual([259, 70000]);
  expect(stat.readUInt16LE(28)).toBe(0o060644);
  expect(stat.readBigInt64LE(112)).toBe(99n);
});

test('a directory of more subdirectories than a link count can tell shows one link', () => {
  const operations = new MemoryOperations();
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  const links = () => kernel.expect(r.getattr(1)).readUInt32LE(16 + 64);
  operations.node(1).nlink = 65_000;
  expect(links()).toBe(65_000);
  operations.node(1).nlink = 65_001;
  expect(links()).toBe(1);
});

test('while no file has an access list, a kernel that does not check them is told once that there are none', () => {
  const operations = new MemoryOperations();
  operations.hasAccessLists = false;
  const ask = (kernel: Kernel) => kernel.errno(kernel.requests.getxattr(1, ACCESS_ACL, 4096));
  expect(ask(Kernel.ready(operations))).toBe(ERRNO.EOPNOTSUPP);
  expect(ask(Kernel.ready(operations, { checksAccess: true }))).toBe(ERRNO.ENODATA);
  operations.hasAccessLists = true;
  expect(ask(Kernel.ready(operations))).toBe(ERRNO.ENODATA);
});
