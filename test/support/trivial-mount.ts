/**
 * A filesystem of a few fixed names, small enough to show what the device does with each kind of reply:
 *
 *     node trivial-mount.js MOUNTPOINT SOURCE FILE
 *
 * `file` shows FILE (in pieces: its first half, then the rest), `past` claims one byte more than it has,
 * `zeros` is 3 MiB of zeros, `late` is looked up after a notification, a promise and a timer, `throws` makes the handler throw.
 * Prints one line of JSON for each command on standard input: "ready" first, then `stats` (once no notification is pending), `grow` (FILE
 * has changed: invalidates `file`, and an inode that the kernel does not know), `stop`, and `unmount`;
 * last {"ended": errno}.
 */
import { openSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type DeviceSession, FuseDevice } from '../../mount/fuse/device.ts';
import { invalEntry, invalInode } from '../../mount/fuse/invalidate.ts';
import { mountFuse } from '../../mount/fuse/mount.ts';

const [mountpoint = '', source = '', file = ''] = process.argv.slice(2);
const NAMES = ['', '', 'file', 'past', 'zeros', 'late', 'throws'];
const [FILE, PAST, ZEROS, LATE, THROWS] = [2, 3, 4, 5, 6];
const ENOENT = 2;
const ENOSYS = 38;
const ZEROS_BYTES = 3 << 20;
const FOREVER_SEC = 1_000_000;

const fd = openSync(file, 'r');
const input = new Uint8Array((1 << 20) + 8192);
const output = new Uint8Array((1 << 20) + 8192);
const pieces = new Float64Array(3 * 8);
const request = new Uint32Array(input.buffer);
const answer = new Uint32Array(output.buffer);
type Sink = Parameters<DeviceSession['attach']>[0];
let sink: Sink | undefined;
let beats = 0;
const heart = setInterval(() => beats++, 5);

function finish(bodyBytes: number, error = 0): number {
  answer[0] = 16 + bodyBytes;
  answer[1] = -error;
  answer[2] = request[2] ?? 0;
  answer[3] = request[3] ?? 0;
  return 16 + bodyBytes;
}

function sizeOf(ino: number): number {
  if (ino === ZEROS) return ZEROS_BYTES;
  return ino === 1 ? 0 : statSync(file).size + (ino === PAST ? 1 : 0);
}

/** fuse_attr at word `at`. */
function attributes(at: number, ino: number): void {
  answer.fill(0, at, at + 22);
  answer[at] = ino;
  answer[at + 2] = sizeOf(ino);
  answer[at + 15] = ino === 1 ? 0o40755 : 0o100644;
  answer[at + 16] = 1;
  answer[at + 17] = process.getuid?.() ?? 0;
}

function lookup(length: number): number {
  const ino = NAMES.indexOf(Buffer.from(input.buffer, 40, length - 41).toString());
  if (ino < FILE) return finish(0, ENOENT);
  if (ino === THROWS) throw new Error('the handler throws');
  answer.fill(0, 4, 4 + 32);
  answer[4] = ino;
  answer[8] = FOREVER_SEC;
  answer[10] = FOREVER_SEC;
  attributes(14, ino);
  const bytes = finish(128);
  if (ino !== LATE) return bytes;
  const copy = output.slice(0, bytes);
  // Waits for the directory's lock, which this lookup holds until it is answered.
  sink?.notify(invalEntry(1, 'late'));
  void Promise.resolve().then(() => setTimeout(() => sink?.reply(copy), 1));
  return 0;
}

function read(ino: number, offset: number, bytes: number): number {
  finish(0);
  const length = Math.max(0, Math.min(bytes, sizeOf(ino) - offset));
  const half = length >> 1;
  const backing = ino === ZEROS ? -1 : fd;
  pieces.set([backing, offset, half, backing, offset + half, length - half]);
  return -2;
}

function handle(length: number): number {
  const ino = request[4] ?? 0;
  switch (request[1]) {
    case 1:
      return lookup(length);
    case 2: // FORGET
    case 36: // INTERRUPT
    case 42: // BATCH_FORGET
      return 0;
    case 3: // GETATTR
      answer.fill(0, 4, 8);
      answer[4] = FOREVER_SEC;
      attributes(8, ino);
      return finish(104);
    case 14: // OPEN
    case 27: // OPENDIR
      answer.fill(0, 4, 8);
      return finish(16);
    case 15: // READ
      return read(ino, request[12] ?? 0, request[14] ?? 0);
    case 17: // STATFS
      answer.fill(0, 4, 24);
      return finish(80);
    case 18: // RELEASE
    case 25: // FLUSH
    case 28: // READDIR
    case 29: // RELEASEDIR
      return finish(0);
    case 26: // INIT
      answer.fill(0, 4, 20);
      answer.set([7, 38, request[12] ?? 0, 1 << 22, 0, 1 << 20, 1], 4);
      answer[11] = 256;
      return finish(64);
    default:
      return finish(0, ENOSYS);
  }
}

const mount = await mountFuse({ mountpoint, source });
const device = new FuseDevice({
  fd: mount.fd,
  session: {
    input,
    output,
    pieces,
    handle,
    attach: (to) => {
      sink = to;
    },
    drained: () => {},
    destroyed: () => {},
  },
});
const tell = (value: unknown) => console.log(JSON.stringify(value));

async function command(line: string): Promise<unknown> {
  if (line === 'grow') {
    sink?.notify(invalInode(FILE as number, 0, -1));
    sink?.notify(invalInode(999, 0, -1));
  }
  while (device.stats().notificationsPending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  if (line === 'stats') return { ...device.stats(), beats };
  if (line === 'stop') await device.stop();
  if (line === 'unmount') await mount.unmount(false);
  return line;
}

device.start();
tell('ready');
const lines = createInterface({ input: process.stdin });
lines.on('line', async (line) => tell(await command(line).catch((error: Error) => ({ error: error.message }))));
tell({ ended: await device.ended });
mount.close();
lines.close();
process.stdin.destroy();
clearInterval(heart);
