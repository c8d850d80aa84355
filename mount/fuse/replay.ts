/**
 * File-change events for changes that did not come through the mount.
 *
 * Linux tells watchers (inotify, fanotify) of system calls on the mount, and of nothing else: invalidating
 * caches raises no event. So a change from the API, a command or another mount is *replayed*: a helper
 * process makes the matching system call on the mount, the kernel sends the request, raises the event, and
 * the session, which knows the helper by its pid, changes nothing.
 *
 * | change                  | call of the helper        | event                    | what the helper's requests get            |
 * |-------------------------|---------------------------|--------------------------|-------------------------------------------|
 * | content                 | utimensat, mtime alone    | IN_MODIFY                | SETATTR: the attributes as they are       |
 * | attributes              | utimensat, both times     | IN_ATTRIB                | the same                                  |
 * | entry added             | mknod, mkdir, symlink     | IN_CREATE                | LOOKUP: no entry; MKNOD…: the node        |
 * | entry removed           | unlink, rmdir             | IN_DELETE                | LOOKUP: the old entry; UNLINK…: done      |
 * | entry moved             | rename                    | IN_MOVED_FROM, _MOVED_TO | LOOKUP: the old entry, no new one; RENAME: done |
 *
 * What the helper is told is valid for it alone (entries with no time to live), and what was replayed is
 * invalidated again where the tree is further on by then. Somebody else may have looked a new name up before
 * the helper: its call then fails, and the file is reported as modified instead.
 *
 * Only what somebody may watch is replayed: directories and files that the kernel knows, as it knows
 * whatever is watched. Changes of one file or name in a burst become one event for where they end; above
 * PENDING_MAX waiting events, directories are reported as touched instead of each of their entries, and
 * EVENTS_PER_SECOND bounds the rate. A change that came through this mount is never replayed on it.
 */
import type { Ino } from '../../src/ids.ts';
import type { Name } from '../../src/names.ts';
import { type Attributes, KIND, type Kind } from '../../src/store/node.ts';
import type { FileEvent, InvalidationSink } from '../operations.ts';
import { attributesOf } from '../vfs-tree.ts';
import { ERRNO } from './errno.ts';
import { after, type Exchange } from './exchange.ts';
import { BODY, BODY_WORD, MKDIR_IN, MKNOD_IN, OUT, RENAME_IN, RENAME2_IN } from './layouts.ts';
import { OP, ROOT_NODEID } from './protocol.ts';
import { formatOf, type PendingEvent, PendingEvents } from './replay-queue.ts';
import type { Replayer } from './replayer.ts';

/** What replaying needs to know of the tree. */
export interface ReplayTree {
  /** The inode's first path from the mount's root, '' for that itself, and the directory that holds it by that path. */
  place(ino: Ino): { path: Name; parent: Ino } | undefined;
  /** The node that a name stands for. */
  lookup(parent: Ino, name: Name): Attributes | undefined;
  /** STALE. */
  attributes(ino: Ino): Attributes;
}

export interface ReplayOptions {
  readonly tree: ReplayTree;
  /** Starts the helper; called at the first event, and again when it has died. */
  readonly start: () => Replayer | undefined;
}

const EVENTS_PER_SECOND = 4000;
/** Commands between looks at the clock. */
const BURST = 64;
/** A helper that dies so often is left alone. */
const STARTS_MAX = 3;

export class Replay implements InvalidationSink {
  readonly #tree: ReplayTree;
  readonly #start: () => Replayer | undefined;
  readonly #pending = new PendingEvents();
  #isKnown: (ino: Ino) => boolean = () => false;
  #invalidate: InvalidationSink | undefined;
  #helper: Replayer | undefined;
  #starts = 0;
  #running = false;
  #closed = false;
  /** The event that the helper is at. */
  #current: PendingEvent | undefined;

  constructor({ tree, start }: ReplayOptions) {
    this.#tree = tree;
    this.#start = start;
  }

  /** `isKnown`: whether the kernel knows an inode. `invalidate`: drops what the kernel has. */
  attach(isKnown: (ino: Ino) => boolean, invalidate: InvalidationSink): void {
    this.#isKnown = (ino) => ino === ROOT_NODEID || isKnown(ino);
    this.#invalidate = invalidate;
  }

  /** The helper's pid; 0 while there is none. */
  get pid(): number {
    return this.#helper?.pid ?? 0;
  }

  /** Events that wait. */
  get pending(): number {
    return this.#pending.size;
  }

  inode(): void {}
  entry(): void {}

  happened(event: FileEvent): void {
    if (this.#closed || this.#starts > STARTS_MAX || !this.#isWatchable(event)) return;
    this.#pending.add(event);
    if (this.#running) return;
    this.#running = true;
    // After the turn that made the change: its other events come first, and merge.
    setImmediate(() => void this.#run());
  }

  #isWatchable(event: FileEvent): boolean {
    if ('parent' in event) return this.#isKnown(event.parent);
    if (this.#isKnown(event.ino)) return true;
    const parent = this.#tree.place(event.ino)?.parent;
    return parent !== undefined && this.#isKnown(parent);
  }

  close(): void {
    this.#closed = true;
    this.#pending.clear();
    this.#helper?.close();
  }

  async #run(): Promise<void> {
    let burst = 0;
    let sinceMs = performance.now();
    for (let event = this.#pending.take(); event !== undefined && !this.#closed; event = this.#pending.take()) {
      await this.#replay(event);
      if (++burst < BURST) continue;
      const earlyMs = (burst * 1000) / EVENTS_PER_SECOND - (performance.now() - sinceMs);
      if (earlyMs > 1) await new Promise((resolve) => setTimeout(resolve, earlyMs).unref());
      burst = 0;
      sinceMs = performance.now();
    }
    this.#running = false;
  }

  async #replay(event: PendingEvent): Promise<void> {
    const result = await this.#command(event);
    if (result !== 0 && event.what === 'added') await this.#command({ what: 'modified', ino: event.ino });
    this.#settle(event);
  }

  async #command(event: PendingEvent): Promise<number> {
    const command = this.#commandFor(event);
    const helper = command && this.#running ? this.#reach() : undefined;
    if (command === undefined || helper === undefined) return 0;
    this.#current = event;
    const result = await helper.run(command);
    this.#current = undefined;
    if (result < 0 && this.#helper === helper) this.#helper = undefined;
    return result;
  }

  #reach(): Replayer | undefined {
    if (this.#helper === undefined && !this.#closed && this.#starts++ < STARTS_MAX) this.#helper = this.#start();
    return this.#helper;
  }

  /** The helper's command; undefined when the tree is so far on that there is nothing to tell. */
  #commandFor(event: PendingEvent): string[] | undefined {
    if ('parent' in event) return this.#entryCommand(event);
    const path = this.#tree.place(event.ino)?.path;
    const now = path === undefined ? undefined : this.#attributes(event.ino);
    if (path === undefined || now === undefined) return undefined;
    return [event.what, path, String(now.mtimeSec), String(now.mtimeNsec)];
  }

  #entryCommand(event: Exclude<PendingEvent, { what: 'modified' | 'touched' }>): string[] | undefined {
    const path = this.#pathIn(event.parent, event.name);
    if (path === undefined) return undefined;
    switch (event.what) {
      case 'added': {
        if (this.#tree.lookup(event.parent, event.name)?.ino !== event.ino) return undefined;
        // A symlink's target is read from the node that the kernel is given.
        return event.kind === KIND.symlink ? ['linked', path, '.'] : ['made', path, formatOf(event.kind).toString(8)];
      }
      case 'removed':
        return [event.kind === KIND.directory ? 'unmade' : 'unlinked', path];
      case 'moved': {
        const target = this.#pathIn(event.toParent, event.toName);
        return target === undefined ? undefined : ['moved', path, target];
      }
    }
  }

  #pathIn(parent: Ino, name: Name): Name | undefined {
    const directory = this.#tree.place(parent)?.path;
    if (directory === undefined) return undefined;
    return directory === '' ? name : `${directory}/${name}`;
  }

  #attributes(ino: Ino): Attributes | undefined {
    try {
      return this.#tree.attributes(ino);
    } catch {
      return undefined;
    }
  }

  /** The kernel now believes what it was told; where the tree is further on, it must ask again. */
  #settle(event: PendingEvent): void {
    if (event.what !== 'removed' && event.what !== 'moved') return;
    this.#drop(event.parent, event.name);
    if (event.what === 'moved') this.#drop(event.toParent, event.toName);
  }

  #drop(parent: Ino, name: Name): void {
    let now: Attributes | undefined;
    try {
      now = this.#tree.lookup(parent, name);
    } catch {
      // The directory itself is gone.
    }
    if (now === undefined) return;
    this.#invalidate?.entry(parent, name);
    this.#invalidate?.inode(now.ino, 0, 0);
  }

  /** The answer to one of the helper's requests; undefined when it is to be answered as anybody's. */
  answer(x: Exchange, code: number): number | undefined {
    const event = this.#current;
    switch (code) {
      case OP.LOOKUP:
        return event === undefined ? undefined : this.#lookup(x, event, x.lastName(BODY));
      case OP.MKNOD:
        return this.#made(x, event, x.lastName(after(MKNOD_IN)));
      case OP.MKDIR:
        return this.#made(x, event, x.lastName(after(MKDIR_IN)));
      case OP.SYMLINK:
        return this.#made(x, event, x.firstName(BODY));
      case OP.UNLINK:
      case OP.RMDIR:
        return event?.what === 'removed' && isAt(event, x.nodeid, x.lastName(BODY)) ? OUT : x.fail(ERRNO.EPERM);
      case OP.RENAME:
        return this.#moved(x, event, x.u64(BODY_WORD + RENAME_IN.word.newdir), after(RENAME_IN));
      case OP.RENAME2:
        return this.#moved(x, event, x.u64(BODY_WORD + RENAME2_IN.word.newdir), after(RENAME2_IN));
      case OP.SETATTR:
        return x.attributes(this.#tree.attributes(x.nodeid));
      default:
        return undefined;
    }
  }

  #lookup(x: Exchange, event: PendingEvent, name: Name): number | undefined {
    if (event.what === 'added') return isAt(event, x.nodeid, name) ? x.fail(ERRNO.ENOENT) : undefined;
    if (event.what !== 'removed' && event.what !== 'moved') return undefined;
    if (isAt(event, x.nodeid, name)) return x.entry(this.#oldEntry(event.ino, event.kind));
    const isTarget = event.what === 'moved' && event.toParent === x.nodeid && event.toName === name;
    return isTarget ? x.fail(ERRNO.ENOENT) : undefined;
  }

  #made(x: Exchange, event: PendingEvent | undefined, name: Name): number {
    if (event?.what !== 'added' || !isAt(event, x.nodeid, name)) return x.fail(ERRNO.EPERM);
    const found = this.#tree.lookup(x.nodeid, name);
    return found?.ino === event.ino ? x.entry(found) : x.fail(ERRNO.ENOENT);
  }

  #moved(x: Exchange, event: PendingEvent | undefined, toParent: Ino, start: number): number {
    const from = x.firstName(start);
    const to = x.lastName(start + from.length + 1);
    const isIt = event?.what === 'moved' && isAt(event, x.nodeid, from);
    return isIt && event.toParent === toParent && event.toName === to ? OUT : x.fail(ERRNO.EPERM);
  }

  /** What a name stood for: the node where it still is, else as much as removing it needs. */
  #oldEntry(ino: Ino, kind: Kind): Attributes {
    const now = this.#attributes(ino);
    if (now !== undefined) return attributesOf(now, { volatile: 'entry' });
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    return { ...GONE, ino, kind, uid, gid, nlink: kind === KIND.directory ? 2 : 1 };
  }
}

function isAt(event: { parent: Ino; name: Name }, parent: Ino, name: Name): boolean {
  return event.parent === parent && event.name === name;
}

const GONE: Attributes = {
  ino: 0,
  kind: KIND.file,
  mode: 0o600,
  uid: 0,
  gid: 0,
  nlink: 1,
  rdev: 0,
  size: 0,
  storedBytes: 0,
  atimeSec: 0,
  atimeNsec: 0,
  mtimeSec: 0,
  mtimeNsec: 0,
  ctimeSec: 0,
  ctimeNsec: 0,
  btimeSec: 0,
  btimeNsec: 0,
  volatile: 'entry',
};
