/**
 * Saves as tools make them, on a Vfs: which calls reach it, and what they are answered.
 */
import { Documents, type DocumentsOptions } from '../../mount/documents/documents.ts';
import { NotReady, type OpenFlags } from '../../mount/operations.ts';
import { Vfs } from '../../mount/vfs.ts';
import { type NodeId, nodeIdToText } from '../../src/ids.ts';
import type { StoreApi } from '../../src/store/api.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import { decode, encode } from '../../src/uarr/v2.ts';
import { toJs, type Value } from '../../src/uarr/value.ts';
import { NO_TOTALS, outcomeOf, ROOT_CALLER } from './paths.ts';
import type { OpenTestStore } from './stores.ts';

const READ: OpenFlags = { read: true, write: false, truncate: false, append: false, clearSetId: false };
export const WRITE: OpenFlags = { ...READ, write: true };
export const TRUNCATE: OpenFlags = { ...WRITE, read: false, truncate: true };
const PLAIN = { noReplace: false, exchange: false, whiteout: false };

/** One directory of a store, as a tool sees it that works there. */
export class Editor {
  readonly vfs: Vfs;
  readonly store: StoreApi;
  readonly documents: Documents;
  readonly directory: Node;

  constructor(store: StoreApi, vfs: Vfs, documents: Documents, directory: Node) {
    this.store = store;
    this.vfs = vfs;
    this.documents = documents;
    this.directory = directory;
  }

  /** The directory `d` of a new store, bound by the rule "auto". */
  static async bound(open: OpenTestStore, mode: 'strict' | 'lenient' = 'strict'): Promise<Editor> {
    const editor = await Editor.plain(open);
    editor.documents.bindings.set(editor.directory, { lens: 'auto', mode, schema: null, options: {} });
    return editor;
  }

  static async plain(open: OpenTestStore, options: DocumentsOptions = {}): Promise<Editor> {
    const { store, now } = await open();
    const documents = new Documents(store, { now, ...options });
    const vfs = new Vfs(store, { now, totals: NO_TOTALS, documents });
    const root = store.node(1) as Node;
    const directory = store.create(root, 'd', { kind: KIND.directory, mode: 0o755, uid: 0, gid: 0 });
    return new Editor(store, vfs, documents, directory);
  }

  /** The same directory through documents and a mount of their own. */
  reopened(options: DocumentsOptions = {}): Editor {
    const documents = new Documents(this.store, options);
    return new Editor(this.store, new Vfs(this.store, { totals: NO_TOTALS, documents }), documents, this.directory);
  }

  /** Puts a typed file there, as the API does. */
  put(name: string, value: Value): Node {
    const fresh = { kind: KIND.file, mode: 0o644, uid: 0, gid: 0, value: encode(value) };
    return this.store.create(this.directory, name, fresh);
  }

  node(name: string): Node {
    const slot = this.store.slot(this.directory, name);
    const node = slot && this.store.node(slot.ino);
    if (node === undefined) throw new Error(`there is no ${name}`);
    return node;
  }

  id(name: string): string {
    return idOf(this.node(name).id);
  }

  value(name: string): unknown {
    const { value } = this.node(name);
    return value === null ? undefined : toJs(decode(value));
  }

  names(): string[] {
    const names: string[] = [];
    this.vfs.readdir(this.directory.ino, 2, (name) => names.push(name) > 0);
    return names;
  }

  /** All bytes, read as `cat` does. */
  text(name: string): string {
    const { ino } = this.node(name);
    const { handle } = this.vfs.open(ino, READ);
    const text = this.read(ino, handle);
    this.vfs.release(ino, handle);
    return text;
  }

  read(ino: number, handle: number): string {
    const parts: Buffer[] = [];
    for (let offset = 0; ; offset += 7) {
      const part = this.vfs.read(ino, handle, offset, 7);
      if (!(part instanceof Uint8Array)) return this.documents.shown(this.store.node(ino) as Node).toString();
      if (part.length === 0) return Buffer.concat(parts).toString('utf8');
      parts.push(Buffer.from(part));
    }
  }

  open(name: string, flags: OpenFlags): { ino: number; handle: number } {
    const { ino } = this.node(name);
    return { ino, handle: this.vfs.open(ino, flags).handle };
  }

  create(name: string): { ino: number; handle: number } {
    const created = this.vfs.create(this.directory.ino, name, 0o644, TRUNCATE, ROOT_CALLER);
    return { ino: created.attributes.ino, handle: created.opened.handle };
  }

  write({ ino, handle }: { ino: number; handle: number }, offset: number, text: string): void {
    const bytes = Buffer.from(text);
    this.vfs.write(ino, handle, offset, bytes, 0, bytes.length, false);
  }

  /** Flushes and releases; the code of what the flush was answered. */
  close({ ino, handle }: { ino: number; handle: number }): string {
    const outcome = outcomeOf(() => this.vfs.flush(ino, handle));
    this.vfs.release(ino, handle);
    return outcome;
  }

  /** Opens with truncation, writes, closes. */
  save(name: string, text: string): string {
    const file = this.store.slot(this.directory, name) ? this.open(name, TRUNCATE) : this.create(name);
    this.write(file, 0, text);
    return this.close(file);
  }

  unlink(name: string): void {
    this.vfs.unlink(this.directory.ino, name);
  }

  rename(from: string, to: string): string {
    const { ino } = this.directory;
    return outcomeOf(() => this.vfs.rename(ino, from, ino, to, PLAIN, ROOT_CALLER));
  }

  state(name: string): string {
    return Buffer.from(this.vfs.getXattr(this.node(name).ino, 'user.fx.state') ?? []).toString();
  }

  error(name: string): string {
    return Buffer.from(this.vfs.getXattr(this.node(name).ino, 'user.fx.error') ?? []).toString();
  }

  act(name: string, action: string): string {
    const options = { create: false, replace: false };
    const { ino } = this.node(name);
    return outcomeOf(() => this.vfs.setXattr(ino, 'user.fx.action', Buffer.from(action), options, ROOT_CALLER));
  }
}

function idOf(id: NodeId): string {
  return nodeIdToText(id);
}

/** Calls again while it is not ready; how often it had to wait. */
export async function patiently<T>(call: () => T): Promise<{ result: T; waits: number }> {
  for (let waits = 0; ; waits++) {
    try {
      return { result: call(), waits };
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      await error.ready;
    }
  }
}
