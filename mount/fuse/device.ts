/**
 * One mount's device: the loop that serves requests and the thread that sends notifications, joined with
 * a session that knows the protocol.
 *
 * Replies that come later are written at once: the kernel has room for each. Notifications go into a
 * bounded queue of the thread; when it is full `notify` says so and the session keeps and merges what it
 * has, until `drained`. While stopping, the device goes on serving until the queued notifications are written, for
 * they may wait for locks of requests that are not answered yet (native/notifier.h).
 */
import { type Device, type Notifier, native } from '../../src/native.ts';

/** What the device asks of a session. */
export interface DeviceSession {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  readonly pieces: Float64Array;
  handle(length: number): number;
  attach(sink: { reply(bytes: Uint8Array): void; notify(bytes: Uint8Array): boolean }): void;
  drained(): void;
  destroyed(): void;
}

export interface FuseDeviceOptions {
  /** A mounted /dev/fuse descriptor; the device uses duplicates, the owner closes this one. */
  fd: number;
  session: DeviceSession;
  /** Longest adaptive poll in microseconds; 0 never polls, and leaves the placement of threads to the scheduler. */
  pollMicrosMax?: number;
  /** Most notifications that wait to be written. */
  notificationsMax?: number;
  /** A reply that the kernel refused as malformed: its errno. A fault of the session. */
  onFault?: (errno: number) => void;
}

export interface DeviceStats {
  requests: number;
  replies: number;
  turns: number;
  sleeps: number;
  pollHits: number;
  pollMisses: number;
  pollWindowMicros: number;
  readsOffThread: number;
  readsInPlace: number;
  pollsCrowded: number;
  packings: number;
  notificationsWritten: number;
  notificationsUnknown: number;
  notificationsFailed: number;
  notificationsPending: number;
}

export const POLL_MICROS_MAX = 200;
const NOTIFICATIONS_MAX = 4096;
const STOP_TIMEOUT_MS = 5_000;
const EINVAL = 22;

export class FuseDevice {
  /** Resolves when the device is closed, with the errno that ended it: ENODEV when unmounted, 0 after `stop`. */
  readonly ended: Promise<number>;
  readonly #options: FuseDeviceOptions;
  readonly #resolveEnded: (errno: number) => void;
  #device: Device | undefined;
  #notifier: Notifier | undefined;
  #state: 'new' | 'serving' | 'stopping' | 'closed' = 'new';

  constructor(options: FuseDeviceOptions) {
    this.#options = options;
    let resolve: (errno: number) => void = () => {};
    this.ended = new Promise((resolved) => {
      resolve = resolved;
    });
    this.#resolveEnded = resolve;
  }

  /** Begins to serve. Once only. Throws RangeError when the descriptor is not open. */
  start(): void {
    if (this.#state !== 'new') throw new Error('a device is started once');
    const { fd, session } = this.#options;
    this.#notifier = native.notifier(fd, this.#options.notificationsMax ?? NOTIFICATIONS_MAX, () => session.drained());
    this.#device = native.serve({
      fd,
      input: session.input,
      output: session.output,
      pieces: session.pieces,
      handler: (length) => session.handle(length),
      onClose: (errno) => this.#close(errno),
      pollMicrosMax: this.#options.pollMicrosMax ?? POLL_MICROS_MAX,
    });
    this.#state = 'serving';
    session.attach({ reply: (bytes) => this.#reply(bytes), notify: (bytes) => this.#notify(bytes) });
  }

  #reply(bytes: Uint8Array): void {
    const result = this.#device?.reply(bytes, 0, bytes.length) ?? 0;
    // Other errors: the request was interrupted, or the device is gone.
    if (result === -EINVAL) this.#options.onFault?.(EINVAL);
  }

  /** False when the queue is full. Once stopping, notifications are dropped. */
  #notify(bytes: Uint8Array): boolean {
    if (this.#state !== 'serving') return true;
    return this.#notifier?.push(bytes, 0, bytes.length) ?? true;
  }

  /**
   * Ends serving without unmounting: queued notifications are written (for at most `timeoutMs`, serving
   * goes on meanwhile), then no request is read any more, and the session is told. Requests that come
   * later wait in the kernel until the descriptor is closed everywhere.
   */
  async stop(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    if (this.#state !== 'serving') return;
    this.#state = 'stopping';
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.#notifier?.close(), timeout]);
    clearTimeout(timer);
    this.#close(0);
  }

  #close(errno: number): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#device?.stop();
    // The kernel has let go of every lock, so the thread ends by itself.
    void this.#notifier?.close();
    this.#options.session.destroyed();
    this.#resolveEnded(errno);
  }

  stats(): DeviceStats {
    const d = this.#device?.stats() ?? [];
    const n = this.#notifier?.stats() ?? [];
    return {
      requests: d[0] ?? 0,
      replies: d[1] ?? 0,
      turns: d[2] ?? 0,
      sleeps: d[3] ?? 0,
      pollHits: d[4] ?? 0,
      pollMisses: d[5] ?? 0,
      pollWindowMicros: d[6] ?? 0,
      readsOffThread: d[7] ?? 0,
      readsInPlace: d[8] ?? 0,
      pollsCrowded: d[9] ?? 0,
      packings: d[10] ?? 0,
      notificationsWritten: n[0] ?? 0,
      notificationsUnknown: n[1] ?? 0,
      notificationsFailed: n[2] ?? 0,
      notificationsPending: this.#notifier?.pending() ?? 0,
    };
  }
}
