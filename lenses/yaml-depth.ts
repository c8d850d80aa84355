/**
 * The nesting of a YAML text, from its lexemes alone: the parser that comes after recurses, and must not meet
 * a text that is nested too deep.
 */
import { Lexer } from 'yaml';
import { ProblemError } from './diagnostics.ts';

/** An open block collection: the column of its members, and whether they are items (`- `). */
interface Open {
  readonly column: number;
  readonly item: boolean;
}

/** Marks between lexemes: start of a document, of a scalar, of an error. */
const MARKS = new Set(['\x02', '\x1f', '\x18', '\ufeff']);
const OPENING = new Set(['{', '[']);
const CLOSING = new Set(['}', ']']);

/** Throws the problem `depth` when the text is nested deeper than `depthMax`. It may count one or two levels too many. */
export function checkYamlDepth(text: string, depthMax: number): void {
  const blocks: Open[] = [];
  let flow = 0;
  let index = 0;
  let column = 0;
  let inScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (MARKS.has(lexeme)) {
      inScalar = lexeme === '\x1f';
      if (lexeme === '\x02') blocks.length = 0;
      continue;
    }
    const blank = /^[ \t\r\n]*$/.test(lexeme) || lexeme.startsWith('#');
    if (inScalar || !blank) {
      if (!inScalar && OPENING.has(lexeme)) flow++;
      else if (!inScalar && CLOSING.has(lexeme)) flow = Math.max(0, flow - 1);
      else if (flow === 0) open(blocks, column, !inScalar && lexeme === '-');
      if (blocks.length + flow > depthMax)
        throw new ProblemError(index, 'depth', `nested deeper than ${depthMax} levels`);
    }
    inScalar = false;
    index += lexeme.length;
    const newline = lexeme.lastIndexOf('\n');
    column = newline < 0 ? column + lexeme.length : lexeme.length - newline - 1;
  }
}

function open(blocks: Open[], column: number, item: boolean): void {
  while (blocks.length > 0) {
    const top = blocks[blocks.length - 1] as Open;
    if (top.column < column || (top.column === column && (top.item === item || item))) break;
    blocks.pop();
  }
  const top = blocks[blocks.length - 1];
  if (top === undefined || top.column < column || top.item !== item) blocks.push({ column, item });
}
