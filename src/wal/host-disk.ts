/**
 * The disk of the operating system: one directory of a local filesystem.
 */
import {
  close,
  closeSync,
  fdatasync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { type ErrorCode, FxError } from '../errors.ts';
import { native } from '../native.ts';
import type { Disk, DiskFile } from './disk.ts';

const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['ENOSPC', 'NO_SPACE'],
  ['EDQUOT', 'NO_SPACE'],
  ['EFBIG', 'NO_SPACE'],
  ['ENOENT', 'NOT_FOUND'],
  ['EEXIST', 'EXISTS'],
  ['EACCES', 'ACCESS_DENIED'],
  ['EPERM', 'ACCESS_DENIED'],
  ['EROFS', 'READ_ONLY'],
]);

export class HostDisk implements Disk {
  readonly #directory: string;

  /** A disk over an existing directory. */
  constructor(directory: string) {
    this.#directory = resolve(directory);
  }

  /** Makes the directory, durably, and a disk over it. Throws EXISTS, NOT_FOUND for its parent, IO. */
  static create(directory: string): HostDisk {
    const path = resolve(directory);
    attempt('making', path, () => mkdirSync(path));
    attempt('syncing', dirname(path), () => {
      const parent = openSync(dirname(path), 'r');
      try {
        fsyncSync(parent);
      } finally {
        closeSync(parent);
      }
    });
    return new HostDisk(path);
  }

  list(): string[] {
    return attempt('listing', this.#directory, () => readdirSync(this.#directory));
  }

  open(name: string, mode: 'read' | 'write'): DiskFile {
    const path = join(this.#directory, name);
    return new HostFile(
      path,
      attempt('opening', path, () => openSync(path, mode === 'read' ? 'r' : 'r+')),
    );
  }

  create(name: string): DiskFile {
    const path = join(this.#directory, name);
    return new HostFile(
      path,
      attempt('creating', path, () => openSync(path, 'wx+')),
    );
  }

  remove(name: string): void {
    const path = join(this.#directory, name);
    attempt('removing', path, () => unlinkSync(path));
  }

  rename(from: string, to: string): void {
    const path = join(this.#directory, from);
    attempt('renaming', path, () => renameSync(path, join(this.#directory, to)));
  }

  async syncDirectory(): Promise<void> {
    const fd = attempt('opening', this.#directory, () => openSync(this.#directory, 'r'));
    try {
      await syncDescriptor(fsync, fd, this.#directory);
    } finally {
      closeSync(fd);
    }
  }
}

class HostFile implements DiskFile {
  readonly fd: number;
  readonly #path: string;
  /** The file was made shorter: the next sync must cover all of its metadata. */
  #isCut = false;

  constructor(path: string, fd: number) {
    this.#path = path;
    this.fd = fd;
  }

  append(
    position: number,
    head: Uint8Array,
    headStart: number,
    headBytes: number,
    body: Uint8Array | null,
    bodyStart: number,
    bodyBytes: number,
  ): void {
    const written = native.append(this.fd, position, head, headStart, headBytes, body, bodyStart, bodyBytes);
    if (written !== headBytes + bodyBytes) {
      this.#finish(position, written, head, headStart, headBytes, body, bodyStart, bodyBytes);
    }
  }

  read(position: number, into: Uint8Array, start: number, bytes: number): number {
    return attempt('reading', this.#path, () => {
      let done = 0;
      while (done < bytes) {
        const got = readSync(this.fd, into, start + done, bytes - done, position + done);
        if (got === 0) break;
        done += got;
      }
      return done;
    });
  }

  async readAsync(position: number, into: Uint8Array, start: number, bytes: number): Promise<number> {
    let done = 0;
    while (done < bytes) {
      const got = await new Promise<number>((resolve, reject) => {
        read(this.fd, into, start + done, bytes - done, position + done, (error, count) => {
          if (error === null) resolve(count);
          else reject(systemError(error.code ?? 'EIO', 'reading', this.#path, error));
        });
      });
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  size(): number {
    return attempt('measuring', this.#path, () => fstatSync(this.fd).size);
  }

  truncate(bytes: number): void {
    this.#isCut = true;
    attempt('cutting', this.#path, () => ftruncateSync(this.fd, bytes));
  }

  async sync(): Promise<void> {
    const isCut = this.#isCut;
    this.#isCut = false;
    await syncDescriptor(isCut ? fsync : fdatasync, this.fd, this.#path);
  }

  close(): void {
    attempt('closing', this.#path, () => closeSync(this.fd));
  }

  closeAsync(): void {
    close(this.fd, () => undefined);
  }

  /** Goes on after a write that came short, to its end or its reason; cuts the file back in that case. */
  #finish(
    position: number,
    first: number,
    head: Uint8Array,
    headStart: number,
    headBytes: number,
    body: Uint8Array | null,
    bodyStart: number,
    bodyBytes: number,
  ): void {
    let written = first;
    for (let done = Math.max(first, 0); written > 0; done += written) {
      if (done === headBytes + bodyBytes) return;
      const headDone = Math.min(done, headBytes);
      const bodyDone = done - headDone;
      written = native.append(
        this.fd,
        position + done,
        head,
        headStart + headDone,
        headBytes - headDone,
        body,
        bodyStart + bodyDone,
        bodyBytes - bodyDone,
      );
    }
    const error = systemError(written < 0 ? getSystemErrorName(written) : 'EIO', 'writing', this.#path);
    this.truncate(position);
    throw error;
  }
}

type Sync = (fd: number, done: (error: NodeJS.ErrnoException | null) => void) => void;

function syncDescriptor(sync: Sync, fd: number, path: string): Promise<void> {
  return new Promise((done, fail) => {
    sync(fd, (error) => {
      if (error === null) done();
      else fail(new FxError('IO', `syncing ${path} failed: ${error.code}`, { cause: error }));
    });
  });
}

function attempt<T>(what: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const name = (error as NodeJS.ErrnoException).code;
    if (name === undefined || error instanceof FxError) throw error;
    throw systemError(name, what, path, error);
  }
}

function systemError(name: string, what: string, path: string, cause?: unknown): FxError {
  return new FxError(CODES.get(name) ?? 'IO', `${what} ${path} failed: ${name}`, { cause });
}
