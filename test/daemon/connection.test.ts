/**
 * Client and server over a real Unix socket, with verbs made up here.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DaemonClient } from '../../src/daemon/client.ts';
import { connectSocket, listen, SOCKET_FILE } from '../../src/daemon/endpoint.ts';
import { encodeFrame, FrameDecoder } from '../../src/daemon/frames.ts';
import {
  CREDIT_BYTES,
  decodeMessage,
  encodeMessage,
  type Message,
  PROTOCOL_VERSION,
} from '../../src/daemon/messages.ts';
import { RowReader } from '../../src/daemon/rows.ts';
import { REQUESTS_MAX, type RunVerb, ServerConnection } from '../../src/daemon/server.ts';
import type { Row } from '../../src/daemon/verb.ts';
import { FxError } from '../../src/errors.ts';

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'fxmount-daemon-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function serveAt(directory: string, run: RunVerb, log: string[] = []): Promise<void> {
  const sockets = new Set<Socket>();
  const endpoint = await listen(
    directory,
    (socket) => {
      sockets.add(socket);
      new ServerConnection(socket, {
        store: directory,
        run,
        log: (text) => log.push(text),
        closed: () => sockets.delete(socket),
      });
    },
    (text) => log.push(text),
  );
  cleanups.push(() => {
    endpoint.close();
    for (const socket of sockets) socket.destroy();
  });
}

async function connectTo(directory: string): Promise<Socket> {
  const socket = await connectSocket(directory);
  if (socket === undefined) throw new Error('nobody listens');
  cleanups.push(() => socket.destroy());
  return socket;
}

async function clientOf(run: RunVerb): Promise<DaemonClient> {
  const directory = temporaryDirectory();
  await serveAt(directory, run);
  return DaemonClient.open(await connectTo(directory), directory);
}

/** A connection whose messages the test writes itself. */
async function rawPeer(
  run: RunVerb,
): Promise<{ socket: Socket; send: (message: Message) => void; received: Message[]; closed: Promise<void> }> {
  const directory = temporaryDirectory();
  await serveAt(directory, run);
  const socket = await connectTo(directory);
  const decoder = new FrameDecoder();
  const received: Message[] = [];
  socket.on('data', (chunk: Buffer) =>
    decoder.push(chunk, (payload) => received.push(decodeMessage(Buffer.from(payload)))),
  );
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return { socket, send: (message) => void socket.write(encodeFrame(encodeMessage(message))), received, closed };
}

const HELLO: Message = { kind: 'hello', protocol: PROTOCOL_VERSION, version: '0', pid: 1, store: '/s' };

async function* chunks(count: number, bytes: number): AsyncGenerator<Uint8Array, void, void> {
  for (let i = 0; i < count; i++) yield new Uint8Array(bytes).fill(i & 0xff);
}

test('a result, an error with its code, and a fault come back', async () => {
  const client = await clientOf(async (verb, args) => {
    if (verb === 'echo') return args;
    if (verb === 'refuse') throw new FxError('NOT_EMPTY', 'it is\nnot empty');
    throw new TypeError('oops');
  });
  await expect(client.call('echo', { a: [1, 'x', null], b: 2.5 })).resolves.toEqual({ a: [1, 'x', null], b: 2.5 });
  await expect(client.call('refuse', {})).rejects.toMatchObject({ code: 'NOT_EMPTY', message: 'it is; not empty' });
  await expect(client.call('other', {})).rejects.toThrow('oops');
  client.close();
});

test('many requests run at once, their streams apart', async () => {
  const client = await clientOf(async (_verb, args, io) => {
    let sum = 0;
    for await (const chunk of io.input) {
      sum += chunk.length;
      await io.write(chunk);
    }
    return { sum, of: args.n as number };
  });
  const counts = await Promise.all(
    Array.from({ length: 8 }, async (_, n) => {
      let got = 0;
      const result = await client.call(
        'sum',
        { n },
        {
          input: chunks(10 * n, 100_000),
          output: (chunk) => {
            got += chunk.length;
          },
        },
      );
      return { got, result };
    }),
  );
  counts.forEach(({ got, result }, n) => {
    expect(got).toBe(n * 1_000_000);
    expect(result).toEqual({ sum: n * 1_000_000, of: n });
  });
  client.close();
});

test('a reader that takes nothing holds the writer back, and another request goes on', async () => {
  let written = 0;
  const client = await clientOf(async (verb, _args, io) => {
    if (verb === 'ping') return 'pong';
    for (let i = 0; i < 100; i++) {
      await io.write(new Uint8Array(100_000));
      written += 100_000;
    }
    return null;
  });
  let release: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let got = 0;
  const flood = client.call(
    'flood',
    {},
    {
      output: async (chunk) => {
        await gate;
        got += chunk.length;
      },
    },
  );
  for (let i = 0; i < 5; i++) expect(await client.call('ping', {})).toBe('pong');
  expect(written).toBeLessThanOrEqual(2 * CREDIT_BYTES);
  release();
  await flood;
  expect(got).toBe(10_000_000);
  client.close();
});

test('rows come apart wherever the chunks are cut', () => {
  const rows: Row[] = [
    { name: 'ä\udcff', n: 1 },
    { name: '\n', list: [null, true] },
  ];
  const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), 'utf8');
  for (let cut = 0; cut <= bytes.length; cut++) {
    const reader = new RowReader();
    expect([...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))]).toEqual(rows);
  }
});

test('aborting a call stops its verb', async () => {
  const client = await clientOf(async (_verb, _args, io) => {
    await new Promise((_resolve, reject) => {
      io.signal.addEventListener('abort', () => reject(io.signal.reason as Error));
    });
    return null;
  });
  const controller = new AbortController();
  const call = client.call('wait', {}, { signal: controller.signal });
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: 'INTERRUPTED' });
  client.close();
});

test('a verb whose client is gone is aborted', async () => {
  let aborted: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    aborted = resolve;
  });
  let started: () => void = () => {};
  const running = new Promise<void>((resolve) => {
    started = resolve;
  });
  const client = await clientOf(async (_verb, _args, io) => {
    started();
    try {
      for await (const _ of io.input);
    } finally {
      aborted();
    }
    return null;
  });
  const call = client.call(
    'read',
    {},
    {
      input: (async function* () {
        await new Promise(() => {});
        yield new Uint8Array(1);
      })(),
    },
  );
  call.catch(() => {});
  await running;
  client.close();
  await done;
});

test('a client is told when the daemon dies', async () => {
  const directory = temporaryDirectory();
  const endpoint = await listen(
    directory,
    (socket) => {
      new ServerConnection(socket, {
        store: directory,
        run: () => new Promise(() => {}),
        log: () => {},
        closed: () => {},
      });
      setImmediate(() => socket.once('data', () => setImmediate(() => socket.destroy())));
    },
    () => {},
  );
  cleanups.push(() => endpoint.close());
  const client = await DaemonClient.open(await connectTo(directory), directory).catch((error: FxError) => error);
  const failure = client instanceof DaemonClient ? await client.call('x', {}).catch((error: FxError) => error) : client;
  expect(failure).toBeInstanceOf(FxError);
});

test.each<[string, (send: (message: Message) => void, socket: Socket) => void]>([
  ['a message before hello', (send) => send({ kind: 'end', id: 1 })],
  ['another protocol version', (send) => send({ ...HELLO, protocol: PROTOCOL_VERSION + 1 } as Message)],
  [
    'a second hello',
    (send) => {
      send(HELLO);
      send(HELLO);
    },
  ],
  [
    'request id 0',
    (send) => {
      send(HELLO);
      send({ kind: 'request', id: 0, verb: 'x', args: {}, input: false });
    },
  ],
  [
    'a request id in use',
    (send) => {
      send(HELLO);
      for (let i = 0; i < 2; i++) send({ kind: 'request', id: 1, verb: 'x', args: {}, input: false });
    },
  ],
  [
    'too many requests',
    (send) => {
      send(HELLO);
      for (let id = 1; id <= REQUESTS_MAX + 1; id++) send({ kind: 'request', id, verb: 'x', args: {}, input: false });
    },
  ],
  [
    'data after the end',
    (send) => {
      send(HELLO);
      send({ kind: 'request', id: 1, verb: 'x', args: {}, input: false });
      send({ kind: 'data', id: 1, bytes: Uint8Array.of(1) });
    },
  ],
  [
    'two ends',
    (send) => {
      send(HELLO);
      send({ kind: 'request', id: 1, verb: 'x', args: {}, input: true });
      send({ kind: 'end', id: 1 });
      send({ kind: 'end', id: 1 });
    },
  ],
  [
    'data beyond the credit',
    (send) => {
      send(HELLO);
      send({ kind: 'request', id: 1, verb: 'x', args: {}, input: true });
      for (let i = 0; i < 9; i++) send({ kind: 'data', id: 1, bytes: new Uint8Array(CREDIT_BYTES / 8) });
    },
  ],
  [
    'credit that is not due',
    (send) => {
      send(HELLO);
      send({ kind: 'request', id: 1, verb: 'x', args: {}, input: false });
      send({ kind: 'credit', id: 1, bytes: 1 });
    },
  ],
  [
    'a message of the daemon',
    (send) => {
      send(HELLO);
      send({ kind: 'result', id: 1, value: null });
    },
  ],
  [
    'bytes that are no message',
    (_send, socket) => void socket.write(encodeFrame(Buffer.from('GET / HTTP/1.1\r\n\r\n'))),
  ],
  ['a length over the limit', (_send, socket) => void socket.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))],
])('%s closes the connection with a PROTOCOL error', async (_name, act) => {
  const { socket, send, received, closed } = await rawPeer(() => new Promise(() => {}));
  act(send, socket);
  await closed;
  expect(received.at(-1)).toMatchObject({ kind: 'error', id: 0, code: 'PROTOCOL' });
});

test('the socket works in a directory with a long path, is private, and replaces a stale one', async () => {
  const directory = join(temporaryDirectory(), 'x'.repeat(200), 'y'.repeat(200));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, SOCKET_FILE), 'stale');
  expect(await connectSocket(directory)).toBeUndefined();
  await serveAt(directory, async () => 'here');
  expect(statSync(join(directory, SOCKET_FILE)).mode & 0o777).toBe(0o600);
  const client = await DaemonClient.open(await connectTo(directory), directory);
  expect(client.daemon).toMatchObject({ pid: process.pid, store: directory });
  expect(await client.call('x', {})).toBe('here');
  client.close();
});

test('a closed endpoint leaves no socket file', async () => {
  const directory = temporaryDirectory();
  const endpoint = await listen(
    directory,
    () => {},
    () => {},
  );
  expect(existsSync(join(directory, SOCKET_FILE))).toBe(true);
  endpoint.close();
  expect(existsSync(join(directory, SOCKET_FILE))).toBe(false);
  expect(await connectSocket(directory)).toBeUndefined();
  expect(await connectSocket(join(directory, 'missing'))).toBeUndefined();
});
