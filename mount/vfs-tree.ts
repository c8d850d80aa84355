/**
 * The tree as one mount shows it: which inode number stands for which node, and how nodes are described.
 *
 * Inode numbers of a mount are those of the store, with two exceptions:
 * - 1 is the root of the mount. When the mount shows a subtree, that is the subtree's directory, and the
 *   directory's own number is not used.
 * - A directory that has a value shows it as the file `.value`; its number is the directory's (as the
 *   mount shows it) plus 2^52. The store's numbers stay below 2^51 and all sums below 2^53, so every one
 *   is a safe integer.
 *
 * The file `.value` is read-only. Its mode is the directory's read bits, its owner and times are the
 * directory's. A real entry of the name `.value` hides it.
 */
import { FxError, invariant } from '../src/errors.ts';
import { type Ino, nodeIdToText } from '../src/ids.ts';
import { NAME_BYTES_MAX } from '../src/limits.ts';
import { type Name, nameToText } from '../src/names.ts';
import type { StoreApi, Time } from '../src/store/api.ts';
import { type Attributes, KIND, type Node, ROOT_INO, type Slot } from '../src/store/node.ts';
import { laterOf } from '../src/store/time.ts';
import type { CommandRunner } from './commands.ts';
import { Documents } from './documents/documents.ts';
import type { Locks } from './locks.ts';
import type { Totals } from './operations.ts';
import type { SignalStreams } from './streams.ts';
import type { AtimePolicy } from './vfs-atime.ts';

/** Added to a directory's inode number to give that of its `.value`. */
export const VALUE_INO_OFFSET = 2 ** 52;
/** Name of the control directory, in the root of each mount. */
export const CONTROL_NAME: Name = '.fx';
/** Numbers of the control directory and of what is in it: from here on, below those of `.value` files. */
export const CONTROL_INO: Ino = 2 ** 51;
/** Name of the file that shows a directory's value. */
export const VALUE_NAME: Name = '.value';

const READ_BITS = 0o444;
const WRITE_BITS = 0o222;
const stale = new FxError('STALE');
const controlled = new FxError('NOT_PERMITTED', 'the files of /.fx are read-only');

export interface VfsOptions {
  /** The clock; the system's by default. */
  now?: () => Time;
  /** Answers statfs; must not wait. */
  totals: () => Totals;
  /** Refuses every change with READ_ONLY. So does a store that is read-only. */
  readOnly?: boolean;
  /** Inode number of the directory that the mount shows as its root; default the store's root. */
  root?: Ino;
  /** Documents, when several mounts of a store are to share them. */
  documents?: Documents;
  /** Locks that several mounts of a store share. */
  locks?: Locks | undefined;
  /** The signals of the store, which `/.fx/signals` shows. */
  signals?: SignalStreams | undefined;
  /** Runs the commands that `/.fx/ctl` takes. */
  commands?: CommandRunner | undefined;
  /** Default noatime. */
  atime?: AtimePolicy;
}

export class Tree {
  readonly store: StoreApi;
  readonly documents: Documents;
  readonly now: () => Time;
  /** Bytes that a file has for whoever is writing it as a document; undefined for every other. */
  writtenSize: (ino: Ino) => number | undefined = () => undefined;
  /** Files that were saved over documents, as the kernel may still take one for the other. */
  readonly #aliases = new Map<Ino, Ino>();
  /** Inode number in the store of the mount's root. */
  readonly #root: Ino;
  /** The same when the mount shows a subtree, else 0. */
  readonly #alias: Ino;
  readonly #readOnly: boolean;

  /** NOT_FOUND or NOT_DIRECTORY when `options.root` is no directory. */
  constructor(store: StoreApi, options: VfsOptions) {
    this.store = store;
    this.now = options.now ?? presentTime;
    this.documents = options.documents ?? new Documents(store, { now: this.now });
    this.#readOnly = options.readOnly ?? false;
    this.#root = options.root ?? ROOT_INO;
    this.#alias = this.#root === ROOT_INO ? 0 : this.#root;
    const root = store.node(this.#root);
    if (root === undefined) throw new FxError('NOT_FOUND', `the store has no node ${this.#root} to mount`);
    if (root.kind !== KIND.directory) throw new FxError('NOT_DIRECTORY', `node ${this.#root} is no directory to mount`);
  }

  get readOnly(): boolean {
    return this.#readOnly || this.store.readOnly;
  }

  /** The node's inode number in this mount; 0 for the root of the store when the mount does not show it. */
  outer(ino: Ino): Ino {
    if (this.#alias === 0) return ino;
    if (ino === this.#alias) return ROOT_INO;
    return ino === ROOT_INO ? 0 : ino;
  }

  /** The store's inode number for one of this mount; 0 when there is none. Not for `.value` files. */
  inner(ino: Ino): Ino {
    if (this.#alias === 0) return ino;
    if (ino === ROOT_INO) return this.#alias;
    return ino === this.#alias ? 0 : ino;
  }

  isValueFile(ino: Ino): boolean {
    return ino >= VALUE_INO_OFFSET;
  }

  /** The node behind an inode number of this mount; for a `.value` file its directory. STALE. */
  node(ino: Ino): Node {
    let inner = this.inner(ino >= VALUE_INO_OFFSET ? ino - VALUE_INO_OFFSET : ino);
    if (this.#aliases.size > 0) inner = this.#aliases.get(inner) ?? inner;
    const node = this.store.node(inner);
    if (node === undefined) throw ino >= CONTROL_INO && ino < VALUE_INO_OFFSET ? controlled : stale;
    return node;
  }

  /** From now on the number of a file that was saved over a document stands for the document, until it is forgotten. */
  alias(file: Ino, document: Ino): void {
    if (this.store.node(file) !== undefined) this.#aliases.set(file, document);
  }

  forgetAlias(file: Ino): void {
    if (this.#aliases.size > 0) this.#aliases.delete(file);
  }

  /** The directory of that number. STALE, NOT_DIRECTORY. */
  directory(ino: Ino): Node {
    const node = this.node(ino);
    if (node.kind !== KIND.directory || ino >= VALUE_INO_OFFSET) throw new FxError('NOT_DIRECTORY');
    return node;
  }

  /** The node of that number, to change it. READ_ONLY, STALE; NOT_PERMITTED for a `.value` file. */
  mutable(ino: Ino): Node {
    this.checkWritable();
    if (ino >= VALUE_INO_OFFSET) throw new FxError('NOT_PERMITTED', 'the file .value cannot be changed');
    return this.node(ino);
  }

  /** The directory of that number, to change its entries. READ_ONLY, STALE, NOT_DIRECTORY. */
  mutableDirectory(ino: Ino): Node {
    this.checkWritable();
    return this.directory(ino);
  }

  checkWritable(): void {
    if (this.readOnly) throw new FxError('READ_ONLY');
  }

  /** A name that is to be made, moved or removed. NAME_TOO_LONG; NOT_PERMITTED for the control directory's. */
  checkName(parent: Ino, name: Name): void {
    this.checkLength(name);
    if (parent === ROOT_INO && name === CONTROL_NAME) throw controlled;
  }

  checkLength(name: Name): void {
    if (name.length > NAME_BYTES_MAX) throw new FxError('NAME_TOO_LONG');
  }

  /** The node that an entry refers to. */
  child(slot: Slot): Node {
    const node = this.store.node(slot.ino);
    invariant(node !== undefined, `the entry "${slot.name}" of directory ${slot.parent} leads to node ${slot.ino}`);
    return node;
  }

  /**
   * The directory above; the mount's root is its own parent. Undefined for a directory that lies outside
   * this mount's subtree by now, or was removed.
   */
  parent(directory: Node): Node | undefined {
    if (directory.ino === this.#root) return directory;
    const link = directory.links[0];
    const parent = link && this.store.node(link.parent);
    return parent !== undefined && this.reaches(parent) ? parent : undefined;
  }

  /** The inode's first path from this mount's root, '' for that itself, and the directory that it leads through. */
  place(ino: Ino): { path: Name; parent: Ino } | undefined {
    const inner = this.inner(ino);
    if (inner === this.#root) return { path: '', parent: ROOT_INO };
    for (const link of this.store.node(inner)?.links ?? []) {
      const directory = this.#pathTo(link.parent);
      if (directory !== undefined) return { path: `${directory}${link.name}`, parent: this.outer(link.parent) };
    }
    return undefined;
  }

  /** Path of a node from this mount's root, as text; its identity when it has none. */
  pathOf(node: Node): string {
    const place = this.place(this.outer(node.ino));
    return place === undefined ? `n:${nodeIdToText(node.id)}` : nameToText(place.path);
  }

  /** Path of a directory of the store from this mount's root, with a closing slash unless it is the root. */
  #pathTo(directory: Ino): Name | undefined {
    let path = '';
    for (let at = directory; at !== this.#root; ) {
      const link = this.store.node(at)?.links[0];
      if (link === undefined) return undefined;
      path = `${link.name}/${path}`;
      at = link.parent;
    }
    return path;
  }

  /** Whether the node lies in this mount's subtree. */
  reaches(node: Node): boolean {
    if (this.#alias === 0 || node.ino === this.#root) return true;
    return node.links.some(({ parent }) => {
      let above = this.store.node(parent);
      while (above !== undefined && above.ino !== this.#root) {
        const link = above.links[0];
        above = link && this.store.node(link.parent);
      }
      return above !== undefined;
    });
  }

  /** Whether `name` shows the directory's value: it has one, and no entry of its own by that name. */
  showsValue(directory: Node, name: Name): boolean {
    return name === VALUE_NAME && directory.value !== null && this.store.slot(directory, name) === undefined;
  }

  /** What a driver is told of a node: mostly the node itself. NotReady, with `mayWait`, while a large document is rendered. */
  describe(node: Node, mayWait = false): Attributes {
    if (node.kind === KIND.file) {
      if (this.documents.views.has(node)) return this.#describeView(node);
      const written = this.writtenSize(node.ino);
      if (written !== undefined)
        return attributesOf(node, { size: written, storedBytes: written, volatile: 'attributes' });
      if (node.value !== null) {
        if (mayWait && this.documents.knownSize(node) === undefined) this.documents.awaitRendered(node);
        return this.#withSize(node, this.documents.size(node));
      }
    }
    if (node.ino !== this.#alias) return node;
    return attributesOf(node, { ino: ROOT_INO });
  }

  /** The same, or undefined when it would take long to find. */
  describeQuickly(node: Node): Attributes | undefined {
    if (node.value === null || node.kind !== KIND.file) return this.describe(node);
    const size = this.documents.knownSize(node);
    return size === undefined ? undefined : this.#withSize(node, size);
  }

  /** No permission to write, whatever its mode: what it shows is changed where it is. Its size is 0 while it has an error. */
  #describeView(view: Node): Attributes {
    const shown = this.documents.views.shown(view);
    const mode = view.mode & ~WRITE_BITS;
    if (shown.error !== undefined) return attributesOf(view, { mode });
    const { text, changed } = shown;
    const [mtimeSec, mtimeNsec] = laterOf([view.mtimeSec, view.mtimeNsec], changed);
    return attributesOf(view, { mode, size: text.length, storedBytes: text.length, mtimeSec, mtimeNsec });
  }

  #withSize(node: Node, size: number): Attributes {
    return attributesOf(node, { size, storedBytes: size });
  }

  /** What a driver is told of the directory's `.value`. STALE when it has none. */
  describeValue(directory: Node): Attributes {
    if (directory.value === null) throw stale;
    const size = this.documents.rendered.size(directory);
    return attributesOf(directory, {
      ino: this.valueIno(directory),
      kind: KIND.file,
      mode: directory.mode & READ_BITS,
      nlink: 1,
      size,
      storedBytes: size,
    });
  }

  valueIno(directory: Node): Ino {
    return this.outer(directory.ino) + VALUE_INO_OFFSET;
  }
}

function presentTime(): Time {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
}

/** The attributes of what may be a whole node, alone and with some of them changed; `volatile` is not taken over. */
export function attributesOf(node: Attributes, changed: Partial<Attributes>): Attributes {
  return {
    ino: node.ino,
    kind: node.kind,
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    nlink: node.nlink,
    rdev: node.rdev,
    size: node.size,
    storedBytes: node.storedBytes,
    atimeSec: node.atimeSec,
    atimeNsec: node.atimeNsec,
    mtimeSec: node.mtimeSec,
    mtimeNsec: node.mtimeNsec,
    ctimeSec: node.ctimeSec,
    ctimeNsec: node.ctimeNsec,
    btimeSec: node.btimeSec,
    btimeNsec: node.btimeNsec,
    ...changed,
  };
}
