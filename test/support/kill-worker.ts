/**
 * The process that works on the mount while its daemon is killed.
 *
 *     node kill-worker.js run DIRECTORY COUNTER SEED SKIP LIMIT SIGNAL_AT PARTIALS
 *
 * goes through the operations of SEED on DIRECTORY, the first SKIP on the model only (PARTIALS: JSON, pairs
 * of an operation and the bytes that it wrote), until LIMIT have returned or the daemon is gone. The file
 * COUNTER holds two u32, little-endian: how many operations have returned, and how many bytes of one more,
 * a write, if that returned short because the daemon went. When the first reaches SIGNAL_AT, "now" is
 * printed. An operation that is refused while the daemon lives ends the process with exit code 1.
 *
 *     node kill-worker.js snapshot DIRECTORY
 *
 * prints one line for each entry, with its time in whole seconds, in a JSON array.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, KillModel, type Operation, type Partials } from './kill-model.ts';

/** A write was cut short. */
class ShortWrite extends Error {
  readonly bytes: number;

  constructor(bytes: number) {
    super(`${bytes} bytes were written`);
    this.bytes = bytes;
  }
}

/** What the kernel answers once the daemon is gone. */
const GONE = new Set(['ENOTCONN', 'ECONNABORTED', 'EIO', 'ENODEV']);

function write(path: string, offset: number, data: Buffer): void {
  const fd = fs.openSync(path, 'r+');
  try {
    const bytes = fs.writeSync(fd, data, 0, data.length, offset);
    if (bytes < data.length) throw new ShortWrite(bytes);
  } finally {
    fs.closeSync(fd);
  }
}

/** Works in the current directory: a path from the root would lead elsewhere once the dead mount is detached. */
function perform(operation: Operation): void {
  const { path } = operation;
  switch (operation.kind) {
    case 'create':
      return fs.closeSync(fs.openSync(path, 'wx', operation.mode));
    case 'mkdir':
      return void fs.mkdirSync(path, operation.mode);
    case 'write':
      return write(path, operation.offset, operation.data);
    case 'truncate':
      return fs.truncateSync(path, operation.size);
    case 'unlink':
      return fs.unlinkSync(path);
    case 'rmdir':
      return fs.rmdirSync(path);
    case 'rename':
      return fs.renameSync(path, operation.to);
    case 'link':
      return fs.linkSync(path, operation.to);
    case 'symlink':
      return fs.symlinkSync(operation.target, path);
    case 'chmod':
      return fs.chmodSync(path, operation.mode);
    case 'utimes':
      return fs.utimesSync(path, operation.seconds, operation.seconds);
  }
}

function isGone(error: unknown): boolean {
  if (!(error instanceof ShortWrite)) return GONE.has((error as NodeJS.ErrnoException).code ?? '');
  try {
    fs.statfsSync('.');
    return false;
  } catch (failure) {
    return isGone(failure);
  }
}

interface Run {
  readonly directory: string;
  readonly counter: string;
  readonly seed: number;
  readonly skip: number;
  readonly limit: number;
  readonly signalAt: number;
  readonly partials: Partials;
}

function runOperations(run: Run): void {
  process.umask(0);
  const model = new KillModel(run.seed);
  model.advance(run.skip, run.partials);
  const fd = fs.openSync(run.counter, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
  const record = (done: number, bytes: number): void => {
    fs.writeSync(fd, Buffer.from(Uint32Array.of(done, bytes).buffer), 0, 8, 0);
  };
  record(run.skip, 0);
  try {
    process.chdir(run.directory);
  } catch {
    return; // The daemon was killed before this process began.
  }
  for (let done = run.skip; done < run.limit; ) {
    const operation = model.next();
    try {
      perform(operation);
    } catch (error) {
      if (!isGone(error)) {
        throw new Error(`operation ${done + 1}: ${operation.kind} ${operation.path}`, { cause: error });
      }
      if (error instanceof ShortWrite) record(done, error.bytes);
      return;
    }
    model.apply(operation);
    record(++done, 0);
    if (done === run.signalAt) fs.writeSync(1, 'now\n');
  }
}

function snapshot(directory: string): string[] {
  const lines: string[] = [];
  const visit = (relative: string): void => {
    for (const name of fs.readdirSync(join(directory, relative))) {
      const path = relative === '' ? name : `${relative}/${name}`;
      const full = join(directory, path);
      const stat = fs.lstatSync(full);
      const kind = stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'symlink' : 'file';
      const content = kind === 'file' ? fs.readFileSync(full) : Buffer.alloc(0);
      if (kind === 'file' && content.length !== stat.size) throw new Error(`${path}: size and content differ`);
      const target = kind === 'symlink' ? fs.readlinkSync(full) : '';
      const mtime = Math.floor(stat.mtimeMs / 1000);
      lines.push(describe(path, { kind, mode: stat.mode & 0o7777, content, target, links: stat.nlink, mtime }));
      if (kind === 'directory') visit(path);
    }
  };
  visit('');
  return lines.sort();
}

const [verb = '', directory = '', counter = '', seed, skip, limit, signalAt, partials = '[]'] = process.argv.slice(2);
if (verb === 'run') {
  runOperations({
    directory,
    counter,
    seed: Number(seed),
    skip: Number(skip),
    limit: Number(limit),
    signalAt: Number(signalAt),
    partials: new Map(JSON.parse(partials) as [number, number][]),
  });
} else if (verb === 'snapshot') fs.writeSync(1, JSON.stringify(snapshot(directory)));
else throw new Error(`unknown verb "${verb}"`);
