/**
 * Walks over directories and subtrees in bounded memory.
 */
import { type Ino, nodeIdToText } from '../ids.ts';
import { type Name, nameToText } from '../names.ts';
import type { StoreApi } from '../store/api.ts';
import { KIND, type Node, type Slot } from '../store/node.ts';
import { type KindName, kindName } from './kinds.ts';

export interface Entry {
  name: string;
  kind: KindName;
  /** NodeID as text. */
  id: string;
  ino: number;
}

export interface WalkedEntry extends Entry {
  /** From the node that the walk started at: "a/b". */
  path: string;
  /** 1 for the entries of the node that the walk started at. */
  depth: number;
}

const BATCH_SLOTS = 256;

/**
 * Slots of a directory in insertion order, fetched in batches: the directory may change meanwhile. What
 * is there all the time is given once, what comes or goes may be given or not.
 */
export function* slotsOf(store: StoreApi, directory: Ino): Generator<Slot, void, void> {
  for (let after = 0; ; ) {
    const node = store.node(directory);
    if (node === undefined) return;
    const batch: Slot[] = [];
    store.slots(node, after, (slot) => batch.push(slot) < BATCH_SLOTS);
    const last = batch.at(-1);
    if (last === undefined) return;
    yield* batch;
    after = last.cookie;
  }
}

export function entryOf(store: StoreApi, slot: Slot): Entry | undefined {
  const node = store.node(slot.ino);
  if (node === undefined) return undefined;
  return { name: nameToText(slot.name), kind: kindName(slot.kind), id: nodeIdToText(node.id), ino: slot.ino };
}

/** Entries below a directory, each before its own entries, down to `depth` levels. */
export function* walk(store: StoreApi, directory: Ino, depth: number): Generator<WalkedEntry, void, void> {
  const open = [{ path: '', slots: slotsOf(store, directory) }];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const next = level.slots.next();
    if (next.done === true) {
      open.pop();
      continue;
    }
    const entry = entryOf(store, next.value);
    if (entry === undefined) continue;
    const path = level.path + entry.name;
    yield { ...entry, path, depth: open.length };
    if (next.value.kind === KIND.directory && open.length < depth) {
      open.push({ path: `${path}/`, slots: slotsOf(store, next.value.ino) });
    }
  }
}

/** One unlink of a removal. */
export interface RemovalStep {
  readonly parent: Ino;
  readonly name: Name;
}

/** The unlinks that remove `node` from its slot with all below it, each directory after its entries. */
export function* removalSteps(
  store: StoreApi,
  parent: Ino,
  name: Name,
  node: Node,
): Generator<RemovalStep, void, void> {
  if (node.kind !== KIND.directory) {
    yield { parent, name };
    return;
  }
  const open = [{ parent, name, ino: node.ino, slots: slotsOf(store, node.ino) }];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const next = level.slots.next();
    if (next.done === true) {
      open.pop();
      yield { parent: level.parent, name: level.name };
    } else if (next.value.kind === KIND.directory) {
      const slot = next.value;
      open.push({ parent: slot.parent, name: slot.name, ino: slot.ino, slots: slotsOf(store, slot.ino) });
    } else {
      yield { parent: next.value.parent, name: next.value.name };
    }
  }
}

/**
 * Does steps until they end, `stepsMax` are done, or it is `untilMs` (as of `performance.now()`); returns how
 * many. Names that are gone already count. Inside a transaction.
 */
export function removeSome(
  store: StoreApi,
  steps: Iterator<RemovalStep, void, void>,
  stepsMax: number,
  untilMs = Infinity,
): { done: number; ended: boolean } {
  let done = 0;
  for (; done < stepsMax && performance.now() < untilMs; done++) {
    const next = steps.next();
    if (next.done === true) return { done, ended: true };
    const parent = store.node(next.value.parent);
    if (parent !== undefined && store.slot(parent, next.value.name) !== undefined)
      store.unlink(parent, next.value.name);
  }
  return { done, ended: false };
}
