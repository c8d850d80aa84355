/**
 * Bytes of a file as text, and back: UTF-8, checked; a byte order mark is kept apart.
 */
import { isUtf8 } from 'node:buffer';
import { LENS_BYTES_MAX } from '../src/limits.ts';
import { type Diagnostic, Positions } from './diagnostics.ts';

const BOM = [0xef, 0xbb, 0xbf] as const;
const BOM_TEXT = '\ufeff';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

export interface Decoded {
  readonly text: string;
  /** Whether a byte order mark stood before the text. */
  readonly bom: boolean;
  readonly positions: Positions;
}

/** The text of the bytes, or what keeps them from being one: codes `too-big`, `encoding`. */
export function decodeText(bytes: Uint8Array, bytesMax = LENS_BYTES_MAX): Decoded | Diagnostic {
  if (bytes.length > bytesMax) {
    const message = `the text has ${bytes.length} bytes, the lens takes at most ${bytesMax}: keep it as a plain file`;
    return { severity: 'error', code: 'too-big', message, offset: 0, line: 1, column: 1 };
  }
  const bom = BOM.every((byte, i) => bytes[i] === byte);
  const body = bom ? bytes.subarray(BOM.length) : bytes;
  if (!isUtf8(body)) return encodingDiagnostic(body, bom ? BOM.length : 0);
  const text = decoder.decode(body);
  return { text, bom, positions: new Positions(text, bom ? BOM.length : 0) };
}

function encodingDiagnostic(body: Uint8Array, bomBytes: number): Diagnostic {
  let valid = 0;
  let end = body.length;
  while (valid < end) {
    const middle = (valid + end + 1) >> 1;
    if (isUtf8(body.subarray(0, wholeCharacters(body, middle)))) valid = middle;
    else end = middle - 1;
  }
  valid = wholeCharacters(body, valid);
  const positions = new Positions(lenient.decode(body.subarray(0, valid)), bomBytes);
  const byte = (body[valid] ?? 0).toString(16).padStart(2, '0');
  return positions.diagnostic({
    index: Number.MAX_SAFE_INTEGER,
    code: 'encoding',
    message: `the byte 0x${byte} is not UTF-8: save the file as UTF-8`,
  });
}

/** The greatest length up to `length` that does not cut a character, if `body` is UTF-8 so far. */
function wholeCharacters(body: Uint8Array, length: number): number {
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = body[length - back] as number;
    if (byte < 0x80) return length;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? length - back : length;
    }
  }
  return length;
}

export function encodeText(text: string, bom: boolean): Uint8Array {
  return Buffer.from(bom ? BOM_TEXT + text : text, 'utf8');
}

/** The ends that lines of a text have: CR LF when its first line ends so. */
export function newlineOf(text: string): '\n' | '\r\n' {
  const at = text.indexOf('\n');
  return at > 0 && text.charCodeAt(at - 1) === 13 ? '\r\n' : '\n';
}
