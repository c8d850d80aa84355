import { expect } from 'vitest';
import { encode } from '../../src/uarr/v2.ts';
import { fromJs } from '../../src/uarr/value.ts';
import { Editor, TRUNCATE, WRITE } from '../support/editor.ts';
import { outcomeOf } from '../support/paths.ts';
import { storeTest } from '../support/stores.ts';

const GOOD = '{ "port": 8080,\n  "host": "localhost" }\n';
const BETTER = '{ "port": 9090,\n  "host": "localhost" }\n';
const BAD = '{ "port": 9090,\n  "host": }\n';

storeTest('a file that a rule binds becomes a typed node when it is saved, and keeps its bytes', async (open) => {
  const editor = await Editor.bound(open);
  expect(editor.save('a.json', GOOD)).toBe('OK');
  expect(editor.value('a.json')).toEqual({ port: 8080, host: 'localhost' });
  expect(editor.text('a.json')).toBe(GOOD);
  expect(editor.state('a.json')).toBe('valid');
  expect(editor.save('notes', GOOD)).toBe('OK');
  expect(editor.value('notes')).toBeUndefined();
  expect(editor.state('notes')).toBe('');
});

storeTest('saving what was read is no frame, and other white space is kept without a new value', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', GOOD);
  const { seq } = editor.store;
  expect(editor.save('a.json', GOOD)).toBe('OK');
  expect(editor.store.seq).toBe(seq);
  const { value } = editor.node('a.json');
  editor.save('a.json', `${GOOD}\n`);
  expect(editor.store.seq).toBe(seq + 1);
  expect(editor.node('a.json').value).toEqual(value);
  expect(editor.text('a.json')).toBe(`${GOOD}\n`);
});

storeTest('a save is one frame and keeps the identity; an API change is spliced into the text', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', GOOD);
  const id = editor.id('a.json');
  const { seq } = editor.store;
  expect(editor.save('a.json', BETTER)).toBe('OK');
  expect(editor.store.seq).toBe(seq + 1);
  expect(editor.id('a.json')).toBe(id);
  editor.store.patch(editor.node('a.json'), { value: encode(fromJs({ port: 1, host: 'localhost' })) });
  expect(editor.text('a.json')).toBe(BETTER.replace('9090', '1'));
  expect(editor.vfs.attributes(editor.node('a.json').ino).size).toBe(BETTER.length - 3);
});

storeTest(
  'what does not parse is refused, shown as a draft, and leaves the value; a correction clears it',
  async (open) => {
    const editor = await Editor.bound(open);
    editor.save('a.json', GOOD);
    expect(editor.save('a.json', BAD)).toBe('BAD_CONTENT');
    expect(editor.text('a.json')).toBe(BAD);
    expect(editor.vfs.attributes(editor.node('a.json').ino).size).toBe(BAD.length);
    expect(editor.value('a.json')).toEqual({ port: 8080, host: 'localhost' });
    expect(editor.state('a.json')).toBe('invalid');
    expect(editor.error('a.json')).toMatch(/^d\/a\.json:2:11: error: .* \[[a-z-]+\]\n$/);
    expect([...editor.documents.troubled()].map(({ path }) => path)).toEqual(['/d/a.json']);
    expect(editor.save('a.json', BETTER)).toBe('OK');
    expect(editor.state('a.json')).toBe('valid');
    expect([...editor.documents.troubled()]).toEqual([]);
  },
);

storeTest('a new file that never parsed is a blob with a problem, and becomes a node once it does', async (open) => {
  const editor = await Editor.bound(open);
  expect(editor.save('a.json', BAD)).toBe('BAD_CONTENT');
  expect([editor.value('a.json'), editor.text('a.json'), editor.state('a.json')]).toEqual([undefined, BAD, 'invalid']);
  expect(editor.act('a.json', 'revert')).toBe('INVALID');
  expect(editor.save('a.json', GOOD)).toBe('OK');
  expect(editor.value('a.json')).toEqual({ port: 8080, host: 'localhost' });
  expect([...editor.documents.troubled()]).toEqual([]);
});

storeTest('a lenient rule lets the save pass and keeps the draft all the same', async (open) => {
  const editor = await Editor.bound(open, 'lenient');
  editor.save('a.json', GOOD);
  expect(editor.save('a.json', BAD)).toBe('OK');
  expect([editor.text('a.json'), editor.state('a.json')]).toEqual([BAD, 'invalid']);
  expect(editor.value('a.json')).toEqual({ port: 8080, host: 'localhost' });
});

storeTest('revert shows the accepted text again', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', GOOD);
  editor.save('a.json', BAD);
  expect(editor.act('a.json', 'what')).toBe('INVALID');
  expect(editor.act('a.json', 'revert\n')).toBe('OK');
  expect([editor.text('a.json'), editor.state('a.json')]).toEqual([GOOD, 'valid']);
});

storeTest('a flush with nothing written since the last is no check, as on the empty file of a shell', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', GOOD);
  const file = editor.open('a.json', TRUNCATE);
  editor.vfs.flush(file.ino, file.handle);
  expect(editor.state('a.json')).toBe('valid');
  editor.write(file, 0, BAD);
  expect(outcomeOf(() => editor.vfs.flush(file.ino, file.handle))).toBe('BAD_CONTENT');
  expect(editor.close(file)).toBe('OK');
  expect(editor.text('a.json')).toBe(BAD);
});

storeTest('others read the old text while one writes, and fsync keeps a draft that the flush settles', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', GOOD);
  const file = editor.open('a.json', TRUNCATE);
  editor.write(file, 0, BETTER.slice(0, 10));
  expect(editor.text('a.json')).toBe(GOOD);
  expect(editor.vfs.attributes(file.ino)).toMatchObject({ size: 10, volatile: 'attributes' });
  await editor.vfs.fsync(file.ino, file.handle);
  expect([editor.text('a.json'), editor.state('a.json')]).toEqual([BETTER.slice(0, 10), 'unsaved']);
  editor.write(file, 10, BETTER.slice(10));
  expect(editor.close(file)).toBe('OK');
  expect([editor.text('a.json'), editor.state('a.json')]).toEqual([BETTER, 'valid']);
});

storeTest('fsync then flush with nothing between checks what was synced', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', GOOD);
  const file = editor.open('a.json', TRUNCATE);
  editor.write(file, 0, BAD);
  await editor.vfs.fsync(file.ino, file.handle);
  expect(editor.close(file)).toBe('BAD_CONTENT');
});

storeTest('each open file has one version, whatever is changed meanwhile', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', GOOD);
  const { ino } = editor.node('a.json');
  const { handle } = editor.vfs.open(ino, { ...WRITE, write: false });
  editor.save('a.json', BETTER);
  editor.store.patch(editor.node('a.json'), { value: encode(fromJs({ port: 1 })) });
  expect(editor.read(ino, handle)).toBe(GOOD);
  editor.vfs.release(ino, handle);
  expect(outcomeOf(() => editor.vfs.flush(ino, handle))).toBe('OK');
});

storeTest('a change of another field made meanwhile is merged, one of the same field is a conflict', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', GOOD);
  const file = editor.open('a.json', TRUNCATE);
  editor.store.patch(editor.node('a.json'), { value: encode(fromJs({ port: 8080, host: 'other' })) });
  editor.write(file, 0, BETTER);
  expect(editor.close(file)).toBe('OK');
  expect(editor.value('a.json')).toEqual({ port: 9090, host: 'other' });
  expect(editor.text('a.json')).toBe(BETTER.replace('localhost', 'other'));

  const again = editor.open('a.json', TRUNCATE);
  editor.store.patch(editor.node('a.json'), { value: encode(fromJs({ port: 1, host: 'other' })) });
  editor.write(again, 0, GOOD.replace('localhost', 'other'));
  expect(editor.close(again)).toBe('BUSY');
  expect([editor.state('a.json'), editor.value('a.json')]).toEqual(['conflict', { port: 1, host: 'other' }]);
  expect(editor.error('a.json')).toMatch(
    /^d\/a\.json:1:11: error: "port" was changed elsewhere .*now 1.*\[conflict\]\n$/,
  );
  // Saved again as it is, it is a conflict still; with their change taken in it is none.
  expect(editor.save('a.json', GOOD.replace('localhost', 'other'))).toBe('BUSY');
  expect(editor.save('a.json', GOOD.replace('8080', '1').replace('localhost', 'mine'))).toBe('OK');
  expect(editor.value('a.json')).toEqual({ port: 1, host: 'mine' });
});

storeTest('force saves a draft over the concurrent change', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', GOOD);
  const file = editor.open('a.json', TRUNCATE);
  editor.store.patch(editor.node('a.json'), { value: encode(fromJs({ port: 1, host: 'localhost' })) });
  editor.write(file, 0, BETTER);
  expect(editor.close(file)).toBe('BUSY');
  expect(editor.act('a.json', 'force')).toBe('OK');
  expect([editor.value('a.json'), editor.text('a.json')]).toEqual([{ port: 9090, host: 'localhost' }, BETTER]);
  editor.save('a.json', BAD);
  expect(editor.act('a.json', 'force')).toBe('BAD_CONTENT');
});

storeTest('appending goes to the end of what was written, whatever offset comes', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', '{ "a": 1 }');
  const file = editor.open('a.json', { ...WRITE, append: true });
  editor.write(file, 3, '\n');
  editor.write(file, 0, '\n');
  expect(editor.close(file)).toBe('OK');
  expect(editor.text('a.json')).toBe('{ "a": 1 }\n\n');
});

storeTest('a document over its limit is refused while it is written', async (open) => {
  const editor = await Editor.bound(open);
  const file = editor.create('a.json');
  expect(outcomeOf(() => editor.write(file, 17 << 20, 'x'))).toBe('TOO_BIG');
  editor.write(file, 0, GOOD);
  expect(editor.close(file)).toBe('OK');
});

storeTest('what was written through a mapping after the last flush is kept at release', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', GOOD);
  const file = editor.open('a.json', WRITE);
  editor.vfs.flush(file.ino, file.handle);
  editor.write(file, GOOD.indexOf('8080'), '9090');
  editor.vfs.release(file.ino, file.handle);
  expect(editor.value('a.json')).toEqual({ port: 9090, host: 'localhost' });
});

storeTest('a truncation right after opening is of the file opened, which a shell then flushes', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', GOOD);
  const file = editor.open('a.json', WRITE);
  expect(editor.vfs.setAttributes(file.ino, { size: 0, mtime: 'now' }).size).toBe(0);
  editor.vfs.flush(file.ino, file.handle);
  expect([editor.text('a.json'), editor.state('a.json')]).toEqual([GOOD, 'valid']);
  editor.write(file, 0, '{}');
  expect(editor.close(file)).toBe('OK');
  expect(editor.text('a.json')).toBe('{}');
});

storeTest(
  'a save is merged from what the same process was shown before, not from what there is when it saves',
  async (open) => {
    const editor = await Editor.bound(open);
    editor.save('a.json', GOOD);
    const { ino } = editor.node('a.json');
    const [mine, other] = [
      { uid: 0, gid: 0, pid: 4711 },
      { uid: 0, gid: 0, pid: 4712 },
    ];
    const saveBy = (text: string, caller: typeof mine) => {
      const file = { ino, handle: editor.vfs.open(ino, TRUNCATE, caller).handle };
      editor.write(file, 0, text);
      return editor.close(file);
    };
    editor.vfs.release(ino, editor.vfs.open(ino, { ...WRITE, write: false }, mine).handle);
    const set = (fields: object) => editor.store.patch(editor.node('a.json'), { value: encode(fromJs(fields)) });
    set({ port: 8080, host: 'elsewhere' });
    expect(saveBy(BETTER, mine)).toBe('OK');
    expect(editor.value('a.json')).toEqual({ port: 9090, host: 'elsewhere' });
    // The process still has its own text, in which their change is not: saving it again does not set that back.
    expect(saveBy(BETTER.replace('9090', '1'), mine)).toBe('OK');
    expect(editor.value('a.json')).toEqual({ port: 1, host: 'elsewhere' });
    // One that never read the document means what it writes.
    expect(saveBy(GOOD, other)).toBe('OK');
    expect(editor.value('a.json')).toEqual({ port: 8080, host: 'localhost' });
  },
);
