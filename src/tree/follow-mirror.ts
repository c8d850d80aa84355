/**
 * Makes the tree follow a host directory: each path that may have changed is compared with its node, and only what
 * differs becomes frames. Symbolic links are nodes like any other, never followed.
 *
 * A file that was renamed on the host is renamed in the tree: the node keeps its identity. A file that was replaced
 * keeps the identity of its name. Where the host has nothing, nothing is left in the tree; changes made in
 * the tree itself stay until the host's file changes.
 */
import type { BigIntStats } from 'node:fs';
import { FxError } from '../errors.ts';
import type { Ino } from '../ids.ts';
import { nameToText } from '../names.ts';
import type { StoreApi } from '../store/api.ts';
import { KIND, type Node } from '../store/node.ts';
import { type Excluded, liesIn } from './excluded.ts';
import { Known } from './follow-known.ts';
import { Breather, type HostIo, hostPath } from './host-io.ts';
import { importHost } from './import-host.ts';
import { attributeChanges, ImportMaker, isStreamed } from './import-make.ts';
import { DirectoryReader, type HostEntry } from './import-read.ts';
import { removeInSlices } from './remove.ts';
import { removalSteps, slotsOf } from './walk.ts';

export type FollowEvent =
  | { readonly event: 'added' | 'changed' | 'removed'; readonly path: string }
  | { readonly event: 'renamed'; readonly from: string; readonly path: string }
  | { readonly event: 'problem'; readonly path: string; readonly reason: string };

export interface MirrorOptions {
  readonly store: StoreApi;
  readonly io: HostIo;
  readonly excluded: Excluded;
  /** Real path of the followed directory, as a byte string. */
  readonly source: string;
  /** Address of the node that follows it, and its inode. */
  readonly at: string;
  readonly ino: Ino;
  readonly signal: AbortSignal;
  /** Told of each change, with paths as texts relative to the source. */
  readonly onEvent: (event: FollowEvent) => void;
}

function split(path: string): [directory: string, name: string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

export class Mirror {
  readonly #options: MirrorOptions;
  readonly #known = new Known();
  readonly #reader: DirectoryReader;
  readonly #maker: ImportMaker;
  readonly #breather = new Breather(4);

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#reader = new DirectoryReader(options.io, options.excluded);
    this.#maker = new ImportMaker(options.store, 'replace', (path, error) => this.#problem(path, error));
  }

  /** Compares single paths, and below those with a closing slash everything. NOT_FOUND: the source, or the node that follows it, is gone. */
  async sync(paths: ReadonlySet<string>): Promise<void> {
    await this.#checkRoots();
    // A directory before what is in it; what is new before what is gone, so that a rename is seen as one.
    const present: [path: string, stats: BigIntStats][] = [];
    const gone: string[] = [];
    for (const path of [...paths].sort()) {
      if (path.endsWith('/')) {
        await this.rescan(path.slice(0, -1));
        continue;
      }
      const stats = await this.#stat(path);
      if (stats === undefined) gone.push(path);
      else present.push([path, stats]);
    }
    for (const [path, stats] of present) {
      await this.#appeared(path, stats);
      // A new directory at once: a file that is gone elsewhere may have been moved into it.
      if (stats.isDirectory() && this.#node(path) === undefined) await this.#compare(path, stats);
    }
    for (const path of gone) await this.#removed(path);
    for (const [path, stats] of present) await this.#compare(path, stats);
    // Times of directories last: what happened in them has moved those in the tree.
    const directories = new Set([...paths].map((path) => split(path)[0]));
    for (const [path, stats] of present) if (stats.isDirectory()) directories.add(path);
    for (const path of [...directories].sort().reverse()) await this.#settle(path);
  }

  /** Compares everything below `top`. */
  async rescan(top = ''): Promise<void> {
    await this.#checkRoots();
    const open = [top];
    const directories: string[] = [];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      const stats = await this.#stat(path);
      if (stats?.isDirectory() !== true) continue;
      directories.push(path);
      this.#known.set(path, stats);
      open.push(...(await this.#rescanEntries(path)));
    }
    for (const path of directories.reverse()) await this.#settle(path);
  }

  /** Compares the entries of a directory; returns those that are directories. */
  async #rescanEntries(directory: string): Promise<string[]> {
    const names = new Set(await this.#names(directory));
    const below: string[] = [];
    const found: [string, BigIntStats][] = [];
    for (const name of names) {
      const path = join(directory, name);
      const stats = await this.#stat(path);
      if (stats === undefined) continue;
      await this.#appeared(path, stats);
      found.push([path, stats]);
      if (stats.isDirectory()) below.push(path);
    }
    const node = this.#node(directory);
    for (const slot of node?.kind === KIND.directory ? slotsOf(this.#options.store, node.ino) : []) {
      if (!names.has(slot.name)) await this.#removed(join(directory, slot.name));
    }
    for (const [path, stats] of found) await this.#compare(path, stats);
    return below;
  }

  async #names(directory: string): Promise<string[]> {
    try {
      return await this.#options.io.names(this.#host(directory));
    } catch (error) {
      this.#problem(directory, error);
      return [];
    }
  }

  async #checkRoots(): Promise<void> {
    const { store, ino, source, at, signal } = this.#options;
    if (signal.aborted) throw new FxError('INTERRUPTED', 'stopped following');
    if (store.node(ino) === undefined)
      throw new FxError('NOT_FOUND', `${at} was removed; nothing follows ${nameToText(source)} any more`);
    if ((await this.#stat(''))?.isDirectory() !== true) {
      throw new FxError('NOT_FOUND', `${nameToText(source)} is gone; ${at} stays as it is`);
    }
  }

  #host(path: string): Buffer {
    return hostPath(path === '' ? this.#options.source : `${this.#options.source}/${path}`);
  }

  /** Undefined for what is not there, and for what is to be left alone. */
  async #stat(path: string): Promise<BigIntStats | undefined> {
    const { io, excluded, source } = this.#options;
    const pause = this.#breather.breathe();
    if (pause !== undefined) await pause;
    try {
      const stats = await io.lstat(this.#host(path));
      return excluded.devices.has(stats.dev) || liesIn(`${source}/${path}`, excluded) ? undefined : stats;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') this.#problem(path, error);
      return undefined;
    }
  }

  #node(path: string): Node | undefined {
    const { store, ino } = this.#options;
    let node = store.node(ino);
    if (path === '') return node;
    for (const name of path.split('/')) {
      if (node?.kind !== KIND.directory) return undefined;
      const slot = store.slot(node, name);
      node = slot === undefined ? undefined : store.node(slot.ino);
    }
    return node;
  }

  /** A path that came to name a file which has, or had, another path: the node is renamed or linked. */
  async #appeared(path: string, stats: BigIntStats): Promise<void> {
    const existing = this.#node(path);
    const isOther = existing === undefined || this.#known.wasOther(path, stats);
    // Of a file with several names each is looked at: two nodes may stand for it.
    if (path === '' || (!isOther && (stats.isDirectory() || stats.nlink === 1n))) return;
    const { from, isLink } = await this.#origin(path, stats);
    const node = from === undefined ? undefined : this.#node(from);
    if (existing !== undefined && existing.ino === node?.ino) return;
    if (!isOther && !isLink) return;
    if (!this.#makeRoom(path, isLink)) return;
    const [directory, name] = split(path);
    const parent = this.#node(directory);
    if (from === undefined || node === undefined || parent?.kind !== KIND.directory) return;
    if (!isLink) return this.#renamed(from, path, parent, name);
    if (node.kind === KIND.directory) return;
    this.#options.store.link(node, parent, name);
    this.#known.set(path, stats);
    this.#tell('added', path);
  }

  /** Another path of the file: one that it still has, else one that it had. */
  async #origin(path: string, stats: BigIntStats): Promise<{ from: string | undefined; isLink: boolean }> {
    let from: string | undefined;
    for (const other of this.#known.pathsOf(stats)) {
      if (other === path || other === '' || this.#node(other) === undefined) continue;
      const there = await this.#stat(other);
      if (there !== undefined && there.ino === stats.ino && there.dev === stats.dev)
        return { from: other, isLink: true };
      from = other;
    }
    return { from, isLink: false };
  }

  /**
   * Whether nothing has the name. A node that has it keeps it, and takes the content, unless the host's file is a link to
   * another, or the node has other names, which would change with it.
   */
  #makeRoom(path: string, isLink: boolean): boolean {
    const node = this.#node(path);
    if (node === undefined) return true;
    if (node.kind === KIND.directory || (!isLink && node.nlink === 1)) return false;
    const [directory, name] = split(path);
    const parent = this.#node(directory);
    if (parent !== undefined) this.#options.store.unlink(parent, name);
    this.#known.remove(path);
    return true;
  }

  async #renamed(from: string, path: string, parent: Node, name: string): Promise<void> {
    const [oldDirectory, oldName] = split(from);
    const oldParent = this.#node(oldDirectory);
    if (oldParent === undefined || path.startsWith(`${from}/`)) return;
    this.#options.store.rename(oldParent, oldName, parent, name);
    this.#known.move(from, path);
    this.#options.onEvent({ event: 'renamed', from: nameToText(from), path: nameToText(path) });
    if (this.#node(path)?.kind === KIND.directory) await this.rescan(path);
  }

  async #removed(path: string): Promise<void> {
    this.#known.remove(path);
    const node = this.#node(path);
    const [directory, name] = split(path);
    const parent = this.#node(directory);
    if (path === '' || node === undefined || parent === undefined) return;
    const { store, signal } = this.#options;
    await removeInSlices(store, removalSteps(store, parent.ino, name, node), { signal });
    this.#tell('removed', path);
  }

  /** Brings the node of a path up to date with the host's file. */
  async #compare(path: string, stats: BigIntStats): Promise<void> {
    if (path === '' || this.#known.isUnchanged(path, stats)) return;
    // Its other name may have been made only now.
    if (stats.nlink > 1n && !stats.isDirectory()) await this.#appeared(path, stats);
    const node = this.#node(path);
    // An event may come for what is in a directory before the one for the directory.
    if (node === undefined && this.#node(split(path)[0])?.kind !== KIND.directory) return this.#ancestor(path);
    try {
      const entry = await this.#reader.entry(`${this.#options.source}/${path}`, split(path)[1]);
      const sameContent =
        node !== undefined &&
        node.kind === entry.kind &&
        node.target === (entry.target ?? '') &&
        node.rdev === entry.stats.rdev &&
        (entry.kind !== KIND.file ||
          (node.value === null &&
            node.size === entry.stats.size &&
            node.mtimeSec === entry.stats.mtime[0] &&
            node.mtimeNsec === entry.stats.mtime[1]));
      if (!sameContent) await this.#write(path, entry, node === undefined);
      else this.#attributes(path, node, attributeChanges(node, entry));
      this.#known.set(path, stats);
      if (node?.kind !== KIND.directory && entry.kind === KIND.directory) await this.rescan(path);
    } catch (error) {
      this.#problem(path, error);
    }
  }

  async #ancestor(path: string): Promise<void> {
    let [missing] = split(path);
    for (let [up] = split(missing); missing !== '' && this.#node(up) === undefined; [up] = split(missing)) missing = up;
    const stats = await this.#stat(missing);
    if (missing !== '' && stats !== undefined) await this.#compare(missing, stats);
  }

  /** Makes or replaces the node of a path, in one frame unless the file is long. */
  async #write(path: string, entry: HostEntry, isNew: boolean): Promise<void> {
    const { store, io, source, at, signal } = this.#options;
    const parent = this.#node(split(path)[0]);
    if (parent === undefined) return;
    if (isStreamed(entry)) {
      const from = nameToText(`${source}/${path}`);
      const options = { existing: 'replace', io, signal } as const;
      const { skipped } = await importHost(store, from, `${at}/${nameToText(path)}`, options);
      for (const { path: left, reason } of skipped) this.#options.onEvent({ event: 'problem', path: left, reason });
    } else {
      const made = { ino: parent.ino, fresh: false };
      await this.#maker.makeWay(made, entry, signal);
      // Links are made by what is known of their other names.
      this.#maker.place(made, path, { ...entry, stats: { ...entry.stats, linkKey: '' } });
      this.#maker.flush();
    }
    this.#tell(isNew ? 'added' : 'changed', path);
  }

  #attributes(path: string, node: Node, changes: ReturnType<typeof attributeChanges>): void {
    if (changes === undefined) return;
    this.#options.store.patch(node, changes);
    this.#tell('changed', path);
  }

  /** Attributes and times of a directory, when all in it is done. */
  async #settle(path: string): Promise<void> {
    const node = this.#node(path);
    if (path === '' || node?.kind !== KIND.directory) return;
    try {
      const entry = await this.#reader.entry(`${this.#options.source}/${path}`, split(path)[1]);
      const { mtime, atime } = entry.stats;
      if (node.mtimeSec !== mtime[0] || node.mtimeNsec !== mtime[1]) this.#options.store.patch(node, { mtime, atime });
    } catch (error) {
      // Gone meanwhile: the event of that is on its way.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#problem(path, error);
    }
  }

  #tell(event: 'added' | 'changed' | 'removed', path: string): void {
    this.#options.onEvent({ event, path: nameToText(path) });
  }

  /** What one path refuses is told; a store that refuses every change ends the following. */
  #problem(path: string, error: unknown): void {
    if (error instanceof FxError && ['READ_ONLY', 'NO_SPACE', 'IO', 'DAMAGED', 'INTERRUPTED'].includes(error.code))
      throw error;
    this.#options.onEvent({ event: 'problem', path: nameToText(path), reason: (error as Error).message });
  }
}
