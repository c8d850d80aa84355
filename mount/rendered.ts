/**
 * Rendered values: the bytes that a typed node shows as a file, and their exact size.
 *
 * The bytes are cached up to a bound and rendered again when they were evicted; sizes are kept far longer,
 * as a directory listing asks for many sizes and no bytes. Both are kept for one version of a node at a
 * time, so a node that changed is never shown with what it was. One object may serve every mount of a store.
 */
import { LRUCache } from 'lru-cache';
import type { Ino } from '../src/ids.ts';
import type { Node } from '../src/store/node.ts';

export interface RenderedOptions {
  /** The bytes of a node that has a value. */
  render: (node: Node) => Uint8Array;
  /** Bound of the cached bytes. */
  cacheBytesMax?: number;
  /** Bound of the cached sizes, in nodes. */
  sizesMax?: number;
}

interface Versioned<T> {
  version: number;
  held: T;
}

/** Values encoded in no more bytes than this are rendered whenever their size is asked for. */
const SMALL_VALUE_BYTES = 4096;
/** What an entry costs beside its text. */
const ENTRY_BYTES = 128;

export class Rendered {
  readonly #render: (node: Node) => Uint8Array;
  readonly #texts: LRUCache<Ino, Versioned<Uint8Array>>;
  readonly #sizes: LRUCache<Ino, Versioned<number>>;

  constructor(options: RenderedOptions) {
    const { render, cacheBytesMax = 64 << 20, sizesMax = 1 << 18 } = options;
    this.#render = render;
    this.#texts = new LRUCache({ maxSize: cacheBytesMax, sizeCalculation: (text) => text.held.length + ENTRY_BYTES });
    this.#sizes = new LRUCache({ maxSize: sizesMax, sizeCalculation: () => 1 });
  }

  /** The bytes of a node that has a value, owned by the cache. DAMAGED or NEWER_FORMAT when the stored value cannot be decoded. */
  bytes(node: Node): Uint8Array {
    const { ino, version } = node;
    const known = this.#texts.get(ino);
    if (known?.version === version) return known.held;
    const held = this.#render(node);
    this.#texts.set(ino, { version, held });
    this.#sizes.set(ino, { version, held: held.length });
    return held;
  }

  /** Whether the bytes are there without rendering. */
  knows({ ino, version }: Node): boolean {
    return this.#texts.get(ino)?.version === version;
  }

  /** Takes bytes that were rendered elsewhere. */
  keep(ino: Ino, version: number, held: Uint8Array): void {
    this.#texts.set(ino, { version, held });
    this.#sizes.set(ino, { version, held: held.length });
  }

  /** The exact size of those bytes; 0 when the value cannot be decoded, so that the file can still be listed and removed. */
  size(node: Node): number {
    const known = this.#sizes.get(node.ino);
    if (known?.version === node.version) return known.held;
    try {
      return this.bytes(node).length;
    } catch {
      return 0;
    }
  }

  /** The size when it is known or cheap to find, else undefined. */
  knownSize(node: Node): number | undefined {
    if ((node.value as Uint8Array).length <= SMALL_VALUE_BYTES) return this.size(node);
    const known = this.#sizes.get(node.ino);
    return known?.version === node.version ? known.held : undefined;
  }
}
