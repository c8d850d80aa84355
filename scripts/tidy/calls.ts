/**
 * Calls that a part of the code must not make.
 */
import { codeOnly, isCode, isScript, isTest, lineAt, type Problem, type SourceFile } from './source.ts';

interface BannedCall {
  readonly pattern: RegExp;
  readonly applies: (path: string) => boolean;
  readonly message: string;
}

const isCommandLine = (path: string): boolean => path === 'src/cli.ts' || path.startsWith('src/cli/');
const isTool = (path: string): boolean => isTest(path) || isScript(path);

const BANNED_CALLS: readonly BannedCall[] = [
  {
    pattern: /\b(?!close)(?:[a-z]\w*)Sync\s*\(/g,
    applies: (path) => path.startsWith('mount/') && !SYNC_EXEMPT.has(path),
    message: 'a synchronous file call stalls every mount, and for ever if the path is on one',
  },
  {
    pattern: /\bconsole\s*\.\s*\w+/g,
    applies: (path) => !isTool(path) && !isCommandLine(path),
    message: 'only the command line and scripts print',
  },
  {
    pattern: /\bprocess\s*\.\s*exit\s*\(/g,
    applies: (path) => !isTool(path) && !isCommandLine(path),
    message: 'only the command line and scripts end the process; throw instead',
  },
  {
    pattern: /\b(?:test|it|describe)\s*\.\s*only\b/g,
    applies: isTest,
    message: 'leaves every other test of the file out',
  },
  {
    pattern: /\bdebugger\b/g,
    applies: () => true,
    message: 'is left over from a debugging session',
  },
];

/** Files of mount/ that may use synchronous file calls, and why. */
export const SYNC_EXEMPT: ReadonlyMap<string, string> = new Map<string, string>([
  ['mount/fuse/mountinfo.ts', 'reads /proc, which is on no mount of ours'],
  ['mount/fuse/processes.ts', 'reads /proc, which is on no mount of ours'],
]);

export function checkCalls(files: readonly SourceFile[]): Problem[] {
  const problems: Problem[] = [];
  for (const file of files) {
    if (!isCode(file.path)) continue;
    const code = codeOnly(file.text);
    for (const { pattern, applies, message } of BANNED_CALLS) {
      if (!applies(file.path)) continue;
      for (const match of code.matchAll(pattern)) {
        const line = lineAt(code, match.index);
        problems.push({ rule: 'calls', path: file.path, line, message: `${match[0].trim()}: ${message}` });
      }
    }
  }
  return problems;
}
