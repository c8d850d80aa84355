/**
 * Head comments: each source file opens with a comment that says what it is. A shebang may stand above.
 */
import { isTest, type Problem, type SourceFile } from './source.ts';

const HEAD = /^(?:#![^\n]*\n)?\s*(?:\/\*\*?([\s\S]*?)\*\/|((?:[ \t]*\/\/[^\n]*\n)+))/;
const HEAD_CHARACTERS_MIN = 20;

export function checkHeads(files: readonly SourceFile[]): Problem[] {
  const problems: Problem[] = [];
  for (const { path, text } of files) {
    if (isTest(path) || !/\.(ts|mjs|c|cc|h)$/.test(path)) continue;
    const head = HEAD.exec(text);
    const words = (head?.[1] ?? head?.[2] ?? '').replace(/^\s*(?:\*|\/\/)/gm, '').trim();
    HEAD.exec(text)?.[1]
      ?.replace(/^\s*\*/gm, '')
      .trim() ?? '';
    if (words.length >= HEAD_CHARACTERS_MIN) continue;
    problems.push({ rule: 'heads', path, line: 1, message: 'opens without a comment that says what the file is' });
  }
  return problems;
}
