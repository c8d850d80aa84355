/**
 * Reaching a store: through the daemon that serves it, or by opening it in this process.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Documents } from '../../mount/documents/documents.ts';
import { FxError } from '../errors.ts';
import { Feed } from '../signals/feed.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { Tree } from '../tree/tree.ts';
import { DaemonClient } from './client.ts';
import { connectSocket } from './endpoint.ts';
import type { Plain, PlainMap } from './plain.ts';
import { RowReader } from './rows.ts';
import type { Row, VerbIo } from './verb.ts';
import { runVerb, VERBS, type VerbName } from './verbs.ts';
import { lensesFor } from './verbs-settings.ts';

/** A store that another command holds for a moment is tried again for so long. */
export const LOCK_WAIT_MS = 3000;
/** The pause between tries. */
export const LOCK_RETRY_MS = 40;
const NEVER = new AbortController().signal;

export interface Invocation {
  /** Absolute path of the store. */
  readonly directory: string;
  readonly verb: VerbName;
  readonly args: PlainMap;
  /** Takes the output of a verb whose output is bytes. */
  readonly write?: (chunk: Uint8Array) => Promise<void>;
  /** Takes the output of a verb whose output is rows. */
  readonly row?: (row: Row) => Promise<void>;
  readonly progress?: VerbIo['progress'];
  /** Told what recovery found when the store was opened here. */
  readonly report?: (lines: readonly string[]) => void;
  readonly input?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** Makes an absent store. */
  readonly create?: boolean;
}

/** A client of the daemon that serves the store; undefined when there is none. */
export async function connectDaemon(directory: string): Promise<DaemonClient | undefined> {
  const socket = await connectSocket(directory);
  return socket === undefined ? undefined : DaemonClient.open(socket, directory);
}

/**
 * Runs a verb where the store is: in its daemon, else in this process. Rejects with the verb's error;
 * LOCKED when a process that is no daemon keeps the store; NO_DAEMON when only a daemon could do it.
 */
export async function invoke(invocation: Invocation): Promise<Plain> {
  const { directory, verb } = invocation;
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const client = await connectDaemon(directory);
    if (client !== undefined) return invokeRemote(client, invocation);
    if (VERBS[verb].access === 'daemon') throw new FxError('NO_DAEMON', `no daemon serves ${directory}`);
    let store: Store;
    try {
      store = await openStore(directory, {
        create: invocation.create ?? false,
        readOnly: VERBS[verb].access === 'read',
      });
    } catch (error) {
      if (!(error instanceof FxError) || error.code !== 'LOCKED' || Date.now() > deadline) throw error;
      await delay(LOCK_RETRY_MS);
      continue;
    }
    return invokeLocal(store, invocation);
  }
}

async function invokeRemote(client: DaemonClient, invocation: Invocation): Promise<Plain> {
  const { verb, args, write, row, progress, input, signal } = invocation;
  const rows = new RowReader();
  const output =
    row === undefined
      ? write
      : async (chunk: Uint8Array): Promise<void> => {
          for (const each of rows.push(chunk)) await row(each);
        };
  try {
    return await client.call(verb, args, {
      ...(output === undefined ? {} : { output }),
      ...(progress === undefined ? {} : { progress }),
      ...(input === undefined ? {} : { input }),
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    client.close();
  }
}

async function invokeLocal(store: Store, invocation: Invocation): Promise<Plain> {
  const { directory, verb, args } = invocation;
  const lenses = await lensesFor(directory);
  const documents = new Documents(store, lenses);
  try {
    // The status shows it, and a refusal gives it as its reason.
    const isToldAnyway = verb === 'status' || (VERBS[verb].access === 'write' && store.readOnly);
    if (!isToldAnyway) invocation.report?.(store.report);
    const context = {
      directory,
      store,
      tree: new Tree(store),
      documents,
      lenses,
      feed: new Feed(store, directory),
      mounts: undefined,
      ending: NEVER,
    };
    return await runVerb(verb, context, args, localIo(invocation));
  } finally {
    documents.close();
    await store.close();
  }
}

function localIo(invocation: Invocation): VerbIo {
  const { write, row, progress, input, signal } = invocation;
  return {
    write: write ?? (async () => {}),
    row: row ?? (async () => {}),
    flush: async () => {},
    progress: progress ?? (() => {}),
    input: input ?? noInput(),
    signal: signal ?? NEVER,
  };
}

async function* noInput(): AsyncGenerator<Uint8Array, void, void> {}
