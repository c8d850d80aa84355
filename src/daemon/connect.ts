/**
 * The API for programs beside a mounted store: its daemon does the work, over the store's socket.
 *
 *     import { connect } from 'fxmount';
 *     const fx = await connect('/var/lib/project.fx');
 *     await fx.patch('/config/server', { port: 9090 });
 *     for await (const signal of fx.signals({ under: '/config' })) console.log(signal.path, signal.kind);
 *
 * Only the owner of the store (and root) may connect. Values travel with their types. Methods reject with
 * FxError: what the tree's method of that name throws, NO_DAEMON when the daemon is gone (whether a change
 * that was under way took effect is then not known), PROTOCOL.
 */
import { resolve } from 'node:path';
import { type FieldPath, type Fields, fieldList } from '../tree/fields.ts';
import type { Stat } from '../tree/stat.ts';
import { decode, encode } from '../uarr/v2.ts';
import { fromJs, toJs, type Value, type ValueMap } from '../uarr/value.ts';
import { Connection } from './connection.ts';
import type { PlainMap } from './plain.ts';
import { type SignalOptions, SignalStream } from './signal-stream.ts';

export interface ConnectOptions {
  /** How long to wait for a daemon, when connecting and when it went away. Default 5,000. */
  waitMs?: number;
}

/** A node with its value as plain data; undefined when it has none. */
export type NodeRead = Stat & { value: unknown };

/** Changes that become one frame. */
export class Changes {
  readonly #operations: ValueMap[] = [];

  put(path: string, value: unknown, options: { parents?: boolean; noReplace?: boolean } = {}): this {
    if (value instanceof Uint8Array) return this.#add('putBytes', { path, bytes: value, ...options });
    return this.#add('put', { path, value: fromJs(value), ...options });
  }

  /** As `Tree.patch`. */
  patch(ref: string, fields: Fields): this {
    const pairs = fieldList(fields).map(([path, content]: [FieldPath, unknown]): Value => {
      const steps = path.map((step): Value => (typeof step === 'string' ? step : BigInt(step)));
      return content === undefined ? [steps] : [steps, fromJs(content)];
    });
    return this.#add('patch', { ref, fields: pairs });
  }

  mkdir(path: string, options: { parents?: boolean } = {}): this {
    return this.#add('mkdir', { path, ...options });
  }

  remove(path: string, options: { recursive?: boolean } = {}): this {
    return this.#add('remove', { path, ...options });
  }

  move(from: string, to: string, options: { noReplace?: boolean } = {}): this {
    return this.#add('move', { from, to, ...options });
  }

  /** Refuses everything with BUSY unless the node still has this version. */
  expect(ref: string, version: number): this {
    return this.#add('expect', { ref, version: BigInt(version) });
  }

  #add(op: string, keys: Readonly<Record<string, Value | undefined>>): this {
    const given = Object.entries(keys).filter(([, value]) => value !== undefined);
    this.#operations.push(new Map<string, Value>([['op', op], ...given]));
    return this;
  }

  /** The array of operations that the verb `change` takes, in UArr. */
  encode(): Uint8Array {
    return encode(this.#operations);
  }
}

export class FxClient {
  readonly #connection: Connection;

  /** See `connect`. */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The node's value as plain data; undefined when it has none. NOT_FOUND. */
  async get(ref: string): Promise<unknown> {
    return (await this.read(ref)).value;
  }

  async read(ref: string): Promise<NodeRead> {
    const { value, type, ...stat } = (await this.#connection.call('read', { ref })) as PlainMap;
    const decoded = value instanceof Uint8Array ? toJs(decode(value)) : undefined;
    return { ...(stat as unknown as Stat), type: (type ?? undefined) as string | undefined, value: decoded };
  }

  put(path: string, value: unknown, options: { parents?: boolean; noReplace?: boolean } = {}): Promise<number> {
    return this.transaction((changes) => changes.put(path, value, options));
  }

  patch(ref: string, fields: Fields): Promise<number> {
    return this.transaction((changes) => changes.patch(ref, fields));
  }

  mkdir(path: string, options: { parents?: boolean } = {}): Promise<number> {
    return this.transaction((changes) => changes.mkdir(path, options));
  }

  remove(path: string, options: { recursive?: boolean } = {}): Promise<number> {
    return this.transaction((changes) => changes.remove(path, options));
  }

  move(from: string, to: string, options: { noReplace?: boolean } = {}): Promise<number> {
    return this.transaction((changes) => changes.move(from, to, options));
  }

  /** Makes all the changes that `body` names in one frame, or none. Gives the seq of the last frame. */
  async transaction(body: (changes: Changes) => unknown): Promise<number> {
    const changes = new Changes();
    body(changes);
    return seqOf(await this.#connection.call('change', { operations: changes.encode() }));
  }

  /** Emits a CUSTOM signal about a node. Gives its seq. */
  async emit(ref: string, name: string, payload: unknown = null): Promise<number> {
    return seqOf(await this.#connection.call('emit', { ref, name, payload: encode(fromJs(payload)) }));
  }

  /** The changefeed; see SignalStream. */
  signals(options: SignalOptions = {}): SignalStream {
    return new SignalStream(this.#connection, options);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

function seqOf(result: unknown): number {
  return Number((result as PlainMap).seq);
}

/** Connects to the daemon that serves the store. NO_DAEMON when there is none in time, ACCESS_DENIED. */
export async function connect(store: string, options: ConnectOptions = {}): Promise<FxClient> {
  const connection = new Connection(resolve(store), options.waitMs ?? 5000);
  await connection.open();
  return new FxClient(connection);
}
