/**
 * What an FXD graph becomes in a store, worked out without one: nodes with encoded values in the order of their
 * making, then links. All of it is plain data, so that it can come from another thread.
 *
 * What becomes what is told in import-graph.ts.
 */
import { FxError } from '../errors.ts';
import { type Name, nameFromText, nameToText } from '../names.ts';
import { widenIntegers } from '../uarr/v1-integers.ts';
import { encode } from '../uarr/v2.ts';
import { Timestamp, type Value, type ValueMap } from '../uarr/value.ts';
import type { FxdGraph, FxdNode, FxdProblem } from './graph.ts';
import { nameOfKey } from './key-name.ts';

const DIRECTORY_VALUE_NAME = '.value';
const CONTROL_NAME = '.fx';
const EARLIER_NAME = '.earlier';
const ORPHANS_NAME = '.orphans';

/** In the place of a node's number: the directory that is imported into. */
export const TARGET = -1;

export interface PlanOptions {
  /** The target is the root of the store, where the name `.fx` is taken. */
  intoRoot: boolean;
  /** `last` leaves out the roots of earlier runs. */
  roots: 'all' | 'last';
  /** Keeps i8, i16 and i32 as FXD's encoder chose them. */
  keepIntegerWidths: boolean;
}

/** What the target itself is given, as far as it has none. */
export interface PlannedTarget {
  id: string;
  meta: Uint8Array | null;
  value: Uint8Array | null;
}

/** A node to make. They are numbered from 0 as they come, each after its parent. */
export interface PlannedNode {
  parent: number;
  name: Name;
  isDirectory: boolean;
  value: Uint8Array | null;
  meta: Uint8Array | null;
}

/** A further name for a node; undefined where there is none to link. */
export interface PlannedLink {
  parent: number | undefined;
  node: number | undefined;
  name: Name;
  /** To report when it has no place. */
  problem: FxdProblem;
}

/** The parts of a plan in the order of their use. */
export type PlanStep =
  | { kind: 'start'; target: PlannedTarget | undefined; names: Name[] }
  | { kind: 'node'; node: PlannedNode }
  | { kind: 'link'; link: PlannedLink }
  | { kind: 'end'; problems: FxdProblem[]; rootsLeftOut: number };

interface Entry {
  parent: number;
  name: Name;
  /** Null for `.earlier` and `.orphans`. */
  node: FxdNode | null;
  children: readonly FxdNode[];
}

export function* planOf(graph: FxdGraph, options: PlanOptions): Generator<PlanStep, void, void> {
  yield* new Planner(graph, options).steps();
}

class Planner {
  private readonly graph: FxdGraph;
  private readonly options: PlanOptions;
  private readonly problems: FxdProblem[];
  private readonly numbers = new Map<FxdNode, number>();
  private nodeCount = 0;

  constructor(graph: FxdGraph, options: PlanOptions) {
    this.graph = graph;
    this.options = options;
    this.problems = [...graph.problems];
  }

  *steps(): Generator<PlanStep, void, void> {
    const root = this.graph.roots.at(-1);
    const entries = this.topEntries(root);
    const target = root === undefined ? undefined : this.targetOf(root);
    yield { kind: 'start', target, names: entries.map(({ name }) => name) };
    // The last one is made first: reversed, and children are added reversed, so that order is kept.
    const stack = entries.reverse();
    for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
      yield { kind: 'node', node: this.nodeOf(entry, stack) };
    }
    for (const { parentId, name, nodeId } of this.graph.links) {
      const message = `the link "${name}" under ${parentId} to node ${nodeId} has no place in a file tree`;
      const link: PlannedLink = {
        parent: this.numberOf(parentId),
        node: this.numberOf(nodeId),
        name: nameOfKey(name, new Set([DIRECTORY_VALUE_NAME, CONTROL_NAME])),
        problem: { code: 'link-lost', message, id: nodeId },
      };
      yield { kind: 'link', link };
    }
    const rootsLeftOut = this.options.roots === 'last' ? Math.max(0, this.graph.roots.length - 1) : 0;
    yield { kind: 'end', problems: this.problems, rootsLeftOut };
  }

  private numberOf(id: string): number | undefined {
    const node = this.graph.nodes.get(id);
    return node && this.numbers.get(node);
  }

  private topEntries(root: FxdNode | undefined): Entry[] {
    const { roots, orphans } = this.graph;
    const entries = root === undefined ? [] : this.childEntries(TARGET, root.children, root.value !== undefined);
    const taken = new Set(entries.map(({ name }) => name));
    const groups: [Name, readonly FxdNode[]][] = [[ORPHANS_NAME, orphans]];
    if (this.options.roots !== 'last') groups.unshift([EARLIER_NAME, roots.slice(0, -1)]);
    for (const [group, children] of groups) {
      let name = group;
      while (taken.has(name)) name += '~';
      if (children.length > 0) entries.push({ parent: TARGET, name, node: null, children });
    }
    return entries;
  }

  private childEntries(parent: number, children: readonly FxdNode[], hasValue: boolean): Entry[] {
    const reserved = new Set<string>();
    if (hasValue) reserved.add(DIRECTORY_VALUE_NAME);
    if (parent === TARGET && this.options.intoRoot) reserved.add(CONTROL_NAME);
    return children.map((node) => {
      const name = nameOfKey(node.name, reserved);
      if (name !== nameFromText(node.name)) {
        const message = `the key of node ${node.id} is no file name here: it becomes "${nameToText(name)}"`;
        this.problems.push({ code: 'renamed', message, id: node.id });
      }
      return { parent, name, node, children: node.children };
    });
  }

  private targetOf(root: FxdNode): PlannedTarget {
    this.numbers.set(root, TARGET);
    const meta = this.encodeOf(root, this.metaOf(root, null), 'metadata');
    const value = root.value === undefined ? null : this.encodeOf(root, root.value, 'value');
    return { id: root.id, meta, value };
  }

  /** The node of the entry; puts its children on the stack. */
  private nodeOf({ parent, name, node, children }: Entry, stack: Entry[]): PlannedNode {
    const isDirectory = node === null || children.length > 0;
    const value = node === null ? null : this.valueOf(node, isDirectory);
    const meta = node === null ? null : this.encodeOf(node, this.metaOf(node, nameToText(name)), 'metadata');
    const number = this.nodeCount++;
    if (node !== null) this.numbers.set(node, number);
    const below = this.childEntries(number, children, value !== null);
    for (let i = below.length - 1; i >= 0; i--) stack.push(below[i] as Entry);
    return { parent, name, isDirectory, value, meta };
  }

  private valueOf(node: FxdNode, isDirectory: boolean): Uint8Array | null {
    if (isDirectory) return node.value === undefined ? null : this.encodeOf(node, node.value, 'value');
    return this.encodeOf(node, node.value ?? null, 'value') ?? encode(null);
  }

  /** Encoded; null, and a problem, when it is over a limit of the store. */
  private encodeOf(node: FxdNode, value: Value, what: string): Uint8Array | null {
    try {
      return encode(this.options.keepIntegerWidths ? value : widenIntegers(value));
    } catch (error) {
      if (!(error instanceof FxError)) throw error;
      const message = `the ${what} of node ${node.id} is left out: ${error.message}`;
      this.problems.push({ code: 'value-lost', message, id: node.id });
      return null;
    }
  }

  /** `name` is null for the root. */
  private metaOf(node: FxdNode, name: string | null): ValueMap {
    const meta: ValueMap = new Map(node.meta ?? []);
    meta.set('fxd.id', node.id);
    meta.set('fxd.type', node.type);
    if (node.proto !== undefined) meta.set('fxd.proto', node.proto);
    if (node.key !== null && name !== null && node.key !== name) meta.set('fxd.key', node.key);
    if (node.createdNs !== null) meta.set('fxd.created', new Timestamp(node.createdNs));
    if (node.modifiedNs !== null) meta.set('fxd.modified', new Timestamp(node.modifiedNs));
    return meta;
  }
}
