/**
 * What the API tells about a node.
 */
import { nodeIdToText } from '../ids.ts';
import type { StoreApi, Time } from '../store/api.ts';
import { KIND, type Node } from '../store/node.ts';
import { decode } from '../uarr/v2.ts';
import { pathsOf } from './address.ts';
import { isBlob, type KindName, kindName, valueTypeName } from './kinds.ts';

export interface Stat {
  /** NodeID as text. */
  id: string;
  ino: number;
  /** VerID: rises by one with each change of the node. */
  version: number;
  kind: KindName;
  /** Permission and set-id bits. */
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  /** Device number of a device, else 0. */
  rdev: number;
  /** Bytes of a blob's content or of a symlink's target; 0 for others. What a mount shows of a typed value has its own size. */
  size: number;
  /** Bytes held in the log for the content; less than `size` when there are holes. */
  storedBytes: number;
  /** Type of the content: 'blob' for a file of bytes, a value's type as `valueTypeName`, undefined for nodes without value. */
  type: string | undefined;
  /** Bytes of the encoded value, 0 without one. */
  valueBytes: number;
  /** Times in nanoseconds since 1970. */
  atimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  btimeNs: bigint;
  /** Every path of the node, one for each hard link. */
  paths: string[];
}

export function statOf(store: StoreApi, node: Node): Stat {
  return {
    id: nodeIdToText(node.id),
    ino: node.ino,
    version: node.version,
    kind: kindName(node.kind),
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    nlink: node.nlink,
    rdev: node.rdev,
    size: node.kind === KIND.symlink || isBlob(node) ? node.size : 0,
    storedBytes: node.storedBytes,
    type: contentType(node),
    valueBytes: node.value?.length ?? 0,
    atimeNs: toNs(node.atimeSec, node.atimeNsec),
    mtimeNs: toNs(node.mtimeSec, node.mtimeNsec),
    ctimeNs: toNs(node.ctimeSec, node.ctimeNsec),
    btimeNs: toNs(node.btimeSec, node.btimeNsec),
    paths: pathsOf(store, node),
  };
}

function contentType(node: Node): string | undefined {
  if (node.value !== null) return valueTypeName(decode(node.value));
  return node.kind === KIND.file ? 'blob' : undefined;
}

const NS_PER_SECOND = 1_000_000_000n;

export function toNs(seconds: number, nanoseconds: number): bigint {
  return BigInt(seconds) * NS_PER_SECOND + BigInt(nanoseconds);
}

/** Nanoseconds since 1970, also before it, as [seconds, nanoseconds 0 to 999,999,999]. */
export function timeOfNs(ns: bigint): Time {
  const rest = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return [Number((ns - rest) / NS_PER_SECOND), Number(rest)];
}
