/**
 * The native addon: system calls and loops that JavaScript cannot do, with no policy of its own.
 *
 * Conventions: byte ranges are (Uint8Array, start, bytes) and are checked by the addon; a system call
 * that fails returns its errno negated, never throws; only misuse (wrong types, ranges outside the
 * array) throws a TypeError or RangeError.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Native {
  /** [seconds, nanoseconds] of CLOCK_REALTIME as of the last `tick()` or device request. */
  readonly clock: Float64Array;
  /** Reads CLOCK_REALTIME into `clock`. */
  tick(): void;

  /** CRC-32C (Castagnoli, reflected, as in RFC 3720) of a byte range; `seed` is the CRC of what came before, 0 at first. */
  crc32c(seed: number, bytes: Uint8Array, start: number, length: number): number;

  /** `crc32c` by tables alone, as on a machine without the instruction. For tests. */
  crc32cTable(seed: number, bytes: Uint8Array, start: number, length: number): number;

  /**
   * pwritev(2) of head then body at `position`, repeated until all is written. Returns the number of
   * bytes written, or -errno when the first call failed; a later failure returns the short count.
   * `body` may be null.
   */
  append(
    fd: number,
    position: number,
    head: Uint8Array,
    headStart: number,
    headBytes: number,
    body: Uint8Array | null,
    bodyStart: number,
    bodyBytes: number,
  ): number;

  /** flock(fd, LOCK_EX | LOCK_NB). 0, or -errno (-EWOULDBLOCK when another process holds it). */
  lock(fd: number): number;

  /**
   * Calls on files of the host; none follows a symlink at the end of the path. `path` and `name` are bytes
   * without NUL. Each returns 0 or -errno at once; with `done` it runs on a thread of the pool, returns
   * undefined, and `done` gets the result.
   *
   * utimensat(2) with AT_SYMLINK_NOFOLLOW. Seconds since 1970, which may be negative; nanoseconds below 10^9.
   */
  setTimes(
    path: Uint8Array,
    atimeSec: number,
    atimeNsec: number,
    mtimeSec: number,
    mtimeNsec: number,
    done?: NativeDone,
  ): number;
  /** chmod(2); -ELOOP for a symlink. */
  setMode(path: Uint8Array, mode: number, done?: NativeDone): number;
  /** mknod(2); `mode` with the type of file, less the umask. */
  makeNode(path: Uint8Array, mode: number, rdev: number, done?: NativeDone): number;
  /**
   * llistxattr(2) and lgetxattr(2): name, value, name, value…, names as byte strings, null for a value that
   * may not be read; 0 when there are none.
   */
  getXattrs(path: Uint8Array, done?: NativeDone<NativeXattrs>): NativeXattrs;
  /** lsetxattr(2), creating or replacing. */
  setXattr(path: Uint8Array, name: Uint8Array, value: Uint8Array, done?: NativeDone): number;

  /**
   * lseek(2) with SEEK_DATA, or with SEEK_HOLE when `hole` is 1: the offset found, or -errno (-ENXIO: there is none).
   * Moves the descriptor's own offset.
   */
  seekData(fd: number, position: number, hole: 0 | 1, done?: NativeDone): number;

  /**
   * Lets go of the memory in which this process maps a file to read it: the pages stay in the page cache, and
   * come back when they are touched.
   */
  dropMapped(path: Uint8Array, done?: NativeDone): number;

  /** mount(2) on a thread of the pool. 0 or -errno. */
  mount(source: string, target: string, type: string, flags: number, data: string): Promise<number>;
  /**
   * umount2(2) on a thread of the pool: it writes dirty pages back, which the caller's own device may
   * have to take. 0 or -errno.
   */
  umount(target: string, flags: number): Promise<number>;
  /** A connected pair of AF_UNIX stream sockets, close-on-exec, or -errno. */
  socketPair(): [number, number] | number;
  /**
   * Takes one descriptor that has arrived by SCM_RIGHTS; never waits. The descriptor (close-on-exec),
   * -EAGAIN when nothing has arrived, -ENODATA when the sender closed or sent something else, or -errno.
   */
  receiveDescriptor(socket: number): number;
  /** open(2) of a path with O_RDWR | O_CLOEXEC | O_NONBLOCK. Descriptor or -errno. */
  openDevice(path: string): number;

  /** Starts serving a FUSE device descriptor. Throws RangeError when it cannot be watched. */
  serve(options: ServeOptions): Device;
  /**
   * Starts the thread that writes notifications to (a duplicate of) a FUSE device descriptor. The queue
   * holds `capacity` messages and 16 MiB; `onDrain` is called once it is half empty after `push` was refused.
   */
  notifier(fd: number, capacity: number, onDrain: () => void): Notifier;
}

export type NativeDone<T = number> = (result: T) => void;
export type NativeXattrs = (string | Uint8Array | null)[] | number;

export interface ServeOptions {
  /** A /dev/fuse descriptor; it is made non-blocking. The device uses a duplicate of its own. */
  fd: number;
  /** Each request is read to its start; at least max_write + 4096 bytes, and 8192. */
  input: Uint8Array;
  /** Replies are built here; at least 1 MiB + 4096 bytes, less with a smaller max_read. */
  output: Uint8Array;
  /** Pieces of a file-backed reply: [fd, position, bytes] each; fd -1 stands for zeros. */
  pieces: Float64Array;
  /**
   * Called synchronously with each request's length. Returns
   * - n > 0: the first n bytes of `output` are the reply; it is written at once;
   * - 0: no reply now (none is due, or `reply` comes later);
   * - n < 0: the reply is the 16-byte header in `output` followed by what the first -n pieces hold.
   *   The addon sets the header's length. Pieces in the page cache are answered at once
   *   (preadv2 with RWF_NOWAIT); others on a thread of the pool, which holds duplicates of their
   *   descriptors, so that the caller may close its own. At most 1024 replies wait for a thread; past
   *   that the loop itself waits for the disk. A read error answers EIO. A piece that ends past the
   *   file's end is a read error.
   *
   * Promises and process.nextTick run when no request is left, before the loop waits. When the handler
   * throws, or returns what is no reply, the request is answered EIO and the error raised as an
   * 'uncaughtException'.
   *
   * The three arrays' memory must not be transferred or resized before the device is closed.
   */
  handler: (length: number) => number;
  /** The device is gone: unmounted (ENODEV), aborted, or failed, with its errno. Called at most once, not after `stop`. */
  onClose: (errno: number) => void;
  /**
   * Longest adaptive poll before the loop sleeps, in microseconds; 0 never polls. Polling starts when
   * requests follow each other within this time, and stops while others want the processor.
   */
  pollMicrosMax: number;
}

export interface Device {
  /** Writes one reply now. 0 or -errno (-ENOENT: the request was interrupted or aborted; -ENODEV: stopped). */
  reply(bytes: Uint8Array, start: number, length: number): number;
  /** Stops reading; the descriptor given to `serve` stays open and is the caller's. onClose is not called. */
  stop(): void;
  /**
   * [requests, replies, turns of the loop, sleeps, poll hits, poll misses, poll window in µs, reads
   * off-thread, reads in place past the limit, polls given up on a loaded machine].
   */
  stats(): number[];
}

export interface Notifier {
  /**
   * Queues a copy of one whole notification message. False when the queue is full; onDrain tells when
   * there is room. True, and dropped, once the device is gone or `close` was called.
   */
  push(bytes: Uint8Array, start: number, length: number): boolean;
  /** Messages that are queued or being written. */
  pending(): number;
  /** [written, unknown to the kernel (ENOENT), failed, last errno of a failed one]. */
  stats(): number[];
  /**
   * Ends the thread after the queue is written, or at once if the device is gone. Resolves when it
   * ended. The device must be served meanwhile: a notification may wait for a request's answer.
   */
  close(): Promise<void>;
}

const BUILD = join('native', 'build', 'Release');

/** Where the build of native/ is. The sources run from src/, the build from dist/src/. */
function findBuild(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (let i = 0; i < 3; i++) {
    if (existsSync(join(directory, BUILD, 'fxmount.node'))) return join(directory, BUILD);
    directory = dirname(directory);
  }
  throw new Error(
    'the native addon is not built: run "npm run build:native" in the fxmount directory; see "fxmount doctor"',
  );
}

const build = findBuild();

export const native = createRequire(import.meta.url)(join(build, 'fxmount.node')) as Native;

/** The program that repeats changes through a mount (native/replayer.cc). */
export const replayerPath = join(build, 'fxmount-replayer');
