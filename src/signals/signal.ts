/**
 * Signals: what a frame of the log says to those who follow it.
 *
 * A signal is derived from the log, never written beside it: whoever reads the same frames gets the same
 * signals. One frame yields them in the order of its records; (seq, index) is the place of a signal in the
 * feed, and a cursor is a seq.
 *
 * | record       | signals                                                                                 |
 * |--------------|-----------------------------------------------------------------------------------------|
 * | NODE_CREATE  | VALUE of the new node, from version 0                                                   |
 * | NODE_PATCH   | VALUE when the value, content or size changes; META for what else it names              |
 * | LINK_ADD     | CHILDREN of the directory                                                               |
 * | LINK_DEL     | CHILDREN of the directory                                                               |
 * | NODE_DELETE  | META of the node: it is gone                                                            |
 * | SIGNAL       | CUSTOM                                                                                  |
 *
 * CAPS is kept for capabilities. `base` and `version` are the node's VerID before and after the frame; they
 * are equal for what changes no version (CUSTOM, and the end of a node).
 */
import type { Ino, NodeId } from '../ids.ts';
import type { Name } from '../names.ts';
import { rearrangedRange } from '../store/apply.ts';
import { FIRST_VERSION, type Fields, type LogRecord, RECORD } from '../store/records.ts';

export const SIGNAL_KINDS = ['VALUE', 'CHILDREN', 'META', 'CAPS', 'CUSTOM'] as const;
export type SignalKind = (typeof SIGNAL_KINDS)[number];

/** What changed, as far as the frame says; by kind. */
export type Delta =
  /** Bytes from `offset` on were written; `bytes` null: all may differ. `created`: the node is new. */
  | { readonly kind: 'VALUE'; readonly offset: number; readonly bytes: number | null; readonly created: boolean }
  | { readonly kind: 'CHILDREN'; readonly action: 'added' | 'removed'; readonly name: Name; readonly child: NodeId }
  /** Names of attributes (`mode`, `uid`, `atime`, `meta`…) and of extended attributes. `deleted`: the node is gone. */
  | {
      readonly kind: 'META';
      readonly fields: readonly string[];
      readonly xattrs: readonly Name[];
      readonly deleted: boolean;
    }
  /** `payload` is a value in UArr. */
  | { readonly kind: 'CUSTOM'; readonly name: Name; readonly payload: Uint8Array };

export interface Signal {
  readonly seq: number;
  /** Its place among the signals of the frame, from 0. */
  readonly index: number;
  readonly timeSec: number;
  readonly timeNsec: number;
  readonly ino: Ino;
  readonly id: NodeId;
  readonly base: number;
  readonly version: number;
  readonly delta: Delta;
}

/** The frame that records stand in. */
export interface FrameHead {
  readonly seq: number;
  readonly timeSec: number;
  readonly timeNsec: number;
}

const META_FIELDS = ['mode', 'uid', 'gid', 'atime', 'mtime', 'ctime', 'btime', 'meta', 'rdev', 'target'] as const;

/** The signals of a frame, in order. */
export function signalsOf(frame: FrameHead, records: readonly LogRecord[]): Signal[] {
  const signals: Signal[] = [];
  const { seq, timeSec, timeNsec } = frame;
  for (const record of records) {
    const { ino, id, version } = record;
    for (const delta of deltasOf(record)) {
      const isChange = delta.kind !== 'CUSTOM' && !(delta.kind === 'META' && delta.deleted);
      const base = isChange ? version - 1 : version;
      signals.push({ seq, index: signals.length, timeSec, timeNsec, ino, id, base, version, delta });
    }
  }
  return signals;
}

function deltasOf(record: LogRecord): Delta[] {
  switch (record.type) {
    case RECORD.nodeCreate:
      return [{ kind: 'VALUE', offset: 0, bytes: null, created: record.version === FIRST_VERSION }];
    case RECORD.nodePatch:
      return patchDeltas(record.fields);
    case RECORD.linkAdd:
      return [{ kind: 'CHILDREN', action: 'added', name: record.name, child: record.child.id }];
    case RECORD.linkDel:
      return [{ kind: 'CHILDREN', action: 'removed', name: record.name, child: record.child.id }];
    case RECORD.nodeDelete:
      return [{ kind: 'META', fields: [], xattrs: [], deleted: true }];
    case RECORD.rewrite:
    case RECORD.move:
      return [];
    case RECORD.signal:
      return [{ kind: 'CUSTOM', name: record.name, payload: record.payload }];
  }
}

function patchDeltas(patch: Fields): Delta[] {
  const deltas: Delta[] = [];
  const { data, size, value } = patch;
  if (size !== undefined || value !== undefined) deltas.push({ kind: 'VALUE', offset: 0, bytes: null, created: false });
  else {
    const range = data ?? rearrangedRange(patch);
    if (range) deltas.push({ kind: 'VALUE', offset: range.offset, bytes: range.bytes, created: false });
  }
  const fields = META_FIELDS.filter((field) => patch[field] !== undefined);
  const xattrs = [...(patch.xattrs?.keys() ?? [])];
  if (fields.length + xattrs.length > 0) deltas.push({ kind: 'META', fields, xattrs, deleted: false });
  return deltas;
}
