/**
 * Verbs on the store as a whole: status, checkpoint, verify.
 */
import { join } from 'node:path';
import { FxError } from '../errors.ts';
import { nameToText } from '../names.ts';
import { readLog } from '../signals/log-reader.ts';
import { readMarker } from '../store/marker.ts';
import { KIND, type Node, ROOT_INO } from '../store/node.ts';
import { decode } from '../uarr/v2.ts';
import { version } from '../version.ts';
import { HostDisk } from '../wal/host-disk.ts';
import { isDamage } from '../wal/recovery.ts';
import { segmentName } from '../wal/segment.ts';
import { walkLog } from '../wal/walk.ts';
import { defineVerb, type VerbContext, type VerbIo } from './verb.ts';

export const status = defineVerb({ access: 'read', output: 'none', arguments: {} }, async (context) => {
  const { store, mounts } = context;
  const { totals } = store;
  const usage = store.upkeep.compactor.usage();
  return {
    store: context.directory,
    id: Buffer.from(readMarker(context.directory).storeId).toString('hex'),
    daemon: mounts === undefined ? null : process.pid,
    version,
    sync: mounts?.sync ?? null,
    readOnly: mounts !== undefined && store.readOnly,
    nodes: totals.nodes,
    contentBytes: totals.contentBytes,
    logBytes: totals.logBytes,
    deadBytes: usage.deadBytes,
    reclaimableBytes: usage.reclaimableBytes,
    historySeq: usage.historySeq,
    maxBytes: totals.maxBytes,
    freeBytes: totals.freeBytes,
    seq: totals.seq,
    durableSeq: totals.durableSeq,
    lenses: context.lenses.module?.path ?? null,
    lensesProblem: context.lenses.problem,
    report: store.report,
    mounts: (mounts?.list() ?? []).map((mount) => ({ ...mount })),
  };
});

export const checkpoint = defineVerb({ access: 'write', output: 'none', arguments: {} }, async ({ store }) => {
  await store.durable();
  await store.checkpoint();
  return { seq: store.totals.durableSeq };
});

/** `history`: bytes of dead content and old changes to keep for followers of the log. */
export const compact = defineVerb(
  { access: 'write', output: 'none', arguments: { history: 'count?' } },
  async ({ store }, { history }, io) => {
    const { compactor } = store.upkeep;
    const policy = { ...compactor.policy, ...(history === undefined ? {} : { historyBytesMax: history }) };
    const before = store.totals.logBytes;
    const { movedBytes } = await compactor.run({
      policy,
      signal: io.signal,
      onProgress: (done, total) => io.progress('moving live content', done, total),
    });
    const { logBytes } = store.totals;
    return { before, after: logBytes, movedBytes, ...compactor.usage() };
  },
);

/** Gives a row for each finding; DAMAGED when there is one. */
export const verify = defineVerb({ access: 'read', output: 'rows', arguments: {} }, async (context, _args, io) => {
  let findings = 0;
  const find = async (where: string, finding: string): Promise<void> => {
    findings++;
    await io.row({ where, finding });
  };
  const frames = await verifyLog(context, io, find);
  const nodes = await verifyTree(context, io, find);
  if (findings > 0) {
    const places = findings === 1 ? 'one place' : `${findings} places`;
    throw new FxError(
      'DAMAGED',
      `${context.directory} is damaged in ${places}; keep a copy of it, and export what can be read`,
    );
  }
  return { frames, nodes };
});

type Find = (where: string, finding: string) => Promise<void>;

async function verifyLog(context: VerbContext, io: VerbIo, find: Find): Promise<number> {
  const { store } = context;
  for (const segment of store.upkeep.compactor.missingSegments())
    await find(`log/${segmentName(segment)}`, 'the file is missing; put it back from a backup');
  // Beside a writer the last frame may be half-written; where nobody writes, what follows the last good one counts.
  if (context.mounts === undefined || store.readOnly) return verifyWholeLog(context, io, find);
  let frames = 0;
  const range = { storeId: readMarker(context.directory).storeId, fromSeq: 0, toSeq: store.seq, signal: io.signal };
  for await (const frame of readLog(context.directory, range)) {
    if (!('records' in frame)) {
      await find(`log/${frame.segment}:${frame.position}`, frame.reason);
      continue;
    }
    frames++;
    io.progress('checking the log', frame.seq, range.toSeq);
  }
  return frames;
}

/** A tail that was never synced is no damage: it was never promised, and the next change cuts it off. */
async function verifyWholeLog(context: VerbContext, io: VerbIo, find: Find): Promise<number> {
  const { storeId } = readMarker(context.directory);
  const visit = ({ seq }: { seq: number }): void => io.progress('checking the log', seq, context.store.seq);
  const walk = walkLog(new HostDisk(join(context.directory, 'log')), {
    storeId,
    from: null,
    removedBelow: context.store.upkeep.checkpointer.covered.segment,
    visit,
    visitBeyond: visit,
  });
  if (isDamage(walk)) {
    for (const gap of walk.gaps) {
      const lost = gap.lastSeq === null ? `from seq ${gap.firstSeq} on` : `seq ${gap.firstSeq} to ${gap.lastSeq}`;
      await find(`log/${segmentName(gap.segment)}:${gap.position}`, `${gap.bytes} bytes: ${gap.reason}; lost: ${lost}`);
    }
  }
  return walk.frames + walk.framesBeyond;
}

/** Walks every node from the root: each slot has its node, each node its slot, each value decodes. */
async function verifyTree(context: VerbContext, io: VerbIo, find: Find): Promise<number> {
  const { store } = context;
  const pending: { node: Node; path: string }[] = [];
  const root = store.node(ROOT_INO);
  if (root === undefined) await find('/', 'the root is missing');
  else pending.push({ node: root, path: '' });
  let nodes = 0;
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const { node, path } = at;
    if (++nodes % 1000 === 0) {
      await new Promise(setImmediate);
      io.signal.throwIfAborted();
      io.progress('checking the tree', nodes, store.totals.nodes);
    }
    const wrong: [string, string][] = [];
    if (!decodes(node.value)) wrong.push([path, 'its value cannot be decoded']);
    if (!decodes(node.meta)) wrong.push([path, 'its metadata cannot be decoded']);
    if (node.kind === KIND.directory) {
      store.slots(node, 0, (slot) => {
        const below = `${path}/${nameToText(slot.name)}`;
        const child = store.node(slot.ino);
        if (child === undefined) wrong.push([below, `leads to inode ${slot.ino}, which does not exist`]);
        else if (!child.links.some(({ cookie }) => cookie === slot.cookie))
          wrong.push([below, 'its node does not know this name']);
        else if (child.links[0]?.cookie === slot.cookie) pending.push({ node: child, path: below });
        return true;
      });
    }
    for (const [where, finding] of wrong) await find(where === '' ? '/' : where, finding);
  }
  return nodes;
}

function decodes(value: Uint8Array | null): boolean {
  if (value === null) return true;
  try {
    decode(value);
    return true;
  } catch {
    return false;
  }
}
