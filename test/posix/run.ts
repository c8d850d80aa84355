/**
 * Runs the cases in a directory: each in a fresh one of its own, one after another.
 */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Caller } from './caller.ts';
import { Directory, ROOT, type User } from './directory.ts';

/** A case is a plain function of a directory; its name is what it shows. */
export type Case = (d: Directory) => Promise<void>;
export interface Suite {
  /** The system call, or what else the cases are about. */
  readonly about: string;
  /** What any user can see. */
  readonly cases: Readonly<Record<string, Case>>;
  /** What it takes several users to see: needs root. */
  readonly withUsers?: Readonly<Record<string, Case>>;
}

export interface RunOptions {
  /** Compiled caller. */
  readonly program: string;
  /** Where to work: an existing directory. */
  readonly directory: string;
  /** Leave out what needs several users, although the suite runs as root. */
  readonly alone: boolean;
  /** Run as this user and group; only root can. */
  readonly uid?: number;
}

/** Runs every case of every suite as a test of tap, which prints TAP. */
export async function runSuites(suites: readonly Suite[], options: RunOptions): Promise<void> {
  const asRoot = process.getuid?.() === 0 && options.uid === undefined;
  const start = (path: string): Caller => new Caller(options.program, path, options.uid);
  const caller = start(options.directory);
  let left = 0;
  t.setTimeout(0);
  for (const [i, { about, cases, withUsers = {} }] of suites.entries()) {
    const usable = asRoot && !options.alone;
    if (!usable) left += Object.keys(withUsers).length;
    const all = Object.entries({ ...cases, ...(usable ? withUsers : {}) });
    await t.test(about, async (suite) => {
      for (const [k, [name, run]] of all.entries()) {
        await suite.test(name, async (test) => {
          const path = join(options.directory, `${i}-${k}`);
          await runCase(new Place(test, path, asRoot, caller, start), run);
        });
      }
    });
  }
  if (left > 0) t.comment(`${left} cases need root and other users, and were left out`);
  await caller.close();
}

/** A directory for one case, and the processes started for it. */
class Place {
  readonly directory: Directory;
  readonly path: string;
  readonly #caller: Caller;
  readonly #user: User | undefined;
  readonly #others: Caller[] = [];

  constructor(test: Test, path: string, asRoot: boolean, caller: Caller, start: (path: string) => Caller) {
    this.path = path;
    this.#caller = caller;
    this.#user = asRoot ? ROOT : undefined;
    this.directory = new Directory({ t: test, path, caller, user: this.#user, asRoot }, () => {
      const other = start(path);
      this.#others.push(other);
      return other;
    });
  }

  /** Makes the directory and enters it. */
  async open(): Promise<void> {
    if (this.#user !== undefined) this.#caller.become(this.#user);
    for (const [name, ...args] of [['reset'], ['chdir', '/'], ['mkdir', this.path, 0o755], ['chdir', this.path]]) {
      const { error } = await this.#caller.call(name as string, args as string[]);
      if (error !== undefined) throw new Error(`${name} ${args[0]}: ${error}`);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#others.map((other) => other.close()));
  }
}

async function runCase(place: Place, run: Case): Promise<void> {
  await place.open();
  try {
    await run(place.directory);
  } finally {
    await place.close();
  }
}
