/**
 * Ranges of a blob in the real store: what they count as, where holes are, and that all of it outlives checkpoints.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Vfs } from '../../mount/vfs.ts';
import { REGION_BYTES } from '../../src/store/extents.ts';
import type { Node } from '../../src/store/node.ts';
import { openStore } from '../../src/store/open.ts';
import { SEEK_BYTES_MAX } from '../../src/store/seek.ts';
import type { Store } from '../../src/store/store.ts';
import { wrongAccounts } from '../support/accounts.ts';
import { ROOMY_TOTALS, readRange } from '../support/paths.ts';

let directory = '';
let store: Store;
let file: Node;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-ranges-'));
  store = await openStore(directory, { create: true, segmentBytesMax: 1 << 20 });
  file = make('f');
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

function make(name: string): Node {
  return store.create(store.node(1) as Node, name, { kind: 1, mode: 0o644, uid: 0, gid: 0 });
}

function write(node: Node, offset: number, text: string | Buffer): void {
  const bytes = Buffer.from(text);
  store.write(node, offset, bytes, 0, bytes.length);
}

function read(node: Node, offset: number, bytes: number): string {
  const vfs = new Vfs(store, { totals: ROOMY_TOTALS });
  const text = readRange(vfs, node.ino, offset, bytes).toString('latin1');
  vfs.close();
  return text;
}

async function reopen(): Promise<void> {
  await store.close();
  expect(await wrongAccounts(directory)).toEqual([]);
  store = await openStore(directory, { segmentBytesMax: 1 << 20 });
  file = store.node(file.ino) as Node;
}

/** Goes on with the store as a killed process leaves it. */
async function crash(): Promise<void> {
  const next = mkdtempSync(join(tmpdir(), 'fxmount-ranges-'));
  cpSync(directory, next, { recursive: true });
  await store.close();
  rmSync(directory, { recursive: true });
  directory = next;
  store = await openStore(directory, { segmentBytesMax: 1 << 20 });
  file = store.node(file.ino) as Node;
}

const seek = (offset: number) => [store.seek(file, offset, 'data'), store.seek(file, offset, 'hole')];

test('holes take no room, and what is allocated takes it once', () => {
  write(file, 0, 'abcdef');
  store.patch(file, { size: 1 << 30 });
  expect(file.storedBytes).toBe(6);
  store.patch(file, { hole: { offset: 2, bytes: 2 } });
  expect(file.storedBytes).toBe(4);
  store.patch(file, { reserve: { offset: 0, bytes: 100 } });
  store.patch(file, { reserve: { offset: 50, bytes: 50 } });
  expect(file.storedBytes).toBe(100);
  write(file, 90, 'x'.repeat(20));
  expect(file.storedBytes).toBe(110);
  store.patch(file, { hole: { offset: 0, bytes: 1 << 30 } });
  expect([file.storedBytes, store.totals.contentBytes]).toEqual([0, 0]);
});

test('data and holes are found to the byte, and what is allocated counts as a hole', () => {
  write(file, 100, 'data');
  write(file, REGION_BYTES - 2, 'over the border');
  store.patch(file, { size: REGION_BYTES * 3, reserve: { offset: 104, bytes: 50 } });
  expect(seek(0)).toEqual([100, 0]);
  expect(seek(100)).toEqual([100, 104]);
  expect(seek(102)).toEqual([102, 104]);
  expect(seek(104)).toEqual([REGION_BYTES - 2, 104]);
  expect(seek(REGION_BYTES)).toEqual([REGION_BYTES, REGION_BYTES + 13]);
  expect(seek(REGION_BYTES + 13)).toEqual([undefined, REGION_BYTES + 13]);
  expect(seek(REGION_BYTES * 3)).toEqual([undefined, undefined]);
  store.patch(file, { size: REGION_BYTES + 5 });
  expect(seek(REGION_BYTES)).toEqual([REGION_BYTES, REGION_BYTES + 5]);
});

test('data is found in the index and in memory, whichever is first, and not where it was punched since', async () => {
  for (const region of [1, 3, 5, 7]) write(file, region * REGION_BYTES, 'x');
  await reopen();
  store.patch(file, { hole: { offset: 0, bytes: 2 * REGION_BYTES } });
  write(file, 4 * REGION_BYTES, 'x');
  const found: number[] = [];
  for (let at = store.seek(file, 0, 'data'); at !== undefined; at = store.seek(file, at + 1, 'data')) {
    found.push(at / REGION_BYTES);
  }
  expect(found).toEqual([3, 4, 5, 7]);
  store.patch(file, { size: 5 * REGION_BYTES + 1 });
  store.patch(file, { size: 9 * REGION_BYTES });
  expect(seek(5 * REGION_BYTES + 1)[0]).toBe(undefined);
});

test('the search for a hole ends in a file that is data over and over', () => {
  write(file, 0, Buffer.alloc(1 << 20, 1));
  for (let bytes = 1 << 20; bytes <= SEEK_BYTES_MAX; bytes *= 2) {
    store.patch(file, { share: { from: file, fromOffset: 0, offset: bytes, bytes } });
  }
  const hole = SEEK_BYTES_MAX + 2 * REGION_BYTES;
  store.patch(file, { hole: { offset: hole, bytes: 1 } });
  expect(store.seek(file, hole - 100, 'hole')).toBe(hole);
  expect(store.seek(file, 3 * REGION_BYTES, 'hole')).toBe(hole);
  expect(store.seek(file, 5, 'hole')).toBe(file.size);
});

test('many small appends become few pieces, and so do small writes all over a file', async () => {
  const line = (i: number) => Buffer.from(`line ${String(i).padStart(6, '0')}\n`);
  const lines = Buffer.concat(Array.from({ length: 5_000 }, (_, i) => line(i)));
  for (let i = 0; i < 5_000; i++) write(file, i * 12, line(i));
  const count = () => (store.node(file.ino) as Node).extents?.slice(0, file.size).length ?? 0;
  expect(count()).toBeLessThan(150);
  expect(read(file, 0, file.size)).toBe(lines.toString());
  const { version, mtimeNsec } = file;
  for (let i = 0; i < 5_000; i++) {
    const at = (i * 7919 * 12) % (lines.length - 1);
    lines[at] = 33 + (i % 90);
    write(file, at, lines.subarray(at, at + 1));
  }
  expect(file.version).toBe(version + 5_000);
  expect(file.mtimeNsec).not.toBe(mtimeNsec);
  expect(count()).toBeLessThan(3000);
  for (const again of [crash, reopen]) {
    await again();
    expect(read(file, 0, file.size)).toBe(lines.toString());
  }
});

test('joining small pieces leaves holes of a block and what is around them alone', () => {
  for (let i = 0; i < 300; i++) write(file, i * 8192 + 5, 'x');
  expect(file.storedBytes).toBe(300);
  for (let i = 0; i < 127; i++) write(file, 1e7 + i * 3, 'y');
  expect(file.storedBytes).toBe(427);
  write(file, 1e7 + 127 * 3, 'y');
  expect(file.storedBytes).toBe(300 + 127 * 3 + 1);
  expect(read(file, 1e7, 382)).toBe(`${'y\0\0'.repeat(127)}y`);
});

test('each reference to shared bytes counts, and the last one frees them', async () => {
  const other = make('g');
  write(file, 0, '0123456789');
  store.patch(other, { share: { from: file, fromOffset: 2, offset: 5, bytes: 6 } });
  store.patch(file, { share: { from: file, fromOffset: 0, offset: 20, bytes: 10 } });
  expect([file.storedBytes, other.storedBytes, store.totals.contentBytes]).toEqual([20, 6, 26]);
  expect([file.size, other.size]).toEqual([30, 11]);
  await reopen();
  write(file, 0, 'xxxxxxxxxx');
  expect(read(file, 20, 10)).toBe('0123456789');
  expect(read(store.node(other.ino) as Node, 0, 100)).toBe('\0\0\0\0\x00234567');
  store.unlink(store.node(1) as Node, 'f');
  store.unlink(store.node(1) as Node, 'g');
  expect(store.totals.contentBytes).toBe(0);
  await store.close();
  expect(await wrongAccounts(directory)).toEqual([]);
  store = await openStore(directory);
});

test('what a transaction wrote itself can be shared in it, and is taken back with it', async () => {
  const other = make('g');
  store.transaction(() => {
    write(file, 0, 'abcdef');
    store.patch(other, { share: { from: file, fromOffset: 1, offset: 0, bytes: 4 } });
    write(file, 0, 'ABC');
  });
  expect([read(file, 0, 10), read(other, 0, 10)]).toEqual(['ABCdef', 'bcde']);
  const before = store.totals.contentBytes;
  const failing = () =>
    store.transaction(() => {
      store.patch(other, { share: { from: file, fromOffset: 0, offset: 2, bytes: 6 } });
      store.patch(file, { hole: { offset: 0, bytes: 3 }, reserve: { offset: 1, bytes: 100 } });
      throw new Error('no');
    });
  expect(failing).toThrow('no');
  expect([read(file, 0, 10), read(other, 0, 10), store.totals.contentBytes]).toEqual(['ABCdef', 'bcde', before]);
  await crash();
  expect([read(file, 0, 10), read(store.node(other.ino) as Node, 0, 10)]).toEqual(['ABCdef', 'bcde']);
  await reopen();
});

test('room allocated beyond the end of the file outlives a checkpoint, and goes when the file is cut there', async () => {
  write(file, 0, 'abc');
  store.patch(file, { reserve: { offset: 0, bytes: REGION_BYTES * 2 } });
  for (const again of [reopen, crash, reopen]) {
    await again();
    expect([file.size, file.storedBytes]).toEqual([3, REGION_BYTES * 2]);
  }
  write(file, REGION_BYTES + 1, 'z');
  expect(read(file, REGION_BYTES, 2)).toBe('\0z');
  expect(file.storedBytes).toBe(REGION_BYTES * 2);
  store.patch(file, { size: file.size });
  expect(file.storedBytes).toBe(REGION_BYTES + 2);
  store.patch(file, { size: 2 });
  await reopen();
  expect([file.size, file.storedBytes]).toEqual([2, 2]);
});

test('ranges over regions that only the index has are punched, moved and copied', async () => {
  const other = make('g');
  for (let region = 0; region < 5; region++) write(file, region * REGION_BYTES + 7, `region ${region}`);
  await reopen();
  store.patch(store.node(other.ino) as Node, {
    share: { from: file, fromOffset: 7, offset: 0, bytes: 4 * REGION_BYTES + 8 },
  });
  store.patch(file, { hole: { offset: REGION_BYTES, bytes: 2 * REGION_BYTES } });
  expect([seek(100)[0], seek(3 * REGION_BYTES + 7)[0]]).toEqual([3 * REGION_BYTES + 7, 3 * REGION_BYTES + 7]);
  await reopen();
  expect(file.storedBytes).toBe(24);
  const copy = store.node(other.ino) as Node;
  for (let region = 0; region < 5; region++) expect(read(copy, region * REGION_BYTES, 8)).toBe(`region ${region}`);
  store.patch(file, { size: file.size - REGION_BYTES, share: shiftDown() });
  await reopen();
  expect([read(file, 2 * REGION_BYTES + 7, 8), file.storedBytes]).toEqual(['region 3', 24]);
});

/** The last two regions go one region down. */
function shiftDown() {
  const bytes = file.size - 3 * REGION_BYTES;
  return { from: file, fromOffset: 3 * REGION_BYTES, offset: 2 * REGION_BYTES, bytes };
}

test('a hole over all of a large sparse file, and room beyond it, cost what is there', () => {
  const end = Number.MAX_SAFE_INTEGER;
  write(file, end - 10, 'far away');
  expect(seek(0)).toEqual([end - 10, 0]);
  store.patch(file, { hole: { offset: 0, bytes: end } });
  expect([file.storedBytes, seek(0)]).toEqual([0, [undefined, 0]]);
});
