/**
 * Saves that come as names: a document's identity belongs to its name, however a tool saves it.
 *
 * | a tool                                              | what happens                                              |
 * |-----------------------------------------------------|-----------------------------------------------------------|
 * | renames a file over a document (sed -i, perl -i)    | its bytes are saved over the document, which stays        |
 * | renames a document to a backup, creates it anew     | the document moves back, a copy of its text is the backup |
 * | (vim, Emacs), or renames another file there         |                                                           |
 * | unlinks a document, creates it anew (git)           | the document comes back                                   |
 * | renames a file to a name that a rule binds          | the file becomes a document                               |
 *
 * Anything else moves: a document renamed to another document's name, or into a place where a document of that
 * name can be, keeps its identity there. But a document that was made less than a minute ago counts as a mere
 * file when it is renamed over another (`jq . a.json > tmp.json && mv tmp.json a.json`).
 */
import { FxError } from '../../src/errors.ts';
import { LENS_BYTES_MAX } from '../../src/limits.ts';
import type { Name } from '../../src/names.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import { writeBytes } from '../../src/tree/content.ts';
import type { Events } from '../vfs-events.ts';
import type { Tree } from '../vfs-tree.ts';
import type { Base, Bound, Documents } from './documents.ts';
import { refusalOf } from './refusal.ts';
import { problemOf } from './state.ts';

/** So long a new document may be a tool's temporary file. */
const YOUNG_SEC = 60;

/** A name in a directory. */
interface Place {
  readonly directory: Node;
  readonly name: Name;
}

export interface Owner {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export class DocumentNames {
  readonly #tree: Tree;
  readonly #events: Events;
  readonly #documents: Documents;

  constructor(tree: Tree, events: Events) {
    this.#tree = tree;
    this.#events = events;
    this.#documents = tree.documents;
  }

  /** A document that left this name a moment ago, brought back to be saved anew; undefined when there is none. */
  revive(directory: Node, name: Name, owner: Owner, pid?: number): { node: Node; base: Base } | undefined {
    const { store } = this.#tree;
    const node = this.#documents.departures.of(directory, name);
    if (node === undefined || node.value === null || store.slot(directory, name) !== undefined) return undefined;
    const base = this.#documents.baseFor(node, pid);
    const { mode, uid, gid } = owner;
    store.transaction(() => {
      this.#bringHome(node, { directory, name });
      store.patch(node, { mode, uid, gid });
    });
    this.#documents.departures.settle(directory, name);
    return { node, base };
  }

  /** Part of a transaction. Leaves a copy of what the document shows where it was taken from. */
  #bringHome(node: Node, { directory, name }: Place): void {
    const { store } = this.#tree;
    const link = node.links[0];
    if (link === undefined) return store.link(node, directory, name);
    const elsewhere = store.node(link.parent) as Node;
    const shown = this.#documents.shown(node);
    const { mode, uid, gid } = node;
    store.rename(elsewhere, link.name, directory, name);
    const copy = store.create(elsewhere, link.name, { kind: KIND.file, mode, uid, gid });
    writeBytes(store, copy, 0, shown);
    this.#events.replaced(elsewhere, link.name);
  }

  /** A name is about to be removed. */
  unlinking(directory: Node, name: Name): void {
    const node = this.#at({ directory, name });
    if (node?.kind === KIND.file && node.value !== null && node.nlink === 1) {
      this.#documents.departures.leave(directory, name, node);
    }
  }

  /** Renames where that is a save. False when it is none, and the name is to be moved. BAD_CONTENT, BUSY, TOO_BIG. */
  rename(from: Place, to: Place, pid?: number): boolean {
    const documents = this.#documents;
    if (!documents.isUsed) return false;
    const source = this.#at(from);
    const target = this.#at(to);
    if (source?.kind !== KIND.file || source === target || target?.kind === KIND.directory) return false;
    const document = target ?? documents.departures.of(to.directory, to.name);
    if (document !== undefined && document !== source && document.value !== null && this.#isFile(source)) {
      this.#saveOver(source, from, document, to, pid);
      return true;
    }
    const bound = documents.boundName(to.directory, to.name);
    if (source.value === null) return this.#becomeDocument(source, from, bound, to);
    if (bound === undefined) documents.departures.leave(from.directory, from.name, source);
    documents.departures.settle(to.directory, to.name);
    return false;
  }

  #at({ directory, name }: Place): Node | undefined {
    const slot = this.#tree.store.slot(directory, name);
    return slot && this.#tree.store.node(slot.ino);
  }

  /** Whether renaming it over a document brings bytes, not a node of its own. */
  #isFile(node: Node): boolean {
    return node.value === null || this.#tree.now()[0] - node.btimeSec < YOUNG_SEC;
  }

  #saveOver(source: Node, from: Place, document: Node, to: Place, pid: number | undefined): void {
    const documents = this.#documents;
    const { store } = this.#tree;
    if (source.size > LENS_BYTES_MAX) {
      throw new FxError(
        'TOO_BIG',
        `a document has at most ${LENS_BYTES_MAX} bytes; remove it first to put a plain file there`,
      );
    }
    const bound = documents.boundAt(document, to.directory, to.name);
    const text = documents.shown(source);
    documents.awaitRendered(document);
    const base = documents.baseFor(document, pid);
    const key = `${source.ino}:${source.version}>${document.ino}:${document.version}`;
    const verdict = documents.judgeAside(key, document, bound, text, base);
    const isThere = this.#at(to) === document;
    const refusal = verdict.ok ? undefined : refusalOf(bound, verdict.problem, documents.pathOf(document));
    if (!verdict.ok && refusal !== undefined) {
      store.transaction(() => {
        if (!isThere) this.#bringHome(document, to);
        documents.keepDraft(document, text, base, verdict.problem);
      });
      this.#settled(to);
      throw refusal;
    }
    const { mode, uid, gid } = source;
    store.transaction(() => {
      if (!isThere) this.#bringHome(document, to);
      if (this.#at(from) === source) store.unlink(from.directory, from.name);
      store.patch(document, { mode, uid, gid });
      if (verdict.ok) documents.accept(document, bound, verdict);
      else documents.keepDraft(document, text, base, verdict.problem);
    });
    // The kernel has moved its own name, and takes the document for the file that was renamed.
    this.#tree.alias(source.ino, document.ino);
    this.#settled(to);
  }

  /** The name stands for its document, whatever the kernel takes it for. */
  #settled({ directory, name }: Place): void {
    this.#documents.departures.settle(directory, name);
    this.#events.replaced(directory, name);
  }

  #becomeDocument(source: Node, from: Place, bound: Bound | undefined, to: Place): boolean {
    const documents = this.#documents;
    const { store } = this.#tree;
    // What is known to be wrong may be moved as it is.
    if (bound === undefined || source.size > LENS_BYTES_MAX || problemOf(source) !== undefined) return false;
    // A new file stays one until something is in it.
    if (source.size === 0) return false;
    const text = documents.shown(source);
    const base: Base = { value: null };
    const key = `${source.ino}:${source.version}>${to.directory.ino}/${to.name}`;
    const verdict = documents.judgeAside(key, source, bound, text, base);
    if (!verdict.ok) {
      const refusal = refusalOf(bound, verdict.problem, documents.pathOf(source));
      if (refusal !== undefined) throw refusal;
    }
    store.transaction(() => {
      store.rename(from.directory, from.name, to.directory, to.name);
      if (verdict.ok) documents.accept(source, bound, verdict);
      else documents.keepDraft(source, text, base, verdict.problem);
    });
    return true;
  }
}
