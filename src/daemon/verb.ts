/**
 * What a verb is: one command of fxmount, written once, run in the command's own process when nobody
 * serves the store, or in the daemon that does.
 *
 * A verb takes plain arguments, streams output and input, and returns a plain result. It never prints:
 * the caller does. Paths on the host are absolute and without symbolic links (the caller resolves them in its own
 * directory); paths of nodes are texts as in names.ts.
 */

import type { Documents } from '../../mount/documents/documents.ts';
import type { StoreLenses } from '../../mount/documents/own-lenses.ts';
import { FxError } from '../errors.ts';
import type { Feed } from '../signals/feed.ts';
import type { Store } from '../store/store.ts';
import type { Tree } from '../tree/tree.ts';
import type { MountControl } from './mount-control.ts';
import type { Plain, PlainMap } from './plain.ts';

export interface VerbContext {
  /** Absolute path of the store. */
  readonly directory: string;
  readonly store: Store;
  readonly tree: Tree;
  readonly documents: Documents;
  /** Where the lenses of `documents` are from. */
  readonly lenses: StoreLenses;
  readonly feed: Feed;
  /** The daemon's mounts; undefined in a process that is not the daemon. */
  readonly mounts: MountControl | undefined;
  /** Aborted when the daemon ends: verbs that go on until they are stopped end then. */
  readonly ending: AbortSignal;
}

/** How a verb talks to whoever called it. */
export interface VerbIo {
  /** Gives bytes (verbs with output "bytes"). Await it: it waits for a slow reader. */
  write(chunk: Uint8Array): Promise<void>;
  /** Gives one row (verbs with output "rows"): JSON data without bigints and bytes. */
  row(row: Row): Promise<void>;
  /** Sends the rows given so far; for verbs whose rows are awaited one by one. */
  flush(): Promise<void>;
  /** Tells how far a long task is; total 0 when not known. As often as you like. */
  progress(what: string, done: number, total: number): void;
  /** Bytes from the caller; empty for verbs without input. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Aborted when the caller is gone or wants to stop. */
  readonly signal: AbortSignal;
}

export type RowValue = null | boolean | number | string | readonly RowValue[] | Row;
export interface Row {
  readonly [key: string]: RowValue;
}

/** Types of arguments; a question mark makes one optional. `count` is an integer from 0. */
export type ArgumentType = 'string' | 'count' | 'boolean' | 'bytes' | 'string?' | 'count?' | 'boolean?' | 'bytes?';
export type ArgumentTypes = Readonly<Record<string, ArgumentType>>;

type TypeOf<T extends ArgumentType> = T extends `string${string}`
  ? string
  : T extends `bytes${string}`
    ? Uint8Array
    : T extends `count${string}`
      ? number
      : boolean;
export type Arguments<T extends ArgumentTypes> = {
  readonly [K in keyof T as T[K] extends `${string}?` ? never : K]: TypeOf<T[K]>;
} & { readonly [K in keyof T as T[K] extends `${string}?` ? K : never]?: TypeOf<T[K]> };

export interface Verb {
  /** read: a store opened read-only will do; write: it changes the store; daemon: only a daemon can do it. */
  readonly access: 'read' | 'write' | 'daemon';
  readonly output: 'none' | 'bytes' | 'rows';
  readonly input: boolean;
  readonly arguments: ArgumentTypes;
  /** Checks `args` against `arguments` and runs. INVALID for wrong arguments. */
  run(context: VerbContext, args: PlainMap, io: VerbIo): Promise<Plain>;
}

/** A verb from its description; `run` gets checked arguments. */
export function defineVerb<const T extends ArgumentTypes>(
  description: Omit<Verb, 'run' | 'arguments' | 'input'> & { readonly arguments: T; readonly input?: boolean },
  run: (context: VerbContext, args: Arguments<T>, io: VerbIo) => Promise<Plain>,
): Verb {
  return {
    input: false,
    ...description,
    run(context, args, io) {
      checkArguments(description.arguments, args);
      return run(context, args as unknown as Arguments<T>, io);
    },
  };
}

function checkArguments(types: ArgumentTypes, args: PlainMap): void {
  for (const [name, type] of Object.entries(types)) {
    const value = Object.hasOwn(args, name) ? args[name] : undefined;
    if (value === undefined && type.endsWith('?')) continue;
    const fits = type.startsWith('count')
      ? typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      : type.startsWith('bytes')
        ? value instanceof Uint8Array
        : type.replace('?', '') === typeof value;
    if (!fits) throw new FxError('INVALID', `the argument "${name}" is missing or no ${type.replace('?', '')}`);
  }
  for (const name of Object.keys(args)) {
    if (!Object.hasOwn(types, name)) throw new FxError('INVALID', `there is no argument "${name}"`);
  }
}
