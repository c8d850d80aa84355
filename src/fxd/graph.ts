/**
 * An FXD node graph in memory, and how it is put together from what a file says.
 *
 * A file may say things out of order, twice, or in contradiction. The builder takes all of it and decides:
 * - a node defined again is the same node with its later content;
 * - the first edge that is left to a node is its place, further ones are links;
 * - a node whose last edge was removed is deleted, with what lies below it;
 * - a node whose parent is nowhere is an orphan: the top of a tree of its own;
 * - of nodes that contain each other in a circle, the one defined first becomes an orphan;
 * - of siblings with one name the last defined has it; the others are told apart by `~` and their id.
 * Whatever it decides beyond a plain reading is among the problems.
 */
import type { Value, ValueMap } from '../uarr/value.ts';

export interface FxdNode {
  id: string;
  parentId: string | null;
  /** Key under the parent; null for a root. Not yet a valid file name. */
  key: string | null;
  /** Differs from `key` only where siblings share a key. */
  name: string;
  type: string;
  /** undefined when the node has no value. */
  value: Value;
  meta: ValueMap | null;
  /** `proto` as the file has it; undefined when absent. */
  proto: Value;
  /** Times in ns since 1970, as far as the file knows them. */
  createdNs: bigint | null;
  modifiedNs: bigint | null;
  /** In order of definition. */
  children: FxdNode[];
}

/** What one must know about an import. `code` is stable; `message` is one line for people. */
export interface FxdProblem {
  code:
    | 'damaged-record'
    | 'cut-record'
    | 'bad-payload'
    | 'unknown-record'
    | 'unknown-node'
    | 'redefined-node'
    | 'second-root'
    | 'orphan'
    | 'cycle'
    | 'duplicate-name'
    | 'extra-link'
    | 'deleted-node'
    | 'bad-json'
    | 'bad-snippet'
    | 'renamed'
    | 'value-lost'
    | 'link-lost'
    | 'unsaved-log';
  message: string;
  /** Node concerned. */
  id?: string;
}

/** A further edge to a node that has its place elsewhere. */
export interface FxdLink {
  parentId: string;
  name: string;
  nodeId: string;
}

export interface FxdGraph {
  /** All nodes that are not deleted, in order of definition. */
  nodes: Map<string, FxdNode>;
  /** Nodes without a parent, in order of definition: an FXD log has one for each run of the program. */
  roots: FxdNode[];
  /** Tops of the trees whose parent is missing. */
  orphans: FxdNode[];
  links: FxdLink[];
  problems: FxdProblem[];
}

/** What a definition says of a node. */
export interface FxdDefinition {
  id: string;
  parentId: string | null;
  key: string | null;
  type: string;
  value?: Value;
  meta?: ValueMap | null;
  proto?: Value;
  createdNs?: bigint | null;
  modifiedNs?: bigint | null;
}

interface Edge {
  parentId: string;
  key: string | null;
}

export class GraphBuilder {
  readonly problems: FxdProblem[] = [];
  private readonly nodes = new Map<string, FxdNode>();
  /** Edges to each node; none for a root. */
  private readonly edges = new Map<string, Edge[]>();
  private readonly roots = new Set<string>();

  problem(code: FxdProblem['code'], message: string, id?: string): void {
    this.problems.push(id === undefined ? { code, message } : { code, message, id });
  }

  has(id: string): boolean {
    return this.nodes.has(id);
  }

  /** Defines a node, or gives a known one new content and a new place. */
  define(definition: FxdDefinition): void {
    const { id, parentId, key } = definition;
    const old = this.nodes.get(id);
    if (old !== undefined) this.problem('redefined-node', `node ${id} is defined again: the later content counts`, id);
    this.nodes.set(id, {
      id,
      parentId,
      key,
      name: key ?? '',
      type: definition.type,
      value: definition.value,
      meta: definition.meta ?? null,
      proto: definition.proto,
      createdNs: old?.createdNs ?? definition.createdNs ?? null,
      modifiedNs: definition.modifiedNs ?? null,
      children: [],
    });
    this.roots.delete(id);
    if (parentId === null) this.roots.add(id);
    this.edges.set(id, parentId === null ? [] : [{ parentId, key }]);
  }

  /** Changes a node; meta is merged key by key. False when the node is not known. */
  patch(
    id: string,
    changes: { value?: Value; meta?: ValueMap; type?: string; proto?: Value },
    timeNs: bigint,
  ): boolean {
    const node = this.nodes.get(id);
    if (node === undefined) return false;
    if ('value' in changes) node.value = changes.value;
    if (changes.meta) node.meta = new Map([...(node.meta ?? []), ...changes.meta]);
    if (changes.type !== undefined) node.type = changes.type;
    if ('proto' in changes) node.proto = changes.proto;
    node.modifiedNs = timeNs;
    return true;
  }

  /** Adds an edge; a key of null keeps the node's own. False when the child is not known. */
  link(parentId: string, childId: string, key: string | null): boolean {
    const node = this.nodes.get(childId);
    const edges = this.edges.get(childId);
    if (node === undefined || edges === undefined) return false;
    const edge = { parentId, key: key ?? node.key };
    const known = edges.findIndex((other) => other.parentId === parentId);
    if (known >= 0) edges[known] = edge;
    else edges.push(edge);
    this.roots.delete(childId);
    return true;
  }

  /** Removes the edge; a key that is given must match. False when there is no such edge. */
  unlink(parentId: string, childId: string, key: string | null): boolean {
    const edges = this.edges.get(childId);
    const at = edges?.findIndex((edge) => edge.parentId === parentId && (key === null || edge.key === key)) ?? -1;
    if (at < 0) return false;
    edges?.splice(at, 1);
    return true;
  }

  /** Puts the tree together. The builder is of no use afterwards. */
  finish(): FxdGraph {
    const links: FxdLink[] = [];
    const roots: FxdNode[] = [];
    const orphans: FxdNode[] = [];
    this.dropDeleted();
    for (const node of this.nodes.values()) {
      const [place, ...others] = this.edges.get(node.id) ?? [];
      node.parentId = place?.parentId ?? null;
      node.key = place?.key ?? (place ? node.key : null);
      const parent = place && this.nodes.get(place.parentId);
      if (parent !== undefined) parent.children.push(node);
      else if (place === undefined) roots.push(node);
      else orphans.push(node);
      for (const { parentId, key } of others) links.push({ parentId, name: key ?? node.id, nodeId: node.id });
    }
    for (const { id, parentId } of orphans)
      this.problem('orphan', `node ${id} has a parent ${parentId} that is not there`, id);
    this.breakCycles([...roots, ...orphans], orphans);
    for (const node of this.nodes.values()) this.nameChildren(node.children);
    for (const node of [...roots, ...orphans]) node.name = node.key ?? node.id;
    this.nameChildren(orphans);
    for (const root of roots.slice(0, -1)) {
      this.problem(
        'second-root',
        `node ${root.id} is the root of an earlier run; the last root is ${roots.at(-1)?.id}`,
        root.id,
      );
    }
    for (const { parentId, name, nodeId } of links) {
      this.problem('extra-link', `node ${nodeId} is also linked as "${name}" under ${parentId}`, nodeId);
    }
    return { nodes: this.nodes, roots, orphans, links, problems: this.problems };
  }

  /** Takes out the nodes that lost their last edge, and what is only reached through them. */
  private dropDeleted(): void {
    const below = new Map<string, string[]>();
    for (const [id, edges] of this.edges) {
      for (const { parentId } of edges) {
        const children = below.get(parentId);
        if (children === undefined) below.set(parentId, [id]);
        else children.push(id);
      }
    }
    const gone = [...this.edges].filter(([id, edges]) => edges.length === 0 && !this.roots.has(id)).map(([id]) => id);
    for (let id = gone.pop(); id !== undefined; id = gone.pop()) {
      if (!this.nodes.delete(id)) continue;
      this.edges.delete(id);
      this.problem('deleted-node', `node ${id} was unlinked from its last parent: it is deleted`, id);
      for (const child of below.get(id) ?? []) {
        const edges = this.edges.get(child)?.filter((edge) => edge.parentId !== id);
        if (edges === undefined) continue;
        this.edges.set(child, edges);
        if (edges.length === 0) gone.push(child);
      }
    }
  }

  /** Makes an orphan of one node of each circle, so that every node can be reached. */
  private breakCycles(tops: FxdNode[], orphans: FxdNode[]): void {
    const reached = new Set<FxdNode>();
    const visit = (top: FxdNode): void => {
      const stack = [top];
      for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
        if (reached.has(node)) continue;
        reached.add(node);
        stack.push(...node.children);
      }
    };
    for (const top of tops) visit(top);
    for (const node of this.nodes.values()) {
      if (reached.has(node)) continue;
      const top = this.circleTop(node);
      const parent = this.nodes.get(top.parentId as string) as FxdNode;
      parent.children = parent.children.filter((child) => child !== top);
      orphans.push(top);
      this.problem('cycle', `node ${top.id} lies below itself: it is cut off from its parent ${parent.id}`, top.id);
      visit(top);
    }
  }

  /** The first defined node of the circle that `from`, going upwards, leads into; `from` was not reached from any top. */
  private circleTop(from: FxdNode): FxdNode {
    const parentOf = (node: FxdNode): FxdNode => this.nodes.get(node.parentId as string) as FxdNode;
    const path = new Set<FxdNode>();
    let node = from;
    for (; !path.has(node); node = parentOf(node)) path.add(node);
    const circle = new Set<FxdNode>();
    for (; !circle.has(node); node = parentOf(node)) circle.add(node);
    for (const candidate of this.nodes.values()) if (circle.has(candidate)) return candidate;
    return node;
  }

  /** Gives siblings different names: the last defined keeps a shared key. */
  private nameChildren(siblings: FxdNode[]): void {
    const last = new Map<string, FxdNode>();
    for (const node of siblings) {
      node.name = node.key ?? node.id;
      last.set(node.name, node);
    }
    if (last.size === siblings.length) return;
    const taken = new Set(last.keys());
    for (const node of siblings) {
      if (last.get(node.name) === node) continue;
      const key = node.name;
      node.name = `${key}~${node.id}`;
      while (taken.has(node.name)) node.name += '~';
      taken.add(node.name);
      this.problem(
        'duplicate-name',
        `"${key}" is the key of several siblings: node ${node.id} becomes "${node.name}"`,
        node.id,
      );
    }
  }
}
