/**
 * A progress bar on stderr, drawn only on a terminal.
 */
const BAR_CHARS = 24;
/** Nothing is drawn for tasks shorter than this. */
const DELAY_MS = 300;
const INTERVAL_MS = 100;

export class Progress {
  readonly #active = process.stderr.isTTY === true;
  readonly #started = Date.now();
  #drawn = 0;

  /** Draws how far the task is; total 0 when not known. */
  update(what: string, done: number, total: number): void {
    const now = Date.now();
    if (!this.#active || now - this.#started < DELAY_MS || now - this.#drawn < INTERVAL_MS) return;
    this.#drawn = now;
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const filled = Math.round(share * BAR_CHARS);
    const bar = total > 0 ? `[${'='.repeat(filled).padEnd(BAR_CHARS)}] ${Math.floor(share * 100)}%` : `${done}`;
    const columns = process.stderr.columns || 80;
    process.stderr.write(`\r\x1b[K${`${what} ${bar}`.slice(0, columns - 1)}`);
  }

  /** Removes the bar. */
  end(): void {
    if (this.#drawn > 0) process.stderr.write('\r\x1b[K');
    this.#drawn = 0;
  }
}
