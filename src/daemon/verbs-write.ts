/**
 * Verbs that change nodes: put, rm, mv.
 */
import { FxError } from '../errors.ts';
import { VALUE_BYTES_MAX } from '../limits.ts';
import { removeTree } from '../tree/remove.ts';
import { PUT_ATOMIC_BYTES_MAX } from '../tree/settings.ts';
import { fromJs, type Value } from '../uarr/value.ts';
import { parseJson } from './json-value.ts';
import type { Plain } from './plain.ts';
import { defineVerb, type VerbContext } from './verb.ts';

/** How `put` takes its input. One row for each `--type`. */
const PARSERS: Readonly<Record<string, (input: Buffer) => Value>> = {
  string: (input) => textOf(input),
  json: (input) => parseJson(textOf(input)),
  int: (input) => parsed(input, /^[+-]?[0-9]+$/, 'an integer', (text) => fromJs(BigInt(text.replace(/^\+/, '')))),
  float: (input) =>
    parsed(input, /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?Infinity$|^NaN$/, 'a number', Number),
  bool: (input) => parsed(input, /^(true|false)$/, '"true" or "false"', (text) => text === 'true'),
  null: (input) => parsed(input, /^(null)?$/, 'empty or "null"', () => null),
  bytes: (input) => Uint8Array.from(input),
};

/** Names of the types that `put` knows; "blob" stores the bytes as a file's content. */
export const PUT_TYPES: readonly string[] = [...Object.keys(PARSERS), 'blob'];

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(input: Buffer): string {
  try {
    return utf8.decode(input);
  } catch {
    throw new FxError('INVALID', 'the value is not UTF-8 text; use --type bytes or blob');
  }
}

function parsed(input: Buffer, pattern: RegExp, what: string, parse: (text: string) => Value): Value {
  const text = textOf(input).trim();
  if (!pattern.test(text)) throw new FxError('INVALID', `the value is not ${what}`);
  return parse(text);
}

export const put = defineVerb(
  {
    access: 'write',
    output: 'none',
    input: true,
    arguments: { path: 'string', type: 'string', parents: 'boolean?', noReplace: 'boolean?' },
  },
  async (context, { path, type, parents = false, noReplace = false }, io) => {
    const options = { parents, noReplace };
    if (type === 'blob') return putBlob(context, path, options, io.input);
    const parse = Object.hasOwn(PARSERS, type) ? PARSERS[type] : undefined;
    if (parse === undefined)
      throw new FxError('INVALID', `there is no type "${type}"; the types are ${PUT_TYPES.join(', ')}`);
    const { bytes, rest } = await take(io.input, VALUE_BYTES_MAX);
    if (rest !== undefined) {
      throw new FxError(
        'TOO_BIG',
        `the value is over ${VALUE_BYTES_MAX} bytes; use --type blob to store it as a file's bytes`,
      );
    }
    return done(context.tree.put(path, parse(bytes), { ...options, type: 'exact' }));
  },
);

interface Naming {
  readonly parents: boolean;
  readonly noReplace: boolean;
}

/**
 * Input of up to PUT_ATOMIC_BYTES_MAX replaces the content in one frame. Longer input is written as it
 * comes: when it breaks off, what came before stays.
 */
async function putBlob(
  context: VerbContext,
  path: string,
  options: Naming,
  input: AsyncIterable<Uint8Array>,
): Promise<Plain> {
  const { bytes, rest } = await take(input, PUT_ATOMIC_BYTES_MAX);
  const node = context.tree.put(path, bytes, { ...options, type: 'bytes' });
  let offset = bytes.length;
  for (let more = rest; more !== undefined; ) {
    const next = await take(more, PUT_ATOMIC_BYTES_MAX);
    context.tree.writeFile(node, offset, next.bytes);
    offset += next.bytes.length;
    more = next.rest;
  }
  return done(node);
}

/** The first bytes of `input`, and the rest of it when there is more than `bytesMax`. */
async function take(
  input: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<{ bytes: Buffer; rest: AsyncIterable<Uint8Array> | undefined }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const iterator = input[Symbol.asyncIterator]();
  for (;;) {
    const { value: chunk, done: ended } = await iterator.next();
    if (ended === true) return { bytes: Buffer.concat(chunks), rest: undefined };
    if (bytes + chunk.length > bytesMax) {
      const room = bytesMax - bytes;
      chunks.push(chunk.subarray(0, room));
      return { bytes: Buffer.concat(chunks), rest: following(chunk.subarray(room), iterator) };
    }
    chunks.push(chunk);
    bytes += chunk.length;
  }
}

async function* following(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function done(node: { version: number }): Plain {
  return { version: node.version };
}

export const rm = defineVerb(
  { access: 'write', output: 'none', arguments: { path: 'string', recursive: 'boolean?' } },
  async (context, { path, recursive = false }, io) => {
    // A process of its own has nothing else to do, and can remove it in one frame.
    if (!recursive || context.mounts === undefined) return { removed: context.tree.remove(path, { recursive }) };
    const onProgress = (removed: number) => io.progress('removing', removed, 0);
    return { removed: await removeTree(context.store, path, { signal: io.signal, onProgress }) };
  },
);

export const mv = defineVerb(
  { access: 'write', output: 'none', arguments: { from: 'string', to: 'string', noReplace: 'boolean?' } },
  async (context, { from, to, noReplace = false }) => {
    context.tree.move(from, to, { noReplace });
    return null;
  },
);
