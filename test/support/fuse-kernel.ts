/**
 * Plays the kernel to a session: puts requests into its buffer and takes replies apart, checking what the
 * kernel would check of every reply.
 */
import { expect } from 'vitest';
import { Session, type SessionOptions } from '../../mount/fuse/session.ts';
import type { Operations } from '../../mount/operations.ts';
import { Requests } from './fuse-requests.ts';

export interface Reply {
  errno: number;
  unique: bigint;
  /** What follows the header. */
  body: Buffer;
  bytes: Buffer;
}

export class Kernel {
  readonly session: Session;
  readonly requests: Requests;
  /** Replies and notifications that came through the sink. */
  readonly late: Reply[] = [];
  readonly notified: Buffer[] = [];
  readonly faults: string[] = [];
  /** How many more notifications the sink takes. */
  room = Infinity;

  constructor(operations: Operations, options: SessionOptions = {}) {
    this.requests = new Requests();
    this.session = new Session(operations, {
      onFault: (error, operation) => this.faults.push(`${operation}: ${String(error)}`),
      ...options,
    });
    this.session.attach({
      reply: (bytes) => this.late.push(parse(bytes)),
      notify: (bytes) => {
        if (this.room <= 0) return false;
        this.room--;
        this.notified.push(Buffer.from(bytes));
        return true;
      },
    });
  }

  /** A kernel past INIT. */
  static ready(operations: Operations, options: SessionOptions = {}): Kernel {
    const kernel = new Kernel(operations, options);
    kernel.expect(kernel.requests.init());
    return kernel;
  }

  /** What `handle` returns for these bytes, which may be anything. */
  handle(request: Uint8Array): number {
    this.session.input.set(request);
    return this.session.handle(request.length);
  }

  /** The reply of the same turn; undefined when there is none. */
  call(request: Uint8Array): Reply | undefined {
    const n = this.handle(request);
    expect(n).toBeGreaterThanOrEqual(0);
    if (n === 0) return undefined;
    const reply = parse(this.session.output.subarray(0, n));
    if (request.length >= 16) expect(reply.unique).toBe(Buffer.from(request).readBigUInt64LE(8));
    return reply;
  }

  /** The error number of the reply, 0 for success. */
  errno(request: Uint8Array): number {
    const reply = this.call(request);
    if (reply === undefined) throw new Error('no reply');
    return reply.errno;
  }

  /** The body of a successful reply. */
  expect(request: Uint8Array): Buffer {
    const reply = this.call(request);
    if (reply === undefined) throw new Error('no reply');
    expect(reply.errno).toBe(0);
    return reply.body;
  }
}

/** A copy of a reply, taken apart. */
export function parse(bytes: Uint8Array): Reply {
  const copy = Buffer.from(bytes);
  expect(copy.length).toBeGreaterThanOrEqual(16);
  expect(copy.readUInt32LE(0)).toBe(copy.length);
  const errno = Math.abs(copy.readInt32LE(4));
  expect(copy.readInt32LE(4)).toBeLessThanOrEqual(0);
  // The kernel refuses errors outside 0 to 511, and bytes after an error.
  expect(errno).toBeLessThan(512);
  if (errno > 0) expect(copy.length).toBe(16);
  return { errno, unique: copy.readBigUInt64LE(8), body: copy.subarray(16), bytes: copy };
}

/** Lets promises settle. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
