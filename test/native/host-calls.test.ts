import * as fs from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { native } from '../../src/native.ts';

const { ENOENT, ELOOP, EEXIST } = constants.errno;

let directory: string;
const at = (name: string) => Buffer.from(join(directory, name));
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'fxmount-host-'));
  fs.writeFileSync(at('f'), 'f', { mode: 0o600 });
  fs.symlinkSync('f', at('link'));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

test('times are set to the nanosecond, also before 1970, and of a symlink itself', () => {
  expect(native.setTimes(at('f'), 1, 2, 4_000_000_000, 999_999_999)).toBe(0);
  expect(native.setTimes(at('link'), 5, 6, -1, 7)).toBe(0);
  const times = (name: string) => {
    const { atimeNs, mtimeNs } = fs.lstatSync(at(name), { bigint: true });
    return [atimeNs, mtimeNs];
  };
  expect(times('f')).toEqual([1_000_000_002n, 4_000_000_000_999_999_999n]);
  expect(times('link')).toEqual([5_000_000_006n, -999_999_993n]);
});

test('a mode is set with its set-id bits, and never through a symlink', () => {
  expect(native.setMode(at('f'), 0o6751)).toBe(0);
  expect(fs.statSync(at('f')).mode & 0o7777).toBe(0o6751);
  expect(native.setMode(at('link'), 0o777)).toBe(-ELOOP);
  expect(fs.statSync(at('f')).mode & 0o7777).toBe(0o6751);
});

test('a fifo is made where there is nothing', () => {
  expect(native.makeNode(at('fifo'), fs.constants.S_IFIFO | 0o600, 0)).toBe(0);
  expect(fs.lstatSync(at('fifo')).isFIFO()).toBe(true);
  expect(native.makeNode(at('link'), fs.constants.S_IFIFO | 0o600, 0)).toBe(-EEXIST);
});

test('many extended attributes of any length come back as they were set', () => {
  // Over 1 KiB of names and a value over 1 KiB, within the 4 KiB that some filesystems allow for all.
  expect(native.getXattrs(at('f'))).toBe(0);
  const set = new Map<string, Buffer>();
  for (let i = 0; i < 18; i++) set.set(`user.${'n'.repeat(60)}${i}`, Buffer.alloc(i === 9 ? 1500 : i, i));
  for (const [name, value] of set) expect(native.setXattr(at('f'), Buffer.from(name), value)).toBe(0);
  const found = native.getXattrs(at('f')) as (string | Buffer)[];
  const pairs = found.flatMap((name, i) => (i % 2 === 0 ? [[name, found[i + 1]] as [string, Buffer]] : []));
  expect(new Map(pairs)).toEqual(set);
  expect(native.getXattrs(at('link'))).toBe(0);
});

test('a call with a function runs on a thread and gives it the same result', async () => {
  const result = await new Promise((resolve) => {
    expect(native.getXattrs(at('none'), resolve)).toBeUndefined();
  });
  expect(result).toBe(-ENOENT);
  const calls = Array.from({ length: 50 }, (_, i) => {
    return new Promise((resolve) => native.makeNode(at(`p${i}`), fs.constants.S_IFIFO | 0o600, 0, resolve));
  });
  expect(await Promise.all(calls)).toEqual(Array(50).fill(0));
  expect(fs.readdirSync(directory).length).toBe(52);
});

test('misuse throws and calls nothing', () => {
  const misuse = native as unknown as Record<string, (...values: unknown[]) => unknown>;
  expect(() => misuse.setTimes?.(at('f'), 1, 1_000_000_000, 1, 1)).toThrow(RangeError);
  expect(() => misuse.setTimes?.(at('f'), 1.5, 0, 1, 1)).toThrow(RangeError);
  expect(() => misuse.setTimes?.(at('f'), Number.NaN, 0, 1, 1)).toThrow(RangeError);
  expect(() => misuse.setTimes?.(at('f'), 1, -1, 1, 1)).toThrow(RangeError);
  expect(() => misuse.makeNode?.(at('x'), 0o10600, -1)).toThrow(RangeError);
  expect(() => misuse.makeNode?.(at('x'), 0o10600)).toThrow(TypeError);
  expect(() => misuse.makeNode?.(at('x'), 0o10600, 0, 'no function')).toThrow(TypeError);
  expect(() => misuse.getXattrs?.('text')).toThrow(TypeError);
  expect(() => misuse.getXattrs?.(Buffer.from('a\0b'))).toThrow(TypeError);
  expect(() => misuse.setXattr?.(at('f'), Buffer.from('user.a\0b'), Buffer.alloc(0))).toThrow(TypeError);
  expect(fs.readdirSync(directory)).toEqual(['f', 'link']);
});
