/**
 * Verbs on the changefeed: signals, emit, and named cursors.
 */
import { FxError } from '../errors.ts';
import { nodeIdToText } from '../ids.ts';
import { nameFromText, nameToText } from '../names.ts';
import * as cursorFiles from '../signals/cursors.ts';
import { type Delta, SIGNAL_KINDS, type Signal, type SignalKind } from '../signals/signal.ts';
import type { SubscriptionOptions } from '../signals/subscription.ts';
import type { Node } from '../store/node.ts';
import { pathOf, resolve } from '../tree/address.ts';
import { Matcher } from '../views/match.ts';
import { parseSelectors } from '../views/selector.ts';
import { defineVerb, type Row, type VerbContext } from './verb.ts';
import { timeText } from './verbs-read.ts';

/**
 * Rows: a signal each; at the start and after each batch `{cursor, lag}`: what to go on from, and how many
 * frames are left.
 * Starts at `from`, else at the named `cursor` when there is one, else with what comes next. Ends at the head
 * of the log unless `follow`; a process that is no daemon always ends there, as nobody else can write then.
 */
export const signals = defineVerb(
  {
    access: 'read',
    output: 'rows',
    arguments: {
      from: 'count?',
      cursor: 'string?',
      kinds: 'string?',
      node: 'string?',
      under: 'string?',
      select: 'string?',
      windowMs: 'count?',
      follow: 'boolean?',
    },
  },
  async (context, { follow = false, ...args }, io) => {
    const { feed } = context;
    const head = feed.head;
    const subscription = feed.subscribe(await subscriptionOf(context, args));
    const close = (): void => subscription.close();
    io.signal.addEventListener('abort', close);
    const ends = !follow || context.mounts === undefined;
    try {
      await io.row({ cursor: subscription.cursor, lag: head - subscription.cursor });
      await io.flush();
      if (io.signal.aborted || (ends && subscription.cursor >= head)) return null;
      for await (const batch of subscription) {
        for (const signal of batch.signals) await io.row(signalRow(context, signal));
        await io.row({ cursor: batch.cursor, lag: batch.lag });
        await io.flush();
        if (ends && batch.cursor >= head) break;
      }
    } finally {
      io.signal.removeEventListener('abort', close);
      subscription.close();
    }
    io.signal.throwIfAborted();
    return null;
  },
);

interface SignalArguments {
  readonly from?: number;
  readonly cursor?: string;
  readonly kinds?: string;
  readonly node?: string;
  readonly under?: string;
  readonly select?: string;
  readonly windowMs?: number;
}

async function subscriptionOf(context: VerbContext, args: SignalArguments): Promise<SubscriptionOptions> {
  const { store, directory } = context;
  const { cursor, kinds, node, under, select, windowMs } = args;
  const matcher = select === undefined ? undefined : new Matcher(store, parseSelectors(select));
  const from = args.from ?? (cursor === undefined ? undefined : await cursorFiles.readCursor(directory, cursor));
  return {
    ...(from === undefined ? {} : { from }),
    ...(kinds === undefined ? {} : { kinds: kinds.split(',').map(kindOf) }),
    ...(node === undefined ? {} : { node: resolve(store, node).ino }),
    ...(under === undefined ? {} : { under: resolve(store, under).ino }),
    ...(matcher === undefined ? {} : { matches: (candidate: Node) => matcher.matches(candidate) }),
    ...(windowMs === undefined ? {} : { windowMs }),
  };
}

function kindOf(text: string): SignalKind {
  const kind = SIGNAL_KINDS.find((each) => each === text.toUpperCase());
  if (kind === undefined)
    throw new FxError('INVALID', `there is no kind of signal "${text}"; the kinds are ${SIGNAL_KINDS.join(', ')}`);
  return kind;
}

/** `path` is where the node is now; null when it is no more. */
export function signalRow({ store }: Pick<VerbContext, 'store'>, signal: Signal): Row {
  const { seq, index, ino, base, version, delta } = signal;
  const node = store.node(ino);
  return {
    seq,
    index,
    time: timeText(signal.timeSec, signal.timeNsec),
    kind: delta.kind,
    id: nodeIdToText(signal.id),
    ino,
    path: node === undefined ? null : (pathOf(store, node) ?? null),
    base,
    version,
    delta: deltaRow(delta),
  };
}

/** A custom signal's payload goes as UArr in base64: JSON would not keep its types. */
function deltaRow(delta: Delta): Row {
  switch (delta.kind) {
    case 'VALUE':
      return { offset: delta.offset, bytes: delta.bytes, created: delta.created };
    case 'CHILDREN':
      return { action: delta.action, name: nameToText(delta.name), child: nodeIdToText(delta.child) };
    case 'META':
      return { fields: delta.fields, xattrs: delta.xattrs.map(nameToText), deleted: delta.deleted };
    case 'CUSTOM':
      return { name: nameToText(delta.name), payload: Buffer.from(delta.payload).toString('base64') };
  }
}

/** `payload` is a value in UArr. */
export const emit = defineVerb(
  { access: 'write', output: 'none', arguments: { ref: 'string', name: 'string', payload: 'bytes' } },
  async ({ store }, { ref, name, payload }) => {
    store.signal(resolve(store, ref), nameFromText(name), payload);
    return { seq: store.seq };
  },
);

export const cursors = defineVerb(
  { access: 'read', output: 'rows', arguments: {} },
  async ({ directory, store }, _args, io) => {
    for (const { name, seq } of await cursorFiles.listCursors(directory)) {
      await io.row({ name, seq, behind: Math.max(0, store.seq - seq) });
    }
    return null;
  },
);

export const setCursor = defineVerb(
  { access: 'read', output: 'none', arguments: { name: 'string', seq: 'count' } },
  async ({ directory, store }, { name, seq }) => {
    if (seq > store.seq) throw new FxError('INVALID', `the log ends at seq ${store.seq}, before ${seq}`);
    await cursorFiles.writeCursor(directory, name, seq);
    return null;
  },
);

export const removeCursor = defineVerb(
  { access: 'read', output: 'none', arguments: { name: 'string' } },
  async ({ directory }, { name }) => {
    await cursorFiles.removeCursor(directory, name);
    return null;
  },
);
