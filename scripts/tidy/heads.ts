/**
 * Head comments: each source file opens with a comment that says what it is. A shebang may stand above. A
 * C++ file whose header or whose namesake without "_js" opens so needs none of its own.
 */
import { isTest, type Problem, type SourceFile } from './source.ts';

const HEAD = /^(?:#![^\n]*\n)?\s*(?:\/\*\*?([\s\S]*?)\*\/|((?:[ \t]*\/\/[^\n]*\n)+))/;
const HEAD_CHARACTERS_MIN = 20;

/** The header that describes what a C++ file implements. */
function headerOf(path: string): string {
  return path.replace(/(?:_js)?\.cc$/, '.h');
}

export function checkHeads(files: readonly SourceFile[]): Problem[] {
  const known = new Set(files.map(({ path }) => path));
  const problems: Problem[] = [];
  for (const { path, text } of files) {
    if (isTest(path) || !/\.(ts|mjs|c|cc|h)$/.test(path)) continue;
    if (path.endsWith('.cc') && known.has(headerOf(path))) continue;
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
