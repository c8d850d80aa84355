/**
 * The file `/.fx/ctl`: a write is commands, one a line, and what the file then holds is their answers, a line each.
 *
 * The write is answered once its commands are done, with the error of the first that was refused; those after it are
 * not run.
 */
import { FxError } from '../src/errors.ts';
import type { Ino } from '../src/ids.ts';
import { NotReady } from './operations.ts';

/** Acts on the document with that number in the store: revert, discard or force. */
export type ActOnDocument = (ino: Ino, action: string) => void;

export interface CommandRunner {
  /** Who may write commands, beside root. */
  readonly owner: number;
  /** Runs one command; resolves with its answer, one line. Rejects with an FxError for what is refused. */
  run(command: string, act: ActOnDocument): Promise<string>;
}

/** Longest write of commands, in bytes. */
const COMMANDS_BYTES_MAX = 4096;
/** Answers that are kept, in characters; older ones go. */
const ANSWERS_CHARS_MAX = 64 << 10;
/** Writes that are under way at a time. */
const RUNNING_MAX = 16;

interface Outcome {
  failure: unknown;
  ready: Promise<void>;
  isDone: boolean;
}

export class Commands {
  readonly owner: number;
  readonly #runner: CommandRunner;
  readonly #act: ActOnDocument;
  /** Writes whose driver will ask again, by their text. */
  readonly #running = new Map<string, Outcome>();
  #answers = '';
  #refusal = '';

  constructor(runner: CommandRunner, act: ActOnDocument) {
    this.owner = runner.owner;
    this.#runner = runner;
    this.#act = act;
  }

  /** The file is cut, as the shell does before it writes. */
  clear(): void {
    this.#answers = '';
    this.#refusal = '';
  }

  /** Answers since the file was last cut, the newest ones. */
  get answers(): string {
    return this.#answers;
  }

  /** Why a command was refused last since then; empty when none was. */
  get refusal(): string {
    return this.#refusal;
  }

  /** NotReady until the commands are done; ARGUMENT_TOO_BIG, BUSY, and what a command is refused with. */
  write(bytes: Uint8Array): void {
    if (bytes.length > COMMANDS_BYTES_MAX) throw new FxError('ARGUMENT_TOO_BIG');
    const text = Buffer.from(bytes).toString('utf8');
    let outcome = this.#running.get(text);
    if (outcome === undefined) {
      if (this.#running.size >= RUNNING_MAX) throw new FxError('BUSY');
      outcome = { failure: undefined, ready: Promise.resolve(), isDone: false };
      this.#running.set(text, outcome);
      outcome.ready = this.#run(text, outcome);
    }
    if (!outcome.isDone) throw new NotReady(outcome.ready);
    this.#running.delete(text);
    if (outcome.failure !== undefined) throw outcome.failure;
  }

  async #run(text: string, outcome: Outcome): Promise<void> {
    let answers = '';
    let refusal = '';
    for (const line of text.split('\n')) {
      const command = line.trim();
      if (command === '') continue;
      try {
        answers += `${await this.#runner.run(command, this.#act)}\n`;
      } catch (error) {
        outcome.failure = error;
        const code = error instanceof FxError ? error.code : 'IO';
        refusal = `${command}: error: ${error instanceof Error ? error.message : String(error)} [${code}]\n`;
        answers += refusal;
        break;
      }
    }
    this.#answers = (this.#answers + answers).slice(-ANSWERS_CHARS_MAX);
    if (refusal !== '') this.#refusal = refusal;
    outcome.isDone = true;
  }
}
