import { expect, test } from 'vitest';
import { ERRNO } from '../../mount/fuse/errno.ts';
import { Locks } from '../../mount/locks.ts';
import { MountLocks } from '../../mount/vfs-locks.ts';
import { Kernel } from '../support/fuse-kernel.ts';
import { struct } from '../support/fuse-requests.ts';
import { MemoryOperations } from '../support/memory-operations.ts';

const [GETLK, SETLK, SETLKW] = [31, 32, 33];
const [READ, WRITE, UNLOCK] = [0, 1, 2];
const END = 2n ** 63n - 1n;
const INIT_LOCKS = (1 << 1) | (1 << 10);
const FLOCK = 1;

class Locking extends MemoryOperations {
  readonly locks: MountLocks;

  constructor(shared: Locks) {
    super();
    this.locks = new MountLocks(shared, (ino) => ino);
  }
}

/** Two mounts that share locks; each has the file of number 2 open once. */
function twoMounts(): [Kernel, Kernel] {
  const shared = new Locks();
  const kernels = [0, 1].map(() => Kernel.ready(new Locking(shared)));
  for (const kernel of kernels) kernel.expect(kernel.requests.create(1, 'file'));
  return kernels as [Kernel, Kernel];
}

interface LockOptions {
  owner?: bigint;
  start?: bigint;
  end?: bigint;
  flags?: number;
}

function request(kernel: Kernel, opcode: number, type: number, options: LockOptions = {}): Buffer {
  const { owner = 5n, start = 0n, end = END, flags = 0 } = options;
  const body = struct([64, 0], [64, owner], [64, start], [64, end], [32, type], [32, 77], [32, flags], [32, 0]);
  return kernel.requests.request(opcode, 2, body);
}

function set(kernel: Kernel, type: number, options?: LockOptions): number {
  return kernel.errno(request(kernel, SETLK, type, options));
}

test('locks are asked of the driver only where they are shared', () => {
  const flags = (kernel: Kernel) => (kernel.session.negotiated?.flags ?? 0) & INIT_LOCKS;
  expect(flags(twoMounts()[0])).toBe(INIT_LOCKS);
  const alone = Kernel.ready(new MemoryOperations());
  expect(flags(alone)).toBe(0);
  expect(set(alone, WRITE)).toBe(ERRNO.ENOSYS);
});

test('a lock of one mount is in the way of another, which is told of it', () => {
  const [first, second] = twoMounts();
  expect(set(first, WRITE, { start: 2n ** 62n + 1n })).toBe(0);
  expect(set(second, READ)).toBe(ERRNO.EAGAIN);
  expect(set(second, READ, { end: 2n ** 62n })).toBe(0);
  const found = second.expect(request(second, GETLK, READ));
  expect([found.readBigUInt64LE(0), found.readBigUInt64LE(8)]).toEqual([2n ** 62n + 1n, END]);
  expect([found.readUInt32LE(16), found.readUInt32LE(20)]).toEqual([WRITE, 77]);
  expect(set(first, UNLOCK)).toBe(0);
  expect(second.expect(request(second, GETLK, WRITE, { start: 2n ** 62n + 1n })).readUInt32LE(16)).toBe(UNLOCK);
});

test('a wait is answered when the lock is free, or with EINTR when it is given up', async () => {
  const [first, second] = twoMounts();
  expect(set(first, WRITE)).toBe(0);
  expect(second.call(request(second, SETLKW, WRITE, { owner: 1n }))).toBeUndefined();
  const interrupted = second.requests.unique;
  expect(second.call(request(second, SETLKW, WRITE, { owner: 2n }))).toBeUndefined();
  const granted = second.requests.unique;
  expect(second.session.outstanding).toBe(2);
  second.call(second.requests.interrupt(interrupted));
  expect(second.late).toMatchObject([{ errno: ERRNO.EINTR, unique: interrupted }]);
  expect(set(first, UNLOCK)).toBe(0);
  await Promise.resolve();
  expect(second.late[1]).toMatchObject({ errno: 0, unique: granted });
  expect(set(first, READ)).toBe(ERRNO.EAGAIN);
});

test('closing ends an owner’s range locks, the last close all that is left', () => {
  const [first, second] = twoMounts();
  expect(set(first, READ, { owner: 7n })).toBe(0);
  expect(set(first, READ, { owner: 8n })).toBe(0);
  expect(set(first, WRITE, { owner: 9n, flags: FLOCK })).toBe(0);
  first.expect(first.requests.flush(2, 0));
  const range = () => second.expect(request(second, GETLK, WRITE)).readUInt32LE(16);
  expect(range()).toBe(READ);
  first.expect(first.requests.open(2));
  const whole = () => set(second, READ, { flags: FLOCK });
  expect(whole()).toBe(ERRNO.EAGAIN);
  first.expect(first.requests.request(18, 2, struct([64, 0], [32, 0], [32, 2], [64, 9])));
  expect([whole(), range()]).toEqual([0, READ]);
  first.expect(first.requests.release(2, 0));
  expect(range()).toBe(UNLOCK);
});

test('a deadlock is refused', () => {
  const [first, second] = twoMounts();
  expect(set(first, WRITE, { start: 0n, end: 0n })).toBe(0);
  expect(set(second, WRITE, { start: 1n, end: 1n })).toBe(0);
  expect(first.call(request(first, SETLKW, WRITE, { start: 1n, end: 1n }))).toBeUndefined();
  expect(second.errno(request(second, SETLKW, WRITE, { start: 0n, end: 0n }))).toBe(ERRNO.EDEADLK);
});

test('what is no lock is refused', () => {
  const [first] = twoMounts();
  expect(set(first, 3)).toBe(ERRNO.EIO);
  expect(set(first, READ, { start: 5n, end: 4n })).toBe(ERRNO.EIO);
});
