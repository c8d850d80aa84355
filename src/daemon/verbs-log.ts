/**
 * The verb log: records of the log as rows.
 */

import type { Ino } from '../ids.ts';
import { nodeIdToText } from '../ids.ts';
import { nameToText } from '../names.ts';
import { type LogFrame, readLog } from '../signals/log-reader.ts';
import type { StoreApi } from '../store/api.ts';
import { readMarker } from '../store/marker.ts';
import { type Fields, type LogRecord, RECORD } from '../store/records.ts';
import { pathOf, resolve } from '../tree/address.ts';
import { kindName, valueTypeName } from '../tree/kinds.ts';
import { decode } from '../uarr/v2.ts';
import { defineVerb, type Row, type RowValue } from './verb.ts';
import { timeText } from './verbs-read.ts';

const TYPE_NAMES: { readonly [T in LogRecord['type']]: string } = {
  [RECORD.nodeCreate]: 'NODE_CREATE',
  [RECORD.nodePatch]: 'NODE_PATCH',
  [RECORD.linkAdd]: 'LINK_ADD',
  [RECORD.linkDel]: 'LINK_DEL',
  [RECORD.nodeDelete]: 'NODE_DELETE',
  [RECORD.rewrite]: 'REWRITE',
  [RECORD.signal]: 'SIGNAL',
  [RECORD.move]: 'MOVE',
};

export const log = defineVerb(
  { access: 'read', output: 'rows', arguments: { path: 'string?', limit: 'count?', from: 'count?' } },
  async (context, { path, limit, from = 1 }, io) => {
    const { store } = context;
    const filter = path === undefined ? undefined : new SubtreeFilter(store, resolve(store, path).ino);
    const newest: Row[] = [];
    const range = {
      storeId: readMarker(context.directory).storeId,
      fromSeq: from,
      toSeq: store.seq,
      signal: io.signal,
    };
    for await (const frame of readLog(context.directory, range)) {
      if (!('records' in frame)) {
        await io.row({
          seq: null,
          time: null,
          type: 'DAMAGE',
          path: null,
          at: `${frame.segment}:${frame.position}`,
          reason: frame.reason,
        });
        continue;
      }
      io.progress('reading the log', frame.seq, range.toSeq);
      filter?.learn(frame.records);
      for (const record of frame.records) {
        if (filter !== undefined && !filter.matches(record)) continue;
        const row = rowOf(store, frame, record);
        if (limit === undefined) await io.row(row);
        else if (newest.push(row) > 2 * limit) newest.splice(0, newest.length - limit);
      }
    }
    if (limit !== undefined && limit > 0) for (const row of newest.slice(-limit)) await io.row(row);
    return null;
  },
);

/** Records of a node and of all that is or was below it, as far as the log read so far tells. */
class SubtreeFilter {
  readonly #store: StoreApi;
  readonly #known: Set<Ino>;

  constructor(store: StoreApi, top: Ino) {
    this.#store = store;
    this.#known = new Set([top]);
  }

  /** Takes note of what the records put below the top. */
  learn(records: readonly LogRecord[]): void {
    for (const record of records) {
      if (record.type === RECORD.linkAdd && this.#isBelow(record.ino)) this.#known.add(record.child.ino);
    }
  }

  matches(record: LogRecord): boolean {
    return this.#isBelow(record.ino) || ('child' in record && this.#isBelow(record.child.ino));
  }

  #isBelow(ino: Ino): boolean {
    if (this.#known.has(ino)) return true;
    for (let at = this.#store.node(ino); at !== undefined; ) {
      const parent: Ino | undefined = at.links[0]?.parent;
      if (parent === undefined) return false;
      if (this.#known.has(parent)) {
        this.#known.add(ino);
        return true;
      }
      at = this.#store.node(parent);
    }
    return false;
  }
}

/** `path` is where the node is now; null when it is no more. */
function rowOf(store: StoreApi, frame: LogFrame, record: LogRecord): Row {
  const node = store.node(record.ino);
  const head = {
    seq: frame.seq,
    time: timeText(frame.timeSec, frame.timeNsec),
    type: TYPE_NAMES[record.type],
    path: node === undefined ? null : (pathOf(store, node) ?? null),
    ino: record.ino,
    id: nodeIdToText(record.id),
    version: record.version,
  };
  switch (record.type) {
    case RECORD.nodeCreate:
      return { ...head, kind: kindName(record.kind), ...fieldsRow(record.fields) };
    case RECORD.nodePatch:
      return { ...head, ...fieldsRow(record.fields) };
    case RECORD.linkAdd:
    case RECORD.linkDel:
      return { ...head, name: nameToText(record.name), child: record.child.ino };
    case RECORD.signal:
      return { ...head, name: nameToText(record.name), payload: typeOf(record.payload) };
    case RECORD.rewrite:
      return { ...head, data: { offset: record.data.offset, bytes: record.data.bytes } };
    case RECORD.nodeDelete:
      return head;
    case RECORD.move:
      return { ...head, data: { offset: record.data.offset, bytes: record.data.bytes } };
  }
}

function fieldsRow(fields: Fields): Row {
  const row: Record<string, RowValue> = {};
  if (fields.mode !== undefined) row.mode = fields.mode.toString(8).padStart(4, '0');
  if (fields.uid !== undefined) row.uid = fields.uid;
  if (fields.gid !== undefined) row.gid = fields.gid;
  if (fields.size !== undefined) row.size = fields.size;
  if (fields.data !== undefined) row.data = { offset: fields.data.offset, bytes: fields.data.bytes };
  if (fields.share !== undefined) {
    const { from, fromOffset, offset, bytes } = fields.share;
    row.share = { from: from.ino, fromOffset, offset, bytes };
  }
  if (fields.hole !== undefined) row.hole = { ...fields.hole };
  if (fields.reserve !== undefined) row.reserve = { ...fields.reserve };
  if (fields.value !== undefined) row.value = fields.value === null ? 'removed' : typeOf(fields.value);
  if (fields.meta !== undefined) row.meta = fields.meta === null ? 'removed' : typeOf(fields.meta);
  if (fields.xattrs !== undefined) row.xattrs = [...fields.xattrs.keys()].map(nameToText);
  if (fields.target !== undefined) row.target = nameToText(fields.target);
  if (fields.rdev !== undefined && fields.rdev !== 0) row.rdev = fields.rdev;
  for (const time of ['atime', 'mtime', 'ctime', 'btime'] as const) {
    const at = fields[time];
    if (at !== undefined) row[time] = timeText(at[0], at[1]);
  }
  return row;
}

/** Type of an encoded value; "damaged" when it cannot be decoded. */
function typeOf(value: Uint8Array): string {
  try {
    return valueTypeName(decode(value));
  } catch {
    return 'damaged';
  }
}
