/**
 * A refused save as an error, and as lines for people.
 */
import { formatDiagnostic } from '../../lenses/diagnostics.ts';
import { FxError } from '../../src/errors.ts';
import type { Bound } from './documents.ts';
import type { Problem } from './state.ts';

/** `path:line:col: severity: message [code]`, one line each. */
export function problemLines(path: string, { kind, diagnostics }: Problem): string[] {
  if (diagnostics.length > 0) return diagnostics.map((diagnostic) => formatDiagnostic(path, diagnostic));
  const message =
    kind === 'unsaved' ? 'written and not checked yet: save it again' : 'it was not accepted: save it again';
  const severity = kind === 'unsaved' ? 'warning' : 'error';
  return [formatDiagnostic(path, { severity, message, code: kind, offset: 0, line: 1, column: 1 })];
}

/** What the save is answered with; undefined where the rule lets it pass. */
export function refusalOf({ rule }: Bound, problem: Problem, path: string): FxError | undefined {
  if (rule.mode === 'lenient' || problem.kind === 'unsaved') return undefined;
  const [first = ''] = problemLines(path, problem);
  return new FxError(problem.kind === 'conflict' ? 'BUSY' : 'BAD_CONTENT', first);
}
