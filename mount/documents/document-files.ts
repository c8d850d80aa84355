/**
 * Documents as a mount's files: which operation of the Vfs concerns one, and what becomes of it. Every method
 * answers undefined or false where the file is no document, and the Vfs goes on as for any file.
 */
import { FxError } from '../../src/errors.ts';
import type { Ino } from '../../src/ids.ts';
import type { Name } from '../../src/names.ts';
import { KIND, MODE_MASK, type Node } from '../../src/store/node.ts';
import type { AttributeChanges, Caller, Created, FilePosition, Opened, OpenFlags } from '../operations.ts';
import { S_ISGID, withoutSetId } from '../vfs-access.ts';
import type { Events } from '../vfs-events.ts';
import type { Tree } from '../vfs-tree.ts';
import { DocumentNames } from './document-names.ts';
import type { Bound, Documents } from './documents.ts';
import { OpenDocuments } from './open-documents.ts';
import { problemLines } from './refusal.ts';
import { problemOf } from './state.ts';

export class DocumentFiles {
  readonly #tree: Tree;
  readonly #events: Events;
  readonly #documents: Documents;
  readonly #open: OpenDocuments;
  readonly #names: DocumentNames;

  constructor(tree: Tree, events: Events) {
    this.#tree = tree;
    this.#events = events;
    this.#documents = tree.documents;
    this.#open = new OpenDocuments(tree.documents, events);
    this.#names = new DocumentNames(tree, events);
    tree.writtenSize = (ino) => this.#open.writtenSize(ino);
  }

  get isUsed(): boolean {
    return this.#documents.isUsed;
  }

  close(): void {
    this.#open.close();
  }

  /** How the file of that number is a document. */
  #boundAs(ino: Ino): { node: Node; bound: Bound } | undefined {
    if (!this.isUsed || this.#tree.isValueFile(ino)) return undefined;
    const node = this.#tree.node(ino);
    const bound = node.kind === KIND.file ? this.#documents.boundAs(node) : undefined;
    return bound && { node, bound };
  }

  /** Brings back the document that was here, or makes a new one. READ_ONLY, and the errors of `make`. */
  create(parent: Ino, name: Name, mode: number, flags: OpenFlags, caller: Caller, make: () => Created): Created {
    if (!this.isUsed) return make();
    const directory = this.#tree.mutableDirectory(parent);
    const gid = directory.mode & S_ISGID ? directory.gid : caller.gid;
    const owner = { mode: mode & MODE_MASK, uid: caller.uid, gid };
    const revived = this.#names.revive(directory, name, owner, caller.pid);
    if (revived !== undefined) {
      const { node, base } = revived;
      if (flags.withoutHandle === true) {
        this.#open.change(node, (buffer) => buffer.resize(0));
        return { attributes: this.#tree.describe(node), opened: { handle: 0, cacheable: true, flushless: true } };
      }
      const opened = opening(this.#open.open(node, { ...flags, truncate: true }, caller.pid, base), flags);
      return { attributes: this.#tree.describe(node), opened };
    }
    const created = make();
    if (flags.withoutHandle === true || this.#documents.boundName(directory, name) === undefined) return created;
    const node = this.#tree.node(created.attributes.ino);
    return { attributes: created.attributes, opened: opening(this.#open.open(node, flags, caller.pid), flags) };
  }

  /** A blob that is only read needs no state. ACCESS_DENIED to write a view, BAD_CONTENT to read one with an error. */
  open(ino: Ino, flags: OpenFlags, pid?: number): Opened | undefined {
    const changes = flags.write || flags.truncate;
    const view = this.#view(ino);
    if (view !== undefined) {
      if (changes) refuseView();
      return opening(this.#open.open(view, flags, pid), flags);
    }
    const found = this.#boundAs(ino);
    if (found === undefined || (found.node.value === null && !changes)) return undefined;
    if (changes) this.#tree.checkWritable();
    return opening(this.#open.open(found.node, flags, pid), flags);
  }

  #view(ino: Ino): Node | undefined {
    if (this.#documents.views.isEmpty || this.#tree.isValueFile(ino)) return undefined;
    const node = this.#tree.node(ino);
    return this.#documents.views.has(node) ? node : undefined;
  }

  read(handle: number, offset: number, bytes: number): Uint8Array | undefined {
    return this.#open.has(handle) ? this.#open.read(handle, offset, bytes) : undefined;
  }

  write(
    ino: Ino,
    handle: number,
    offset: number,
    data: Uint8Array,
    start: number,
    bytes: number,
    clearSetId: boolean,
  ): boolean {
    if (this.#open.has(handle)) {
      this.#dropSetId(ino, clearSetId);
      this.#open.write(handle, offset, data, start, bytes);
      return true;
    }
    if (this.#view(ino) !== undefined) refuseView();
    const found = this.#typed(ino);
    if (found === undefined) return false;
    this.#tree.checkWritable();
    this.#dropSetId(ino, clearSetId);
    this.#open.change(found, (buffer) => buffer.write(offset, data, start, bytes));
    return true;
  }

  #typed(ino: Ino): Node | undefined {
    const found = this.#boundAs(ino);
    return found?.node.value === null ? undefined : found?.node;
  }

  #dropSetId(ino: Ino, clearSetId: boolean): void {
    const node = this.#tree.node(ino);
    const mode = clearSetId ? withoutSetId(node.mode) : node.mode;
    if (mode === node.mode) return;
    this.#tree.store.patch(node, { mode });
    this.#events.lost(node);
  }

  /** Sets a size; what else was asked for is left to do. Undefined when it is no document's. */
  resize(ino: Ino, changes: AttributeChanges): AttributeChanges | undefined {
    const { size, handle = 0, mtime, ...rest } = changes;
    if (size === undefined) return undefined;
    if (this.#view(ino) !== undefined) refuseView();
    if (this.#open.has(handle)) this.#open.resize(handle, size);
    else if (size > 0 || !this.isUsed || !this.#open.empty(this.#tree.node(ino).ino)) {
      const node = this.#typed(ino);
      if (node === undefined) return undefined;
      this.#tree.checkWritable();
      this.#open.change(node, (buffer) => buffer.resize(size));
    }
    // The times follow when it is saved, unless they were asked for.
    return mtime === undefined || mtime === 'now' ? rest : { ...rest, mtime };
  }

  /** NOT_SUPPORTED for a document: its bytes are read and written, whoever wants to copy or to allocate them. */
  refuseRange({ ino, handle }: FilePosition): void {
    if (this.#open.has(handle) || this.#typed(ino) !== undefined || this.#view(ino) !== undefined) {
      throw new FxError('NOT_SUPPORTED', 'a document is read and written as a whole');
    }
  }

  flush(handle: number): void {
    if (this.#open.has(handle)) this.#open.flush(handle);
  }

  release(handle: number): void {
    this.#open.release(handle);
  }

  sync(handle: number): void {
    if (this.#open.has(handle)) this.#open.sync(handle);
  }

  /** How the document is, and why, as lines; undefined for a file that is none. */
  condition(ino: Ino): { state: string; lines: string[] } | undefined {
    const view = this.#view(ino);
    if (view !== undefined) return this.#viewCondition(view);
    const found = this.#boundAs(ino);
    if (found === undefined) return undefined;
    const problem = problemOf(found.node);
    if (problem === undefined) return { state: found.node.value === null ? 'new' : 'valid', lines: [] };
    const lines = problemLines(this.#tree.pathOf(found.node), problem);
    return { state: problem.kind, lines: lines.map((line) => `${line}\n`) };
  }

  #viewCondition(view: Node): { state: string; lines: string[] } {
    const { error } = this.#documents.views.shown(view);
    const path = this.#tree.pathOf(view);
    if (error === undefined) return { state: 'view', lines: [`${path}: ${READ_ONLY_VIEW}\n`] };
    return { state: 'invalid', lines: [`${path}: error: ${error.message}\n`] };
  }

  /** `revert`, `discard` or `force`. INVALID for another word, a file that is no document, and a draft that cannot be saved. */
  act(ino: Ino, action: string): void {
    this.#tree.checkWritable();
    const found = this.#boundAs(ino);
    if (found === undefined) throw new FxError('INVALID', 'it is no document');
    const { node, bound } = found;
    if (action === 'force') this.#open.force(node, bound);
    else if (action === 'revert' || action === 'discard') this.#documents.discardDraft(node);
    else throw new FxError('INVALID', `there is no action "${action}"; the actions are revert, discard and force`);
    this.#events.lost(node);
  }

  unlinking(parent: Ino, name: Name): void {
    if (this.isUsed) this.#names.unlinking(this.#tree.directory(parent), name);
  }

  /** Whether the renaming was a save, and is done. ACCESS_DENIED over a view. */
  rename(fromParent: Ino, fromName: Name, toParent: Ino, toName: Name, pid?: number): boolean {
    if (!this.isUsed) return false;
    const from = { directory: this.#tree.mutableDirectory(fromParent), name: fromName };
    const to = { directory: this.#tree.mutableDirectory(toParent), name: toName };
    if (this.#tree.showsValue(to.directory, toName)) return false;
    const target = this.#tree.store.slot(to.directory, toName);
    const source = this.#tree.store.slot(from.directory, fromName);
    if (target !== undefined && target.ino !== source?.ino && this.#documents.views.has(this.#tree.child(target)))
      refuseView();
    return this.#names.rename(from, to, pid);
  }
}

const READ_ONLY_VIEW = 'it is a view: change what it shows where that is, or remove the view';

function refuseView(): never {
  throw new FxError('ACCESS_DENIED', READ_ONLY_VIEW);
}

function opening(handle: number, flags: OpenFlags): Opened {
  return { handle, cacheable: false, flushless: !flags.write && !flags.truncate };
}
