/**
 * A small filesystem in memory over fuse-native, as the benchmark's other side.
 *
 *     FUSE_NATIVE=<its directory> node memory-fs.js MOUNTPOINT
 *
 * Prints "ready" when it is mounted. SIGUSR1 unmounts and mounts again, with the same files ("ready"
 * again); SIGTERM unmounts and ends. It is set up to be as fast as fuse-native allows: long timeouts, page
 * cache kept, writes of 128 KiB.
 */
import { createRequire } from 'node:module';

interface MemoryNode {
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  ino: number;
  mtime: number;
  atime: number;
  ctime: number;
  size: number;
  content: Buffer;
  target: string;
  children: Map<string, MemoryNode> | undefined;
}

type Callback = (error: number, ...results: unknown[]) => void;
interface Mount {
  mount(done: (error: Error | null) => void): void;
  unmount(done: (error: Error | null) => void): void;
}
type FuseConstructor = new (path: string, operations: object, options: object) => Mount;

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const [ENOENT, EEXIST, ENOTDIR, ENOTEMPTY] = [-2, -17, -20, -39];
const EMPTY = Buffer.alloc(0);
const CACHE_SECONDS = 3600;

let inodes = 0;

function makeNode(mode: number): MemoryNode {
  const now = Date.now();
  const isDirectory = (mode & 0o170000) === S_IFDIR;
  return {
    mode,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    nlink: isDirectory ? 2 : 1,
    ino: ++inodes,
    mtime: now,
    atime: now,
    ctime: now,
    size: 0,
    content: EMPTY,
    target: '',
    children: isDirectory ? new Map() : undefined,
  };
}

const root = makeNode(S_IFDIR | 0o755);

function find(path: string): MemoryNode | undefined {
  let node: MemoryNode | undefined = root;
  for (const name of path.split('/')) if (name !== '') node = node?.children?.get(name);
  return node;
}

function place(path: string): { siblings: Map<string, MemoryNode>; name: string } | undefined {
  const slash = path.lastIndexOf('/');
  const siblings = find(path.slice(0, slash))?.children;
  return siblings === undefined ? undefined : { siblings, name: path.slice(slash + 1) };
}

function resize(node: MemoryNode, size: number): void {
  if (size > node.content.length) {
    const grown = Buffer.alloc(Math.max(size, node.content.length * 2));
    node.content.copy(grown, 0, 0, node.size);
    node.content = grown;
  } else if (size < node.size) node.content.fill(0, size, node.size);
  node.size = size;
  node.mtime = Date.now();
}

function add(path: string, node: MemoryNode, done: Callback): void {
  const at = place(path);
  if (at === undefined) return done(ENOENT);
  if (at.siblings.has(at.name)) return done(EEXIST);
  at.siblings.set(at.name, node);
  done(0, 0);
}

function remove(path: string, done: Callback): void {
  const at = place(path);
  const node = at?.siblings.get(at.name);
  if (at === undefined || node === undefined) return done(ENOENT);
  if (node.children !== undefined && node.children.size > 0) return done(ENOTEMPTY);
  at.siblings.delete(at.name);
  node.nlink--;
  done(0);
}

function withNode(path: string, done: Callback, body: (node: MemoryNode) => void): void {
  const node = find(path);
  if (node === undefined) return done(ENOENT);
  body(node);
}

const operations = {
  getattr: (path: string, done: Callback) => withNode(path, done, (node) => done(0, node)),
  readdir(path: string, done: Callback) {
    withNode(path, done, (node) => {
      if (node.children === undefined) return done(ENOTDIR);
      const names = [...node.children.keys()];
      done(0, names);
    });
  },
  open: (path: string, _flags: number, done: Callback) => withNode(path, done, () => done(0, 0)),
  opendir: (path: string, _flags: number, done: Callback) => withNode(path, done, () => done(0, 0)),
  create: (path: string, mode: number, done: Callback) => add(path, makeNode(S_IFREG | (mode & 0o7777)), done),
  mkdir: (path: string, mode: number, done: Callback) => add(path, makeNode(S_IFDIR | (mode & 0o7777)), done),
  symlink(target: string, path: string, done: Callback) {
    const node = makeNode(S_IFLNK | 0o777);
    node.target = target;
    node.size = target.length;
    add(path, node, done);
  },
  readlink: (path: string, done: Callback) => withNode(path, done, (node) => done(0, node.target)),
  unlink: remove,
  rmdir: remove,
  rename(from: string, to: string, done: Callback) {
    const source = place(from);
    const target = place(to);
    const node = source?.siblings.get(source.name);
    if (source === undefined || target === undefined || node === undefined) return done(ENOENT);
    source.siblings.delete(source.name);
    target.siblings.set(target.name, node);
    done(0);
  },
  read(path: string, _fd: number, buffer: Buffer, length: number, position: number, done: Callback) {
    withNode(path, done, (node) => {
      const end = Math.min(node.size, position + length);
      done(position >= end ? 0 : node.content.copy(buffer, 0, position, end));
    });
  },
  write(path: string, _fd: number, buffer: Buffer, length: number, position: number, done: Callback) {
    withNode(path, done, (node) => {
      if (position + length > node.size) resize(node, position + length);
      buffer.copy(node.content, position, 0, length);
      done(length);
    });
  },
  truncate(path: string, size: number, done: Callback) {
    withNode(path, done, (node) => {
      resize(node, size);
      done(0);
    });
  },
  chmod(path: string, mode: number, done: Callback) {
    withNode(path, done, (node) => {
      node.mode = (node.mode & 0o170000) | (mode & 0o7777);
      done(0);
    });
  },
  chown(path: string, uid: number, gid: number, done: Callback) {
    withNode(path, done, (node) => {
      node.uid = uid;
      node.gid = gid;
      done(0);
    });
  },
  utimens(path: string, atime: number, mtime: number, done: Callback) {
    withNode(path, done, (node) => {
      node.atime = atime;
      node.mtime = mtime;
      done(0);
    });
  },
};

const Fuse = createRequire(import.meta.url)(process.env.FUSE_NATIVE ?? 'fuse-native') as FuseConstructor;
const mountpoint = process.argv[2] ?? '';
let current: Mount | undefined;

function fail(error: Error): never {
  console.error(error.message);
  process.exit(1);
}

function mount(): void {
  // fuse-native has no option for big_writes; options after a comma reach libfuse.
  const options = {
    fsname: 'memory,big_writes',
    kernelCache: true,
    entryTimeout: CACHE_SECONDS,
    attrTimeout: CACHE_SECONDS,
  };
  current = new Fuse(mountpoint, operations, options);
  current.mount((error) => (error ? fail(error) : console.log('ready')));
}

process.on('SIGUSR1', () => current?.unmount((error) => (error ? fail(error) : mount())));
process.on('SIGTERM', () => current?.unmount(() => process.exit(0)));
mount();
