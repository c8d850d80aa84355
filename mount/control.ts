/**
 * The control directory `/.fx` of a mount: what the store has to say, as files to read. No listing of the root shows it, so
 * that `rm -rf *`, `git add` and `grep -r` never come upon it; by its name it is there.
 *
 * Its entries are one table (`control-entries.ts`). Content is computed when a file is looked up, and that look-up's
 * inode number then stands for those very bytes: sizes are exact, a reader gets one version, and the kernel may keep the
 * pages. The next look-up of changed content gives another number. Names and attributes are not to be cached.
 */
import { FxError } from '../src/errors.ts';
import type { Ino } from '../src/ids.ts';
import type { Name } from '../src/names.ts';
import { type Attributes, KIND, type Kind, ROOT_INO } from '../src/store/node.ts';
import type { Commands } from './commands.ts';
import { CONTROL_ENTRIES, type ControlHost, type Item } from './control-entries.ts';
import type { Caller, Opened, Operations } from './operations.ts';
import { type SignalStreams, Streams } from './streams.ts';
import { OPENED } from './vfs-files.ts';
import { CONTROL_INO, CONTROL_NAME, type Tree } from './vfs-tree.ts';

const KINDS: Readonly<Record<Item['kind'], Kind>> = {
  file: KIND.file,
  directory: KIND.directory,
  link: KIND.symlink,
  stream: KIND.file,
  commands: KIND.file,
};
const MODES: Readonly<Record<Item['kind'], number>> = {
  file: 0o444,
  directory: 0o555,
  link: 0o777,
  stream: 0o400,
  commands: 0o600,
};
/** Cookies of "." and "..". */
const SELF = 1;
const PARENT = 2;

/** Something that was looked up. */
interface Live {
  readonly key: string;
  readonly parent: Ino;
  readonly item: Item;
  /** A file's content as it was then; a link's target. */
  readonly bytes: Uint8Array | undefined;
}

export class Control {
  readonly #tree: Tree;
  readonly #host: ControlHost;
  readonly #live = new Map<Ino, Live>();
  /** The latest number of each path. */
  readonly #latest = new Map<string, Ino>();
  readonly #streams = new Streams();
  #nextIno = CONTROL_INO + 1;

  constructor(tree: Tree, signals?: SignalStreams, commands?: Commands) {
    this.#tree = tree;
    this.#host = { tree, documents: tree.documents, signals, commands };
    const item: Item = {
      kind: 'directory',
      names: () => Object.keys(CONTROL_ENTRIES),
      find: (name) => this.#find(name),
    };
    this.#live.set(CONTROL_INO, { key: '', parent: ROOT_INO, item, bytes: undefined });
  }

  #find(name: Name): Item | undefined {
    const [entryName = '', ...query] = name.split('?');
    const entry = Object.hasOwn(CONTROL_ENTRIES, entryName) ? CONTROL_ENTRIES[entryName] : undefined;
    return query.length === 0 ? entry?.item(this.#host) : entry?.ask?.(this.#host, query.join('?'));
  }

  /** Whether a file with state for each open was ever opened. */
  get hasHandles(): boolean {
    return this.#streams.isUsed;
  }

  /** Whether the name in that directory is the control directory, or something in it. */
  has(parent: Ino, name: Name): boolean {
    return this.#live.has(parent) || (parent === ROOT_INO && name === CONTROL_NAME);
  }

  owns(ino: Ino): boolean {
    return ino >= CONTROL_INO && this.#live.has(ino);
  }

  /** NOT_FOUND, which is not cached as the absence of other names is. */
  lookup(parent: Ino, name: Name): Attributes {
    if (parent === ROOT_INO) return this.attributes(CONTROL_INO);
    const { key, item, parent: above } = this.#at(parent);
    if (name === '.') return this.attributes(parent);
    if (name === '..')
      return above === ROOT_INO ? this.#tree.describe(this.#tree.node(ROOT_INO)) : this.attributes(above);
    const found = item.kind === 'directory' ? item.find(name) : undefined;
    if (found === undefined) throw new FxError('NOT_FOUND');
    return this.attributes(this.#number(`${key}/${name}`, parent, found));
  }

  /** The number of what was found: the latest of its path while that shows the same. */
  #number(key: string, parent: Ino, item: Item): Ino {
    const bytes = contentOf(item);
    const latest = this.#latest.get(key);
    const known = latest === undefined ? undefined : this.#live.get(latest);
    if (latest !== undefined && known?.item.kind === item.kind) {
      if (bytes === undefined || (known.bytes !== undefined && Buffer.compare(known.bytes, bytes) === 0)) return latest;
    }
    const ino = this.#nextIno++;
    this.#live.set(ino, { key, parent, item, bytes });
    this.#latest.set(key, ino);
    return ino;
  }

  #at(ino: Ino): Live {
    const live = this.#live.get(ino);
    if (live === undefined) throw new FxError('STALE');
    return live;
  }

  attributes(ino: Ino): Attributes {
    const { item, bytes } = this.#at(ino);
    const { uid, gid } = this.#tree.node(ROOT_INO);
    const [sec, nsec] = this.#tree.now();
    return {
      ino,
      kind: KINDS[item.kind],
      mode: MODES[item.kind],
      uid: item.kind === 'commands' ? item.commands.owner : uid,
      gid,
      nlink: item.kind === 'directory' ? 2 : 1,
      rdev: 0,
      size: bytes?.length ?? 0,
      storedBytes: bytes?.length ?? 0,
      atimeSec: sec,
      atimeNsec: nsec,
      mtimeSec: sec,
      mtimeNsec: nsec,
      ctimeSec: sec,
      ctimeNsec: nsec,
      btimeSec: sec,
      btimeNsec: nsec,
      volatile: 'entry',
    };
  }

  /** `OPENED` for what has no state of its own. */
  open(ino: Ino): Opened {
    const { item } = this.#at(ino);
    return item.kind === 'stream' ? this.#streams.open(() => item.open()) : OPENED;
  }

  /** Whether commands can be written to it. */
  takesCommands(ino: Ino): boolean {
    return this.#live.get(ino)?.item.kind === 'commands';
  }

  /** To write commands. ACCESS_DENIED, READ_ONLY. */
  openToWrite(ino: Ino, truncate: boolean, caller: Caller | undefined): Opened {
    const { item } = this.#at(ino);
    const mayWrite = item.kind === 'commands' && (caller?.uid === 0 || caller?.uid === item.commands.owner);
    if (!mayWrite) throw new FxError('ACCESS_DENIED');
    this.#tree.checkWritable();
    if (truncate) this.cut(ino);
    return { handle: 0, cacheable: false, flushless: true };
  }

  /** Forgets the answers. */
  cut(ino: Ino): Attributes {
    const { item } = this.#at(ino);
    this.#tree.checkWritable();
    if (item.kind === 'commands') item.commands.clear();
    return this.attributes(ino);
  }

  /** As `Commands.write`. The next look-up gives a new number: the kernel may take the commands for what this one holds. */
  write(ino: Ino, bytes: Uint8Array): void {
    const { item, key } = this.#at(ino);
    if (item.kind !== 'commands') throw new FxError('NOT_PERMITTED');
    this.#tree.checkWritable();
    this.#latest.delete(key);
    item.commands.write(bytes);
  }

  release(handle: number): void {
    this.#streams.release(handle);
  }

  /** Readers that wait get no answer any more. */
  close(): void {
    this.#streams.close();
  }

  /** IS_DIRECTORY; NotReady for a stream that has nothing yet, NOT_SUPPORTED for one that was not opened. */
  read(ino: Ino, handle: number, offset: number, bytes: number): Uint8Array {
    if (handle !== 0) return this.#streams.read(handle, bytes);
    if (this.#at(ino).item.kind === 'stream') throw new FxError('NOT_SUPPORTED', 'a stream must be opened');
    const content = this.#at(ino).bytes;
    if (content === undefined) throw new FxError('IS_DIRECTORY');
    return content.subarray(offset, offset + bytes);
  }

  /** INVALID for what is no link. */
  readlink(ino: Ino): Name {
    const { item } = this.#at(ino);
    if (item.kind !== 'link') throw new FxError('INVALID', 'not a symlink');
    return item.target;
  }

  /** As `Operations.readdir`, in the order of the names. */
  readdir(ino: Ino, cookie: number, visit: Parameters<Operations['readdir']>[2]): void {
    const { item, parent } = this.#at(ino);
    if (item.kind !== 'directory') throw new FxError('NOT_DIRECTORY');
    const self = () => this.attributes(ino);
    if (cookie < SELF && !visit('.', SELF, ino, KIND.directory, self)) return;
    if (cookie < PARENT && !visit('..', PARENT, parent, KIND.directory, () => undefined)) return;
    const names = [...item.names()].sort();
    for (let i = Math.max(0, cookie - PARENT); i < names.length; i++) {
      const name = names[i] as Name;
      const found = item.find(name);
      if (found === undefined) continue;
      // Numbers are given by look-ups; a listing only needs one that is not 0.
      if (!visit(name, PARENT + i + 1, CONTROL_INO, KINDS[found.kind], () => this.lookup(ino, name))) return;
    }
  }

  /** The kernel knows the number no more. */
  forget(ino: Ino): void {
    const live = this.#live.get(ino);
    if (live === undefined || ino === CONTROL_INO) return;
    this.#live.delete(ino);
    if (this.#latest.get(live.key) === ino) this.#latest.delete(live.key);
  }
}

function contentOf(item: Item): Uint8Array | undefined {
  if (item.kind === 'link') return Buffer.from(item.target, 'latin1');
  return item.kind === 'file' || item.kind === 'commands' ? item.bytes() : undefined;
}
