import { expect, test } from 'vitest';
import { DeferredReplies, headerReply } from '../../mount/fuse/deferred.ts';
import { ERRNO } from '../../mount/fuse/errno.ts';
import { FxError } from '../../src/errors.ts';
import { Kernel, turn } from '../support/fuse-kernel.ts';
import { MemoryOperations } from '../support/memory-operations.ts';

/** Operations whose fsync ends when the test says so. */
class Slow extends MemoryOperations {
  readonly settle: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  override fsync(): Promise<void> {
    return new Promise((resolve, reject) => this.settle.push({ resolve, reject }));
  }
}

function uniques(kernel: Kernel): [bigint, number][] {
  return kernel.late.map(({ unique, errno }) => [unique, errno]);
}

test('FSYNC is answered when the disk is done, whatever came between', async () => {
  const operations = new Slow();
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  expect(kernel.call(r.fsync(1))).toBeUndefined();
  const first = r.unique;
  expect(kernel.call(r.fsyncdir(1))).toBeUndefined();
  const second = r.unique;
  kernel.expect(r.getattr(1));
  expect(kernel.session.outstanding).toBe(2);
  operations.settle[1]?.resolve();
  await turn();
  operations.settle[0]?.reject(new FxError('NO_SPACE'));
  await turn();
  expect(uniques(kernel)).toEqual([
    [second, 0],
    [first, ERRNO.ENOSPC],
  ]);
  expect(kernel.session.outstanding).toBe(0);
  expect(kernel.call(r.fsync(1))).toBeUndefined();
  operations.settle[2]?.reject(new TypeError('a fault'));
  await turn();
  expect(kernel.late.at(-1)?.errno).toBe(ERRNO.EIO);
  expect(kernel.faults).toEqual(['FSYNC: TypeError: a fault']);
});

test('an interrupted FSYNC goes on, and is answered once, when the disk is done', async () => {
  const operations = new Slow();
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  kernel.call(r.fsync(1));
  const waiting = r.unique;
  expect(kernel.call(r.interrupt(waiting + 100n))).toBeUndefined();
  expect(kernel.call(r.interrupt(waiting))).toBeUndefined();
  expect(kernel.late).toEqual([]);
  operations.settle[0]?.resolve();
  await turn();
  expect(uniques(kernel)).toEqual([[waiting, 0]]);
});

test('what can be given up is, once, found by its interrupt whether that is marked as resent or not', async () => {
  for (const mark of [0, 2 ** 31]) {
    const sent: Uint8Array[] = [];
    const deferred = new DeferredReplies(
      (bytes) => sent.push(bytes),
      () => ERRNO.EIO,
    );
    let given = 0;
    let resolve = (): void => {};
    const result = new Promise<void>((done) => {
      resolve = done;
    });
    const unique = { first: 6, second: 2 ** 31 };
    deferred.defer(unique, result, () => given++);
    deferred.interrupt({ first: 6, second: mark });
    deferred.interrupt({ first: 6, second: mark });
    resolve();
    await turn();
    expect(given).toBe(1);
    expect(sent).toEqual([headerReply(unique, ERRNO.EINTR)]);
    expect(deferred.count).toBe(0);
  }
});

test('nothing is answered after the session was destroyed', async () => {
  const operations = new Slow();
  const kernel = Kernel.ready(operations);
  kernel.call(kernel.requests.fsync(1));
  kernel.session.destroyed();
  operations.settle[0]?.resolve();
  await turn();
  expect(kernel.late).toEqual([]);
});

/** Settles each held reply on its own. */
function held() {
  const settle: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  const durableReplies = () => new Promise<void>((resolve, reject) => settle.push({ resolve, reject }));
  return { settle, durableReplies };
}

test('with durable replies each change waits, in order, and reading does not', async () => {
  const { settle, durableReplies } = held();
  const kernel = Kernel.ready(new MemoryOperations(), { durableReplies });
  const { requests: r } = kernel;
  expect(kernel.call(r.create(1, 'file'))).toBeUndefined();
  const create = r.unique;
  expect(kernel.call(r.write(2, 0, 0, Buffer.from('x')))).toBeUndefined();
  const write = r.unique;
  expect(kernel.call(r.open(2, 0o1001))).toBeUndefined();
  const truncate = r.unique;
  kernel.expect(r.lookup(1, 'file'));
  kernel.expect(r.open(2, 1));
  // A refusal acknowledges nothing.
  expect(kernel.errno(r.unlink(1, 'absent'))).toBe(ERRNO.ENOENT);
  expect(kernel.call(r.interrupt(write))).toBeUndefined();
  settle[1]?.resolve();
  await turn();
  expect(kernel.late).toEqual([]);
  settle[0]?.resolve();
  await turn();
  expect(uniques(kernel)).toEqual([
    [create, 0],
    [write, 0],
  ]);
  expect(kernel.late[0]?.body.length).toBe(144);
  settle[2]?.resolve();
  await turn();
  expect(kernel.late.at(-1)?.unique).toBe(truncate);
});

test('a change that does not become durable is EIO, and the kernel’s knowledge is taken back', async () => {
  const { settle, durableReplies } = held();
  const operations = new MemoryOperations({ handles: true });
  const kernel = Kernel.ready(operations, { durableReplies });
  const { requests: r, session } = kernel;
  kernel.call(r.create(1, 'file'));
  expect(session.lookups.count(2)).toBe(1);
  expect(operations.openHandles.size).toBe(1);
  settle[0]?.reject(new FxError('IO'));
  await turn();
  expect(kernel.late.map(({ errno }) => errno)).toEqual([ERRNO.EIO]);
  expect(session.lookups.count(2)).toBe(0);
  expect(operations.openHandles.size).toBe(0);
  expect(operations.reclaimed).toEqual([2]);
});

test('where everything is durable already replies go out at once', () => {
  const kernel = Kernel.ready(new MemoryOperations(), { durableReplies: () => undefined });
  kernel.expect(kernel.requests.create(1, 'file'));
});
