/**
 * The socket's protocol: byte vectors, limits, and what a reader does with everything else.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameDecoder } from '../../src/daemon/frames.ts';
import { CHUNK_BYTES_MAX, decodeMessage, encodeMessage, type Message } from '../../src/daemon/messages.ts';
import { encodePlain, type Plain } from '../../src/daemon/plain.ts';
import { FxError } from '../../src/errors.ts';
import { MESSAGE_BYTES_MAX } from '../../src/limits.ts';

const MESSAGES: readonly Message[] = [
  { kind: 'hello', protocol: 1, version: '0.1.0', pid: 4711, store: '/srv/store' },
  { kind: 'request', id: 7, verb: 'get', args: { path: '/a', json: false, limit: 3 }, input: true },
  { kind: 'data', id: 7, bytes: Uint8Array.of(0, 255, 10) },
  { kind: 'end', id: 7 },
  { kind: 'credit', id: 7, bytes: 65_536 },
  { kind: 'progress', id: 7, what: 'reading', done: 5, total: 0 },
  { kind: 'result', id: 7, value: { seq: 12, report: ['a', null, true, 1.5] } },
  { kind: 'error', id: 7, code: 'NOT_FOUND', message: '"x" does not exist in /' },
  { kind: 'cancel', id: 7 },
];

function frames(bytes: Buffer, cuts: readonly number[] = []): Buffer[] {
  const decoder = new FrameDecoder();
  const payloads: Buffer[] = [];
  let start = 0;
  for (const end of [...cuts, bytes.length]) {
    decoder.push(bytes.subarray(start, end), (payload) => payloads.push(Buffer.from(payload)));
    start = end;
  }
  return payloads;
}

function code(body: () => unknown): string | undefined {
  try {
    body();
    return undefined;
  } catch (error) {
    return error instanceof FxError ? error.code : String(error);
  }
}

test('every kind of message comes back as it was', () => {
  for (const message of MESSAGES) {
    const back = decodeMessage(encodeMessage(message));
    expect(back.kind).toBe(message.kind);
    expect(encodeMessage(back)).toEqual(encodeMessage(message));
  }
});

test('the worked example in the head of messages.ts is what is sent', async () => {
  const { readFileSync } = await import('node:fs');
  const source = readFileSync(new URL('../../src/daemon/messages.ts', import.meta.url), 'utf8');
  const example = [...source.matchAll(/^ \*\s{5}[0-9a-f]{4} {2}((?:[0-9a-f]{2} ?)+)/gm)]
    .map((match) => match[1])
    .join(' ');
  expect(encodeFrame(encodeMessage({ kind: 'end', id: 7 })).toString('hex')).toBe(example.replace(/ /g, ''));
});

test('frames come out whole however the stream is cut', () => {
  const payloads = MESSAGES.map((message) => Buffer.from(encodeMessage(message)));
  const stream = Buffer.concat(payloads.map((payload) => encodeFrame(payload)));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 40 }), (cuts) => {
      expect(
        frames(
          stream,
          cuts.sort((a, b) => a - b),
        ),
      ).toEqual(payloads);
    }),
    { numRuns: 200 },
  );
  expect(
    frames(
      stream,
      Array.from({ length: stream.length }, (_, index) => index),
    ),
  ).toEqual(payloads);
});

test('a stream that ends inside a frame is told', () => {
  const frame = encodeFrame(encodeMessage({ kind: 'cancel', id: 1 }));
  for (let cut = 1; cut < frame.length; cut++) {
    const decoder = new FrameDecoder();
    decoder.push(frame.subarray(0, cut), () => expect.unreachable());
    expect(decoder.pendingBytes).toBe(cut);
  }
});

test('a length of zero or over the limit breaks the stream for good', () => {
  for (const length of [0, MESSAGE_BYTES_MAX + 1, 0xffff_ffff]) {
    const decoder = new FrameDecoder();
    const header = Buffer.alloc(4);
    header.writeUInt32LE(length);
    expect(code(() => decoder.push(header, () => {}))).toBe('PROTOCOL');
    expect(code(() => decoder.push(encodeFrame(Buffer.of(1)), () => {}))).toBe('PROTOCOL');
  }
});

test('a message over the limit is not sent', () => {
  expect(code(() => encodeFrame(Buffer.alloc(MESSAGE_BYTES_MAX + 1)))).toBe('TOO_BIG');
  expect(code(() => encodeFrame(Buffer.alloc(0)))).toBe('TOO_BIG');
});

test('a message with a missing, surplus or wrong field is a PROTOCOL error', () => {
  const broken: Plain[] = [
    null,
    7,
    'end',
    [],
    {},
    { kind: 'end' },
    { kind: 'end', id: '7' },
    { kind: 'end', id: -1 },
    { kind: 'end', id: 1.5 },
    { kind: 'end', id: 2n ** 60n },
    { kind: 'end', id: 7, more: 1 },
    { kind: 'toString', id: 7 },
    { kind: '__proto__', id: 7 },
    { kind: 7, id: 7 },
    { kind: 'request', id: 1, verb: 'ls', args: [], input: false },
    { kind: 'request', id: 1, verb: 'ls', args: null, input: false },
    { kind: 'request', id: 1, verb: 'ls', args: {}, input: 0 },
    { kind: 'data', id: 1, bytes: 'text' },
    { kind: 'data', id: 1, bytes: new Uint8Array(0) },
    { kind: 'data', id: 1, bytes: new Uint8Array(CHUNK_BYTES_MAX + 1) },
  ];
  for (const value of broken) expect(code(() => decodeMessage(encodePlain(value)))).toBe('PROTOCOL');
});

test('cut or flipped anywhere, a message decodes to a checked message or is a PROTOCOL error', () => {
  for (const message of MESSAGES) {
    const bytes = Buffer.from(encodeMessage(message));
    for (let cut = 0; cut < bytes.length; cut++) {
      expect(['PROTOCOL', undefined]).toContain(code(() => decodeMessage(bytes.subarray(0, cut))));
    }
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] as number) ^ flip;
        expect(['PROTOCOL', undefined]).toContain(code(() => decodeMessage(damaged)));
      }
    }
  }
});

test('any bytes decode to a checked message or are a PROTOCOL error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(['PROTOCOL', undefined]).toContain(code(() => decodeMessage(bytes)));
    }),
    { numRuns: 500 },
  );
});
