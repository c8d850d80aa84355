/**
 * A mount for a moment: proves that mounting works here, and reads what the kernel offers in the first
 * request it sends, INIT (linux/fuse.h, struct fuse_init_in). No request is answered: closing the device
 * ends the filesystem.
 */
import { mkdtempSync, readSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mountFuse } from '../../../mount/fuse/mount.ts';
import { INIT, INIT2 } from '../../../mount/fuse/protocol.ts';
import type { Trial } from './machine.ts';

const HEADER_BYTES = 40;
/** The kernel wants room for its largest request without data. */
const REQUEST_BYTES = 64 << 10;

function namesOf(flags: number, table: Readonly<Record<string, number>>): string[] {
  return Object.entries(table)
    .filter(([, bit]) => Math.floor(flags / bit) % 2 === 1)
    .map(([name]) => name.toLowerCase());
}

/** Rejects as `mountFuse` does, and with the system's error when the device cannot be read. */
export async function trialMount(): Promise<Trial> {
  const mountpoint = mkdtempSync(join(tmpdir(), 'fxmount-doctor-'));
  try {
    const mount = await mountFuse({ mountpoint, source: 'fxmount-doctor' });
    try {
      const request = Buffer.alloc(REQUEST_BYTES);
      const bytes = readSync(mount.fd, request, 0, REQUEST_BYTES, null);
      const word = (index: number): number =>
        HEADER_BYTES + 4 * index + 4 <= bytes ? request.readUInt32LE(HEADER_BYTES + 4 * index) : 0;
      return { minor: word(1), features: [...namesOf(word(3), INIT), ...namesOf(word(4), INIT2)] };
    } finally {
      // First: a filesystem whose device is closed has nothing left to be asked.
      mount.close();
      await mount.unmount(true);
    }
  } finally {
    rmdirSync(mountpoint);
  }
}
