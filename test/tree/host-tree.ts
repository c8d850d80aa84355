/**
 * Host directories for tests: a generated tree with everything in it, and a listing to compare trees by.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

export const isRoot = process.getuid?.() === 0;

/** A small deterministic generator (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fills `root`, which must not exist, with files of all kinds. */
export async function makeHostTree(root: string, seed: number): Promise<void> {
  const next = random(seed);
  fs.mkdirSync(root);
  const directories = [root];
  for (let i = 0; i < 8; i++) {
    const parent = directories[Math.floor(next() * directories.length)] as string;
    const path = join(parent, `dir-${i}`);
    fs.mkdirSync(path);
    directories.push(path);
  }
  const files: string[] = [];
  for (let i = 0; i < 60; i++) {
    const path = join(directories[i % directories.length] as string, `file-${i}`);
    fs.writeFileSync(path, Buffer.alloc(Math.floor(next() ** 6 * 700_000), `${seed}-${i};`));
    files.push(path);
  }
  for (let i = 0; i < 6; i++)
    fs.linkSync(files[i % 3] as string, join(directories[i % directories.length] as string, `link-${i}`));
  fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/not-utf8-`), Buffer.from([0xff, 0xc3])]), 'bytes');
  fs.symlinkSync('dir-0/../file-0', join(root, 'symlink'));
  fs.symlinkSync('/nowhere', join(directories[1] as string, 'dangling'));
  execFileSync('mkfifo', [join(root, 'fifo')]);
  await makeSocket(join(root, 'socket'));
  if (isRoot) execFileSync('mknod', [join(root, 'device'), 'c', '1', '3']);
  makeSparse(join(root, 'sparse'));
  for (const [i, path] of files.entries()) decorate(path, i);
  for (const [i, path] of directories.toReversed().entries()) decorate(path, i, 0o700);
}

function decorate(path: string, i: number, bits = 0o400): void {
  if (isRoot) fs.lchownSync(path, 1000 + (i % 3), 2000 + (i % 2));
  fs.chmodSync(path, bits | ([0o644, 0o755, 0o4711, 0o2750, 0o1777][i % 5] as number));
  fs.utimesSync(path, 1_600_000_000 + i + 0.123456, 1_500_000_000 + i + 0.654321);
}

function makeSparse(path: string): void {
  const fd = fs.openSync(path, 'w');
  fs.writeSync(fd, Buffer.from('start'), 0, 5, 0);
  fs.writeSync(fd, Buffer.from('middle'), 0, 6, 3 << 20);
  fs.ftruncateSync(fd, 8 << 20);
  fs.closeSync(fd);
}

function makeSocket(path: string): Promise<void> {
  // The server removes its path when it closes; another name keeps the socket.
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', reject)
      .listen(`${path}~`, () => {
        fs.linkSync(`${path}~`, path);
        server.close(() => resolve());
      });
  });
}

export interface Listed {
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  mtimeNs: bigint;
  /** Size and hash of content, target of a symlink, number of a device. */
  content: string;
  /** The first path with the same inode. */
  same: string;
}

/** Everything below `root` by its path as a byte string; `root` itself is "". */
export function listHostTree(root: string): Map<string, Listed> {
  const listing = new Map<string, Listed>();
  const first = new Map<bigint, string>();
  const visit = (path: string) => {
    const full = Buffer.concat([Buffer.from(root), Buffer.from(path, 'latin1')]);
    const stats = fs.lstatSync(full, { bigint: true });
    if (!first.has(stats.ino)) first.set(stats.ino, path);
    let content = '';
    if (stats.isFile()) content = `${stats.size} ${createHash('sha256').update(fs.readFileSync(full)).digest('hex')}`;
    if (stats.isSymbolicLink()) content = fs.readlinkSync(full, 'latin1');
    if (stats.isCharacterDevice()) content = String(stats.rdev);
    listing.set(path, {
      mode: Number(stats.mode),
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      nlink: Number(stats.nlink),
      mtimeNs: stats.mtimeNs,
      content,
      same: first.get(stats.ino) as string,
    });
    if (!stats.isDirectory()) return;
    for (const name of fs.readdirSync(full, 'latin1').sort()) visit(`${path}/${name}`);
  };
  visit('');
  return listing;
}
