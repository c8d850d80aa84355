/**
 * File-change events that wait are merged, so that what comes out is how matters stand.
 */
import { expect, test } from 'vitest';
import { type PendingEvent, PendingEvents } from '../../mount/fuse/replay-queue.ts';
import type { FileEvent } from '../../mount/operations.ts';
import { KIND } from '../../src/store/node.ts';

const DIRECTORY = 2;
const OTHER = 3;

function added(name: string, ino: number, parent = DIRECTORY): FileEvent {
  return { what: 'added', parent, name, ino, kind: KIND.file };
}

function removed(name: string, ino: number, parent = DIRECTORY): FileEvent {
  return { what: 'removed', parent, name, ino, kind: KIND.file };
}

/** What comes out, in short. */
function told(...events: FileEvent[]): string[] {
  const pending = new PendingEvents();
  for (const event of events) pending.add(event);
  const lines: string[] = [];
  for (let event = pending.take(); event !== undefined; event = pending.take()) lines.push(brief(event));
  return lines;
}

function brief(event: PendingEvent): string {
  if (!('parent' in event)) return `${event.what} ${event.ino}`;
  const place = `${event.parent}/${event.name}`;
  return event.what === 'moved'
    ? `moved ${place} ${event.toParent}/${event.toName}`
    : `${event.what} ${place} ${event.ino}`;
}

test('events come out in the order they went in, names before content', () => {
  expect(told({ what: 'modified', ino: 9 }, added('a', 10), removed('b', 11))).toEqual([
    'added 2/a 10',
    'removed 2/b 11',
    'modified 9',
  ]);
});

test('content and attributes of a file are told once, as modified when either was', () => {
  const touched: FileEvent = { what: 'touched', ino: 9 };
  const modified: FileEvent = { what: 'modified', ino: 9 };
  expect(told(touched, modified, touched, modified)).toEqual(['modified 9']);
  expect(told(touched, touched)).toEqual(['touched 9']);
});

test('a node removed here and added there has moved, and what it replaced is not told', () => {
  expect(told(removed('a', 10), added('b', 10, OTHER))).toEqual(['moved 2/a 3/b']);
  expect(told(removed('a', 10), removed('b', 11), added('b', 10))).toEqual(['moved 2/a 2/b']);
});

test('what comes and goes is not told', () => {
  expect(told(added('a', 10), removed('a', 10))).toEqual([]);
  expect(told(removed('a', 10), added('a', 10))).toEqual([]);
});

test('a node that moved and was then removed is removed from where it was known', () => {
  expect(told(removed('a', 10), added('b', 10), removed('b', 10))).toEqual(['removed 2/a 10']);
});

test('a name that was taken over by another node is removed, then added', () => {
  expect(told(removed('a', 10), added('a', 11))).toEqual(['removed 2/a 10', 'added 2/a 11']);
});

test('too many names become one event for their directory', () => {
  const events = Array.from({ length: 10_000 }, (_, i) => added(`f${i}`, 100 + i));
  const lines = told(...events);
  expect(lines.length).toBeLessThan(5000);
  expect(lines).toContain('modified 2');
});
