/**
 * The edits between two pictures of the same nodes: nodes are known by their ids.
 */
import { diffValues } from './diff-values.ts';
import type { Edit, Handle } from './edits.ts';
import type { SourceNode } from './source.ts';

interface Known {
  readonly node: SourceNode;
  readonly parent: Handle | null;
}

function index(source: SourceNode, parent: Handle | null, into: Map<Handle, Known>): Map<Handle, Known> {
  const id = source.id as Handle;
  into.set(id, { node: source, parent });
  for (const child of source.children ?? []) index(child, id, into);
  return into;
}

/**
 * The script that makes `base` into `next`. All nodes have ids and both have the same root. A node that only
 * `next` has is created if its id is a handle (`+1`), else revived. Whether a node is a directory stays.
 */
export function diffSources(base: SourceNode, next: SourceNode): Edit[] {
  const before = index(base, null, new Map());
  const after = index(next, null, new Map());
  const edits: Edit[] = [];
  for (const [id, { node, parent }] of after) {
    const known = before.get(id);
    if (known === undefined) edits.push(creation(node, parent as Handle, after, before));
    else {
      edits.push(...diffNode(known, node, parent));
    }
    if (node.children !== null) edits.push(...orderEdit(known?.node, node, before));
  }
  for (const [id, { parent }] of before) {
    if (!after.has(id) && (parent === null || after.has(parent))) edits.push({ op: 'delete', node: id });
  }
  return edits;
}

function diffNode(known: Known, node: SourceNode, parent: Handle | null): Edit[] {
  const id = node.id as Handle;
  const edits: Edit[] = [];
  if (parent !== null && (known.parent !== parent || known.node.key !== node.key)) {
    edits.push({ op: 'rename', node: id, parent, key: node.key });
  }
  edits.push(...diffValues(known.node.value, node.value, id));
  const meta = diffValues(known.node.meta ?? new Map(), node.meta ?? new Map(), id, undefined, 'meta');
  edits.push(...meta);
  return edits;
}

function creation(node: SourceNode, parent: Handle, after: Map<Handle, Known>, before: Map<Handle, Known>): Edit {
  const siblings = after.get(parent)?.node.children ?? [];
  const later = siblings.slice(siblings.indexOf(node) + 1);
  const anchor = later.find(({ id }) => before.get(id as Handle)?.parent === parent)?.id ?? null;
  const { key, value, meta, children } = node;
  const id = node.id as Handle;
  const op = id.startsWith('+') ? 'create' : 'revive';
  return { op, node: id, parent, key, value, meta, directory: children !== null, before: anchor };
}

/** An order edit, when the children would not come out in order by themselves. */
function orderEdit(known: SourceNode | undefined, node: SourceNode, before: Map<Handle, Known>): Edit[] {
  const wanted = (node.children ?? []).map(({ id }) => id as Handle);
  const stays = (id: Handle): boolean => before.get(id)?.parent === node.id;
  const present = new Set(wanted);
  const kept = (known?.children ?? []).map(({ id }) => id as Handle).filter((id) => present.has(id));
  const movedIn = wanted.filter((id) => before.has(id) && !stays(id));
  const expected = wanted.filter(stays);
  const sorted = expected.every((id, i) => id === kept[i]);
  const lastKept = wanted.findLastIndex(stays);
  if (sorted && movedIn.every((id) => wanted.indexOf(id) > lastKept) && movedIn.length <= 1) {
    const tail = wanted.slice(lastKept + 1);
    if (movedIn.length === 0 || tail.at(-1) === movedIn[0]) return [];
  }
  return [{ op: 'order', node: node.id as Handle, children: wanted }];
}
