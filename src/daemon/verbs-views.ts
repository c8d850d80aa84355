/**
 * Verbs about views: addView, views, showView, removeView.
 */
import { FxError } from '../errors.ts';
import type { Node } from '../store/node.ts';
import { locate, resolve } from '../tree/address.ts';
import { parseDefinition } from '../views/definition.ts';
import { defineVerb, type VerbContext } from './verb.ts';

const NOTHING = new Uint8Array(0);

function viewAt({ store, documents }: VerbContext, path: string): Node {
  const node = resolve(store, path);
  if (!documents.views.has(node)) throw new FxError('NOT_FOUND', `${path} is no view; "fxmount view ls" lists them`);
  return node;
}

/** Makes the file, or gives a view another definition. `error`: why it cannot be shown now, or null. */
export const addView = defineVerb(
  { access: 'write', output: 'none', arguments: { path: 'string', definition: 'string' } },
  async (context, { path, definition }) => {
    const { views } = context.documents;
    const place = locate(context.store, path);
    views.check(place.name, definition);
    const node = place.node ?? context.tree.put(path, NOTHING, { type: 'bytes', noReplace: true });
    views.set(node, definition);
    return { error: views.shown(node).error?.message ?? null };
  },
);

/** What this version cannot read has an error, which is told with it. */
function readable(text: string): { kind: string; from: string | null } {
  try {
    const { kind, from = null } = parseDefinition(text);
    return { kind, from };
  } catch {
    return { kind: 'view', from: null };
  }
}

/** `from` is null for the directory that the view is in. */
export const views = defineVerb({ access: 'read', output: 'rows', arguments: {} }, async (context, _args, io) => {
  for (const { node, path, text } of context.documents.views.list()) {
    const { kind, from } = readable(text);
    await io.row({ path, kind, from, error: context.documents.views.shown(node).error?.message ?? null });
  }
  return null;
});

/** The text that the view shows, or its definition. BAD_CONTENT when it cannot be shown. */
export const showView = defineVerb(
  { access: 'read', output: 'bytes', arguments: { path: 'string', definition: 'boolean?' } },
  async (context, { path, definition = false }, io) => {
    const view = viewAt(context, path);
    const { views } = context.documents;
    await io.write(definition ? Buffer.from(`${views.definitionOf(view).trimEnd()}\n`, 'utf8') : views.text(view));
    return null;
  },
);

export const removeView = defineVerb(
  { access: 'write', output: 'none', arguments: { path: 'string' } },
  async (context, { path }) => {
    viewAt(context, path);
    context.tree.unlink(path);
    return null;
  },
);
