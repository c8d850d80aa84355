/**
 * Rows on a byte stream: JSON Lines. The writer batches them; the reader cuts them apart again.
 */
import { FxError } from '../errors.ts';
import type { Row } from './verb.ts';

const BATCH_CHARS = 48 << 10;
/** Longest row, in bytes. */
export const ROW_BYTES_MAX = 1 << 20;

export class RowWriter {
  readonly #write: (chunk: Uint8Array) => Promise<void>;
  #batch = '';

  constructor(write: (chunk: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  async row(row: Row): Promise<void> {
    this.#batch += `${JSON.stringify(row)}\n`;
    if (this.#batch.length >= BATCH_CHARS) await this.flush();
  }

  /** Writes what is batched. */
  async flush(): Promise<void> {
    if (this.#batch === '') return;
    const chunk = Buffer.from(this.#batch, 'utf8');
    this.#batch = '';
    await this.#write(chunk);
  }
}

export class RowReader {
  #rest = Buffer.alloc(0);

  /** The rows completed by `chunk`. Throws PROTOCOL for what is no JSON object. */
  *push(chunk: Uint8Array): Generator<Row, void, void> {
    let bytes = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      yield parseRow(bytes.subarray(0, end));
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > ROW_BYTES_MAX) throw new FxError('PROTOCOL', `a row is longer than ${ROW_BYTES_MAX} bytes`);
    this.#rest = bytes;
  }
}

function parseRow(line: Buffer): Row {
  try {
    const row: unknown = JSON.parse(line.toString('utf8'));
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Row;
  } catch {
    // Reported below.
  }
  throw new FxError('PROTOCOL', 'a row of the output is no JSON object');
}
