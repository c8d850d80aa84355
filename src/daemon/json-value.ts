/**
 * JSON text as a typed value, exactly: an integer literal is i64 (u64 when it only fits that), one with a
 * point or an exponent f64, map keys keep their order. What cannot be kept is refused with line and
 * column: integers over 64 bits, numbers over f64, and duplicate keys. Source: RFC 8259.
 */
import { FxError } from '../errors.ts';
import { VALUE_DEPTH_MAX } from '../limits.ts';
import { I64_MAX, I64_MIN, Sized, U64_MAX, type Value, type ValueMap } from '../uarr/value.ts';

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORDS: readonly (readonly [string, Value])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** INVALID, with `line:column` in the message. */
export function parseJson(text: string): Value {
  const parser = new Parser(text.startsWith('\ufeff') ? text.slice(1) : text);
  return parser.document();
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Value {
    const value = this.#value(0);
    this.#skip();
    if (this.#at < this.#text.length) this.#fail('more text after the value');
    return value;
  }

  #value(depth: number): Value {
    this.#skip();
    if (depth > VALUE_DEPTH_MAX) this.#fail(`nested deeper than ${VALUE_DEPTH_MAX} levels`);
    const char = this.#text[this.#at];
    if (char === '{') return this.#map(depth);
    if (char === '[') return this.#array(depth);
    if (char === '"') return this.#string();
    if (char === '-' || (char !== undefined && char >= '0' && char <= '9')) return this.#number();
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#fail(char === undefined ? 'the text ends where a value should start' : 'no value starts here');
  }

  #map(depth: number): Value {
    const map: ValueMap = new Map();
    this.#at++;
    if (this.#next('}')) return map;
    do {
      this.#skip();
      if (this.#text[this.#at] !== '"') this.#fail('a key in quotes is expected');
      const start = this.#at;
      const key = this.#string();
      if (map.has(key)) this.#fail(`the key ${JSON.stringify(key)} stands here a second time`, start);
      if (!this.#next(':')) this.#fail('":" is expected');
      map.set(key, this.#value(depth + 1));
    } while (this.#next(','));
    if (!this.#next('}')) this.#fail('"," or "}" is expected');
    return map;
  }

  #array(depth: number): Value {
    const items: Value[] = [];
    this.#at++;
    if (this.#next(']')) return items;
    do items.push(this.#value(depth + 1));
    while (this.#next(','));
    if (!this.#next(']')) this.#fail('"," or "]" is expected');
    return items;
  }

  #string(): string {
    const token = this.#token(STRING)?.[0];
    if (token === undefined)
      return this.#fail('the string is not closed, or has an escape or control character that JSON lacks');
    return JSON.parse(token) as string;
  }

  #number(): Value {
    const start = this.#at;
    const match = this.#token(NUMBER);
    if (match === undefined) return this.#fail('this is no number');
    if (match[1] === undefined && match[2] === undefined && match[0] !== '-0') {
      const integer = BigInt(match[0]);
      if (integer >= I64_MIN && integer <= I64_MAX) return integer;
      if (integer > 0n && integer <= U64_MAX) return new Sized('u64', integer);
      return this.#fail('the integer does not fit 64 bits', start);
    }
    const float = Number(match[0]);
    return Number.isFinite(float) ? float : this.#fail('the number is too large', start);
  }

  #token(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text) ?? undefined;
    if (match !== undefined) this.#at += match[0].length;
    return match;
  }

  #next(char: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #skip(): void {
    this.#token(SPACE);
  }

  #fail(why: string, at = this.#at): never {
    const before = this.#text.slice(0, at).split('\n');
    throw new FxError('INVALID', `the JSON is wrong at ${before.length}:${(before.at(-1) ?? '').length + 1}: ${why}`);
  }
}
