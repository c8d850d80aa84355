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
 * What is made is planned apart from the store (graph-plan.ts). Nodes are created in transactions of bounded size,
 * parents first. The store keeps the batches before a failed one.
 */
import { FxError } from '../errors.ts';
import type { Ino } from '../ids.ts';
import { nameToText } from '../names.ts';
import type { StoreApi } from '../store/api.ts';
import { KIND, type Node, ROOT_INO } from '../store/node.ts';
import type { FxdGraph, FxdProblem } from './graph.ts';
import {
  type PlannedLink,
  type PlannedNode,
  type PlannedTarget,
  type PlanOptions,
  type PlanStep,
  planOf,
  TARGET,
} from './graph-plan.ts';

/** Few enough that a batch takes about two milliseconds. */
const BATCH_STEPS_MAX = 64;
const BATCH_BYTES_MAX = 256 << 10;

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
  const making = new GraphMaking(store, parentIno, options);
  for (const step of planOf(graph, planOptions(parentIno, options))) making.take(step);
  return making.report;
}

export function planOptions(parentIno: Ino, options: ImportGraphOptions): PlanOptions {
  return {
    intoRoot: parentIno === ROOT_INO,
    roots: options.roots ?? 'all',
    keepIntegerWidths: options.keepIntegerWidths ?? false,
  };
}

/** Follows the steps of a plan. Errors as `importGraph`; STALE when the target is removed meanwhile. */
export class GraphMaking {
  /** Complete after the last step. */
  readonly report: ImportGraphReport = { files: 0, directories: 0, links: 0, rootsLeftOut: 0, problems: [] };
  private readonly store: StoreApi;
  private readonly target: Node;
  private readonly options: ImportGraphOptions;
  /** Inodes of the planned nodes by their numbers. */
  private readonly inos: Ino[] = [];
  private readonly problems: FxdProblem[] = [];
  private pending: (() => void)[] = [];
  private pendingBytes = 0;

  constructor(store: StoreApi, target: Ino, options: ImportGraphOptions) {
    const node = store.node(target);
    if (node === undefined) throw new FxError('NOT_FOUND', `inode ${target}, the directory to import into, is gone`);
    if (node.kind !== KIND.directory) throw new FxError('NOT_DIRECTORY', 'the node to import into is not a directory');
    this.store = store;
    this.target = node;
    this.options = options;
  }

  take(step: PlanStep): void {
    switch (step.kind) {
      case 'start':
        for (const name of step.names) {
          if (this.store.slot(this.target, name) === undefined) continue;
          const why = 'is already in the directory to import into: import into an empty one';
          throw new FxError('EXISTS', `"${nameToText(name)}" ${why}`);
        }
        if (step.target !== undefined) this.dressTarget(step.target);
        return;
      case 'node':
        this.queue(() => this.create(step.node), (step.node.value?.length ?? 0) + (step.node.meta?.length ?? 0));
        return;
      case 'link':
        this.queue(() => this.link(step.link), 0);
        return;
      case 'end':
        this.flush();
        this.report.rootsLeftOut = step.rootsLeftOut;
        this.report.problems = [...step.problems, ...this.problems];
    }
  }

  private queue(run: () => void, bytes: number): void {
    this.pending.push(run);
    this.pendingBytes += bytes;
    if (this.pending.length >= BATCH_STEPS_MAX || this.pendingBytes >= BATCH_BYTES_MAX) this.flush();
  }

  private flush(): void {
    const steps = this.pending;
    this.pending = [];
    this.pendingBytes = 0;
    if (steps.length === 0) return;
    this.store.transaction(() => {
      for (const step of steps) step();
    });
  }

  /** The root's metadata and value for the target, as far as it has none. */
  private dressTarget({ id, meta, value }: PlannedTarget): void {
    const changes: { meta?: Uint8Array; value?: Uint8Array } = {};
    if (meta !== null && this.target.meta === null) changes.meta = meta;
    if (value !== null && this.target.value === null) changes.value = value;
    else if (value !== null) {
      const message = 'the target directory keeps its value: that of the root is left out';
      this.problems.push({ code: 'value-lost', message, id });
    }
    if (changes.meta !== undefined || changes.value !== undefined) this.store.patch(this.target, changes);
  }

  private nodeOf(number: number | undefined): Node | undefined {
    if (number === undefined) return undefined;
    return this.store.node(number === TARGET ? this.target.ino : (this.inos[number] ?? 0));
  }

  private create({ parent, name, isDirectory, value, meta }: PlannedNode): void {
    const directory = this.nodeOf(parent);
    if (directory === undefined)
      throw new FxError('STALE', 'the directory that is imported into was removed meanwhile');
    const { options, target } = this;
    const created = this.store.create(directory, name, {
      kind: isDirectory ? KIND.directory : KIND.file,
      mode: isDirectory ? (options.directoryMode ?? 0o755) : (options.fileMode ?? 0o644),
      uid: options.uid ?? target.uid,
      gid: options.gid ?? target.gid,
      value,
      meta,
    });
    this.inos.push(created.ino);
    if (isDirectory) this.report.directories++;
    else this.report.files++;
  }

  private link({ parent, node, name, problem }: PlannedLink): void {
    const directory = this.nodeOf(parent);
    const linked = this.nodeOf(node);
    const isPossible = directory?.kind === KIND.directory && linked !== undefined && linked.kind !== KIND.directory;
    if (isPossible && this.store.slot(directory, name) === undefined) {
      this.store.link(linked, directory, name);
      this.report.links++;
      return;
    }
    this.problems.push(problem);
  }
}
