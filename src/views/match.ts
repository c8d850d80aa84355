/**
 * Whether a node is meant by a selector.
 *
 * An attribute is looked up in the node's metadata, then in the fields of its value, then among its entries;
 * `[server/port]` steps into maps, `name`, `kind`, `size` and `version` are the node's own when nothing else has that name.
 * An entry's attribute value is that entry's value.
 *
 * Comparing: `=` and `!=` as text, or as numbers when both are; `!=` also holds where there is no attribute, as in
 * FXD; `^=`, `$=` and `*=` on text; the rest as numbers when both are, else as text by code points. Of an array
 * `=` and `*=` hold when they hold of one item. Maps and bytes have no text.
 */
import { nodeIdToText } from '../ids.ts';
import { nameFromText, nameToText } from '../names.ts';
import type { StoreApi } from '../store/api.ts';
import { KIND, kindName, type Node, ROOT_INO } from '../store/node.ts';
import { decode } from '../uarr/v2.ts';
import { NodeRef, Sized, Timestamp, Uuid, type Value, valueTypeName } from '../uarr/value.ts';
import type { Compound, Operator, Selector, Selectors, Simple } from './selector.ts';

/** Nodes that one :has() looks at; beyond it nothing more is found. */
const HAS_NODES_MAX = 100_000;

export class Matcher {
  readonly #store: StoreApi;
  readonly #selectors: Selectors;
  /** Decoded value and metadata of the node looked at last. */
  #decoded: { node: Node; version: number; value: Value; meta: Value } | undefined;

  constructor(store: StoreApi, selectors: Selectors) {
    this.#store = store;
    this.#selectors = selectors;
  }

  matches(node: Node): boolean {
    return this.#any(node, this.#selectors, undefined);
  }

  /** `top`: it and what is above it do not count. */
  #any(node: Node, selectors: Selectors, top: Node | undefined): boolean {
    return selectors.some((selector) => this.#selector(node, selector, top));
  }

  #selector(node: Node, { subject, above }: Selector, top: Node | undefined): boolean {
    return this.#compound(node, subject) && this.#above(node, above, 0, top);
  }

  /** Whether what is above the node matches the steps from `next` on. */
  #above(node: Node, above: Selector['above'], next: number, top: Node | undefined): boolean {
    const step = above[next];
    if (step === undefined) return true;
    for (let at = this.#parent(node, top); at !== undefined; at = this.#parent(at, top)) {
      if (this.#compound(at, step.compound) && this.#above(at, above, next + 1, top)) return true;
      if (step.direct) return false;
    }
    return false;
  }

  #parent(node: Node, top: Node | undefined): Node | undefined {
    if (node.ino === ROOT_INO) return undefined;
    const link = node.links[0];
    const parent = link && this.#store.node(link.parent);
    return parent === top ? undefined : parent;
  }

  #compound(node: Node, simples: Compound): boolean {
    return simples.every((simple) => this.#simple(node, simple));
  }

  #simple(node: Node, simple: Simple): boolean {
    switch (simple.kind) {
      case 'type':
        return this.#types(node).includes(simple.name);
      case 'id':
        return (
          simple.id === nodeIdToText(node.id) || ['fxd.id', 'id'].some((key) => this.#meta(node, key) === simple.id)
        );
      case 'attribute':
        return this.#attribute(node, simple);
      case 'not':
        return !this.#any(node, simple.selectors, undefined);
      case 'has':
        return this.#has(node, simple.selectors);
    }
  }

  #types(node: Node): string[] {
    const types: string[] = [kindName(node.kind)];
    const declared = this.#meta(node, 'fxd.type') ?? this.#meta(node, 'type');
    if (typeof declared === 'string') types.push(declared);
    if (node.value !== null) types.push(valueTypeName(this.#of(node).value));
    else if (node.kind === KIND.file) types.push('blob');
    return types;
  }

  #meta(node: Node, key: string): Value {
    const { meta } = this.#of(node);
    return meta instanceof Map ? meta.get(key) : undefined;
  }

  #of(node: Node): { value: Value; meta: Value } {
    const known = this.#decoded;
    if (known?.node === node && known.version === node.version) return known;
    const { version } = node;
    this.#decoded = { node, version, value: decodeOr(node.value), meta: decodeOr(node.meta) };
    return this.#decoded;
  }

  #attribute(node: Node, { path, operator, value }: Extract<Simple, { kind: 'attribute' }>): boolean {
    const found = this.#lookup(node, path);
    if (operator === undefined) return found !== undefined;
    if (found === undefined) return operator === '!=';
    return compares(found, operator, value ?? '');
  }

  #lookup(node: Node, path: readonly string[]): Value {
    const { meta, value } = this.#of(node);
    const inMeta = step(meta, path);
    if (inMeta !== undefined) return inMeta;
    const inValue = step(value, path);
    if (inValue !== undefined) return inValue;
    const [name = '', ...rest] = path;
    const child = node.kind === KIND.directory ? this.#child(node, name) : undefined;
    if (child !== undefined) {
      const content = this.#of(child).value;
      if (rest.length > 0) return step(content, rest);
      return content === undefined ? true : content;
    }
    return rest.length > 0 ? undefined : ownOf(node, name);
  }

  #child(directory: Node, name: string): Node | undefined {
    const slot = this.#store.slot(directory, nameFromText(name));
    return slot && this.#store.node(slot.ino);
  }

  /** Selectors inside :has are seen from the node: `:has(.a > .b)` looks below it only. */
  #has(node: Node, selectors: Selectors): boolean {
    let left = HAS_NODES_MAX;
    const below = (directory: Node): boolean => {
      let found = false;
      this.#store.slots(directory, 0, (slot) => {
        const child = this.#store.node(slot.ino);
        if (child === undefined || left-- <= 0) return left > 0;
        found = this.#any(child, selectors, node) || (child.kind === KIND.directory && below(child));
        return !found;
      });
      return found;
    };
    return node.kind === KIND.directory && below(node);
  }
}

function decodeOr(bytes: Uint8Array | null): Value {
  if (bytes === null) return undefined;
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

function step(value: Value, path: readonly string[]): Value {
  let at = value;
  for (const key of path) {
    if (at instanceof Map) at = at.get(key);
    else if (Array.isArray(at)) at = at[Number(key)];
    else return undefined;
  }
  return at;
}

function ownOf(node: Node, name: string): Value {
  switch (name) {
    case 'name':
      return nameToText(node.links[0]?.name ?? '');
    case 'kind':
      return kindName(node.kind);
    case 'size':
      return node.value === null ? BigInt(node.size) : undefined;
    case 'version':
      return BigInt(node.version);
    default:
      return undefined;
  }
}

/** The text of a scalar; undefined for what has none. */
function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint' || typeof value === 'number')
    return String(value);
  if (value instanceof Sized) return String(value.value);
  if (value instanceof Timestamp || value instanceof Uuid) return value.toString();
  return value instanceof NodeRef ? value.id : undefined;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function compares(found: Value, operator: Operator, wanted: string): boolean {
  if (Array.isArray(found)) {
    if (operator === '!=') return !compares(found, '=', wanted);
    return (operator === '=' || operator === '*=') && found.some((item) => compares(item, operator, wanted));
  }
  const text = textOf(found);
  if (text === undefined) return operator === '!=';
  const order = orderOf(text, wanted);
  switch (operator) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '^=':
      return wanted !== '' && text.startsWith(wanted);
    case '$=':
      return wanted !== '' && text.endsWith(wanted);
    case '*=':
      return wanted !== '' && text.includes(wanted);
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
  }
}

/** Below 0, 0 or above: integers exactly, other numbers as f64, the rest as text. */
function orderOf(a: string, b: string): number {
  if (/^-?\d+$/.test(a) && /^-?\d+$/.test(b)) {
    const difference = BigInt(a) - BigInt(b);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  if (NUMBER.test(a) && NUMBER.test(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}
