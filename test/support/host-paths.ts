/**
 * The host's own filesystem by path: the reference for what POSIX means.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type ErrorCode, FxError } from '../../src/errors.ts';
import { KIND, type Kind } from '../../src/store/node.ts';
import { type Described, digest, type PathOperations } from './paths.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  EEXIST: 'EXISTS',
  ENOTDIR: 'NOT_DIRECTORY',
  EISDIR: 'IS_DIRECTORY',
  ENOTEMPTY: 'NOT_EMPTY',
  EPERM: 'NOT_PERMITTED',
  EINVAL: 'LOOP',
  ELOOP: 'LOOP',
  ENAMETOOLONG: 'NAME_TOO_LONG',
};
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_TRUNC, O_WRONLY, O_NONBLOCK } = constants;

export class HostPaths implements PathOperations {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  #run<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      const code = CODES[(error as NodeJS.ErrnoException).code ?? ''];
      if (code === undefined) throw error;
      throw new FxError(code);
    }
  }

  #path(path: string): string {
    return `${this.#root}/${path}`;
  }

  #withFile(path: string, flags: number, mode: number, use: (fd: number) => void): void {
    this.#run(() => {
      const fd = openSync(this.#path(path), flags | O_WRONLY | O_NOFOLLOW | O_NONBLOCK, mode);
      try {
        use(fd);
      } finally {
        closeSync(fd);
      }
    });
  }

  create(path: string, mode: number): void {
    this.#withFile(path, O_CREAT | O_EXCL, mode, () => {});
  }

  mkdir(path: string, mode: number): void {
    this.#run(() => mkdirSync(this.#path(path), mode));
  }

  mkfifo(path: string, mode: number): void {
    execFileSync('mkfifo', ['-m', mode.toString(8), this.#path(path)]);
  }

  symlink(path: string, target: string): void {
    this.#run(() => symlinkSync(target, this.#path(path)));
  }

  link(path: string, to: string): void {
    this.#run(() => linkSync(this.#path(path), this.#path(to)));
  }

  write(path: string, offset: number, data: Uint8Array): void {
    this.#withFile(path, 0, 0, (fd) => writeSync(fd, data, 0, data.length, offset));
  }

  truncate(path: string, size: number): void {
    this.#withFile(path, 0, 0, (fd) => ftruncateSync(fd, size));
  }

  openTruncate(path: string): void {
    this.#withFile(path, O_TRUNC, 0, () => {});
  }

  chmod(path: string, mode: number): void {
    this.#run(() => chmodSync(this.#path(path), mode));
  }

  chown(path: string, uid: number, gid: number): void {
    this.#run(() => lchownSync(this.#path(path), uid, gid));
  }

  rename(path: string, to: string): void {
    this.#run(() => renameSync(this.#path(path), this.#path(to)));
  }

  unlink(path: string): void {
    this.#run(() => unlinkSync(this.#path(path)));
  }

  rmdir(path: string): void {
    this.#run(() => rmdirSync(this.#path(path)));
  }

  tree(): Map<string, Described> {
    const tree = new Map<string, Described>();
    const firstPaths = new Map<number, string>();
    const visit = (path: string) => {
      const stat = lstatSync(this.#path(path));
      if (!firstPaths.has(stat.ino)) firstPaths.set(stat.ino, path);
      tree.set(path, this.#describe(path, stat, firstPaths.get(stat.ino) as string));
      if (!stat.isDirectory()) return;
      for (const name of readdirSync(this.#path(path)).sort()) visit(path === '' ? name : `${path}/${name}`);
    };
    visit('');
    return tree;
  }

  #describe(path: string, stat: Stats, sameAs: string): Described {
    let content = '';
    if (stat.isFile()) content = digest(readFileSync(this.#path(path)));
    if (stat.isSymbolicLink()) content = readlinkSync(this.#path(path));
    return {
      kind: kindOf(stat),
      mode: stat.mode & 0o7777,
      uid: stat.uid,
      gid: stat.gid,
      nlink: stat.nlink,
      size: stat.isDirectory() ? 0 : stat.size,
      content,
      sameAs,
      xattrs: {},
    };
  }
}

function kindOf(stat: Stats): Kind {
  if (stat.isFile()) return KIND.file;
  if (stat.isDirectory()) return KIND.directory;
  return stat.isSymbolicLink() ? KIND.symlink : KIND.fifo;
}
