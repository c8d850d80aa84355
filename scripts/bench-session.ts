/**
 * Prints what the protocol session costs for each operation, in nanoseconds, over a tree in memory.
 *
 *     npm run build:ts && node dist/scripts/bench-session.js
 */
import { Buffer } from 'node:buffer';
import { Session } from '../mount/fuse/session.ts';
import { Requests } from '../test/support/fuse-requests.ts';
import { MemoryOperations } from '../test/support/memory-operations.ts';

const ROUNDS = 5;

/** Median over rounds of nanoseconds per call of `body`, whose calls count up from 0 without end. */
function measure(name: string, count: number, body: (index: number) => void): void {
  let index = 0;
  for (let i = 0; i < count; i++) body(index++);
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) body(index++);
    costs.push(Number(process.hrtime.bigint() - start) / count);
  }
  costs.sort((a, b) => a - b);
  const [best, median] = [costs[0], costs[costs.length >> 1]].map((cost) => (cost ?? 0).toFixed(0).padStart(7));
  process.stdout.write(`${name.padEnd(28)} ${median} ns   (best ${best?.trim()})\n`);
}

const operations = new MemoryOperations();
const session = new Session(operations);
const requests = new Requests();

/** Puts a request where the device would, and answers it. */
function call(request: Buffer): number {
  session.input.set(request);
  return session.handle(request.length);
}

call(requests.init());
for (let i = 0; i < 1000; i++) call(requests.create(1, `file-${i}.txt`));
const lookups = Array.from({ length: 1000 }, (_, i) => requests.lookup(1, `file-${i}.txt`));
const absent = requests.lookup(1, 'not-there.txt');
const getattrs = Array.from({ length: 1000 }, (_, i) => requests.getattr(2 + i));
const write4k = requests.write(2, 0, 0, Buffer.alloc(4096, 1));
const read4k = requests.read(2, 0, 0, 4096);
const open = requests.open(2);
const release = requests.release(2, 0);
const getxattr = requests.getxattr(2, 'security.capability', 0);
const readdirplus = requests.readdirplus(1, 0, 4096);
call(write4k);

measure('copying a 56-byte request', 200_000, (i) => session.input.set(lookups[i % 1000] as Buffer));
measure('LOOKUP', 200_000, (i) => call(lookups[i % 1000] as Buffer));
measure('LOOKUP of an absent name', 200_000, () => call(absent));
measure('GETATTR', 200_000, (i) => call(getattrs[i % 1000] as Buffer));
measure('OPEN', 200_000, () => call(open));
measure('RELEASE', 200_000, () => call(release));
measure('WRITE of 4 KiB', 100_000, () => call(write4k));
measure('READ of 4 KiB', 100_000, () => call(read4k));
measure('GETXATTR, no such', 50_000, () => call(getxattr));
measure('READDIRPLUS of 4 KiB', 10_000, () => call(readdirplus));

const created = Array.from({ length: 6 * 20_000 }, (_, i) => requests.create(1, `new-${i}`));
measure('CREATE', 20_000, (i) => call(created[i] as Buffer));
const removed = Array.from({ length: 6 * 20_000 }, (_, i) => requests.unlink(1, `new-${i}`));
measure('UNLINK', 20_000, (i) => call(removed[i] as Buffer));
