/**
 * The guard against a text that lost its end and is still valid: a save that deletes most of a collection.
 */
import type { Diagnostic, Positions } from './diagnostics.ts';
import type { Edit } from './edits.ts';
import type { PutOptions } from './lens.ts';
import type { SourceNode } from './source.ts';

/** Fewer deletions than this are never guarded. */
const DELETIONS_MIN = 10;

/** An error `mass-delete` at the text's end, when the edits delete more than half of the nodes below the root. */
export function guardDeletions(
  base: SourceNode,
  edits: readonly Edit[],
  options: PutOptions,
  positions: Positions,
): Diagnostic | undefined {
  if (options.force) return undefined;
  const deleted = new Set(edits.flatMap((edit) => (edit.op === 'delete' ? [edit.node] : [])));
  if (deleted.size === 0) return undefined;
  let all = -1;
  let gone = 0;
  const count = (node: SourceNode, inGone: boolean): void => {
    const going = inGone || (node.id !== null && deleted.has(node.id));
    all++;
    if (going) gone++;
    for (const child of node.children ?? []) count(child, going);
  };
  count(base, false);
  return guardCount(gone, all, 'nodes', positions);
}

export function guardCount(gone: number, all: number, what: string, positions: Positions): Diagnostic | undefined {
  if (gone < DELETIONS_MIN || gone * 2 <= all) return undefined;
  const message = `this would delete ${gone} of ${all} ${what}: if that is meant, write "force" to user.fx.action`;
  return positions.diagnostic({ index: Number.MAX_SAFE_INTEGER, code: 'mass-delete', message });
}
