/**
 * The protocol between the daemon and its clients, on the Unix socket STORE/daemon.sock.
 *
 * Framing: frames.ts. A message is one UArr version 2 map with the key `kind` and the keys of its kind,
 * no others. Whoever finds a message broken (not UArr, an unknown kind, a key missing, surplus or of the
 * wrong type, a message that is not due) sends `error` with id 0 and code PROTOCOL, and closes.
 *
 *     kind      from    keys
 *     hello     both    protocol u, version s, pid u, store s    first message of each side
 *     request   client  id u, verb s, args map, input b          id: not in use on this connection, from 1
 *     data      both    id u, bytes y                            a chunk of input or output, 1 byte to CHUNK_BYTES_MAX
 *     end       client  id u                                     the input is complete
 *     credit    both    id u, bytes u                            the sender took so many bytes of data
 *     progress  daemon  id u, what s, done u, total u            total 0: not known
 *     result    daemon  id u, value any                          ends the request; all output came before it
 *     error     both    id u, code s, message s                  ends the request; id 0: ends the connection
 *     cancel    client  id u                                     asks to stop; result or error still comes
 *
 * (u: integer 0 to 2^53-1, s: string, b: boolean, y: bytes.) `code` is an ErrorCode, or FAULT.
 *
 * Versions: `protocol` must be equal on both sides, else each side closes with an error that says so.
 * It rises with every change that an older peer would not understand.
 *
 * Streams: for each direction of each request the sender may have CREDIT_BYTES of data unacknowledged; the
 * receiver returns credit as its consumer takes the bytes. So a slow reader holds back the verb
 * that writes, nobody queues without bound, and other requests on the connection go on. Data beyond the
 * credit is a PROTOCOL error.
 *
 * Access: the socket has mode 0600 (connecting needs write permission on it: the owner of the store, or
 * root). A client may do whatever the daemon may.
 *
 * Worked example, `end` of request 7 (the first 4 bytes are the frame's length):
 *
 *     0000  48 00 00 00 52 52 41 55 02 00 21 00 10 00 00 00
 *     0010  38 00 00 00 02 00 00 00 00 00 00 00 04 00 00 00
 *     0020  10 01 00 00 30 00 00 00 03 00 00 00 06 00 00 00
 *     0030  03 00 00 00 07 00 00 00 00 00 00 00 6b 69 6e 64
 *     0040  69 64 00 00 65 6e 64 00 00 00 00 00
 */
import { FxError } from '../errors.ts';
import { decodePlain, encodePlain, type Plain, type PlainMap } from './plain.ts';

/** Rises when messages change incompatibly. */
export const PROTOCOL_VERSION = 1;
/** Largest chunk in a data message. */
export const CHUNK_BYTES_MAX = 256 << 10;
/** Data that may be under way without credit, for each direction of a request. */
export const CREDIT_BYTES = 1 << 20;

export type Message =
  | { kind: 'hello'; protocol: number; version: string; pid: number; store: string }
  | { kind: 'request'; id: number; verb: string; args: PlainMap; input: boolean }
  | { kind: 'data'; id: number; bytes: Uint8Array }
  | { kind: 'end'; id: number }
  | { kind: 'credit'; id: number; bytes: number }
  | { kind: 'progress'; id: number; what: string; done: number; total: number }
  | { kind: 'result'; id: number; value: Plain }
  | { kind: 'error'; id: number; code: string; message: string }
  | { kind: 'cancel'; id: number };

export type MessageKind = Message['kind'];

type FieldType = 'count' | 'string' | 'boolean' | 'bytes' | 'map' | 'any';

/** Keys of each kind beside `kind`, and their types: one row for each message. */
const FIELDS: {
  readonly [K in MessageKind]: { readonly [F in Exclude<keyof Extract<Message, { kind: K }>, 'kind'>]: FieldType };
} = {
  hello: { protocol: 'count', version: 'string', pid: 'count', store: 'string' },
  request: { id: 'count', verb: 'string', args: 'map', input: 'boolean' },
  data: { id: 'count', bytes: 'bytes' },
  end: { id: 'count' },
  credit: { id: 'count', bytes: 'count' },
  progress: { id: 'count', what: 'string', done: 'count', total: 'count' },
  result: { id: 'count', value: 'any' },
  error: { id: 'count', code: 'string', message: 'string' },
  cancel: { id: 'count' },
};

const CHECKS: Readonly<Record<FieldType, (value: Plain) => boolean>> = {
  count: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  bytes: (value) => value instanceof Uint8Array,
  map: isPlainMap,
  any: () => true,
};

export function isPlainMap(value: Plain | undefined): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** The message as bytes, without the frame's length. TOO_BIG when a value exceeds what UArr allows. */
export function encodeMessage(message: Message): Uint8Array {
  return encodePlain(message as unknown as PlainMap);
}

/** The message that `payload` holds, every field checked. Throws PROTOCOL. */
export function decodeMessage(payload: Uint8Array): Message {
  let value: Plain;
  try {
    value = decodePlain(payload);
  } catch (error) {
    if (error instanceof FxError) throw broken(error.message);
    throw error;
  }
  if (!isPlainMap(value)) throw broken('it is not a map');
  const kind = value.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(FIELDS, kind)) throw broken('its kind is unknown');
  const fields: Readonly<Record<string, FieldType>> = FIELDS[kind as MessageKind];
  for (const [field, type] of Object.entries(fields)) {
    if (!Object.hasOwn(value, field) || !CHECKS[type](value[field] as Plain)) {
      throw broken(`"${field}" of "${kind}" is missing or no ${type}`);
    }
  }
  if (Object.keys(value).length !== Object.keys(fields).length + 1) throw broken(`"${kind}" has unknown keys`);
  const message = value as unknown as Message;
  if (message.kind === 'data' && (message.bytes.length === 0 || message.bytes.length > CHUNK_BYTES_MAX)) {
    throw broken(`a chunk has ${message.bytes.length} bytes; 1 to ${CHUNK_BYTES_MAX} are allowed`);
  }
  return message;
}

function broken(why: string): FxError {
  return new FxError('PROTOCOL', `a message on the socket is broken: ${why}`);
}
