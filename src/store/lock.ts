/**
 * One process at a time has a store open.
 *
 * The lock is an exclusive flock(2) on the file `lock` in the store, which also holds the owner's process
 * id as text. The kernel lets go of it when the process ends, however it ends, so a lock is never stale.
 */
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FxError } from '../errors.ts';
import { native } from '../native.ts';

export const LOCK_NAME = 'lock';

export interface Lock {
  release(): void;
}

/** Takes the lock. LOCKED names the process that has it. */
export function lockStore(directory: string): Lock {
  const path = join(directory, LOCK_NAME);
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const result = native.lock(fd);
  if (result < 0) {
    closeSync(fd);
    const owner = lockOwner(directory);
    const who = owner === undefined ? 'another process' : `process ${owner}`;
    throw new FxError(
      'LOCKED',
      `${directory} is in use by ${who}; unmount it ("fxmount umount") or stop that process first`,
    );
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`, 0);
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      closeSync(fd);
    },
  };
}

/** The process id in the lock file; undefined when there is none. Whether it still holds the lock is not said. */
export function lockOwner(directory: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(directory, LOCK_NAME), 'utf8'), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
