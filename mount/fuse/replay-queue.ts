/**
 * File-change events that wait to be replayed, merged while they wait.
 */
import type { Ino } from '../../src/ids.ts';
import type { Name } from '../../src/names.ts';
import { KIND, type Kind } from '../../src/store/node.ts';
import type { FileEvent } from '../operations.ts';
import { S_IFMT } from './protocol.ts';

type EntryChange = Exclude<FileEvent, { what: 'modified' | 'touched' }>;

export type PendingEvent =
  | FileEvent
  | (Omit<EntryChange, 'what'> & { readonly what: 'moved'; readonly toParent: Ino; readonly toName: Name });

type EntryEvent = Exclude<PendingEvent, { what: 'modified' | 'touched' }>;

/** Names that may wait; above it the directories are told of instead. */
const PENDING_MAX = 8192;

/** Type bits and permissions for making a node of a kind; which node it becomes is the daemon's answer. */
export function formatOf(kind: Kind): number {
  return ((FORMATS[kind] ?? 0o100000) & S_IFMT) | 0o600;
}

const FORMATS: Readonly<Partial<Record<Kind, number>>> = {
  [KIND.directory]: 0o040000,
  [KIND.fifo]: 0o010000,
  [KIND.socket]: 0o140000,
  [KIND.charDevice]: 0o020000,
  [KIND.blockDevice]: 0o060000,
};

/**
 * Changes of names come out in the order they went in, before changes of content. A name that was added and
 * removed again is not told; one node removed here and added there is moved; a name that something moved
 * onto is not told as removed, as rename(2) does not either.
 */
export class PendingEvents {
  /** By number, rising. */
  readonly #entries = new Map<number, EntryEvent>();
  /** The last event about a name, and the last removal of a node. */
  readonly #byName = new Map<string, number>();
  readonly #removals = new Map<Ino, number>();
  readonly #files = new Map<Ino, 'modified' | 'touched'>();
  #next = 0;

  get size(): number {
    return this.#entries.size + this.#files.size;
  }

  clear(): void {
    this.#entries.clear();
    this.#byName.clear();
    this.#removals.clear();
    this.#files.clear();
  }

  add(event: FileEvent): void {
    switch (event.what) {
      case 'modified':
        this.#files.set(event.ino, 'modified');
        break;
      case 'touched':
        if (!this.#files.has(event.ino)) this.#files.set(event.ino, 'touched');
        break;
      case 'added':
        this.#added(event);
        break;
      case 'removed':
        this.#removed(event);
        break;
    }
    if (this.#entries.size > PENDING_MAX) this.#giveUpNames();
    if (this.#files.size > PENDING_MAX) this.#files.clear();
  }

  take(): PendingEvent | undefined {
    for (const [number, event] of this.#entries) {
      this.#forget(number, event);
      return event;
    }
    for (const [ino, what] of this.#files) {
      this.#files.delete(ino);
      return { what, ino };
    }
    return undefined;
  }

  #put(event: EntryEvent, name: string): void {
    const number = this.#next++;
    this.#entries.set(number, event);
    this.#byName.set(name, number);
    if (event.what === 'removed') this.#removals.set(event.ino, number);
  }

  #forget(number: number, event: EntryEvent): void {
    this.#entries.delete(number);
    const names = [keyOf(event.parent, event.name)];
    if (event.what === 'moved') names.push(keyOf(event.toParent, event.toName));
    for (const name of names) if (this.#byName.get(name) === number) this.#byName.delete(name);
    if (this.#removals.get(event.ino) === number) this.#removals.delete(event.ino);
  }

  #added({ parent, name, ino, kind }: EntryChange): void {
    const key = keyOf(parent, name);
    const number = this.#removals.get(ino);
    const removal = number === undefined ? undefined : this.#entries.get(number);
    if (number === undefined || removal === undefined) {
      this.#put({ what: 'added', parent, name, ino, kind }, key);
      return;
    }
    this.#forget(number, removal);
    // Put back where it was: nothing has changed.
    if (removal.parent === parent && removal.name === name) return;
    const before = this.#byName.get(key);
    const replaced = before === undefined ? undefined : this.#entries.get(before);
    if (before !== undefined && replaced?.what === 'removed') this.#forget(before, replaced);
    const from = { parent: removal.parent, name: removal.name };
    this.#put({ what: 'moved', ...from, ino, kind, toParent: parent, toName: name }, key);
  }

  #removed({ parent, name, ino, kind }: EntryChange): void {
    const key = keyOf(parent, name);
    const number = this.#byName.get(key);
    const last = number === undefined ? undefined : this.#entries.get(number);
    if (number !== undefined && last !== undefined && last.ino === ino) {
      if (last.what === 'added') return this.#forget(number, last);
      if (last.what === 'moved' && last.toParent === parent && last.toName === name) {
        this.#forget(number, last);
        this.#put({ what: 'removed', parent: last.parent, name: last.name, ino, kind }, keyOf(last.parent, last.name));
        return;
      }
    }
    this.#put({ what: 'removed', parent, name, ino, kind }, key);
  }

  #giveUpNames(): void {
    const directories = new Set<Ino>();
    for (const event of this.#entries.values()) {
      directories.add(event.parent);
      if (event.what === 'moved') directories.add(event.toParent);
    }
    this.#entries.clear();
    this.#byName.clear();
    this.#removals.clear();
    for (const ino of directories) this.#files.set(ino, 'modified');
  }
}

function keyOf(parent: Ino, name: Name): string {
  return `${parent}/${name}`;
}
