import { expect } from 'vitest';
import { NotReady } from '../../mount/operations.ts';
import type { SignalStreams } from '../../mount/streams.ts';
import { Vfs } from '../../mount/vfs.ts';
import { fromJs } from '../../src/uarr/value.ts';
import { Editor } from '../support/editor.ts';
import { NO_TOTALS, outcomeOf, ROOT_CALLER } from '../support/paths.ts';
import { storeTest } from '../support/stores.ts';

const GOOD = '{ "a": 1 }\n';
const BAD = '{ "a": }\n';

function find(vfs: Vfs, path: string) {
  let at = vfs.attributes(1);
  for (const name of path.split('/')) {
    const found = vfs.lookup(at.ino, name);
    if (found === undefined) throw new Error(`${path}: ${name} is absent`);
    at = found;
  }
  return at;
}

function text(vfs: Vfs, path: string): string {
  const { ino, size } = find(vfs, path);
  return Buffer.from(vfs.read(ino, 0, 0, size + 1) as Uint8Array).toString();
}

function names(vfs: Vfs, path: string): string[] {
  const found: string[] = [];
  vfs.readdir(find(vfs, path).ino, 0, (name) => found.push(name) > 0);
  return found.slice(2);
}

storeTest(
  'the control directory is there by name, is not listed, and shows problems, drafts and accepted texts',
  async (open) => {
    const editor = await Editor.bound(open);
    const { vfs } = editor;
    editor.save('a.json', GOOD);
    editor.save('a.json', BAD);
    editor.save('b.json', GOOD);
    expect(names(vfs, '.fx')).toEqual([
      'README',
      'by-id',
      'committed',
      'drafts',
      'errors',
      'metrics',
      'problems',
      'status',
    ]);
    const listed: string[] = [];
    vfs.readdir(1, 0, (name) => listed.push(name) > 0);
    expect(listed).toEqual(['.', '..', 'd']);
    expect(text(vfs, '.fx/problems')).toMatch(/^d\/a\.json:1:8: error: .*\n$/);
    expect(text(vfs, '.fx/errors/d/a.json')).toBe(text(vfs, '.fx/problems'));
    expect([names(vfs, '.fx/drafts'), names(vfs, '.fx/drafts/d')]).toEqual([['d'], ['a.json']]);
    expect(text(vfs, '.fx/drafts/d/a.json')).toBe(BAD);
    expect(text(vfs, '.fx/committed/d/a.json')).toBe(GOOD);
    expect(names(vfs, '.fx/committed/d')).toEqual(['a.json', 'b.json']);
    expect(find(vfs, '.fx/problems')).toMatchObject({ volatile: 'entry', mode: 0o444 });
  },
);

storeTest('a number of the control directory stands for one content, and a look-up finds the newest', async (open) => {
  const editor = await Editor.bound(open);
  const { vfs } = editor;
  const empty = find(vfs, '.fx/problems');
  expect([empty.size, find(vfs, '.fx/problems').ino]).toEqual([0, empty.ino]);
  editor.save('a.json', BAD);
  const told = find(vfs, '.fx/problems');
  expect(told.ino).not.toBe(empty.ino);
  expect(vfs.attributes(empty.ino).size).toBe(0);
  vfs.reclaim(empty.ino);
  expect(outcomeOf(() => vfs.attributes(empty.ino))).not.toBe('OK');
  editor.save('a.json', GOOD);
  expect(outcomeOf(() => find(vfs, '.fx/drafts/d'))).toBe('NOT_FOUND');
});

storeTest('nothing of the control directory can be changed', async (open) => {
  const editor = await Editor.bound(open);
  const { vfs } = editor;
  editor.save('a.json', BAD);
  const { ino } = find(vfs, '.fx');
  const file = find(vfs, '.fx/drafts/d/a.json').ino;
  const write = { read: false, write: true, truncate: false, append: false, clearSetId: false };
  const outcomes = [
    () => vfs.open(file, write),
    () => vfs.write(file, 0, 0, Buffer.from('x'), 0, 1, false),
    () => vfs.setAttributes(file, { size: 0 }),
    () => vfs.setAttributes(ino, { mode: 0o777 }),
    () => vfs.create(ino, 'x', 0o644, write, ROOT_CALLER),
    () => vfs.mkdir(ino, 'x', 0o755, ROOT_CALLER),
    () => vfs.unlink(ino, 'problems'),
    () => vfs.rmdir(1, '.fx'),
    () => vfs.mkdir(1, '.fx', 0o755, ROOT_CALLER),
    () => vfs.rename(1, '.fx', 1, 'x', { noReplace: false, exchange: false, whiteout: false }, ROOT_CALLER),
    () => vfs.rename(1, 'd', 1, '.fx', { noReplace: false, exchange: false, whiteout: false }, ROOT_CALLER),
  ].map((change) => outcomeOf(change));
  expect(new Set(outcomes)).toEqual(new Set(['NOT_PERMITTED']));
  expect(editor.put('t.json', fromJs(1)).nlink).toBe(1);
});

storeTest('README names every entry; status and metrics tell the figures of the store', async (open) => {
  const editor = await Editor.bound(open);
  const { vfs } = editor;
  editor.save('a.json', BAD);
  for (const name of names(vfs, '.fx')) expect(text(vfs, '.fx/README')).toContain(`\n${name}`);
  expect(text(vfs, '.fx/status')).toMatch(/^access: +read-write\nnodes: +\d+ /);
  const lines = text(vfs, '.fx/metrics').trimEnd().split('\n');
  for (const line of lines) expect(line).toMatch(/^(# (HELP|TYPE) fxmount_[a-z_]+ .+|fxmount_[a-z_]+ \d+)$/);
  expect(lines).toContain('fxmount_problems 1');
});

storeTest('by-id leads to the node with an identity, wherever it is', async (open) => {
  const editor = await Editor.bound(open);
  const { vfs } = editor;
  editor.save('a.json', GOOD);
  const node = find(vfs, 'd/a.json');
  const id = Buffer.from(vfs.getXattr(node.ino, 'user.fx.id') ?? []).toString();
  expect(vfs.readlink(find(vfs, `.fx/by-id/${id}`).ino)).toBe('../../d/a.json');
  vfs.rename(
    find(vfs, 'd').ino,
    'a.json',
    1,
    'moved',
    { noReplace: false, exchange: false, whiteout: false },
    ROOT_CALLER,
  );
  expect(vfs.readlink(find(vfs, `.fx/by-id/${id}`).ino)).toBe('../../moved');
  expect(outcomeOf(() => find(vfs, '.fx/by-id/nonsense'))).toBe('NOT_FOUND');
});

storeTest('a stream waits for more, has a place for each open file, and lets go when it is released', async (open) => {
  const { store, now } = await open();
  const sources: { from: number | undefined; give: (text: string) => void; isClosed: boolean }[] = [];
  const signals: SignalStreams = (from) => {
    let give: (bytes: Uint8Array) => void = () => {};
    const source = { from, give: (text: string) => give(Buffer.from(text)), isClosed: false };
    sources.push(source);
    const next = () => new Promise<Uint8Array>((resolve) => (give = resolve));
    const close = () => {
      source.isClosed = true;
    };
    return { next, close };
  };
  const vfs = new Vfs(store, { now, totals: NO_TOTALS, signals });
  expect(names(vfs, '.fx')).toContain('signals');
  const read = { read: true, write: false, truncate: false, append: false, clearSetId: false };
  const { ino } = find(vfs, '.fx/signals');
  const later = find(vfs, '.fx/signals?from=7');
  expect(later).toMatchObject({ mode: 0o400, size: 0 });
  for (const name of ['signals?from=', 'signals?from=x', 'signals?', 'status?from=1', 'signals?from=1?'])
    expect(outcomeOf(() => find(vfs, `.fx/${name}`))).toBe('NOT_FOUND');
  expect(vfs.hasHandles).toBe(false);
  const first = vfs.open(ino, read);
  const second = vfs.open(later.ino, read);
  expect(vfs.hasHandles).toBe(true);
  expect([first.stream, first.cacheable, sources.map(({ from }) => from)]).toEqual([true, false, [undefined, 7]]);
  const waiting = thrownBy(() => vfs.read(ino, first.handle, 0, 4));
  thrownBy(() => vfs.read(later.ino, second.handle, 0, 4));
  expect(waiting).toBeInstanceOf(NotReady);
  sources[0]?.give('line 1\n');
  await (waiting as NotReady).ready;
  const part = (bytes: number) => Buffer.from(vfs.read(ino, first.handle, 0, bytes) as Uint8Array).toString();
  expect([part(4), part(99)]).toEqual(['line', ' 1\n']);
  expect(thrownBy(() => part(99))).toBeInstanceOf(NotReady);
  expect(thrownBy(() => vfs.read(later.ino, second.handle, 0, 4))).toBeInstanceOf(NotReady);
  vfs.release(ino, first.handle);
  expect(sources.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  expect(outcomeOf(() => part(1))).toBe('STALE');
  vfs.close();
  expect(sources.map(({ isClosed }) => isClosed)).toEqual([true, true]);
});

function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

storeTest('only its owner and root may write commands', async (open) => {
  const { store, now } = await open();
  const ran: string[] = [];
  const run = async (command: string) => `did ${ran.push(command)}`;
  const vfs = new Vfs(store, { now, totals: NO_TOTALS, commands: { owner: 1000, run } });
  const { ino, mode, uid } = find(vfs, '.fx/ctl');
  expect([mode, uid]).toEqual([0o600, 1000]);
  const write = { read: false, write: true, truncate: true, append: false, clearSetId: false };
  const openAs = (who: number) => outcomeOf(() => vfs.open(ino, write, { uid: who, gid: 0, pid: 1 }));
  expect([0, 1000, 1001].map(openAs)).toEqual(['OK', 'OK', 'ACCESS_DENIED']);
  const give = () => vfs.write(ino, 0, 0, Buffer.from('a\n\nb\n'), 0, 5, false);
  await (thrownBy(give) as NotReady).ready;
  give();
  expect([ran, text(vfs, '.fx/ctl')]).toEqual([['a', 'b'], 'did 1\ndid 2\n']);
});
