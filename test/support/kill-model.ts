/**
 * A stream of filesystem operations from a seed, and what a directory must look like after the first n.
 *
 * The operations depend on the seed and on the model only, never on what the filesystem answers. So a
 * worker needs to record no more than how many have returned, and a test can compute the state that must
 * be there. Each operation is one system call that changes something, so that it happens whole or not
 * at all. The exception is a write: the kernel may split one into several requests, so of the last write
 * a first part may have happened.
 */
import { createHash } from 'node:crypto';

export type Operation =
  | { readonly kind: 'create' | 'mkdir'; readonly path: string; readonly mode: number }
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'unlink' | 'rmdir'; readonly path: string }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly kind: 'utimes'; readonly path: string; readonly seconds: number };

interface ModelNode {
  kind: 'file' | 'directory' | 'symlink';
  mode: number;
  content: Buffer;
  target: string;
  links: number;
  /** Seconds, once set by utimes and until content changes. */
  mtime: number | undefined;
}

const FILE_BYTES_MAX = 300_000;
const WRITE_BYTES_MAX = 60_000;
const ENTRIES_MAX = 250;

const PAGE_BYTES = 4096;

/** Of some writes only a first part happened: operation number (from 0) to bytes. */
export type Partials = ReadonlyMap<number, number>;

/** The parts of a write that can have happened: up to the end of each page, and all of it. */
export function partsOf(operation: Operation): number[] {
  if (operation.kind !== 'write') return [];
  const parts: number[] = [];
  const { offset, data } = operation;
  for (let end = offset - (offset % PAGE_BYTES) + PAGE_BYTES; end < offset + data.length; end += PAGE_BYTES) {
    parts.push(end - offset);
  }
  return parts;
}

/** mulberry32: a small generator with 32 bits of state; the same sequence everywhere. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The model of one worker's directory. Paths are relative to it; '' is the directory itself. */
export class KillModel {
  readonly #nodes = new Map<string, ModelNode>();
  readonly #random: () => number;
  #names = 0;

  constructor(seed: number) {
    this.#random = random(seed);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick(accept: (node: ModelNode, path: string) => boolean): string | undefined {
    const paths = [...this.#nodes].filter(([path, node]) => accept(node, path)).map(([path]) => path);
    return paths[this.#below(paths.length)];
  }

  #directory(): string {
    const path = this.#random() < 0.3 ? undefined : this.#pick((node, p) => node.kind === 'directory' && p.length < 60);
    return path === undefined ? '' : `${path}/`;
  }

  #freshPath(): string {
    return `${this.#directory()}n${this.#names++}`;
  }

  #hasEntries(path: string): boolean {
    for (const other of this.#nodes.keys()) if (other.startsWith(`${path}/`)) return true;
    return false;
  }

  /** The next operation; it is valid on the state so far. Does not change the state: see `apply`. */
  next(): Operation {
    for (;;) {
      const operation = this.#propose(this.#random());
      if (operation !== undefined) return operation;
    }
  }

  #propose(dice: number): Operation | undefined {
    const isFile = (node: ModelNode) => node.kind === 'file';
    const full = this.#nodes.size >= ENTRIES_MAX;
    if (dice < 0.25) return full ? this.#remove() : { kind: 'create', path: this.#freshPath(), mode: 0o640 };
    if (dice < 0.3) return full ? this.#remove() : { kind: 'mkdir', path: this.#freshPath(), mode: 0o755 };
    if (dice < 0.55) return this.#write(this.#pick(isFile));
    if (dice < 0.7) return this.#rename();
    if (dice < 0.82) return this.#remove();
    const path = this.#pick(isFile);
    if (path === undefined) return undefined;
    if (dice < 0.86) return { kind: 'truncate', path, size: this.#below(this.#random() < 0.5 ? 10 : FILE_BYTES_MAX) };
    if (dice < 0.9) return full ? undefined : { kind: 'link', path, to: this.#freshPath() };
    if (dice < 0.93) return full ? undefined : { kind: 'symlink', path: this.#freshPath(), target: `to/${path}` };
    if (dice < 0.97) return { kind: 'chmod', path, mode: 0o600 + this.#below(0o100) };
    return { kind: 'utimes', path, seconds: this.#below(2_000_000_000) };
  }

  #write(path: string | undefined): Operation | undefined {
    if (path === undefined) return undefined;
    const size = this.#nodes.get(path)?.content.length ?? 0;
    const offset = this.#random() < 0.5 ? Math.min(size, FILE_BYTES_MAX) : this.#below(FILE_BYTES_MAX);
    const data = Buffer.alloc(1 + this.#below(this.#random() < 0.7 ? 4096 : WRITE_BYTES_MAX));
    const word = this.#below(0x7fff_ffff);
    for (let i = 0; i < data.length; i++) data[i] = (word >>> (i % 23)) + i;
    return { kind: 'write', path, offset, data };
  }

  #rename(): Operation | undefined {
    const path = this.#pick(() => true);
    const node = path === undefined ? undefined : this.#nodes.get(path);
    if (path === undefined || node === undefined) return undefined;
    const over = this.#pick((other, p) => p !== path && node.kind !== 'directory' && other.kind !== 'directory');
    const to = this.#random() < 0.4 && over !== undefined ? over : this.#freshPath();
    // A directory does not go into itself; renaming one link over another of the same file changes nothing.
    if (to.startsWith(`${path}/`) || this.#nodes.get(to) === node) return undefined;
    return { kind: 'rename', path, to };
  }

  #remove(): Operation | undefined {
    const path = this.#pick((node, p) => node.kind !== 'directory' || !this.#hasEntries(p));
    if (path === undefined) return undefined;
    return { kind: this.#nodes.get(path)?.kind === 'directory' ? 'rmdir' : 'unlink', path };
  }

  #node(path: string): ModelNode {
    const node = this.#nodes.get(path);
    if (node === undefined) throw new Error(`the model has no ${path}`);
    return node;
  }

  #add(path: string, kind: ModelNode['kind'], mode: number, target = ''): void {
    this.#nodes.set(path, { kind, mode, content: Buffer.alloc(0), target, links: 1, mtime: undefined });
  }

  #drop(path: string): void {
    const node = this.#nodes.get(path);
    if (node !== undefined) node.links--;
    this.#nodes.delete(path);
  }

  #resize(node: ModelNode, size: number): void {
    const content = Buffer.alloc(size);
    node.content.copy(content);
    node.content = content;
    node.mtime = undefined;
  }

  #move(from: string, to: string): void {
    this.#drop(to);
    for (const [path, node] of [...this.#nodes]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#nodes.delete(path);
      this.#nodes.set(to + path.slice(from.length), node);
    }
  }

  /** Goes through the first `count` operations. */
  advance(count: number, partials: Partials): void {
    for (let i = 0; i < count; i++) {
      const operation = this.next();
      const part = partials.get(i);
      if (part === undefined || operation.kind !== 'write') this.apply(operation);
      else this.apply({ ...operation, data: operation.data.subarray(0, part) });
    }
  }

  /** Changes the state as the operation changes the filesystem. */
  apply(operation: Operation): void {
    const { path } = operation;
    switch (operation.kind) {
      case 'create':
        return this.#add(path, 'file', operation.mode);
      case 'mkdir':
        return this.#add(path, 'directory', operation.mode);
      case 'symlink':
        return this.#add(path, 'symlink', 0o777, operation.target);
      case 'write': {
        const node = this.#node(path);
        this.#resize(node, Math.max(node.content.length, operation.offset + operation.data.length));
        operation.data.copy(node.content, operation.offset);
        return;
      }
      case 'truncate':
        return this.#resize(this.#node(path), operation.size);
      case 'unlink':
      case 'rmdir':
        return this.#drop(path);
      case 'rename':
        return this.#move(path, operation.to);
      case 'link':
        this.#node(path).links++;
        this.#nodes.set(operation.to, this.#node(path));
        return;
      case 'chmod':
        this.#node(path).mode = operation.mode;
        return;
      case 'utimes':
        this.#node(path).mtime = operation.seconds;
    }
  }

  /** One line for each entry, sorted: what `snapshot` of the worker prints for the real directory. */
  lines(): string[] {
    return [...this.#nodes].map(([path, node]) => describe(path, node)).sort();
  }
}

export interface Described {
  readonly kind: string;
  readonly mode: number;
  readonly content: Buffer;
  readonly target: string;
  readonly links: number;
  readonly mtime: number | undefined;
}

/** One entry in one line. The time is left out (given as "-") when the model does not know it. */
export function describe(path: string, node: Described): string {
  if (node.kind === 'directory') return `${path} directory ${node.mode.toString(8)}`;
  if (node.kind === 'symlink') return `${path} symlink ${node.target}`;
  const hash = createHash('sha1').update(node.content).digest('hex').slice(0, 16);
  const time = node.mtime === undefined ? '-' : String(node.mtime);
  return `${path} file ${node.mode.toString(8)} ${node.links} links ${node.content.length} ${hash} ${time}`;
}
