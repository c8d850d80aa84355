/**
 * The process that makes the system calls (caller/*.c), and how it is asked.
 *
 * Node's own `fs` lacks most of them, cannot act as another user, and would block this process, whose mount may
 * be served by it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A call that takes longer hangs. */
const CALL_TIMEOUT_MS = 20_000;
// The build lies in dist/test/posix.
const SOURCES = fileURLToPath(new URL('../../../test/posix/caller', import.meta.url));

/** What an argument may be: a number, or texts (bytes as latin1), or names of C constants joined with "|". */
export type Argument = number | bigint | string;

/** An error's name, or the values of a success. */
export type Answer = { readonly error: string } | { readonly error: undefined; readonly values: readonly string[] };

/** Compiles the program into `directory`. Resolves with its path; needs gcc. */
export function compileCaller(directory: string): Promise<string> {
  const program = join(directory, 'caller');
  const sources = readdirSync(SOURCES)
    .filter((name) => name.endsWith('.c'))
    .map((name) => join(SOURCES, name));
  return new Promise((resolve, reject) => {
    execFile(process.env.CC ?? 'cc', ['-O1', '-o', program, ...sources], (error, _stdout, stderr) => {
      if (error === null) resolve(program);
      else reject(new Error(`the caller could not be compiled (apt-get install -y gcc libc6-dev)\n${stderr}`));
    });
  });
}

const errorNames = new Map<number, string>();
for (const [name, value] of Object.entries(constants.errno)) if (!errorNames.has(value)) errorNames.set(value, name);
// Names of Linux that Node has another name for, or none.
const LINUX_NAMES: readonly (readonly [number, string])[] = [
  [11, 'EAGAIN'],
  [26, 'ETXTBSY'],
  [39, 'ENOTEMPTY'],
  [40, 'ELOOP'],
  [61, 'ENODATA'],
  [95, 'EOPNOTSUPP'],
  [116, 'ESTALE'],
  [122, 'EDQUOT'],
];
for (const [value, name] of LINUX_NAMES) errorNames.set(value, name);

function encode(argument: Argument): string {
  if (typeof argument !== 'string') return String(argument);
  if (argument === '') return '%';
  return argument.replace(/[\x00-\x20%\x7f-\xff]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function decode(word: string): string {
  if (word === '%') return '';
  return word.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function parse(line: string): Answer {
  const words = line.slice(1);
  if (line.startsWith('!')) return { error: /^\d/.test(words) ? (errorNames.get(Number(words)) ?? words) : words };
  return { error: undefined, values: words === '' ? [] : words.split(' ').map(decode) };
}

export class Caller {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
  #ended: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  #identity = '';

  /** Starts the program with `directory` as its working directory, as the user `uid` if given. */
  constructor(program: string, directory: string, uid?: number) {
    const as = uid === undefined ? {} : { uid, gid: uid };
    this.#child = spawn(program, [directory], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/', ...as });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream, crlfDelay: 0 }).on('line', (line) => {
      this.#watch();
      this.#waiting.shift()?.resolve(parse(line));
    });
    this.#child.stdin?.on('error', () => {});
    this.#child.on('error', (error) => this.#end(error));
    this.#child.on('exit', (code, signal) => this.#end(new Error(`the caller ended (${signal ?? code})`)));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#waiting.length > 0) this.kill();
    }, CALL_TIMEOUT_MS);
    this.#timer.unref();
  }

  /** Makes a call after those asked for before. */
  call(name: string, args: readonly Argument[]): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    this.#watch();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin?.write(`${[name, ...args.map(encode)].join(' ')}\n`, 'latin1');
    });
  }

  /** Makes the following calls as this user: uid, gid, further groups. */
  become(identity: readonly number[]): void {
    const text = identity.join(' ');
    if (this.#identity === text) return;
    this.#identity = text;
    this.call('as', identity).then(
      ({ error }) => {
        if (error !== undefined) this.#end(new Error(`the caller may not become ${text}: ${error}`));
      },
      () => {},
    );
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Ends the process; its locks and open files go. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.stdin?.end();
    await exited;
  }
}
