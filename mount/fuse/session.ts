/**
 * One conversation with the kernel's FUSE: request bytes in, reply bytes out, no I/O.
 *
 * The owner reads each request to the start of `input` and calls `handle` with its length. The reply is in
 * `output`, unless it comes later through the sink. A request never makes `handle` throw: what the kernel
 * sends is checked, refusals become error replies, and a fault of the layers below becomes EIO and is
 * reported.
 */
import { invariant } from '../../src/errors.ts';
import type { Ino } from '../../src/ids.ts';
import { TRANSFER_BYTES_MAX } from '../../src/limits.ts';
import { NotReady, type Operations } from '../operations.ts';
import { DeferredReplies } from './deferred.ts';
import { ERRNO, errnoOf } from './errno.ts';
import { Exchange, TIMEOUT_SEC_MAX } from './exchange.ts';
import { joinPieces } from './handlers-files.ts';
import { type Negotiated, negotiate } from './init.ts';
import { Invalidator } from './invalidate.ts';
import { BODY, IN_HEADER, OUT, OUT_HEADER } from './layouts.ts';
import { LookupCounts } from './lookups.ts';
import { FIXED_REPLY_BYTES_MAX, OPCODE_BY_CODE, type Opcode } from './opcodes.ts';
import { printReply, printRequest } from './print.ts';
import { INIT, INIT2, OP, ROOT_NODEID } from './protocol.ts';
import type { Replay } from './replay.ts';

export interface SessionOptions {
  /** Refuses every change with EROFS. Default: as the operations say. */
  readOnly?: boolean;
  /** Lets the kernel cache names, attributes, listings and content until told otherwise. Default true; false is for tests. */
  caching?: boolean;
  /**
   * Asks the kernel to check permissions, access lists included, and to fetch what it needs for that. Default
   * false: for mounts of root alone, whom nothing is refused.
   */
  checksAccess?: boolean;
  /** Bytes of the request buffer: at least 1 MiB and a page. */
  inputBytes?: number;
  /** Bytes of the reply buffer: at least 1 MiB and a page for full-size reads. */
  outputBytes?: number;
  /** Most pieces of a file-backed reply; a reply of more is copied through `readPiece`. */
  piecesMax?: number;
  /** Fills `target` with the bytes at `position` of an open file; throws IO. */
  readPiece?: (fd: number, position: number, target: Uint8Array) => void;
  /**
   * Policy "always": called after each change. The reply waits for the promise; undefined when there is
   * nothing to wait for. A rejection is answered with EIO.
   */
  durableReplies?: () => Promise<void> | undefined;
  /** A fault of fxmount, once for each operation and name of error. */
  onFault?: (error: unknown, operation: string) => void;
  /** Gets one line for each request and each reply. */
  trace?: (line: string) => void;
  /** Opens and creations to answer before a kernel is told that files without state need no OPEN. Default 0. */
  opensAnswered?: number;
  /** Raises file-change events for what did not come through this mount. */
  replay?: Replay;
  /** Goes on with a connection that another process negotiated, instead of waiting for INIT. */
  negotiated?: Negotiated;
}

/** Where messages go that are no answer in the same turn. The bytes are the sink's to keep. */
export interface SessionSink {
  /** Writes a reply. */
  reply(bytes: Uint8Array): void;
  /** Queues a notification, to be written from another thread; false when the queue is full: call `drained` when it has room. */
  notify(bytes: Uint8Array): boolean;
}

const PAGE_BYTES = 4096;
export const BUFFER_BYTES_MIN = TRANSFER_BYTES_MAX + PAGE_BYTES;
const PIECES_MAX = 4096;

export class Session {
  /** Each request is put to its start. */
  readonly input: Uint8Array;
  /** Holds the reply after `handle`. */
  readonly output: Uint8Array;
  /** Holds the pieces of a file-backed reply after `handle`: fd, position, bytes each. */
  readonly pieces: Float64Array;
  /** How often the kernel knows each inode. */
  readonly lookups = new LookupCounts();
  readonly #operations: Operations;
  readonly #options: SessionOptions;
  readonly #exchange: Exchange;
  readonly #deferred: DeferredReplies;
  readonly #invalidator: Invalidator;
  readonly #replay: Replay | undefined;
  readonly #readOnly: boolean;
  readonly #caching: boolean;
  readonly #faults = new Set<string>();
  readonly #detach: (() => void)[];
  #negotiated: Negotiated | undefined;
  #sink: SessionSink | undefined;

  constructor(operations: Operations, options: SessionOptions = {}) {
    invariant(operations.root === ROOT_NODEID, 'the root of a mount has inode number 1');
    this.#operations = operations;
    this.#options = options;
    this.#readOnly = options.readOnly ?? operations.readOnly;
    this.#caching = options.caching ?? true;
    this.input = new Uint8Array(options.inputBytes ?? BUFFER_BYTES_MIN);
    this.output = new Uint8Array(options.outputBytes ?? BUFFER_BYTES_MIN);
    this.pieces = new Float64Array((options.piecesMax ?? PIECES_MAX) * 3);
    invariant(this.output.length >= FIXED_REPLY_BYTES_MAX, 'the output buffer holds each fixed reply');
    this.#deferred = new DeferredReplies(
      (bytes) => this.#reply(bytes),
      (error) => this.#errnoOf(error, 'FSYNC'),
    );
    this.#exchange = this.#makeExchange();
    this.#invalidator = new Invalidator(this.lookups);
    if (options.negotiated !== undefined) this.#adopt(options.negotiated);
    this.#detach = [
      operations.addHolder((ino) => ino === ROOT_NODEID || this.lookups.count(ino) > 0),
      operations.subscribe(this.#invalidator),
    ];
    this.#replay = options.replay;
    if (this.#replay !== undefined) {
      this.#replay.attach((ino) => this.lookups.count(ino) > 0, this.#invalidator);
      this.#detach.push(operations.subscribe(this.#replay));
    }
  }

  #makeExchange(): Exchange {
    const deferred = this.#deferred;
    const replier = {
      defer: (result: Promise<void>, giveUp?: () => void) => {
        const { uniqueLow: first, uniqueHigh: second } = this.#exchange;
        deferred.defer({ first, second }, result, giveUp);
        return 0;
      },
      interrupt: (first: number, second: number) => deferred.interrupt({ first, second }),
      destroyed: () => this.destroyed(),
      negotiate: () => {
        const { length, agreed } = negotiate(this.#exchange, {
          caching: this.#caching,
          opens: this.#operations.hasHandles || this.#operations.locks !== undefined,
          locks: this.#operations.locks !== undefined,
          accessLists: this.#options.checksAccess ?? false,
        });
        if (agreed !== undefined) this.#adopt(agreed);
        return length;
      },
    };
    return new Exchange(this.#operations, this.lookups, replier, {
      input: this.input,
      output: this.output,
      pieces: this.pieces,
      readOnly: this.#readOnly,
      timeoutSec: this.#caching ? TIMEOUT_SEC_MAX : 0,
      readPiece: this.#options.readPiece,
    });
  }

  /** What INIT agreed on; undefined before. */
  get negotiated(): Negotiated | undefined {
    return this.#negotiated;
  }

  /** Whether the kernel says which files it opens and closes: what needs that can be served. */
  get hearsOpens(): boolean {
    return !this.#exchange.noOpen;
  }

  /** Requests whose reply is outstanding. */
  get outstanding(): number {
    return this.#deferred.count;
  }

  #adopt(agreed: Negotiated): void {
    this.#negotiated = agreed;
    this.#exchange.setxattrExt = (agreed.flags & INIT.SETXATTR_EXT) !== 0;
    this.#exchange.noOpendir = (agreed.flags & INIT.NO_OPENDIR_SUPPORT) !== 0;
    const mayStop = (agreed.flags & INIT.NO_OPEN_SUPPORT) !== 0;
    this.#exchange.opensAnswered = mayStop ? (this.#options.opensAnswered ?? 0) : Infinity;
    this.#exchange.checksLists = (agreed.flags & INIT.POSIX_ACL) !== 0;
    this.#exchange.tellsGroups = (agreed.flags2 & INIT2.CREATE_SUPP_GROUP) !== 0;
  }

  /** Where later replies and notifications go. Without a sink they are dropped and kept, respectively. */
  attach(sink: SessionSink): void {
    this.#sink = sink;
    this.#invalidator.attach((bytes) => sink.notify(bytes));
  }

  /** The notification queue has room again. */
  drained(): void {
    this.#invalidator.drained();
  }

  #reply(bytes: Uint8Array): void {
    if (this.#options.trace !== undefined) this.#options.trace(printReply(undefined, bytes, bytes.length));
    this.#sink?.reply(bytes);
  }

  /**
   * Answers the request in input[0, length). Returns the reply's length in `output`; 0 when no reply is due
   * now; or -n when the reply is the header in `output` followed by what the first n pieces hold, its
   * length field left for whoever knows that all were read.
   */
  handle(length: number): number {
    const x = this.#exchange;
    if (length < BODY || length > this.input.length) return this.#headless(length);
    x.begin(length);
    const code = x.u32(IN_HEADER.word.opcode);
    const row = OPCODE_BY_CODE[code];
    const { trace } = this.#options;
    if (trace !== undefined) trace(printRequest(this.input, length));
    let n: number;
    try {
      n = this.#dispatch(row, length);
    } catch (error) {
      if (error instanceof NotReady) return this.#suspend(length, error);
      n = x.fail(this.#errnoOf(error, row?.name ?? `opcode ${code}`));
    }
    if (n === 0 || row?.reply === 'none') return 0;
    this.#putHeader(n);
    if (trace !== undefined) trace(printReply(row, this.output, n));
    if ((row?.held === true || x.held) && x.errno === 0) return this.#release(n);
    return n;
  }

  /** Handles the request again once what it needs is there. */
  #suspend(length: number, { ready, giveUp }: NotReady): number {
    const request = this.input.slice(0, length);
    const { uniqueLow: first, uniqueHigh: second } = this.#exchange;
    const again = () => {
      this.input.set(request);
      const n = this.handle(length);
      if (n !== 0) this.#sink?.reply(this.#whole(n));
    };
    this.#deferred.suspend({ first, second }, ready, again, giveUp);
    return 0;
  }

  /** A copy of the reply that `handle` left. */
  #whole(n: number): Uint8Array {
    if (n > 0) return this.output.slice(0, n);
    const length = joinPieces(this.#exchange, -n);
    this.#putHeader(length);
    return this.output.slice(0, length);
  }

  #dispatch(row: Opcode | undefined, length: number): number {
    const x = this.#exchange;
    if (row === undefined) return x.fail(ERRNO.ENOSYS);
    if (x.u32(IN_HEADER.word.len) !== length) return x.malformed('its length field is not its length');
    if (x.end < BODY + row.bodyBytesMin) return x.malformed('it is too short for its opcode');
    if (row.handler === undefined) return x.fail(row.errno);
    if (row.changes && this.#readOnly) return x.fail(ERRNO.EROFS);
    if (this.#negotiated === undefined && row.code !== OP.INIT) return x.fail(ERRNO.EIO);
    if (this.#replay !== undefined && x.caller.pid === this.#replay.pid) {
      return this.#replay.answer(x, row.code) ?? row.handler(x);
    }
    return row.handler(x);
  }

  #putHeader(n: number): void {
    const x = this.#exchange;
    const { out } = x;
    const { word } = OUT_HEADER;
    out[word.len] = Math.max(n, 0);
    out[word.error] = -x.errno;
    out[word.unique] = x.uniqueLow;
    out[word.unique + 1] = x.uniqueHigh;
  }

  /** A message that is no whole request: EIO if it has a `unique` to answer to. */
  #headless(length: number): number {
    const x = this.#exchange;
    this.#options.trace?.(`a request of ${length} bytes: no whole header, or more than the buffer`);
    if (length < OUT) return 0;
    x.begin(Math.min(length, this.input.length));
    if (OPCODE_BY_CODE[x.u32(IN_HEADER.word.opcode)]?.reply === 'none') return 0;
    const n = x.fail(ERRNO.EIO);
    this.#putHeader(n);
    return n;
  }

  /** Sends the reply now, or holds a copy until what it acknowledges is durable. */
  #release(n: number): number {
    const durable = this.#options.durableReplies?.();
    if (durable === undefined) return n;
    const { entryIno, openedHandle } = this.#exchange;
    const undo = () => this.#takeBack(entryIno, openedHandle);
    this.#deferred.hold(this.output.slice(0, n), durable, undo);
    return 0;
  }

  /** The kernel will not learn of this entry and this open file. */
  #takeBack(ino: Ino, handle: number): void {
    this.#guard('RELEASE', () => {
      const openIno = this.#exchange.handles.get(handle);
      if (openIno !== undefined && this.#exchange.handles.delete(handle)) this.#operations.release(openIno, handle);
    });
    this.#guard('FORGET', () => {
      if (ino !== 0 && ino !== ROOT_NODEID && this.lookups.forget(ino, 1)) this.#operations.reclaim(ino);
    });
  }

  /**
   * The connection is gone: open files are released, every inode is forgotten, and nothing is sent any
   * more. Call it when the device is closed; a DESTROY request does so too.
   */
  destroyed(): void {
    this.#replay?.close();
    this.#deferred.drop();
    this.#invalidator.detach();
    for (const [handle, ino] of this.#exchange.handles) {
      this.#guard('RELEASE', () => this.#operations.release(ino, handle));
    }
    this.#exchange.handles.clear();
    const inos = this.lookups.clear();
    for (const detach of this.#detach.splice(0)) detach();
    for (const ino of inos) if (ino !== ROOT_NODEID) this.#guard('FORGET', () => this.#operations.reclaim(ino));
  }

  #guard(operation: string, body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#errnoOf(error, operation);
    }
  }

  /** The error number of something thrown; what is no operating error is reported as a fault. */
  #errnoOf(error: unknown, operation: string): number {
    // Nobody waits for the answer of what is handled as the connection ends.
    if (error instanceof NotReady) return ERRNO.EIO;
    const errno = errnoOf(error);
    if (errno !== 0) return errno;
    const key = `${operation} ${error instanceof Error ? error.name : typeof error}`;
    if (!this.#faults.has(key)) {
      this.#faults.add(key);
      this.#options.onFault?.(error, operation);
    }
    return ERRNO.EIO;
  }
}
