/**
 * From the records of a `.fxwal` to a graph, and from a graph to records.
 *
 * Only NODE_CREATE is known from real files; of the other types, FXD versions name the fields differently. So
 * each is looked for under several names: parent (`parent_id`, `parent`, `from`, `source`, else the record's node
 * id), child (`child_id`, `child`, `to`, `target`, `node_id`, `id`), key (`key_name`, `key`, `name`). SIGNAL and
 * CHECKPOINT do not change the graph. A record that makes no sense is a problem of the graph, not an error.
 */
import { FxError } from '../errors.ts';
import { decodeV1, encodeV1 } from '../uarr/v1.ts';
import { packIntegers } from '../uarr/v1-integers.ts';
import { NodeRef, type Value, type ValueMap } from '../uarr/value.ts';
import { FXWAL_TYPE, type FxwalRecord, FxwalWriter, readFxwal } from './fxwal.ts';
import { type FxdDefinition, type FxdGraph, GraphBuilder } from './graph.ts';

/** The graph that a log leads to. BAD_SOURCE when it is no `.fxwal`; damage inside is in `problems`. */
export function graphFromFxwal(source: Uint8Array | Iterable<Uint8Array>, what = 'the log'): FxdGraph {
  const builder = new GraphBuilder();
  for (const item of readFxwal(source, what)) {
    if (item.kind === 'record') applyRecord(builder, item.record, item.offset);
    else if (item.kind === 'damaged') builder.problem('damaged-record', `${what}: ${item.why}`);
    else
      builder.problem(
        'cut-record',
        `${what}: the record at byte ${item.offset} is cut short: its ${item.bytes} bytes are left out`,
      );
  }
  return builder.finish();
}

function applyRecord(builder: GraphBuilder, record: FxwalRecord, offset: number): void {
  if (record.type === FXWAL_TYPE.signal || record.type === FXWAL_TYPE.checkpoint) return;
  const apply = APPLY.get(record.type);
  if (apply === undefined) {
    builder.problem(
      'unknown-record',
      `the record at byte ${offset} has the unknown type ${record.type}`,
      record.nodeId,
    );
    return;
  }
  let payload: Value;
  try {
    payload = record.payload.length === 0 ? new Map() : decodeV1(record.payload);
  } catch (error) {
    if (!(error instanceof FxError)) throw error;
    builder.problem(
      'bad-payload',
      `the record at byte ${offset} (node ${record.nodeId}): ${error.message}`,
      record.nodeId,
    );
    return;
  }
  if (payload instanceof Map) apply(builder, record, payload, offset);
  else
    builder.problem('bad-payload', `the record at byte ${offset} (node ${record.nodeId}) holds no map`, record.nodeId);
}

type Apply = (builder: GraphBuilder, record: FxwalRecord, payload: ValueMap, offset: number) => void;

const APPLY: ReadonlyMap<number, Apply> = new Map([
  [FXWAL_TYPE.nodeCreate, applyCreate],
  [FXWAL_TYPE.nodePatch, applyPatch],
  [FXWAL_TYPE.linkAdd, applyLink],
  [FXWAL_TYPE.linkDelete, applyLink],
] as [number, Apply][]);

const PARENT = ['parent_id', 'parent', 'from', 'source'];
const CHILD = ['child_id', 'child', 'to', 'target', 'node_id', 'id'];
const KEY = ['key_name', 'key', 'name'];

/** The first of the fields that holds text or a reference. */
function textOf(payload: ValueMap, names: readonly string[]): string | null {
  for (const name of names) {
    const value = payload.get(name);
    if (typeof value === 'string') return value;
    if (value instanceof NodeRef) return value.id;
  }
  return null;
}

function applyCreate(builder: GraphBuilder, record: FxwalRecord, payload: ValueMap): void {
  const meta = payload.get('meta');
  const definition: FxdDefinition = {
    id: textOf(payload, ['id']) ?? record.nodeId,
    parentId: textOf(payload, PARENT),
    key: textOf(payload, KEY),
    type: textOf(payload, ['type', 'node_type']) ?? 'raw',
    value: payload.get('value'),
    meta: meta instanceof Map ? meta : null,
    proto: payload.get('proto'),
    createdNs: record.timeNs,
  };
  builder.define(definition);
}

function applyPatch(builder: GraphBuilder, record: FxwalRecord, payload: ValueMap, offset: number): void {
  const id = textOf(payload, ['id', 'node_id']) ?? record.nodeId;
  const changes: Parameters<GraphBuilder['patch']>[1] = {};
  if (payload.has('value')) changes.value = payload.get('value');
  if (payload.has('proto')) changes.proto = payload.get('proto');
  const meta = payload.get('meta');
  if (meta instanceof Map) changes.meta = meta;
  const type = textOf(payload, ['type', 'node_type']);
  if (type !== null) changes.type = type;
  if (!builder.patch(id, changes, record.timeNs)) {
    builder.problem('unknown-node', `the record at byte ${offset} changes node ${id}, which is not there`, id);
  }
}

function applyLink(builder: GraphBuilder, record: FxwalRecord, payload: ValueMap, offset: number): void {
  const given = textOf(payload, PARENT);
  const child = textOf(payload, CHILD) ?? (given === null ? null : record.nodeId);
  const parent = given ?? record.nodeId;
  const key = textOf(payload, KEY);
  const isAdd = record.type === FXWAL_TYPE.linkAdd;
  if (child !== null && child !== parent) {
    if (isAdd ? builder.link(parent, child, key) : builder.unlink(parent, child, key)) return;
  }
  const what = isAdd ? 'links' : 'unlinks';
  builder.problem(
    'unknown-node',
    `the record at byte ${offset} ${what} node ${child} and ${parent}, which it cannot`,
    record.nodeId,
  );
}

/** A log of NODE_CREATE records, one for each node, that leads to the graph; links follow as LINK_ADD. */
export function graphToFxwal(graph: FxdGraph): Buffer {
  const writer = new FxwalWriter();
  let seq = 0n;
  let timeNs = 0n;
  const append = (type: number, nodeId: string, payload: ValueMap): void => {
    writer.append({ seq: ++seq, timeNs, type, nodeId, payload: encodeV1(packIntegers(payload)) });
  };
  for (const node of graph.nodes.values()) {
    const payload: ValueMap = new Map<string, Value>([
      ['id', node.id],
      ['parent_id', node.parentId],
      ['key_name', node.key],
      ['type', node.type],
    ]);
    if (node.value !== undefined) payload.set('value', node.value);
    if (node.meta !== null) payload.set('meta', node.meta);
    if (node.proto !== undefined) payload.set('proto', node.proto);
    timeNs = node.createdNs ?? timeNs;
    append(FXWAL_TYPE.nodeCreate, node.id, payload);
  }
  for (const { parentId, name, nodeId } of graph.links) {
    append(
      FXWAL_TYPE.linkAdd,
      nodeId,
      new Map<string, Value>([
        ['parent_id', parentId],
        ['child_id', nodeId],
        ['key_name', name],
      ]),
    );
  }
  return writer.finish();
}
