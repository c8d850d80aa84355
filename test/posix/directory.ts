/**
 * A directory as a case sees it: calls that are made in it by some user, and what is asserted about them.
 *
 * Paths are relative to the directory. Each assertion is one line of TAP that names the user, the call and what
 * came of it.
 */
import type { Test } from 'tap';
import type { Caller } from './caller.ts';
import { type CallName, type Calls, decodeValue, type Kind, type Stat, type Value } from './calls.ts';

/** uid, gid and further groups. */
export type User = readonly number[];

/** Ids that need no entry in /etc/passwd. */
export const ALICE: User = [61_001, 61_001];
export const BOB: User = [61_002, 61_002];
/** In Alice's group beside his own. */
export const CAROL: User = [61_003, 61_003, 61_001];
export const ROOT: User = [0, 0];
const NAMES = new Map<User, string>([
  [ALICE, 'Alice: '],
  [BOB, 'Bob: '],
  [CAROL, 'Carol: '],
]);

const DEVICES: readonly Kind[] = ['char', 'block'];
const SHOWN_CHARACTERS = 40;
const OCTAL = new Set<string>(['mkdir', 'mkfifo', 'chmod', 'fchmod', 'umask']);

function show(value: unknown): string {
  const text = String(value).replace(/[^\x21-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  if (text === '') return '""';
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS / 2)}...(${text.length})` : text;
}

function describe(name: CallName, args: readonly unknown[]): string {
  const shown = args.map((arg) => (OCTAL.has(name) && typeof arg === 'number' ? `0${arg.toString(8)}` : show(arg)));
  return [name, ...shown].join(' ');
}

/** Which times a call changes: "m" mtime, "c" ctime, "" neither. */
export type Changes = '' | 'm' | 'c' | 'mc';

export interface Made {
  mode?: number;
  content?: string;
  owner?: User;
}

export interface Scene {
  readonly t: Test;
  /** Absolute path of the directory. */
  readonly path: string;
  readonly caller: Caller;
  /** Undefined: whoever runs the suite. */
  readonly user: User | undefined;
  /** Devices can be made. */
  readonly asRoot: boolean;
}

export class Directory {
  readonly path: string;
  /** Kinds of object that can be made. */
  readonly kinds: readonly Kind[];
  readonly t: Test;
  readonly #scene: Scene;
  readonly #start: () => Caller;

  /** `start` starts another process in the directory. */
  constructor(scene: Scene, start: () => Caller) {
    this.t = scene.t;
    this.path = scene.path;
    this.kinds = ['file', 'directory', 'symlink', 'fifo', 'socket', ...(scene.asRoot ? DEVICES : [])];
    this.#scene = scene;
    this.#start = start;
  }

  /** The same directory for another user; only when the suite runs as root. */
  as(user: User): Directory {
    return new Directory({ ...this.#scene, user }, this.#start);
  }

  /** The same directory for another process, which ends with the case at the latest. */
  other(): Directory & { end(): Promise<void> } {
    const caller = this.#start();
    const directory = new Directory({ ...this.#scene, caller }, this.#start);
    return Object.assign(directory, { end: () => caller.close() });
  }

  #name(name: CallName, args: readonly unknown[]): string {
    const { user } = this.#scene;
    const who = user === undefined ? '' : (NAMES.get(user) ?? '');
    return `${who}${describe(name, args)}`;
  }

  async #call<N extends CallName>(
    name: N,
    args: Calls[N],
  ): Promise<{ error: string; value?: never } | { error: undefined; value: Value<N> }> {
    const { user, caller } = this.#scene;
    if (user !== undefined) caller.become(user);
    const given: readonly unknown[] = args;
    if (given.includes(undefined)) throw new Error(`${name} needs what an earlier call did not give`);
    const answer = await caller.call(name, given as (string | number)[]);
    if (answer.error !== undefined) return { error: answer.error };
    return { error: undefined, value: decodeValue(name, answer.values) as Value<N> };
  }

  /** Makes a call that prepares something and must not fail. No assertion. */
  async do<N extends CallName>(name: N, ...args: Calls[N]): Promise<Value<N>> {
    const { error, value } = await this.#call(name, args);
    if (error !== undefined) throw new Error(`${this.#name(name, args)} failed: ${error}`);
    return value as Value<N>;
  }

  /** What comes of a call: "success" or the error. No assertion. */
  async outcome<N extends CallName>(name: N, ...args: Calls[N]): Promise<string> {
    const { error = 'success' } = await this.#call(name, args);
    return error;
  }

  /** Asserts that a call succeeds. Resolves with its value; a failure ends the case when the value is needed. */
  async ok<N extends CallName>(name: N, ...args: Calls[N]): Promise<Value<N>> {
    const { error, value } = await this.#call(name, args);
    this.t.equal(error, undefined, `${this.#name(name, args)} succeeds`);
    return value as Value<N>;
  }

  /** Asserts that a call fails with this error. */
  async fails<N extends CallName>(expected: string, name: N, ...args: Calls[N]): Promise<void> {
    const { error } = await this.#call(name, args);
    this.t.equal(error ?? 'success', expected, `${this.#name(name, args)} fails with ${expected}`);
  }

  /** Asserts that a call fails with one of these errors, where POSIX leaves the choice. */
  async failsWithOneOf<N extends CallName>(expected: readonly string[], name: N, ...args: Calls[N]): Promise<void> {
    const { error = 'success' } = await this.#call(name, args);
    this.t.ok(expected.includes(error), `${this.#name(name, args)} fails with ${expected.join(' or ')} (${error})`);
  }

  /** Asserts what a call gives. */
  async gives<N extends CallName>(expected: Value<N>, name: N, ...args: Calls[N]): Promise<void> {
    const { error, value } = await this.#call(name, args);
    const message = `${this.#name(name, args)} gives ${show(expected)}`;
    if (error !== undefined) this.t.equal(error, show(expected), message);
    else if (typeof expected === 'object') this.t.same(value, expected, message);
    else this.t.equal(value, expected, message);
  }

  /** Asserts a statement about what was found out by `do`. */
  is<T>(actual: T, expected: T, message: string): void {
    if (typeof expected === 'object') this.t.same(actual, expected, message);
    else this.t.equal(actual, expected, message);
  }

  #fields(what: string, stat: Stat | undefined, expected: Partial<Stat>): void {
    for (const [field, value] of Object.entries(expected)) {
      const actual = stat?.[field as keyof Stat];
      const octal = (v: unknown): unknown => (field === 'mode' && typeof v === 'number' ? `0${v.toString(8)}` : v);
      this.t.equal(octal(actual), octal(value), `${field} of ${show(what)} is ${octal(value)}`);
    }
  }

  /** Asserts each of these fields of the object at `path`, which is not followed. */
  async stat(path: string, expected: Partial<Stat>): Promise<void> {
    const { error, value } = await this.#call('lstat', [path]);
    this.#fields(error === undefined ? path : `${path} (lstat: ${error})`, value, expected);
  }

  async fstat(fd: number, expected: Partial<Stat>): Promise<void> {
    const { error, value } = await this.#call('fstat', [fd]);
    this.#fields(error === undefined ? `fd ${fd}` : `fd ${fd} (fstat: ${error})`, value, expected);
  }

  /** Asserts that nothing has this name. */
  absent(path: string): Promise<void> {
    return this.fails('ENOENT', 'lstat', path);
  }

  /** Asserts the whole content of a file. */
  async content(path: string, expected: string): Promise<void> {
    const fd = await this.do('open', path, 'O_RDONLY');
    await this.gives(expected, 'read', fd, expected.length + 1);
    await this.do('close', fd);
  }

  /** Asserts the names in a directory, sorted, without "." and "..". */
  async names(path: string, expected: readonly string[]): Promise<void> {
    const entries = await this.do('list', path);
    const names = entries.filter((name, i) => i % 3 === 0 && name !== '.' && name !== '..').sort();
    this.t.same(names, [...expected].sort(), `${show(path)} lists ${show(expected)}`);
  }

  /**
   * Asserts which times of each path the call changes, and that they go up, and that the others stay. With an
   * error the call must fail with it.
   */
  async changes<N extends CallName>(
    times: Readonly<Record<string, Changes>>,
    expected: string | undefined,
    name: N,
    ...args: Calls[N]
  ): Promise<Value<N>> {
    const paths = Object.keys(times);
    const before: Stat[] = [];
    for (const path of paths) before.push(await this.do('lstat', path));
    await this.do('tick');
    const { error, value } = await this.#call(name, args);
    const what = this.#name(name, args);
    this.t.equal(error, expected, `${what} ${expected === undefined ? 'succeeds' : `fails with ${expected}`}`);
    for (const [i, path] of paths.entries()) {
      const after = await this.do('lstat', path);
      for (const time of ['mtime', 'ctime'] as const) {
        const was = before[i]?.[time] as bigint;
        const isNow = after[time] > was ? 'later' : after[time] === was ? 'as before' : 'earlier';
        const wanted = times[path]?.includes(time.charAt(0)) ? 'later' : 'as before';
        this.t.equal(isNow, wanted, `${what}: ${time} of ${path} is ${wanted}`);
      }
    }
    return value as Value<N>;
  }

  /** Makes a file. No assertion. */
  async file(path: string, { mode = 0o644, content = '', owner }: Made = {}): Promise<void> {
    const fd = await this.do('open', path, 'O_WRONLY|O_CREAT|O_EXCL', 0o600);
    if (content !== '') await this.do('write', fd, content);
    await this.do('close', fd);
    if (owner !== undefined) await this.do('lchown', path, owner[0] as number, owner[1] as number);
    await this.do('chmod', path, mode);
  }

  /** Makes a directory. No assertion. */
  async dir(path: string, { mode = 0o755, owner }: Made = {}): Promise<void> {
    await this.do('mkdir', path, 0o700);
    if (owner !== undefined) await this.do('lchown', path, owner[0] as number, owner[1] as number);
    await this.do('chmod', path, mode);
  }

  /** Makes an object of any kind. No assertion. */
  async make(kind: Kind, path: string, owner?: User): Promise<void> {
    if (kind === 'file') await this.file(path);
    else if (kind === 'directory') await this.dir(path);
    else if (kind === 'symlink') await this.do('symlink', 'nowhere', path);
    else if (kind === 'fifo') await this.do('mkfifo', path, 0o644);
    else if (kind === 'socket') await this.do('bind', path);
    else await this.do('mknod', path, kind === 'char' ? 'S_IFCHR' : 'S_IFBLK', 1, 3);
    if (owner !== undefined) await this.do('lchown', path, owner[0] as number, owner[1] as number);
  }

  /** Removes an object of any kind but a directory that is not empty. No assertion. */
  async remove(kind: Kind, path: string): Promise<void> {
    await this.do(kind === 'directory' ? 'rmdir' : 'unlink', path);
  }
}
