import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { DeviceStats } from '../../mount/fuse/device.ts';
import { run, TrivialMount } from '../support/trivial-mount-process.ts';

const ENODEV = 19;
const canMount = existsSync('/dev/fuse') && process.getuid?.() === 0;
let mount: TrivialMount | undefined;

afterEach(() => {
  mount?.dispose();
  mount = undefined;
});

async function started(content?: Uint8Array): Promise<TrivialMount> {
  mount = await TrivialMount.start(content);
  return mount;
}

/** The processors that the threads of a process may use, each set once. */
function allowedProcessors(pid: number): string[] {
  const sets = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return /^Cpus_allowed_list:\t(.*)$/m.exec(status)?.[1] ?? '';
  });
  return [...new Set(sets)];
}

async function statsOf(target: TrivialMount): Promise<DeviceStats & { beats: number }> {
  return (await target.ask('stats')) as DeviceStats & { beats: number };
}

describe.skipIf(!canMount)('a device that is mounted', () => {
  test('answers reads with pieces of files, joined in order', async () => {
    const content = randomBytes(3_000_001);
    const target = await started(content);
    expect((await run('cmp', [target.path('file'), target.file])).status).toBe(0);
    expect((await run('cmp', ['-n', String(3 << 20), target.path('zeros'), '/dev/zero'])).status).toBe(0);
    const stats = await statsOf(target);
    expect(stats.replies).toBeGreaterThan(3);
    expect(stats.requests).toBeGreaterThanOrEqual(stats.replies);
  });

  test('reads what is not in the page cache on another thread', async () => {
    const target = await started();
    const direct = await run('dd', ['if=/dev/zero', `of=${target.file}`, 'bs=1M', 'count=4', 'oflag=direct']);
    if (direct.status !== 0) return;
    await target.ask('grow');
    expect((await run('cmp', [target.path('file'), target.file])).status).toBe(0);
    expect((await statsOf(target)).readsOffThread).toBeGreaterThan(0);
  });

  test('answers EIO for a piece that ends past its file', async () => {
    const target = await started();
    const { status, err } = await run('cat', [target.path('past')]);
    expect([status, err]).toEqual([1, expect.stringContaining('Input/output error')]);
  });

  test('runs promises and timers between requests, and writes their replies', async () => {
    const target = await started();
    expect(await run('stat', ['-c', '%s', target.path('late')])).toMatchObject({ status: 0, out: '8\n' });
  });

  test('goes on answering while a notification waits for the lock of a request', async () => {
    const target = await started();
    for (let i = 0; i < 3; i++) expect((await run('stat', [target.path('late')])).status).toBe(0);
    expect(await statsOf(target)).toMatchObject({ notificationsWritten: 3 });
  });

  test('keeps timers running while requests never stop', async () => {
    const target = await started();
    const before = await statsOf(target);
    const busy = `t=$((SECONDS+1)); while [ $SECONDS -le $t ]; do [ -e "$1/none$RANDOM" ]; done`;
    await run('bash', ['-c', busy, 'bash', target.mountpoint]);
    const after = await statsOf(target);
    expect(after.requests - before.requests).toBeGreaterThan(100);
    expect(after.beats - before.beats).toBeGreaterThan(20);
  });

  test('lets its threads run everywhere again once a caller without pause has ended', async () => {
    const target = await started();
    const before = allowedProcessors(target.child.pid ?? 0);
    const busy = `t=$((SECONDS+1)); while [ $SECONDS -le $t ]; do [ -e "$1/none$RANDOM" ]; done`;
    await run('bash', ['-c', busy, 'bash', target.mountpoint]);
    await vi.waitFor(() => expect(allowedProcessors(target.child.pid ?? 0)).toEqual(before), {
      timeout: 5000,
      interval: 10,
    });
  });

  test('answers EIO when the handler throws, and ends the process with the error', async () => {
    const target = await started();
    const { status, err } = await run('stat', [target.path('throws')]);
    expect([status, err]).toEqual([1, expect.stringContaining('Input/output error')]);
    expect(await target.exited).not.toBe(0);
    expect(target.errors).toContain('the handler throws');
  });

  test('sends notifications, which make the kernel ask again', async () => {
    const target = await started();
    const size = async () => (await run('stat', ['-c', '%s', target.path('file')])).out;
    expect(await size()).toBe('8\n');
    writeFileSync(target.file, 'other, longer content\n');
    expect(await size()).toBe('8\n');
    expect(await target.ask('grow')).toBe('grow');
    expect(await size()).toBe('22\n');
    expect((await run('cat', [target.path('file')])).out).toBe('other, longer content\n');
    expect(await statsOf(target)).toMatchObject({
      notificationsWritten: 1,
      notificationsUnknown: 1,
      notificationsFailed: 0,
    });
  });

  test('tells ENODEV when it is unmounted from outside, and lets the process end', async () => {
    const target = await started();
    expect((await run('umount', [target.mountpoint])).status).toBe(0);
    expect(await target.next()).toEqual({ ended: ENODEV });
    expect(await target.exited).toBe(0);
  });

  test('stops on request, which lets the process end', async () => {
    const target = await started();
    target.child.stdin?.write('stop\n');
    expect([await target.next(), await target.next()]).toContainEqual({ ended: 0 });
    expect(await target.exited).toBe(0);
  });
});
