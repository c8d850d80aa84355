/** Lenses of a user's own module: which are taken, and what is contained of those that go wrong. */
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LensChecker, lensesOf } from '../../mount/documents/own-lenses.ts';
import { Editor, patiently, TRUNCATE } from '../support/editor.ts';
import { temporaryDirectory } from '../support/mount.ts';
import { exampleLens, ODD_LENS, writeModule } from '../support/own-lens.ts';
import { storeTest } from '../support/stores.ts';

const uid = process.getuid?.() ?? 0;
const RULE = { mode: 'strict', schema: null, options: {} } as const;
const LOAD_MS_MAX = 3000;
let directory: string;

beforeAll(() => {
  directory = temporaryDirectory('own-lenses');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function problemWith(code: string): Promise<string> {
  const path = writeModule(directory, 'bad.mjs', code);
  const { registry, problem } = await lensesOf({ path, uid }, LOAD_MS_MAX);
  expect(registry.find('json')).toBeDefined();
  return String(problem).replace(path, 'MODULE');
}

test('a module that cannot be had says why, and the lenses of fxmount are there', async () => {
  const missing = await lensesOf({ path: join(directory, 'none.mjs'), uid });
  expect(missing.problem).toContain('none.mjs cannot be found (ENOENT)');
  expect(await problemWith('throw new Error("boom")')).toBe('MODULE cannot be loaded: Error: boom');
  expect(await problemWith('export const x = (')).toContain('MODULE cannot be loaded: SyntaxError');
  expect(await problemWith('for (;;);')).toBe('loading the module took over 3 s');
  expect(await problemWith('process.exit(0)')).toBe('loading the module ended its thread');
  expect(await problemWith('export const x = 1;')).toContain('MODULE must export "lenses"');
  expect(await problemWith('export default { name: "a b" }')).toContain(
    'MODULE: lens 1 is no lens: its "name" must be',
  );
  expect(await problemWith(ODD_LENS.replace("'value', equiv", "'subtree', equiv"))).toContain(
    '"odd": its "scope" must be',
  );
  expect(await problemWith(ODD_LENS.replace('validate:', 'valid:'))).toContain('"odd": it has no function "validate"');
  expect(await problemWith(ODD_LENS.replace("name: 'odd'", "name: 'yaml'"))).toBe(
    'there is a lens named "yaml" already',
  );
});

test('a module that others could change is not loaded', async () => {
  const path = writeModule(directory, 'open.mjs', ODD_LENS);
  chmodSync(path, 0o664);
  expect((await lensesOf({ path, uid })).problem).toContain('can be written by others: "chmod go-w" it');
  chmodSync(path, 0o644);
  const stranger = await lensesOf({ path, uid: uid + 1 });
  // What is root’s is anybody’s.
  if (uid === 0) expect(stranger.problem).toBe(null);
  else expect(stranger.problem).toContain(`belongs to user ${uid}`);
});

test('a text is checked by itself', async () => {
  const path = writeModule(directory, 'dimensions.mjs', exampleLens());
  const { registry, module, problem } = await lensesOf({ path, uid });
  expect(problem).toBe(null);
  const lens = registry.forFileName('a.dim');
  expect(lens?.name).toBe('dimensions');
  const checker = new LensChecker(module);
  const found = await checker.check(registry.get('dimensions'), Buffer.from('640'), null);
  checker.close();
  expect(found.map(({ code }) => code)).toEqual(['syntax']);
});

async function save(editor: Editor, name: string, text: string): Promise<string> {
  const file = editor.names().includes(name) ? editor.open(name, TRUNCATE) : editor.create(name);
  editor.write(file, 0, text);
  try {
    await patiently(() => editor.vfs.flush(file.ino, file.handle));
    return 'OK';
  } catch (error) {
    return (error as Error).message;
  } finally {
    editor.vfs.release(file.ino, file.handle);
  }
}

storeTest('a lens that throws, hangs, exits or gives rubbish refuses the save, and the next is fine', async (open) => {
  const path = writeModule(directory, 'odd.mjs', ODD_LENS);
  const lenses = await lensesOf({ path, uid });
  const editor = await Editor.plain(open, { ...lenses, taskMsMax: 1500 });
  editor.documents.bindings.set(editor.directory, { ...RULE, lens: 'odd' });
  expect(await save(editor, 'a', 'fine')).toBe('OK');
  expect(await save(editor, 'a', 'throw')).toContain('the lens "odd" failed: Error: thrown [lens-fault]');
  expect(await save(editor, 'a', 'hang')).toContain('the lens "odd" took over 1.5 s [lens-fault]');
  expect(await save(editor, 'a', 'exit')).toContain('the lens "odd" ended its thread [lens-fault]');
  expect(await save(editor, 'a', 'rubbish')).toContain('gave no result of the interface [lens-fault]');
  expect([editor.text('a'), editor.value('a'), editor.state('a')]).toEqual(['rubbish', 'fine', 'invalid']);
  expect(await save(editor, 'a', 'better')).toBe('OK');
  expect([editor.text('a'), editor.value('a'), editor.state('a')]).toEqual(['better', 'better', 'valid']);

  // From a program: rendered in the thread; what the lens cannot render, or refuses, raw shows.
  for (const [name, value, text] of [
    ['made', 'text', 'text'],
    ['bad', 'bad', 'bad'],
    ['number', 5n, '5'],
  ] as const) {
    editor.put(name, value);
    const found = await patiently(() => editor.vfs.lookup(editor.directory.ino, name));
    expect(found.waits).toBe(1);
    expect(editor.text(name).trim()).toContain(text);
    expect(found.result?.size).toBe(editor.text(name).length);
  }
  editor.documents.close();
});

storeTest('without its lens a document shows what was saved last, and takes nothing', async (open) => {
  const { store, now } = await open();
  const path = writeModule(directory, 'kept.mjs', ODD_LENS);
  const opened = async () => ({ store, now });
  const editor = await Editor.plain(opened, await lensesOf({ path, uid }));
  editor.documents.bindings.set(editor.directory, { ...RULE, lens: 'odd' });
  expect(await save(editor, 'a', 'fine')).toBe('OK');
  editor.documents.close();

  const later = editor.reopened();
  expect(later.text('a')).toBe('fine');
  expect(await save(later, 'a', 'other')).toContain('no lens is named "odd"');
  expect([later.text('a'), later.value('a'), later.state('a')]).toEqual(['other', 'fine', 'invalid']);
  expect(later.save('new', 'plain')).toBe('OK');
  later.documents.close();
});
