/**
 * What every target works on, made once on the host: the caller, a tree of files, and what tools need.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isWanted, type Options } from './options.ts';
import { call } from './process.ts';
import { makeTree } from './tree.ts';

export interface Prepared {
  /** The compiled ops.c. */
  readonly ops: string;
  /** The tree as a tar archive. */
  readonly archive: string;
  /** The tree as a bare git repository. */
  readonly repository: string;
  /** A directory with a package.json and its lock file; undefined when npm's cache does not hold all of it. */
  readonly project: string | undefined;
}

// The build lies in dist/scripts/bench.
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Installs what the lock file in the current directory says, from npm's cache alone. */
export const NPM_CI = ['npm', 'ci', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

function makeRepository(tree: string, repository: string): void {
  const git = ['git', '-C', tree, '-c', 'user.name=bench', '-c', 'user.email=bench@example.invalid'];
  call([...git, 'init', '--quiet']);
  call([...git, 'add', '.']);
  call([...git, 'commit', '--quiet', '--message', 'The tree']);
  call(['git', 'clone', '--quiet', '--bare', tree, repository]);
  rmSync(join(tree, '.git'), { recursive: true });
}

/** This project's own dependencies, if they can be installed without the network. */
function makeProject(project: string): string | undefined {
  mkdirSync(project);
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(ROOT, name), join(project, name));
  try {
    call([...NPM_CI, '--prefix', project]);
  } catch {
    process.stderr.write('npm ci is left out: npm’s cache does not hold all packages of package-lock.json\n');
    return undefined;
  }
  rmSync(join(project, 'node_modules'), { recursive: true });
  return project;
}

/** Throws with the tool's own message when a compiler, tar or git is missing or fails. */
export function prepare(directory: string, options: Options): Prepared {
  const ops = join(directory, 'ops');
  call([process.env.CC ?? 'cc', '-O2', '-Wall', '-o', ops, join(ROOT, 'scripts/bench/ops.c')]);
  const tree = join(directory, 'source');
  const archive = join(directory, 'tree.tar');
  const repository = join(directory, 'tree.git');
  mkdirSync(tree);
  makeTree(tree, options.treeFiles);
  call(['tar', '-cf', archive, '-C', tree, '.']);
  if (isWanted('git', options)) makeRepository(tree, repository);
  return { ops, archive, repository, project: options.npm ? makeProject(join(directory, 'project')) : undefined };
}
