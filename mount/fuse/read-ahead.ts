/**
 * How far the kernel reads ahead on a mount.
 *
 * INIT can only lower what the kernel reads ahead, 128 KiB by default (fs/fuse/inode.c,
 * process_init_reply): a file that is read in order for the first time then comes in eight times as many
 * requests as it need. The limit is the backing device's and can be raised in sysfs, by root.
 */
import { writeFile } from 'node:fs/promises';
import { TRANSFER_BYTES_MAX } from '../../src/limits.ts';
import { findMount } from './mountinfo.ts';

/** Raises it to one whole transfer. Does nothing where that is not allowed: reading is then slower, and right. */
export async function raiseReadAhead(mountpoint: string): Promise<void> {
  const device = findMount(mountpoint)?.device;
  if (device === undefined) return;
  await writeFile(`/sys/class/bdi/${device}/read_ahead_kb`, String(TRANSFER_BYTES_MAX / 1024)).catch(() => {});
}
