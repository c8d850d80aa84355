import { expect } from 'vitest';
import { Documents } from '../../mount/documents/documents.ts';
import { Vfs } from '../../mount/vfs.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import { encode } from '../../src/uarr/v2.ts';
import { fromJs } from '../../src/uarr/value.ts';
import { Editor, TRUNCATE, WRITE } from '../support/editor.ts';
import { NO_TOTALS, outcomeOf, ROOT_CALLER } from '../support/paths.ts';
import { type OpenTestStore, storeTest } from '../support/stores.ts';

const OWNED = { mode: 0o755, uid: 0, gid: 0 };
const PLAIN = { noReplace: false, exchange: false, whiteout: false };

/** `/d/p.csv`, a view of `/people`, and what a mount of the store tells its kernel. */
async function setUp(open: OpenTestStore, definition = '{from: /people, fields: [age]}', name = 'p.csv') {
  const editor = await Editor.plain(open);
  const { store, documents } = editor;
  const root = store.node(1) as Node;
  const people = store.create(root, 'people', { ...OWNED, kind: KIND.directory });
  const put = (key: string, age: bigint) =>
    store.create(people, key, { ...OWNED, kind: KIND.file, value: encode(fromJs({ age })) });
  put('ann', 41n);
  const bob = put('bob', 17n);
  const view = store.create(editor.directory, name, { ...OWNED, kind: KIND.file });
  documents.views.set(view, definition);
  const told: string[] = [];
  editor.vfs.subscribe({
    inode: (ino, offset, bytes) => void (ino === view.ino && told.push(`inode ${offset} ${bytes}`)),
    entry: () => {},
    happened: (event) => void (event.ino === view.ino && told.push(event.what)),
  });
  const tells = (change: () => void) => {
    told.length = 0;
    change();
    return [...told];
  };
  const setAge = (node: Node, age: bigint) => store.patch(node, { value: encode(fromJs({ age })) });
  return { editor, store, root, people, bob, view, documents, put, tells, setAge };
}

storeTest('a view shows what its nodes are now, with its exact size', async (open) => {
  const { editor, store, people, bob, put, setAge } = await setUp(open);
  const shows = (text: string) => {
    expect(editor.text('p.csv')).toBe(text);
    const { size, mode } = editor.vfs.attributes(editor.node('p.csv').ino);
    expect([size, mode & 0o777]).toEqual([text.length, 0o555]);
  };
  shows('key,age\nann,41\nbob,17\n');
  setAge(bob, 18n);
  shows('key,age\nann,41\nbob,18\n');
  put('cid', 5n);
  shows('key,age\nann,41\nbob,18\ncid,5\n');
  store.unlink(people, 'ann');
  shows('key,age\nbob,18\ncid,5\n');
  store.rename(people, 'bob', people, 'zoe');
  expect(editor.text('p.csv')).toContain('zoe,18');
});

storeTest('a reader keeps the text with which it opened the view', async (open) => {
  const { editor, bob, setAge } = await setUp(open);
  const opened = editor.open('p.csv', { ...WRITE, write: false });
  setAge(bob, 18n);
  expect(editor.read(opened.ino, opened.handle)).toContain('bob,17');
  editor.vfs.release(opened.ino, opened.handle);
  expect(editor.text('p.csv')).toContain('bob,18');
});

storeTest('each change that may show is told to the kernel once, and no other', async (open) => {
  const { editor, store, root, people, bob, tells, setAge } = await setUp(open);
  const stale = ['inode 0 -1', 'modified'];
  expect(tells(() => setAge(bob, 18n))).toEqual(stale);
  expect(tells(() => store.transaction(() => [1n, 2n, 3n].forEach((age) => void setAge(bob, age))))).toEqual(stale);
  expect(tells(() => store.create(root, 'other', { ...OWNED, kind: KIND.directory }))).toEqual([]);
  expect(tells(() => editor.put('beside.json', 1n))).toEqual([]);
  expect(tells(() => store.unlink(people, 'bob'))).toEqual(stale);
  const { ino } = store.slot(people, 'ann') as { ino: number };
  expect(tells(() => editor.vfs.rename(people.ino, 'ann', editor.directory.ino, 'ann', PLAIN, ROOT_CALLER))).toEqual(
    stale,
  );
  expect(tells(() => setAge(store.node(ino) as Node, 1n))).toEqual([]);
});

storeTest('a change through the same mount is told like any other', async (open) => {
  const { editor, people, tells } = await setUp(open);
  const make = () => void editor.vfs.create(people.ino, 'new', 0o644, TRUNCATE, ROOT_CALLER);
  expect(tells(make)).toEqual(['inode 0 -1', 'modified']);
  expect(editor.text('p.csv')).toContain('new');
});

storeTest('a view follows its path: it shows what is there, and says when nothing is', async (open) => {
  const { editor, store, root, view, people, tells } = await setUp(open);
  expect(tells(() => store.rename(root, 'people', root, 'staff'))).toContain('modified');
  expect(outcomeOf(() => editor.text('p.csv'))).toBe('BAD_CONTENT');
  expect(editor.vfs.attributes(view.ino).size).toBe(0);
  expect(editor.vfs.getXattr(view.ino, 'user.fx.state')?.toString()).toBe('invalid');
  expect(editor.vfs.getXattr(view.ino, 'user.fx.error')?.toString()).toBe(
    '/d/p.csv: error: "from": there is no directory /people\n'.slice(1),
  );
  const anew = store.create(root, 'people', { ...OWNED, kind: KIND.directory });
  expect(editor.text('p.csv')).toBe('key,age\n');
  expect(tells(() => void store.rename(people, 'ann', anew, 'ann'))).toContain('modified');
  expect(editor.text('p.csv')).toBe('key,age\nann,41\n');
});

storeTest('a view is not written in any way', async (open) => {
  const { editor, store, view } = await setUp(open);
  const { vfs, directory } = editor;
  const before = editor.text('p.csv');
  for (const flags of [WRITE, TRUNCATE]) expect(outcomeOf(() => vfs.open(view.ino, flags))).toBe('ACCESS_DENIED');
  expect(outcomeOf(() => vfs.write(view.ino, 0, 0, Buffer.from('x'), 0, 1, false))).toBe('ACCESS_DENIED');
  expect(outcomeOf(() => vfs.setAttributes(view.ino, { size: 0 }))).toBe('ACCESS_DENIED');
  const at = { ino: view.ino, handle: 0, offset: 0 };
  expect(outcomeOf(() => vfs.allocate(at, 1, 'punch', false, ROOT_CALLER))).toBe('NOT_SUPPORTED');
  editor.put('tmp', 1n);
  expect(outcomeOf(() => vfs.rename(directory.ino, 'tmp', directory.ino, 'p.csv', PLAIN, ROOT_CALLER))).toBe(
    'ACCESS_DENIED',
  );
  expect(editor.text('p.csv')).toBe(before);
  expect(view.size).toBe(0);
  expect(vfs.getXattr(view.ino, 'user.fx.state')?.toString()).toBe('view');
  vfs.unlink(directory.ino, 'p.csv');
  expect([...editor.documents.views.list(), store.slot(directory, 'p.csv')]).toEqual([undefined]);
});

storeTest('views stay with their files, and are there for whoever opens the store', async (open) => {
  const { editor, store, root, documents } = await setUp(open);
  store.rename(editor.directory, 'p.csv', root, 'q.jsonl');
  const other = new Documents(store);
  expect([...other.views.list()].map(({ path }) => path)).toEqual(['/q.jsonl']);
  const { ino } = store.slot(root, 'q.jsonl') as { ino: number };
  expect(Buffer.from(other.shown(store.node(ino) as Node)).toString()).toBe('{"age": 41}\n{"age": 17}\n');
  expect(documents.isUsed).toBe(true);
  other.close();
});

storeTest('a new definition shows at once', async (open) => {
  const { editor, view, documents, tells } = await setUp(open);
  editor.text('p.csv');
  expect(tells(() => documents.views.set(view, '{from: /people, limit: 1}'))).toContain('modified');
  expect(editor.text('p.csv')).toBe('key,age\nann,41\n');
});

storeTest('a view beside its nodes shows them and no view', async (open) => {
  const { editor, store, people, documents } = await setUp(open);
  const view = store.create(people, 'all.jsonl', { ...OWNED, kind: KIND.file });
  documents.views.set(view, '{}');
  expect(Buffer.from(documents.shown(view)).toString()).toBe('{"age": 41}\n{"age": 17}\n');
  expect(editor.text('p.csv')).toBe('key,age\nann,41\nbob,17\n');
  store.rename(people, 'all.jsonl', editor.directory, 'all.jsonl');
  expect(Buffer.from(documents.shown(view)).toString()).toBe('');
});

storeTest('what cannot be a view says why, and stays as it is', async (open) => {
  const { editor, store, documents } = await setUp(open);
  const code = (node: Node, text: string) => outcomeOf(() => documents.views.set(node, text));
  const fresh = store.create(editor.directory, 'noend', { ...OWNED, kind: KIND.file });
  expect(code(editor.put('v.json', 1n), '{}')).toBe('EXISTS');
  expect(code(editor.directory, '{}')).toBe('EXISTS');
  expect(code(fresh, '{}')).toBe('INVALID');
  expect(code(fresh, '{lens: nothing}')).toBe('NOT_FOUND');
  expect(code(fresh, '{lens: csv, options: {nothing: 1}}')).toBe('INVALID');
  expect([...documents.views.list()]).toHaveLength(1);
  expect(code(fresh, '{lens: csv}')).toBe('OK');
});

storeTest('views show on a mount of a subtree, whose nodes may lie outside of it', async (open) => {
  const { editor, store, view, documents, bob, setAge } = await setUp(open);
  const vfs = new Vfs(store, { totals: NO_TOTALS, documents, root: editor.directory.ino });
  const told: number[] = [];
  vfs.subscribe({ inode: (ino) => void told.push(ino), entry: () => {} });
  setAge(bob, 1n);
  expect(told).toContain(view.ino);
  expect(vfs.attributes(view.ino).size).toBe('key,age\nann,41\nbob,1\n'.length);
  vfs.close();
});
