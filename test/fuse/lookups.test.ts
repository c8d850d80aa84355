import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LookupCounts } from '../../mount/fuse/lookups.ts';
import { FOPEN } from '../../mount/fuse/protocol.ts';
import { Kernel } from '../support/fuse-kernel.ts';
import { MemoryOperations } from '../support/memory-operations.ts';

test('counts agree with a plain map under any adding and forgetting', () => {
  const few = fc.constantFrom(1, 2, 4095, 4096, 2 ** 52);
  const ino = fc.oneof(
    few,
    few,
    fc.integer({ min: 1, max: 12_000 }),
    fc.integer({ min: 2 ** 52, max: 2 ** 52 + 9000 }),
  );
  const step = fc.record({ ino, forget: fc.option(fc.integer({ min: 0, max: 4 }), { freq: 1 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const counts = new LookupCounts();
      const model = new Map<number, number>();
      for (const { ino, forget } of steps) {
        const before = model.get(ino) ?? 0;
        if (forget === null) {
          counts.add(ino);
          model.set(ino, before + 1);
        } else {
          const after = Math.max(before - forget, 0);
          expect(counts.forget(ino, forget)).toBe(before > 0 && after === 0);
          if (after === 0) model.delete(ino);
          else model.set(ino, after);
        }
        expect(counts.count(ino)).toBe(model.get(ino) ?? 0);
        expect(counts.inodes).toBe(model.size);
      }
      expect(counts.clear().sort((a, b) => a - b)).toEqual([...model.keys()].sort((a, b) => a - b));
      expect(counts.inodes).toBe(0);
    }),
  );
});

test('a page whose counts all fell to 0 starts afresh', () => {
  const counts = new LookupCounts();
  counts.add(5);
  expect(counts.forget(5, 1)).toBe(true);
  counts.add(5);
  counts.add(5000);
  expect([counts.count(5), counts.count(5000)]).toEqual([1, 1]);
});

test('each entry in a reply counts once, and the inode is reclaimed when the last count is forgotten', () => {
  const operations = new MemoryOperations();
  const kernel = Kernel.ready(operations);
  const { requests: r, session } = kernel;
  kernel.expect(r.create(1, 'file'));
  kernel.expect(r.lookup(1, 'file'));
  kernel.expect(r.link(2, 1, 'other'));
  expect(session.lookups.count(2)).toBe(3);
  // "." and ".." do not count, two names of one inode count twice.
  kernel.expect(r.readdirplus(1, 0, 4096));
  expect(session.lookups.count(2)).toBe(5);
  expect(session.lookups.count(1)).toBe(0);
  kernel.expect(r.readdir(1, 0, 4096));
  kernel.expect(r.getattr(2));
  expect(session.lookups.count(2)).toBe(5);

  kernel.expect(r.unlink(1, 'file'));
  kernel.expect(r.unlink(1, 'other'));
  expect(kernel.call(r.forget(2, 4))).toBeUndefined();
  expect(operations.reclaimed).toEqual([]);
  kernel.expect(r.getattr(2));
  expect(kernel.call(r.batchForget([2, 1], [3, 7]))).toBeUndefined();
  expect(operations.reclaimed).toEqual([2]);
  expect(kernel.errno(r.getattr(2))).toBe(116);
});

test('a count of forgets that lies is cut to what the message holds', () => {
  const operations = new MemoryOperations();
  const kernel = Kernel.ready(operations);
  const { requests: r, session } = kernel;
  for (const name of ['a', 'b']) kernel.expect(r.create(1, name));
  const lying = r.batchForget([2, 1]);
  lying.writeUInt32LE(0xffff_ffff, 40);
  // An earlier, longer message lies behind the end of this one.
  session.input.set(r.batchForget([9, 1], [3, 1]));
  kernel.call(lying);
  expect([2, 3].map((ino) => session.lookups.count(ino))).toEqual([0, 1]);
});

test('one inode that cannot be reclaimed does not keep the others', () => {
  class Failing extends MemoryOperations {
    override reclaim(ino: number): void {
      if (ino === 2) throw new Error('a fault');
      super.reclaim(ino);
    }
  }
  const operations = new Failing();
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  for (const name of ['a', 'b']) kernel.expect(r.create(1, name));
  expect(kernel.call(r.batchForget([2, 1], [3, 1]))).toBeUndefined();
  expect(operations.reclaimed).toEqual([3]);
  expect(kernel.faults).toEqual(['BATCH_FORGET: Error: a fault']);
});

test('a negative entry, an error and an entry without attributes count nothing', () => {
  const operations = new MemoryOperations();
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  kernel.expect(r.lookup(1, 'absent'));
  kernel.errno(r.unlink(1, 'absent'));
  expect(kernel.session.lookups.inodes).toBe(0);
});

test('READDIRPLUS counts only entries that fit, and keeps an error for the next request', () => {
  class Failing extends MemoryOperations {
    override readdir(...[ino, cookie, visit]: Parameters<MemoryOperations['readdir']>): void {
      super.readdir(ino, cookie, (name, ...rest) => {
        if (name === 'third') throw new Error('a fault');
        return visit(name, ...rest);
      });
    }
  }
  const operations = new Failing();
  const kernel = Kernel.ready(operations);
  const { requests: r, session } = kernel;
  for (const name of ['first', 'second', 'third']) kernel.expect(r.create(1, name));
  kernel.call(r.batchForget([2, 1], [3, 1], [4, 1]));
  // Room for "." and ".." (160 bytes each) and one entry (160 bytes).
  expect(kernel.expect(r.readdirplus(1, 0, 500)).length).toBe(480);
  expect([2, 3, 4].map((ino) => session.lookups.count(ino))).toEqual([1, 0, 0]);
  expect(kernel.expect(r.readdirplus(1, 16, 4096)).length).toBe(160);
  expect([2, 3, 4].map((ino) => session.lookups.count(ino))).toEqual([1, 1, 0]);
  expect(kernel.faults).toEqual([]);
  expect(kernel.errno(r.readdirplus(1, 17, 4096))).toBe(5);
  expect(kernel.errno(r.readdirplus(1, 17, 4096))).toBe(5);
  expect(kernel.faults).toEqual(['READDIRPLUS: Error: a fault']);
});

test('a directory entry that does not fit at all is an error, not the end', () => {
  const kernel = Kernel.ready(new MemoryOperations());
  expect(kernel.errno(kernel.requests.readdir(1, 0, 31))).toBe(22);
  expect(kernel.expect(kernel.requests.readdir(1, 0, 32)).length).toBe(32);
});

test('the session holds what the kernel knows, and lets go when it is destroyed', () => {
  const operations = new MemoryOperations({ handles: true });
  const kernel = Kernel.ready(operations);
  const { requests: r, session } = kernel;
  const [holds] = [...operations.holders];
  if (holds === undefined) throw new Error('the session added no holder');
  const created = kernel.expect(r.create(1, 'file'));
  expect(created.readUInt32LE(128 + 8)).toBe(FOPEN.DIRECT_IO);
  expect([1, 2, 3].map(holds)).toEqual([true, true, false]);
  expect(operations.openHandles.size).toBe(1);
  kernel.expect(r.unlink(1, 'file'));
  kernel.expect(r.getattr(2));

  session.destroyed();
  expect(operations.openHandles.size).toBe(0);
  expect(operations.reclaimed).toEqual([2]);
  expect(operations.nodes.has(2)).toBe(false);
  expect(operations.holders.size + operations.sinks.size).toBe(0);
  expect(session.lookups.inodes).toBe(0);
  session.destroyed();
  expect(operations.reclaimed).toEqual([2]);
});
