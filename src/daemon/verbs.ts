/**
 * The verbs by name: one row each.
 */
import { FxError } from '../errors.ts';
import type { Plain, PlainMap } from './plain.ts';
import type { Verb, VerbContext, VerbIo } from './verb.ts';
import { change, read } from './verbs-client.ts';
import { bind, bindings, lenses, problems, unbind } from './verbs-documents.ts';
import { log } from './verbs-log.ts';
import { mount, umount, wait } from './verbs-mount.ts';
import { get, ls, select, stat, tree } from './verbs-read.ts';
import { setLenses, setMaxBytes, settings } from './verbs-settings.ts';
import { cursors, emit, removeCursor, setCursor, signals } from './verbs-signals.ts';
import { checkpoint, compact, status, verify } from './verbs-store.ts';
import { exportVerb, followVerb, importVerb } from './verbs-transfer.ts';
import { addView, removeView, showView, views } from './verbs-views.ts';
import { mv, put, rm } from './verbs-write.ts';

export const VERBS = {
  addView,
  bind,
  bindings,
  change,
  checkpoint,
  compact,
  cursors,
  emit,
  export: exportVerb,
  follow: followVerb,
  get,
  import: importVerb,
  lenses,
  log,
  ls,
  mount,
  mv,
  problems,
  put,
  read,
  removeCursor,
  removeView,
  rm,
  select,
  setCursor,
  setLenses,
  setMaxBytes,
  settings,
  showView,
  signals,
  stat,
  status,
  tree,
  umount,
  unbind,
  verify,
  views,
  wait,
} as const satisfies Record<string, Verb>;

export type VerbName = keyof typeof VERBS;

/** Runs a verb. READ_ONLY, saying why, when it would change a store that cannot be changed. */
export async function runVerb(name: VerbName, context: VerbContext, args: PlainMap, io: VerbIo): Promise<Plain> {
  const verb = VERBS[name];
  if (verb.access === 'write' && context.store.readOnly) {
    const why = context.store.report.at(-1) ?? 'a write to its disk failed; see to the disk and open it again';
    throw new FxError('READ_ONLY', `${context.directory} cannot be changed: ${why}`);
  }
  return verb.run(context, args, io);
}

export function isVerbName(name: string): name is VerbName {
  return Object.hasOwn(VERBS, name);
}
