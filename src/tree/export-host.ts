/**
 * Export of a node with all below it to the host: content, modes, owners, times, hard links, symlinks, fifos,
 * sockets and devices; holes stay holes.
 *
 * Typed values become files through a lens; a directory's value becomes the file `.value` inside unless an
 * entry has that name. An export is no snapshot: what changes meanwhile may come out either way. What
 * the host refuses is reported and left out; a full or read-only disk stops it.
 */
import { basename, dirname, resolve as resolvePath } from 'node:path';
import { rawBytes } from '../../lenses/raw.ts';
import { type ErrorCode, FxError } from '../errors.ts';
import type { Ino } from '../ids.ts';
import { nameFromText, nameToText } from '../names.ts';
import type { StoreApi } from '../store/api.ts';
import { KIND, type Node } from '../store/node.ts';
import { decode } from '../uarr/v2.ts';
import { described, type Ref, resolve } from './address.ts';
import { type Excluded, excludedBy, liesIn } from './excluded.ts';
import { finishDirectory, type HostTarget, writeFileNode, writeSpecialNode } from './export-file.ts';
import type { ExportCounts, ExportOptions, ExportResult } from './export-options.ts';
import { Breather, blockingIo, type HostIo, hostError, hostPath, realPath, threadedIo } from './host-io.ts';
import { COUNT_OF_KIND } from './kinds.ts';
import { SKIPPED_MAX, type Skipped } from './skipped.ts';
import { slotsOf } from './walk.ts';

/** The file that shows a directory's own value. */
const DIRECTORY_VALUE_NAME = '.value';

/** Errors that end an export: the next file would fail too. */
const STOPPING: ReadonlySet<ErrorCode> = new Set(['NO_SPACE', 'READ_ONLY', 'INTERRUPTED']);

/**
 * Exports the node `ref` as the host path `target`; a directory onto an existing directory puts its entries
 * there. NOT_FOUND: the node, or the directory that should hold the target. EXISTS. INVALID: the target
 * lies in an excluded directory. NO_SPACE, READ_ONLY, IO (of the host), INTERRUPTED: stopped half-way.
 */
export async function exportHost(
  store: StoreApi,
  ref: Ref,
  target: string,
  options: ExportOptions = {},
): Promise<ExportResult> {
  try {
    return await new Exporter(store, options).run(resolve(store, ref), target);
  } catch (error) {
    throw described(`export to ${target}`, ref, error);
  }
}

/** A file with several names: where its first was made, once it was. */
interface Linked {
  path: string;
  made: Promise<boolean>;
  unseen: number;
}

class Exporter {
  readonly #store: StoreApi;
  readonly #options: ExportOptions;
  readonly #io: HostIo;
  readonly #target: HostTarget;
  readonly #render: (node: Node) => Uint8Array;
  readonly #links = new Map<Ino, Linked>();
  #excluded: Excluded = { paths: new Set(), devices: new Set() };
  readonly #counts: ExportCounts = { directories: 0, files: 0, symlinks: 0, specials: 0, links: 0, bytes: 0 };
  readonly #skipped: Skipped[] = [];
  #skippedCount = 0;

  constructor(store: StoreApi, options: ExportOptions) {
    this.#store = store;
    this.#options = options;
    this.#io = options.io ?? (options.blocking === true ? blockingIo : threadedIo);
    this.#render = options.render ?? ((node) => rawBytes(decode(node.value as Uint8Array)));
    const breather = new Breather(options.sliceMs ?? 4);
    this.#target = {
      io: this.#io,
      owners: options.owners ?? process.getuid?.() === 0,
      onLost: (path, reason) => this.#skip(path, reason),
      onBytes: (bytes) => {
        this.#counts.bytes += bytes;
        this.#checkStop();
        return breather.breathe();
      },
    };
  }

  async run(node: Node, target: string): Promise<ExportResult> {
    this.#excluded = await excludedBy(this.#io, this.#options);
    const path = await this.#realTarget(target);
    const exists = await this.#typeAt(path);
    const onto = node.kind === KIND.directory && exists === 'directory';
    if (this.#options.existing !== 'replace' && exists !== undefined) {
      if (!onto) throw new FxError('EXISTS', 'the target exists; remove it or choose to replace it');
      await this.#refuseClashes(path, node);
    }
    if (onto) await this.#entries(path, node);
    else await this.#write(path, node);
    this.#options.onProgress?.(this.#counts);
    return { ...this.#counts, skipped: this.#skipped, skippedCount: this.#skippedCount };
  }

  /** The path of the target, whose directory must exist, without symlinks. INVALID when it is excluded. */
  async #realTarget(target: string): Promise<string> {
    const path = resolvePath(target);
    if (path === '/') return path;
    const parent = await realPath(this.#io, dirname(path));
    const real = `${parent === '/' ? '' : parent}/${nameFromText(basename(path))}`;
    const { dev } = await this.#io.lstat(hostPath(parent));
    if (liesIn(real, this.#excluded) || this.#excluded.devices.has(dev)) throw excludedError();
    return real;
  }

  async #refuseClashes(path: string, node: Node): Promise<void> {
    for (const name of await this.#io.names(hostPath(path))) {
      if (this.#store.slot(node, name) !== undefined || (name === DIRECTORY_VALUE_NAME && node.value !== null)) {
        throw new FxError('EXISTS', `"${nameToText(name)}" exists there; remove it or choose to replace it`);
      }
    }
  }

  async #typeAt(path: string): Promise<'directory' | 'other' | undefined> {
    try {
      const stats = await this.#io.lstat(hostPath(path));
      // A mount, or a bind mount, of the store lies in the target.
      if (this.#excluded.devices.has(stats.dev) || this.#excluded.paths.has(path)) throw excludedError();
      return stats.isDirectory() ? 'directory' : 'other';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** One node with all below it. What the host refuses is reported. */
  async #write(path: string, node: Node): Promise<void> {
    this.#checkStop();
    try {
      const inTheWay = this.#options.existing === 'replace' ? await this.#typeAt(path) : undefined;
      if (inTheWay === 'other') await this.#io.unlink(hostPath(path));
      if (node.kind !== KIND.directory) {
        if (inTheWay === 'directory') throw new FxError('IS_DIRECTORY', 'a directory is in the way');
        await this.#writeSingle(path, node);
        return;
      }
      if (inTheWay !== 'directory') await this.#io.mkdir(hostPath(path), 0o700);
      this.#counts.directories++;
      await this.#entries(path, node);
      await finishDirectory(this.#target, path, node);
    } catch (error) {
      this.#failed(path, error);
    }
  }

  async #entries(path: string, directory: Node): Promise<void> {
    const inside = path === '/' ? '/' : `${path}/`;
    if (directory.value !== null) await this.#directoryValue(inside + DIRECTORY_VALUE_NAME, directory);
    let files: Promise<void>[] = [];
    for (const slot of slotsOf(this.#store, directory.ino)) {
      const node = this.#store.node(slot.ino);
      if (node === undefined) continue;
      const work = this.#write(inside + slot.name, node);
      if (node.kind === KIND.directory) await work;
      else files.push(work);
      if (files.length >= this.#io.parallel) {
        await allOf(files);
        files = [];
      }
    }
    await allOf(files);
    this.#options.onProgress?.(this.#counts);
  }

  async #directoryValue(path: string, directory: Node): Promise<void> {
    if (this.#store.slot(directory, DIRECTORY_VALUE_NAME) !== undefined) {
      this.#skip(path, 'the value of the directory: an entry has this name');
      return;
    }
    try {
      if (this.#options.existing === 'replace' && (await this.#typeAt(path)) === 'other')
        await this.#io.unlink(hostPath(path));
      await writeFileNode(this.#target, this.#store, path, directory, this.#render(directory));
      this.#counts.files++;
    } catch (error) {
      this.#failed(path, error);
    }
  }

  async #writeSingle(path: string, node: Node): Promise<void> {
    const known = node.nlink > 1 ? this.#links.get(node.ino) : undefined;
    if (known !== undefined && (await this.#linkTo(known, path, node.ino))) return;
    const made = this.#create(path, node);
    if (node.nlink > 1 && known === undefined) {
      const outcome = made.then(
        () => true,
        () => false,
      );
      this.#links.set(node.ino, { path, made: outcome, unseen: node.nlink - 1 });
    }
    await made;
    this.#counts[COUNT_OF_KIND[node.kind]]++;
  }

  async #create(path: string, node: Node): Promise<void> {
    if (node.kind !== KIND.file) await writeSpecialNode(this.#target, path, node);
    else
      await writeFileNode(this.#target, this.#store, path, node, node.value === null ? undefined : this.#render(node));
  }

  /** False when the host made no link; a file of its own is then to be made. */
  async #linkTo(known: Linked, path: string, ino: Ino): Promise<boolean> {
    if (--known.unseen === 0) this.#links.delete(ino);
    if (!(await known.made)) return false;
    try {
      await this.#io.link(hostPath(known.path), hostPath(path));
    } catch (error) {
      this.#skip(path, `made as a file of its own, not as a link: ${(error as Error).message}`);
      return false;
    }
    this.#counts.links++;
    return true;
  }

  #failed(path: string, error: unknown): void {
    const failure = hostError(nameToText(path), error);
    if (!(failure instanceof FxError) || STOPPING.has(failure.code)) throw failure;
    this.#skip(path, failure.message);
  }

  #skip(path: string, reason: string): void {
    this.#skippedCount++;
    if (this.#skipped.length < SKIPPED_MAX) this.#skipped.push({ path: nameToText(path), reason });
  }

  #checkStop(): void {
    if (this.#options.signal?.aborted === true)
      throw new FxError('INTERRUPTED', 'stopped; what was exported so far is there');
  }
}

function excludedError(): FxError {
  return new FxError('INVALID', 'the target lies in the store or its mount');
}

/** Waits for all, then throws what the first failed one threw. */
async function allOf(work: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) if (outcome.status === 'rejected') throw outcome.reason;
}
