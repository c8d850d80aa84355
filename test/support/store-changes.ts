/**
 * Random changes of a store on the host's disk, and its whole tree as text to compare.
 */
import { readSync } from 'node:fs';
import { expect } from 'vitest';
import { FxError } from '../../src/errors.ts';
import { KIND, type Node } from '../../src/store/node.ts';
import type { Store } from '../../src/store/store.ts';
import type { Random } from './sim-disk.ts';
import { nodeAt } from './sim-store.ts';

/** The tree as text: every slot with its node and content; without what only the log's frames tell, if asked. */
export function dump(store: Store, withFrames = true): string {
  const lines: string[] = [];
  const visit = (node: Node, path: string): void => {
    const { ino, kind, mode, nlink, size, storedBytes, version } = node;
    const { seq, mtimeNsec, ctimeNsec } = withFrames ? node : { seq: 0, mtimeNsec: 0, ctimeNsec: 0 };
    const xattrs = [...(node.xattrs ?? [])].map(([name, value]) => `${name}=${value.length}`).sort();
    lines.push(
      `${path} ${JSON.stringify({ ino, kind, mode, nlink, size, storedBytes, version, seq, mtimeNsec, ctimeNsec, xattrs })}`,
    );
    lines.push(content(store, node).toString('base64'));
    store.slots(node, 0, (slot) => {
      expect(store.slot(node, slot.name)).toMatchObject({ ino: slot.ino, cookie: slot.cookie });
      visit(store.node(slot.ino) as Node, `${path}/${slot.name}`);
      return true;
    });
  };
  visit(nodeAt(store, ''), '');
  const { nodes, contentBytes } = store.totals;
  return `${lines.join('\n')}\n${nodes} nodes, ${contentBytes} bytes`;
}

export function content(store: Store, node: Node): Buffer {
  const bytes = Buffer.alloc(node.size);
  let at = 0;
  const pieces: { fd: number; position: number; bytes: number }[] = [];
  if (node.kind === KIND.file) store.pieces(node, 0, node.size, pieces);
  for (const piece of pieces) {
    if (piece.fd >= 0) readSync(piece.fd, bytes, at, piece.bytes, piece.position);
    at += piece.bytes;
  }
  return bytes;
}

/** One random change; what the store refuses does not count. */
export function randomChange(store: Store, random: Random): void {
  const names = ['a', 'b', 'c', 'd'];
  const name = (): string => names[random(names.length)] as string;
  const directories = [nodeAt(store, '')];
  for (const first of [...directories]) {
    store.slots(first, 0, (slot) => {
      if (slot.kind === KIND.directory) directories.push(store.node(slot.ino) as Node);
      return true;
    });
  }
  const parent = directories[random(directories.length)] as Node;
  const other = directories[random(directories.length)] as Node;
  const slot = store.slot(parent, name());
  const node = slot && store.node(slot.ino);
  try {
    switch (random(10)) {
      case 0:
        store.create(parent, name(), { kind: KIND.directory, mode: 0o755, uid: 0, gid: 0 });
        break;
      case 1:
      case 2:
        store.create(parent, name(), { kind: KIND.file, mode: 0o644, uid: 0, gid: 0 });
        break;
      case 3:
      case 4:
        if (node?.kind === KIND.file)
          store.write(node, random(9000) * random(2000), Buffer.alloc(5000, random(256)), 0, 1 + random(5000));
        break;
      case 5:
        if (node?.kind === KIND.file) store.patch(node, { size: random(2) * random(6_000_000) });
        break;
      case 6:
        if (node) store.link(node, other, name());
        break;
      case 7:
        if (slot) store.unlink(parent, slot.name);
        break;
      case 8:
        if (slot) store.rename(parent, slot.name, other, name(), { exchange: random(3) === 0 });
        break;
      default:
        if (node)
          store.patch(node, {
            mode: random(0o777),
            xattrs: new Map([[`user.${name()}`, random(2) ? Buffer.alloc(random(9)) : null]]),
          });
    }
  } catch (error) {
    if (!(error instanceof FxError)) throw error;
  }
}
