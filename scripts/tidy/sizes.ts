/**
 * File sizes: a source file has at most 400 lines, a test at most 800. Tables and byte vectors are
 * exempt, by name and with a reason.
 */
import { isCode, isTest, type Problem, type SourceFile } from './source.ts';

export const SOURCE_LINES_MAX = 400;
export const TEST_LINES_MAX = 800;

/** Files that may be longer: path and why. An entry that is no longer needed is a finding. */
export const EXEMPT: ReadonlyMap<string, string> = new Map<string, string>([
  ['test/fuse/vectors.ts', 'annotated byte vectors'],
]);

function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

export function checkSizes(files: readonly SourceFile[], exempt: ReadonlyMap<string, string> = EXEMPT): Problem[] {
  const problems: Problem[] = [];
  for (const { path, text } of files) {
    if (!isCode(path) && !/\.(cc|c|h)$/.test(path)) continue;
    const max = isTest(path) ? TEST_LINES_MAX : SOURCE_LINES_MAX;
    const lines = linesOf(text);
    if (exempt.has(path)) {
      if (lines <= max) problems.push({ rule: 'sizes', path, line: 0, message: 'is short enough: end its exemption' });
    } else if (lines > max) {
      problems.push({ rule: 'sizes', path, line: 0, message: `${lines} lines, at most ${max}: split it by idea` });
    }
  }
  const known = new Set(files.map(({ path }) => path));
  for (const path of exempt.keys()) {
    if (!known.has(path)) problems.push({ rule: 'sizes', path, line: 0, message: 'is exempt but does not exist' });
  }
  return problems;
}
