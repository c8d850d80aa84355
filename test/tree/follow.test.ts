/**
 * Following a host directory: the tree becomes what the host is. Each test waits for that, looking again after each batch of changes.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KIND, type Node } from '../../src/store/node.ts';
import { initStore, openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { readBytes } from '../../src/tree/content.ts';
import { type FollowOptions, followHost } from '../../src/tree/follow-host.ts';
import { Known } from '../../src/tree/follow-known.ts';
import { FollowQueue } from '../../src/tree/follow-queue.ts';
import { Tree } from '../../src/tree/tree.ts';
import { slotsOf } from '../../src/tree/walk.ts';
import { listHostTree, makeHostTree, random } from './host-tree.ts';

let directory = '';
let source = '';
let store: Store;

beforeEach(async () => {
  directory = fs.mkdtempSync(join(tmpdir(), 'fxmount-follow-'));
  source = join(directory, 'source');
  await initStore(join(directory, 'store'));
  store = await openStore(join(directory, 'store'));
});

afterEach(async () => {
  await store.close();
  fs.rmSync(directory, { recursive: true, force: true });
});

type Told = Parameters<FollowOptions['onEvent']>[0];

interface Following {
  readonly told: Told[];
  /** Resolves when the condition holds, which is looked at after each batch of changes. */
  until(condition: () => boolean): Promise<void>;
  /** Stops, and resolves or rejects as the following does. */
  stop(): Promise<void>;
  readonly ended: Promise<void>;
}

/** Follows `source` at /f; resolves when it is imported. */
async function follow(options: Partial<FollowOptions> = {}): Promise<Following> {
  const ends = new AbortController();
  const told: Told[] = [];
  let look = (): void => {};
  let isReady = (): void => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const ended = followHost(store, source, '/f', {
    windowMs: 1,
    ...options,
    signal: ends.signal,
    onReady: () => isReady(),
    onEvent: (event) => told.push(event),
    settled: async () => look(),
  });
  await Promise.race([ready, ended]);
  const stop = (): Promise<void> => {
    ends.abort();
    return ended;
  };
  const until = (condition: () => boolean): Promise<void> => {
    const holds = new Promise<void>((resolve) => {
      look = () => condition() && resolve();
      look();
    });
    return Promise.race([holds, ended.then(() => Promise.reject(new Error('the following ended')))]);
  };
  return { told, until, stop, ended };
}

/** The tree below /f in the form of `listHostTree`, times of directories aside. */
function listed(withTimes = true): Record<string, string> {
  const listing: Record<string, string> = {};
  const first = new Map<number, string>();
  const visit = (node: Node, path: string): void => {
    if (!first.has(node.ino)) first.set(node.ino, path);
    const content =
      node.kind === KIND.file
        ? `${node.size} ${createHash('sha256').update(readBytes(store, node)).digest('hex')}`
        : node.kind === KIND.symlink
          ? node.target
          : '';
    const time = withTimes ? `${node.mtimeSec}.${node.mtimeNsec}` : '';
    listing[path] = `${node.kind} ${node.mode.toString(8)} ${node.uid} ${time} ${content} ${first.get(node.ino)}`;
    if (node.kind !== KIND.directory) return;
    const slots = [...slotsOf(store, node.ino)].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const slot of slots) visit(store.node(slot.ino) as Node, `${path}/${slot.name}`);
  };
  visit(new Tree(store).node('/f') as never, '');
  delete listing[''];
  return listing;
}

const KINDS: Record<number, number> = {
  [fs.constants.S_IFREG]: KIND.file,
  [fs.constants.S_IFDIR]: KIND.directory,
  [fs.constants.S_IFLNK]: KIND.symlink,
  [fs.constants.S_IFIFO]: KIND.fifo,
  [fs.constants.S_IFSOCK]: KIND.socket,
  [fs.constants.S_IFCHR]: KIND.charDevice,
};

function hostListed(withTimes = true): Record<string, string> {
  const listing: Record<string, string> = {};
  for (const [path, { mode, uid, mtimeNs, content, same }] of listHostTree(source)) {
    const kind = KINDS[mode & fs.constants.S_IFMT] as number;
    const shown = kind === KIND.charDevice ? '' : content;
    const time = withTimes ? `${mtimeNs / 1_000_000_000n}.${mtimeNs % 1_000_000_000n}` : '';
    if (path !== '') listing[path] = `${kind} ${(mode & 0o7777).toString(8)} ${uid} ${time} ${shown} ${same}`;
  }
  return listing;
}

const agrees = (): boolean => JSON.stringify(listed()) === JSON.stringify(hostListed());

test('what is created, changed, chmodded, linked and removed on the host shows in the tree', async () => {
  await makeHostTree(source, 1);
  const following = await follow();
  expect(listed()).toEqual(hostListed());
  fs.writeFileSync(join(source, 'new'), 'one');
  await following.until(agrees);
  fs.appendFileSync(join(source, 'new'), 'two');
  await following.until(agrees);
  fs.chmodSync(join(source, 'new'), 0o640);
  await following.until(agrees);
  fs.linkSync(join(source, 'new'), join(source, 'dir-0/linked'));
  fs.symlinkSync('/etc', join(source, 'symlinked'));
  fs.mkdirSync(join(source, 'a/b/c'), { recursive: true });
  fs.writeFileSync(join(source, 'a/b/c/deep'), Buffer.alloc(600_000, 'deep'));
  await following.until(agrees);
  expect(new Tree(store).node('/f/symlinked').kind).toBe(KIND.symlink);
  fs.writeFileSync(join(source, 'a/b/c/deep'), 'short');
  fs.rmSync(join(source, 'dir-0'), { recursive: true });
  await following.until(agrees);
  await following.stop();
});

test('what is renamed on the host keeps its identity, with all below it', async () => {
  fs.mkdirSync(join(source, 'd/e'), { recursive: true });
  fs.writeFileSync(join(source, 'd/e/f'), 'content');
  fs.writeFileSync(join(source, 'g'), 'other');
  const following = await follow();
  const tree = new Tree(store);
  const ids = [tree.node('/f/d').id, tree.node('/f/d/e/f').id, tree.node('/f/g').id];
  fs.renameSync(join(source, 'd'), join(source, 'moved'));
  fs.renameSync(join(source, 'g'), join(source, 'moved/e/h'));
  await following.until(agrees);
  expect([tree.node('/f/moved').id, tree.node('/f/moved/e/f').id, tree.node('/f/moved/e/h').id]).toEqual(ids);
  expect(following.told).toContainEqual({ event: 'renamed', from: 'd', path: 'moved' });
  // The directory is known by its new path from here on.
  fs.writeFileSync(join(source, 'moved/e/f'), 'after the move');
  await following.until(agrees);
  await following.stop();
});

test('a file that is saved by renaming another over it keeps its identity', async () => {
  fs.mkdirSync(source);
  fs.writeFileSync(join(source, 'file'), 'before');
  const following = await follow();
  const { id } = new Tree(store).node('/f/file');
  fs.writeFileSync(join(source, '.file.tmp'), 'after');
  fs.renameSync(join(source, '.file.tmp'), join(source, 'file'));
  await following.until(agrees);
  expect(new Tree(store).node('/f/file').id).toBe(id);
  await following.stop();
});

test('a file that becomes a directory, and a directory a file, are followed', async () => {
  fs.mkdirSync(join(source, 'directory/in'), { recursive: true });
  fs.writeFileSync(join(source, 'file'), 'x');
  const following = await follow();
  fs.rmSync(join(source, 'directory'), { recursive: true });
  fs.writeFileSync(join(source, 'directory'), 'now a file');
  fs.rmSync(join(source, 'file'));
  fs.mkdirSync(join(source, 'file'));
  fs.writeFileSync(join(source, 'file/inside'), 'y');
  await following.until(agrees);
  await following.stop();
});

test('names that are no UTF-8 are followed', async () => {
  fs.mkdirSync(join(source, 'd'), { recursive: true });
  const following = await follow();
  fs.writeFileSync(Buffer.concat([Buffer.from(`${source}/d/`), Buffer.from([0xff, 0x41])]), 'bytes');
  await following.until(agrees);
  expect(Object.keys(listed())).toContain('/d/\xffA');
  await following.stop();
});

test('more changes than the queue holds are found by comparing everything', async () => {
  fs.mkdirSync(source);
  const following = await follow({ queuePathsMax: 5 });
  for (let i = 0; i < 40; i++) fs.writeFileSync(join(source, `file-${i}`), String(i));
  await following.until(() => agrees() && following.told.some(({ event }) => event === 'rescanned'));
  await following.stop();
});

test.each([1, 2, 3])('random changes on the host end as the same tree (seed %i)', async (seed) => {
  for (const path of ['a/b/c', 'd/e']) fs.mkdirSync(join(source, path), { recursive: true });
  for (let i = 0; i < 20; i++)
    fs.writeFileSync(join(source, ['', 'a', 'a/b', 'd/e'][i % 4] as string, `file-${i}`), `${i}`);
  const next = random(seed);
  const following = await follow();
  const pick = (from: readonly string[]): string => from[Math.floor(next() * from.length)] as string;
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 25; i++) {
      const all = [...listHostTree(source)];
      const files = all
        .filter(([, { mode }]) => (mode & fs.constants.S_IFMT) === fs.constants.S_IFREG)
        .map(([path]) => path);
      const directories = all
        .filter(([, { mode }]) => (mode & fs.constants.S_IFMT) === fs.constants.S_IFDIR)
        .map(([path]) => path);
      const at = (path: string): Buffer => Buffer.from(source + path, 'latin1');
      const fresh = `${pick(directories)}/new-${round}-${i}`;
      try {
        [
          () => fs.writeFileSync(at(fresh), fresh),
          () => fs.mkdirSync(at(fresh)),
          () => fs.appendFileSync(at(pick(files)), 'more'),
          () => fs.rmSync(at(pick(files)) as never),
          () => fs.renameSync(at(pick(files)), at(fresh)),
          () => fs.renameSync(at(pick(directories.slice(1))), at(fresh)),
          () => fs.renameSync(at(pick(files)), at(pick(files))),
          () => fs.linkSync(at(pick(files)), at(fresh)),
          () => fs.chmodSync(at(pick(files)), 0o600 + Math.floor(next() * 64)),
        ][Math.floor(next() * 9)]?.();
      } catch (error) {
        // A directory into itself.
        if (!['EINVAL', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    }
    await following.until(agrees);
  }
  await following.stop();
  expect(following.told.filter(({ event }) => event === 'problem')).toEqual([]);
});

test('an end is clean: it resolves when asked to, and says why when source or node are gone', async () => {
  fs.mkdirSync(source);
  fs.writeFileSync(join(source, 'file'), 'x');
  await (await follow()).stop();
  const second = await follow({ existing: 'replace' });
  fs.rmSync(source, { recursive: true });
  await expect(second.ended).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringMatching(/is gone; \/f stays/),
  });
  expect(new Tree(store).exists('/f/file')).toBe(true);
  fs.mkdirSync(source);
  const third = await follow({ existing: 'replace' });
  new Tree(store).remove('/f', { recursive: true });
  fs.writeFileSync(join(source, 'file'), 'y');
  await expect(third.ended).rejects.toMatchObject({ code: 'NOT_FOUND' });
  fs.writeFileSync(join(directory, 'plain'), '');
  source = join(directory, 'plain');
  await expect(follow()).rejects.toMatchObject({ code: 'NOT_DIRECTORY' });
});

test('a link that leads nowhere, and cannot, is followed as a link', async () => {
  fs.mkdirSync(source);
  const following = await follow();
  fs.symlinkSync('x'.repeat(4000), join(source, 'long'));
  fs.symlinkSync(source, join(source, 'round'));
  fs.writeFileSync(join(source, 'plain'), 'x');
  await following.until(agrees);
  await following.stop();
});

test('the queue gives each path once, and everything past its bound', async () => {
  const queue = new FollowQueue(2);
  const { signal } = new AbortController();
  queue.add('a');
  queue.add('a');
  queue.add('b');
  expect(await queue.take(0, signal)).toEqual(new Set(['a', 'b']));
  for (const path of ['a', 'b', 'c', 'd']) queue.add(path);
  expect(await queue.take(0, signal)).toBe('everything');
  const waiting = queue.take(0, signal);
  queue.add('e');
  expect(await waiting).toEqual(new Set(['e']));
  await expect(queue.take(0, AbortSignal.abort(new Error('ended')))).rejects.toThrow('ended');
});

test('what is known of a path moves and goes with its directory', () => {
  const known = new Known();
  const stats = (ino: bigint) => ({ dev: 1n, ino, ctimeNs: ino }) as fs.BigIntStats;
  known.set('d', stats(1n));
  known.set('d/e', stats(2n));
  known.set('missing/f', stats(3n));
  expect(known.pathsOf(stats(3n))).toEqual([]);
  known.move('d', 'g');
  expect(known.pathsOf(stats(2n))).toEqual(['g/e']);
  expect(known.isUnchanged('g/e', stats(2n))).toBe(true);
  expect(known.wasOther('g/e', stats(4n))).toBe(true);
  expect(known.isUnchanged('d/e', stats(2n))).toBe(false);
  known.remove('g');
  expect(known.pathsOf(stats(2n))).toEqual([]);
});
