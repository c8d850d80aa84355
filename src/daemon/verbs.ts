/**
 * The verbs by name: one row each.
 */
import { exportVerb, importVerb } from './verbs-transfer.ts';
import { log } from './verbs-log.ts';
import { mount, umount, wait } from './verbs-mount.ts';
import { get, ls, stat, tree } from './verbs-read.ts';
import { checkpoint, status, verify } from './verbs-store.ts';
import { mv, put, rm } from './verbs-write.ts';
import type { Verb } from './verb.ts';

export const VERBS = {
  checkpoint,
  export: exportVerb,
  get,
  import: importVerb,
  log,
  ls,
  mount,
  mv,
  put,
  rm,
  stat,
  status,
  tree,
  umount,
  verify,
  wait,
} as const satisfies Record<string, Verb>;

export type VerbName = keyof typeof VERBS;

export function isVerbName(name: string): name is VerbName {
  return Object.hasOwn(VERBS, name);
}
