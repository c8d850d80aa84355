/**
 * Verbs for client programs: read gives a node with its value, change makes several changes in one frame.
 * Values go as UArr, so that they keep their types.
 */
import { FxError } from '../errors.ts';
import { resolve } from '../tree/address.ts';
import type { Tree } from '../tree/tree.ts';
import { decode } from '../uarr/v2.ts';
import type { Value, ValueMap } from '../uarr/value.ts';
import { defineVerb } from './verb.ts';

/** What `stat` of the API tells, and `value`: UArr, or null when the node has none. */
export const read = defineVerb(
  { access: 'read', output: 'none', arguments: { ref: 'string' } },
  async ({ store, tree }, { ref }) => {
    const node = resolve(store, ref);
    const { type = null, ...stat } = tree.stat(node);
    return { ...stat, type, value: node.value };
  },
);

/**
 * `operations` is an array of maps in UArr, each with the key `op` and those of its row below. All of them
 * become one frame, or none does when one is refused. Gives the seq of the frame.
 */
export const change = defineVerb(
  { access: 'write', output: 'none', arguments: { operations: 'bytes' } },
  async ({ store, tree }, { operations }) => {
    const list = decode(operations);
    if (!Array.isArray(list)) throw new FxError('INVALID', 'the operations are no array');
    tree.transaction(() => {
      for (const each of list) run(tree, each);
    });
    return { seq: store.seq };
  },
);

const OPERATIONS: Readonly<Record<string, (tree: Tree, operation: Operation) => void>> = {
  /** path, value; parents, noReplace */
  put: (tree, o) => {
    const options = { parents: o.flag('parents'), noReplace: o.flag('noReplace') };
    tree.put(o.text('path'), o.value('value'), { ...options, type: 'exact' });
  },
  /** path, bytes; parents, noReplace */
  putBytes: (tree, o) => {
    const options = { parents: o.flag('parents'), noReplace: o.flag('noReplace') };
    tree.put(o.text('path'), o.value('bytes'), { ...options, type: 'bytes' });
  },
  /** ref, fields: an array of [path, content], or of [path] to remove the field */
  patch: (tree, o) => tree.patch(o.text('ref'), o.fields()),
  /** path; parents */
  mkdir: (tree, o) => void tree.mkdir(o.text('path'), { parents: o.flag('parents') }),
  /** path; recursive */
  remove: (tree, o) => void tree.remove(o.text('path'), { recursive: o.flag('recursive') }),
  /** from, to; noReplace */
  move: (tree, o) => tree.move(o.text('from'), o.text('to'), { noReplace: o.flag('noReplace') }),
  /** ref, version: BUSY when the node has another version by now */
  expect: (tree, o) => {
    const { version } = tree.node(o.text('ref'));
    if (version === o.count('version')) return;
    throw new FxError(
      'BUSY',
      `${o.text('ref')} has version ${version} by now, not ${o.count('version')}; read it again`,
    );
  },
};

function run(tree: Tree, value: Value): void {
  const operation = new Operation(value);
  const name = operation.text('op');
  const apply = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (apply === undefined) throw new FxError('INVALID', `there is no operation "${name}"`);
  apply(tree, operation);
}

/** A patch keeps a field's type of number, as long as the new number comes without one. */
function plainNumber(content: Value): unknown {
  return typeof content === 'bigint' && Number.isSafeInteger(Number(content)) ? Number(content) : content;
}

/** One operation's keys, each checked when it is asked for. INVALID. */
class Operation {
  readonly #keys: ValueMap;

  constructor(value: Value) {
    if (!(value instanceof Map)) throw new FxError('INVALID', 'an operation is no map');
    this.#keys = value;
  }

  value(key: string): Value {
    if (!this.#keys.has(key)) throw new FxError('INVALID', `the operation lacks "${key}"`);
    return this.#keys.get(key);
  }

  text(key: string): string {
    const text = this.value(key);
    if (typeof text !== 'string') throw new FxError('INVALID', `"${key}" of the operation is no string`);
    return text;
  }

  count(key: string): number {
    const count = Number(this.value(key));
    if (!Number.isSafeInteger(count)) throw new FxError('INVALID', `"${key}" of the operation is no integer`);
    return count;
  }

  flag(key: string): boolean {
    return this.#keys.get(key) === true;
  }

  fields(): [(string | number)[], unknown][] {
    const fields = this.value('fields');
    if (!Array.isArray(fields)) throw new FxError('INVALID', 'the fields of a patch are no array');
    return fields.map((pair) => {
      if (!Array.isArray(pair) || !Array.isArray(pair[0]))
        throw new FxError('INVALID', 'a field of a patch has no path');
      const path = pair[0].map((step) => (typeof step === 'string' ? step : Number(step)));
      return [path, pair.length > 1 ? plainNumber(pair[1]) : undefined];
    });
  }
}
