/**
 * What memory holds of a large directory: bounded by checkpoints, right also when one fails.
 */
import { expect, test } from 'vitest';
import { DIRECTORY_NAMES_MAX, Directory } from '../../src/store/directory.ts';
import { KIND, type Slot } from '../../src/store/node.ts';

function slot(name: string, cookie: number): Slot {
  return { parent: 1, name, ino: cookie + 1000, cookie, kind: KIND.file };
}

function listed(directory: Directory, from = 0): string[] {
  const names: string[] = [];
  directory.visitRecent(from, ({ name }) => names.push(name) > 0);
  return names;
}

test('names set aside are found and listed in order with newer ones, which hide them', () => {
  const directory = new Directory(true);
  for (const [name, cookie] of [
    ['a', 16],
    ['b', 17],
    ['c', 18],
  ] as const)
    directory.put(slot(name, cookie));
  directory.count = 3;
  directory.setAside();
  directory.drop('b');
  directory.put(slot('d', 19));
  directory.put(slot('b', 20));
  directory.drop('a');
  expect(listed(directory)).toEqual(['c', 'd', 'b']);
  expect(listed(directory, 19)).toEqual(['d', 'b']);
  expect(directory.get('a')).toBeNull();
  expect(directory.get('c')?.cookie).toBe(18);
  expect(directory.get('never')).toBeNull();
  // A checkpoint that fails leaves them; the next takes all.
  directory.setAside();
  directory.put(slot('e', 21));
  expect(listed(directory)).toEqual(['c', 'd', 'b', 'e']);
  directory.forgetOlder();
  expect(listed(directory)).toEqual(['e']);
  expect(directory.get('c')).toBeUndefined();
  expect(directory.complete).toBe(false);
});

test('look-ups are remembered up to a bound, however many there are', () => {
  const directory = new Directory(false);
  for (let i = 0; i < DIRECTORY_NAMES_MAX * 2; i++) directory.cache(`absent-${i}`, null);
  expect(directory.cachedNames).toBe(DIRECTORY_NAMES_MAX);
});
