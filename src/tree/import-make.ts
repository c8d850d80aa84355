/**
 * Makes the nodes and links of an import, in batches.
 */
import { FxError } from '../errors.ts';
import type { Ino } from '../ids.ts';
import type { Name } from '../names.ts';
import type { Changes, StoreApi } from '../store/api.ts';
import { KIND, type Node } from '../store/node.ts';
import { isPrivate, publicAttributes } from '../store/private.ts';
import { writeBytes } from './content.ts';
import { ImportBatch } from './import-batch.ts';
import type { ImportCounts, ImportOptions } from './import-options.ts';
import { type HostEntry, type HostStats, newNodeOf, timesOf, WHOLE_BYTES_MAX } from './import-read.ts';
import { COUNT_OF_KIND } from './kinds.ts';
import { removeInSlices } from './remove.ts';
import { removalSteps, removeSome } from './walk.ts';

/** A node that is there when its operation has run; until then `ino` is 0. */
export interface Made {
  ino: Ino;
  /** Made by this import, so that all its names are free. */
  fresh: boolean;
}

interface Linked {
  made: Made;
  /** Names of the file that did not come up yet. */
  unseen: number;
}

export class ImportMaker {
  readonly counts: ImportCounts = { directories: 0, files: 0, symlinks: 0, specials: 0, links: 0, xattrs: 0, bytes: 0 };
  readonly #store: StoreApi;
  readonly #existing: ImportOptions['existing'];
  readonly #batch: ImportBatch;
  /** Files with several names, by device and inode, until all names came up. */
  readonly #links = new Map<string, Linked>();

  constructor(store: StoreApi, existing: ImportOptions['existing'], onRefused: (path: string, error: FxError) => void) {
    this.#store = store;
    this.#existing = existing;
    this.#batch = new ImportBatch(store, onRefused);
  }

  flush(): void {
    this.#batch.flush();
  }

  /** Queues the making of `entry` in `parent`, with the content that was read; fills in `made`. */
  place(parent: Made, path: string, entry: HostEntry, made: Made = { ino: 0, fresh: true }): Made {
    const bytes = entry.content?.length ?? 0;
    this.#batch.add({
      path,
      bytes,
      run: () => {
        made.ino = 0;
        const node = this.#make(parent, entry, made);
        if (entry.content !== undefined) writeBytes(this.#store, node, 0, entry.content);
        if (entry.kind !== KIND.directory && !isStreamed(entry)) this.#store.patch(node, timesOf(entry.stats));
        made.ino = node.ino;
      },
      done: () => {
        this.counts[COUNT_OF_KIND[entry.kind]]++;
        this.counts.xattrs += entry.xattrs?.size ?? 0;
        this.counts.bytes += bytes;
      },
    });
    const { linkKey, nlink } = entry.stats;
    if (linkKey !== '') this.#links.set(linkKey, { made, unseen: nlink - 1 });
    return made;
  }

  /** Queues a link when the file was queued before under another name; false when it was not. */
  link(directory: Made, path: string, entry: HostEntry): boolean {
    const { linkKey } = entry.stats;
    const seen = linkKey === '' ? undefined : this.#links.get(linkKey);
    if (seen === undefined) return false;
    if (--seen.unseen === 0) this.#links.delete(linkKey);
    const run = () => {
      const parent = this.#node(directory);
      const file = this.#node(seen.made);
      const existing = this.#existingAt(directory, parent, entry);
      if (existing?.ino === file.ino) return;
      if (existing !== undefined) this.#clear(parent, entry, existing);
      this.#store.link(file, parent, entry.name);
    };
    this.#batch.add({ path, bytes: 0, run, done: () => this.counts.links++ });
    return true;
  }

  /** Queues the times of a directory, when all its entries are queued: what happens below them does not change it. */
  finish(directory: Made, path: string, stats: HostStats): void {
    const run = () => this.#store.patch(this.#node(directory), timesOf(stats));
    this.#batch.add({ path, bytes: 0, run, done() {} });
  }

  #make(parent: Made, entry: HostEntry, made: Made): Node {
    const directory = this.#node(parent);
    const existing = this.#existingAt(parent, directory, entry);
    if (existing === undefined) return this.#store.create(directory, entry.name, newNodeOf(entry));
    if (existing.kind === entry.kind && (existing.kind === KIND.directory || existing.kind === KIND.file)) {
      if (existing.kind === KIND.directory) made.fresh = false;
      this.#store.patch(existing, replacingChanges(existing, entry));
      return existing;
    }
    this.#clear(directory, entry, existing);
    return this.#store.create(directory, entry.name, newNodeOf(entry));
  }

  /** What has the name now. EXISTS unless it may be replaced. */
  #existingAt(parent: Made, directory: Node, entry: HostEntry): Node | undefined {
    const slot = parent.fresh ? undefined : this.#store.slot(directory, entry.name);
    if (slot === undefined) return undefined;
    if (this.#existing !== 'replace') throw new FxError('EXISTS', 'the name was taken meanwhile');
    return this.#store.node(slot.ino);
  }

  #clear(directory: Node, entry: HostEntry, existing: Node): void {
    removeSome(this.#store, removalSteps(this.#store, directory.ino, entry.name, existing), Infinity);
  }

  /** Removes, in slices, a directory with entries that a file is to replace: too much for the frame that makes the file. */
  async makeWay(parent: Made, entry: HostEntry, signal: AbortSignal | undefined): Promise<void> {
    if (entry.kind === KIND.directory) return;
    const directory = this.#store.node(parent.ino);
    const slot = directory === undefined ? undefined : this.#store.slot(directory, entry.name);
    if (slot?.kind !== KIND.directory) return;
    const existing = this.#store.node(slot.ino);
    if (existing === undefined || this.#store.isEmpty(existing)) return;
    this.#batch.flush();
    const steps = removalSteps(this.#store, parent.ino, entry.name, existing);
    await removeInSlices(this.#store, steps, signal === undefined ? {} : { signal });
  }

  #node(made: Made): Node {
    const node = made.ino === 0 ? undefined : this.#store.node(made.ino);
    if (node === undefined) throw new FxError('NOT_FOUND', 'its directory or its other name is not in the tree');
    return node;
  }
}

/** Whether the content is too long to be read with the entry. */
export function isStreamed(entry: HostEntry): boolean {
  return entry.kind === KIND.file && entry.stats.size > WHOLE_BYTES_MAX;
}

function replacingChanges(existing: Node, entry: HostEntry): Changes {
  const { mode, uid, gid } = newNodeOf(entry);
  const changes: Changes = { mode, uid, gid };
  const xattrs = xattrChanges(existing, entry);
  // With its content go the text and the draft that it was saved as; a directory keeps its rule.
  const kept = existing.kind === KIND.file ? [...(existing.xattrs?.keys() ?? [])].filter(isPrivate) : [];
  if (xattrs !== undefined || kept.length > 0) {
    changes.xattrs = new Map([...(xattrs ?? []), ...kept.map((name) => [name, null] as const)]);
  }
  if (existing.kind === KIND.file && existing.value !== null) changes.value = null;
  else if (existing.kind === KIND.file) changes.size = 0;
  return changes;
}

/** Xattrs to set, and with null to remove; undefined when there is nothing to change. */
function xattrChanges(existing: Node, { xattrs }: HostEntry): Changes['xattrs'] {
  const gone = [...publicAttributes(existing.xattrs)]
    .map(([name]) => name)
    .filter((name) => xattrs?.has(name) !== true);
  const set = [...(xattrs ?? [])].filter(([name, value]) => {
    const before = existing.xattrs?.get(name);
    return before === undefined || Buffer.compare(before, value) !== 0;
  });
  if (gone.length + set.length === 0) return undefined;
  return new Map<Name, Uint8Array | null>([...gone.map((name) => [name, null] as const), ...set]);
}

/** What makes the attributes of a node those of the entry, content aside; undefined when they are. */
export function attributeChanges(existing: Node, entry: HostEntry): Changes | undefined {
  const { mode, uid, gid, mtime, atime } = entry.stats;
  const changes: Changes = {};
  if (existing.mode !== mode) changes.mode = mode;
  if (existing.uid !== uid) changes.uid = uid;
  if (existing.gid !== gid) changes.gid = gid;
  const isMoved = existing.mtimeSec !== mtime[0] || existing.mtimeNsec !== mtime[1];
  // A directory's times move with what is in it, in the tree as well: they are set when that is done.
  if (isMoved && existing.kind !== KIND.directory) Object.assign(changes, { mtime, atime });
  const xattrs = xattrChanges(existing, entry);
  if (xattrs !== undefined) changes.xattrs = xattrs;
  return Object.keys(changes).length === 0 ? undefined : changes;
}
