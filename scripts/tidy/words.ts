/**
 * Words that must not be in the repository: notes of unfinished work, paths and hosts of one machine,
 * and talk about how the work was done instead of what it is.
 */
import { isCode, lineAt, type Problem, type SourceFile } from './source.ts';

interface BannedWord {
  readonly pattern: RegExp;
  readonly message: string;
  /** Paths the word is banned from; default: every file. */
  readonly applies?: (path: string) => boolean;
}

// A character class in each pattern keeps this file from finding itself.
const BANNED_WORDS: readonly BannedWord[] = [
  { pattern: /\b(?:TOD[O]|FIXM[E]|XX[X])\b/g, message: 'do it, or open an issue' },
  { pattern: /(?<![\w./-])\/(?:wor[k]|hom[e])\//g, message: 'is a path of one machine' },
  { pattern: /registr[y]\.[a-z-]+\.[a-z]+|\bde[b]\.debian\.org\b/g, message: 'names a registry host' },
  { pattern: /"resolve[d]":\s*"http/g, message: 'pins a registry host', applies: (path) => path.endsWith('.json') },
  {
    pattern: /\b(?:(?:this|previous|last|earlier) (?:conversatio[n]|chat)|(?:languag[e] model|A[I] assistant))\b/gi,
    message: 'tells how the work was done, not what it is',
  },
  { pattern: /@ts-(?:ignor[e]|nochec[k])/g, message: 'hides type errors', applies: isCode },
];

export function checkWords(files: readonly SourceFile[]): Problem[] {
  const problems: Problem[] = [];
  for (const { path, text } of files) {
    for (const { pattern, message, applies } of BANNED_WORDS) {
      if (applies !== undefined && !applies(path)) continue;
      for (const match of text.matchAll(pattern)) {
        problems.push({ rule: 'words', path, line: lineAt(text, match.index), message: `"${match[0]}" ${message}` });
      }
    }
  }
  return problems;
}
