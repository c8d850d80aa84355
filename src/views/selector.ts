/**
 * Selectors: which nodes are meant, in the manner of CSS (and as FXD has them).
 *
 *     selectors  = selector ("," selector)*
 *     selector   = compound ((">" | white space) compound)*
 *     compound   = "*"? simple*                           at least one of both
 *     simple     = "." name                               type of the node or of its value
 *                | "#" name                               NodeID, or the id that it had in FXD
 *                | "[" name "]"                           the attribute is there
 *                | "[" name op value "]"                  op: = != ^= $= *= >= <= > <
 *                | ":not(" selectors ")"                  none of them matches the node
 *                | ":has(" selectors ")"                  something below the node matches, seen from it
 *     name       = letters, digits, "_", "-", ".", "\" before any character; a step into a map is "/"
 *     value      = name | number | "text" | 'text'
 *
 * `a > b` is b right in a directory a, `a b` is b anywhere below it. What an attribute is, and how values
 * compare, is in match.ts. Errors are INVALID and name the column.
 */
import { FxError } from '../errors.ts';

export type Operator = '=' | '!=' | '^=' | '$=' | '*=' | '>=' | '<=' | '>' | '<';

export type Simple =
  | { readonly kind: 'type'; readonly name: string }
  | { readonly kind: 'id'; readonly id: string }
  | {
      readonly kind: 'attribute';
      readonly path: readonly string[];
      readonly operator?: Operator;
      readonly value?: string;
    }
  | { readonly kind: 'not' | 'has'; readonly selectors: Selectors };

/** Simple selectors that all hold of one node; none: any node. */
export type Compound = readonly Simple[];

/** Compounds from the last to the first: the node itself, then what must be above it. */
export interface Selector {
  readonly subject: Compound;
  readonly above: readonly { readonly direct: boolean; readonly compound: Compound }[];
}

export type Selectors = readonly Selector[];

/** Nesting of :not and :has. */
const DEPTH_MAX = 16;
const LENGTH_MAX = 4096;
const OPERATORS: readonly Operator[] = ['!=', '^=', '$=', '*=', '>=', '<=', '=', '>', '<'];
const NAME_CHARACTER = /[\p{L}\p{N}_\-.]/u;

/** INVALID, with the column, counted from 1. */
export function parseSelectors(text: string): Selectors {
  if (text.length > LENGTH_MAX) throw new FxError('INVALID', `a selector has at most ${LENGTH_MAX} characters`);
  const parser = new Parser(text);
  const selectors = parser.selectors(0);
  parser.end();
  return selectors;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  #fail(what: string): never {
    throw new FxError('INVALID', `the selector is wrong at column ${this.#at + 1}: ${what}`);
  }

  get #next(): string {
    return this.#text[this.#at] ?? '';
  }

  #skip(): boolean {
    const start = this.#at;
    while (/\s/.test(this.#next)) this.#at++;
    return this.#at > start;
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: string, what: string): void {
    if (!this.#take(text)) this.#fail(what);
  }

  end(): void {
    if (this.#at < this.#text.length) this.#fail(`"${this.#next}" was not expected`);
  }

  selectors(depth: number): Selectors {
    if (depth > DEPTH_MAX) this.#fail(`:not and :has are nested deeper than ${DEPTH_MAX}`);
    const list: Selector[] = [];
    do {
      this.#skip();
      list.push(this.#selector(depth));
    } while (this.#take(','));
    return list;
  }

  #selector(depth: number): Selector {
    let subject = this.#compound(depth);
    const above: { direct: boolean; compound: Compound }[] = [];
    for (;;) {
      const spaced = this.#skip();
      const direct = this.#take('>');
      if (direct) this.#skip();
      if (!direct && (!spaced || this.#next === '' || this.#next === ',' || this.#next === ')')) {
        return { subject, above };
      }
      above.unshift({ direct, compound: subject });
      subject = this.#compound(depth);
    }
  }

  #compound(depth: number): Compound {
    const start = this.#at;
    this.#take('*');
    const simples: Simple[] = [];
    for (;;) {
      if (this.#take('.')) simples.push({ kind: 'type', name: this.#name('a type', false) });
      else if (this.#take('#')) simples.push({ kind: 'id', id: this.#name('an id', true) });
      else if (this.#take('[')) simples.push(this.#attribute());
      else if (this.#take(':not(')) simples.push(this.#nested('not', depth));
      else if (this.#take(':has(')) simples.push(this.#nested('has', depth));
      else if (this.#next === ':') this.#fail('only :not(…) and :has(…) are known');
      else break;
    }
    if (this.#at === start) this.#fail('a selector starts with "*", ".", "#", "[", ":not(" or ":has("');
    return simples;
  }

  #nested(kind: 'not' | 'has', depth: number): Simple {
    const selectors = this.selectors(depth + 1);
    this.#expect(')', `the ")" of :${kind}( is missing`);
    return { kind, selectors };
  }

  #attribute(): Simple {
    this.#skip();
    const path: string[] = [];
    do path.push(this.#name('the name of an attribute', true));
    while (this.#take('/'));
    this.#skip();
    if (this.#take(']')) return { kind: 'attribute', path };
    const operator = OPERATORS.find((each) => this.#take(each));
    if (operator === undefined) this.#fail(`"]" or one of ${OPERATORS.join(' ')} is expected`);
    this.#skip();
    const value = this.#value();
    this.#skip();
    this.#expect(']', 'the "]" is missing');
    return { kind: 'attribute', path, operator, value };
  }

  #value(): string {
    const quote = this.#next;
    if (quote !== '"' && quote !== "'") return this.#name('a value', true, /[^\]\s"']/u);
    this.#at++;
    let value = '';
    for (; this.#next !== quote; this.#at++) {
      if (this.#next === '\\') this.#at++;
      if (this.#next === '') this.#fail('the text is not closed');
      value += this.#next;
    }
    this.#at++;
    return value;
  }

  /** `dots`: a dot is part of the name; in a type it starts the next one. */
  #name(what: string, dots: boolean, allowed = NAME_CHARACTER): string {
    let name = '';
    for (;;) {
      const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
      if (character === '\\' && this.#at + 1 < this.#text.length) {
        this.#at++;
        name += this.#next;
        this.#at++;
        continue;
      }
      const fits = this.#next !== '' && allowed.test(character) && (dots || character !== '.');
      if (!fits) break;
      name += character;
      this.#at += character.length;
    }
    if (name === '') this.#fail(`${what} is expected`);
    return name;
  }
}
