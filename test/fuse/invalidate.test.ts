import { expect, test } from 'vitest';
import { invalEntry, invalInode } from '../../mount/fuse/invalidate.ts';
import { Session } from '../../mount/fuse/session.ts';
import type { InvalidationSink } from '../../mount/operations.ts';
import { Kernel, turn } from '../support/fuse-kernel.ts';
import { MemoryOperations } from '../support/memory-operations.ts';

/** A kernel that knows inode 2, "file", and 3, "directory"; and where the operations tell of changes. */
function watched(): { kernel: Kernel; sink: InvalidationSink } {
  const operations = new MemoryOperations();
  const kernel = Kernel.ready(operations);
  kernel.expect(kernel.requests.create(1, 'file'));
  kernel.expect(kernel.requests.mkdir(1, 'directory'));
  const [sink] = [...operations.sinks];
  if (sink === undefined) throw new Error('the session does not listen');
  return { kernel, sink };
}

test('a changed inode is dropped at the end of the turn, once for all its changes', async () => {
  const { kernel, sink } = watched();
  sink.inode(2, 100, 50);
  sink.inode(2, 10, 20);
  sink.inode(2, 0, 0);
  expect(kernel.notified).toEqual([]);
  await turn();
  expect(kernel.notified).toEqual([invalInode(2, 10, 140)]);
  sink.inode(2, 0, 0);
  sink.inode(3, 7, 1);
  sink.inode(3, 5, -1);
  await turn();
  expect(kernel.notified.slice(1)).toEqual([invalInode(2, 0, 0), invalInode(3, 5, -1)]);
});

test('a changed name goes with its directory’s attributes and listing', async () => {
  const { kernel, sink } = watched();
  sink.entry(1, 'a');
  sink.entry(1, 'b');
  sink.entry(1, 'a');
  await turn();
  expect(kernel.notified).toEqual([invalEntry(1, 'a'), invalEntry(1, 'b'), invalInode(1, 0, -1)]);
});

test('only what the kernel can know is told', async () => {
  const { kernel, sink } = watched();
  sink.inode(99, 0, -1);
  sink.entry(99, 'name');
  kernel.call(kernel.requests.forget(3, 1));
  sink.entry(3, 'name');
  await turn();
  expect(kernel.notified).toEqual([]);
  sink.inode(1, 0, 0);
  await turn();
  expect(kernel.notified.length).toBe(1);
});

test('what a full queue does not take is kept, gathered, and sent when there is room', async () => {
  const { kernel, sink } = watched();
  kernel.room = 1;
  sink.entry(1, 'a');
  sink.entry(1, 'b');
  await turn();
  expect(kernel.notified).toEqual([invalEntry(1, 'a')]);
  for (let i = 0; i < 1000; i++) sink.inode(1, i, 1);
  await turn();
  kernel.room = Infinity;
  kernel.session.drained();
  expect(kernel.notified.slice(1)).toEqual([invalEntry(1, 'b'), invalInode(1, 0, -1)]);
});

test('changes before a sink is attached are sent when it is', async () => {
  const operations = new MemoryOperations();
  const session = new Session(operations);
  for (const sink of operations.sinks) sink.inode(1, 0, -1);
  await turn();
  const notified: Uint8Array[] = [];
  session.attach({ reply: () => {}, notify: (bytes) => notified.push(bytes) > 0 });
  await turn();
  expect(notified).toEqual([invalInode(1, 0, -1)]);
  for (const sink of operations.sinks) sink.inode(1, 0, -1);
  session.destroyed();
  await turn();
  expect(notified.length).toBe(1);
});
