/**
 * The process that works on the mount while its daemon is killed.
 *
 *     node kill-worker.js run DIRECTORY SEED SKIP COUNTER LIMIT SIGNAL_AT
 *
 * goes through the operations of SEED on DIRECTORY, the first SKIP on the model only, until LIMIT have
 * returned or the daemon is gone. The number of operations that have returned stands in the file COUNTER (8 bytes,
 * little-endian); when it reaches SIGNAL_AT, "now" is printed. An operation that is refused while the
 * daemon lives ends the process with exit code 1.
 *
 *     node kill-worker.js snapshot DIRECTORY
 *
 * prints one line for each entry, with its time in whole seconds, in a JSON array.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, KillModel, type Operation } from './kill-model.ts';

/** What the kernel answers once the daemon is gone. */
const GONE = new Set(['ENOTCONN', 'ECONNABORTED', 'EIO', 'ENODEV']);

function write(path: string, offset: number, data: Buffer): void {
  const fd = fs.openSync(path, 'r+');
  try {
    if (fs.writeSync(fd, data, 0, data.length, offset) !== data.length) throw new Error(`short write to ${path}`);
  } finally {
    fs.closeSync(fd);
  }
}

function perform(directory: string, operation: Operation): void {
  const path = join(directory, operation.path);
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
      return fs.renameSync(path, join(directory, operation.to));
    case 'link':
      return fs.linkSync(path, join(directory, operation.to));
    case 'symlink':
      return fs.symlinkSync(operation.target, path);
    case 'chmod':
      return fs.chmodSync(path, operation.mode);
    case 'utimes':
      return fs.utimesSync(path, operation.seconds, operation.seconds);
  }
}

function isGone(error: unknown): boolean {
  return GONE.has((error as NodeJS.ErrnoException).code ?? '');
}

function runOperations(directory: string, numbers: readonly number[], counterPath: string): void {
  const [seed = 0, skip = 0, limit = 0, signalAt = 0] = numbers;
  process.umask(0);
  const model = new KillModel(seed);
  const counter = fs.openSync(counterPath, 'a+');
  fs.closeSync(counter);
  const fd = fs.openSync(counterPath, 'r+');
  const count = Buffer.alloc(8);
  for (let done = 0; done < limit; ) {
    const operation = model.next();
    if (done >= skip) {
      try {
        perform(directory, operation);
      } catch (error) {
        if (isGone(error)) return;
        throw new Error(`operation ${done + 1}: ${operation.kind} ${operation.path}`, { cause: error });
      }
    }
    model.apply(operation);
    done++;
    count.writeUInt32LE(done, 0);
    if (done > skip) fs.writeSync(fd, count, 0, 8, 0);
    if (done === signalAt) fs.writeSync(1, 'now\n');
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

const [verb = '', directory = '', seed, skip, counter = '', limit, signalAt] = process.argv.slice(2);
if (verb === 'run') runOperations(directory, [seed, skip, limit, signalAt].map(Number), counter);
else if (verb === 'snapshot') fs.writeSync(1, JSON.stringify(snapshot(directory)));
else throw new Error(`unknown verb "${verb}"`);
