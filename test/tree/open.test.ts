import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { open } from '../../src/index.ts';
import { listHostTree, makeHostTree } from './host-tree.ts';

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'fxmount-open-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

test('a store is created, changed, closed and opened again with everything in it', async () => {
  const path = join(directory, 'store');
  const tree = await open(path, { create: true, uid: 7, gid: 8 });
  tree.put('/config/server', { port: 8080 }, { parents: true });
  tree.put('/blob', Buffer.alloc(3_000_000, 'data'));
  expect(() =>
    tree.transaction((t) => {
      t.put('/config/server', 'gone');
      t.put('/blob', Buffer.from('gone'));
      t.remove('/config', { recursive: true });
      throw new Error('no');
    }),
  ).toThrow('no');
  tree.transaction((t) => {
    t.patch('/config/server', { port: 9090 });
    t.put('/small', Buffer.from('in one frame'));
  });
  const { id } = tree.stat('/config/server');
  await tree.sync();
  await tree.checkpoint();
  tree.link('/blob', '/config/blob');
  await tree.close();

  const again = await open(path);
  expect(again.get(`n:${id}`)).toEqual({ port: 9090 });
  expect(again.stat(`n:${id}`)).toMatchObject({ paths: ['/config/server'], uid: 7, gid: 8 });
  expect(Buffer.compare(await again.readFileAsync('/config/blob'), Buffer.alloc(3_000_000, 'data'))).toBe(0);
  expect(again.stat('/blob').paths).toEqual(['/blob', '/config/blob']);
  expect(Buffer.from(again.readFile('/small')).toString()).toBe('in one frame');
  await again.close();

  const readOnly = await open(path, { readOnly: true });
  expect(() => readOnly.put('/x', 1)).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
  await readOnly.close();
});

test('a directory that is no store is refused', async () => {
  await expect(open(directory)).rejects.toMatchObject({ code: 'NOT_A_STORE' });
});

test('a host tree survives import, reopening and export', async () => {
  const source = join(directory, 'source');
  await makeHostTree(source, 42);
  const path = join(directory, 'store');
  let tree = await open(path, { create: true });
  await tree.import(source, '/in');
  await expect(tree.import(join(path, 'log'), '/log')).rejects.toMatchObject({ code: 'INVALID' });
  await tree.close();
  tree = await open(path);
  const target = join(directory, 'target');
  await tree.export('/in', target);
  await expect(tree.export('/in', join(path, 'out'))).rejects.toMatchObject({ code: 'INVALID' });
  await tree.close();
  expect(listHostTree(target)).toEqual(listHostTree(source));
}, 60_000);
