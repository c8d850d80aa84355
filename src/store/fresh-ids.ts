/**
 * Identities of nodes that the index does not have yet, in one map for each round that is not in the index:
 * a round that arrives there is dropped whole, and no call takes longer the more nodes there are.
 */
import type { Ino, NodeId } from '../ids.ts';
import type { Node } from './node.ts';

export class FreshIds {
  /** Oldest first; the last takes what is added. */
  #rounds: Map<NodeId, Ino>[] = [new Map()];

  /** Rounds that hold identities: the one being filled, and those on their way to the index. */
  get rounds(): number {
    return this.#rounds.length;
  }

  add(node: Node): void {
    this.#rounds.at(-1)?.set(node.id, node.ino);
  }

  /** Takes back an `add` since the last `startRound`. */
  takeBack(node: Node): void {
    this.#rounds.at(-1)?.delete(node.id);
  }

  find(id: NodeId): Ino | undefined {
    for (let i = this.#rounds.length - 1; i >= 0; i--) {
      const ino = this.#rounds[i]?.get(id);
      if (ino !== undefined) return ino;
    }
    return undefined;
  }

  startRound(): void {
    this.#rounds.push(new Map());
  }

  /** Drops all rounds but the one being filled: the index has them. */
  dropRounds(): void {
    this.#rounds.splice(0, this.#rounds.length - 1);
  }
}
