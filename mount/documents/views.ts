/**
 * The views of a store: files whose text is made from other nodes. The definition (src/views/definition.ts) is a
 * private attribute of the file, so it moves and goes with it.
 *
 * A view is evaluated when it is asked for and was made stale since. What makes it stale is found in the commit of
 * each change, by a walk from the changed node to the root: a change below the view's `from`, or one that makes the
 * path of `from` lead elsewhere. While a store has no view, a change costs one comparison.
 */
import { LRUCache } from 'lru-cache';
import type { Lens } from '../../lenses/lens.ts';
import type { LensRegistry } from '../../lenses/registry.ts';
import { FxError } from '../../src/errors.ts';
import type { Ino } from '../../src/ids.ts';
import { LENS_BYTES_MAX } from '../../src/limits.ts';
import { type Name, nameToText } from '../../src/names.ts';
import type { ChangeListener, StoreApi, Time } from '../../src/store/api.ts';
import { KIND, type Node, type Slot } from '../../src/store/node.ts';
import { pathOf } from '../../src/tree/address.ts';
import { type Definition, parseDefinition } from '../../src/views/definition.ts';
import { evaluate, render, VIEW_ATTRIBUTE, walkTo } from '../../src/views/evaluate.ts';
import { NodeSet } from './node-set.ts';

/** What a view shows now. */
export type Shown =
  | { readonly text: Uint8Array; readonly changed: Time; readonly error?: undefined }
  | { readonly error: FxError };

/** A view, as far as changes can make it stale. */
interface Watched {
  readonly ino: Ino;
  readonly definition: Uint8Array;
  /** Directory that it shows; undefined while there is none. */
  from: Ino | undefined;
  /** Directories on the way to `from`, each with the name that leads on. */
  way: ReadonlyMap<Ino, Name>;
  revision: number;
  /** Frame for which listeners were told last. */
  toldSeq: number;
}

const TEXTS_BYTES_MAX = 4 * LENS_BYTES_MAX;
const ENTRY_BYTES = 256;
const NO_BYTES = new Uint8Array(0);

export class Views implements ChangeListener {
  readonly #store: StoreApi;
  readonly #registry: LensRegistry;
  readonly #set: NodeSet;
  /** What the set held when `#watched` was made of it. */
  #inos: ReadonlySet<Ino> | undefined;
  readonly #watched = new Map<Ino, Watched>();
  readonly #shown = new LRUCache<Ino, { revision: number; version: number; name: Name | undefined; shown: Shown }>({
    maxSize: TEXTS_BYTES_MAX,
    sizeCalculation: ({ shown }) => (shown.error === undefined ? shown.text.length : 0) + ENTRY_BYTES,
  });
  readonly #listeners = new Set<(view: Node) => void>();
  readonly #stop: () => void;

  constructor(store: StoreApi, registry: LensRegistry) {
    this.#store = store;
    this.#registry = registry;
    this.#set = new NodeSet(store, 'fx.views');
    this.#stop = store.listen(this);
  }

  close(): void {
    this.#stop();
  }

  get isEmpty(): boolean {
    return this.#set.isEmpty;
  }

  has(node: Node): boolean {
    return node.kind === KIND.file && node.xattrs?.has(VIEW_ATTRIBUTE) === true;
  }

  /** INVALID, NOT_FOUND (lens): a file of that name cannot have that definition. */
  check(name: Name | undefined, text: string): void {
    this.#lensOf(name, parseDefinition(text));
  }

  /** Makes a file without content a view, or gives a view another definition. INVALID, EXISTS, NOT_FOUND (lens). */
  set(file: Node, text: string): void {
    if (file.kind !== KIND.file || (!this.has(file) && (file.size > 0 || file.value !== null))) {
      throw new FxError('EXISTS', 'a node with content of its own is there; remove it first');
    }
    this.check(file.links[0]?.name, text);
    this.#store.transaction(() => {
      this.#store.patch(file, { xattrs: new Map([[VIEW_ATTRIBUTE, Buffer.from(text, 'utf8')]]), mtime: 'now' });
      this.#set.put(file.ino, true);
    });
  }

  /** The views, and their definitions as text. */
  *list(): Generator<{ node: Node; path: string; text: string }> {
    for (const node of this.#set.nodes()) {
      const path = this.has(node) ? pathOf(this.#store, node) : undefined;
      if (path !== undefined) yield { node, path, text: this.definitionOf(node) };
    }
  }

  definitionOf(view: Node): string {
    return Buffer.from(view.xattrs?.get(VIEW_ATTRIBUTE) ?? []).toString('utf8');
  }

  /** Calls `listener` with a view whenever it may show something else, once for each frame, in its commit. */
  listen(listener: (view: Node) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Rises whenever the view may show something else. */
  revision(view: Node): number {
    this.#refresh();
    return this.#watched.get(view.ino)?.revision ?? 0;
  }

  /** Never throws. */
  shown(view: Node): Shown {
    const revision = this.revision(view);
    const name = view.links[0]?.name;
    const known = this.#shown.get(view.ino);
    if (known?.revision === revision && known.version === view.version && known.name === name) return known.shown;
    const shown = this.#evaluate(view, name);
    this.#shown.set(view.ino, { revision, version: view.version, name, shown });
    return shown;
  }

  /** BAD_CONTENT, saying why, when it cannot be shown. */
  text(view: Node): Uint8Array {
    const shown = this.shown(view);
    if (shown.error === undefined) return shown.text;
    throw new FxError('BAD_CONTENT', `the view cannot be shown: ${shown.error.message}`);
  }

  #evaluate(view: Node, name: Name | undefined): Shown {
    try {
      const definition = parseDefinition(this.definitionOf(view));
      const lens = this.#lensOf(name, definition);
      const from = this.#from(view, definition).directory;
      if (from === undefined) {
        throw new FxError('NOT_FOUND', `"from": there is no directory ${definition.from ?? 'above the view'}`);
      }
      const picture = evaluate(this.#store, definition, from);
      return { text: render(picture, lens), changed: picture.changed };
    } catch (error) {
      if (error instanceof FxError) return { error };
      return { error: new FxError('BAD_CONTENT', String(error)) };
    }
  }

  /** INVALID, NOT_FOUND. */
  #lensOf(name: Name | undefined, { lens, options, fields }: Definition): Lens {
    const found = lens ?? this.#registry.forFileName(nameToText(name ?? ''))?.name;
    if (found === undefined) {
      throw new FxError('INVALID', 'no lens knows a file of that name: give the view a "lens", such as csv');
    }
    return this.#registry.get(
      found,
      found === 'csv' && fields !== undefined ? { columns: fields, ...options } : options,
    );
  }

  #from(view: Node, { from }: Definition): ReturnType<typeof walkTo> {
    if (from !== undefined) return walkTo(this.#store, from);
    const link = view.links[0];
    return { directory: link && this.#store.node(link.parent), steps: [] };
  }

  // What makes views stale

  /** Takes in views that came, went, or were defined anew. */
  #refresh(): void {
    const { inos } = this.#set;
    if (inos === this.#inos) return;
    this.#inos = inos;
    for (const ino of this.#watched.keys()) if (!inos.has(ino)) this.#watched.delete(ino);
    for (const ino of inos) if (!this.#watched.has(ino)) this.#watch(ino, 0);
  }

  #watch(ino: Ino, revision: number): void {
    const view = this.#store.node(ino);
    const definition = view?.xattrs?.get(VIEW_ATTRIBUTE);
    if (view === undefined || definition === undefined) return;
    const watched: Watched = { ino, definition, from: undefined, way: new Map(), revision, toldSeq: -1 };
    this.#watched.set(ino, watched);
    this.#locate(watched, view);
  }

  #locate(watched: Watched, view: Node): void {
    try {
      const { directory, steps } = this.#from(view, parseDefinition(this.definitionOf(view)));
      watched.from = directory?.ino;
      watched.way = new Map(steps.map(([{ ino }, name]) => [ino, name]));
    } catch {
      // What cannot be read shows its error until it is defined anew.
      watched.from = undefined;
      watched.way = new Map();
    }
  }

  #stale(watched: Watched): void {
    watched.revision++;
    const { seq } = this.#store;
    if (watched.toldSeq === seq) return;
    watched.toldSeq = seq;
    const view = this.#store.node(watched.ino);
    if (view !== undefined) for (const listener of this.#listeners) listener(view);
  }

  content(node: Node): void {
    this.#changed(node);
  }

  attributes(node: Node): void {
    if (this.#set.isEmpty) return;
    this.#refresh();
    const own = this.#watched.get(node.ino);
    if (own !== undefined && Buffer.compare(own.definition, node.xattrs?.get(VIEW_ATTRIBUTE) ?? NO_BYTES) !== 0) {
      this.#watch(node.ino, own.revision);
      const anew = this.#watched.get(node.ino);
      if (anew !== undefined) this.#stale(anew);
    }
    this.#changed(node);
  }

  linked(parent: Node, slot: Slot): void {
    this.#moved(parent, slot);
  }

  unlinked(parent: Node, slot: Slot): void {
    this.#moved(parent, slot);
  }

  #moved(parent: Node, slot: Slot): void {
    if (this.#set.isEmpty) return;
    this.#refresh();
    for (const watched of this.#watched.values()) {
      if (watched.way.get(parent.ino) !== slot.name && watched.ino !== slot.ino) continue;
      const view = this.#store.node(watched.ino);
      if (view !== undefined) this.#locate(watched, view);
      this.#stale(watched);
    }
    this.#changed(parent);
  }

  /** Marks the views over a directory that the node is, or is below. */
  #changed(node: Node): void {
    if (this.#set.isEmpty || this.has(node)) return;
    this.#refresh();
    const above = new Set<Ino>();
    for (const { parent } of node.kind === KIND.directory ? [] : node.links) this.#above(parent, above);
    if (node.kind === KIND.directory) this.#above(node.ino, above);
    for (const watched of this.#watched.values()) {
      if (watched.from !== undefined && above.has(watched.from)) this.#stale(watched);
    }
  }

  #above(directory: Ino, above: Set<Ino>): void {
    for (let at: Ino | undefined = directory; at !== undefined && !above.has(at); ) {
      above.add(at);
      at = this.#store.node(at)?.links[0]?.parent;
    }
  }
}
