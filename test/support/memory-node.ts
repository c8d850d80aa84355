/**
 * A node of the filesystem in `memory-operations.ts`.
 */
import type { Caller } from '../../mount/operations.ts';
import type { Ino } from '../../src/ids.ts';
import type { Name } from '../../src/names.ts';
import type { Time } from '../../src/store/api.ts';
import { type Attributes, KIND, type Kind } from '../../src/store/node.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export interface Entry {
  readonly ino: Ino;
  readonly cookie: number;
}

/** A node: what the driver sees of it, and its content. */
export interface MemoryNode extends Mutable<Attributes> {
  entries: Map<Name, Entry> | undefined;
  parent: Ino;
  data: Buffer;
  target: Name;
  xattrs: Map<Name, Uint8Array>;
}

const EMPTY = Buffer.alloc(0);

/** A node without a name, made at `time` by `caller`. */
export function makeNode(ino: Ino, kind: Kind, mode: number, caller: Caller, time: Time): MemoryNode {
  const [sec, nsec] = time;
  return {
    ino,
    kind,
    mode,
    uid: caller.uid,
    gid: caller.gid,
    nlink: kind === KIND.directory ? 2 : 1,
    rdev: 0,
    size: 0,
    storedBytes: 0,
    atimeSec: sec,
    atimeNsec: nsec,
    mtimeSec: sec,
    mtimeNsec: nsec,
    ctimeSec: sec,
    ctimeNsec: nsec,
    btimeSec: sec,
    btimeNsec: nsec,
    entries: kind === KIND.directory ? new Map() : undefined,
    parent: 0,
    data: EMPTY,
    target: '',
    xattrs: new Map(),
  };
}
