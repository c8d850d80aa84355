/**
 * The files with which fxmount takes its place in a system, for `fxmount install-system`.
 *
 * Each says who wrote it; a file that does not is somebody else's, and is never replaced or removed.
 */
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { FxError } from '../errors.ts';
import { completionScript } from './completion.ts';
import { describe } from './describe.ts';
import { manualPage } from './manual.ts';

const SIGNATURE = 'Written by "fxmount install-system"';

export interface InstalledFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** Another's file in this place is left as it is: it does the same. */
  readonly optional?: boolean;
}

/** A program that runs a module of this installation by the node that runs now: at boot no PATH leads to either. */
function runner(module: string): string {
  const quoted = [process.execPath, module].map((path) => `'${path.replaceAll("'", "'\\''")}'`);
  return `#!/bin/sh\n# ${SIGNATURE}\nexec ${quoted.join(' ')} "$@"\n`;
}

function unit(): string {
  // Beside dist/ in a package, or in the repository.
  const template = fileURLToPath(new URL('../../../share/fxmount@.service', import.meta.url));
  return `# ${SIGNATURE}\n${readFileSync(template, 'utf8').replaceAll('@FXMOUNT@', '/usr/local/bin/fxmount')}`;
}

export function systemFiles(program: Command, date: string): InstalledFile[] {
  const commands = describe(program);
  const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const helper = runner(here('./mount-fxmount.js'));
  const share = '/usr/local/share';
  const [bash, zsh, fish] = (['bash', 'zsh', 'fish'] as const).map((shell) => completionScript(shell, commands));
  return [
    { path: '/usr/local/bin/fxmount', text: runner(here('../cli.js')), mode: 0o755, optional: true },
    { path: '/sbin/mount.fxmount', text: helper, mode: 0o755 },
    { path: '/sbin/mount.fuse.fxmount', text: helper, mode: 0o755 },
    { path: '/etc/systemd/system/fxmount@.service', text: unit(), mode: 0o644 },
    { path: `${share}/man/man1/fxmount.1`, text: `.\\" ${SIGNATURE}\n${manualPage(program, date)}`, mode: 0o644 },
    { path: `${share}/bash-completion/completions/fxmount`, text: `# ${SIGNATURE}\n${bash}`, mode: 0o644 },
    // The first line of a completion for zsh must be its #compdef.
    { path: `${share}/zsh/site-functions/_fxmount`, text: `${zsh}# ${SIGNATURE}\n`, mode: 0o644 },
    { path: `${share}/fish/vendor_completions.d/fxmount.fish`, text: `# ${SIGNATURE}\n${fish}`, mode: 0o644 },
  ];
}

/** What is at `path`: nothing, a file that we wrote, or another. */
function ownerOf(path: string): 'nobody' | 'us' | 'another' {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 'nobody';
  return stats.isFile() && readFileSync(path, 'utf8').includes(SIGNATURE) ? 'us' : 'another';
}

/** Writes the files below `root`; returns the paths written. EXISTS, before any is written, when one is another's. */
export function install(files: readonly InstalledFile[], root: string): string[] {
  const wanted = files.filter(({ path, optional }) => {
    if (ownerOf(join(root, path)) !== 'another') return true;
    if (optional === true) return false;
    throw new FxError('EXISTS', `${join(root, path)} is not of fxmount install-system; move it away first`);
  });
  return wanted.map(({ path, text, mode }) => {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.new`, text);
    chmodSync(`${target}.new`, mode);
    renameSync(`${target}.new`, target);
    return target;
  });
}

/** Removes those of the files that are ours; returns their paths. */
export function uninstall(files: readonly InstalledFile[], root: string): string[] {
  const ours = files.map(({ path }) => join(root, path)).filter((path) => ownerOf(path) === 'us');
  for (const path of ours) rmSync(path);
  return ours;
}
