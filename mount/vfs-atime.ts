/**
 * Access times.
 *
 * | policy        | reading changes the access time                                                       |
 * |---------------|---------------------------------------------------------------------------------------|
 * | `noatime`     | never; the default, as each change is a record in the log                             |
 * | `relatime`    | when it is not after the last change of content or attributes, or is a day old        |
 * | `strictatime` | always                                                                                |
 *
 * Only reads that reach us count: what the kernel has cached it reads out by itself, and tells nobody. An access
 * time that changes is a change of the node's attributes, with a version and a signal, but leaves ctime alone.
 */
import { FxError } from '../src/errors.ts';
import type { Ino } from '../src/ids.ts';
import type { Node } from '../src/store/node.ts';
import type { Events } from './vfs-events.ts';
import type { Tree } from './vfs-tree.ts';

export const ATIME_POLICIES = ['noatime', 'relatime', 'strictatime'] as const;
export type AtimePolicy = (typeof ATIME_POLICIES)[number];
export const ATIME_DEFAULT: AtimePolicy = 'noatime';

const DAY_SEC = 86_400;

/** INVALID for what is no policy. */
export function parseAtime(text: string): AtimePolicy {
  const policy = ATIME_POLICIES.find((name) => name === text);
  if (policy === undefined) throw new FxError('INVALID', `--atime is one of ${ATIME_POLICIES.join(', ')}`);
  return policy;
}

export class Accesses {
  readonly #tree: Tree;
  readonly #events: Events;
  readonly #policy: AtimePolicy;

  constructor(tree: Tree, events: Events, policy: AtimePolicy) {
    this.#tree = tree;
    this.#events = events;
    this.#policy = policy;
  }

  /** Something was read. Never fails: reading must not, on a store that takes no changes. */
  note(ino: Ino): void {
    if (this.#policy === 'noatime' || this.#tree.readOnly || this.#tree.isValueFile(ino)) return;
    try {
      const node = this.#tree.node(ino);
      if (this.#policy === 'relatime' && !isDue(node)) return;
      const ctime = [node.ctimeSec, node.ctimeNsec] as const;
      this.#events.quiet(() => this.#tree.store.patch(node, { atime: 'now', ctime }));
    } catch (error) {
      if (!(error instanceof FxError)) throw error;
    }
  }
}

/** As relatime_need_update of Linux's fs/inode.c. */
function isDue({ atimeSec, atimeNsec, mtimeSec, mtimeNsec, ctimeSec, ctimeNsec }: Node): boolean {
  const before = (sec: number, nsec: number) => atimeSec < sec || (atimeSec === sec && atimeNsec <= nsec);
  if (before(mtimeSec, mtimeNsec) || before(ctimeSec, ctimeNsec)) return true;
  return Date.now() / 1000 - atimeSec >= DAY_SEC;
}
