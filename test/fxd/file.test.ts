import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { graphFromFile } from '../../src/fxd/file.ts';
import { graphToFxd } from '../../src/fxd/fxd.ts';
import { graphToFxwal } from '../../src/fxd/fxwal-graph.ts';
import { sampleGraph } from '../../src/fxd/sample.ts';
import { codesOf, outline } from './support.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fxd-file-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function fileOf(name: string, bytes: Uint8Array | string): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

test('both kinds of file give the same graph, whatever they are called', async () => {
  const log = await graphFromFile(fileOf('log.txt', graphToFxwal(sampleGraph())));
  const database = await graphFromFile(fileOf('database.txt', await graphToFxd(sampleGraph())));
  expect(outline(log.roots)).toEqual(outline(sampleGraph().roots));
  expect(outline(database.roots)).toEqual(outline(log.roots));
});

test('changes that SQLite has not yet put into the file are reported', async () => {
  const path = fileOf('open.fxd', await graphToFxd(sampleGraph()));
  fileOf('open.fxd-wal', 'pages');
  expect(codesOf(await graphFromFile(path))).toEqual(['unsaved-log']);
});

test('any other file is refused with its name', async () => {
  const path = fileOf('notes.txt', 'FXWA');
  await expect(graphFromFile(path)).rejects.toMatchObject({
    code: 'BAD_SOURCE',
    message: expect.stringContaining(path),
  });
});
