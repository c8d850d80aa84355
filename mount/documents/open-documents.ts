/**
 * Open documents of one mount.
 *
 * Each open file has a version of its own: reads give what the document showed when it was opened, until the
 * file is written through this handle; then what was written. So no reader ever gets parts of two versions, and
 * a text that is being saved is seen by others when it is whole. What is written is checked at flush; where
 * nobody can be told any more (a close without flush, a mapping that outlived its descriptor), at release.
 */
import { FxError } from '../../src/errors.ts';
import type { Ino } from '../../src/ids.ts';
import { LENS_BYTES_MAX } from '../../src/limits.ts';
import type { Node } from '../../src/store/node.ts';
import { NotReady, type OpenFlags } from '../operations.ts';
import type { Events } from '../vfs-events.ts';
import type { Base, Bound, Documents } from './documents.ts';
import { problemLines, refusalOf } from './refusal.ts';
import { type Problem, problemOf } from './state.ts';
import { TextBuffer } from './text-buffer.ts';

interface OpenDocument {
  /** Never used again by any mount. */
  readonly id: number;
  readonly ino: Ino;
  readonly write: boolean;
  readonly append: boolean;
  /** Who opened it, where that is known. */
  readonly pid: number | undefined;
  /** What reads give while nothing was written. */
  text: Uint8Array;
  base: Base;
  buffer: TextBuffer | undefined;
  /** Rises with each change of the buffer. */
  revision: number;
  /** Something was written since the last flush. */
  isWritten: boolean;
  /** Opening cut it to nothing, and nothing was written since. A shell flushes in that state. */
  isEmptied: boolean;
  /** Why fsync could not accept what it kept: told by the next flush. */
  refusal: FxError | undefined;
}

let openings = 0;
const EMPTY = new Uint8Array(0);

export class OpenDocuments {
  readonly #documents: Documents;
  readonly #events: Events;
  readonly #open = new Map<number, OpenDocument>();
  /** The file through which each document is being written, while it is. */
  readonly #writers = new Map<Ino, OpenDocument>();
  #nextHandle = 1;

  constructor(documents: Documents, events: Events) {
    this.#documents = documents;
    this.#events = events;
  }

  /** Opens a document; `base` when what it is edited from is not what it shows. Returns its handle. */
  open(node: Node, flags: OpenFlags, pid?: number, base?: Base): number {
    if (!flags.truncate || flags.read) this.#documents.awaitRendered(node);
    const handle = this.#nextHandle++;
    const text = flags.truncate && !flags.read ? EMPTY : this.#documents.shown(node);
    const open: OpenDocument = {
      id: ++openings,
      ino: node.ino,
      revision: 0,
      write: flags.write,
      append: flags.append,
      text,
      pid,
      base: base ?? this.#baseFor(node, flags, pid),
      buffer: undefined,
      isWritten: false,
      isEmptied: false,
      refusal: undefined,
    };
    this.#open.set(handle, open);
    if (flags.truncate) this.#resize(open, 0);
    return handle;
  }

  /** A process that reads the document now, or saves without having read it, works from what is there. */
  #baseFor(node: Node, flags: OpenFlags, pid: number | undefined): Base {
    if (flags.write || flags.truncate) return this.#documents.baseFor(node, pid);
    const base = this.#documents.baseOf(node);
    this.#documents.noteReading(node, pid, base);
    return base;
  }

  /** Bytes that the document has for whoever writes it; undefined while nobody does. */
  writtenSize(ino: Ino): number | undefined {
    return this.#writers.size === 0 ? undefined : this.#writers.get(ino)?.buffer?.length;
  }

  has(handle: number): boolean {
    return this.#open.has(handle);
  }

  read(handle: number, offset: number, bytes: number): Uint8Array {
    const { text, buffer } = this.#at(handle);
    return (buffer?.bytes ?? text).subarray(offset, offset + bytes);
  }

  /** TOO_BIG. */
  write(handle: number, offset: number, data: Uint8Array, start: number, bytes: number): void {
    const open = this.#at(handle);
    const buffer = this.#bufferOf(open);
    // The kernel takes the end of the file from its own idea of the size.
    buffer.write(open.append ? buffer.length : offset, data, start, bytes);
    open.isWritten = true;
    open.isEmptied = false;
  }

  /** TOO_BIG. */
  resize(handle: number, size: number): void {
    this.#resize(this.#at(handle), size);
  }

  /**
   * A kernel that does not truncate as it opens does so right after, without saying through which file: it is the
   * one opened last of those that nothing was done to. False when there is none.
   */
  empty(ino: Ino): boolean {
    let last: OpenDocument | undefined;
    for (const open of this.#open.values()) {
      if (open.ino === ino && open.write && open.buffer === undefined) last = open;
    }
    if (last === undefined) return false;
    this.#resize(last, 0);
    return true;
  }

  #resize(open: OpenDocument, size: number): void {
    this.#bufferOf(open).resize(size);
    if (size === 0 && !open.isWritten) open.isEmptied = true;
    else open.isWritten = true;
  }

  #bufferOf(open: OpenDocument): TextBuffer {
    open.revision++;
    open.buffer ??= new TextBuffer(open.text, LENS_BYTES_MAX);
    this.#writers.set(open.ino, open);
    return open.buffer;
  }

  /** Checks what was written since the last flush. BAD_CONTENT, BUSY; also NO_SPACE and the like. */
  flush(handle: number): void {
    const open = this.#at(handle);
    if (open.isWritten) this.#save(open);
    const { refusal } = open;
    open.refusal = undefined;
    if (refusal !== undefined) throw refusal;
  }

  /** Keeps what was written as a draft, unless it was checked since. Never refuses. */
  sync(handle: number): void {
    const open = this.#at(handle);
    if (!open.isWritten) return;
    const node = this.#documents.store.node(open.ino);
    const bound = node && this.#documents.boundAs(node);
    if (node === undefined || bound === undefined || open.buffer === undefined) return;
    this.#keep(node, open, { kind: 'unsaved', diagnostics: [] });
  }

  release(handle: number, canWait = true): void {
    const open = this.#open.get(handle);
    if (open === undefined) return;
    let isWaiting = false;
    try {
      const node = this.#documents.store.node(open.ino);
      // A new file that stayed empty was only made.
      if (open.isWritten || (open.isEmptied && node?.value !== null)) this.#save(open, canWait);
    } catch (error) {
      isWaiting = error instanceof NotReady;
      throw error;
    } finally {
      if (!isWaiting) {
        this.#open.delete(handle);
        this.#done(open);
      }
    }
  }

  /** Nobody is told any more of what was written; it is saved where it can be. */
  close(): void {
    for (const handle of [...this.#open.keys()]) this.release(handle, false);
  }

  #at(handle: number): OpenDocument {
    const open = this.#open.get(handle);
    if (open === undefined) throw new FxError('STALE', 'the open file is not known');
    return open;
  }

  #done(open: OpenDocument): void {
    if (this.#writers.get(open.ino) === open) this.#writers.delete(open.ino);
  }

  /** Judges and keeps what was written; leaves in `open` what the next flush is to tell. */
  #save(open: OpenDocument, canWait = true): void {
    const documents = this.#documents;
    const node = documents.store.node(open.ino);
    const text = open.buffer?.copy() ?? open.text;
    if (node === undefined) return;
    const bound = documents.boundAs(node);
    if (bound === undefined) return this.#becomePlain(open, node, text);
    const key = `${open.id}:${open.revision}:${node.version}`;
    const verdict = canWait
      ? documents.judgeAside(key, node, bound, text, open.base)
      : documents.judge(node, bound, text, open.base);
    if (verdict.ok) {
      this.#change(node, () => documents.accept(node, bound, verdict));
      open.text = verdict.text;
      open.buffer = undefined;
      open.isEmptied = false;
      open.base = documents.baseOf(node);
      // What the process has is what it saved, without what was merged into it.
      documents.noteReading(node, open.pid, { value: verdict.own });
      open.refusal = undefined;
      this.#done(open);
    } else {
      this.#keep(node, open, verdict.problem);
      open.refusal = refusalOf(bound, verdict.problem, documents.pathOf(node));
    }
    open.isWritten = false;
  }

  #keep(node: Node, open: OpenDocument, problem: Problem): void {
    const text = open.buffer?.copy() ?? open.text;
    this.#change(node, () => this.#documents.keepDraft(node, text, open.base, problem));
  }

  /**
   * Changes a document whose open file is not known, as drivers that do not call `open` do: each change is a
   * save of its own, which nobody can be told of when it is not accepted.
   */
  change(node: Node, edit: (buffer: TextBuffer) => void): void {
    const documents = this.#documents;
    const bound = documents.boundAs(node);
    if (bound === undefined) throw new FxError('STALE');
    const buffer = new TextBuffer(documents.shown(node), LENS_BYTES_MAX);
    edit(buffer);
    const base = documents.baseOf(node);
    const verdict = documents.judge(node, bound, buffer.bytes, base);
    this.#change(node, () => {
      if (verdict.ok) documents.accept(node, bound, verdict);
      else documents.keepDraft(node, buffer.copy(), base, verdict.problem);
    });
  }

  /** Saves the draft over what was changed since it was made. BAD_CONTENT when it does not parse. */
  force(node: Node, bound: Bound): void {
    const documents = this.#documents;
    if (problemOf(node) === undefined) return;
    const key = `force ${node.ino}:${node.version}`;
    const verdict = documents.judgeAside(key, node, bound, documents.shown(node), documents.baseOf(node), true);
    if (!verdict.ok) {
      throw new FxError('BAD_CONTENT', problemLines(documents.pathOf(node), verdict.problem)[0] as string);
    }
    this.#change(node, () => documents.accept(node, bound, verdict));
  }

  /** The name is no document's any more: the file was renamed, or its rule is gone, while it was open. */
  #becomePlain(open: OpenDocument, node: Node, text: Uint8Array): void {
    this.#change(node, () => this.#documents.keepPlain(node, text));
    this.#done(open);
  }

  /** One frame. The kernel is told, as neither times nor, after a merge, the size are what it has. */
  #change(node: Node, body: () => void): void {
    this.#documents.store.transaction(body);
    this.#events.lost(node);
  }
}
