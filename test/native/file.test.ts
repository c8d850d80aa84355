import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { native } from '../../src/native.ts';

const { EBADF, EFBIG, EWOULDBLOCK } = constants.errno;
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-test-file-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('append writes head and body at a position', () => {
  const path = join(directory, 'log');
  const fd = openSync(path, 'w+');
  try {
    const head = Buffer.from('..head..');
    const body = Buffer.from('.body.');
    expect(native.append(fd, 0, head, 2, 4, body, 1, 4)).toBe(8);
    expect(native.append(fd, 8, head, 0, 2, null, 0, 0)).toBe(2);
    expect(native.append(fd, 10, head, 0, 0, body, 0, 6)).toBe(6);
    expect(native.append(fd, 16, head, 0, 0, null, 0, 0)).toBe(0);
    expect(readFileSync(path, 'latin1')).toBe('headbody...body.');
  } finally {
    closeSync(fd);
  }
});

test('append tells the error of a first call, and checks its ranges', () => {
  const path = join(directory, 'log');
  writeFileSync(path, '');
  const fd = openSync(path, 'r');
  try {
    expect(native.append(fd, 0, Buffer.from('x'), 0, 1, null, 0, 0)).toBe(-EBADF);
    expect(() => native.append(fd, 0, Buffer.from('x'), 0, 2, null, 0, 0)).toThrow(RangeError);
    expect(() => native.append(fd, 2 ** 53, Buffer.from('x'), 0, 1, null, 0, 0)).toThrow(RangeError);
  } finally {
    closeSync(fd);
  }
});

/** Runs `script` of bash with the file as $1; resolves with what it printed. */
function bash(script: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script, 'bash', path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', () => resolve(text.trim()));
  });
}

test('append that a limit cuts tells how many bytes were written, then the error', async () => {
  const path = join(directory, 'log');
  const addon = join(import.meta.dirname, '../../native/build/Release/fxmount.node');
  const code = `process.on('SIGXFSZ', () => {});
    const native = require('${addon}');
    const fd = require('fs').openSync(process.argv[1], 'w');
    const bytes = Buffer.alloc(3000);
    const first = native.append(fd, 0, bytes, 0, 3000, bytes, 0, 3000);
    console.log(first, native.append(fd, first, bytes, 0, 3000, null, 0, 0));`;
  const output = await bash(
    `ulimit -f 4; exec '${process.execPath}' -e "$CODE" "$1"`.replace('"$CODE"', `'${code.replaceAll("'", `'\\''`)}'`),
    path,
  );
  expect(output).toBe(`4096 ${-EFBIG}`);
});

test('one process at a time has the lock, until it ends', async () => {
  const path = join(directory, 'lock');
  writeFileSync(path, '');
  const fd = openSync(path, 'r+');
  const other = openSync(path, 'r+');
  try {
    expect(native.lock(fd)).toBe(0);
    expect(native.lock(other)).toBe(-EWOULDBLOCK);
    expect(await bash('flock -n -E 7 "$1" true; echo $?', path)).toBe('7');
  } finally {
    closeSync(fd);
    closeSync(other);
  }
  expect(await bash('flock -n -E 7 "$1" true; echo $?', path)).toBe('0');
});

test('the clock ticks', () => {
  const { clock } = native;
  native.tick();
  const before = Date.now();
  native.tick();
  const [seconds = 0, nanoseconds = -1] = clock;
  expect(Math.abs(seconds * 1000 + nanoseconds / 1e6 - before)).toBeLessThan(5000);
  expect(nanoseconds).toBeGreaterThanOrEqual(0);
  expect(nanoseconds).toBeLessThan(1e9);
});
