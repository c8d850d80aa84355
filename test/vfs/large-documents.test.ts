/** Large documents are judged and rendered in another thread, while the mount goes on. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { LensWorker } from '../../mount/documents/lens-worker.ts';
import { NotReady } from '../../mount/operations.ts';
import { encode } from '../../src/uarr/v2.ts';
import { fromJs } from '../../src/uarr/value.ts';
import { Editor, patiently, TRUNCATE } from '../support/editor.ts';
import { temporaryDirectory } from '../support/mount.ts';
import { storeTest } from '../support/stores.ts';

const LARGE = `{"list": [\n${Array.from({ length: 20_000 }, (_, i) => `  ${i}`).join(',\n')}\n]}\n`;

storeTest('a large save waits for its verdict, and nobody else does', async (open) => {
  const editor = await Editor.bound(open);
  const file = editor.create('a.json');
  editor.write(file, 0, LARGE);
  expect(() => editor.vfs.flush(file.ino, file.handle)).toThrow(NotReady);
  expect(editor.save('b.json', '{}')).toBe('OK');
  expect((await patiently(() => editor.vfs.flush(file.ino, file.handle))).waits).toBe(1);
  editor.vfs.release(file.ino, file.handle);
  expect((editor.value('a.json') as { list: number[] }).list.length).toBe(20_000);

  const bad = editor.open('a.json', TRUNCATE);
  editor.write(bad, 0, LARGE.slice(0, -3));
  await expect(patiently(() => editor.vfs.flush(bad.ino, bad.handle))).rejects.toMatchObject({ code: 'BAD_CONTENT' });
  editor.vfs.release(bad.ino, bad.handle);
  expect(editor.state('a.json')).toBe('invalid');
  editor.documents.close();
});

storeTest('a large save that was written on while it was judged is judged again', async (open) => {
  const editor = await Editor.bound(open);
  const file = editor.create('a.json');
  editor.write(file, 0, LARGE);
  expect(() => editor.vfs.flush(file.ino, file.handle)).toThrow(NotReady);
  editor.write(file, LARGE.length, '}');
  await expect(patiently(() => editor.vfs.flush(file.ino, file.handle))).rejects.toMatchObject({ code: 'BAD_CONTENT' });
  editor.vfs.release(file.ino, file.handle);
  editor.documents.close();
});

storeTest(
  'a large value is rendered when it is looked up, and what closes without waiting is saved all the same',
  async (open) => {
    const editor = await Editor.bound(open);
    const list = Array.from({ length: 30_000 }, (_, i) => `item ${i}`);
    const node = editor.put('a.json', fromJs({ list }));
    const found = await patiently(() => editor.vfs.lookup(editor.directory.ino, 'a.json'));
    expect(found.waits).toBe(1);
    expect(found.result?.size).toBe(editor.text('a.json').length);
    const file = editor.open('a.json', TRUNCATE);
    editor.write(file, 0, LARGE);
    editor.vfs.close();
    expect(node.value).toEqual(encode(fromJs({ list: Array.from({ length: 20_000 }, (_, i) => i) })));
  },
);

test('a lens that hangs is ended, and the next document is served', async () => {
  const directory = temporaryDirectory('lens-worker');
  const program = join(directory, 'program.mjs');
  writeFileSync(
    program,
    `import { parentPort } from 'node:worker_threads';
     parentPort.on('message', ({ lens }) => { while (lens === 'hang'); if (lens === 'die') process.exit(1);
       parentPort.postMessage({ kind: 'render', bytes: new Uint8Array(3) }); });`,
  );
  const worker = new LensWorker(null, 3000, pathToFileURL(program));
  const task = { kind: 'render', options: {}, value: new Uint8Array(0), kept: undefined } as const;
  const replies = await Promise.all(
    ['fine', 'hang', 'fine', 'die', 'fine'].map((lens) => worker.run({ ...task, lens })),
  );
  expect(replies.map(({ kind }) => kind)).toEqual(['render', 'failed', 'render', 'failed', 'render']);
  expect(replies[1]).toEqual({ kind: 'failed', message: 'the lens "hang" took over 3 s' });
  worker.close();
});
