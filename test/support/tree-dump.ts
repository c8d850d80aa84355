/**
 * A store's whole tree as text, one line a slot, for comparing states.
 */
import { createHash } from 'node:crypto';
import type { Piece } from '../../src/store/api.ts';
import type { Node } from '../../src/store/node.ts';
import { ROOT_INO, type Slot } from '../../src/store/node.ts';

/** The part of a store or state that a dump reads. */
export interface Dumpable {
  node(ino: number): Node | undefined;
  slots(directory: Node, after: number, visit: (slot: Slot) => boolean): void;
}

export type ReadPiece = (segment: number, position: number, bytes: number) => Uint8Array;

function digest(node: Node, read: ReadPiece): string {
  if (node.extents === null || node.size === 0) return `${node.size} bytes, hole`;
  const pieces: Piece[] = [];
  node.extents.pieces(0, node.size, (segment) => segment, pieces);
  const hash = createHash('sha1');
  for (const piece of pieces) {
    hash.update(piece.fd < 0 ? Buffer.alloc(piece.bytes) : read(piece.fd, piece.position, piece.bytes));
  }
  return `${node.size} bytes, ${hash.digest('hex').slice(0, 12)}`;
}

function describe(node: Node, read: ReadPiece): string {
  const xattrs = [...(node.xattrs ?? [])]
    .map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`)
    .sort();
  const value = node.value ? Buffer.from(node.value).toString('hex') : '-';
  const times = [node.mtimeSec, node.mtimeNsec, node.ctimeSec, node.ctimeNsec, node.btimeSec, node.btimeNsec].join('.');
  return [
    `ino ${node.ino} kind ${node.kind} mode ${node.mode.toString(8)} ${node.uid}:${node.gid} nlink ${node.nlink}`,
    `v${node.version} seq ${node.seq} ${times} stored ${node.storedBytes}`,
    `${digest(node, read)} -> "${node.target}" value ${value} [${xattrs.join(' ')}]`,
    `links ${node.links
      .map((link) => `${link.parent}/${link.cookie}/${link.name}`)
      .sort()
      .join(' ')}`,
  ].join(' | ');
}

/** The tree as lines, in the order of the directories' slots. */
export function dumpTree(store: Dumpable, read: ReadPiece): string {
  const lines: string[] = [];
  const visit = (node: Node, path: string): void => {
    lines.push(`${path}  ${describe(node, read)}`);
    const slots: Slot[] = [];
    store.slots(node, 0, (slot) => slots.push(slot) > 0);
    if (node.directory && node.directory.count !== slots.length)
      lines.push(`${path}  count ${node.directory.count}, slots ${slots.length}`);
    for (const slot of slots) {
      const child = store.node(slot.ino);
      if (child === undefined) lines.push(`${path}/${slot.name}  is missing`);
      else if (child.directory) visit(child, `${path}/${slot.name}`);
      else lines.push(`${path}/${slot.name} #${slot.cookie}  ${describe(child, read)}`);
    }
  };
  const root = store.node(ROOT_INO);
  if (root) visit(root, '');
  return lines.join('\n');
}
