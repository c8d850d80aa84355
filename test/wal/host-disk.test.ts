import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HostDisk } from '../../src/wal/host-disk.ts';
import { Log } from '../../src/wal/log.ts';
import { verifyLog } from '../../src/wal/verify.ts';
import { STORE_ID } from '../support/log-model.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fxmount-wal-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test('a log on the host is written, synced, reopened and verified', async () => {
  const disk = HostDisk.create(join(directory, 'log'));
  const log = await Log.create(disk, STORE_ID, { segmentBytesMax: 10_000 });
  const data = Buffer.alloc(4096, 'data');
  for (let seq = 1; seq <= 20; seq++) {
    log.frame.latin1(`frame ${seq}`);
    log.append(1, seq, 0, data, 0, seq % 2 === 0 ? data.length : 0);
  }
  await Promise.all([log.durable(3), log.durable(20), log.durable(11)]);
  expect(log.durableSeq).toBe(20);
  const into = Buffer.alloc(8);
  log.read(log.lastSegment, log.lastDataPosition, into, 0, 8);
  expect(into.latin1Slice()).toBe('datadata');
  await log.close();

  const payloads: string[] = [];
  const again = await Log.open(disk, { storeId: STORE_ID, from: null }, (frame) => {
    payloads.push(frame.bytes.latin1Slice(frame.payloadStart, frame.payloadStart + frame.payloadBytes));
  });
  expect(payloads).toEqual(Array.from({ length: 20 }, (_, i) => `frame ${i + 1}`));
  expect(verifyLog(disk)).toMatchObject({ frames: 20, problems: [] });
  expect(again.segments().length).toBeGreaterThan(3);
  await again.close();
});

test('a torn tail on the host is saved aside and cut', async () => {
  const disk = new HostDisk(directory);
  const log = await Log.create(disk, STORE_ID);
  log.frame.latin1('whole');
  log.append(1, 0, 0, null, 0, 0);
  const end = log.position.position;
  await log.close();
  writeFileSync(join(directory, '00000001.fxlog'), 'torn', { flag: 'a' });
  const again = await Log.open(disk, { from: null });
  expect(again.recovery.tail).toMatchObject({ bytes: 4, savedAs: [`torn-00000001-${end}`] });
  expect(readFileSync(join(directory, `torn-00000001-${end}`), 'latin1')).toBe('torn');
  expect(readFileSync(join(directory, '00000001.fxlog')).length).toBe(end);
  await again.close();
});

test('an append of two parts is one piece of the file, at any start within the buffers', () => {
  const file = new HostDisk(directory).create('a');
  file.append(0, Buffer.from('..head..'), 2, 4, Buffer.from('.body'), 1, 4);
  file.append(8, Buffer.from('x'), 0, 1, null, 0, 0);
  file.append(9, Buffer.alloc(0), 0, 0, Buffer.from('y'), 0, 1);
  expect(file.size()).toBe(10);
  file.truncate(9);
  file.close();
  expect(readFileSync(join(directory, 'a'), 'latin1')).toBe('headbodyx');
});

test('names that are not there, or there already, have their codes', () => {
  const disk = new HostDisk(directory);
  expect(() => disk.open('a', 'read')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  disk.create('a').close();
  expect(() => disk.create('a')).toThrow(expect.objectContaining({ code: 'EXISTS' }));
  expect(() => HostDisk.create(directory)).toThrow(expect.objectContaining({ code: 'EXISTS' }));
  expect(() => new HostDisk(join(directory, 'no')).list()).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
});
