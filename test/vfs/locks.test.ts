import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOCK_END, LOCKS_MAX, type Lock, Locks, type LockType } from '../../mount/locks.ts';
import { MountLocks } from '../../mount/vfs-locks.ts';
import { outcomeOf } from '../support/paths.ts';

const INO = 7;

function lock(owner: string, type: LockType, start = 0, end?: number): Lock {
  return { owner, pid: 1, type, start: BigInt(start), end: end === undefined ? LOCK_END : BigInt(end) };
}

test('readers share a range, a writer has it alone', () => {
  const locks = new Locks();
  const take = (wanted: Lock) => outcomeOf(() => locks.take('posix', INO, wanted));
  expect(take(lock('a', 'read', 0, 9))).toBe('OK');
  expect(take(lock('b', 'read', 5, 15))).toBe('OK');
  expect(take(lock('c', 'write', 9, 9))).toBe('WOULD_BLOCK');
  expect(take(lock('c', 'write', 16, 20))).toBe('OK');
  expect(locks.find('posix', INO, lock('c', 'write', 0, 4))).toEqual(lock('a', 'read', 0, 9));
  expect(locks.find('posix', INO + 1, lock('c', 'write'))).toBeUndefined();
  locks.drop('posix', INO, 'a');
  locks.drop('posix', INO, 'b');
  expect(take(lock('c', 'write', 0, 30))).toBe('OK');
});

test('range locks and locks of whole files do not see each other', () => {
  const locks = new Locks();
  locks.take('posix', INO, lock('a', 'write'));
  expect(outcomeOf(() => locks.take('flock', INO, lock('b', 'write')))).toBe('OK');
});

test('a conversion of a whole file’s lock gives up the old one even where it fails', () => {
  const locks = new Locks();
  locks.take('flock', INO, lock('a', 'read'));
  locks.take('flock', INO, lock('b', 'read'));
  expect(outcomeOf(() => locks.take('flock', INO, lock('a', 'write')))).toBe('WOULD_BLOCK');
  expect(outcomeOf(() => locks.take('flock', INO, lock('b', 'write')))).toBe('OK');
});

test('who waits is served in order, once nothing is in the way', async () => {
  const locks = new Locks();
  const served: string[] = [];
  const wait = (wanted: Lock) => {
    const waiting = locks.wait('posix', INO, wanted);
    void waiting?.granted.then(() => served.push(wanted.owner));
    return waiting;
  };
  expect(wait(lock('a', 'write'))).toBeUndefined();
  wait(lock('b', 'write'));
  const given = wait(lock('c', 'write'));
  wait(lock('d', 'write'));
  wait(lock('e', 'read', 5, 6));
  given?.giveUp();
  given?.giveUp();
  locks.drop('posix', INO, 'a');
  await Promise.resolve();
  expect(served).toEqual(['b']);
  locks.drop('posix', INO, 'b');
  locks.drop('posix', INO, 'd');
  await Promise.resolve();
  expect(served).toEqual(['b', 'd', 'e']);
});

test('who would wait for itself is told so', () => {
  const locks = new Locks();
  for (const [owner, at] of [
    ['a', 0],
    ['b', 1],
    ['c', 2],
  ] as const)
    locks.take('posix', INO + at, lock(owner, 'write'));
  locks.wait('posix', INO + 1, lock('a', 'write'));
  locks.wait('posix', INO + 2, lock('b', 'read'));
  expect(outcomeOf(() => locks.wait('posix', INO, lock('c', 'read')))).toBe('DEADLOCK');
  expect(outcomeOf(() => locks.wait('posix', INO, lock('d', 'read')))).toBe('OK');
  locks.take('flock', INO, lock('a', 'write'));
  locks.take('flock', INO + 1, lock('b', 'write'));
  locks.wait('flock', INO + 1, lock('a', 'write'));
  expect(outcomeOf(() => locks.wait('flock', INO, lock('b', 'write')))).toBe('OK');
});

test('a mount’s locks are its own and end with it, its waits too', async () => {
  const locks = new Locks();
  const [first, second] = [new MountLocks(locks, (ino) => ino), new MountLocks(locks, (ino) => ino + 1)];
  first.take('posix', INO + 1, lock('x', 'write'));
  expect(outcomeOf(() => second.take('posix', INO, lock('x', 'write')))).toBe('WOULD_BLOCK');
  let granted = false;
  void second.wait('posix', INO, lock('x', 'write'))?.granted.then(() => (granted = true));
  const third = new MountLocks(locks, (ino) => ino);
  third.wait('posix', INO + 1, lock('x', 'write'));
  third.close();
  first.dropFile(INO + 1);
  await Promise.resolve();
  expect(granted).toBe(true);
  second.close();
  expect(first.find('posix', INO + 1, lock('x', 'write'))).toBeUndefined();
});

test('there is a limit to locks', () => {
  const locks = new Locks();
  for (let i = 0; i < LOCKS_MAX; i++) locks.take('posix', i, lock('a', 'read'));
  expect(outcomeOf(() => locks.take('posix', LOCKS_MAX, lock('a', 'read')))).toBe('NO_LOCKS');
  locks.dropOwners('a');
  expect(outcomeOf(() => locks.take('posix', LOCKS_MAX, lock('a', 'read')))).toBe('OK');
});

/** Each byte's locks, by owner: what a table of locks stands for. */
class Model {
  readonly bytes = Array.from({ length: 12 }, () => new Map<string, LockType>());

  set(owner: string, start: number, end: number, type: LockType | undefined): boolean {
    const range = this.bytes.slice(start, end + 1);
    const isFree = range.every((held) =>
      [...held].every(([other, its]) => other === owner || (its === 'read' && type === 'read')),
    );
    if (type !== undefined && !isFree) return false;
    for (const held of range) {
      if (type === undefined) held.delete(owner);
      else held.set(owner, type);
    }
    return true;
  }
}

test('random locks and unlocks hold each byte as a table of bytes does', () => {
  const byte = fc.nat({ max: 11 });
  const step = fc.tuple(fc.constantFrom('a', 'b', 'c'), byte, byte, fc.constantFrom('read', 'write', undefined));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const locks = new Locks();
      const model = new Model();
      for (const [owner, one, two, type] of steps) {
        const [start, end] = [Math.min(one, two), Math.max(one, two)];
        const allowed = model.set(owner, start, end, type as LockType | undefined);
        if (type === undefined) locks.drop('posix', INO, owner, BigInt(start), BigInt(end));
        else
          expect(outcomeOf(() => locks.take('posix', INO, lock(owner, type as LockType, start, end)))).toBe(
            allowed ? 'OK' : 'WOULD_BLOCK',
          );
        for (const [at, held] of model.bytes.entries()) {
          expect(locks.find('posix', INO, lock('probe', 'write', at, at)) !== undefined).toBe(held.size > 0);
          const writes = [...held.values()].includes('write');
          expect(locks.find('posix', INO, lock('probe', 'read', at, at)) !== undefined).toBe(writes);
        }
      }
    }),
  );
});
