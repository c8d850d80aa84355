import { expect } from 'vitest';
import { AUTO, type Rule } from '../../mount/documents/bindings.ts';
import { Documents } from '../../mount/documents/documents.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import { Editor } from '../support/editor.ts';
import { storeTest } from '../support/stores.ts';

const RULE: Rule = { lens: AUTO, mode: 'strict', schema: null, options: {} };

function directory(editor: Editor, parent: Node, name: string): Node {
  return editor.store.create(parent, name, { kind: KIND.directory, mode: 0o755, uid: 0, gid: 0 });
}

storeTest('the nearest rule above a file holds, whole', async (open) => {
  const editor = await Editor.bound(open, 'lenient');
  const { bindings } = editor.documents;
  const sub = directory(editor, editor.directory, 'sub');
  const deep = directory(editor, sub, 'deep');
  expect(bindings.ruleFor(deep)).toMatchObject({ lens: 'auto', mode: 'lenient' });
  bindings.set(sub, { ...RULE, lens: 'json' });
  expect(bindings.ruleFor(deep)).toMatchObject({ lens: 'json', mode: 'strict' });
  expect(editor.documents.boundName(deep, 'any name')?.lens.name).toBe('json');
  expect(editor.documents.boundName(editor.directory, 'any name')).toBeUndefined();
  expect(bindings.remove(sub)).toBe(true);
  expect(bindings.remove(sub)).toBe(false);
  expect(bindings.ruleFor(deep)).toMatchObject({ lens: 'auto' });
});

storeTest('a rule moves with its directory, goes with it, and is there for whoever opens the store', async (open) => {
  const editor = await Editor.plain(open);
  const { store } = editor;
  const root = store.node(1) as Node;
  const { ctimeSec, ctimeNsec } = root;
  editor.documents.bindings.set(editor.directory, RULE);
  expect([root.ctimeSec, root.ctimeNsec]).toEqual([ctimeSec, ctimeNsec]);
  const other = new Documents(store);
  store.rename(root, 'd', root, 'e');
  expect([...other.bindings.rules()].map((each) => each.directory.ino)).toEqual([editor.directory.ino]);
  expect(other.boundName(editor.directory, 'a.json')?.lens.name).toBe('json');
  store.unlink(root, 'e');
  expect([...other.bindings.rules()]).toEqual([]);
  other.close();
});

storeTest('rules, texts and drafts are kept where no listing of attributes shows them', async (open) => {
  const editor = await Editor.bound(open);
  editor.save('a.json', '{}');
  editor.save('a.json', '{');
  const { ino } = editor.node('a.json');
  expect(editor.node('a.json').xattrs?.size).toBeGreaterThan(3);
  expect([editor.vfs.listXattrs(ino), editor.vfs.listXattrs(editor.directory.ino)]).toEqual([[], []]);
  expect(() => editor.vfs.getXattr(ino, 'fx.text')).toThrow(expect.objectContaining({ code: 'NOT_SUPPORTED' }));
});

storeTest('what cannot be bound says why', async (open) => {
  const editor = await Editor.plain(open);
  const { bindings } = editor.documents;
  const code = (rule: Partial<Rule>, node = editor.directory) => {
    try {
      bindings.set(node, { ...RULE, ...rule });
      return 'OK';
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  expect(code({ lens: 'nothing' })).toBe('NOT_FOUND');
  expect(code({ lens: 'csv' })).toBe('INVALID');
  expect(code({ schema: '{"type": 7}' })).toBe('INVALID');
  expect(code({}, editor.put('f', 1n))).toBe('NOT_DIRECTORY');
  expect(bindings.isEmpty).toBe(true);
});
