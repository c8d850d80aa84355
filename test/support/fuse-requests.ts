/**
 * FUSE requests as bytes, built from the kernel's struct definitions field by field and with no help of the
 * driver's own layouts, so that a mistake there shows.
 */
import { Buffer } from 'node:buffer';

/** Fields of a struct: [bits, value] each, little-endian. */
export type Field = readonly [16 | 32 | 64, number | bigint];

export function struct(...fields: readonly Field[]): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, [bits]) => sum + bits / 8, 0));
  let at = 0;
  for (const [bits, value] of fields) {
    if (bits === 16) bytes.writeUInt16LE(Number(value), at);
    else if (bits === 32) bytes.writeUInt32LE(Number(value) >>> 0, at);
    else bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), at);
    at += bits / 8;
  }
  return bytes;
}

export function cstring(name: string): Buffer {
  return Buffer.from(`${name}\0`, 'latin1');
}

export interface Header {
  unique?: bigint;
  uid?: number;
  gid?: number;
  pid?: number;
}

/** Builds requests; each has the next `unique`, in steps of 2 as the kernel counts. */
export class Requests {
  unique = 0n;
  readonly header: Header;
  /** Put at the end of each request. */
  extensions: Uint8Array = Buffer.alloc(0);

  constructor(header: Header = {}) {
    this.header = header;
  }

  request(opcode: number, nodeid: number | bigint, ...body: Uint8Array[]): Buffer {
    this.unique += 2n;
    const { unique = this.unique, uid = 1000, gid = 100, pid = 42 } = this.header;
    const tail = Buffer.concat([...body, this.extensions]);
    const head = struct(
      [32, 40 + tail.length],
      [32, opcode],
      [64, unique],
      [64, nodeid],
      [32, uid],
      [32, gid],
      [32, pid],
      [16, this.extensions.length / 8],
      [16, 0],
    );
    return Buffer.concat([head, tail]);
  }

  init(flags = 0xffff_ffff, flags2 = 0xffff_ffff, minor = 40, major = 7): Buffer {
    const rest = struct(...Array.from({ length: 11 }, (): Field => [32, 0]));
    return this.request(26, 0, struct([32, major], [32, minor], [32, 131072], [32, flags], [32, flags2]), rest);
  }

  lookup(parent: number, name: string): Buffer {
    return this.request(1, parent, cstring(name));
  }

  forget(ino: number, times: number | bigint): Buffer {
    return this.request(2, ino, struct([64, times]));
  }

  batchForget(...items: [ino: number, times: number][]): Buffer {
    const list = items.map(([ino, times]) => struct([64, ino], [64, times]));
    return this.request(42, 0, struct([32, items.length], [32, 0]), ...list);
  }

  getattr(ino: number): Buffer {
    return this.request(3, ino, struct([32, 0], [32, 0], [64, 0]));
  }

  setattr(
    ino: number,
    valid: number,
    values: Partial<
      Record<
        'size' | 'atime' | 'mtime' | 'ctime' | 'atimensec' | 'mtimensec' | 'ctimensec' | 'mode' | 'uid' | 'gid',
        number | bigint
      >
    >,
  ): Buffer {
    const v = (name: keyof typeof values) => values[name] ?? 0;
    return this.request(
      4,
      ino,
      struct(
        [32, valid],
        [32, 0],
        [64, 0],
        [64, v('size')],
        [64, 0],
        [64, v('atime')],
        [64, v('mtime')],
        [64, v('ctime')],
        [32, v('atimensec')],
        [32, v('mtimensec')],
        [32, v('ctimensec')],
        [32, v('mode')],
        [32, 0],
        [32, v('uid')],
        [32, v('gid')],
        [32, 0],
      ),
    );
  }

  readlink(ino: number): Buffer {
    return this.request(5, ino);
  }

  symlink(parent: number, name: string, target: string): Buffer {
    return this.request(6, parent, cstring(name), cstring(target));
  }

  mknod(parent: number, name: string, mode: number, rdev = 0): Buffer {
    return this.request(8, parent, struct([32, mode], [32, rdev], [32, 0o022], [32, 0]), cstring(name));
  }

  mkdir(parent: number, name: string, mode = 0o755): Buffer {
    return this.request(9, parent, struct([32, mode], [32, 0o022]), cstring(name));
  }

  unlink(parent: number, name: string): Buffer {
    return this.request(10, parent, cstring(name));
  }

  rmdir(parent: number, name: string): Buffer {
    return this.request(11, parent, cstring(name));
  }

  rename(from: number, fromName: string, to: number, toName: string): Buffer {
    return this.request(12, from, struct([64, to]), cstring(fromName), cstring(toName));
  }

  rename2(from: number, fromName: string, to: number, toName: string, flags: number): Buffer {
    return this.request(45, from, struct([64, to], [32, flags], [32, 0]), cstring(fromName), cstring(toName));
  }

  link(ino: number, parent: number, name: string): Buffer {
    return this.request(13, parent, struct([64, ino]), cstring(name));
  }

  open(ino: number, flags = 0, openFlags = 0): Buffer {
    return this.request(14, ino, struct([32, flags], [32, openFlags]));
  }

  opendir(ino: number): Buffer {
    return this.request(27, ino, struct([32, 0], [32, 0]));
  }

  create(parent: number, name: string, mode = 0o100644, flags = 0o102, openFlags = 0): Buffer {
    return this.request(35, parent, struct([32, flags], [32, mode], [32, 0o022], [32, openFlags]), cstring(name));
  }

  #readLike(opcode: number, ino: number, handle: number, offset: number | bigint, size: number): Buffer {
    return this.request(
      opcode,
      ino,
      struct([64, handle], [64, offset], [32, size], [32, 0], [64, 0], [32, 0], [32, 0]),
    );
  }

  read(ino: number, handle: number, offset: number | bigint, size: number): Buffer {
    return this.#readLike(15, ino, handle, offset, size);
  }

  readdir(ino: number, offset: number | bigint, size: number): Buffer {
    return this.#readLike(28, ino, 0, offset, size);
  }

  readdirplus(ino: number, offset: number | bigint, size: number): Buffer {
    return this.#readLike(44, ino, 0, offset, size);
  }

  write(ino: number, handle: number, offset: number | bigint, data: Uint8Array, writeFlags = 0, flags = 0): Buffer {
    return this.request(
      16,
      ino,
      struct([64, handle], [64, offset], [32, data.length], [32, writeFlags], [64, 0], [32, flags], [32, 0]),
      data,
    );
  }

  tmpfile(parent: number, mode = 0o100666, flags = 0o20200002): Buffer {
    return this.request(51, parent, struct([32, flags], [32, mode], [32, 0o022], [32, 0]), cstring('/'));
  }

  ioctl(ino: number, command: number, data: Uint8Array, outBytes: number): Buffer {
    return this.request(
      39,
      ino,
      struct([64, 0], [32, 0], [32, command], [64, 0], [32, data.length], [32, outBytes]),
      data,
    );
  }

  statx(ino: number): Buffer {
    return this.request(52, ino, struct([32, 0], [32, 0], [64, 0], [32, 0], [32, 0xfff]));
  }

  statfs(): Buffer {
    return this.request(17, 1);
  }

  release(ino: number, handle: number): Buffer {
    return this.request(18, ino, struct([64, handle], [32, 0], [32, 0], [64, 0]));
  }

  flush(ino: number, handle: number): Buffer {
    return this.request(25, ino, struct([64, handle], [32, 0], [32, 0], [64, 7]));
  }

  fsync(ino: number): Buffer {
    return this.request(20, ino, struct([64, 0], [32, 1], [32, 0]));
  }

  fsyncdir(ino: number): Buffer {
    return this.request(30, ino, struct([64, 0], [32, 0], [32, 0]));
  }

  setxattr(ino: number, name: string, value: Uint8Array, flags = 0): Buffer {
    return this.request(21, ino, struct([32, value.length], [32, flags], [32, 0], [32, 0]), cstring(name), value);
  }

  getxattr(ino: number, name: string, size: number): Buffer {
    return this.request(22, ino, struct([32, size], [32, 0]), cstring(name));
  }

  listxattr(ino: number, size: number): Buffer {
    return this.request(23, ino, struct([32, size], [32, 0]));
  }

  removexattr(ino: number, name: string): Buffer {
    return this.request(24, ino, cstring(name));
  }

  interrupt(unique: bigint): Buffer {
    return this.request(36, 0, struct([64, unique]));
  }

  destroy(): Buffer {
    return this.request(38, 0);
  }
}
