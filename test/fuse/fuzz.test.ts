import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OPCODE_BY_CODE } from '../../mount/fuse/opcodes.ts';
import { Session } from '../../mount/fuse/session.ts';
import { Requests } from '../support/fuse-requests.ts';
import { MemoryOperations } from '../support/memory-operations.ts';

interface Setting {
  session: Session;
  faults: unknown[];
}

function setting(): Setting {
  const faults: unknown[] = [];
  const operations = new MemoryOperations({ now: () => [0, 0] });
  const session = new Session(operations, {
    onFault: (error) => faults.push(error),
    inputBytes: 8192,
    outputBytes: 8192,
    // Traces read the same bytes.
    trace: (line) => expect(line).not.toContain('\n'),
  });
  session.attach({ reply: checkReply, notify: () => true });
  return { session, faults };
}

function checkReply(bytes: Uint8Array): void {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  expect(view.getUint32(0, true)).toBe(length);
}

/** Answers a request and checks all that must hold of any answer to any bytes. */
function check({ session }: Setting, request: Uint8Array): void {
  // What an earlier request left behind the end must not matter; make it visible if it does.
  session.input.fill(0xa5);
  session.input.set(request);
  const n = session.handle(request.length);
  expect(n).toBeLessThanOrEqual(session.output.length);
  if (n === 0) return;
  expect(n).toBeGreaterThanOrEqual(16);
  const view = new DataView(session.output.buffer, session.output.byteOffset);
  expect(view.getUint32(0, true)).toBe(n);
  const errno = -view.getInt32(4, true);
  expect(errno).toBeGreaterThanOrEqual(0);
  expect(errno).toBeLessThan(512);
  if (errno !== 0) expect(n).toBe(16);
  expect(Buffer.from(session.output.subarray(8, 16)).equals(Buffer.from(request.subarray(8, 16)))).toBe(true);
  const row = OPCODE_BY_CODE[new DataView(request.buffer, request.byteOffset).getUint32(4, true)];
  if (errno === 0 && typeof row?.reply === 'number') expect(n).toBe(16 + row.reply);
}

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '.', '..', ''),
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 300 }),
);
const ino = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.maxSafeNat());
const size = fc.oneof(fc.integer({ min: 0, max: 9000 }), fc.constantFrom(0xffff_ffff, 0x7fff_ffff));
const offset = fc.oneof(fc.bigInt({ min: 0n, max: 5000n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const u32 = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 4096 }));
const data = fc.uint8Array({ maxLength: 200 });

/** Any request that the kernel might send about a small tree, and some it would not. */
const valid: fc.Arbitrary<(r: Requests) => Buffer> = fc.oneof(
  fc.tuple(ino, name).map(
    ([i, n]) =>
      (r: Requests) =>
        r.lookup(i, n),
  ),
  fc.tuple(ino, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })).map(
    ([i, t]) =>
      (r: Requests) =>
        r.forget(i, t),
  ),
  fc.tuple(ino, ino).map(
    ([a, b]) =>
      (r: Requests) =>
        r.batchForget([a, 1], [b, 2]),
  ),
  ino.map((i) => (r: Requests) => r.getattr(i)),
  fc.tuple(ino, u32, fc.integer({ min: 0, max: 2 ** 20 }), u32).map(
    ([i, v, s, t]) =>
      (r: Requests) =>
        r.setattr(i, v, { size: s, mode: t, atimensec: t, mtime: t, uid: t }),
  ),
  ino.map((i) => (r: Requests) => r.readlink(i)),
  fc.tuple(ino, name, name).map(
    ([i, n, t]) =>
      (r: Requests) =>
        r.symlink(i, n, t),
  ),
  fc.tuple(ino, name, u32).map(
    ([i, n, m]) =>
      (r: Requests) =>
        r.mknod(i, n, m, m),
  ),
  fc.tuple(ino, name).map(
    ([i, n]) =>
      (r: Requests) =>
        r.mkdir(i, n),
  ),
  fc.tuple(ino, name).map(
    ([i, n]) =>
      (r: Requests) =>
        r.unlink(i, n),
  ),
  fc.tuple(ino, name).map(
    ([i, n]) =>
      (r: Requests) =>
        r.rmdir(i, n),
  ),
  fc.tuple(ino, name, ino, name).map(
    ([i, n, j, m]) =>
      (r: Requests) =>
        r.rename(i, n, j, m),
  ),
  fc.tuple(ino, name, ino, name, fc.integer({ min: 0, max: 7 })).map(
    ([i, n, j, m, f]) =>
      (r: Requests) =>
        r.rename2(i, n, j, m, f),
  ),
  fc.tuple(ino, ino, name).map(
    ([i, j, n]) =>
      (r: Requests) =>
        r.link(i, j, n),
  ),
  fc.tuple(ino, u32, u32).map(
    ([i, f, k]) =>
      (r: Requests) =>
        r.open(i, f, k),
  ),
  fc.tuple(ino, name, u32, u32).map(
    ([i, n, m, f]) =>
      (r: Requests) =>
        r.create(i, n, m, f),
  ),
  fc.tuple(ino, offset, size).map(
    ([i, o, s]) =>
      (r: Requests) =>
        r.read(i, 0, o, s),
  ),
  fc.tuple(ino, fc.bigInt({ min: 0n, max: 5000n }), data).map(
    ([i, o, d]) =>
      (r: Requests) =>
        r.write(i, 0, o, d),
  ),
  fc.tuple(ino, offset, size).map(
    ([i, o, s]) =>
      (r: Requests) =>
        r.readdir(i, o, s),
  ),
  fc.tuple(ino, offset, size).map(
    ([i, o, s]) =>
      (r: Requests) =>
        r.readdirplus(i, o, s),
  ),
  fc.tuple(ino, name, data, u32).map(
    ([i, n, d, f]) =>
      (r: Requests) =>
        r.setxattr(i, n, d, f),
  ),
  fc.tuple(ino, name, size).map(
    ([i, n, s]) =>
      (r: Requests) =>
        r.getxattr(i, n, s),
  ),
  fc.tuple(ino, size).map(
    ([i, s]) =>
      (r: Requests) =>
        r.listxattr(i, s),
  ),
  fc.tuple(ino, name).map(
    ([i, n]) =>
      (r: Requests) =>
        r.removexattr(i, n),
  ),
  fc.constantFrom<(r: Requests) => Buffer>(
    (r) => r.statfs(),
    (r) => r.opendir(1),
    (r) => r.flush(2, 0),
    (r) => r.release(2, 0),
    (r) => r.fsync(2),
    (r) => r.interrupt(4n),
    (r) => r.init(),
  ),
);

test('any bytes at all get an answer that fits, or none', () => {
  const header = fc.tuple(fc.oneof(fc.integer({ min: 0, max: 60 }), u32), fc.boolean());
  fc.assert(
    fc.property(fc.array(fc.tuple(header, fc.uint8Array({ maxLength: 200 })), { maxLength: 20 }), (messages) => {
      const it = setting();
      check(it, new Requests().init());
      for (const [[opcode, honest], bytes] of messages) {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        if (bytes.length >= 8) view.setUint32(4, opcode, true);
        if (bytes.length >= 4 && honest) view.setUint32(0, bytes.length, true);
        if (bytes.length >= 40 && honest) view.setUint16(36, 0, true);
        check(it, bytes);
      }
      expect(it.faults).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('any sequence of requests gets answers that fit, without a fault', () => {
  fc.assert(
    fc.property(fc.array(valid, { maxLength: 40 }), (makers) => {
      const it = setting();
      const requests = new Requests();
      check(it, requests.init());
      for (const make of makers) check(it, make(requests));
      expect(it.faults).toEqual([]);
    }),
    { numRuns: 400 },
  );
});

test('requests with bytes changed, cut off or added get answers that fit, without a fault', () => {
  const mutation = fc.record({
    make: valid,
    changes: fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
    cut: fc.option(fc.nat(400)),
    added: fc.option(fc.uint8Array({ maxLength: 20 })),
    honest: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 30 }), (mutations) => {
      const it = setting();
      const requests = new Requests();
      check(it, requests.init());
      for (const { make, changes, cut, added, honest } of mutations) {
        let bytes = make(requests);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        if (cut !== null) bytes = bytes.subarray(0, cut);
        if (added !== null) bytes = Buffer.concat([bytes, added]);
        if (honest && bytes.length >= 4) bytes.writeUInt32LE(bytes.length, 0);
        check(it, bytes);
      }
      expect(it.faults).toEqual([]);
    }),
    { numRuns: 400 },
  );
});
