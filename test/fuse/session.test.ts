import { expect, test } from 'vitest';
import { ERRNO, ERRNO_OF_CODE } from '../../mount/fuse/errno.ts';
import { OPCODES } from '../../mount/fuse/opcodes.ts';
import { FATTR, FOPEN, INIT, INIT2, OP } from '../../mount/fuse/protocol.ts';
import { Session } from '../../mount/fuse/session.ts';
import { type AttributeChanges, NotReady, type OpenFlags, type ReadResult } from '../../mount/operations.ts';
import { ERROR_MEANINGS, type ErrorCode, FxError } from '../../src/errors.ts';
import type { Piece } from '../../src/store/api.ts';
import { Kernel, parse, turn } from '../support/fuse-kernel.ts';
import { struct } from '../support/fuse-requests.ts';
import { MemoryOperations } from '../support/memory-operations.ts';

const ANY: OpenFlags = { read: true, write: true, truncate: false, append: false, clearSetId: false };

test('the table has one row for each opcode', () => {
  expect(OPCODES.length).toBe(Object.keys(OP).length);
  expect(new Set(OPCODES.map(({ code }) => code)).size).toBe(OPCODES.length);
  for (const row of OPCODES) expect(row.code).toBe(OP[row.name]);
});

test('every error code has an error number that the kernel takes', () => {
  for (const code of Object.keys(ERROR_MEANINGS) as ErrorCode[]) {
    expect(ERRNO_OF_CODE[code]).toBeGreaterThan(0);
    expect(ERRNO_OF_CODE[code]).toBeLessThan(512);
  }
});

test('INIT takes only what is offered', () => {
  const kernel = new Kernel(new MemoryOperations());
  const body = kernel.expect(
    kernel.requests.init(INIT.ASYNC_READ | INIT.WRITEBACK_CACHE | INIT.POSIX_LOCKS, 0xffff_ffff, 31),
  );
  expect(body.readUInt32LE(4)).toBe(31);
  expect(body.readUInt32LE(12)).toBe(INIT.ASYNC_READ);
  // Without INIT_EXT there is no second word, whatever it says; without MAX_PAGES no page count.
  expect(body.readUInt32LE(32)).toBe(0);
  expect(body.readUInt16LE(28)).toBe(0);
  expect(kernel.session.negotiated).toEqual({ minor: 31, flags: INIT.ASYNC_READ, flags2: 0 });
});

test('INIT of a kernel before 7.36 has no second flags word', () => {
  const kernel = new Kernel(new MemoryOperations());
  const short = kernel.requests.request(26, 0, struct([32, 7], [32, 35], [32, 4096], [32, 0xffff_ffff]));
  const body = kernel.expect(short);
  expect(body.length).toBe(64);
  expect(body.readUInt32LE(32)).toBe(0);
});

test('a larger major version is told ours, an older protocol is refused', () => {
  const kernel = new Kernel(new MemoryOperations());
  const { requests: r } = kernel;
  const body = kernel.expect(r.init(0xffff_ffff, 0, 0, 8));
  expect([body.readUInt32LE(0), body.readUInt32LE(12)]).toEqual([7, 0]);
  expect(kernel.errno(r.getattr(1))).toBe(ERRNO.EIO);
  expect(kernel.errno(r.init(0, 0, 30))).toBe(ERRNO.EPROTO);
  expect(kernel.errno(r.init(0, 0, 45, 6))).toBe(ERRNO.EPROTO);
  expect(kernel.errno(r.getattr(1))).toBe(ERRNO.EIO);
  kernel.expect(r.init());
  kernel.expect(r.getattr(1));
});

test('a session goes on with a connection that another negotiated', () => {
  const first = Kernel.ready(new MemoryOperations());
  const { negotiated } = first.session;
  if (negotiated === undefined) throw new Error('nothing was negotiated');
  expect(negotiated.flags2 & INIT2.HAS_RESEND).toBe(INIT2.HAS_RESEND);
  const second = new Kernel(new MemoryOperations(), { negotiated });
  second.expect(second.requests.getattr(1));
  second.expect(second.requests.setxattr(1, 'user.a', Buffer.from('b')));
});

test('a resent request is answered with its mark', () => {
  const kernel = Kernel.ready(new MemoryOperations());
  const request = kernel.requests.getattr(1);
  request.writeBigUInt64LE(request.readBigUInt64LE(8) | (1n << 63n), 8);
  expect(kernel.call(request)?.unique).toBe(request.readBigUInt64LE(8));
});

test('who asks is taken from each request', () => {
  const seen: unknown[] = [];
  class Watching extends MemoryOperations {
    override mkdir(...args: Parameters<MemoryOperations['mkdir']>) {
      seen.push({ ...args[3] });
      return super.mkdir(...args);
    }
  }
  const kernel = Kernel.ready(new Watching());
  for (const [uid, gid, pid] of [
    [0, 0, 1],
    [0xffff_fffe, 7, 0x7fff_ffff],
  ] as const) {
    Object.assign(kernel.requests.header, { uid, gid, pid });
    kernel.expect(kernel.requests.mkdir(1, `by-${uid}`));
  }
  expect(seen).toEqual([
    { uid: 0, gid: 0, pid: 1, umask: 0o022, groups: [] },
    { uid: 0xffff_fffe, gid: 7, pid: 0x7fff_ffff, umask: 0o022, groups: [] },
  ]);
});

test('bytes behind the last name are refused, those behind the first are the second', () => {
  const kernel = Kernel.ready(new MemoryOperations());
  const { requests: r } = kernel;
  expect(kernel.errno(r.mkdir(1, 'a\0'))).toBe(ERRNO.EIO);
  expect(kernel.errno(r.unlink(1, 'a\0b'))).toBe(ERRNO.EIO);
  expect(kernel.errno(r.symlink(1, 'a', 'b\0c'))).toBe(ERRNO.EIO);
  expect(kernel.errno(r.rename(1, 'a', 1, 'b\0c'))).toBe(ERRNO.EIO);
  kernel.expect(r.symlink(1, 'a', 'b'));
});

test('without caching nothing stays valid and directories are opened for real', () => {
  const kernel = Kernel.ready(new MemoryOperations(), { caching: false });
  const { requests: r } = kernel;
  expect(kernel.session.negotiated?.flags).toBe((kernel.session.negotiated?.flags ?? 0) & ~INIT.CACHE_SYMLINKS);
  const created = kernel.expect(r.create(1, 'file'));
  expect([created.readBigUInt64LE(16), created.readBigUInt64LE(24)]).toEqual([0n, 0n]);
  expect(created.readUInt32LE(128 + 8)).toBe(FOPEN.NOFLUSH);
  expect(kernel.expect(r.lookup(1, 'absent')).equals(Buffer.alloc(128))).toBe(true);
  expect(kernel.expect(r.opendir(1)).readUInt32LE(8)).toBe(0);
});

test('files without handles are not opened: the kernel is told so, and cuts them by SETATTR', () => {
  const operations = new MemoryOperations();
  operations.hasHandles = false;
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  const flags = kernel.session.negotiated?.flags ?? 0;
  expect(flags & INIT.NO_OPEN_SUPPORT).toBe(INIT.NO_OPEN_SUPPORT);
  expect(flags & INIT.ATOMIC_O_TRUNC).toBe(0);
  const ino = Number(kernel.expect(r.create(1, 'file')).readBigUInt64LE(0));
  expect(kernel.errno(r.open(ino, 0))).toBe(ERRNO.ENOSYS);
  expect(kernel.errno(r.flush(ino, 0))).toBe(ERRNO.ENOSYS);
  // A kernel that does not offer it opens files as ever.
  const older = new Kernel(operations);
  older.expect(older.requests.init(INIT.ATOMIC_O_TRUNC | INIT.ASYNC_READ, 0, 31));
  expect(older.session.negotiated?.flags).toBe((INIT.ATOMIC_O_TRUNC | INIT.ASYNC_READ) >>> 0);
  older.expect(older.requests.open(ino, 0));
});

test('opens are answered until enough were seen and no file has state, and never refused after that changed', () => {
  const operations = new MemoryOperations();
  operations.hasHandles = false;
  const kernel = Kernel.ready(operations, { opensAnswered: 2 });
  const { requests: r } = kernel;
  const ino = Number(kernel.expect(r.create(1, 'file')).readBigUInt64LE(0));
  kernel.expect(r.open(ino, 0));
  operations.hasHandles = true;
  kernel.expect(r.open(ino, 0));
  expect(kernel.session.hearsOpens).toBe(true);
  operations.hasHandles = false;
  expect(kernel.errno(r.open(ino, 0))).toBe(ERRNO.ENOSYS);
  expect(kernel.session.hearsOpens).toBe(false);
});

test('a request that needs something first is handled again when that is there', async () => {
  const operations = new MemoryOperations();
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  kernel.expect(r.mkdir(1, 'directory'));
  const { lookup } = operations;
  operations.lookup = () => {
    operations.lookup = lookup;
    throw new NotReady(Promise.resolve());
  };
  expect(kernel.call(r.lookup(1, 'directory'))).toBeUndefined();
  expect(kernel.session.outstanding).toBe(1);
  kernel.expect(r.getattr(1));
  await turn();
  expect(kernel.session.outstanding).toBe(0);
  expect(kernel.late.map(({ errno, body }) => [errno, body.length])).toEqual([[0, 128]]);
});

test('a read-only mount refuses each change and allows the rest', () => {
  const operations = new MemoryOperations();
  operations.create(1, 'file', 0o644, ANY, { uid: 0, gid: 0, pid: 0 });
  const kernel = Kernel.ready(operations, { readOnly: true });
  const { requests: r } = kernel;
  const changes = [
    r.create(1, 'x'),
    r.mkdir(1, 'x'),
    r.mknod(1, 'x', 0o100644),
    r.symlink(1, 'x', 'y'),
    r.link(2, 1, 'x'),
    r.unlink(1, 'file'),
    r.rmdir(1, 'file'),
    r.rename(1, 'file', 1, 'x'),
    r.rename2(1, 'file', 1, 'x', 1),
    r.setattr(2, FATTR.MODE, { mode: 0 }),
    r.write(2, 0, 0, Buffer.from('x')),
    r.setxattr(2, 'user.a', Buffer.from('b')),
    r.removexattr(2, 'user.a'),
    r.open(2, 1),
    r.open(2, 2),
    r.open(2, 0o1000),
  ];
  for (const request of changes) expect(kernel.errno(request)).toBe(ERRNO.EROFS);
  for (const request of [r.lookup(1, 'file'), r.open(2), r.read(2, 0, 0, 10), r.flush(2, 0), r.release(2, 0)])
    kernel.expect(request);
});

test('open flags are told apart', () => {
  const seen: OpenFlags[] = [];
  class Watching extends MemoryOperations {
    override open(ino: number, flags: OpenFlags) {
      seen.push(flags);
      return super.open(ino, flags);
    }
  }
  const kernel = Kernel.ready(new Watching());
  const { requests: r } = kernel;
  kernel.expect(r.create(1, 'file'));
  for (const [flags, kill] of [
    [0, 0],
    [1, 0],
    [2, 0],
    [0o2001, 0],
    [0o1002, 1],
  ] as const)
    kernel.expect(r.open(2, flags, kill));
  const none = { read: false, write: false, truncate: false, append: false, clearSetId: false };
  expect(seen).toEqual([
    { ...none, read: true },
    { ...none, write: true },
    { ...none, read: true, write: true },
    { ...none, write: true, append: true },
    { ...none, read: true, write: true, truncate: true, clearSetId: true },
  ]);
});

test('CREATE of what appeared behind a cached absence is begun anew, not opened unchecked', () => {
  const operations = new MemoryOperations();
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  kernel.expect(r.create(1, 'file'));
  kernel.expect(r.write(2, 0, 0, Buffer.from('content')));
  expect(kernel.errno(r.create(1, 'file', 0o100600, 0o1102))).toBe(ERRNO.ESTALE);
  expect(operations.node(2).size).toBe(7);
  expect(kernel.errno(r.create(1, 'file', 0o100600, 0o302))).toBe(ERRNO.EEXIST);
  kernel.expect(r.mkdir(1, 'directory'));
  expect(kernel.errno(r.create(1, 'directory'))).toBe(ERRNO.ESTALE);
});

test('SETATTR passes exactly the fields that are valid', () => {
  const seen: AttributeChanges[] = [];
  class Watching extends MemoryOperations {
    override setAttributes(...args: Parameters<MemoryOperations['setAttributes']>) {
      seen.push(args[1]);
      return super.setAttributes(...args);
    }
  }
  const kernel = Kernel.ready(new Watching());
  const { requests: r } = kernel;
  kernel.expect(r.create(1, 'file'));
  const values = {
    mode: 0o104755,
    uid: 1,
    gid: 2,
    size: 3,
    atime: 4,
    mtime: -5,
    ctime: 6,
    atimensec: 7,
    mtimensec: 8,
    ctimensec: 9,
  };
  kernel.expect(r.setattr(2, 0, values));
  kernel.expect(r.setattr(2, FATTR.MODE | FATTR.CTIME, values));
  kernel.expect(r.setattr(2, FATTR.UID, values));
  kernel.expect(r.setattr(2, FATTR.SIZE | FATTR.KILL_SUIDGID | FATTR.FH | FATTR.LOCKOWNER, values));
  kernel.expect(r.setattr(2, FATTR.ATIME | FATTR.MTIME, values));
  kernel.expect(r.setattr(2, FATTR.ATIME | FATTR.ATIME_NOW, values));
  expect(seen).toEqual([
    { clearSetId: true },
    { mode: 0o4755, ctime: [6, 9] },
    { uid: 1, clearSetId: true },
    { size: 3, handle: 0, clearSetId: true },
    { atime: [4, 7], mtime: [-5, 8] },
    { atime: 'now' },
  ]);
  expect(kernel.errno(r.setattr(2, FATTR.MTIME, { mtimensec: 1_000_000_000 }))).toBe(ERRNO.EIO);
  expect(kernel.errno(r.setattr(2, FATTR.SIZE, { size: 2n ** 53n }))).toBe(ERRNO.EFBIG);
  kernel.expect(r.setattr(2, FATTR.MTIME, { mtime: -(2n ** 63n) }));
  expect(seen.at(-1)?.mtime?.[0]).toBe(Number.MIN_SAFE_INTEGER);
});

test('an append goes to the end of the file, wherever the kernel takes that to be, and pages of a map stay', () => {
  const kernel = Kernel.ready(new MemoryOperations());
  const { requests: r } = kernel;
  kernel.expect(r.create(1, 'file'));
  kernel.expect(r.write(2, 0, 0, Buffer.from('12345')));
  kernel.expect(r.write(2, 0, 3, Buffer.from('ab'), 0, 0o2000));
  kernel.expect(r.write(2, 0, 1, Buffer.from('m'), 1, 0o2000));
  expect(kernel.expect(r.read(2, 0, 0, 100)).toString()).toBe('1m345ab');
});

test('WRITE and READ refuse and bound offsets that no file reaches', () => {
  const kernel = Kernel.ready(new MemoryOperations());
  const { requests: r } = kernel;
  kernel.expect(r.create(1, 'file'));
  for (const offset of [2n ** 53n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    expect(kernel.errno(r.write(2, 0, offset, Buffer.from('xx')))).toBe(ERRNO.EFBIG);
  }
  expect(kernel.expect(r.read(2, 0, 2n ** 64n - 1n, 4096)).length).toBe(0);
  expect(kernel.expect(r.read(2, 0, 0, 0xffff_ffff)).length).toBe(0);
});

test('a full-size write and read pass', () => {
  const kernel = Kernel.ready(new MemoryOperations());
  const { requests: r } = kernel;
  const data = Buffer.alloc(1 << 20, 'fxmount ');
  kernel.expect(r.create(1, 'file'));
  expect(kernel.expect(r.write(2, 0, 0, data, 4)).readUInt32LE(0)).toBe(data.length);
  expect(kernel.expect(r.read(2, 0, 0, data.length)).equals(data)).toBe(true);
});

class InPieces extends MemoryOperations {
  result: Piece[] = [];

  override read(): ReadResult {
    return this.result;
  }
}

test('pieces are handed to the loop, empty ones left out', () => {
  const operations = new InPieces();
  const kernel = Kernel.ready(operations);
  const { session, requests: r } = kernel;
  operations.result = [
    { fd: 5, position: 100, bytes: 10 },
    { fd: 9, position: 0, bytes: 0 },
    { fd: -1, position: 0, bytes: 7 },
  ];
  const request = r.read(1, 0, 0, 17);
  expect(kernel.handle(request)).toBe(-2);
  expect([...session.pieces.subarray(0, 6)]).toEqual([5, 100, 10, -1, 0, 7]);
  const header = Buffer.from(session.output.subarray(0, 16));
  expect([header.readUInt32LE(0), header.readInt32LE(4)]).toEqual([0, 0]);
  expect(header.readBigUInt64LE(8)).toBe(request.readBigUInt64LE(8));
  operations.result = [{ fd: 9, position: 0, bytes: 0 }];
  expect(kernel.expect(r.read(1, 0, 0, 17)).length).toBe(0);
  operations.result = [{ fd: 9, position: 0, bytes: 18 }];
  expect(kernel.errno(r.read(1, 0, 0, 17))).toBe(ERRNO.EIO);
  expect(kernel.faults.length).toBe(1);
});

test('more pieces than the loop takes are copied', () => {
  const operations = new InPieces();
  const readPiece = (_fd: number, position: number, target: Uint8Array) => target.fill(position);
  const kernel = Kernel.ready(operations, { piecesMax: 2, readPiece });
  const { requests: r } = kernel;
  operations.result = [
    { fd: 5, position: 1, bytes: 2 },
    { fd: -1, position: 0, bytes: 3 },
    { fd: 5, position: 2, bytes: 1 },
  ];
  expect([...kernel.expect(r.read(1, 0, 0, 100))]).toEqual([1, 1, 0, 0, 0, 2]);
  expect(kernel.errno(r.read(1, 0, 0, 5))).toBe(ERRNO.EIO);
  const without = Kernel.ready(operations, { piecesMax: 2 });
  expect(without.errno(without.requests.read(1, 0, 0, 100))).toBe(ERRNO.EIO);
});

test('a refusal is its error number, a fault is EIO and reported once, and the session goes on', () => {
  class Failing extends MemoryOperations {
    thrown: unknown = new TypeError('a fault');

    override attributes(): never {
      throw this.thrown;
    }
  }
  const operations = new Failing();
  const kernel = Kernel.ready(operations);
  const { requests: r } = kernel;
  for (const thrown of [new TypeError('one'), new TypeError('two'), 'a string', undefined, new FxError('BUSY')]) {
    operations.thrown = thrown;
    expect(kernel.errno(r.getattr(1))).toBe(thrown instanceof FxError ? ERRNO.EBUSY : ERRNO.EIO);
  }
  expect(kernel.faults).toEqual(['GETATTR: TypeError: one', 'GETATTR: a string', 'GETATTR: undefined']);
  kernel.expect(r.statfs());
});

test('the root must have inode number 1', () => {
  class Elsewhere extends MemoryOperations {
    override readonly root: number = 5;
  }
  expect(() => new Session(new Elsewhere())).toThrow(/root/);
});

test('a trace has a line for each request and reply', () => {
  const lines: string[] = [];
  const kernel = Kernel.ready(new MemoryOperations(), { trace: (line) => lines.push(line) });
  const { requests: r } = kernel;
  lines.length = 0;
  kernel.call(r.lookup(1, 'na\xefve'));
  kernel.call(r.mkdir(1, 'new', 0o755));
  kernel.call(r.rename(1, 'absent', 1, 'b'));
  kernel.call(r.forget(2, 1));
  kernel.call(Buffer.alloc(20));
  expect(lines).toEqual([
    '#4 LOOKUP node 1 uid 1000 gid 100 pid 42 "na\\udcefve"',
    '#4 = LOOKUP 144 bytes entry_valid=4294967295',
    '#6 MKDIR node 1 uid 1000 gid 100 pid 42 mode=0o755 umask=0o22 "new"',
    expect.stringMatching(/^#6 = MKDIR 144 bytes nodeid=2 .* mode=0o40755 nlink=2 uid=1000 gid=100 blksize=4096$/),
    '#8 RENAME node 1 uid 1000 gid 100 pid 42 newdir=1 "absent" "b"',
    '#8 = RENAME ENOENT',
    '#10 FORGET node 2 uid 1000 gid 100 pid 42 nlookup=1',
    'a request of 20 bytes: no whole header, or more than the buffer',
  ]);
  expect(parse(struct([32, 16], [32, -5], [64, 1])).errno).toBe(5);
});
