/**
 * Which signals a subscriber gets.
 *
 * `under` takes a directory's own signals and those of all that is below it. Where a node is, is looked up
 * in the tree as it is now; of a node that is gone by now, the links that the feed tells of say where it was.
 */
import type { Ino } from '../ids.ts';
import type { StoreApi } from '../store/api.ts';
import type { Node } from '../store/node.ts';
import { type LogRecord, RECORD } from '../store/records.ts';
import type { Signal, SignalKind } from './signal.ts';

export interface FilterOptions {
  /** Only these kinds; all when absent. */
  readonly kinds?: readonly SignalKind[];
  /** Only this node. */
  readonly node?: Ino;
  /** Only this node and what is below it. */
  readonly under?: Ino;
  /** Only nodes that are there and of which this holds. */
  readonly matches?: (node: Node) => boolean;
}

export class SignalFilter {
  readonly #store: StoreApi;
  readonly #kinds: ReadonlySet<SignalKind> | undefined;
  readonly #node: Ino | undefined;
  readonly #under: Ino | undefined;
  readonly #matches: ((node: Node) => boolean) | undefined;
  /** Nodes that are gone from the tree by now, and were below `under`. */
  readonly #gone = new Set<Ino>();

  constructor(store: StoreApi, { kinds, node, under, matches }: FilterOptions) {
    this.#store = store;
    this.#kinds = kinds === undefined ? undefined : new Set(kinds);
    this.#node = node;
    this.#under = under;
    this.#matches = matches;
  }

  /** The frame's signals that pass. Frames must come in order. */
  select(records: readonly LogRecord[], signals: readonly Signal[]): Signal[] {
    this.#learn(records);
    const selected = signals.filter(
      ({ ino, delta }) =>
        (this.#kinds === undefined || this.#kinds.has(delta.kind)) &&
        (this.#node === undefined || this.#node === ino) &&
        (this.#under === undefined || this.#isBelow(ino)) &&
        (this.#matches === undefined || this.#holds(ino, this.#matches)),
    );
    for (const record of records) if (record.type === RECORD.nodeDelete) this.#gone.delete(record.ino);
    return selected;
  }

  #holds(ino: Ino, matches: (node: Node) => boolean): boolean {
    const node = this.#store.node(ino);
    return node !== undefined && matches(node);
  }

  #learn(records: readonly LogRecord[]): void {
    if (this.#under === undefined) return;
    for (const record of records) {
      if (record.type !== RECORD.linkAdd && record.type !== RECORD.linkDel) continue;
      const { ino } = record.child;
      if (this.#store.node(ino) === undefined && this.#isBelow(record.ino)) this.#gone.add(ino);
    }
  }

  #isBelow(ino: Ino): boolean {
    for (let at: Ino | undefined = ino; at !== undefined; ) {
      if (at === this.#under || this.#gone.has(at)) return true;
      at = this.#store.node(at)?.links[0]?.parent;
    }
    return false;
  }
}
