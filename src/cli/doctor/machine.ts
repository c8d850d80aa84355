/**
 * What `fxmount doctor` asks of the machine, behind an interface so that tests can stand in for it. Nothing here
 * needs the addon: it may be what is missing.
 */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What a trial mount found. */
export interface Trial {
  /** The kernel's FUSE protocol, minor version of 7. */
  readonly minor: number;
  /** Names of the protocol's features that the kernel offers. */
  readonly features: readonly string[];
}

export interface Machine {
  readonly platform: string;
  /** For example "20.20.0". */
  readonly nodeVersion: string;
  readonly uid: number;
  /** The text of a file; undefined when it cannot be read. */
  read(path: string): string | undefined;
  /** Permission bits and owner; undefined when there is no such file. */
  stat(path: string): { readonly mode: number; readonly uid: number } | undefined;
  /** Undefined when this user may read and write it, else the code of the error. */
  refusal(path: string): string | undefined;
  /** Where the program is that PATH finds first; undefined when there is none. */
  find(program: string): string | undefined;
  /** Why the native addon, or that of a package, cannot be loaded; undefined when it can. */
  addon(): Promise<string | undefined>;
  packageAddon(name: string): string | undefined;
  /** Mounts a filesystem for a moment. Rejects with what stands in the way. */
  trial(): Promise<Trial>;
}

function attempt<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch {
    return undefined;
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

function isProgram(path: string): boolean {
  return attempt(() => accessSync(path, constants.X_OK) === undefined && statSync(path).isFile()) === true;
}

export const thisMachine: Machine = {
  platform: process.platform,
  nodeVersion: process.versions.node,
  uid: process.geteuid?.() ?? 0,
  read: (path) => attempt(() => readFileSync(path, 'utf8')),
  stat: (path) => attempt(() => statSync(path)),
  refusal(path) {
    try {
      accessSync(path, constants.R_OK | constants.W_OK);
      return undefined;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
    }
  },
  find: (program) =>
    (process.env.PATH ?? '')
      .split(':')
      .map((directory) => join(directory || '.', program))
      .find(isProgram),
  async addon() {
    try {
      await import('../../native.ts');
      return undefined;
    } catch (error) {
      return firstLine(error);
    }
  },
  packageAddon(name) {
    try {
      createRequire(import.meta.url)(name);
      return undefined;
    } catch (error) {
      return firstLine(error);
    }
  },
  trial: async () => (await import('./trial-mount.ts')).trialMount(),
};
