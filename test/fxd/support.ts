/**
 * What the tests of FXD's files share: the real files, when they are there, and a plain form of graphs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FXWAL_TYPE, type FxwalRecord, FxwalWriter } from '../../src/fxd/fxwal.ts';
import type { FxdGraph, FxdNode } from '../../src/fxd/graph.ts';
import { encodeV1 } from '../../src/uarr/v1.ts';
import { packIntegers } from '../../src/uarr/v1-integers.ts';
import { fromJs, toJsonText, type Value } from '../../src/uarr/value.ts';

const SAMPLES = process.env.FXD_SAMPLES ?? fileURLToPath(new URL('../../../shared/fxd', import.meta.url));

/** Where a real file lies, if it is there. */
export function samplePath(name: string): string {
  return join(SAMPLES, name);
}

/** The bytes of a real file; undefined where there is none. */
export function realFile(name: string): Buffer | undefined {
  const path = samplePath(name);
  return existsSync(path) ? readFileSync(path) : undefined;
}

/** One line a node: path, type, value, metadata. */
export function outline(tops: readonly FxdNode[]): string[] {
  const lines: string[] = [];
  const visit = (node: FxdNode, path: string): void => {
    const oneLine = (value: Value): string => (value === undefined ? '-' : toJsonText(value).replace(/\n\s*/g, ''));
    lines.push(`${path || '/'} ${node.type} ${oneLine(node.value)} ${oneLine(node.meta ?? undefined)}`);
    for (const child of node.children) visit(child, `${path}/${child.name}`);
  };
  for (const top of tops) visit(top, '');
  return lines;
}

export function codesOf(graph: FxdGraph): string[] {
  return graph.problems.map(({ code }) => code);
}

/** Records with the given types, node ids and payloads. */
export function records(
  rows: readonly (readonly [keyof typeof FXWAL_TYPE, string, Record<string, unknown>])[],
): FxwalRecord[] {
  return rows.map(([type, nodeId, payload], i) => ({
    seq: BigInt(i + 1),
    timeNs: 1_700_000_000_000_000_000n + BigInt(i),
    type: FXWAL_TYPE[type],
    nodeId,
    payload: encodeV1(packIntegers(fromJs(payload))),
  }));
}

export function logOf(rows: Parameters<typeof records>[0]): Buffer {
  const writer = new FxwalWriter();
  for (const record of records(rows)) writer.append(record);
  return writer.finish();
}
