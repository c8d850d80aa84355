/**
 * Identities of nodes that the index does not have yet. Looked up rarely and made often, so that the map
 * is only brought up to date when someone asks.
 */
import type { Ino, NodeId } from '../ids.ts';
import type { Node } from './node.ts';

export class FreshIds {
  #nodes: Node[] = [];
  #inos = new Map<NodeId, Ino>();
  /** Nodes that the map has. */
  #mapped = 0;

  /** Nodes added and not dropped. */
  get count(): number {
    return this.#nodes.length;
  }

  add(node: Node): void {
    this.#nodes.push(node);
  }

  /** Takes back the last `add`. */
  takeBack(): void {
    this.#nodes.pop();
    this.#forget();
  }

  find(id: NodeId): Ino | undefined {
    for (; this.#mapped < this.#nodes.length; this.#mapped++) {
      const node = this.#nodes[this.#mapped] as Node;
      this.#inos.set(node.id, node.ino);
    }
    return this.#inos.get(id);
  }

  /** Drops the first `count`: the index has them. */
  drop(count: number): void {
    this.#nodes = this.#nodes.slice(count);
    this.#forget();
  }

  #forget(): void {
    this.#inos = new Map();
    this.#mapped = 0;
  }
}
