/**
 * What an open transaction must put back when it is refused.
 */
import { Node } from './node.ts';

export class UndoLog {
  readonly #steps: (() => void)[] = [];
  readonly #nodes = new Set<Node>();

  /** Notes a step to take back; steps run in reverse order. */
  push(step: () => void): void {
    this.#steps.push(step);
  }

  /** Keeps the node as it is now, once, but for its directory entries, which are undone by steps. */
  keep(node: Node): void {
    if (this.#nodes.has(node)) return;
    this.#nodes.add(node);
    const before = Object.assign(new Node(node.ino, node.id, node.kind), node);
    before.links = [...node.links];
    before.xattrs = node.xattrs && new Map(node.xattrs);
    before.extents = node.extents?.clone() ?? null;
    const entries = node.directory?.count ?? 0;
    this.#steps.push(() => {
      const { dirtyRound } = node;
      Object.assign(node, before);
      node.dirtyRound = dirtyRound;
      if (node.directory) node.directory.count = entries;
    });
  }

  /** Nodes kept so far: all that the transaction touched. */
  get nodes(): Iterable<Node> {
    return this.#nodes;
  }

  /** Takes everything back. */
  run(): void {
    for (const step of this.#steps.reverse()) step();
  }
}
