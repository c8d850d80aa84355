/**
 * The mounts of one daemon.
 *
 * A mount that was unmounted lazily, or that another mount namespace keeps, is *detached*: no path leads
 * to it here any more, but it is served until its last open file is closed, and keeps the daemon alive
 * until then.
 */
import { processesUsing } from '../../mount/fuse/processes.ts';
import { FxError } from '../errors.ts';
import type { MountControl, MountInfo, MountRequest } from './mount-control.ts';

/** A mount that is served. */
export interface ServedMount {
  /** Whether its kernel tells of files that are opened and closed. */
  readonly checksSaves: boolean;
  /** Resolves when it is gone, whoever unmounted it. Never rejects. */
  readonly ended: Promise<void>;
  /** Unmounts; rejects BUSY (unless lazy), MOUNT_FAILED. */
  unmount(lazy: boolean): Promise<void>;
  /** Ends serving; open files of a detached mount end with it. */
  stop(): Promise<void>;
}

export interface MountsOptions {
  /** The store's directory, for messages. */
  readonly store: string;
  readonly sync: string;
  /** Mounts and serves. */
  readonly start: (request: MountRequest) => Promise<ServedMount>;
  readonly checkpoint: () => Promise<void>;
  /** The last mount is gone, and none is being made. */
  readonly onEmpty: () => void;
  readonly log: (text: string) => void;
  /** Takes what is worth telling only in a log: mounts that come and go. */
  readonly note: (text: string) => void;
  /** How long an unmounted filesystem may take to end before it counts as detached; END_TIMEOUT_MS by default. */
  readonly endTimeoutMs?: number;
}

interface Active {
  readonly info: MountInfo;
  readonly served: ServedMount;
}

function infoOf({ info, served }: Active): MountInfo {
  return { ...info, checksSaves: served.checksSaves };
}

/** Processes named in a message about a busy mount. */
const NAMED_MAX = 5;
/** The kernel ends a filesystem with its last mount, in no time; a copy in another namespace may stay for ever. */
const END_TIMEOUT_MS = 5000;

export class Mounts implements MountControl {
  readonly sync: string;
  readonly #options: MountsOptions;
  readonly #active = new Map<string, Active>();
  readonly #detached = new Set<Active>();
  readonly #starting = new Set<string>();
  #closing = false;

  constructor(options: MountsOptions) {
    this.#options = options;
    this.sync = options.sync;
  }

  list(): MountInfo[] {
    const detached = [...this.#detached].map((active) => ({ ...infoOf(active), detached: true }));
    return [...[...this.#active.values()].map(infoOf), ...detached];
  }

  async add(request: MountRequest): Promise<MountInfo> {
    const { mountpoint } = request;
    if (this.#closing) throw this.#ending();
    if (this.#starting.has(mountpoint)) throw new FxError('BUSY', `${mountpoint}: it is being mounted right now`);
    this.#starting.add(mountpoint);
    try {
      const served = await this.#options.start(request);
      if (this.#closing) {
        await this.#drop(mountpoint, served);
        throw this.#ending();
      }
      const active = { info: { ...request, since: Date.now(), detached: false, checksSaves: true }, served };
      // One that is still listed there was unmounted lazily, and not by us.
      const before = this.#active.get(mountpoint);
      if (before) this.#detach(before);
      this.#active.set(mountpoint, active);
      void served.ended.then(() => this.#ended(active));
      this.#options.note(`mounted at ${mountpoint}`);
      return active.info;
    } finally {
      this.#starting.delete(mountpoint);
      this.#checkEmpty();
    }
  }

  #ending(): FxError {
    return new FxError('NO_DAEMON', `the daemon of ${this.#options.store} is ending; try again`);
  }

  /** Unmounts lazily and ends serving. */
  async #drop(mountpoint: string, served: ServedMount): Promise<void> {
    await served.unmount(true).catch((error: Error) => this.#options.log(`${mountpoint}: ${error.message}`));
    await served.stop();
  }

  #ended(active: Active): void {
    const { mountpoint } = active.info;
    if (this.#active.get(mountpoint) === active) this.#active.delete(mountpoint);
    this.#detached.delete(active);
    this.#options.note(`unmounted from ${mountpoint}`);
    this.#checkEmpty();
  }

  get #isEmpty(): boolean {
    return this.#active.size + this.#detached.size + this.#starting.size === 0;
  }

  #checkEmpty(): void {
    if (!this.#isEmpty) return;
    this.#closing = true;
    this.#options.onEmpty();
  }

  async remove(mountpoint: string, lazy: boolean): Promise<boolean> {
    const active = this.#at(mountpoint);
    await this.#checkpoint();
    try {
      await active.served.unmount(lazy);
    } catch (error) {
      throw error instanceof FxError && error.code === 'BUSY' ? await busyError(mountpoint) : error;
    }
    if (!lazy) await this.#awaitEnd(active);
    this.#detach(active);
    return this.#isEmpty;
  }

  /** Waits for the end of what is unmounted, as long as it may take. */
  async #awaitEnd({ served }: Active): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.endTimeoutMs ?? END_TIMEOUT_MS);
    });
    await Promise.race([served.ended, timeout]);
    clearTimeout(timer);
  }

  /** Does nothing for one that has ended. */
  #detach(active: Active): void {
    const { mountpoint } = active.info;
    if (this.#active.get(mountpoint) !== active) return;
    this.#active.delete(mountpoint);
    this.#detached.add(active);
    this.#options.note(`detached from ${mountpoint}`);
  }

  async ended(mountpoint: string, signal: AbortSignal): Promise<void> {
    const { served } = this.#at(mountpoint);
    signal.throwIfAborted();
    await Promise.race([
      served.ended,
      new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
    ]);
  }

  /** Takes no new mounts; unmounts all, lazily where they are busy, and ends serving. With `force` lazily at once. */
  async close(force: boolean): Promise<void> {
    this.#closing = true;
    if (!force) await this.#checkpoint();
    await Promise.all([...this.#active.values()].map((active) => this.#end(active, force)));
    await Promise.all([...this.#detached].map(({ served }) => served.stop()));
    this.#checkEmpty();
  }

  async #end({ info, served }: Active, force: boolean): Promise<void> {
    try {
      await served.unmount(force);
      await served.stop();
    } catch (error) {
      this.#options.log(`${(error as Error).message}; it is unmounted lazily, and open files end`);
      await this.#drop(info.mountpoint, served);
    }
  }

  #at(mountpoint: string): Active {
    const active = this.#active.get(mountpoint);
    if (active === undefined) throw new FxError('NOT_FOUND', `${this.#options.store} is not mounted at ${mountpoint}`);
    return active;
  }

  /** Unmounting goes on when this fails: the log has everything. */
  async #checkpoint(): Promise<void> {
    try {
      await this.#options.checkpoint();
    } catch (error) {
      this.#options.log(`the checkpoint before unmounting failed: ${(error as Error).message}`);
    }
  }
}

/** BUSY, naming who holds the mount. */
export async function busyError(mountpoint: string): Promise<FxError> {
  const users = await processesUsing(mountpoint);
  const named = users.slice(0, NAMED_MAX).map(({ pid, name, how }) => `${name} (pid ${pid}, ${how})`);
  if (users.length > NAMED_MAX) named.push(`${users.length - NAMED_MAX} more`);
  const who =
    named.length > 0
      ? `in use by ${named.join(', ')}`
      : 'in use by a process of another user, or by another mount inside';
  return new FxError('BUSY', `${mountpoint}: ${who}; end that first, or unmount with --lazy`);
}
