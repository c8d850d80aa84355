/**
 * Import of a host file or directory into the tree: content, modes, owners, times, hard links, symlinks,
 * fifos, sockets and devices; sparse files stay sparse where whole blocks are zero.
 *
 * Memory is bounded by the largest directory and by the files whose other names did not come up. Entries
 * are made in byte order of their names. Times of change and birth are the import's, not the source's.
 * An import is many frames: one that is stopped leaves what it has made so far.
 *
 * Source entries that vanish or cannot be read are reported and left out. The event loop runs at least
 * every `sliceMs`; the host is read by a thread of its own unless `blocking`.
 */
import { FxError } from '../errors.ts';
import type { Ino } from '../ids.ts';
import { nameToText } from '../names.ts';
import type { StoreApi } from '../store/api.ts';
import { KIND, type Node } from '../store/node.ts';
import { described, locate, missing, type Place } from './address.ts';
import { type Excluded, excludedBy, liesIn } from './excluded.ts';
import { Breather, blockingIo, type HostIo, hostError, hostPath, realPath, threadedIo } from './host-io.ts';
import { LeftOut } from './host-xattrs.ts';
import { ImportMaker, isStreamed, type Made } from './import-make.ts';
import type { ImportOptions, ImportResult } from './import-options.ts';
import { type Chunk, type HostEntry, type HostStats, timesOf } from './import-read.ts';
import { directReader, type HostReader, ThreadReader } from './import-reader.ts';
import { streamFile } from './import-stream.ts';
import { SKIPPED_MAX, type Skipped, skippedAt } from './skipped.ts';

interface PendingDirectory extends Made {
  /** Host path as a byte string, without symlinks. */
  path: string;
  /** Absent for a target that was there before: it keeps its own attributes. */
  stats?: HostStats;
}

/** Directories read at a time. */
const DIRECTORIES_MAX = 4;

/**
 * Imports `source` as the node at `at`; a directory onto an existing directory adds its entries there.
 * NOT_FOUND, ACCESS_DENIED: the source as a whole. INVALID: the source lies in an excluded directory. EXISTS.
 * READ_ONLY, NO_SPACE, IO, INTERRUPTED: stopped half-way.
 */
export async function importHost(
  store: StoreApi,
  source: string,
  at: string,
  options: ImportOptions = {},
): Promise<ImportResult> {
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
  readonly #breather: Breather;
  readonly #maker: ImportMaker;
  readonly #leftOut = new LeftOut();
  readonly #skipped: Skipped[] = [];
  #skippedCount = 0;
  #pending: PendingDirectory[] = [];
  /** What ended one of the directories under way. */
  #failure: { error: unknown } | undefined;

  constructor(store: StoreApi, options: ImportOptions) {
    this.#store = store;
    this.#options = options;
    this.#io = options.io ?? (options.blocking === true ? blockingIo : threadedIo);
    this.#breather = new Breather(options.sliceMs ?? 4);
    this.#maker = new ImportMaker(store, options.existing, (path, error) => this.#skip(skippedAt(path, error)));
  }

  async run(source: string, at: string): Promise<ImportResult> {
    const path = await realPath(this.#io, source);
    const excluded = await excludedBy(this.#io, this.#options);
    if (liesIn(path, excluded)) throw excludedError();
    const place = locate(this.#store, at);
    this.#checkPlace(place);
    const reader = this.#reader(excluded);
    try {
      return this.#result(await this.#runWith(reader, path, place));
    } finally {
      await reader.close();
    }
  }

  #reader(excluded: Excluded): HostReader {
    const { blocking, io } = this.#options;
    return blocking === true || io !== undefined ? directReader(this.#io, excluded) : new ThreadReader(excluded);
  }

  async #runWith(reader: HostReader, path: string, place: Place): Promise<Ino> {
    const entry = await this.#sourceEntry(reader, path, place);
    const ino =
      entry.kind === KIND.directory
        ? await this.#directoryAt(reader, path, entry, place)
        : await this.#fileAt(path, entry, place);
    this.#maker.flush();
    this.#options.onProgress?.(this.#maker.counts);
    return ino;
  }

  #result(ino: Ino): ImportResult {
    const notes = [...this.#leftOut.counts].map(([name, nodes]) => {
      return `left out the extended attribute ${nameToText(name)} of ${nodes} ${nodes === 1 ? 'file' : 'files'}`;
    });
    return {
      ...this.#maker.counts,
      ino,
      skipped: this.#skipped,
      skippedCount: this.#skippedCount,
      xattrsLeftOut: this.#leftOut.total,
      notes,
    };
  }

  #checkPlace(place: Place): void {
    if (place.missing.length > 0 && this.#options.parents === false) missing(this.#store, place);
    if (place.name === '' && place.node?.kind !== KIND.directory) {
      throw new FxError('INVALID', 'an identity names no place in a directory; give a path');
    }
  }

  /** The source itself. */
  async #sourceEntry(reader: HostReader, path: string, place: Place): Promise<HostEntry> {
    try {
      const [entry] = (await reader.source(path)).entries as [HostEntry];
      this.#noteXattrs(entry);
      return { ...entry, name: place.name };
    } catch (error) {
      // On a device that is excluded.
      if ((error as FxError).code === 'INVALID') throw excludedError();
      throw hostError(nameToText(path), error);
    }
  }

  async #directoryAt(reader: HostReader, path: string, entry: HostEntry, place: Place): Promise<Ino> {
    const top: PendingDirectory = { path, ino: 0, fresh: true };
    if (place.node?.kind === KIND.directory) {
      top.ino = place.node.ino;
      top.fresh = false;
      if (this.#options.existing !== 'replace') await this.#refuseClashes(path, place.node);
    } else {
      top.stats = entry.stats;
      this.#maker.place(this.#parentOf(place), path, entry, top);
      this.#maker.flush();
      this.#mustExist(top);
    }
    this.#pending.push(top);
    await this.#drain(reader);
    return top.ino;
  }

  async #fileAt(path: string, entry: HostEntry, place: Place): Promise<Ino> {
    if (place.name === '') throw new FxError('IS_DIRECTORY', 'a file cannot take the place of a directory');
    const made = this.#maker.place(this.#parentOf(place), path, entry);
    await this.#content(made, path, entry);
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
    if (this.#store.isEmpty(target)) return;
    for (const name of await this.#io.names(hostPath(path))) {
      if (this.#store.slot(target, name) !== undefined)
        throw new FxError('EXISTS', `"${nameToText(name)}" exists there`);
      const pause = this.#breather.breathe();
      if (pause !== undefined) await pause;
    }
  }

  /** Works off the pending directories, deepest first, several at a time. */
  async #drain(reader: HostReader): Promise<void> {
    const running = new Set<Promise<void>>();
    const parallel = Math.min(DIRECTORIES_MAX, this.#io.parallel);
    while (this.#failure === undefined && this.#pending.length + running.size > 0) {
      while (running.size < parallel) {
        const next = this.#pending.pop();
        if (next === undefined) break;
        const work: Promise<void> = this.#directory(reader, next)
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

  async #directory(reader: HostReader, directory: PendingDirectory): Promise<void> {
    const below: PendingDirectory[] = [];
    for await (const chunk of reader.chunks(directory.path)) await this.#takeChunk(directory, chunk, below);
    if (directory.stats !== undefined) this.#maker.finish(directory, directory.path, directory.stats);
    // The last pushed is taken first: so the order of names is kept.
    for (let next = below.pop(); next !== undefined; next = below.pop()) this.#pending.push(next);
    this.#options.onProgress?.(this.#maker.counts);
  }

  async #takeChunk(directory: PendingDirectory, chunk: Chunk, below: PendingDirectory[]): Promise<void> {
    const inside = directory.path === '/' ? '/' : `${directory.path}/`;
    const replaces = this.#options.existing === 'replace';
    for (const skipped of chunk.skipped) this.#skip(skipped);
    // Only then it is known whether the directory was there before.
    if (replaces && directory.ino === 0) this.#maker.flush();
    for (const entry of chunk.entries) {
      const path = inside + entry.name;
      this.#noteXattrs(entry);
      if (replaces && !directory.fresh) await this.#maker.makeWay(directory, entry, this.#options.signal);
      if (entry.kind === KIND.directory) {
        const made: PendingDirectory = { path, ino: 0, fresh: true, stats: entry.stats };
        this.#maker.place(directory, path, entry, made);
        below.push(made);
      } else if (!this.#maker.link(directory, path, entry)) {
        const made = this.#maker.place(directory, path, entry);
        if (isStreamed(entry)) await this.#content(made, path, entry);
      }
      const pause = this.#breather.breathe();
      if (pause !== undefined) await pause;
    }
    this.#checkStop();
  }

  #noteXattrs({ xattrsLeftOut }: HostEntry): void {
    if (xattrsLeftOut !== undefined) for (const name of xattrsLeftOut) this.#leftOut.add(name);
  }

  /** Streams the content of a file that is too long to have been read with its entry. */
  async #content(made: Made, path: string, entry: HostEntry): Promise<void> {
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
      await streamFile(this.#io, path, { store: this.#store, ino: made.ino, onBytes });
    } catch (error) {
      if (error instanceof FxError) throw error;
      this.#skip(skippedAt(path, error));
    }
    const node = this.#store.node(made.ino);
    if (node !== undefined) this.#store.patch(node, timesOf(entry.stats));
  }

  #skip(skipped: Skipped): void {
    this.#skippedCount++;
    if (this.#skipped.length < SKIPPED_MAX) this.#skipped.push(skipped);
  }

  #checkStop(): void {
    if (this.#options.signal?.aborted === true || this.#failure !== undefined) {
      throw new FxError('INTERRUPTED', 'stopped; what was imported so far is in the tree');
    }
  }
}

function excludedError(): FxError {
  return new FxError('INVALID', 'the source lies in the store or its mount, and a store is not imported into itself');
}
