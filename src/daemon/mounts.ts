/**
 * The mounts of one daemon.
 */
import { FxError } from '../errors.ts';
import type { MountControl, MountInfo, MountRequest } from './mount-control.ts';

/** A mount that is served. */
export interface ServedMount {
  /** Resolves when it is gone, whoever unmounted it. Never rejects. */
  readonly ended: Promise<void>;
  /** Unmounts; rejects BUSY (unless lazy), MOUNT_FAILED. A lazy unmount also ends serving. */
  unmount(lazy: boolean): Promise<void>;
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
}

interface Active {
  readonly info: MountInfo;
  readonly served: ServedMount;
}

export class Mounts implements MountControl {
  readonly sync: string;
  readonly #options: MountsOptions;
  readonly #active = new Map<string, Active>();
  readonly #starting = new Set<string>();
  #closing = false;

  constructor(options: MountsOptions) {
    this.#options = options;
    this.sync = options.sync;
  }

  list(): MountInfo[] {
    return [...this.#active.values()].map(({ info }) => info);
  }

  /** Also while one is being made. */
  get isEmpty(): boolean {
    return this.#active.size === 0 && this.#starting.size === 0;
  }

  async add(request: MountRequest): Promise<MountInfo> {
    const { mountpoint } = request;
    if (this.#closing) throw new FxError('NO_DAEMON', `the daemon of ${this.#options.store} is ending; try again`);
    if (this.#active.has(mountpoint) || this.#starting.has(mountpoint)) {
      throw new FxError('BUSY', `${mountpoint}: ${this.#options.store} is mounted there already; "fxmount umount" it first`);
    }
    this.#starting.add(mountpoint);
    try {
      const served = await this.#options.start(request);
      const info = { ...request, since: Date.now() };
      this.#active.set(mountpoint, { info, served });
      void served.ended.then(() => this.#ended(mountpoint));
      this.#options.note(`mounted at ${mountpoint}`);
      return info;
    } finally {
      this.#starting.delete(mountpoint);
      if (this.isEmpty) this.#options.onEmpty();
    }
  }

  #ended(mountpoint: string): void {
    this.#active.delete(mountpoint);
    this.#options.note(`unmounted from ${mountpoint}`);
    if (this.isEmpty) this.#options.onEmpty();
  }

  async remove(mountpoint: string, lazy: boolean): Promise<void> {
    const { served } = this.#at(mountpoint);
    await this.#checkpoint();
    await served.unmount(lazy);
    await served.ended;
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

  /** Takes no new mounts; unmounts all, lazily where they are busy. With `force` lazily at once. */
  async close(force: boolean): Promise<void> {
    this.#closing = true;
    if (!force) await this.#checkpoint();
    await Promise.all(
      [...this.#active.values()].map(async ({ info, served }) => {
        try {
          await served.unmount(force);
        } catch (error) {
          this.#options.log(`${info.mountpoint}: ${(error as Error).message}; unmounting lazily`);
          await served.unmount(true).catch((failure: Error) => this.#options.log(failure.message));
        }
      }),
    );
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
