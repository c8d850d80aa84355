/**
 * Brings an FXD graph into a store.
 *
 * The children of the last root become entries of the target directory, and so on below:
 * - a node without children becomes a file with the node's value as typed value, null when it has none;
 * - a node with children becomes a directory, which keeps the node's value, if any, as its own (seen as `.value`);
 * - roots of earlier runs come under `.earlier/ROOT-ID`, trees without a parent under `.orphans/NAME`;
 * - a further link to a file becomes a hard link; to a directory it is reported, for a directory has one place.
 *
 * Metadata of each node: its FXD metadata as it is, and `fxd.id`, `fxd.type`, `fxd.proto` (when there is one),
 * `fxd.key` (when the name is another), `fxd.created` and `fxd.modified` (timestamps, as known). The root's are given to the
 * target directory, if that has no metadata yet; its value likewise. Signed integers become i64 (see
 * `v1-integers.ts`).
 *
 * Nodes are created in transactions of bounded size, parents first. The store keeps the batches before a failed one.
 */
import { FxError } from '../errors.ts';
import type { Ino } from '../ids.ts';
import { type Name, nameFromText, nameToText } from '../names.ts';
import type { StoreApi } from '../store/api.ts';
import { KIND, type Node, ROOT_INO } from '../store/node.ts';
import { widenIntegers } from '../uarr/v1-integers.ts';
import { encode } from '../uarr/v2.ts';
import { Timestamp, type Value, type ValueMap } from '../uarr/value.ts';
import type { FxdGraph, FxdLink, FxdNode, FxdProblem } from './graph.ts';
import { nameOfKey } from './key-name.ts';

const BATCH_NODES_MAX = 256;
const BATCH_BYTES_MAX = 4 << 20;
const DIRECTORY_VALUE_NAME = '.value';
const CONTROL_NAME = '.fx';
const EARLIER_NAME = '.earlier';
const ORPHANS_NAME = '.orphans';

export interface ImportGraphOptions {
  /** Owner of what is created; that of the target directory unless given. */
  uid?: number;
  gid?: number;
  /** Permission bits; 0o644 and 0o755 unless given. */
  fileMode?: number;
  directoryMode?: number;
  /** `last` leaves out the roots of earlier runs; `all` unless given. */
  roots?: 'all' | 'last';
  /** Keeps i8, i16 and i32 as FXD's encoder chose them. */
  keepIntegerWidths?: boolean;
}

export interface ImportGraphReport {
  files: number;
  directories: number;
  links: number;
  /** Roots of earlier runs that were left out. */
  rootsLeftOut: number;
  /** The graph's problems and the import's own. */
  problems: FxdProblem[];
}

/** An entry to create. `node` is null for `.earlier` and `.orphans`. */
interface Entry {
  parent: Ino;
  name: Name;
  node: FxdNode | null;
  children: readonly FxdNode[];
}

/**
 * Imports the graph below the directory `parentIno`. NOT_FOUND, NOT_DIRECTORY; EXISTS when a name of the top level is taken
 * (nothing is created then); READ_ONLY, NO_SPACE, IO of the store.
 */
export function importGraph(
  graph: FxdGraph,
  store: StoreApi,
  parentIno: Ino,
  options: ImportGraphOptions = {},
): ImportGraphReport {
  const target = store.node(parentIno);
  if (target === undefined) throw new FxError('NOT_FOUND', `inode ${parentIno}, the directory to import into, is gone`);
  if (target.kind !== KIND.directory) throw new FxError('NOT_DIRECTORY', 'the node to import into is not a directory');
  return new Importer(graph, store, target, options).run();
}

class Importer {
  private readonly graph: FxdGraph;
  private readonly store: StoreApi;
  private readonly target: Node;
  private readonly options: ImportGraphOptions;
  private readonly report: ImportGraphReport;
  /** Where each imported node is. */
  private readonly inos = new Map<FxdNode, Ino>();

  constructor(graph: FxdGraph, store: StoreApi, target: Node, options: ImportGraphOptions) {
    this.graph = graph;
    this.store = store;
    this.target = target;
    this.options = options;
    this.report = { files: 0, directories: 0, links: 0, rootsLeftOut: 0, problems: [...graph.problems] };
  }

  run(): ImportGraphReport {
    const root = this.graph.roots.at(-1);
    const entries = this.topEntries(root);
    for (const { name } of entries) {
      if (this.store.slot(this.target, name) === undefined) continue;
      throw new FxError(
        'EXISTS',
        `"${nameToText(name)}" is already in the directory to import into: import into an empty one`,
      );
    }
    if (root !== undefined) this.dressTarget(root);
    // The last one is created first: reversed, and children are added reversed, so that order is kept.
    const stack = entries.reverse();
    while (stack.length > 0) this.store.transaction(() => this.createBatch(stack));
    this.linkAll();
    return this.report;
  }

  private topEntries(root: FxdNode | undefined): Entry[] {
    const { roots, orphans } = this.graph;
    const entries =
      root === undefined ? [] : this.childEntries(this.target.ino, root.children, root.value !== undefined);
    const taken = new Set(entries.map(({ name }) => name));
    const earlier = roots.slice(0, -1);
    if (this.options.roots === 'last') this.report.rootsLeftOut = earlier.length;
    const groups: [Name, readonly FxdNode[]][] = [[ORPHANS_NAME, orphans]];
    if (this.options.roots !== 'last') groups.unshift([EARLIER_NAME, earlier]);
    for (const [group, children] of groups) {
      let name = group;
      while (taken.has(name)) name += '~';
      if (children.length > 0) entries.push({ parent: this.target.ino, name, node: null, children });
    }
    return entries;
  }

  private childEntries(parent: Ino, children: readonly FxdNode[], hasValue: boolean): Entry[] {
    const reserved = new Set<string>();
    if (hasValue) reserved.add(DIRECTORY_VALUE_NAME);
    if (parent === ROOT_INO) reserved.add(CONTROL_NAME);
    return children.map((node) => {
      const name = nameOfKey(node.name, reserved);
      if (name !== nameFromText(node.name)) {
        this.problem(
          'renamed',
          `the key of node ${node.id} is no file name here: it becomes "${nameToText(name)}"`,
          node.id,
        );
      }
      return { parent, name, node, children: node.children };
    });
  }

  private problem(code: FxdProblem['code'], message: string, id: string): void {
    this.report.problems.push({ code, message, id });
  }

  /** The root's metadata and value for the target, as far as it has none. */
  private dressTarget(root: FxdNode): void {
    const changes: { meta?: Uint8Array; value?: Uint8Array } = {};
    const meta = this.target.meta === null ? this.encodeOf(root, this.metaOf(root, null), 'metadata') : null;
    if (meta !== null) changes.meta = meta;
    const value = root.value === undefined ? null : this.encodeOf(root, root.value, 'value');
    if (value !== null && this.target.value === null) changes.value = value;
    else if (value !== null)
      this.problem('value-lost', 'the target directory keeps its value: that of the root is left out', root.id);
    this.inos.set(root, this.target.ino);
    if (changes.meta !== undefined || changes.value !== undefined) this.store.patch(this.target, changes);
  }

  private createBatch(stack: Entry[]): void {
    let bytes = 0;
    for (let count = 0; count < BATCH_NODES_MAX && bytes < BATCH_BYTES_MAX; count++) {
      const entry = stack.pop();
      if (entry === undefined) return;
      bytes += this.create(entry, stack);
    }
  }

  /** Creates the entry, and puts its children on the stack; returns the bytes it takes in the log, nearly. */
  private create({ parent, name, node, children }: Entry, stack: Entry[]): number {
    const directory = this.store.node(parent);
    if (directory === undefined)
      throw new FxError('STALE', 'the directory that is imported into was removed meanwhile');
    const isDirectory = node === null || children.length > 0;
    const value = node === null ? null : this.valueOf(node, isDirectory);
    const meta = node === null ? null : this.encodeOf(node, this.metaOf(node, nameToText(name)), 'metadata');
    const created = this.store.create(directory, name, {
      kind: isDirectory ? KIND.directory : KIND.file,
      mode: isDirectory ? (this.options.directoryMode ?? 0o755) : (this.options.fileMode ?? 0o644),
      uid: this.options.uid ?? this.target.uid,
      gid: this.options.gid ?? this.target.gid,
      value,
      meta,
    });
    if (node !== null) this.inos.set(node, created.ino);
    if (isDirectory) this.report.directories++;
    else this.report.files++;
    const below = this.childEntries(created.ino, children, value !== null);
    for (let i = below.length - 1; i >= 0; i--) stack.push(below[i] as Entry);
    return name.length + (value?.length ?? 0) + (meta?.length ?? 0);
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
      this.problem('value-lost', `the ${what} of node ${node.id} is left out: ${error.message}`, node.id);
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

  private linkAll(): void {
    const { links } = this.graph;
    for (let i = 0; i < links.length; i += BATCH_NODES_MAX) {
      this.store.transaction(() => {
        for (const link of links.slice(i, i + BATCH_NODES_MAX)) this.link(link);
      });
    }
  }

  private link({ parentId, name, nodeId }: FxdLink): void {
    const nodeOf = (id: string): Node | undefined => {
      const node = this.graph.nodes.get(id);
      const ino = node && this.inos.get(node);
      return ino === undefined ? undefined : this.store.node(ino);
    };
    const parent = nodeOf(parentId);
    const node = nodeOf(nodeId);
    const slotName = nameOfKey(name, new Set([DIRECTORY_VALUE_NAME, CONTROL_NAME]));
    const isPossible = parent?.kind === KIND.directory && node !== undefined && node.kind !== KIND.directory;
    if (isPossible && this.store.slot(parent, slotName) === undefined) {
      this.store.link(node, parent, slotName);
      this.report.links++;
      return;
    }
    this.problem(
      'link-lost',
      `the link "${name}" under ${parentId} to node ${nodeId} has no place in a file tree`,
      nodeId,
    );
  }
}
