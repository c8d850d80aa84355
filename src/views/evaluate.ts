/**
 * What a view shows: from its definition and the store to a picture of nodes, and from that to text.
 *
 * Evaluating looks at no more than `NODES_MAX` nodes. Views are left out of what views show, so no view depends on
 * another. The key of a node from deeper below `from` is its path from there.
 */
import type { Lens } from '../../lenses/lens.ts';
import { branch, leaf, type SourceNode } from '../../lenses/source.ts';
import { treeValue } from '../../lenses/tree.ts';
import { FxError } from '../errors.ts';
import { nodeIdToText } from '../ids.ts';
import { LENS_BYTES_MAX } from '../limits.ts';
import { nameFromText, nameToText } from '../names.ts';
import type { StoreApi, Time } from '../store/api.ts';
import { KIND, type Node, ROOT_INO, type Slot } from '../store/node.ts';
import { laterOf } from '../store/time.ts';
import { decode } from '../uarr/v2.ts';
import type { Value, ValueMap } from '../uarr/value.ts';
import type { Definition } from './definition.ts';
import { fieldOf, sorted, summarize, textOf } from './fields.ts';
import { Matcher } from './match.ts';
import { parseSelectors } from './selector.ts';

/** Private attribute of a file that is a view: its definition, as text. */
export const VIEW_ATTRIBUTE = 'fx.view';

const NODES_MAX = 100_000;
const DEPTH_MAX = 256;

export interface Picture {
  readonly kind: Definition['kind'];
  /** A directory; its children are the rows. */
  readonly source: SourceNode;
  /** The newest change of any node that was looked at. */
  readonly changed: Time;
}

/** The directory at a path and those on the way to it, as far as there are any. */
export function walkTo(store: StoreApi, path: string): { directory: Node | undefined; steps: [Node, string][] } {
  let at = store.node(ROOT_INO);
  const steps: [Node, string][] = [];
  for (const part of path.split('/').filter((each) => each !== '')) {
    if (at?.kind !== KIND.directory) return { directory: undefined, steps };
    const name = nameFromText(part);
    steps.push([at, name]);
    const slot: Slot | undefined = store.slot(at, name);
    at = slot && store.node(slot.ino);
  }
  return { directory: at?.kind === KIND.directory ? at : undefined, steps };
}

/** TOO_BIG: too many nodes, or too deep. DAMAGED. */
export function evaluate(store: StoreApi, definition: Definition, from: Node, nodesMax = NODES_MAX): Picture {
  const scan = new Scan(store, nodesMax);
  const { kind, select, fields, sort, limit } = definition;
  const found = select === undefined ? scan.children(from, 0) : scan.selected(from, select);
  let rows: readonly SourceNode[];
  if (kind === 'aggregation') rows = sorted(aggregate(definition, found), sort);
  else {
    rows = sorted(found, sort);
    if (fields !== undefined) rows = rows.map((row) => projected(row, fields));
  }
  if (limit !== undefined) rows = rows.slice(0, limit);
  return { kind, source: branch('', rows, nodeIdToText(from.id)), changed: scan.changed };
}

function projected(row: SourceNode, fields: readonly string[]): SourceNode {
  const map: ValueMap = new Map();
  for (const field of fields) {
    const value = fieldOf(row, field);
    if (value !== undefined) map.set(field, value);
  }
  return leaf(row.key, map, row.id);
}

/** A row for each group, in the order in which groups first appear; its key is what the group has in common. */
function aggregate({ group, values }: Definition, rows: readonly SourceNode[]): SourceNode[] {
  const groups = new Map<string, { value: Value; rows: SourceNode[] }>();
  if (group === undefined) groups.set('all', { value: undefined, rows: [...rows] });
  for (const row of group === undefined ? [] : rows) {
    const value = fieldOf(row, group as string);
    const key = textOf(value);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { value, rows: [row] });
    else known.rows.push(row);
  }
  return Array.from(groups, ([key, { value, rows: members }]) => {
    const map: ValueMap = new Map();
    if (group !== undefined && value !== undefined) map.set(group, value);
    for (const [name, summary] of values) {
      const result = summarize(summary, members);
      if (result !== undefined) map.set(name, result);
    }
    return leaf(key, map);
  });
}

class Scan {
  readonly #store: StoreApi;
  readonly #nodesMax: number;
  #looked = 0;
  changed: Time = [0, 0];

  constructor(store: StoreApi, nodesMax: number) {
    this.#store = store;
    this.#nodesMax = nodesMax;
  }

  #look(node: Node, depth: number): void {
    if (++this.#looked > this.#nodesMax) {
      throw new FxError('TOO_BIG', `a view looks at ${this.#nodesMax} nodes at most: give it a smaller directory`);
    }
    if (depth > DEPTH_MAX) throw new FxError('TOO_BIG', `a view looks ${DEPTH_MAX} directories deep at most`);
    this.changed = laterOf(this.changed, [node.ctimeSec, node.ctimeNsec]);
  }

  #each(directory: Node, visit: (node: Node, key: string) => void): void {
    this.#store.slots(directory, 0, (slot) => {
      const node = this.#store.node(slot.ino);
      if (node !== undefined && node.xattrs?.has(VIEW_ATTRIBUTE) !== true) visit(node, nameToText(slot.name));
      return true;
    });
  }

  children(directory: Node, depth: number): SourceNode[] {
    this.#look(directory, depth);
    const rows: SourceNode[] = [];
    this.#each(directory, (node, key) => void rows.push(this.#picture(node, key, depth + 1)));
    return rows;
  }

  #picture(node: Node, key: string, depth: number): SourceNode {
    const children = node.kind === KIND.directory ? this.children(node, depth) : null;
    if (children === null) this.#look(node, depth);
    const meta = decoded(node.meta);
    return {
      id: nodeIdToText(node.id),
      key,
      value: decoded(node.value),
      meta: meta instanceof Map ? (meta as ValueMap) : null,
      children,
    };
  }

  selected(from: Node, select: string): SourceNode[] {
    const matcher = new Matcher(this.#store, parseSelectors(select));
    const rows: SourceNode[] = [];
    const below = (directory: Node, prefix: string, depth: number) => {
      this.#look(directory, depth);
      this.#each(directory, (node, name) => {
        const key = `${prefix}${name}`;
        if (matcher.matches(node)) rows.push(this.#picture(node, key, depth + 1));
        if (node.kind === KIND.directory) below(node, `${key}/`, depth + 1);
        else this.#look(node, depth);
      });
    };
    below(from, '', 0);
    return rows;
  }
}

function decoded(bytes: Uint8Array | null): Value {
  return bytes === null ? undefined : decode(bytes);
}

/**
 * The text of a picture. A lens of one value shows a projection as a map by key, an aggregation as a list. BAD_CONTENT:
 * the lens cannot show it. TOO_BIG.
 */
export function render(picture: Picture, lens: Lens): Uint8Array {
  const source = lens.scope === 'value' ? leaf('', documentOf(picture)) : picture.source;
  const refusal = lens.refuses(source);
  if (refusal !== undefined) throw new FxError('BAD_CONTENT', `the lens "${lens.name}" cannot show it: ${refusal}`);
  const text = lens.get(source);
  if (text.length > LENS_BYTES_MAX) {
    throw new FxError('TOO_BIG', `its text has ${text.length} bytes, ${LENS_BYTES_MAX} at most: give it a "limit"`);
  }
  return text;
}

function documentOf({ kind, source }: Picture): Value {
  if (kind === 'projection') return treeValue(source);
  return (source.children ?? []).map(({ value }) => value);
}
