/**
 * Verbs about documents: bind, unbind, bindings, lenses, problems.
 */
import { adopt } from '../../mount/documents/adopt.ts';
import { MODES, type Mode, type Rule } from '../../mount/documents/bindings.ts';
import { ModuleLens } from '../../mount/documents/module-lens.ts';
import { problemLines } from '../../mount/documents/refusal.ts';
import { FxError } from '../errors.ts';
import { KIND, type Node } from '../store/node.ts';
import { pathOf, resolve } from '../tree/address.ts';
import { defineVerb, type VerbContext } from './verb.ts';

function directoryOf(context: VerbContext, path: string): Node {
  const node = resolve(context.store, path);
  if (node.kind !== KIND.directory)
    throw new FxError('NOT_DIRECTORY', `${path} is no directory; rules are bound to one`);
  return node;
}

/** Mounts that heard of no opened file until now and never will: saves there cannot be refused. */
function deafMounts(context: VerbContext): string[] {
  return (context.mounts?.list() ?? []).filter(({ checksSaves }) => !checksSaves).map(({ mountpoint }) => mountpoint);
}

export const bind = defineVerb(
  {
    access: 'write',
    output: 'none',
    arguments: { path: 'string', lens: 'string', mode: 'string', schema: 'string?' },
  },
  async (context, { path, lens, mode, schema = null }, io) => {
    const { documents } = context;
    if (!(MODES as readonly string[]).includes(mode)) {
      throw new FxError('INVALID', `there is no mode "${mode}"; the modes are ${MODES.join(' and ')}`);
    }
    const rule: Rule = { lens, mode: mode as Mode, schema, options: {} };
    const directory = directoryOf(context, path);
    documents.bindings.set(directory, rule);
    const adopted = await adopt(documents, directory, io.signal, (files) => io.progress('checking files', files, 0));
    return { ...adopted, deafMounts: deafMounts(context) };
  },
);

export const unbind = defineVerb(
  { access: 'write', output: 'none', arguments: { path: 'string' } },
  async (context, { path }) => {
    if (!context.documents.bindings.remove(directoryOf(context, path))) {
      throw new FxError('NOT_FOUND', `${path} has no rule of its own; "fxmount bindings" lists what has`);
    }
    return null;
  },
);

export const bindings = defineVerb({ access: 'read', output: 'rows', arguments: {} }, async (context, _args, io) => {
  for (const { directory, rule } of context.documents.bindings.rules()) {
    const path = pathOf(context.store, directory);
    if (path !== undefined) await io.row({ path, lens: rule.lens, mode: rule.mode, schema: rule.schema });
  }
  return null;
});

/** `text` has the path before each line, and no newline at its end. */
export const problems = defineVerb({ access: 'read', output: 'rows', arguments: {} }, async (context, _args, io) => {
  for (const { path, problem } of context.documents.troubled()) {
    const diagnostics = problem.diagnostics.map((diagnostic) => ({ ...diagnostic }));
    await io.row({ path, kind: problem.kind, text: problemLines(path, problem).join('\n'), diagnostics });
  }
  return null;
});

/** A row for each lens; `own`: it is of the module that the settings name. Gives that module, and why it is not loaded. */
export const lenses = defineVerb({ access: 'read', output: 'rows', arguments: {} }, async (context, _args, io) => {
  const { registry, module, problem } = context.lenses;
  for (const lens of registry) {
    const { name, extensions, scope, mediaType } = lens;
    await io.row({ name, extensions, scope, mediaType, own: lens instanceof ModuleLens });
  }
  return { module: module?.path ?? null, problem };
});
