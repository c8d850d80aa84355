/**
 * The files that tidy checks, and the little it needs to know of their text.
 *
 * Code is read with patterns, not with a parser: comments, strings and regular expressions are blanked
 * first (same length, line breaks kept), so that a pattern sees code only and its position is the
 * position in the file.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SourceFile {
  /** Path from the repository's root, with "/". */
  readonly path: string;
  readonly text: string;
}

/** One finding. `line` counts from 1; 0 means the whole file. */
export interface Problem {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

const IGNORED_DIRECTORIES = new Set(['node_modules', '.git', 'dist', 'coverage', '.bench', 'native/build']);
const TEXT_FILE = /\.(ts|mjs|js|json|md|c|cc|h|gyp|sh|yml|yaml|txt)$|^(LICENSE|\.gitignore|\.ci\/run)$/;
const FILE_BYTES_MAX = 4 << 20;

/** Reads every text file of the repository at `root`, sorted by path. */
export function readRepository(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (directory: string): void => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!IGNORED_DIRECTORIES.has(entry.name) && !IGNORED_DIRECTORIES.has(path)) visit(path);
      } else if (entry.isFile() && TEXT_FILE.test(path)) {
        const bytes = readFileSync(join(root, path));
        if (bytes.length <= FILE_BYTES_MAX) files.push({ path, text: bytes.toString('utf8') });
      }
    }
  };
  visit('');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Line of a position, from 1. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < position; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

export function isCode(path: string): boolean {
  return /\.(ts|mjs|js)$/.test(path);
}

export function isTest(path: string): boolean {
  return path.startsWith('test/');
}

export function isScript(path: string): boolean {
  return path.startsWith('scripts/');
}

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`|(?<=[=(,:[!&|?;{}+]\s*|\breturn\s+)\/(?![/*])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g;

function blank(token: string): string {
  return token.replace(/[^\n]/g, ' ');
}

/** The text with comments, strings, templates and regular expressions blanked. */
export function codeOnly(text: string): string {
  return text.replace(TOKEN, blank);
}

/** The text with comments blanked; strings stay. */
export function withoutComments(text: string): string {
  return text.replace(TOKEN, (token) => (token.startsWith('//') || token.startsWith('/*') ? blank(token) : token));
}

export interface Import {
  /** As written: "./ids.ts", "node:fs". */
  readonly specifier: string;
  readonly line: number;
  /** `import type` or `export type`: gone at run time. */
  readonly typeOnly: boolean;
}

const IMPORT = /^[ \t]*(import|export)\s+(type\s+)?(?:[\w$*{][^'";]*?\sfrom\s+)?['"]([^'"\n]+)['"]/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g;

/** Every static import, re-export and dynamic import of a fixed path. */
export function importsOf(file: SourceFile): Import[] {
  const text = withoutComments(file.text);
  const imports: Import[] = [];
  for (const match of text.matchAll(IMPORT)) {
    imports.push({
      specifier: match[3] as string,
      line: lineAt(text, match.index),
      typeOnly: match[2] !== undefined,
    });
  }
  for (const match of text.matchAll(DYNAMIC_IMPORT)) {
    imports.push({ specifier: match[1] as string, line: lineAt(text, match.index), typeOnly: false });
  }
  return imports;
}

/** The repository path that a relative import of `from` names, or undefined for packages. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
