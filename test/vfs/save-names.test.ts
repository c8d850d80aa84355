/** Saves that reach the filesystem as names: each tool's calls, and what becomes of the document. */
import { expect } from 'vitest';
import { decode } from '../../src/uarr/v2.ts';
import { fromJs, toJs } from '../../src/uarr/value.ts';
import { Editor, TRUNCATE, WRITE } from '../support/editor.ts';
import { storeTest } from '../support/stores.ts';

const GOOD = '{ "port": 8080 }\n';
const BETTER = '{ "port": 9090 }\n';
const BAD = '{ "port": }\n';

async function withDocument(open: Parameters<typeof Editor.bound>[0]) {
  const editor = await Editor.bound(open);
  editor.save('f.json', GOOD);
  return { editor, id: editor.id('f.json') };
}

storeTest('vim: renaming to a backup and creating anew keeps the identity, and the backup is a copy', async (open) => {
  const { editor, id } = await withDocument(open);
  expect(editor.rename('f.json', 'f.json~')).toBe('OK');
  const file = editor.create('f.json');
  expect(editor.text('f.json~')).toBe(GOOD);
  editor.write(file, 0, BETTER);
  await editor.vfs.fsync(file.ino, file.handle);
  expect(editor.close(file)).toBe('OK');
  editor.unlink('f.json~');
  expect([editor.id('f.json'), editor.text('f.json'), editor.value('f.json')]).toEqual([id, BETTER, { port: 9090 }]);
  expect(editor.names()).toEqual(['f.json']);
});

storeTest('vim: after a refused save it removes the new file and renames the backup back', async (open) => {
  const { editor, id } = await withDocument(open);
  editor.rename('f.json', 'f.json~');
  const file = editor.create('f.json');
  editor.write(file, 0, BAD);
  expect(editor.close(file)).toBe('BAD_CONTENT');
  expect(editor.value('f.json')).toEqual({ port: 8080 });
  editor.unlink('f.json');
  expect(editor.rename('f.json~', 'f.json')).toBe('OK');
  expect([editor.id('f.json'), editor.text('f.json'), editor.state('f.json')]).toEqual([id, GOOD, 'valid']);
  expect([editor.value('f.json'), editor.names()]).toEqual([{ port: 8080 }, ['f.json']]);
});

storeTest('Emacs: a refused save is corrected in place', async (open) => {
  const { editor, id } = await withDocument(open);
  editor.rename('f.json', 'f.json~');
  expect(editor.save('f.json', BAD)).toBe('BAD_CONTENT');
  expect([editor.id('f.json'), editor.text('f.json')]).toEqual([id, BAD]);
  expect(editor.save('f.json', BETTER)).toBe('OK');
  expect([editor.id('f.json'), editor.state('f.json'), editor.value('f.json')]).toEqual([id, 'valid', { port: 9090 }]);
  expect(editor.text('f.json~')).toBe(GOOD);
});

storeTest('git: unlinking and creating anew keeps the identity', async (open) => {
  const { editor, id } = await withDocument(open);
  editor.unlink('f.json');
  expect(editor.names()).toEqual([]);
  expect(editor.save('f.json', BETTER)).toBe('OK');
  expect([editor.id('f.json'), editor.value('f.json')]).toEqual([id, { port: 9090 }]);
  expect(editor.node('f.json').nlink).toBe(1);
});

storeTest(
  'sed -i: a file renamed over a document is saved over it, and its number stands for the document',
  async (open) => {
    const { editor, id } = await withDocument(open);
    const { ino } = editor.node('f.json');
    editor.vfs.addHolder(() => true);
    editor.save('sedAbCdEf', BETTER);
    const file = editor.node('sedAbCdEf').ino;
    expect(editor.rename('sedAbCdEf', 'f.json')).toBe('OK');
    expect([editor.id('f.json'), editor.value('f.json'), editor.names()]).toEqual([id, { port: 9090 }, ['f.json']]);
    expect(editor.vfs.attributes(file).ino).toBe(ino);
    editor.vfs.reclaim(file);
  },
);

storeTest('sed -i: what is not valid is refused, kept as a draft, and the temporary file stays', async (open) => {
  const { editor, id } = await withDocument(open);
  editor.save('sedAbCdEf', BAD);
  expect(editor.rename('sedAbCdEf', 'f.json')).toBe('BAD_CONTENT');
  expect([editor.id('f.json'), editor.value('f.json'), editor.text('f.json')]).toEqual([id, { port: 8080 }, BAD]);
  expect(editor.names()).toEqual(['f.json', 'sedAbCdEf']);
});

storeTest('sed -i.bak: renamed to a backup, then another file renamed there', async (open) => {
  const { editor, id } = await withDocument(open);
  editor.save('sedAbCdEf', BETTER);
  editor.rename('f.json', 'f.json.bak');
  editor.save('sedXyXyXy', BAD);
  expect(editor.rename('sedXyXyXy', 'f.json')).toBe('BAD_CONTENT');
  expect([editor.id('f.json'), editor.text('f.json'), editor.state('f.json')]).toEqual([id, BAD, 'invalid']);
  expect(editor.rename('sedAbCdEf', 'f.json')).toBe('OK');
  expect([editor.id('f.json'), editor.text('f.json'), editor.text('f.json.bak')]).toEqual([id, BETTER, GOOD]);
  expect(editor.value('f.json.bak')).toBeUndefined();
});

storeTest('a temporary document renamed over another is a save; one that has been there is moved', async (open) => {
  const { editor, id } = await withDocument(open);
  editor.save('new.json', BETTER);
  expect(editor.rename('new.json', 'f.json')).toBe('OK');
  expect([editor.id('f.json'), editor.value('f.json')]).toEqual([id, { port: 9090 }]);
  editor.save('old.json', GOOD);
  const old = editor.node('old.json');
  editor.store.patch(old, { btime: [old.btimeSec - 3600, 0] });
  const oldId = editor.id('old.json');
  expect(editor.rename('old.json', 'f.json')).toBe('OK');
  expect([editor.id('f.json'), editor.value('f.json')]).toEqual([oldId, { port: 8080 }]);
});

storeTest('a document that is renamed to another document’s name takes its identity along', async (open) => {
  const { editor, id } = await withDocument(open);
  editor.rename('f.json', 'g.json');
  editor.save('f.json', BETTER);
  expect(editor.id('g.json')).toBe(id);
  expect(editor.id('f.json')).not.toBe(id);
  editor.rename('g.json', 'g.json~');
  expect(editor.id('g.json~')).toBe(id);
  expect(editor.value('g.json~')).toEqual({ port: 8080 });
});

storeTest('a file renamed to a bound name becomes a document, or is refused', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('x.tmp', BAD);
  expect(editor.rename('x.tmp', 'x.json')).toBe('BAD_CONTENT');
  editor.save('x.tmp', GOOD);
  expect(editor.rename('x.tmp', 'x.json')).toBe('OK');
  expect([editor.value('x.json'), editor.text('x.json')]).toEqual([{ port: 8080 }, GOOD]);
  editor.save('y.json', BAD);
  expect(editor.rename('y.json', 'z.json')).toBe('OK');
});

storeTest('names of passing use never become documents', async (open) => {
  const editor = await Editor.bound(open);
  editor.documents.bindings.set(editor.directory, { lens: 'json', mode: 'strict', schema: null, options: {} });
  for (const name of ['.f.json.swp', '4913', 'f~', 'sedA1b2C3', 'f.tmp', '#f#', 'f.lock', 'f.tmp.4711']) {
    expect(editor.save(name, BAD)).toBe('OK');
  }
  expect(editor.save('template', BAD)).toBe('BAD_CONTENT');
});

storeTest('a typed file that no rule binds is saved the same way', async (open) => {
  const editor = await Editor.plain(open);
  editor.put('f.json', fromJs({ port: 8080 }));
  const id = editor.id('f.json');
  editor.rename('f.json', 'f.json~');
  expect(editor.save('f.json', BAD)).toBe('BAD_CONTENT');
  editor.unlink('f.json');
  expect(editor.save('f.json', BETTER)).toBe('OK');
  expect([editor.id('f.json'), editor.value('f.json')]).toEqual([id, { port: 9090 }]);
  expect(editor.save('other.json', BAD)).toBe('OK');
});

storeTest('a draft and an open writer outlive a rename of the document', async (open) => {
  const { editor, id } = await withDocument(open);
  const file = editor.open('f.json', TRUNCATE);
  editor.write(file, 0, BAD);
  editor.rename('f.json', 'g.json');
  expect(editor.close(file)).toBe('BAD_CONTENT');
  expect([editor.id('g.json'), editor.text('g.json'), editor.state('g.json')]).toEqual([id, BAD, 'invalid']);
  expect([...editor.documents.troubled()].map(({ path }) => path)).toEqual(['/d/g.json']);
});

storeTest('an unlinked document is let go of in the end, and can be saved until then', async (open) => {
  const { editor } = await withDocument(open);
  const node = editor.node('f.json');
  const file = editor.open('f.json', WRITE);
  editor.unlink('f.json');
  editor.write(file, GOOD.indexOf('8080'), '1234');
  expect(editor.close(file)).toBe('OK');
  expect(toJs(decode(node.value as Uint8Array))).toEqual({ port: 1234 });
  editor.documents.departures.close();
  expect(editor.store.node(node.ino)).toBeUndefined();
});
