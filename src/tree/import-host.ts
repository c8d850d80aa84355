/**
 * Import of a host file or directory into the tree: content, modes, owners, times, hard links, symlinks,
 * fifos, sockets and devices; sparse files stay sparse where whole blocks are zero.
 *
 * Memory is bounded by the largest directory and by the files whose other names did not come up. Entries
 * are made in byte order of their names. Times of change and birth are the import's, not the source's.
 * An import is many frames: one that is stopped leaves what it has made so far.
 *
 * Source entries that vanish or cannot be read are reported and left out. The event loop runs at least
 * every `sliceMs`; reads are on the thread pool unless `blocking`.
 */
import type { BigIntStats, Dirent } from 'node:fs';
import { FxError } from '../errors.ts';
import type { Ino } from '../ids.ts';
import { nameToText } from '../names.ts';
import type { StoreApi } from '../store/api.ts';
import { KIND, type Node } from '../store/node.ts';
import { described, locate, missing, type Place } from './address.ts';
import { SKIPPED_MAX, type HostCalls, type Skipped } from './host-calls.ts';
import { blockingIo, Breather, hostPath, realPath, threadedIo, type HostIo } from './host-io.ts';
import { ImportMaker, isStreamed, type Made } from './import-make.ts';
import type { ImportOptions, ImportResult } from './import-options.ts';
import { readEntry, timesOf, type HostEntry } from './import-read.ts';
import { streamFile } from './import-stream.ts';

interface PendingDirectory extends Made {
  /** Host path as a byte string, without symlinks. */
  path: string;
  /** Absent for a target that was there before: it keeps its own attributes. */
  stats?: BigIntStats;
}

/** Directories read at a time. */
const DIRECTORIES_MAX = 4;

/**
 * Imports `source` as the node at `at`; a directory onto an existing directory adds its entries there.
 * NOT_FOUND, ACCESS_DENIED: the source as a whole. INVALID: the source lies in an excluded directory. EXISTS.
 * READ_ONLY, NO_SPACE, IO, INTERRUPTED: stopped half-way.
 */
export async function importHost(store: StoreApi, source: string, at: string, options: ImportOptions = {}): Promise<ImportResult> {
  try {
    return await new Importer(store, options).run(source, at);
  } catch (error) {
    throw described(`import ${source} to`, at, error);
  }
}

class Importer {
  readonly #store: StoreApi;
  readonly #options: ImportOptions;
  readonly #io: HostIo;
  readonly #calls: HostCalls;
  readonly #breather: Breather;
  readonly #maker: ImportMaker;
  readonly #excluded = new Set<string>();
  readonly #skipped: Skipped[] = [];
  #skippedCount = 0;
  #pending: PendingDirectory[] = [];
  /** What ended one of the directories under way. */
  #failure: { error: unknown } | undefined;

  constructor(store: StoreApi, options: ImportOptions) {
    this.#store = store;
    this.#options = options;
    this.#io = options.blocking === true ? blockingIo : threadedIo;
    this.#calls = options.calls ?? {};
    this.#breather = new Breather(options.sliceMs ?? 4);
    this.#maker = new ImportMaker(store, options.existing, (path, error) => this.#skip(path, error));
  }

  async run(source: string, at: string): Promise<ImportResult> {
    const path = await realPath(this.#io, source);
    for (const directory of this.#options.exclude ?? []) this.#excluded.add(await realPath(this.#io, directory));
    for (const excluded of this.#excluded) {
      if (path === excluded || path.startsWith(`${excluded}/`)) {
        throw new FxError('INVALID', 'the source lies in the store or its mount, and a store is not imported into itself');
      }
    }
    const stats = await this.#io.lstat(hostPath(path));
    const place = locate(this.#store, at);
    this.#checkPlace(place);
    const ino = stats.isDirectory() ? await this.#directoryAt(path, stats, place) : await this.#fileAt(path, place);
    this.#maker.flush();
    this.#options.onProgress?.(this.#maker.counts);
    const xattrs = this.#calls.getXattrs !== undefined;
    return { ...this.#maker.counts, ino, skipped: this.#skipped, skippedCount: this.#skippedCount, xattrs };
  }

  #checkPlace(place: Place): void {
    if (place.missing.length > 0 && this.#options.parents === false) missing(this.#store, place);
    if (place.name === '' && place.node?.kind !== KIND.directory) {
      throw new FxError('INVALID', 'an identity names no place in a directory; give a path');
    }
  }

  async #directoryAt(path: string, stats: BigIntStats, place: Place): Promise<Ino> {
    const top: PendingDirectory = { path, ino: 0, fresh: true };
    if (place.node?.kind === KIND.directory) {
      top.ino = place.node.ino;
      top.fresh = false;
      if (this.#options.existing !== 'replace') await this.#refuseClashes(path, place.node);
    } else {
      top.stats = stats;
      this.#maker.place(this.#parentOf(place), { path, name: place.name, kind: KIND.directory, stats }, top);
      this.#maker.flush();
      this.#mustExist(top);
    }
    this.#pending.push(top);
    await this.#drain();
    return top.ino;
  }

  async #fileAt(path: string, place: Place): Promise<Ino> {
    if (place.name === '') throw new FxError('IS_DIRECTORY', 'a file cannot take the place of a directory');
    const hint = { name: place.name, isFile: () => false } as Dirent;
    const entry = await readEntry(this.#io, this.#calls, path, hint, () => true);
    const made = this.#maker.place(this.#parentOf(place), entry);
    await this.#content(made, entry);
    this.#maker.flush();
    this.#mustExist(made);
    return made.ino;
  }

  #mustExist(made: Made): void {
    if (made.ino === 0) throw new FxError('EXISTS', this.#skipped[0]?.reason);
  }

  /** The directory of the target. Missing ones on the way are made here, when everything else was checked. */
  #parentOf(place: Place): Made {
    if (place.node !== undefined && this.#options.existing !== 'replace') throw new FxError('EXISTS');
    let parent = place.parent;
    if (place.missing.length > 0) {
      this.#store.transaction(() => {
        for (const name of place.missing) {
          const owner = { uid: parent.uid, gid: parent.gid };
          parent = this.#store.create(parent, name, { kind: KIND.directory, mode: 0o755, ...owner });
        }
      });
    }
    return { ino: parent.ino, fresh: false };
  }

  async #refuseClashes(path: string, target: Node): Promise<void> {
    for (const { name } of await this.#io.readdir(hostPath(path))) {
      if (this.#store.slot(target, name) !== undefined) throw new FxError('EXISTS', `"${nameToText(name)}" exists there`);
    }
  }

  /** Works off the pending directories, deepest first, several at a time. */
  async #drain(): Promise<void> {
    const running = new Set<Promise<void>>();
    const parallel = Math.min(DIRECTORIES_MAX, this.#io.parallel);
    while (this.#failure === undefined && this.#pending.length + running.size > 0) {
      while (running.size < parallel) {
        const next = this.#pending.pop();
        if (next === undefined) break;
        const work: Promise<void> = this.#directory(next)
          .catch((error: unknown) => {
            this.#failure ??= { error };
          })
          .finally(() => running.delete(work));
        running.add(work);
      }
      await Promise.race(running);
    }
    await Promise.all(running);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #directory(directory: PendingDirectory): Promise<void> {
    let hints: Dirent[] = [];
    try {
      hints = await this.#io.readdir(hostPath(directory.path));
    } catch (error) {
      this.#skip(directory.path, error);
    }
    const below: PendingDirectory[] = [];
    for (let at = 0; at < hints.length; at += this.#io.parallel) {
      const entries = await Promise.all(hints.slice(at, at + this.#io.parallel).map((hint) => this.#read(directory, hint)));
      for (const entry of entries) if (entry !== undefined) await this.#take(directory, entry, below);
      this.#checkStop();
      await this.#breather.breathe();
    }
    if (directory.stats !== undefined) this.#maker.finish(directory, directory.path, directory.stats);
    // The last pushed is taken first: so the order of names is kept.
    this.#pending.push(...below.reverse());
    this.#options.onProgress?.(this.#maker.counts);
  }

  async #read(directory: PendingDirectory, hint: Dirent): Promise<HostEntry | undefined> {
    const path = `${directory.path === '/' ? '' : directory.path}/${hint.name}`;
    try {
      if (this.#excluded.has(path)) throw new FxError('INVALID', 'this is the store itself or its mount');
      return await readEntry(this.#io, this.#calls, path, hint, (stats) => !this.#maker.knows(stats));
    } catch (error) {
      this.#skip(path, error);
      return undefined;
    }
  }

  async #take(directory: PendingDirectory, entry: HostEntry, below: PendingDirectory[]): Promise<void> {
    if (entry.kind === KIND.directory) {
      const made: PendingDirectory = { path: entry.path, ino: 0, fresh: true, stats: entry.stats };
      this.#maker.place(directory, entry, made);
      below.push(made);
    } else if (!this.#maker.link(directory, entry)) {
      await this.#content(this.#maker.place(directory, entry), entry);
    }
  }

  /** Streams the content of a file that is too long to have been read with its entry. */
  async #content(made: Made, entry: HostEntry): Promise<void> {
    if (!isStreamed(entry)) return;
    this.#maker.flush();
    if (made.ino === 0) return;
    const onBytes = (bytes: number) => {
      this.#maker.counts.bytes += bytes;
      this.#options.onProgress?.(this.#maker.counts);
      this.#checkStop();
      return this.#breather.breathe();
    };
    try {
      await streamFile(this.#io, entry.path, { store: this.#store, ino: made.ino, onBytes });
    } catch (error) {
      if (error instanceof FxError) throw error;
      this.#skip(entry.path, error);
    }
    const node = this.#store.node(made.ino);
    if (node !== undefined) this.#store.patch(node, timesOf(entry.stats));
  }

  #skip(path: string, error: unknown): void {
    this.#skippedCount++;
    if (this.#skipped.length >= SKIPPED_MAX) return;
    this.#skipped.push({ path: nameToText(path), reason: error instanceof Error ? error.message : String(error) });
  }

  #checkStop(): void {
    if (this.#options.signal?.aborted === true || this.#failure !== undefined) {
      throw new FxError('INTERRUPTED', 'stopped; what was imported so far is in the tree');
    }
  }
}
