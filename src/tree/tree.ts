/**
 * The tree of a store as programs use it: nodes by path or identity, values as JavaScript data.
 *
 * All methods are synchronous but where they say so. Each change is one frame of the log, all or
 * nothing, unless the method says otherwise; `transaction` makes several changes one frame. A refused
 * method throws FxError with the address in its message and has then changed nothing. The
 * store's own rules apply; permission bits are kept but not enforced, as for the owner of the store.
 *
 * Errors of every method: NOT_FOUND, NOT_DIRECTORY, INVALID, BAD_NAME, NAME_TOO_LONG for the address, STALE for
 * a `Node` that was removed; of every change: READ_ONLY, NO_SPACE, IO.
 */
import { FxError } from '../errors.ts';
import { TRANSFER_BYTES_MAX } from '../limits.ts';
import { nameFromText, nameToText } from '../names.ts';
import type { Changes, NewNode, StoreApi } from '../store/api.ts';
import { KIND, type Node } from '../store/node.ts';
import { publicAttributes } from '../store/private.ts';
import { decode, encode } from '../uarr/v2.ts';
import { fromJs, toJs, type Value } from '../uarr/value.ts';
import {
  described,
  describing,
  find,
  locate,
  locateNamed,
  missing,
  type Place,
  pathOf,
  pathsOf,
  type Ref,
  resolve,
} from './address.ts';
import { checkOffset, readBytes, readBytesAsync, writeBytes } from './content.ts';
import { type Fields, fieldList, withField } from './fields.ts';
import { isBlob, kindName, requireBlob } from './kinds.ts';
import {
  type AttributeSettings,
  blobOf,
  type CreateOptions,
  checkMode,
  encodeValue,
  ownership,
  PUT_ATOMIC_BYTES_MAX,
  type PutOptions,
  REMOVE_ATOMIC_NAMES_MAX,
  type TreeOptions,
  typedValueOf,
} from './settings.ts';
import { type Stat, statOf, timeOfNs } from './stat.ts';
import { type Entry, entryOf, removalSteps, removeSome, slotsOf, type WalkedEntry, walk } from './walk.ts';

export class Tree {
  readonly store: StoreApi;
  readonly #uid: number;
  readonly #gid: number;
  #inTransaction = false;

  constructor(store: StoreApi, options: TreeOptions = {}) {
    this.store = store;
    this.#uid = options.uid ?? process.getuid?.() ?? 0;
    this.#gid = options.gid ?? process.getgid?.() ?? 0;
  }

  /** Whether there is a node. An address that leads through a file is an error, not false. */
  exists(ref: Ref): boolean {
    return describing('look up', ref, () => find(this.store, ref) !== undefined);
  }

  /** The node itself, to read and to pass as `Ref`: only the store changes it. */
  node(ref: Ref): Node {
    return describing('find', ref, () => resolve(this.store, ref));
  }

  /**
   * The node's content as JavaScript data: a blob's bytes as Uint8Array, a typed value through `toJs`, a
   * symlink's target as text. Undefined for a directory without value, a fifo, socket or device.
   * TOO_BIG when a blob does not fit a buffer.
   */
  get(ref: Ref): unknown {
    return describing('read', ref, () => {
      const node = resolve(this.store, ref);
      if (isBlob(node)) return readBytes(this.store, node);
      if (node.kind === KIND.symlink) return nameToText(node.target);
      return node.value === null ? undefined : toJs(decode(node.value));
    });
  }

  /** The typed value with its exact types; undefined for a node that has none. */
  getValue(ref: Ref): Value {
    return describing('read', ref, () => typedValueOf(resolve(this.store, ref)));
  }

  /** The free metadata as plain data; undefined when there is none. */
  getMeta(ref: Ref): unknown {
    return describing('read metadata of', ref, () => {
      const { meta } = resolve(this.store, ref);
      return meta === null ? undefined : toJs(decode(meta));
    });
  }

  /** Extended attributes by name. */
  getXattrs(ref: Ref): Record<string, Uint8Array> {
    const node = describing('read attributes of', ref, () => resolve(this.store, ref));
    return Object.fromEntries(
      [...publicAttributes(node.xattrs)].map(([name, value]) => [nameToText(name), Uint8Array.from(value)]),
    );
  }

  stat(ref: Ref): Stat {
    return describing('stat', ref, () => statOf(this.store, resolve(this.store, ref)));
  }

  /** The node's first path. NOT_FOUND when it has none any more. */
  path(ref: Ref): string {
    return describing('find the path of', ref, () => {
      const path = pathOf(this.store, resolve(this.store, ref));
      if (path === undefined) throw new FxError('NOT_FOUND', 'it was removed');
      return path;
    });
  }

  /** Every path of the node, one for each hard link. */
  paths(ref: Ref): string[] {
    return describing('find the paths of', ref, () => pathsOf(this.store, resolve(this.store, ref)));
  }

  /** Entries of a directory, in insertion order. NOT_DIRECTORY. */
  list(ref: Ref): Entry[] {
    const entries: Entry[] = [];
    for (const slot of slotsOf(this.store, this.#directory('list', ref).ino)) {
      const entry = entryOf(this.store, slot);
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  /** Entries below a directory, parents first, in memory that does not grow with the tree, also while it changes. */
  iterate(ref: Ref, options: { depth?: number } = {}): Generator<WalkedEntry, void, void> {
    return walk(this.store, this.#directory('list', ref).ino, options.depth ?? Infinity);
  }

  /** Bytes of a blob from `offset`, cut at its end; all of them by default. INVALID, IS_DIRECTORY: no blob. */
  readFile(ref: Ref, offset = 0, bytes = Infinity): Uint8Array {
    return describing('read', ref, () => readBytes(this.store, resolve(this.store, ref), offset, bytes));
  }

  /** As `readFile`, without blocking on the disk. */
  async readFileAsync(ref: Ref, offset = 0, bytes = Infinity): Promise<Uint8Array> {
    try {
      return await readBytesAsync(this.store, resolve(this.store, ref), offset, bytes);
    } catch (error) {
      throw described('read', ref, error);
    }
  }

  /** Writes bytes into an existing blob, growing it as needed. One frame up to PUT_ATOMIC_BYTES_MAX. */
  writeFile(ref: Ref, offset: number, data: Uint8Array): void {
    describing('write', ref, () => {
      const node = resolve(this.store, ref);
      requireBlob(node);
      checkOffset(offset);
      const write = () => writeBytes(this.store, node, offset, data);
      if (data.length <= TRANSFER_BYTES_MAX) write();
      else this.#atomic(write, data.length);
    });
  }

  /**
   * Sets the content of the node at `path`, and creates it when there is none. An existing node keeps its
   * identity, links and attributes, whether it held bytes or a value before. A directory may have a value beside
   * its entries, but no bytes (IS_DIRECTORY). EXISTS: the path is a symlink, fifo, socket or device, or noReplace was
   * asked for. TOO_BIG: a value over VALUE_BYTES_MAX. Bytes over PUT_ATOMIC_BYTES_MAX take several frames.
   */
  put(path: string, value: unknown, options: PutOptions = {}): Node {
    return describing('put', path, () => {
      const bytes = blobOf(value, options.type);
      const encoded = bytes === undefined ? encodeValue(value, options.type) : null;
      const place = locate(this.store, path);
      if (place.node !== undefined && options.noReplace === true) throw new FxError('EXISTS');
      const apply = () => {
        const node = place.node ?? this.#create(place, options, { kind: KIND.file, mode: 0o644, value: encoded });
        if (place.node !== undefined) this.#replace(place.node, encoded, options);
        if (bytes !== undefined) writeBytes(this.store, node, 0, bytes);
        return node;
      };
      // A single operation is a frame by itself, at less cost than a transaction.
      return bytes === undefined && place.missing.length === 0 ? apply() : this.#atomic(apply, bytes?.length);
    });
  }

  #replace(node: Node, encoded: Uint8Array | null, options: PutOptions): void {
    if (node.kind !== KIND.file && node.kind !== KIND.directory) {
      throw new FxError('EXISTS', `it is a ${kindName(node.kind)}; remove it first`);
    }
    if (node.kind === KIND.directory && encoded === null)
      throw new FxError('IS_DIRECTORY', 'a directory holds no bytes');
    const changes: Changes = ownership(options);
    if (encoded !== null) changes.value = encoded;
    else if (node.value !== null) changes.value = null;
    else changes.size = 0;
    this.store.patch(node, changes);
  }

  /**
   * Sets fields inside the typed map (or array) of a node; undefined removes a field. Fields by name, or
   * pairs of a path of steps and the content: `[[['server', 'port'], 8080]]`; see `withField`. A directory
   * without value starts from an empty map. Fields that are already so make no change and no version.
   */
  patch(ref: Ref, fields: Fields): void {
    describing('patch', ref, () => {
      const node = resolve(this.store, ref);
      if (node.value === null && node.kind !== KIND.directory) {
        throw new FxError(
          'INVALID',
          `it is a ${isBlob(node) ? 'file of bytes' : kindName(node.kind)} and has no fields; put a map there first`,
        );
      }
      let value = typedValueOf(node);
      for (const [path, content] of fieldList(fields)) {
        if (path.length === 0) throw new FxError('INVALID', 'the path of a field has no steps');
        value = withField(value, path, content);
      }
      if (node.value === null && (value === undefined || (value instanceof Map && value.size === 0))) return;
      const encoded = encode(value);
      if (node.value !== null && Buffer.compare(encoded, node.value) === 0) return;
      this.store.patch(node, { value: encoded });
    });
  }

  /** Removes a directory's value, its entries stay. INVALID for other kinds: unlink them, or put something else. */
  removeValue(ref: Ref): void {
    describing('remove the value of', ref, () => {
      const node = resolve(this.store, ref);
      if (node.kind !== KIND.directory) throw new FxError('INVALID', `it is a ${kindName(node.kind)}, not a directory`);
      if (node.value !== null) this.store.patch(node, { value: null });
    });
  }

  setAttributes(ref: Ref, settings: AttributeSettings): void {
    describing('set attributes of', ref, () => {
      const changes = ownership(settings);
      if (settings.atimeNs !== undefined) changes.atime = timeOfNs(settings.atimeNs);
      if (settings.mtimeNs !== undefined) changes.mtime = timeOfNs(settings.mtimeNs);
      if (settings.meta !== undefined) changes.meta = settings.meta === null ? null : encode(fromJs(settings.meta));
      if (settings.xattrs !== undefined) {
        changes.xattrs = new Map(
          Object.entries(settings.xattrs).map(([name, value]) => {
            return [nameFromText(name), typeof value === 'string' ? Buffer.from(value) : value];
          }),
        );
      }
      this.store.patch(resolve(this.store, ref), changes);
    });
  }

  /** Creates a directory. EXISTS, but not with `parents` for an existing directory. */
  mkdir(path: string, options: CreateOptions = {}): Node {
    return describing('create directory', path, () => {
      const place = locate(this.store, path);
      if (options.parents === true && place.node?.kind === KIND.directory) return place.node;
      return this.#createNew(place, options, { kind: KIND.directory, mode: 0o755 });
    });
  }

  /** Creates a symbolic link. EXISTS; INVALID: an empty target or one over 4095 bytes. */
  symlink(path: string, target: string, options: CreateOptions = {}): Node {
    return describing('create symlink', path, () => {
      const fresh = { kind: KIND.symlink, mode: 0o777, target: nameFromText(target) };
      return this.#createNew(locate(this.store, path), options, fresh);
    });
  }

  #createNew(place: Place, options: CreateOptions, fresh: Omit<NewNode, 'uid' | 'gid'>): Node {
    if (place.node !== undefined) throw new FxError('EXISTS');
    const create = () => this.#create(place, options, fresh);
    return place.missing.length === 0 ? create() : this.#atomic(create);
  }

  #create(place: Place, options: CreateOptions, fresh: Omit<NewNode, 'uid' | 'gid'>): Node {
    const owner = { uid: options.uid ?? this.#uid, gid: options.gid ?? this.#gid };
    if (place.missing.length > 0 && options.parents !== true) missing(this.store, place);
    let parent = place.parent;
    for (const name of place.missing) {
      parent = this.store.create(parent, name, { kind: KIND.directory, mode: 0o755, ...owner });
    }
    return this.store.create(parent, place.name, { ...fresh, mode: checkMode(options.mode ?? fresh.mode), ...owner });
  }

  /** Gives a node another name (a hard link). EXISTS; NOT_PERMITTED: a directory; TOO_MANY_LINKS. */
  link(ref: Ref, newPath: string): void {
    describing('link to', newPath, () => {
      const node = resolve(this.store, ref);
      const place = this.#target(newPath);
      if (place.node !== undefined) throw new FxError('EXISTS');
      this.store.link(node, place.parent, place.name);
    });
  }

  /** Removes one name; the node goes with its last. A directory must be empty (NOT_EMPTY). */
  unlink(path: string): void {
    describing('remove', path, () => {
      const place = locateNamed(this.store, path);
      this.store.unlink(place.parent, place.name);
    });
  }

  /**
   * Removes a name, with `recursive` a directory with all below it; returns how many names went. Up to
   * REMOVE_ATOMIC_NAMES_MAX of them go in one frame, more in several, leaves first.
   */
  remove(path: string, options: { recursive?: boolean } = {}): number {
    return describing('remove', path, () => {
      const place = locateNamed(this.store, path);
      if (options.recursive !== true) {
        this.store.unlink(place.parent, place.name);
        return 1;
      }
      const steps = removalSteps(this.store, place.parent.ino, place.name, place.node);
      for (let removed = 0; ; ) {
        const { done, ended } = this.#atomic(() => removeSome(this.store, steps, REMOVE_ATOMIC_NAMES_MAX));
        removed += done;
        if (ended) return removed;
      }
    });
  }

  /**
   * Renames as rename(2): `to` is the new name, not a directory to move into, and what it named before is
   * replaced if it is no directory with entries. EXISTS with noReplace; NOT_EMPTY, IS_DIRECTORY,
   * NOT_DIRECTORY, LOOP.
   */
  move(from: string, to: string, options: { noReplace?: boolean } = {}): void {
    describing(`move ${from} to`, to, () => {
      const source = locateNamed(this.store, from);
      const target = this.#target(to);
      if (target.name === '') throw new FxError('EXISTS', 'this place has no name that could change');
      this.store.rename(source.parent, source.name, target.parent, target.name, options);
    });
  }

  /**
   * Runs `body`; all its changes become one frame, or none when it throws, also when that is an error of a
   * refused method: let it pass. `body` must be synchronous (INVALID) and change little enough for a frame
   * (TOO_BIG). An inner transaction is part of the outer one. Bytes that `body` wrote can be read when it is
   * over, BUSY before; values at once.
   */
  transaction<T>(body: (tree: this) => T): T {
    return this.#atomic(() => {
      const result = body(this);
      if (result instanceof Promise) {
        result.catch(() => {});
        throw new FxError('INVALID', 'the body of a transaction must be synchronous: await before it or after it');
      }
      return result;
    });
  }

  /** One frame around `body`: the enclosing transaction's if there is one, none if `bytes` are too many. */
  #atomic<T>(body: () => T, bytes = 0): T {
    if (this.#inTransaction || bytes > PUT_ATOMIC_BYTES_MAX) return body();
    this.#inTransaction = true;
    try {
      return this.store.transaction(body);
    } finally {
      this.#inTransaction = false;
    }
  }

  #directory(doing: string, ref: Ref): Node {
    return describing(doing, ref, () => {
      const node = resolve(this.store, ref);
      if (node.kind !== KIND.directory) throw new FxError('NOT_DIRECTORY', `it is a ${kindName(node.kind)}`);
      return node;
    });
  }

  /** A name to be made in a directory that exists. */
  #target(path: string): Place {
    const place = locate(this.store, path);
    if (place.missing.length > 0) missing(this.store, place);
    return place;
  }
}
