import { expect, test } from 'vitest';
import { ERRNO } from '../../mount/fuse/errno.ts';
import { deleted, invalEntry, invalInode, store } from '../../mount/fuse/invalidate.ts';
import * as layouts from '../../mount/fuse/layouts.ts';
import { OPCODE_BY_CODE, OPCODES } from '../../mount/fuse/opcodes.ts';
import { Kernel } from '../support/fuse-kernel.ts';
import { MemoryOperations } from '../support/memory-operations.ts';
import { KERNEL_STRUCTS } from './kernel-structs.ts';
import { CONVERSATION, NOTIFICATIONS, type Vector } from './vectors.ts';

/** The bytes that an annotated vector stands for. */
function bytesOf(text: string): Buffer {
  const hex = text
    .split('\n')
    .map((line) => (line.trim().split(/ {2,}/)[0] ?? '').replaceAll(' ', ''))
    .map((part) => part.replace(/^00\*(\d+)$/, (_, count: string) => '00'.repeat(Number(count))));
  return Buffer.from(hex.join(''), 'hex');
}

function hexLines(bytes: Uint8Array): string[] {
  return (
    Buffer.from(bytes)
      .toString('hex')
      .match(/.{1,32}/g) ?? []
  ).map((line) => line);
}

function freshKernel(): Kernel {
  return new Kernel(new MemoryOperations({ now: () => [1_700_000_000, 123_456_789] }));
}

/** The reply to a vector's request, also one that comes in a later turn. */
async function answer(kernel: Kernel, request: Buffer): Promise<Buffer | undefined> {
  kernel.late.length = 0;
  const reply = kernel.call(request);
  for (let i = 0; i < 8 && reply === undefined && kernel.late.length === 0; i++) await Promise.resolve();
  return (reply ?? kernel.late[0])?.bytes;
}

test('every byte of a conversation is as the kernel has it', async () => {
  const kernel = freshKernel();
  for (const { name, request, reply } of CONVERSATION) {
    const got = await answer(kernel, bytesOf(request));
    expect.soft(got && hexLines(got), name).toEqual(reply === undefined ? undefined : hexLines(bytesOf(reply)));
  }
  expect(kernel.faults).toEqual([]);
});

test('the conversation has each opcode', () => {
  const codes = new Set(CONVERSATION.map(({ request }) => bytesOf(request).readUInt32LE(4)));
  expect(OPCODES.filter(({ code }) => !codes.has(code)).map(({ name }) => name)).toEqual([]);
});

test('a fixed reply has the size that its row says', async () => {
  const kernel = freshKernel();
  for (const { name, request } of CONVERSATION) {
    const bytes = bytesOf(request);
    const row = OPCODE_BY_CODE[bytes.readUInt32LE(4)];
    const reply = await answer(kernel, bytes);
    if (row?.reply === 'none') expect.soft(reply, name).toBeUndefined();
    else if (typeof row?.reply === 'number' && reply?.readInt32LE(4) === 0)
      expect.soft(reply.length, name).toBe(16 + row.reply);
  }
});

/** A session in the state that `index` finds in the conversation. */
async function kernelBefore(index: number): Promise<Kernel> {
  const kernel = freshKernel();
  for (const { request } of CONVERSATION.slice(0, index)) await answer(kernel, bytesOf(request));
  return kernel;
}

/** INIT may be short, unserved opcodes may bring anything, and these have no body. */
function bodyMatters({ name }: Vector, bytes: Buffer): boolean {
  return name !== 'INIT' && OPCODE_BY_CODE[bytes.readUInt32LE(4)]?.handler !== undefined && bytes.length > 40;
}

test('a request cut at any byte is refused, or has no reply, and changes nothing', async () => {
  for (const [index, vector] of CONVERSATION.entries()) {
    const whole = bytesOf(vector.request);
    const none = OPCODE_BY_CODE[whole.readUInt32LE(4)]?.reply === 'none';
    if (!bodyMatters(vector, whole) || vector.name.startsWith('NOTIFY')) continue;
    const kernel = await kernelBefore(index);
    const before = kernel.session.lookups.inodes;
    for (let length = 0; length < whole.length; length++) {
      const cut = Buffer.from(whole.subarray(0, length));
      if (length >= 4) cut.writeUInt32LE(length, 0);
      const reply = kernel.call(cut);
      if (vector.name === 'BATCH_FORGET' && length >= 48 + 16) continue;
      // Cut after its name's NUL a symlink request or a rename lacks its second name; all the same it is refused.
      expect.soft(reply?.errno, `${vector.name} cut to ${length}`).toBe(none || length < 16 ? undefined : ERRNO.EIO);
    }
    if (vector.name !== 'BATCH_FORGET') expect.soft(kernel.session.lookups.inodes, vector.name).toBe(before);
    expect(kernel.faults).toEqual([]);
  }
});

test('a request whose length field lies is refused', async () => {
  for (const [index, { name, request }] of CONVERSATION.entries()) {
    const whole = bytesOf(request);
    const row = OPCODE_BY_CODE[whole.readUInt32LE(4)];
    if (row === undefined) continue;
    const kernel = await kernelBefore(index);
    for (const length of [0, 39, whole.length - 1, whole.length + 1, 0x7fff_ffff, 0xffff_ffff]) {
      const lying = Buffer.from(whole);
      lying.writeUInt32LE(length, 0);
      expect
        .soft(kernel.call(lying)?.errno, `${name} says ${length}`)
        .toBe(row.reply === 'none' ? undefined : ERRNO.EIO);
    }
  }
});

test('extensions that reach beyond the request are refused', async () => {
  const index = CONVERSATION.findIndex(({ name }) => name === 'LOOKUP');
  const kernel = await kernelBefore(index);
  for (const units of [1, 6, 0xffff]) {
    const lying = bytesOf(CONVERSATION[index]?.request ?? '');
    lying.writeUInt16LE(units, 36);
    expect(kernel.call(lying)?.errno).toBe(ERRNO.EIO);
  }
});

test('notifications are as the kernel reads them', () => {
  const built = [
    invalInode(5, 0, 0),
    invalInode(5, 4096, 10),
    invalInode(5, 4096, -1),
    invalEntry(1, 'name'),
    invalEntry(1, 'name', 1),
    deleted(1, 9, 'name'),
    store(5, 7, Buffer.from('hi')),
  ];
  expect(built.length).toBe(NOTIFICATIONS.length);
  for (const [index, { name, request }] of NOTIFICATIONS.entries()) {
    expect.soft(hexLines(built[index] ?? Buffer.alloc(0)), name).toEqual(hexLines(bytesOf(request)));
  }
});

test('each layout has the size and offsets of the kernel’s struct', () => {
  /** Ours are split where the kernel nests, or end before reserved fields. */
  const partial = new Set(['ENTRY_OUT', 'ATTR_OUT', 'INIT_IN', 'INIT_OUT', 'STATX_OUT', 'STATX']);
  let checked = 0;
  for (const [name, value] of Object.entries(layouts)) {
    if (typeof value !== 'object') continue;
    const kernel = KERNEL_STRUCTS[name === 'STATFS_OUT' ? 'kstatfs' : name.toLowerCase()];
    if (kernel === undefined) throw new Error(`no kernel struct for ${name}`);
    checked++;
    if (!partial.has(name)) expect.soft(value.bytes, name).toBe(kernel.size);
    for (const field of value.fields) {
      // Newer than the header, and what it has as an array.
      if (field.name === 'max_stack_depth' || field.name.startsWith('spare')) continue;
      expect.soft(field.at, `${name}.${field.name}`).toBe(kernel.fields[field.name]);
    }
  }
  expect(checked).toBe(Object.keys(KERNEL_STRUCTS).length);
});
