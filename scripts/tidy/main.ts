/**
 * Checks what the compiler and the linter do not: layers, import cycles, file sizes, banned calls and
 * words, head comments. Prints one finding a line as `path:line: rule: message`, then the counts; exits
 * with 1 when there is a finding.
 */
import { fileURLToPath } from 'node:url';
import { checkCalls } from './calls.ts';
import { checkCycles } from './cycles.ts';
import { checkHeads } from './heads.ts';
import { checkLayers } from './layers.ts';
import { checkSizes } from './sizes.ts';
import { type Problem, readRepository, type SourceFile } from './source.ts';
import { checkWords } from './words.ts';

const RULES: Readonly<Record<string, (files: readonly SourceFile[]) => Problem[]>> = {
  layers: checkLayers,
  cycles: checkCycles,
  sizes: checkSizes,
  calls: checkCalls,
  words: checkWords,
  heads: checkHeads,
};

// The build lies in dist/scripts/tidy.
const root = fileURLToPath(new URL('../../../', import.meta.url));
const files = readRepository(root);
let failed = 0;
for (const check of Object.values(RULES)) {
  const problems = check(files);
  if (problems.length > 0) failed++;
  for (const { path, line, rule, message } of problems) {
    console.log(`${path}${line > 0 ? `:${line}` : ''}: ${rule}: ${message}`);
  }
}
const passed = Object.keys(RULES).length - failed;
console.log(`tidy: ${files.length} files, ${passed} rules kept, ${failed} broken`);
process.exitCode = failed > 0 ? 1 : 0;
