/**
 * Measures the log on the host's disk: `node dist/scripts/bench-wal.js [directory]`.
 *
 * Prints nanoseconds per append of small frames, with and without 4 KiB of data, megabytes a second for
 * 1 MiB of data, what group commit makes of syncs, and the speed of recovery. Times are of the page
 * cache, except for the syncs. The median of several rounds is shown.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostDisk } from '../src/wal/host-disk.ts';
import { FRAME_HEADER_BYTES, Log } from '../src/wal/log.ts';

const ROUNDS = 7;

const parent = process.argv[2] ?? tmpdir();
const directory = mkdtempSync(join(parent, 'fxmount-bench-wal-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] as number;
}

/** Median nanoseconds per call of `run` over the rounds: elapsed, and of this process's CPU time. */
function nanosPerCall(count: number, run: () => void): { elapsed: number; cpu: number } {
  const elapsed: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) run();
    elapsed.push(Number(process.hrtime.bigint() - start) / count);
    const { user, system } = process.cpuUsage(before);
    cpu.push(((user + system) * 1e3) / count);
  }
  return { elapsed: median(elapsed), cpu: median(cpu) };
}

function print(name: string, nanos: { elapsed: number; cpu: number }, bytes: number): void {
  const columns = [nanos.elapsed.toFixed(0), nanos.cpu.toFixed(0), ((bytes / nanos.elapsed) * 1e3).toFixed(0)];
  const [elapsed, cpu, rate] = columns.map((text) => text.padStart(9));
  console.log(`${name.padEnd(34)} ${elapsed} ns ${cpu} ns cpu ${rate} MB/s`);
}

let logs = 0;

async function newLog(): Promise<{ disk: HostDisk; log: Log }> {
  const disk = HostDisk.create(join(directory, String(++logs)));
  return { disk, log: await Log.create(disk, new Uint8Array(16)) };
}

async function bench(name: string, count: number, payloadBytes: number, dataBytes: number): Promise<void> {
  const { log } = await newLog();
  const payload = Buffer.alloc(payloadBytes, 1);
  const data = dataBytes > 0 ? Buffer.alloc(dataBytes, 2) : null;
  const nanos = nanosPerCall(count, () => {
    log.frame.raw(payload);
    log.append(1, 1_700_000_000, 5, data, 0, dataBytes);
  });
  print(name, nanos, FRAME_HEADER_BYTES + payloadBytes + dataBytes);
  await log.close();
  rmSync(join(directory, String(logs)), { recursive: true });
}

/** What the system call alone costs: the floor of every append. */
function benchWrite(bytes: number, count: number): void {
  const disk = new HostDisk(directory);
  const file = disk.create('floor');
  const buffer = Buffer.alloc(bytes, 1);
  let position = 0;
  const nanos = nanosPerCall(count, () => {
    file.append(position, buffer, 0, bytes, null, 0, 0);
    position += bytes;
  });
  print(`  pwritev of ${bytes} bytes alone`, nanos, bytes);
  file.close();
  disk.remove('floor');
}

async function benchSync(writers: number): Promise<void> {
  const { log } = await newLog();
  const start = process.hrtime.bigint();
  let done = 0;
  const write = async () => {
    for (let i = 0; i < 20; i++) {
      log.frame.latin1('x'.repeat(86));
      log.append(1, 1_700_000_000, 5, null, 0, 0);
      await log.durable(log.seq);
      done++;
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  console.log(
    `durable frames, ${String(writers).padStart(3)} writers ${((done / ms) * 1e3).toFixed(0).padStart(20)} /s`,
  );
  await log.close();
}

async function benchRecovery(frames: number): Promise<void> {
  const { disk, log } = await newLog();
  const payload = Buffer.alloc(86, 1);
  for (let i = 0; i < frames; i++) {
    log.frame.raw(payload);
    log.append(1, 1_700_000_000, 5, null, 0, 0);
  }
  await log.close();
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    const again = await Log.open(disk, { from: null }, () => undefined);
    rounds.push(Number(process.hrtime.bigint() - start) / 1e6);
    await again.close();
  }
  const ms = median(rounds);
  console.log(
    `recovery of ${frames} frames of 150 bytes ${ms.toFixed(2).padStart(10)} ms  ${((ms * 1e6) / frames).toFixed(0)} ns a frame`,
  );
}

benchWrite(152, 40_000);
await bench('frame of 150 bytes', 40_000, 86, 0);
await bench('frame of 150 bytes + 200 B data', 40_000, 86, 200);
benchWrite(4248, 10_000);
await bench('frame of 150 bytes + 4 KiB data', 10_000, 86, 4096);
await bench('frame of 150 bytes + 64 KiB data', 1000, 86, 64 << 10);
benchWrite((1 << 20) + 152, 30);
await bench('frame of 150 bytes + 1 MiB data', 30, 86, 1 << 20);
await benchSync(1);
await benchSync(64);
await benchRecovery(1000);
await benchRecovery(200_000);
