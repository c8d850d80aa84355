/**
 * The documents of a store: files that show typed values through lenses, and files that a binding rule makes
 * so. One object serves all mounts of a store, and the command line.
 *
 * A document shows the text that was saved last for as long as its value is the one that text stands for;
 * else that text with what changed spliced in; a value that was never saved as text, its canonical text. A
 * save that is not accepted becomes the document's *draft*: durable, shown in place of the text, and gone
 * with the next save that is accepted. The value is then still the last accepted one.
 */
import { LRUCache } from 'lru-cache';
import type { Lens } from '../../lenses/lens.ts';
import { raw } from '../../lenses/raw.ts';
import { LENSES, LensRegistry } from '../../lenses/registry.ts';
import { hashSource } from '../../lenses/source.ts';
import { FxError } from '../../src/errors.ts';
import { type Ino, nodeIdToText } from '../../src/ids.ts';
import { LENS_BYTES_MAX } from '../../src/limits.ts';
import { type Name, nameToText } from '../../src/names.ts';
import type { StoreApi, Time } from '../../src/store/api.ts';
import { KIND, type Node, type Slot } from '../../src/store/node.ts';
import { pathOf } from '../../src/tree/address.ts';
import { readBytes, writeBytes } from '../../src/tree/content.ts';
import { decode } from '../../src/uarr/v2.ts';
import { NotReady } from '../operations.ts';
import { Rendered, type RenderedOptions } from '../rendered.ts';
import { AUTO, Bindings, type Rule } from './bindings.ts';
import { Departures } from './departures.ts';
import { judge, sourceOf, type Verdict } from './judge.ts';
import { faultOf, type LensReply, type LensTask, LensWorker } from './lens-worker.ts';
import { type LensModule, ModuleLens } from './module-lens.ts';
import { NodeSet } from './node-set.ts';
import { draftBase, drafting, draftOf, keeping, keptText, type Problem, problemOf, settling } from './state.ts';
import { Views } from './views.ts';

export interface DocumentsOptions extends Omit<RenderedOptions, 'render'> {
  readonly registry?: LensRegistry;
  /** Where the registry's lenses of the user are from. */
  readonly module?: LensModule | null;
  /** Longest that a lens of the user may take for one document; for tests. */
  readonly taskMsMax?: number;
  /** The store's clock. */
  readonly now?: () => Time;
}

/** How a file is a document. */
export interface Bound {
  readonly lens: Lens;
  readonly rule: Rule;
}

/** What an editor works from: the value that it was shown as text. */
export interface Base {
  /** Encoded; null when there was none. */
  readonly value: Uint8Array | null;
}

const BOUND_MAX = 8192;
const VERDICTS_MAX = 64;
const READINGS_BYTES_MAX = 64 << 20;
const READING_MS_MAX = 3_600_000;
/** Documents of no more bytes are judged and rendered at once: a few milliseconds. */
const INLINE_BYTES_MAX = 64 << 10;

/** The rule of a typed file that no rule binds. */
const UNBOUND: Rule = { lens: AUTO, mode: 'strict', schema: null, options: {} };

export class Documents {
  readonly store: StoreApi;
  readonly registry: LensRegistry;
  readonly bindings: Bindings;
  readonly views: Views;
  /** Accepted texts of typed files, and values of directories. */
  readonly rendered: Rendered;
  readonly departures: Departures;
  /** Documents with a problem. */
  readonly #troubled: NodeSet;
  readonly #now: () => Time;
  readonly #worker = new LensWorker();
  /** For lenses of the user, so that one that hangs holds up its own documents alone. */
  readonly #ownWorker: LensWorker;
  /** What processes were shown last, by inode number and process id, for as long as an id is surely the same process. */
  readonly #readings = new LRUCache<string, Base>({
    maxSize: READINGS_BYTES_MAX,
    sizeCalculation: ({ value }) => (value?.length ?? 0) + 128,
    ttl: READING_MS_MAX,
  });
  /** What the other thread found, until it is asked for. */
  readonly #verdicts = new LRUCache<string, Verdict>({ max: VERDICTS_MAX });
  /** How typed files are shown, by inode number, each for one version and name. */
  readonly #bound = new LRUCache<Ino, { version: number; name: Name | undefined; bound: Bound }>({ max: BOUND_MAX });

  constructor(store: StoreApi, options: DocumentsOptions = {}) {
    const { registry = new LensRegistry(), module = null, taskMsMax, now = systemTime, ...caches } = options;
    this.store = store;
    this.registry = registry;
    this.#ownWorker = new LensWorker(module, taskMsMax);
    this.#now = now;
    this.bindings = new Bindings(store, registry);
    this.views = new Views(store, registry);
    this.#troubled = new NodeSet(store, 'fx.troubled');
    this.departures = new Departures(store);
    this.rendered = new Rendered({ ...caches, render: (node) => this.#render(node) });
  }

  /** Whether some file is, was, or may become a document. */
  get isUsed(): boolean {
    return this.store.hasTypedFiles || !this.bindings.isEmpty || !this.views.isEmpty;
  }

  /** Lets go of the store. */
  close(): void {
    this.departures.close();
    this.views.close();
    this.#worker.close();
    this.#ownWorker.close();
  }

  // Which files are documents

  /**
   * How a file is a document, by its first name; undefined for a blob that no rule binds, a view, and a value that
   * cannot be decoded.
   */
  boundAs(node: Node): Bound | undefined {
    if (node.kind !== KIND.file || (node.value === null && this.bindings.isEmpty)) return undefined;
    if (this.views.has(node)) return undefined;
    const slot = node.links[0];
    if (node.value !== null)
      return this.#ifDecodable(() => this.#boundValue(node, slot?.name, this.#ruleAt(slot) ?? UNBOUND));
    const directory = slot && this.store.node(slot.parent);
    return directory && node.size <= LENS_BYTES_MAX ? this.boundName(directory, slot.name) : undefined;
  }

  /** How a typed file would be a document of that name. DAMAGED. */
  boundAt(node: Node, directory: Node, name: Name): Bound {
    return this.#boundValue(node, name, this.bindings.ruleFor(directory) ?? UNBOUND);
  }

  /** How a new file of that name would be one. */
  boundName(directory: Node, name: Name): Bound | undefined {
    const rule = this.bindings.ruleFor(directory);
    const lens = rule && this.bindings.lensOf(rule, name);
    return lens?.scope === 'value' ? { lens, rule: rule as Rule } : undefined;
  }

  #ruleAt(slot: Slot | undefined): Rule | undefined {
    const directory = slot && this.store.node(slot.parent);
    return directory && this.bindings.ruleFor(directory);
  }

  /** By its rule and name; by what it was saved as last; or raw, which shows every value. */
  #boundValue(node: Node, name: Name | undefined, rule: Rule): Bound {
    const known = this.#bound.get(node.ino);
    if (known?.version === node.version && known.name === name && known.bound.rule === rule) return known.bound;
    const named = name === undefined ? undefined : this.#lensOfName(rule, name);
    const last = keptText(node)?.lens;
    const candidates = [named, last === undefined ? undefined : this.#known(last)];
    const source = sourceOf(decode(node.value as Uint8Array));
    const lens = candidates.find((each) => each?.scope === 'value' && each.refuses(source) === undefined);
    const bound = { lens: lens ?? raw, rule };
    this.#bound.set(node.ino, { version: node.version, name, bound });
    return bound;
  }

  #ifDecodable(find: () => Bound): Bound | undefined {
    try {
      return find();
    } catch (error) {
      if (error instanceof FxError && (error.code === 'DAMAGED' || error.code === 'NEWER_FORMAT')) return undefined;
      throw error;
    }
  }

  #lensOfName(rule: Rule, name: Name): Lens | undefined {
    return rule.lens === AUTO ? this.registry.forFileName(nameToText(name)) : this.#known(rule.lens);
  }

  #known(name: string): Lens {
    return this.registry.find(name) ?? ModuleLens.absent(name);
  }

  // What they show

  #render(node: Node): Uint8Array {
    const source = sourceOf(decode(node.value as Uint8Array));
    if (node.kind !== KIND.file) return raw.get(source);
    const { lens } = this.boundAs(node) as Bound;
    const kept = keptText(node);
    if (lens instanceof ModuleLens) return this.#keptAs(node, lens) ?? raw.get(source);
    return lens.get(source, kept?.lens === lens.name ? kept : undefined);
  }

  /** The text accepted last, when it stands for the value that there is: what the lens would show, whatever lens it is. */
  #keptAs(node: Node, lens: Lens): Uint8Array | undefined {
    const kept = keptText(node);
    if (kept?.lens !== lens.name) return undefined;
    return kept.hash === hashSource(sourceOf(decode(node.value as Uint8Array))) ? kept.text : undefined;
  }

  /** Whether only the thread of the user's lenses can tell what a typed file shows. */
  #isElsewhere(node: Node): boolean {
    if (this.rendered.knows(node)) return false;
    const lens = this.boundAs(node)?.lens;
    return lens instanceof ModuleLens && this.#keptAs(node, lens) === undefined;
  }

  /**
   * The bytes that reading the file gives. For a lens of the user, what `whenRendered` or `awaitRendered` has waited for;
   * where nobody has, what `raw` shows. BAD_CONTENT for a view that cannot be shown.
   */
  shown(node: Node): Uint8Array {
    if (this.views.has(node)) return this.views.text(node);
    if (node.value === null) return readBytes(this.store, node);
    const draft = draftOf(node);
    if (draft !== undefined) return draft;
    return this.#isElsewhere(node) ? raw.get(sourceOf(decode(node.value))) : this.rendered.bytes(node);
  }

  /** Their exact number. */
  size(node: Node): number {
    const draft = draftOf(node);
    if (draft !== undefined) return draft.length;
    return this.#isElsewhere(node) ? this.shown(node).length : this.rendered.size(node);
  }

  /** The same when it is known or cheap to find, else undefined. */
  knownSize(node: Node): number | undefined {
    const draft = draftOf(node);
    if (draft !== undefined) return draft.length;
    return this.#isElsewhere(node) ? undefined : this.rendered.knownSize(node);
  }

  /** For callers that can wait: resolves when `shown` and `size` are what a mount shows. */
  async whenRendered(node: Node): Promise<void> {
    try {
      this.awaitRendered(node);
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      await error.ready;
    }
  }

  /** What a file that is opened now is edited from. A draft was made from what was accepted before it. */
  baseOf(node: Node): Base {
    return { value: draftBase(node) ?? node.value };
  }

  /** Notes what a process was shown, or has saved: what it saves next was made from that. */
  noteReading(node: Node, pid: number | undefined, base: Base): void {
    if (pid !== undefined && base.value !== null) this.#readings.set(`${node.ino}:${pid}`, base);
  }

  /** What a process edits the document from: what it was shown last, or else what there is now. */
  baseFor(node: Node, pid: number | undefined): Base {
    const reading = pid === undefined ? undefined : this.#readings.get(`${node.ino}:${pid}`);
    return reading ?? this.baseOf(node);
  }

  // Saving

  /** What saving `text` over the document would do. Lenses of the user are not asked: the text stays unchecked. */
  judge(node: Node, bound: Bound, text: Uint8Array, base: Base): Verdict {
    const { lens, rule } = bound;
    if (lens instanceof ModuleLens) return { ok: false, problem: { kind: 'unsaved', diagnostics: [] } };
    return judge({ lens, text, current: node.value, base: base.value, schema: rule.schema });
  }

  /** The same for callers that can wait. */
  async judgeLater(node: Node, bound: Bound, text: Uint8Array, base: Base): Promise<Verdict> {
    if (!(bound.lens instanceof ModuleLens)) return this.judge(node, bound, text, base);
    return verdictOf(await this.#ownWorker.run(judging(node, bound, text, base, false)));
  }

  /**
   * The same for a driver: a large document, or one of a user's lens, is judged in another thread, and NotReady thrown until
   * that is done. `key` stands for all that the verdict depends on, and no other. `force` passes over conflicts and guards.
   */
  judgeAside(key: string, node: Node, bound: Bound, text: Uint8Array, base: Base, force = false): Verdict {
    const known = this.#verdicts.get(key);
    if (known !== undefined) {
      this.#verdicts.delete(key);
      return known;
    }
    const { lens, rule } = bound;
    const isOwn = lens instanceof ModuleLens;
    const isSmall = text.length + (node.value?.length ?? 0) <= INLINE_BYTES_MAX;
    if (!isOwn && (isSmall || !LENSES.includes(lens))) {
      return judge({ lens, text, current: node.value, base: base.value, schema: rule.schema, force });
    }
    const worker = isOwn ? this.#ownWorker : this.#worker;
    throw new NotReady(
      worker.run(judging(node, bound, text, base, force)).then((reply) => {
        this.#verdicts.set(key, verdictOf(reply));
      }),
    );
  }

  /** For a driver: throws NotReady until what the document shows is there, if finding it takes long. */
  awaitRendered(node: Node): void {
    if (node.value === null || draftOf(node) !== undefined || this.rendered.knows(node)) return;
    const bound = this.boundAs(node);
    if (bound === undefined) return;
    const isOwn = bound.lens instanceof ModuleLens;
    const isLarge = node.value.length > INLINE_BYTES_MAX && LENSES.includes(bound.lens);
    if (isOwn ? !this.#isElsewhere(node) : !isLarge) return;
    const { name: lens } = bound.lens;
    const kept = keptText(node);
    const { value } = node;
    const task = {
      kind: 'render',
      lens,
      options: bound.rule.options,
      value,
      kept: kept?.lens === lens ? { text: kept.text, hash: kept.hash } : undefined,
    } as const;
    const { ino, version } = node;
    const worker = isOwn ? this.#ownWorker : this.#worker;
    throw new NotReady(
      worker.run(task).then((reply) => {
        // A lens that failed shows nothing, one of the user leaves it to raw; the file can still be listed and removed.
        const instead = () => (isOwn ? raw.get(sourceOf(decode(value))) : new Uint8Array(0));
        this.rendered.keep(ino, version, reply.kind === 'render' ? reply.bytes : instead());
      }),
    );
  }

  /** Makes an accepted text the node's, part of the transaction that is open. */
  accept(node: Node, bound: Bound, verdict: Verdict & { ok: true }): void {
    const { text, hash, value } = verdict;
    const kept = keptText(node);
    const xattrs = settling(node);
    const isKept = kept?.hash === hash && kept.lens === bound.lens.name && Buffer.compare(kept.text, text) === 0;
    if (!isKept) for (const [name, bytes] of keeping({ lens: bound.lens.name, hash, text })) xattrs.set(name, bytes);
    const isSame = node.value !== null && Buffer.compare(node.value, value) === 0;
    if (isSame && xattrs.size === 0) return;
    this.store.patch(node, { ...(isSame ? {} : { value }), xattrs, mtime: this.#now() });
    this.#troubled.put(node.ino, false);
  }

  /** Keeps a text that was not accepted as the document's draft, part of the transaction that is open. */
  keepDraft(node: Node, text: Uint8Array, base: Base, problem: Problem): void {
    if (node.value === null) {
      this.store.patch(node, { size: 0, xattrs: drafting(problem) });
      writeBytes(this.store, node, 0, text);
    } else {
      const xattrs = drafting(problem, { text, base: base.value ?? node.value });
      this.store.patch(node, { xattrs, mtime: this.#now() });
    }
    this.#troubled.put(node.ino, true);
  }

  /** Makes the bytes the content of a blob that is no document, part of the transaction that is open. */
  keepPlain(node: Node, text: Uint8Array): void {
    this.store.patch(node, { size: 0, xattrs: settling(node) });
    writeBytes(this.store, node, 0, text);
    this.#troubled.put(node.ino, false);
  }

  /** Takes the draft away: the document shows its value again. INVALID when it never had one. */
  discardDraft(node: Node): void {
    if (problemOf(node) === undefined) return;
    if (node.value === null) {
      throw new FxError('INVALID', 'it was never valid, so there is nothing to go back to: correct it or remove it');
    }
    this.store.transaction(() => {
      this.store.patch(node, { xattrs: settling(node), mtime: this.#now() });
      this.#troubled.put(node.ino, false);
    });
  }

  /** Where a document is, for messages. */
  pathOf(node: Node): string {
    return pathOf(this.store, node) ?? `n:${nodeIdToText(node.id)}`;
  }

  /** Documents whose last save was not accepted. */
  *troubled(): Generator<{ node: Node; path: string; problem: Problem }> {
    for (const node of this.#troubled.nodes()) {
      const problem = problemOf(node);
      const path = problem && pathOf(this.store, node);
      if (problem !== undefined && path !== undefined) yield { node, path, problem };
    }
  }
}

function judging(node: Node, { lens, rule }: Bound, text: Uint8Array, base: Base, force: boolean): LensTask {
  const { options, schema } = rule;
  return { kind: 'judge', lens: lens.name, options, text, current: node.value, base: base.value, schema, force };
}

function verdictOf(reply: LensReply): Verdict {
  if (reply.kind === 'judge') return reply.verdict;
  return { ok: false, problem: { kind: 'invalid', diagnostics: [faultOf(reply)] } };
}

function systemTime(): Time {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
}
