/**
 * Strings as bytes: WTF-8 (https://wtf-8.codeberg.page), which is UTF-8 for each well-formed string and
 * extends it so that a lone surrogate has the three bytes its code point would have. Each JavaScript string
 * has exactly one encoding, and byte order is code point order.
 */
import { isUtf8 } from 'node:buffer';

/** `String.prototype.isWellFormed`, in Node since 20. */
interface WellFormed {
  isWellFormed(): boolean;
}

/** Below this many units a loop is faster than a call into the runtime. */
const LOOP_UNITS_MAX = 48;

const { latin1Slice, utf8Slice } = Buffer.prototype;

/** Most bytes that a string of `units` UTF-16 units takes. */
export function textBytesMax(units: number): number {
  return units * 3;
}

/** Writes `text` at `at`, where `textBytesMax(text.length)` bytes are free; returns the index after it. */
export function writeText(into: Buffer, at: number, text: string): number {
  const units = text.length;
  if (units <= LOOP_UNITS_MAX) {
    let i = 0;
    for (; i < units; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      into[at + i] = unit;
    }
    if (i === units) return at + units;
  }
  if ((text as unknown as WellFormed).isWellFormed()) return at + into.write(text, at, 'utf8');
  return writeIllFormed(into, at, text);
}

function writeIllFormed(into: Buffer, start: number, text: string): number {
  let at = start;
  for (const char of text) {
    const point = char.codePointAt(0) as number;
    if (point >= 0xd800 && point <= 0xdfff) {
      into[at] = 0xe0 | (point >> 12);
      into[at + 1] = 0x80 | ((point >> 6) & 0x3f);
      into[at + 2] = 0x80 | (point & 0x3f);
      at += 3;
    } else {
      at += into.write(char, at, 'utf8');
    }
  }
  return at;
}

/** The bytes of `text`. */
export function textToBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(textBytesMax(text.length));
  return bytes.subarray(0, writeText(bytes, 0, text));
}

/** The string that `bytes` holds in [start, end), or undefined when they are not WTF-8. */
export function readText(bytes: Uint8Array, start: number, end: number): string | undefined {
  let bits = 0;
  for (let i = start; i < end; i++) bits |= bytes[i] as number;
  if (bits < 0x80) return end - start === 0 ? '' : latin1Slice.call(bytes, start, end);
  if (isUtf8(bytes.subarray(start, end))) return utf8Slice.call(bytes, start, end);
  return readIllFormed(bytes, start, end);
}

/** Reads runs of UTF-8 between the three-byte forms of surrogates (ED A0..BF 80..BF). */
function readIllFormed(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let runStart = start;
  let afterHigh = false;
  for (let i = start; i + 2 < end; i++) {
    if (bytes[i] !== 0xed || (bytes[i + 1] as number) < 0xa0) continue;
    const unit = 0xd000 | (((bytes[i + 1] as number) & 0x3f) << 6) | ((bytes[i + 2] as number) & 0x3f);
    if (((bytes[i + 1] as number) & 0xc0) !== 0x80 || ((bytes[i + 2] as number) & 0xc0) !== 0x80) return undefined;
    if (!isUtf8(bytes.subarray(runStart, i))) return undefined;
    if (afterHigh && runStart === i && unit >= 0xdc00) return undefined;
    text += utf8Slice.call(bytes, runStart, i) + String.fromCharCode(unit);
    afterHigh = unit < 0xdc00;
    runStart = i + 3;
    i += 2;
  }
  if (!isUtf8(bytes.subarray(runStart, end))) return undefined;
  return text + utf8Slice.call(bytes, runStart, end);
}
