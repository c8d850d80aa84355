/**
 * JSON and JSONC texts as trees of values with places. `jsonc-parser` finds the tokens; values are made
 * from the lexemes, so that integers are exact.
 */
import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { VALUE_DEPTH_MAX } from '../src/limits.ts';
import { I64_MAX, I64_MIN, Sized, U64_MAX, type Value, type ValueMap } from '../src/uarr/value.ts';
import { type Problem, ProblemError } from './diagnostics.ts';
import type { Parsed, SyntaxMember, SyntaxNode } from './document.ts';

export interface JsonNode extends SyntaxNode {
  readonly members?: readonly JsonMember[];
}
export interface JsonMember extends SyntaxMember {
  readonly node: JsonNode;
  /** Index of the comma after it, -1 without. */
  readonly comma: number;
}

const MESSAGES: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is no JSON value: texts need double quotes',
  InvalidNumberFormat: 'this is no JSON number',
  PropertyNameExpected: 'a key in double quotes is expected here',
  ValueExpected: 'a value is expected here',
  ColonExpected: 'a colon is expected here',
  CommaExpected: 'a comma is expected here',
  CloseBraceExpected: 'the closing brace } is missing',
  CloseBracketExpected: 'the closing bracket ] is missing',
  EndOfFileExpected: 'the value is complete: nothing may follow it',
  InvalidCommentToken: 'JSON has no comments: name the file .jsonc to use them',
  UnexpectedEndOfComment: 'the comment does not end',
  UnexpectedEndOfString: 'the text does not end: a closing quote is missing',
  UnexpectedEndOfNumber: 'the number does not end',
  InvalidUnicode: 'after \\u four hexadecimal digits are expected',
  InvalidEscapeCharacter: 'no such escape: write \\\\ for a backslash',
  InvalidCharacter: 'a control character must be escaped',
};

const PROBLEMS_MAX = 20;

/** The tree of a text. Codes: `syntax`, `depth`, `duplicate-key`, `number-range`. */
export function parseJson(text: string, comments: boolean): Parsed<JsonNode> {
  checkDepth(text, comments);
  const errors: ParseError[] = [];
  const options = { disallowComments: !comments, allowTrailingComma: comments, allowEmptyContent: false };
  const root = parseTree(text, errors, options);
  const problems: Problem[] = errors
    .filter(({ offset }, i) => offset !== errors[i - 1]?.offset)
    .slice(0, PROBLEMS_MAX)
    .map(({ error, offset }) => ({
      index: offset,
      code: 'syntax',
      message: MESSAGES[printParseErrorCode(error)] ?? printParseErrorCode(error),
    }));
  if (root === undefined || problems.length > 0) {
    if (problems.length === 0) problems.push({ index: 0, code: 'syntax', message: 'a value is expected here' });
    return { root: { start: 0, end: 0, value: null }, problems };
  }
  return { root: convert(text, root, problems), problems };
}

/** Refuses deep nesting before the recursive parser meets it. */
function checkDepth(text: string, comments: boolean): void {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22:
        for (i++; i < text.length && text.charCodeAt(i) !== 0x22 && text.charCodeAt(i) !== 10; i++) {
          if (text.charCodeAt(i) === 0x5c) i++;
        }
        break;
      case 0x2f:
        if (comments) i = commentEnd(text, i);
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > VALUE_DEPTH_MAX)
          throw new ProblemError(i, 'depth', `nested deeper than ${VALUE_DEPTH_MAX} levels`);
        break;
      case 0x5d:
      case 0x7d:
        depth--;
    }
  }
}

/** Index of the last character of a comment that starts at `start`; `start` when none does. */
function commentEnd(text: string, start: number): number {
  const next = text[start + 1];
  if (next !== '/' && next !== '*') return start;
  const end = next === '/' ? text.indexOf('\n', start) : text.indexOf('*/', start + 2);
  return end < 0 ? text.length : end;
}

function convert(text: string, node: Node, problems: Problem[]): JsonNode {
  const start = node.offset;
  const end = node.offset + node.length;
  if (node.type === 'object') return convertObject(text, node, problems);
  if (node.type === 'array') {
    const children = node.children ?? [];
    const members = children.map((child, i): JsonMember => {
      const item = convert(text, child, problems);
      return {
        step: i,
        start: item.start,
        end: item.end,
        keyEnd: item.start,
        node: item,
        comma: commaAfter(text, item.end),
      };
    });
    return { start, end, value: members.map((member) => member.node.value), members };
  }
  if (node.type === 'number') return { start, end, value: numberOf(text.slice(start, end), start, problems) };
  return { start, end, value: node.value as Value };
}

function convertObject(text: string, node: Node, problems: Problem[]): JsonNode {
  const map: ValueMap = new Map();
  const members: JsonMember[] = [];
  for (const property of node.children ?? []) {
    const [key, child] = property.children as [Node, Node];
    const step = key.value as string;
    if (map.has(step)) {
      problems.push({
        index: key.offset,
        code: 'duplicate-key',
        message: `the key ${JSON.stringify(step)} is there already`,
      });
      continue;
    }
    const item = convert(text, child, problems);
    map.set(step, item.value);
    const keyEnd = key.offset + key.length;
    members.push({ step, start: key.offset, end: item.end, keyEnd, node: item, comma: commaAfter(text, item.end) });
  }
  return { start: node.offset, end: node.offset + node.length, value: map, members };
}

/** Index of the comma after `from`, past white space and comments; -1 when something else is there. */
function commaAfter(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const char = text[i] as string;
    if (char === ',') return i;
    if (char === '/') {
      i = commentEnd(text, i);
      if (text[i] === '*') i++;
    } else if (char > ' ' && char !== '\ufeff') return -1;
  }
  return -1;
}

/** An integer lexeme is i64 (u64 over it), any other f64. */
export function numberOf(lexeme: string, index: number, problems: Problem[]): Value {
  if (/^-?\d+$/.test(lexeme)) {
    const integer = lexeme.length > 40 ? undefined : BigInt(lexeme);
    if (integer !== undefined && integer >= I64_MIN && integer <= I64_MAX) return integer;
    if (integer !== undefined && integer > 0n && integer <= U64_MAX) return new Sized('u64', integer);
    problems.push({
      index,
      code: 'number-range',
      message: 'the integer does not fit 64 bits: write it in quotes to keep it as text',
    });
    return 0n;
  }
  const number = Number(lexeme);
  if (!Number.isFinite(number)) {
    problems.push({
      index,
      code: 'number-range',
      message: 'the number does not fit a 64-bit float: write it in quotes to keep it as text',
    });
  }
  return number;
}
