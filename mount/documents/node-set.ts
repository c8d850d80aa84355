/**
 * A small durable set of nodes, by inode number: a private attribute of the store's root, u64 little-endian
 * each. What it names may be gone; who reads it leaves that out.
 */
import type { Ino } from '../../src/ids.ts';
import type { Name } from '../../src/names.ts';
import type { StoreApi } from '../../src/store/api.ts';
import { type Node, ROOT_INO } from '../../src/store/node.ts';

const NO_INOS: ReadonlySet<Ino> = new Set();

export class NodeSet {
  readonly #store: StoreApi;
  readonly #name: Name;
  #bytes: Uint8Array | undefined;
  #inos = NO_INOS;

  /** `name`: of the private attribute. */
  constructor(store: StoreApi, name: Name) {
    this.#store = store;
    this.#name = name;
  }

  /** The numbers as of now. */
  get inos(): ReadonlySet<Ino> {
    const bytes = this.#root().xattrs?.get(this.#name);
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#inos = bytes === undefined ? NO_INOS : decodeInos(bytes);
    }
    return this.#inos;
  }

  get isEmpty(): boolean {
    return this.inos.size === 0;
  }

  /** Those that are still there. */
  *nodes(): Generator<Node> {
    for (const ino of [...this.inos]) {
      const node = this.#store.node(ino);
      if (node !== undefined) yield node;
    }
  }

  /** Takes a node in or out, part of the transaction that is open. What is gone is dropped on the way. */
  put(ino: Ino, isIn: boolean): void {
    if (this.inos.has(ino) === isIn) return;
    const kept = [...this.inos].filter((each) => each !== ino && this.#store.node(each) !== undefined);
    if (isIn) kept.push(ino);
    const root = this.#root();
    const xattrs = new Map([[this.#name, kept.length === 0 ? null : encodeInos(kept)]]);
    // The root itself did not change as far as anyone can see.
    this.#store.patch(root, { xattrs, ctime: [root.ctimeSec, root.ctimeNsec] });
  }

  #root(): Node {
    return this.#store.node(ROOT_INO) as Node;
  }
}

function encodeInos(inos: readonly Ino[]): Uint8Array {
  const bytes = Buffer.alloc(inos.length * 8);
  inos.forEach((ino, i) => void bytes.writeBigUInt64LE(BigInt(ino), i * 8));
  return bytes;
}

function decodeInos(bytes: Uint8Array): Set<Ino> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const inos = new Set<Ino>();
  for (let at = 0; at + 8 <= view.length; at += 8) inos.add(Number(view.readBigUInt64LE(at)));
  return inos;
}
