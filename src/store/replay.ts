/**
 * Applies frames that the log has and the index has not.
 */
import { Reader } from '../bytes.ts';
import type { Frame } from '../wal/walk.ts';
import { applyRecord } from './apply.ts';
import { decodeRecord } from './records.ts';
import type { State } from './state.ts';

/** Applies one frame. Throws DAMAGED when it does not fit the tree or itself, NEWER_FORMAT for unknown records. */
export function replay(state: State, frame: Frame): void {
  const reader = new Reader(
    frame.bytes,
    frame.payloadStart,
    frame.payloadStart + frame.payloadBytes,
    `frame ${frame.seq}`,
  );
  const context = {
    seq: frame.seq,
    timeSec: frame.timeSec,
    timeNsec: frame.timeNsec,
    segment: frame.segment,
    dataPosition: frame.dataPosition,
  };
  let records = 0;
  for (; reader.remaining > 0; records++) {
    const record = decodeRecord(reader);
    const data = 'fields' in record ? record.fields.data : 'data' in record ? record.data : undefined;
    if (data && data.place + data.bytes > frame.dataBytes)
      reader.fail('a record refers to bytes beyond the frame’s data');
    applyRecord(state, record, context, null);
  }
  if (records !== frame.records) reader.fail(`it has ${records} records, not ${frame.records}`);
}
